//! Waterfall chart: steps from zero to a total, each with an optimistic and a pessimistic bar.

use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, HEIGHT, LIGHT, VERMILLION, WIDTH, fitting};
use super::error::PlotError;
use super::scale::Scale;
use crate::number::short;

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Optimistic amount that it adds.
    pub low: f64,
    /// Pessimistic amount that it adds.
    pub high: f64,
    /// Whether it shows the running sum and adds nothing.
    pub sum: bool,
}

/// A waterfall chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Title.
    pub title: String,
    /// Label of the axis: value and unit.
    pub label: String,
    /// Steps from top to bottom.
    pub steps: Vec<Step>,
}

impl Waterfall {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (230, WIDTH as i32 - 130, 78, HEIGHT as i32 - 62);
        canvas.title(&fitting(&self.title, 92))?;
        for (h, colour, text) in [(20, BLUE, "optimistic"), (140, VERMILLION, "pessimistic")] {
            canvas.rectangle((h, 49), (h + 14, 63), colour)?;
            canvas.text(text, (h + 20, 56), 14, BLACK, Anchor::Left)?;
        }
        let sums = self.steps.iter().filter(|s| !s.sum).fold((0.0, 0.0), |(l, h), s| (l + s.low, h + s.high));
        let scale = Scale::over([0.0, sums.0, sums.1].into_iter(), false).starting_at_zero();
        let at = |value: f64| left + (scale.share(value) * f64::from(right - left)).round() as i32;
        for tick in scale.ticks() {
            canvas.line(&[(at(tick), top), (at(tick), bottom)], LIGHT, 1)?;
            canvas.text(&short(tick), (at(tick), bottom + 16), 14, GREY, Anchor::Centre)?;
        }
        canvas.text(&self.label, ((left + right) / 2, bottom + 42), 15, BLACK, Anchor::Centre)?;
        let step = (bottom - top) / self.steps.len().max(1) as i32;
        let half = (step * 7 / 20).max(3);
        let (mut low, mut high) = (0.0, 0.0);
        for (index, s) in self.steps.iter().enumerate() {
            let middle = top + step * index as i32 + step / 2;
            canvas.text(&fitting(&s.name, 28), (left - 10, middle), 14, BLACK, Anchor::Right)?;
            let (from, to) =
                if s.sum { ((0.0, 0.0), (low, high)) } else { ((low, high), (low + s.low, high + s.high)) };
            for (from, to, v, colour) in [(from.0, to.0, middle - half, BLUE), (from.1, to.1, middle, VERMILLION)] {
                canvas.rectangle((at(from), v), (at(to).max(at(from) + 1), v + half), colour)?;
            }
            let (l, h) = if s.sum { (low, high) } else { (s.low, s.high) };
            let text = if short(l) == short(h) { short(l) } else { format!("{} to {}", short(l), short(h)) };
            canvas.text(&text, (at(to.1).max(at(to.0)) + 6, middle), 13, GREY, Anchor::Left)?;
            if !s.sum {
                (low, high) = to;
            }
        }
        canvas.line(&[(left, top), (left, bottom)], GREY, 1)
    }
}
