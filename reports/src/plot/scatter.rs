//! Scatter plot with Pareto frontiers and a knee. Points of a frontier carry labels where there is room.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, LIGHT, MIDDLE, SERIES, VERMILLION, fitting};
use super::error::PlotError;
use super::palette::width_of;
use super::scale::Scale;
use crate::number::short;

/// Largest number of points drawn; more are thinned evenly.
const MOST: usize = 4000;
/// Largest number of labels of points.
const MOST_LABELS: usize = 24;

/// Which values of a variable are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Better {
    /// None: the variable is no measure of merit.
    #[default]
    Neither,
    /// Higher values.
    Higher,
    /// Lower values.
    Lower,
}

/// Variable of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name and unit.
    pub label: String,
    /// Whether the axis is logarithmic.
    pub log: bool,
    /// Which values are better.
    pub better: Better,
}

/// From values to pixels.
type Placing<'a> = dyn Fn(&(f64, f64)) -> (i32, i32) + 'a;

impl Variable {
    /// The label with the direction that is better.
    pub(super) fn named(&self) -> String {
        match self.better {
            Better::Neither => self.label.clone(),
            Better::Higher => format!("{} (higher is better)", self.label),
            Better::Lower => format!("{} (lower is better)", self.label),
        }
    }

    /// The label for an axis of `room` pixels, with the better direction if there is room for it.
    pub(super) fn fitting(&self, room: i32) -> String {
        let named = self.named();
        if width_of(&named, 14) <= room { named } else { fitting(&self.label, (room / 8).max(8) as usize) }
    }
}

/// A frontier.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// Name in the legend.
    pub label: String,
    /// Points (x, y).
    pub points: Vec<(f64, f64)>,
    /// Labels of the points; empty, or as many as points.
    pub names: Vec<String>,
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

/// Rectangles that labels must not cover.
#[derive(Default)]
struct Taken(Vec<[i32; 4]>);

impl Taken {
    fn add(&mut self, (h, v): (i32, i32), radius: i32) {
        self.0.push([h - radius, v - radius, h + radius, v + radius]);
    }

    /// Reserves the rectangle if it is free.
    fn reserve(&mut self, r: [i32; 4]) -> bool {
        let free = self.0.iter().all(|t| r[2] < t[0] || r[0] > t[2] || r[3] < t[1] || r[1] > t[3]);
        if free {
            self.0.push(r);
        }
        free
    }
}

