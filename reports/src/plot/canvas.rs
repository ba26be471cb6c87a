//! A canvas over the drawing library: rectangles, lines, circles and texts, in pixels.

use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, TextStyle};

use super::error::PlotError;

/// Width of a plot in pixels.
pub const WIDTH: u32 = 900;
/// Height of a plot in pixels.
pub const HEIGHT: u32 = 560;

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

/// One drawing area of either kind.
enum Area<'a> {
    Svg(DrawingArea<SVGBackend<'a>, plotters::coord::Shift>),
    Bitmap(DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>),
}

/// A canvas that draws to SVG or to pixels.
pub struct Canvas<'a>(Area<'a>);

macro_rules! draw {
    ($canvas:expr, $element:expr) => {
        match &$canvas.0 {
            Area::Svg(area) => area.draw(&$element).map_err(PlotError::new),
            Area::Bitmap(area) => area.draw(&$element).map_err(PlotError::new),
        }
    };
}

impl<'a> Canvas<'a> {
    fn new(area: Area<'a>) -> Result<Self, PlotError> {
        plotters::style::register_font("sans-serif", FontStyle::Normal, FONT)
            .map_err(|_| PlotError::new("the embedded font is damaged"))?;
        let canvas = Self(area);
        canvas.rectangle((0, 0), (WIDTH as i32, HEIGHT as i32), WHITE)?;
        Ok(canvas)
    }

    /// A canvas that writes SVG to `text`.
    pub fn svg(text: &'a mut String) -> Result<Self, PlotError> {
        Self::new(Area::Svg(SVGBackend::with_string(text, (WIDTH, HEIGHT)).into_drawing_area()))
    }

    /// A canvas that draws to RGB pixels, three bytes each.
    pub fn bitmap(pixels: &'a mut [u8]) -> Result<Self, PlotError> {
        Self::new(Area::Bitmap(BitMapBackend::with_buffer(pixels, (WIDTH, HEIGHT)).into_drawing_area()))
    }

    /// A filled rectangle.
    pub fn rectangle(&self, from: Point, to: Point, colour: RGBColor) -> Result<(), PlotError> {
        draw!(self, Rectangle::new([from, to], colour.filled()))
    }

    /// A line through points.
    pub fn line(&self, points: &[Point], colour: RGBColor, width: u32) -> Result<(), PlotError> {
        draw!(self, PathElement::new(points.to_vec(), colour.stroke_width(width)))
    }

    /// A dashed line through points.
    pub fn dashes(&self, points: &[Point], colour: RGBColor, width: u32) -> Result<(), PlotError> {
        draw!(self, DashedPathElement::new(points.to_vec(), 7, 5, colour.stroke_width(width)))
    }

    /// A filled circle with a white rim.
    pub fn dot(&self, at: Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        draw!(self, Circle::new(at, radius + 1, WHITE.filled()))?;
        draw!(self, Circle::new(at, radius, colour.filled()))
    }

    /// A filled circle without a rim, for large numbers of points.
    pub fn speck(&self, at: Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        draw!(self, Circle::new(at, radius, colour.filled()))
    }

    /// A filled square with a white rim.
    pub fn square(&self, (x, y): Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        for (r, colour) in [(radius + 1, WHITE), (radius, colour)] {
            draw!(self, Rectangle::new([(x - r, y - r), (x + r, y + r)], colour.filled()))?;
        }
        Ok(())
    }

    /// A filled diamond with a white rim.
    pub fn diamond(&self, (x, y): Point, radius: i32, colour: RGBColor) -> Result<(), PlotError> {
        for (r, colour) in [(radius + 2, WHITE), (radius, colour)] {
            let corners = vec![(x - r, y), (x, y - r), (x + r, y), (x, y + r)];
            draw!(self, Polygon::new(corners, colour.filled()))?;
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
        let horizontal = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Centre => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let font = ("sans-serif", f64::from(size) * ENLARGED).into_font().transform(turn);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(horizontal, VPos::Center));
        draw!(self, Text::new(text.to_owned(), at, style))
    }

    /// The title; a second line is printed smaller below it.
    pub fn title(&self, text: &str) -> Result<(), PlotError> {
        let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
        self.text(&fitting(title, 88), (20, 24), 18, BLACK, Anchor::Left)?;
        if rest.is_empty() { Ok(()) } else { self.text(&fitting(rest, 118), (20, 48), 13, GREY, Anchor::Left) }
    }
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
