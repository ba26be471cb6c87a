//! Waterfall chart: steps from zero to a total, each with an optimistic and a pessimistic bar.

use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, LIGHT, VERMILLION, fitting};
use super::error::PlotError;
use super::palette::width_of;
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
    pub(super) fn height(&self) -> i32 {
        78 + 32 * self.steps.len().max(1) as i32 + 54
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let narrow = canvas.narrow();
        let (top, bottom) = (78, canvas.height() - 54);
        let (left, right) = if narrow { (136, canvas.width() - 104) } else { (180, canvas.width() - 120) };
        canvas.title(&self.title)?;
        for (h, colour, text) in [(12, BLUE, "optimistic"), (140, VERMILLION, "pessimistic")] {
            canvas.rectangle((h, 49), (h + 14, 63), colour)?;
            canvas.text(text, (h + 20, 56), 14, BLACK, Anchor::Left)?;
        }
        let sums = self.steps.iter().filter(|s| !s.sum).fold((0.0, 0.0), |(l, h), s| (l + s.low, h + s.high));
        let scale = Scale::over([0.0, sums.0, sums.1].into_iter(), false).starting_at_zero();
        let at = |value: f64| left + (scale.share(value) * f64::from(right - left)).round() as i32;
        let mut free = i32::MIN;
        for tick in scale.ticks() {
            canvas.line(&[(at(tick), top), (at(tick), bottom)], LIGHT, 1)?;
            let half = width_of(&short(tick), 13) / 2;
            if at(tick) - half > free {
                canvas.text(&short(tick), (at(tick), bottom + 14), 13, GREY, Anchor::Centre)?;
                free = at(tick) + half + 6;
            }
        }
        canvas.text(&self.label, ((left + right) / 2, bottom + 38), 14, BLACK, Anchor::Centre)?;
        let step = (bottom - top) / self.steps.len().max(1) as i32;
        let half = (step * 7 / 20).max(3);
        let (mut low, mut high) = (0.0, 0.0);
        for (index, s) in self.steps.iter().enumerate() {
            let middle = top + step * index as i32 + step / 2;
            canvas.text(
                &fitting(&s.name, if narrow { 18 } else { 24 }),
                (left - 8, middle),
                13,
                BLACK,
                Anchor::Right,
            )?;
            let (from, to) =
                if s.sum { ((0.0, 0.0), (low, high)) } else { ((low, high), (low + s.low, high + s.high)) };
            let (l, h) = if s.sum { (low, high) } else { (s.low, s.high) };
            let text = if short(l) == short(h) { short(l) } else { format!("{} to {}", short(l), short(h)) };
            canvas.value(&format!("{}: {text}", s.name), || {
                for (from, to, v, colour) in [(from.0, to.0, middle - half, BLUE), (from.1, to.1, middle, VERMILLION)] {
                    canvas.rectangle((at(from), v), (at(to).max(at(from) + 1), v + half), colour)?;
                }
                Ok(())
            })?;
            canvas.text(&text, (at(to.1).max(at(to.0)) + 6, middle), 13, GREY, Anchor::Left)?;
            if !s.sum {
                (low, high) = to;
            }
        }
        canvas.line(&[(left, top), (left, bottom)], GREY, 1)
    }
}
