//! Tornado chart: change of a result over the range of each input. The axis need not start at zero, because a bar shows a
//! difference.

use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, HEIGHT, LIGHT, VERMILLION, WIDTH, fitting};
use super::error::PlotError;
use super::scale::Scale;
use crate::number::short;

/// Largest number of bars drawn.
const MOST: usize = 12;

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Lowest result, and the input value that gives it.
    pub low: (f64, String),
    /// Highest result, and the input value that gives it.
    pub high: (f64, String),
}

/// A tornado chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Tornado {
    /// Title; a second line is printed smaller.
    pub title: String,
    /// Name and unit of the result.
    pub label: String,
    /// Result from which the bars start.
    pub middle: f64,
    /// Name of that result, e.g. "mean".
    pub middle_label: String,
    /// Bars, longest first.
    pub bars: Vec<Bar>,
}

impl Tornado {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (250, WIDTH as i32 - 60, 92, HEIGHT as i32 - 62);
        let ends = self.bars.iter().flat_map(|bar| [bar.low.0, bar.high.0]).chain([self.middle]);
        let scale = Scale::over(ends, false);
        let at = |value: f64| left + (scale.share(value) * f64::from(right - left)).round() as i32;
        canvas.title(&self.title)?;
        for tick in scale.ticks() {
            canvas.line(&[(at(tick), top), (at(tick), bottom)], LIGHT, 1)?;
            canvas.text(&short(tick), (at(tick), bottom + 16), 14, GREY, Anchor::Centre)?;
        }
        canvas.text(&self.label, ((left + right) / 2, bottom + 42), 15, BLACK, Anchor::Centre)?;
        let shown = &self.bars[..self.bars.len().min(MOST)];
        let step = ((bottom - top) / shown.len().max(1) as i32).min(64);
        for (i, bar) in shown.iter().enumerate() {
            let middle = top + step * i as i32 + step / 2;
            let half = (step / 5).max(5);
            canvas.rectangle((at(bar.low.0), middle - half), (at(self.middle), middle + half), BLUE)?;
            canvas.rectangle((at(self.middle), middle - half), (at(bar.high.0), middle + half), VERMILLION)?;
            canvas.text(&fitting(&bar.name, 30), (left - 10, middle), 14, BLACK, Anchor::Right)?;
            if at(bar.high.0) - at(bar.low.0) < 3 {
                continue;
            }
            // Below the bar, so that the values do not overlap the names.
            let below = middle + half + 9;
            let tight = at(bar.high.0) - at(bar.low.0) < 150;
            let (low, high) = (fitting(&bar.low.1, 16), fitting(&bar.high.1, 16));
            if tight {
                let text = format!("{low} \u{2192} {high}");
                canvas.text(&text, ((at(bar.low.0) + at(bar.high.0)) / 2, below), 12, GREY, Anchor::Centre)?;
            } else {
                canvas.text(&low, (at(bar.low.0), below), 12, GREY, Anchor::Left)?;
                canvas.text(&high, (at(bar.high.0), below), 12, GREY, Anchor::Right)?;
            }
        }
        canvas.line(&[(at(self.middle), top - 4), (at(self.middle), bottom)], BLACK, 1)?;
        canvas.text(
            &format!("{} {}", self.middle_label, short(self.middle)),
            (at(self.middle), top - 14),
            13,
            BLACK,
            Anchor::Centre,
        )
    }
}
