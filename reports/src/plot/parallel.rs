//! Parallel coordinates: each variable is a vertical axis, each point a line across the axes.

use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, VERMILLION, fitting, width};
use super::error::PlotError;
use super::scale::Scale;
use crate::number::short;

/// Largest number of words printed at an axis.
const MOST_WORDS: usize = 14;

/// Scale of an axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Ticks {
    /// Words at equal distances; the value of a line is the index of its word.
    Words(Vec<String>),
    /// Numbers.
    Range {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Whether the scale is logarithmic.
        log: bool,
    },
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelAxis {
    /// Name and unit.
    pub label: String,
    /// Its scale.
    pub ticks: Ticks,
}

/// A line across all axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// One value per axis.
    pub values: Vec<f64>,
    /// Whether it is highlighted.
    pub marked: bool,
}

/// A plot in parallel coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Title; a second line is printed smaller.
    pub title: String,
    /// Axes from left to right.
    pub axes: Vec<ParallelAxis>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Legend of the lines.
    pub lines_label: String,
    /// Legend of the highlighted line; unused if there is none.
    pub marked_label: String,
}

impl Parallel {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (50, canvas.width() - 90, 128, canvas.height() - 36);
        let count = self.axes.len().max(2) as i32;
        let horizontal = |axis: usize| left + (right - left) * axis as i32 / (count - 1);
        let scales: Vec<Option<Scale>> = self
            .axes
            .iter()
            .map(|axis| match axis.ticks {
                Ticks::Range { low, high, log } => Some(Scale::over([low, high].into_iter(), log)),
                Ticks::Words(_) => None,
            })
            .collect();
        let vertical = |axis: usize, value: f64| {
            let share = match (&self.axes[axis].ticks, &scales[axis]) {
                (_, Some(scale)) => scale.share(value),
                (Ticks::Words(words), None) => (value + 0.5) / words.len().max(1) as f64,
                (Ticks::Range { .. }, None) => 0.5,
            };
            bottom - (share * f64::from(bottom - top)).round() as i32
        };
        canvas.title(&self.title)?;
        // Draw highlighted lines last, on top.
        for wanted in [false, true] {
            for line in self.lines.iter().filter(|line| line.marked == wanted) {
                let points: Vec<(i32, i32)> = line
                    .values
                    .iter()
                    .enumerate()
                    .map(|(axis, value)| (horizontal(axis), vertical(axis, *value)))
                    .collect();
                canvas.line(&points, if wanted { VERMILLION } else { BLUE }, if wanted { 3 } else { 1 })?;
            }
        }
        let room = ((right - left) / (count - 1) / 7).max(8) as usize;
        for (index, axis) in self.axes.iter().enumerate() {
            let h = horizontal(index);
            canvas.line(&[(h, top), (h, bottom)], GREY, 2)?;
            // Break long names into several lines; the last is the lowest.
            let parts = wrapped(&axis.label, room);
            for (line, part) in parts.iter().rev().enumerate() {
                canvas.text(part, (h, top - 16 - 15 * line as i32), 13, BLACK, Anchor::Centre)?;
            }
            let labels: Vec<(f64, String)> = match (&axis.ticks, &scales[index]) {
                (Ticks::Words(words), _) => {
                    let step = words.len().div_ceil(MOST_WORDS).max(1);
                    words.iter().enumerate().step_by(step).map(|(i, word)| (i as f64, word.clone())).collect()
                }
                (Ticks::Range { .. }, Some(scale)) => scale.ticks().into_iter().map(|t| (t, short(t))).collect(),
                (Ticks::Range { .. }, None) => Vec::new(),
            };
            for (value, text) in labels {
                let v = vertical(index, value);
                canvas.line(&[(h, v), (h + 5, v)], GREY, 1)?;
                // A white background keeps the text readable over lines.
                let text = fitting(&text, room.max(10));
                canvas.rectangle((h + 7, v - 7), (h + 11 + width(&text, 12), v + 7), super::canvas::WHITE)?;
                canvas.text(&text, (h + 9, v), 12, GREY, Anchor::Left)?;
            }
        }
        let mut h = canvas.width() - 20;
        for (colour, thick, text) in [(VERMILLION, 3, &self.marked_label), (BLUE, 1, &self.lines_label)] {
            if text.is_empty() {
                continue;
            }
            h -= 50 + width(text, 13);
            canvas.line(&[(h, 48), (h + 24, 48)], colour, thick)?;
            canvas.text(text, (h + 30, 48), 13, BLACK, Anchor::Left)?;
        }
        Ok(())
    }
}

/// Breaks a name after dots and underscores into lines of at most `most` characters.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for part in text.split_inclusive(['.', '_', ' ']) {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.chars().count() + part.chars().count() > most {
            lines.push(part.to_owned());
        } else {
            last.push_str(part);
        }
    }
    lines
}
