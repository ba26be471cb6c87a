//! Stacked bars, with marks for published values of the parts.

use super::canvas::{Anchor, BLACK, Canvas, GREY, LIGHT, fitting, ink_on};
use super::error::PlotError;
use super::palette::{SERIES, width_of};
use super::scale::Scale;
use crate::number::short;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Label below the bar.
    pub name: String,
    /// Parts from the bottom, one per name of [`Stacked::parts`].
    pub values: Vec<f64>,
    /// Published values of the same parts; `None` if there is none.
    pub marks: Vec<Option<f64>>,
}

/// A stacked bar chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Stacked {
    /// Title.
    pub title: String,
    /// Label of the horizontal axis.
    pub x_label: String,
    /// Label of the vertical axis: value and unit.
    pub y_label: String,
    /// Names of the parts from the bottom.
    pub parts: Vec<String>,
    /// Legend of the marks; empty if there are none.
    pub mark_label: String,
    /// Bars from left to right.
    pub bars: Vec<Stack>,
}

impl Stacked {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        canvas.title(&self.title)?;
        let rows = self.key(canvas)?;
        let left = if canvas.narrow() { 48 } else { 70 };
        let (right, top, bottom) = (canvas.width() - 12, 48 + 20 * rows, canvas.height() - 58);
        let sums = self.bars.iter().map(|bar| bar.values.iter().sum::<f64>());
        let y = Scale::over(sums.chain([0.0]), false).starting_at_zero();
        let height = |value: f64| bottom - (y.share(value) * f64::from(bottom - top)).round() as i32;
        for tick in y.ticks() {
            canvas.line(&[(left, height(tick)), (right, height(tick))], LIGHT, 1)?;
            canvas.text(&short(tick), (left - 6, height(tick)), 13, GREY, Anchor::Right)?;
        }
        canvas.upright(&self.y_label, (12, (top + bottom) / 2), 14, BLACK)?;
        let step = (right - left) / self.bars.len().max(1) as i32;
        let half = (step * 3 / 10).clamp(4, 60);
        for (index, bar) in self.bars.iter().enumerate() {
            let middle = left + step * index as i32 + step / 2;
            let mut below = 0.0;
            for (part, value) in bar.values.iter().enumerate() {
                let colour = SERIES[part % SERIES.len()];
                let (from, to) = (height(below + value), height(below));
                let name = self.parts.get(part).map_or("", String::as_str);
                let text = format!("{}, {name}: {}", bar.name, short(round(*value)));
                canvas.value(&text, || {
                    canvas.rectangle((middle - half, from), (middle + half, to), colour)?;
                    if to - from <= 20 {
                        return Ok(());
                    }
                    let text = short(round(*value));
                    canvas.text(&text, (middle, (from + to) / 2), 13, ink_on(colour), Anchor::Centre)
                })?;
                below += value;
            }
            // A mark is placed above the model values of the parts below it.
            let mut below = 0.0;
            for (value, mark) in bar.values.iter().zip(&bar.marks) {
                if let Some(mark) = mark {
                    let v = height(below + mark);
                    canvas.line(&[(middle - half - 6, v), (middle + half + 6, v)], BLACK, 2)?;
                }
                below += value;
            }
            canvas.text(
                &fitting(&bar.name, (step / 8).max(4) as usize),
                (middle, bottom + 16),
                14,
                GREY,
                Anchor::Centre,
            )?;
        }
        canvas.line(&[(left, bottom), (right, bottom)], GREY, 1)?;
        canvas.text(&self.x_label, ((left + right) / 2, bottom + 40), 14, BLACK, Anchor::Centre)?;
        Ok(())
    }

    /// Draws the legend and returns its rows.
    fn key(&self, canvas: &Canvas<'_>) -> Result<i32, PlotError> {
        let (mut h, mut v) = (12, 48);
        let marks = (!self.mark_label.is_empty()).then_some(&self.mark_label);
        for (part, name) in self.parts.iter().chain(marks).enumerate() {
            let needed = 40 + width_of(name, 13);
            if h + needed > canvas.width() && h > 12 {
                (h, v) = (12, v + 20);
            }
            if part < self.parts.len() {
                canvas.rectangle((h, v - 7), (h + 14, v + 7), SERIES[part % SERIES.len()])?;
            } else {
                canvas.line(&[(h, v), (h + 16, v)], BLACK, 2)?;
            }
            canvas.text(name, (h + 20, v), 13, BLACK, Anchor::Left)?;
            h += needed;
        }
        Ok((v - 48) / 20 + 1)
    }
}

/// Three significant digits at most in the parts.
fn round(value: f64) -> f64 {
    if value.abs() >= 10.0 { (value * 10.0).round() / 10.0 } else { (value * 100.0).round() / 100.0 }
}
