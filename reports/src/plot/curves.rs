//! Series over a common horizontal axis: lines, dashed lines and marks.
//!
//! Bounds (dashed) do not set the scales where other series do: they leave the plot where they leave the scale. Series are
//! labelled at their ends where the plot is wide enough, in a legend otherwise.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, LIGHT, WHITE, fitting};
use super::error::PlotError;
use super::palette::{SERIES, width_of};
use super::scale::Scale;
use super::scatter::Variable;
use crate::number::short;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A line.
    Line,
    /// A dashed line, for bounds.
    Dashed,
    /// Diamonds.
    Marks,
    /// Small dots.
    Dots,
}

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name; series with the same name share colour and legend, and the space between two of them is tinted.
    pub name: String,
    /// Design that it belongs to; empty if it belongs to none.
    pub design: String,
    /// Which end of a range it is, e.g. "optimistic"; empty if it is none.
    pub end: String,
    /// Points from left to right; points without a finite position are not drawn.
    pub points: Vec<(f64, f64)>,
    /// Line or mark.
    pub style: Style,
}

/// A marked place, such as a crossing.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Position.
    pub at: (f64, f64),
    /// Short label at the axis.
    pub label: String,
    /// What it is, on hover.
    pub value: String,
    /// Design that it belongs to; empty if it belongs to none.
    pub design: String,
}

/// Series over a common axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Title.
    pub title: String,
    /// Horizontal axis.
    pub x: Variable,
    /// Vertical axis.
    pub y: Variable,
    /// Series in the order of the legend.
    pub series: Vec<Series>,
    /// Marked places.
    pub marks: Vec<Mark>,
    /// Whether both axes have the same range, with a thin diagonal where x = y.
    pub diagonal: bool,
}

/// Pixels between labels.
const LINE: i32 = 16;

/// Place of the plot in the canvas.
#[derive(Clone, Copy)]
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    x: Scale,
    y: Scale,
}

impl Frame {
    fn at(&self, p: (f64, f64)) -> (i32, i32) {
        let (h, v) = self.exact(p);
        (h.round() as i32, v.round() as i32)
    }

    fn exact(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let h = f64::from(self.left) + self.x.share(x) * f64::from(self.right - self.left);
        (h, f64::from(self.bottom) - self.y.share(y) * f64::from(self.bottom - self.top))
    }

    fn holds(&self, p: (f64, f64)) -> bool {
        let within = |share: f64| (-1e-9..=1.0 + 1e-9).contains(&share);
        within(self.x.share(p.0)) && within(self.y.share(p.1))
    }

    /// The part of a segment within the frame (Liang and Barsky).
    fn clipped(&self, a: (f64, f64), b: (f64, f64)) -> Option<[(i32, i32); 2]> {
        let (a, b) = (self.exact(a), self.exact(b));
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        let edges = [
            (-dx, a.0 - f64::from(self.left)),
            (dx, f64::from(self.right) - a.0),
            (-dy, a.1 - f64::from(self.top)),
            (dy, f64::from(self.bottom) - a.1),
        ];
        for (p, q) in edges {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
            } else if p < 0.0 {
                from = from.max(q / p);
            } else {
                to = to.min(q / p);
            }
        }
        let point = |t: f64| ((a.0 + t * dx).round() as i32, (a.1 + t * dy).round() as i32);
        (from < to).then(|| [point(from), point(to)])
    }
}

