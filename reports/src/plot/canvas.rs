//! A canvas of rectangles, lines, circles and texts, in pixels. SVG is written here, so that shapes carry their values and the
//! design that they belong to; pixels are drawn by the drawing library.

use std::cell::RefCell;
use std::fmt::Write as _;

use plotters::backend::BitMapBackend;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, TextStyle};

use super::error::PlotError;

/// Width of a plot in pixels.
pub const WIDTH: i32 = 900;
/// Width of a plot for a narrow column or a phone.
pub const NARROW: i32 = 420;
/// Scale of bitmaps: pixels per unit of the plot, in each direction.
pub const DENSITY: i32 = 2;

/// Main text.
pub const BLACK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Axes and secondary text.
pub const GREY: RGBColor = RGBColor(0x66, 0x66, 0x66);
/// Grid lines.
pub const LIGHT: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// Background marks.
pub const MIDDLE: RGBColor = RGBColor(0xb0, 0xb0, 0xb0);
/// Main marks.
pub const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// Highlighted marks.
pub const VERMILLION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// Colours of series in order, without [`VERMILLION`].
pub const SERIES: [RGBColor; 8] = [
    BLUE,
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x99, 0x8f, 0x00),
    RGBColor(0x5d, 0x3a, 0x9b),
    BLACK,
];
/// Text on a light filled shape.
pub const DARK: RGBColor = RGBColor(0x11, 0x11, 0x11);
/// Background.
pub const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// Horizontal alignment of a text at its point.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    /// The text starts at the point.
    Left,
    /// The text is centred on the point.
    Centre,
    /// The text ends at the point.
    Right,
}

/// Subset of DejaVu Sans with the characters of labels; licence in `fonts/LICENSE`.
const FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");

/// Factor on font sizes: the drawing library takes the line height as the size, so letters come out smaller.
const ENLARGED: f64 = 1.15;

type Point = (i32, i32);

enum Out<'a> {
    Svg(RefCell<String>),
    Bitmap(DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>),
}

/// A canvas that draws to SVG or to pixels.
pub struct Canvas<'a> {
    out: Out<'a>,
    width: i32,
    height: i32,
}

/// Draws an element of the drawing library, if the canvas is one of pixels.
macro_rules! paint {
    ($canvas:expr, $element:expr) => {
        match &$canvas.out {
            Out::Svg(_) => Ok(()),
            Out::Bitmap(area) => area.draw(&$element).map_err(PlotError::new),
        }
    };
}

/// `text` with the characters escaped that have a meaning in XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn hex(RGBColor(r, g, b): RGBColor) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

