//! Heat map: cells of two axes, coloured by value.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, HEIGHT, LIGHT, WHITE, WIDTH, fitting, width};
use super::error::PlotError;
use crate::number::short;

/// Largest number of characters of a label on an axis.
const MOST_LETTERS: usize = 14;

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
    /// Values by row and column; `None` for a cell without value.
    pub cells: Vec<Vec<Option<f64>>>,
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
        let (left, right, top, bottom) = (150, WIDTH as i32 - 140, 74, HEIGHT as i32 - 70);
        let values = || self.cells.iter().flatten().flatten().copied().filter(|v| v.is_finite());
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let share = |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
        canvas.title(&self.title)?;
        let (columns, rows) = (self.x.len().max(1) as i32, self.y.len().max(1) as i32);
        let edge_x = |i: i32| left + (right - left) * i / columns;
        let edge_y = |i: i32| bottom - (bottom - top) * i / rows;
        let room = (edge_x(1) - edge_x(0) > 54) && (edge_y(0) - edge_y(1) > 18);
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (c, r) = (column as i32, row as i32);
                let (from, to) = ((edge_x(c), edge_y(r + 1)), (edge_x(c + 1) - 1, edge_y(r) - 1));
                let shown = cell.filter(|v| v.is_finite());
                canvas.rectangle(from, to, shown.map_or(LIGHT, |value| colour(share(value))))?;
                if room {
                    let text = shown.map_or_else(|| "none".to_owned(), short);
                    let dark = shown.is_some_and(|value| share(value) < 0.6);
                    let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
                    canvas.text(&text, middle, 14, if dark { WHITE } else { BLACK }, Anchor::Centre)?;
                }
            }
        }
        // Skip labels that would overlap.
        let every = |count: usize, room: i32, each: i32| count.div_ceil((room / each).max(1) as usize).max(1);
        let longest = self.x.iter().map(|name| width(&fitting(name, MOST_LETTERS), 13)).max().unwrap_or(0);
        for (i, name) in self.x.iter().enumerate().step_by(every(self.x.len(), right - left, longest + 10)) {
            let at = ((edge_x(i as i32) + edge_x(i as i32 + 1)) / 2, bottom + 16);
            canvas.text(&fitting(name, MOST_LETTERS), at, 13, GREY, Anchor::Centre)?;
        }
        for (i, name) in self.y.iter().enumerate().step_by(every(self.y.len(), bottom - top, 18)) {
            let at = (left - 8, (edge_y(i as i32) + edge_y(i as i32 + 1)) / 2);
            canvas.text(&fitting(name, MOST_LETTERS), at, 13, GREY, Anchor::Right)?;
        }
        canvas.text(&self.x_label, ((left + right) / 2, bottom + 44), 15, BLACK, Anchor::Centre)?;
        canvas.upright(&self.y_label, (22, (top + bottom) / 2), 15, BLACK)?;
        self.legend(canvas, (right + 30, top, bottom), (low, high))
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
            for share in [0.0, 0.5, 1.0] {
                let at = (left + 24, bottom - (f64::from(bottom - top) * share).round() as i32);
                canvas.text(&short(low + (high - low) * share), at, 13, GREY, Anchor::Left)?;
            }
        }
        canvas.upright(&self.value_label, (left + 84, (top + bottom) / 2), 14, BLACK)
    }
}