impl Curves {
    /// Where the plot or its legend begins: below the second line of the title, if there is one.
    fn head(&self) -> i32 {
        if self.title.contains('\n') { 68 } else { 48 }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        canvas.title(&self.title)?;
        // More than a handful of labels at the right need a legend instead, and clouds of dots have no end.
        let direct = !canvas.narrow() && self.series.iter().all(|s| s.style != Style::Dots);
        let rows = if direct || self.names().len() < 2 { 0 } else { self.key(canvas)? };
        let widest = self.series.iter().map(|s| width_of(&label(&s.name, &s.end), 13)).max().unwrap_or(0);
        let (x, y) = self.scales();
        let margin = if canvas.narrow() { 62 } else { 84 };
        let frame = Frame {
            left: margin,
            right: canvas.width() - if direct { 24 + widest } else { 20 },
            top: self.head() + 20 * rows,
            bottom: canvas.height() - 54,
            x,
            y,
        };
        self.axes(canvas, &frame)?;
        self.bands(canvas, &frame)?;
        let mut ends: Vec<(String, String, (i32, i32), RGBColor)> = Vec::new();
        let mut outside: Vec<&str> = Vec::new();
        for series in &self.series {
            let colour = self.colour(&series.name);
            let last = self.series(canvas, &frame, series, colour)?;
            match last {
                Some(at) => ends.push((label(&series.name, &series.end), series.design.clone(), at, colour)),
                None if !series.points.is_empty() && !outside.contains(&series.name.as_str()) => {
                    outside.push(&series.name);
                }
                None => {}
            }
        }
        if direct {
            labels(canvas, &frame, ends)?;
        }
        if !outside.is_empty() {
            // Names are never cut: a mark behind one would be lost.
            let most = ((frame.right - frame.left) / 7).max(10) as usize;
            let lines = list("beyond the scale: ", &outside, most);
            for (row, line) in lines.iter().rev().enumerate() {
                let at = (frame.left + 8, frame.bottom - 12 - 16 * row as i32);
                canvas.text(line.trim_end(), at, 13, GREY, Anchor::Left)?;
            }
        }
        self.marked(canvas, &frame)
    }

    /// Scales over what is not a bound, or over everything if all series are bounds.
    fn scales(&self) -> (Scale, Scale) {
        let usable = |p: &&(f64, f64)| {
            p.0.is_finite() && p.1.is_finite() && (!self.x.log || p.0 > 0.0) && (!self.y.log || p.1 > 0.0)
        };
        let exact = self.series.iter().any(|s| s.style != Style::Dashed && s.points.iter().any(|p| usable(&p)));
        let all = || {
            let shown = self.series.iter().filter(move |s| !exact || s.style != Style::Dashed);
            shown.flat_map(|s| s.points.iter()).filter(usable)
        };
        if self.diagonal {
            // Both axes get the same range, so the diagonal joins two corners.
            let both = Scale::over(all().flat_map(|p| [p.0, p.1]), self.x.log && self.y.log).near_zero();
            return (both, both);
        }
        (Scale::over(all().map(|p| p.0), self.x.log), Scale::over(all().map(|p| p.1), self.y.log).near_zero())
    }

    fn axes(&self, canvas: &Canvas<'_>, f: &Frame) -> Result<(), PlotError> {
        let mut free = i32::MIN;
        for tick in f.x.ticks() {
            let h = f.at((tick, f64::NAN)).0;
            canvas.line(&[(h, f.top), (h, f.bottom)], LIGHT, 1)?;
            let half = width_of(&short(tick), 13) / 2;
            if h - half > free {
                canvas.text(&short(tick), (h, f.bottom + 14), 13, GREY, Anchor::Centre)?;
                free = h + half + 6;
            }
        }
        for tick in f.y.ticks() {
            let v = f.bottom - (f.y.share(tick) * f64::from(f.bottom - f.top)).round() as i32;
            canvas.line(&[(f.left, v), (f.right, v)], LIGHT, 1)?;
            canvas.text(&short(tick), (f.left - 6, v), 13, GREY, Anchor::Right)?;
        }
        canvas.line(&[(f.left, f.top), (f.left, f.bottom), (f.right, f.bottom)], GREY, 1)?;
        let letters = if canvas.narrow() { 52 } else { 100 };
        let middle = (f.left + f.right) / 2;
        canvas.text(&fitting(&self.x.named(), letters), (middle, f.bottom + 38), 14, BLACK, Anchor::Centre)?;
        canvas.upright(&self.y.fitting(f.bottom - f.top + 40), (14, (f.top + f.bottom) / 2), 14, BLACK)?;
        if self.diagonal {
            let (low, high) = f.x.ends();
            canvas.line(&[f.at((low, low)), f.at((high, high))], GREY, 1)?;
        }
        Ok(())
    }

