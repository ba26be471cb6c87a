//! Stacked bars, with marks for published values of the parts.

use super::canvas::{Anchor, BLACK, Canvas, GREY, HEIGHT, LIGHT, WIDTH, fitting, ink_on};
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
        let (left, right, top, bottom) = (90, WIDTH as i32 - 30, 88, HEIGHT as i32 - 76);
        canvas.title(&fitting(&self.title, 92))?;
        let sums = self.bars.iter().map(|bar| bar.values.iter().sum::<f64>());
        let y = Scale::over(sums.chain([0.0]), false).starting_at_zero();
        let height = |value: f64| bottom - (y.share(value) * f64::from(bottom - top)).round() as i32;
        for tick in y.ticks() {
            canvas.line(&[(left, height(tick)), (right, height(tick))], LIGHT, 1)?;
            canvas.text(&short(tick), (left - 8, height(tick)), 14, GREY, Anchor::Right)?;
        }
        canvas.upright(&self.y_label, (22, (top + bottom) / 2), 15, BLACK)?;
        let step = (right - left) / self.bars.len().max(1) as i32;
        let half = (step * 3 / 10).clamp(4, 60);
        for (index, bar) in self.bars.iter().enumerate() {
            let middle = left + step * index as i32 + step / 2;
            let mut below = 0.0;
            for (part, value) in bar.values.iter().enumerate() {
                let colour = SERIES[part % SERIES.len()];
                let (from, to) = (height(below + value), height(below));
                canvas.rectangle((middle - half, from), (middle + half, to), colour)?;
                if to - from > 24 {
                    canvas.text(
                        &short(round(*value)),
                        (middle, (from + to) / 2),
                        13,
                        ink_on(colour),
                        Anchor::Centre,
                    )?;
                }
                below += value;
            }
            // A mark is placed above the model values of the parts below it.
            let mut below = 0.0;
            for (value, mark) in bar.values.iter().zip(&bar.marks) {
                if let Some(mark) = mark {
                    let v = height(below + mark);
                    canvas.line(&[(middle - half - 8, v), (middle + half + 8, v)], BLACK, 2)?;
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
        canvas.text(&self.x_label, ((left + right) / 2, bottom + 42), 15, BLACK, Anchor::Centre)?;
        let mut h = 20;
        for (part, name) in self.parts.iter().enumerate() {
            canvas.rectangle((h, 51), (h + 14, 65), SERIES[part % SERIES.len()])?;
            canvas.text(name, (h + 20, 58), 14, BLACK, Anchor::Left)?;
            h += 40 + width_of(name, 14);
        }
        if !self.mark_label.is_empty() {
            canvas.line(&[(h, 58), (h + 18, 58)], BLACK, 2)?;
            canvas.text(&self.mark_label, (h + 24, 58), 14, BLACK, Anchor::Left)?;
        }
        Ok(())
    }
}

/// Three significant digits at most in the parts.
fn round(value: f64) -> f64 {
    if value.abs() >= 10.0 { (value * 10.0).round() / 10.0 } else { (value * 100.0).round() / 100.0 }
}