impl Scatter {
    /// Where the legend begins: below the second line of the title, if there is one.
    fn head(&self) -> i32 {
        if self.title.contains('\n') { 74 } else { 50 }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        canvas.title(&self.title)?;
        let rows = self.key(canvas)?;
        let left = if canvas.narrow() { 72 } else { 90 };
        let (right, top, bottom) = (canvas.width() - 40, self.head() + 2 + 20 * rows, canvas.height() - 56);
        let shown = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite();
        let all = || self.points.iter().chain(self.frontiers.iter().flat_map(|s| &s.points)).filter(shown);
        let x = Scale::over(all().map(|p| p.0), self.x.log).near_zero();
        let y = Scale::over(all().map(|p| p.1), self.y.log).near_zero();
        let horizontal = |value: f64| left + (x.share(value) * f64::from(right - left)).round() as i32;
        let vertical = |value: f64| bottom - (y.share(value) * f64::from(bottom - top)).round() as i32;
        let at = |&(px, py): &(f64, f64)| (horizontal(px), vertical(py));
        let mut free = i32::MIN;
        for tick in x.ticks() {
            let h = horizontal(tick);
            canvas.line(&[(h, top), (h, bottom)], LIGHT, 1)?;
            let half = width_of(&short(tick), 13) / 2;
            if h - half > free {
                canvas.text(&short(tick), (h, bottom + 14), 13, GREY, Anchor::Centre)?;
                free = h + half + 6;
            }
        }
        for tick in y.ticks() {
            let v = vertical(tick);
            canvas.line(&[(left, v), (right, v)], LIGHT, 1)?;
            canvas.text(&short(tick), (left - 6, v), 13, GREY, Anchor::Right)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], GREY, 1)?;
        let letters = if canvas.narrow() { 52 } else { 100 };
        let label = fitting(&self.x.named(), letters);
        canvas.text(&label, ((left + right) / 2, bottom + 38), 14, BLACK, Anchor::Centre)?;
        canvas.upright(&self.y.fitting(bottom - top + 40), (14, (top + bottom) / 2), 14, BLACK)?;
        let step = self.points.len().div_ceil(MOST).max(1);
        // Draw fewer points larger.
        let radius = if self.points.len() <= 300 { 4 } else { 2 };
        for point in self.points.iter().step_by(step).filter(shown) {
            canvas.dot(at(point), radius, MIDDLE)?;
        }
        let mut taken = Taken::default();
        for (series, colour) in self.coloured() {
            let mut points: Vec<&(f64, f64)> = series.points.iter().filter(shown).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            if self.joined && points.len() > 1 {
                canvas.line(&points.iter().map(|p| at(p)).collect::<Vec<_>>(), colour, 2)?;
            }
            for (index, point) in series.points.iter().enumerate().filter(|(_, p)| shown(p)) {
                let name = series.names.get(index).map_or(series.label.as_str(), String::as_str);
                let text = format!("{name}: {} at {}", short(point.1), short(point.0));
                canvas.value(&text, || canvas.dot(at(point), 5, colour))?;
                taken.add(at(point), 4);
            }
        }
        if let Some(knee) = self.knee.as_ref().filter(shown) {
            canvas.diamond(at(knee), 8, VERMILLION)?;
        }
        self.names(canvas, &mut taken, (left, top, right, bottom), &at)
    }

    /// Writes labels beside points where there is room.
    fn names(
        &self,
        canvas: &Canvas<'_>,
        taken: &mut Taken,
        (left, top, right, bottom): (i32, i32, i32, i32),
        at: &Placing<'_>,
    ) -> Result<(), PlotError> {
        let all = self.frontiers.iter().flat_map(|f| f.points.iter().zip(&f.names));
        let known = all.filter(|(p, name)| p.0.is_finite() && p.1.is_finite() && !name.is_empty());
        for (point, name) in known.take(MOST_LABELS) {
            let ((h, v), wide) = (at(point), width_of(name, 12));
            let places = [
                ((h + 9, v), Anchor::Left, h + 9),
                ((h - 9, v), Anchor::Right, h - 9 - wide),
                ((h, v - 13), Anchor::Centre, h - wide / 2),
                ((h, v + 14), Anchor::Centre, h - wide / 2),
            ];
            let found = places.into_iter().find(|((_, v), _, start)| {
                let r = [*start, v - 7, start + wide, v + 7];
                r[0] > left && r[2] < right + 36 && r[1] > top && r[3] < bottom && taken.reserve(r)
            });
            if let Some((place, anchor, _)) = found {
                canvas.text(name, place, 12, BLACK, anchor)?;
            }
        }
        Ok(())
    }

    fn coloured(&self) -> impl Iterator<Item = (&Frontier, RGBColor)> {
        self.frontiers.iter().zip(SERIES.into_iter().cycle())
    }

    /// Draws the legend above the plot and returns its rows.
    fn key(&self, canvas: &Canvas<'_>) -> Result<i32, PlotError> {
        let (mut h, mut v) = (12, self.head());
        let mut text = |text: &str| {
            let needed = 36 + width_of(text, 13);
            if h + needed > canvas.width() && h > 12 {
                (h, v) = (12, v + 20);
            }
            let at = (h + 6, v);
            canvas.text(text, (h + 18, v), 13, BLACK, Anchor::Left)?;
            h += needed;
            Ok::<(i32, i32), PlotError>(at)
        };
        if !self.points.is_empty() {
            canvas.dot(text(&self.points_label)?, 3, MIDDLE)?;
        }
        for (series, colour) in self.coloured() {
            canvas.dot(text(&fitting(&series.label, 32))?, 5, colour)?;
        }
        if self.knee.is_some() {
            canvas.diamond(text("knee")?, 7, VERMILLION)?;
        }
        Ok((v - self.head()) / 20 + 1)
    }
}