fn listed(points: &[Point]) -> String {
    points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

impl<'a> Canvas<'a> {
    /// A canvas that writes SVG.
    pub fn svg((width, height): (i32, i32)) -> Result<Self, PlotError> {
        let start = format!(
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\">\n"
        );
        let canvas = Self { out: Out::Svg(RefCell::new(start)), width, height };
        canvas.rectangle((0, 0), (width, height), WHITE)?;
        Ok(canvas)
    }

    /// A canvas that draws to RGB pixels, three bytes each, [`DENSITY`] pixels for one of the plot.
    pub fn bitmap(pixels: &'a mut [u8], (width, height): (i32, i32)) -> Result<Self, PlotError> {
        plotters::style::register_font("sans-serif", FontStyle::Normal, FONT)
            .map_err(|_| PlotError::new("the embedded font is damaged"))?;
        let size = ((width * DENSITY) as u32, (height * DENSITY) as u32);
        let area = BitMapBackend::with_buffer(pixels, size).into_drawing_area();
        let canvas = Self { out: Out::Bitmap(area), width, height };
        canvas.rectangle((0, 0), (width, height), WHITE)?;
        Ok(canvas)
    }

    /// The SVG text; empty for pixels.
    pub fn finish(self) -> String {
        match self.out {
            Out::Svg(text) => text.into_inner() + "</svg>\n",
            Out::Bitmap(_) => String::new(),
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> i32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> i32 {
        self.height
    }

    /// Whether the plot is for a narrow column.
    pub fn narrow(&self) -> bool {
        self.width < WIDTH
    }

    fn write(&self, element: &str) -> bool {
        match &self.out {
            Out::Svg(text) => {
                let mut text = text.borrow_mut();
                text.push_str(element);
                text.push('\n');
                true
            }
            Out::Bitmap(_) => false,
        }
    }

    /// Draws shapes that belong to `design`, so that a page can hide them together.
    pub fn design(&self, design: &str, draw: impl FnOnce() -> Result<(), PlotError>) -> Result<(), PlotError> {
        self.group(&format!("<g data-d=\"{}\">", escaped(design)), draw)
    }

    /// Draws a mark that stands for `value`, which a page shows on hover and focus.
    pub fn value(&self, value: &str, draw: impl FnOnce() -> Result<(), PlotError>) -> Result<(), PlotError> {
        self.group(&format!("<g class=\"v\"><title>{}</title>", escaped(value)), draw)
    }

    fn group(&self, start: &str, draw: impl FnOnce() -> Result<(), PlotError>) -> Result<(), PlotError> {
        self.write(start);
        draw()?;
        self.write("</g>");
        Ok(())
    }

    /// A filled rectangle.
    pub fn rectangle(&self, from: Point, to: Point, colour: RGBColor) -> Result<(), PlotError> {
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (w, h) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
        let fill = hex(colour);
        self.write(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"/>"));
        paint!(self, Rectangle::new([dense(from), dense(to)], colour.filled()))
    }

    /// A line through points.
    pub fn line(&self, points: &[Point], colour: RGBColor, width: u32) -> Result<(), PlotError> {
        let (all, stroke) = (listed(points), hex(colour));
        self.write(&format!("<polyline points=\"{all}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>"));
        paint!(self, PathElement::new(thick(points), colour.stroke_width(width * DENSITY as u32)))
    }

    /// A dashed line through points.
    pub fn dashes(&self, points: &[Point], colour: RGBColor, width: u32) -> Result<(), PlotError> {
        let (all, stroke) = (listed(points), hex(colour));
        self.write(&format!(
            "<polyline points=\"{all}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-dasharray=\"7 5\"/>"
        ));
        let style = colour.stroke_width(width * DENSITY as u32);
        paint!(self, DashedPathElement::new(thick(points), 7 * DENSITY, 5 * DENSITY, style))
    }

    /// A lightly filled polygon.
    pub fn band(&self, points: &[Point], colour: RGBColor) -> Result<(), PlotError> {
        let (all, fill) = (listed(points), hex(colour));
        self.write(&format!("<polygon points=\"{all}\" fill=\"{fill}\" fill-opacity=\"0.16\"/>"));
        paint!(self, Polygon::new(thick(points), colour.mix(0.16).filled()))
    }

    /// A filled circle with a white rim.
    pub fn dot(&self, at: Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        self.speck(at, radius + 1, WHITE)?;
        self.speck(at, radius, colour)
    }

    /// A filled circle without a rim, for large numbers of points.
    pub fn speck(&self, at: Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        let ((x, y), fill) = (at, hex(colour));
        self.write(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\"/>"));
        paint!(self, Circle::new(dense(at), radius * DENSITY, colour.filled()))
    }

    /// A filled square with a white rim.
    pub fn square(&self, (x, y): Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        for (r, colour) in [(radius + 1, WHITE), (radius, colour)] {
            self.rectangle((x - r, y - r), (x + r, y + r), colour)?;
        }
        Ok(())
    }

    /// A filled diamond with a white rim.
    pub fn diamond(&self, (x, y): Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        for (r, colour) in [(radius + 2, WHITE), (radius, colour)] {
            let corners = [(x - r, y), (x, y - r), (x + r, y), (x, y + r)];
            self.write(&format!("<polygon points=\"{}\" fill=\"{}\"/>", listed(&corners), hex(colour)));
            paint!(self, Polygon::new(thick(&corners), colour.filled()))?;
        }
        Ok(())
    }

    /// A text, vertically centred on the point.
    pub fn text(&self, text: &str, at: Point, size: i32, colour: RGBColor, anchor: Anchor) -> Result<(), PlotError> {
        self.styled(text, at, size, colour, anchor, FontTransform::None)
    }

    /// A text rotated to read upwards, centred on the point.
    pub fn upright(&self, text: &str, at: Point, size: i32, colour: RGBColor) -> Result<(), PlotError> {
        self.styled(text, at, size, colour, Anchor::Centre, FontTransform::Rotate270)
    }

    fn styled(
        &self,
        text: &str,
        at: Point,
        size: i32,
        colour: RGBColor,
        anchor: Anchor,
        turn: FontTransform,
    ) -> Result<(), PlotError> {
        let (horizontal, named) = match anchor {
            Anchor::Left => (HPos::Left, "start"),
            Anchor::Centre => (HPos::Center, "middle"),
            Anchor::Right => (HPos::Right, "end"),
        };
        let ((x, y), fill) = (at, hex(colour));
        let mut element = format!("<text x=\"{x}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"{named}\"");
        let _ = write!(element, " font-family=\"sans-serif\" font-size=\"{size}\" fill=\"{fill}\"");
        if !matches!(turn, FontTransform::None) {
            let _ = write!(element, " transform=\"rotate(-90 {x} {y})\"");
        }
        let _ = write!(element, ">{}</text>", escaped(text));
        if self.write(&element) {
            return Ok(());
        }
        let font = ("sans-serif", f64::from(size * DENSITY) * ENLARGED).into_font().transform(turn);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(horizontal, VPos::Center));
        paint!(self, Text::new(text.to_owned(), dense(at), style))
    }

    /// The title; a second line is printed smaller below it.
    pub fn title(&self, text: &str) -> Result<(), PlotError> {
        let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
        let (large, most, small) = if self.narrow() { (16, 46, 60) } else { (18, 88, 118) };
        self.text(&fitting(title, most), (12, 24), large, BLACK, Anchor::Left)?;
        if rest.is_empty() { Ok(()) } else { self.text(&fitting(rest, small), (12, 48), 13, GREY, Anchor::Left) }
    }
}

fn dense((x, y): Point) -> Point {
    (x * DENSITY, y * DENSITY)
}

fn thick(points: &[Point]) -> Vec<Point> {
    points.iter().copied().map(dense).collect()
}

/// The text colour with the better contrast on `ground`. The page does not change it in dark mode.
pub fn ink_on(ground: RGBColor) -> RGBColor {
    let RGBColor(r, g, b) = ground;
    // Luma of ITU-R BT.601.
    let luma = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if luma > 140.0 { DARK } else { WHITE }
}

/// Upper estimate of the width of a text, in pixels.
pub fn width(text: &str, size: i32) -> i32 {
    text.chars().count() as i32 * size * 4 / 7
}

/// `text` cut to at most `most` characters, with an ellipsis if it is longer.
pub fn fitting(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['\u{2026}']).collect()
}
