//! Scatter plot with Pareto frontiers and a knee.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, HEIGHT, LIGHT, MIDDLE, SERIES, VERMILLION, WIDTH, fitting, width};
use super::error::PlotError;
use super::scale::Scale;
use crate::number::short;

/// Largest number of points drawn; more are thinned evenly.
const MOST: usize = 4000;

/// Variable of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name and unit.
    pub label: String,
    /// Whether the axis is logarithmic.
    pub log: bool,
}

/// A frontier.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// Name in the legend.
    pub label: String,
    /// Points (x, y).
    pub points: Vec<(f64, f64)>,
}

/// A scatter plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Title; a second line is printed smaller.
    pub title: String,
    /// Horizontal axis.
    pub x: Variable,
    /// Vertical axis.
    pub y: Variable,
    /// Legend of the points that are not on a frontier.
    pub points_label: String,
    /// All points (x, y); points that are not finite are not drawn.
    pub points: Vec<(f64, f64)>,
    /// Frontiers; colours repeat after eight.
    pub frontiers: Vec<Frontier>,
    /// Whether the points of a frontier are joined by a line, from left to right.
    pub joined: bool,
    /// Knee of the frontier, highlighted.
    pub knee: Option<(f64, f64)>,
}

impl Scatter {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (90, WIDTH as i32 - 40, 100, HEIGHT as i32 - 62);
        let shown = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite();
        let all = || self.points.iter().chain(self.frontiers.iter().flat_map(|s| &s.points)).filter(shown);
        let x = Scale::over(all().map(|p| p.0), self.x.log);
        let y = Scale::over(all().map(|p| p.1), self.y.log);
        let (x, y) = (x.starting_at_zero(), y.starting_at_zero());
        let horizontal = |value: f64| left + (x.share(value) * f64::from(right - left)).round() as i32;
        let vertical = |value: f64| bottom - (y.share(value) * f64::from(bottom - top)).round() as i32;
        let at = |&(px, py): &(f64, f64)| (horizontal(px), vertical(py));
        canvas.title(&self.title)?;
        for tick in x.ticks() {
            let h = horizontal(tick);
            canvas.line(&[(h, top), (h, bottom)], LIGHT, 1)?;
            canvas.text(&short(tick), (h, bottom + 16), 14, GREY, Anchor::Centre)?;
        }
        for tick in y.ticks() {
            let v = vertical(tick);
            canvas.line(&[(left, v), (right, v)], LIGHT, 1)?;
            canvas.text(&short(tick), (left - 8, v), 14, GREY, Anchor::Right)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], GREY, 1)?;
        canvas.text(&self.x.label, ((left + right) / 2, bottom + 42), 15, BLACK, Anchor::Centre)?;
        canvas.upright(&self.y.label, (22, (top + bottom) / 2), 15, BLACK)?;
        let step = self.points.len().div_ceil(MOST).max(1);
        // Draw fewer points larger.
        let radius = if self.points.len() <= 300 { 4 } else { 2 };
        for point in self.points.iter().step_by(step).filter(shown) {
            canvas.dot(at(point), radius, MIDDLE)?;
        }
        for (series, colour) in self.coloured() {
            let mut points: Vec<&(f64, f64)> = series.points.iter().filter(shown).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            if self.joined && points.len() > 1 {
                canvas.line(&points.iter().map(|p| at(p)).collect::<Vec<_>>(), colour, 2)?;
            }
            for point in points {
                canvas.dot(at(point), 5, colour)?;
            }
        }
        if let Some(knee) = self.knee.as_ref().filter(shown) {
            canvas.diamond(at(knee), 8, VERMILLION)?;
        }
        self.key(canvas, left)
    }

    fn coloured(&self) -> impl Iterator<Item = (&Frontier, RGBColor)> {
        self.frontiers.iter().zip(SERIES.into_iter().cycle())
    }

    /// Draws the legend above the plot.
    fn key(&self, canvas: &Canvas<'_>, left: i32) -> Result<(), PlotError> {
        const HIGH: i32 = 78;
        let mut h = left + 6;
        let mut text = |text: &str| {
            let at = h;
            canvas.text(text, (h + 12, HIGH), 13, BLACK, Anchor::Left)?;
            h += 36 + width(text, 13);
            Ok::<i32, PlotError>(at)
        };
        if !self.points.is_empty() {
            canvas.dot((text(&self.points_label)?, HIGH), 3, MIDDLE)?;
        }
        for (series, colour) in self.coloured() {
            canvas.dot((text(&fitting(&series.label, 32))?, HIGH), 5, colour)?;
        }
        if self.knee.is_some() {
            canvas.diamond((text("knee")?, HIGH), 7, VERMILLION)?;
        }
        Ok(())
    }
}
