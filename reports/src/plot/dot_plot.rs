//! Marks in rows over a common axis (Cleveland's dot plot): a row for each name, a shape and colour for each kind of mark.
//!
//! A row without a mark says why in its place.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, HEIGHT, LIGHT, MIDDLE, WIDTH, fitting};
use super::error::PlotError;
use super::palette::{SERIES, width_of};
use super::scale::Scale;
use super::scatter::Variable;
use crate::number::short;

/// Rows drawn at most.
const MOST: usize = 24;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct DotRow {
    /// Its name.
    pub name: String,
    /// A value for each kind of mark; those that have no place on the axis are left out.
    pub values: Vec<Option<f64>>,
    /// What stands there where no mark does.
    pub note: String,
}

/// Marks in rows.
#[derive(Debug, Clone, PartialEq)]
pub struct DotPlot {
    /// Title; a second line says what is shown.
    pub title: String,
    /// Value and unit.
    pub x: Variable,
    /// Kinds of marks, in the key.
    pub marks: Vec<String>,
    /// Rows from the top.
    pub rows: Vec<DotRow>,
    /// Whether the marks of a row are joined: they are ends of a range.
    pub joined: bool,
    /// A value to compare with, and what it is.
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

/// Shapes differ as well as colours, for those who do not see these.
fn mark(canvas: &Canvas<'_>, kind: usize, at: (i32, i32)) -> Result<(), PlotError> {
    let colour: RGBColor = SERIES[kind % SERIES.len()];
    match kind % 3 {
        0 => canvas.dot(at, 6, colour),
        1 => canvas.diamond(at, 8, colour),
        _ => canvas.square(at, 5, colour),
    }
}