    /// Tints the space between two lines of the same name.
    fn bands(&self, canvas: &Canvas<'_>, f: &Frame) -> Result<(), PlotError> {
        for pair in self.series.windows(2) {
            let [a, b] = pair else { continue };
            if a.name != b.name || a.style != Style::Line || b.style != Style::Line || a.points == b.points {
                continue;
            }
            let inside = |s: &Series| -> Vec<(i32, i32)> {
                s.points.iter().filter(|p| f.holds(**p)).map(|p| f.at(*p)).collect()
            };
            let (mut outline, back) = (inside(a), inside(b));
            outline.extend(back.into_iter().rev());
            if outline.len() > 2 {
                canvas.design(&a.design, || canvas.band(&outline, self.colour(&a.name)))?;
            }
        }
        Ok(())
    }

    /// Draws a series and returns where it ends; `None` if it is not within the frame.
    fn series(
        &self,
        canvas: &Canvas<'_>,
        f: &Frame,
        series: &Series,
        colour: RGBColor,
    ) -> Result<Option<(i32, i32)>, PlotError> {
        let usable = |p: &&(f64, f64)| f.x.holds(p.0) && f.y.holds(p.1);
        let all: Vec<(f64, f64)> = series.points.iter().filter(usable).copied().collect();
        let mut pieces: Vec<Vec<(i32, i32)>> = Vec::new();
        for pair in all.windows(2) {
            let Some([from, to]) = f.clipped(pair[0], pair[1]) else { continue };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        let seen: Vec<(f64, f64)> = all.iter().copied().filter(|p| f.holds(*p)).collect();
        let end = pieces.last().and_then(|p| p.last().copied()).or_else(|| seen.last().map(|p| f.at(*p)));
        canvas.design(&series.design, || {
            let line = matches!(series.style, Style::Line | Style::Dashed) && !pieces.is_empty();
            for piece in pieces.iter().filter(|_| line) {
                match series.style {
                    Style::Dashed => canvas.dashes(piece, colour, 2)?,
                    _ => canvas.line(piece, colour, if series.end.is_empty() { 3 } else { 2 })?,
                }
            }
            // Long series have too many points to mark each.
            if line && seen.len() > 16 {
                return Ok(());
            }
            for p in &seen {
                let name = label(&series.name, &series.end);
                let text = format!("{name}: {} at {}", short(p.1), short(p.0));
                match series.style {
                    Style::Line | Style::Dashed => canvas.value(&text, || canvas.dot(f.at(*p), 3, colour))?,
                    Style::Marks => canvas.value(&text, || canvas.diamond(f.at(*p), 8, colour))?,
                    Style::Dots => canvas.speck(f.at(*p), 3, colour)?,
                }
            }
            Ok(())
        })?;
        Ok(end)
    }

    fn marked(&self, canvas: &Canvas<'_>, f: &Frame) -> Result<(), PlotError> {
        let mut taken: Vec<[i32; 3]> = Vec::new();
        for mark in self.marks.iter().filter(|m| f.holds(m.at)) {
            let (h, v) = f.at(mark.at);
            let half = width_of(&mark.label, 13) / 2 + 4;
            let middle = h.clamp(f.left + half, (f.right - half).max(f.left + half));
            let mut low = f.bottom - 12;
            let clash =
                |t: &[i32; 3], low: i32| (t[2] - low).abs() < LINE && middle - half < t[1] && middle + half > t[0];
            while taken.iter().any(|t| clash(t, low)) {
                low -= LINE;
            }
            taken.push([middle - half, middle + half, low]);
            canvas.design(&mark.design, || {
                canvas.line(&[(h, v), (h, f.bottom)], GREY, 1)?;
                canvas.value(&mark.value, || canvas.square((h, v), 5, BLACK))?;
                // The ground keeps the label readable over lines.
                canvas.rectangle((middle - half, low - 9), (middle + half, low + 9), WHITE)?;
                canvas.text(&mark.label, (middle, low), 13, BLACK, Anchor::Centre)
            })?;
        }
        Ok(())
    }

    /// The names of the series, in the order of first use.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for series in &self.series {
            if !names.contains(&series.name.as_str()) {
                names.push(&series.name);
            }
        }
        names
    }

    fn colour(&self, name: &str) -> RGBColor {
        SERIES[self.names().iter().position(|n| *n == name).unwrap_or(0) % SERIES.len()]
    }

    /// Draws the legend, wrapped over several rows if needed, and returns their number.
    fn key(&self, canvas: &Canvas<'_>) -> Result<i32, PlotError> {
        let (mut h, mut v) = (12, self.head());
        for name in self.names() {
            let needed = 38 + width_of(name, 13);
            if h + needed > canvas.width() - 8 && h > 12 {
                (h, v) = (12, v + 20);
            }
            let colour = self.colour(name);
            let has = |style| self.series.iter().any(|s| s.name == name && s.style == style);
            let design = self.series.iter().find(|s| s.name == name).map_or("", |s| s.design.as_str());
            canvas.design(design, || {
                if has(Style::Line) {
                    canvas.line(&[(h, v), (h + 18, v)], colour, 3)?;
                } else if has(Style::Dashed) {
                    canvas.dashes(&[(h, v), (h + 18, v)], colour, 2)?;
                } else if has(Style::Dots) {
                    canvas.dot((h + 9, v), 4, colour)?;
                } else {
                    canvas.diamond((h + 9, v), 7, colour)?;
                }
                canvas.text(&fitting(name, 52), (h + 24, v), 13, BLACK, Anchor::Left)
            })?;
            h += needed;
        }
        Ok((v - self.head()) / 20 + 1)
    }
}

