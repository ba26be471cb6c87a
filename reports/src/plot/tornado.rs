//! Tornado chart: change of a result over the range of each input. The axis need not start at zero, because a bar shows a
//! difference. Values of the input stand at the ends of its bar.

use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, LIGHT, VERMILLION, fitting};
use super::error::PlotError;
use super::palette::width_of;
use super::scale::Scale;
use crate::number::short;

/// Largest number of bars drawn.
const MOST: usize = 12;

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Result at which the bar changes colour; `None` takes the middle of the chart.
    pub middle: Option<f64>,
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
    /// Result from which bars start that have none of their own.
    pub middle: f64,
    /// Name of that result, e.g. "mean".
    pub middle_label: String,
    /// Bars, longest first.
    pub bars: Vec<Bar>,
}

impl Tornado {
    fn shown(&self) -> &[Bar] {
        &self.bars[..self.bars.len().min(MOST)]
    }

    /// Height of the legend: below the second line of the title, if there is one.
    fn key(&self) -> i32 {
        if self.title.contains('\n') { 72 } else { 50 }
    }

    pub(super) fn height(&self) -> i32 {
        self.key() + 46 + 42 * self.shown().len().max(1) as i32 + 56
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let narrow = canvas.narrow();
        let shown = self.shown();
        let widest = |of: fn(&Bar) -> &str| shown.iter().map(|b| width_of(&fitting(of(b), 14), 12)).max().unwrap_or(0);
        let (before, after) = (widest(|b| &b.low.1) + 12, widest(|b| &b.high.1) + 12);
        // In a narrow plot names stand above their bars.
        let left = if narrow { 16 } else { 230 } + before;
        let (right, top, bottom) = (canvas.width() - 12 - after, self.key() + 46, canvas.height() - 54);
        let all = shown.iter().all(|bar| bar.middle.is_none());
        let ends = shown.iter().flat_map(|bar| [bar.low.0, bar.high.0]).chain(all.then_some(self.middle));
        let scale = Scale::over(ends, false);
        let at = |value: f64| left + (scale.share(value) * f64::from(right - left)).round() as i32;
        canvas.title(&self.title)?;
        let mut h = 12;
        for (colour, text) in [(BLUE, "input lowers the result"), (VERMILLION, "input raises it")] {
            canvas.rectangle((h, self.key() - 7), (h + 14, self.key() + 7), colour)?;
            canvas.text(text, (h + 20, self.key()), 13, BLACK, Anchor::Left)?;
            h += 46 + width_of(text, 13);
        }
        let mut free = i32::MIN;
        for tick in scale.ticks() {
            canvas.line(&[(at(tick), top), (at(tick), bottom)], LIGHT, 1)?;
            let half = width_of(&short(tick), 13) / 2;
            if at(tick) - half > free {
                canvas.text(&short(tick), (at(tick), bottom + 14), 13, GREY, Anchor::Centre)?;
                free = at(tick) + half + 6;
            }
        }
        canvas.text(&fitting(&self.label, 54), ((left + right) / 2, bottom + 38), 14, BLACK, Anchor::Centre)?;
        let step = ((bottom - top) / shown.len().max(1) as i32).min(64);
        for (i, bar) in shown.iter().enumerate() {
            let middle = top + step * i as i32 + if narrow { step * 2 / 3 } else { step / 2 };
            let half = (step / 4).max(5);
            let start = at(bar.middle.unwrap_or(self.middle));
            let text =
                format!("{}: {} at {}, {} at {}", bar.name, short(bar.low.0), bar.low.1, short(bar.high.0), bar.high.1);
            canvas.value(&text, || {
                canvas.rectangle((at(bar.low.0), middle - half), (start, middle + half), BLUE)?;
                canvas.rectangle((start, middle - half), (at(bar.high.0), middle + half), VERMILLION)
            })?;
            if !all {
                canvas.line(&[(start, middle - half - 4), (start, middle + half + 4)], BLACK, 1)?;
            }
            if narrow {
                canvas.text(&fitting(&bar.name, 52), (16, middle - half - 10), 13, BLACK, Anchor::Left)?;
            } else {
                canvas.text(&fitting(&bar.name, 32), (222, middle), 13, BLACK, Anchor::Right)?;
            }
            let (low, high) = (fitting(&bar.low.1, 14), fitting(&bar.high.1, 14));
            canvas.text(&low, (at(bar.low.0) - 6, middle), 12, GREY, Anchor::Right)?;
            canvas.text(&high, (at(bar.high.0) + 6, middle), 12, GREY, Anchor::Left)?;
        }
        if !all {
            return Ok(());
        }
        canvas.line(&[(at(self.middle), top - 4), (at(self.middle), bottom)], BLACK, 1)?;
        let text = format!("{} {}", self.middle_label, short(self.middle));
        canvas.text(&text, (at(self.middle), top - 14), 13, BLACK, Anchor::Centre)
    }
}
