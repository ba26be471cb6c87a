//! Series over a common horizontal axis: lines, dashed lines and marks.

use super::canvas::{Anchor, BLACK, Canvas, GREY, HEIGHT, LIGHT, WIDTH, fitting};
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
    /// Name in the legend; series with the same name share entry and colour.
    pub name: String,
    /// Points from left to right; points without a finite position are not drawn.
    pub points: Vec<(f64, f64)>,
    /// Line or mark.
    pub style: Style,
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
    /// Whether both axes have the same range, with a thin diagonal where x = y.
    pub diagonal: bool,
}

impl Curves {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        canvas.title(&fitting(&self.title, 92))?;
        let rows = self.key(canvas)?;
        let (left, right, top, bottom) = (90, WIDTH as i32 - 30, 66 + 20 * rows, HEIGHT as i32 - 62);
        let usable = |p: &&(f64, f64)| {
            p.0.is_finite() && p.1.is_finite() && (!self.x.log || p.0 > 0.0) && (!self.y.log || p.1 > 0.0)
        };
        let all = || self.series.iter().flat_map(|s| s.points.iter()).filter(usable);
        let (mut x, mut y) = (
            Scale::over(all().map(|p| p.0), self.x.log),
            Scale::over(all().map(|p| p.1), self.y.log).starting_at_zero(),
        );
        if self.diagonal {
            // Both axes get the same range, so the diagonal joins two corners.
            x = Scale::over(all().flat_map(|p| [p.0, p.1]), self.x.log && self.y.log).starting_at_zero();
            y = x;
        }
        let at = |&(px, py): &(f64, f64)| {
            let h = left + (x.share(px) * f64::from(right - left)).round() as i32;
            (h, bottom - (y.share(py) * f64::from(bottom - top)).round() as i32)
        };
        for tick in x.ticks() {
            let h = at(&(tick, f64::NAN)).0;
            canvas.line(&[(h, top), (h, bottom)], LIGHT, 1)?;
            canvas.text(&short(tick), (h, bottom + 16), 14, GREY, Anchor::Centre)?;
        }
        for tick in y.ticks() {
            let v = bottom - (y.share(tick) * f64::from(bottom - top)).round() as i32;
            canvas.line(&[(left, v), (right, v)], LIGHT, 1)?;
            canvas.text(&short(tick), (left - 8, v), 14, GREY, Anchor::Right)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], GREY, 1)?;
        canvas.text(&self.x.label, ((left + right) / 2, bottom + 42), 15, BLACK, Anchor::Centre)?;
        canvas.upright(&self.y.label, (22, (top + bottom) / 2), 15, BLACK)?;
        if self.diagonal {
            let (low, high) = x.ends();
            canvas.line(&[at(&(low, low)), at(&(high, high))], GREY, 1)?;
        }
        for series in &self.series {
            let colour = self.colour(&series.name);
            let points: Vec<(i32, i32)> = series.points.iter().filter(usable).map(at).collect();
            match series.style {
                Style::Line if points.len() > 1 => canvas.line(&points, colour, 3)?,
                Style::Dashed if points.len() > 1 => canvas.dashes(&points, colour, 2)?,
                Style::Marks => points.iter().try_for_each(|&p| canvas.diamond(p, 8, colour))?,
                Style::Dots => points.iter().try_for_each(|&p| canvas.speck(p, 3, colour))?,
                _ => points.iter().try_for_each(|&p| canvas.dot(p, 4, colour))?,
            }
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

    fn colour(&self, name: &str) -> plotters::style::RGBColor {
        SERIES[self.names().iter().position(|n| *n == name).unwrap_or(0) % SERIES.len()]
    }

    /// Draws the legend, wrapped over several rows if needed.
    fn key(&self, canvas: &Canvas<'_>) -> Result<i32, PlotError> {
        let (mut h, mut v) = (20, 56);
        for name in self.names() {
            let needed = 40 + width_of(name, 14);
            if h + needed > WIDTH as i32 - 10 && h > 20 {
                (h, v) = (20, v + 20);
            }
            let colour = self.colour(name);
            let has = |style| self.series.iter().any(|s| s.name == name && s.style == style);
            let marks_only = has(Style::Marks) && !has(Style::Line) && !has(Style::Dashed);
            if marks_only {
                canvas.diamond((h + 10, v), 7, colour)?;
            } else if has(Style::Dots) {
                canvas.dot((h + 10, v), 4, colour)?;
            } else if has(Style::Dashed) {
                canvas.dashes(&[(h, v), (h + 20, v)], colour, 2)?;
            } else {
                canvas.line(&[(h, v), (h + 20, v)], colour, 3)?;
            }
            canvas.text(name, (h + 26, v), 14, BLACK, Anchor::Left)?;
            h += needed;
        }
        Ok((v - 56) / 20 + 1)
    }
}