fn label(name: &str, end: &str) -> String {
    if end.is_empty() { name.to_owned() } else { format!("{name}, {end}") }
}

/// Writes the labels to the right of the ends of lines, moved apart where they would overlap.
fn labels(
    canvas: &Canvas<'_>,
    f: &Frame,
    mut ends: Vec<(String, String, (i32, i32), RGBColor)>,
) -> Result<(), PlotError> {
    ends.sort_by_key(|(.., (h, v), _)| (*v, *h));
    let mut places: Vec<i32> = ends.iter().map(|(.., (_, v), _)| *v).collect();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + LINE);
    }
    // Push back up what has left the frame at the bottom.
    let mut floor = f.bottom + 4;
    for place in places.iter_mut().rev() {
        *place = (*place).min(floor);
        floor = *place - LINE;
    }
    for ((text, design, (h, v), colour), place) in ends.iter().zip(places) {
        canvas.design(design, || {
            if f.right + 6 - h > 12 || (place - v).abs() > 3 {
                canvas.line(&[(h + 4, *v), (f.right + 6, place)], LIGHT, 1)?;
            }
            canvas.rectangle((f.right + 8, place - 4), (f.right + 14, place + 4), *colour)?;
            canvas.text(text, (f.right + 18, place), 13, BLACK, Anchor::Left)
        })?;
    }
    Ok(())
}

/// A list in lines of at most `most` characters, longer only where one item is.
fn list(before: &str, items: &[&str], most: usize) -> Vec<String> {
    let mut lines = vec![before.to_owned()];
    for (index, item) in items.iter().enumerate() {
        let item = if index + 1 < items.len() { format!("{item}, ") } else { (*item).to_owned() };
        let line = lines.last_mut().expect("one line at least");
        if !line.trim().is_empty() && line.chars().count() + item.trim_end().chars().count() > most {
            lines.push(item);
        } else {
            line.push_str(&item);
        }
    }
    lines
}
