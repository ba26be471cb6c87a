//! Cleveland dot plot: one row per name, one shape and colour per kind of mark, on a common axis.
//!
//! A row without a mark has a note instead.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, HEIGHT, LIGHT, MIDDLE, WIDTH, fitting};
use super::error::PlotError;
use super::palette::{SERIES, width_of};
use super::scale::Scale;
use super::scatter::Variable;
use crate::number::short;

/// Largest number of rows drawn.
const MOST: usize = 24;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct DotRow {
    /// Its name.
    pub name: String,
    /// One value per kind of mark; `None` and values that the axis cannot show are not drawn.
    pub values: Vec<Option<f64>>,
    /// Text in a row without marks.
    pub note: String,
}

/// A dot plot.
#[derive(Debug, Clone, PartialEq)]
pub struct DotPlot {
    /// Title; a second line is printed smaller.
    pub title: String,
    /// Axis of the values.
    pub x: Variable,
    /// Names of the kinds of marks, in the legend.
    pub marks: Vec<String>,
    /// Rows from top to bottom.
    pub rows: Vec<DotRow>,
    /// Whether a line joins the marks of a row, because they are the ends of a range.
    pub joined: bool,
    /// Reference value, drawn as a vertical line, and its label.
    pub reference: Option<(f64, String)>,
}

impl DotPlot {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (270, WIDTH as i32 - 50, 104, HEIGHT as i32 - 62);
        canvas.title(&self.title)?;
        let usable = |v: &f64| v.is_finite() && (!self.x.log || *v > 0.0);
        let reference = self.reference.iter().map(|(value, _)| *value).filter(usable);
        let values = self.rows.iter().flat_map(|r| r.values.iter().flatten().copied()).filter(usable);
        let scale = Scale::over(values.chain(reference), self.x.log).starting_at_zero();
        let at = |value: f64| left + (scale.share(value) * f64::from(right - left)).round() as i32;
        for tick in scale.ticks() {
            canvas.line(&[(at(tick), top), (at(tick), bottom)], LIGHT, 1)?;
            canvas.text(&short(tick), (at(tick), bottom + 16), 14, GREY, Anchor::Centre)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], GREY, 1)?;
        canvas.text(&self.x.label, ((left + right) / 2, bottom + 42), 15, BLACK, Anchor::Centre)?;
        if let Some((value, name)) = self.reference.as_ref().filter(|(v, _)| usable(v)) {
            canvas.line(&[(at(*value), top - 4), (at(*value), bottom)], BLACK, 1)?;
            canvas.text(name, (at(*value), top - 14), 13, BLACK, Anchor::Centre)?;
        }
        let rows = &self.rows[..self.rows.len().min(MOST)];
        let step = ((bottom - top) / rows.len().max(1) as i32).min(80);
        for (index, row) in rows.iter().enumerate() {
            let middle = top + step * index as i32 + step / 2;
            canvas.text(&fitting(&row.name, 34), (left - 10, middle), 14, BLACK, Anchor::Right)?;
            let marks: Vec<(usize, i32)> = row
                .values
                .iter()
                .enumerate()
                .filter_map(|(kind, value)| value.filter(usable).map(|value| (kind, at(value))))
                .collect();
            let (Some(low), Some(high)) = (marks.iter().map(|m| m.1).min(), marks.iter().map(|m| m.1).max()) else {
                canvas.text(&fitting(&row.note, 70), (left + 10, middle), 13, GREY, Anchor::Left)?;
                continue;
            };
            if self.joined && low < high {
                canvas.line(&[(low, middle), (high, middle)], MIDDLE, 3)?;
            }
            for (kind, h) in marks {
                mark(canvas, kind, (h, middle))?;
            }
        }
        let mut h = 20;
        for (kind, name) in self.marks.iter().enumerate() {
            mark(canvas, kind, (h + 8, 70))?;
            canvas.text(name, (h + 22, 70), 14, BLACK, Anchor::Left)?;
            h += 46 + width_of(name, 14);
        }
        Ok(())
    }
}

/// Shapes differ too, for readers who cannot tell the colours apart.
fn mark(canvas: &Canvas<'_>, kind: usize, at: (i32, i32)) -> Result<(), PlotError> {
    let colour: RGBColor = SERIES[kind % SERIES.len()];
    match kind % 3 {
        0 => canvas.dot(at, 6, colour),
        1 => canvas.diamond(at, 8, colour),
        _ => canvas.square(at, 5, colour),
    }
}
