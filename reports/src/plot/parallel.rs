//! Parallel coordinates: every axis a vertical line, every point a line across them.

use super::PlotError;
use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, HEIGHT, LIGHT, VERMILLION, WIDTH, fitting};
use super::scale::{Scale, short};

/// Words written beside an axis at most.
const MOST_WORDS: usize = 14;

/// What stands beside an axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Ticks {
    /// Words, evenly spread; a line is at the index of its word.
    Words(Vec<String>),
    /// Numbers; a line is at its number.
    Range {
        /// Least.
        low: f64,
        /// Largest.
        high: f64,
        /// By ratio.
        log: bool,
    },
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelAxis {
    /// Name and unit.
    pub label: String,
    /// Its values.
    pub ticks: Ticks,
}

/// Lines across parallel axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Title.
    pub title: String,
    /// Axes from left to right.
    pub axes: Vec<ParallelAxis>,
    /// Lines, a value per axis, and whether they stand out.
    pub lines: Vec<(Vec<f64>, bool)>,
}

impl Parallel {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (70, WIDTH as i32 - 100, 110, HEIGHT as i32 - 36);
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
        canvas.title(&fitting(&self.title, 92))?;
        // Lines that stand out lie on top.
        for wanted in [false, true] {
            for (values, _) in self.lines.iter().filter(|(_, marked)| *marked == wanted) {
                let points: Vec<(i32, i32)> =
                    values.iter().enumerate().map(|(axis, value)| (horizontal(axis), vertical(axis, *value))).collect();
                canvas.line(&points, if wanted { VERMILLION } else { BLUE }, if wanted { 3 } else { 1 })?;
            }
        }
        let room = ((right - left) / (count - 1) / 7).max(8) as usize;
        for (index, axis) in self.axes.iter().enumerate() {
            let h = horizontal(index);
            canvas.line(&[(h, top), (h, bottom)], GREY, 2)?;
            // Long names: one line per part, the last one lowest.
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
                // A ground keeps text readable over lines.
                let text = fitting(&text, room.max(10));
                let width = text.chars().count() as i32 * 7 + 4;
                canvas.rectangle((h + 7, v - 7), (h + 7 + width, v + 7), super::canvas::WHITE)?;
                canvas.text(&text, (h + 9, v), 12, GREY, Anchor::Left)?;
            }
        }
        let key = [(BLUE, 1, "frontier"), (VERMILLION, 3, "knee")];
        for (i, (colour, width, text)) in key.into_iter().enumerate() {
            let h = WIDTH as i32 - 210 + 100 * i as i32;
            canvas.line(&[(h, 26), (h + 24, 26)], colour, width)?;
            canvas.text(text, (h + 30, 26), 13, BLACK, Anchor::Left)?;
        }
        canvas.line(&[(left, bottom + 18), (right, bottom + 18)], LIGHT, 1)
    }
}

/// A name in lines of at most `most` characters, broken after dots and underscores.
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
