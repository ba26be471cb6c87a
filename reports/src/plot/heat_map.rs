//! Heat map: cells of two axes, coloured by value; the best value is the brightest. Cells without a value say why.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, LIGHT, WHITE, fitting, ink_on, width};
use super::error::PlotError;
use super::scatter::{Better, Variable};
use crate::number::short;

/// Largest number of characters of a label on an axis.
const MOST_LETTERS: usize = 14;

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HeatCell {
    /// A value.
    Value(f64),
    /// Points have values, but none meets every constraint.
    Refused,
    /// No point has a value.
    Unknown,
}

impl HeatCell {
    /// The value, if it is a finite number.
    fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) if value.is_finite() => Some(value),
            _ => None,
        }
    }
}

/// A heat map.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Title; a second line is printed smaller.
    pub title: String,
    /// Name of the horizontal axis.
    pub x_label: String,
    /// Name of the vertical axis.
    pub y_label: String,
    /// Name and unit of the coloured value.
    pub value_label: String,
    /// Labels of the columns, from left to right.
    pub x: Vec<String>,
    /// Labels of the rows, from bottom to top.
    pub y: Vec<String>,
    /// Cells by row and column.
    pub cells: Vec<Vec<HeatCell>>,
    /// Whether colours are spread over the logarithms of the values.
    pub log: bool,
    /// Which values are better.
    pub better: Better,
}

/// Viridis colour map in nine steps, from low to high.
const VIRIDIS: [(u8, u8, u8); 9] = [
    (0x44, 0x01, 0x54),
    (0x47, 0x2c, 0x7a),
    (0x3b, 0x51, 0x8b),
    (0x2c, 0x71, 0x8e),
    (0x21, 0x90, 0x8d),
    (0x27, 0xad, 0x81),
    (0x5c, 0xc8, 0x63),
    (0xaa, 0xdc, 0x32),
    (0xfd, 0xe7, 0x25),
];

fn colour(share: f64) -> RGBColor {
    let position = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let index = (position as usize).min(VIRIDIS.len() - 2);
    let (a, b, part) = (VIRIDIS[index], VIRIDIS[index + 1], position - index as f64);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

impl HeatMap {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let left = if canvas.narrow() { 96 } else { 150 };
        let (right, top, bottom) = (canvas.width() - 132, 74, canvas.height() - 62);
        let values = || self.cells.iter().flatten().filter_map(|cell| cell.value());
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let share = |value: f64| self.share(value, (low, high));
        canvas.title(&self.title)?;
        let (columns, rows) = (self.x.len().max(1) as i32, self.y.len().max(1) as i32);
        let edge_x = |i: i32| left + (right - left) * i / columns;
        let edge_y = |i: i32| bottom - (bottom - top) * i / rows;
        let room = (edge_x(1) - edge_x(0) > 54) && (edge_y(0) - edge_y(1) > 18);
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (c, r) = (column as i32, row as i32);
                let (from, to) = ((edge_x(c), edge_y(r + 1)), (edge_x(c + 1) - 1, edge_y(r) - 1));
                let (ground, text) = match (cell, cell.value()) {
                    (_, Some(value)) => (colour(share(value)), short(value)),
                    (HeatCell::Refused, None) => (LIGHT, "none".to_owned()),
                    _ => (WHITE, "?".to_owned()),
                };
                let name = |names: &[String], index: usize| names.get(index).cloned().unwrap_or_default();
                let words = format!("{}, {}: {text}", name(&self.x, column), name(&self.y, row));
                canvas.value(&words, || canvas.rectangle(from, to, ground))?;
                if room {
                    let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
                    canvas.text(&text, middle, 14, ink_on(ground), Anchor::Centre)?;
                }
            }
        }
        // Labels that would overlap are on two lines; if that is not enough, some are skipped.
        let every = |count: usize, room: i32, each: i32| count.div_ceil((room / each).max(1) as usize).max(1);
        let longest = self.x.iter().map(|name| width(&fitting(name, MOST_LETTERS), 13)).max().unwrap_or(0);
        let needed = every(self.x.len(), right - left, longest + 10);
        let lines = if needed == 2 { 2 } else { 1 };
        for (i, name) in self.x.iter().enumerate().step_by(needed / lines) {
            let line = if i % lines == 1 { 31 } else { 16 };
            let at = ((edge_x(i as i32) + edge_x(i as i32 + 1)) / 2, bottom + line);
            canvas.text(&fitting(name, MOST_LETTERS), at, 13, GREY, Anchor::Centre)?;
        }
        for (i, name) in self.y.iter().enumerate().step_by(every(self.y.len(), bottom - top, 18)) {
            let at = (left - 8, (edge_y(i as i32) + edge_y(i as i32 + 1)) / 2);
            canvas.text(&fitting(name, MOST_LETTERS), at, 13, GREY, Anchor::Right)?;
        }
        canvas.text(
            &self.x_label,
            ((left + right) / 2, bottom + if lines == 2 { 50 } else { 44 }),
            15,
            BLACK,
            Anchor::Centre,
        )?;
        canvas.upright(&self.y_label, (22, (top + bottom) / 2), 15, BLACK)?;
        self.legend(canvas, (right + 30, top, bottom), (low, high))
    }

    /// Place of a value on the colour map: 1 for the best. Without a better direction high values are bright.
    fn share(&self, value: f64, (low, high): (f64, f64)) -> f64 {
        let position = |v: f64| if self.log && low > 0.0 { libm::log(v) } else { v };
        let share = if high > low { (position(value) - position(low)) / (position(high) - position(low)) } else { 0.5 };
        if self.better == Better::Lower { 1.0 - share } else { share }
    }

    fn legend(
        &self,
        canvas: &Canvas<'_>,
        (left, top, bottom): (i32, i32, i32),
        (low, high): (f64, f64),
    ) -> Result<(), PlotError> {
        const STEPS: i32 = 64;
        for step in 0..STEPS {
            let edge = |i: i32| bottom - (bottom - top) * i / STEPS;
            let colour = colour(f64::from(step) / f64::from(STEPS - 1));
            canvas.rectangle((left, edge(step + 1)), (left + 18, edge(step)), colour)?;
        }
        if low <= high {
            let middle = if self.log && low > 0.0 { libm::sqrt(low * high) } else { (low + high) / 2.0 };
            for value in [low, middle, high] {
                let share = self.share(value, (low, high));
                let at = (left + 24, bottom - (f64::from(bottom - top) * share).round() as i32);
                let text = short(value);
                canvas.text(&text, at, 13, GREY, Anchor::Left)?;
            }
        }
        let label = Variable { label: self.value_label.clone(), log: false, better: self.better }.named();
        canvas.upright(&fitting(&label, 60), (left + 84, (top + bottom) / 2), 14, BLACK)
    }
}
