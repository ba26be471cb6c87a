//! Cleveland dot plot: one row per name, one shape and colour per kind of mark, on a common axis. The ends of a row are labelled
//! with their values.
//!
//! A row without a mark has a note instead.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, LIGHT, MIDDLE, fitting};
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
    /// Design that it belongs to; empty if it belongs to none.
    pub design: String,
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
    fn shown(&self) -> &[DotRow] {
        &self.rows[..self.rows.len().min(MOST)]
    }

    /// Rows of the legend.
    fn legend(&self, width: i32) -> i32 {
        // The axis names a single kind of mark.
        if self.marks.len() < 2 {
            return 0;
        }
        let (mut h, mut rows) = (12, 1);
        for name in &self.marks {
            let needed = 44 + width_of(name, 13);
            if h + needed > width && h > 12 {
                (h, rows) = (12, rows + 1);
            }
            h += needed;
        }
        rows
    }

    pub(super) fn height(&self, narrow: bool) -> i32 {
        let (step, width) = if narrow { (44, super::canvas::NARROW) } else { (34, super::canvas::WIDTH) };
        60 + 20 * self.legend(width) + step * self.shown().len().max(1) as i32 + 62
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let narrow = canvas.narrow();
        let top = 60 + 20 * self.legend(canvas.width());
        let (left, right, bottom) = if narrow {
            (58, canvas.width() - 48, canvas.height() - 54)
        } else {
            (260, canvas.width() - 70, canvas.height() - 54)
        };
        canvas.title(&self.title)?;
        let usable = |v: &f64| v.is_finite() && (!self.x.log || *v > 0.0);
        let reference = self.reference.iter().map(|(value, _)| *value).filter(usable);
        let values = self.rows.iter().flat_map(|r| r.values.iter().flatten().copied()).filter(usable);
        let scale = Scale::over(values.chain(reference), self.x.log).near_zero();
        let at = |value: f64| left + (scale.share(value) * f64::from(right - left)).round() as i32;
        let mut free = i32::MIN;
        for tick in scale.ticks() {
            canvas.line(&[(at(tick), top), (at(tick), bottom)], LIGHT, 1)?;
            let half = width_of(&short(tick), 13) / 2;
            if at(tick) - half > free {
                canvas.text(&short(tick), (at(tick), bottom + 14), 13, GREY, Anchor::Centre)?;
                free = at(tick) + half + 6;
            }
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], GREY, 1)?;
        let label = fitting(&self.x.named(), if narrow { 54 } else { 90 });
        canvas.text(&label, ((left + right) / 2, bottom + 38), 14, BLACK, Anchor::Centre)?;
        if let Some((value, name)) = self.reference.as_ref().filter(|(v, _)| usable(v)) {
            canvas.line(&[(at(*value), top - 4), (at(*value), bottom)], BLACK, 1)?;
            let anchor = if at(*value) > (left + right) / 2 { Anchor::Right } else { Anchor::Left };
            canvas.text(name, (at(*value), top - 12), 13, BLACK, anchor)?;
        }
        let step = (bottom - top) / self.shown().len().max(1) as i32;
        for (index, row) in self.shown().iter().enumerate() {
            let middle = top + step * index as i32 + if narrow { step * 2 / 3 } else { step / 2 };
            canvas.design(&row.design, || {
                if narrow {
                    canvas.text(&fitting(&row.name, 52), (12, middle - 18), 13, BLACK, Anchor::Left)?;
                } else {
                    canvas.text(&fitting(&row.name, 28), (220, middle), 14, BLACK, Anchor::Right)?;
                }
                self.row(canvas, row, middle, (left, right), &at)
            })?;
        }
        let (mut h, mut v) = (12, 48);
        for (kind, name) in self.marks.iter().enumerate().filter(|_| self.marks.len() > 1) {
            let needed = 44 + width_of(name, 13);
            if h + needed > canvas.width() && h > 12 {
                (h, v) = (12, v + 20);
            }
            mark(canvas, kind, (h + 8, v))?;
            canvas.text(name, (h + 22, v), 13, BLACK, Anchor::Left)?;
            h += needed;
        }
        Ok(())
    }

    fn row(
        &self,
        canvas: &Canvas<'_>,
        row: &DotRow,
        middle: i32,
        (left, right): (i32, i32),
        at: &dyn Fn(f64) -> i32,
    ) -> Result<(), PlotError> {
        let usable = |v: &f64| v.is_finite() && (!self.x.log || *v > 0.0);
        let mut marks: Vec<(usize, i32, f64)> = row
            .values
            .iter()
            .enumerate()
            .filter_map(|(kind, value)| value.filter(usable).map(|value| (kind, at(value), value)))
            .collect();
        marks.sort_by(|a, b| a.2.total_cmp(&b.2));
        let (Some(low), Some(high)) = (marks.first().copied(), marks.last().copied()) else {
            let most = ((right - left) / 7) as usize;
            return canvas.text(&fitting(&row.note, most), (left + 10, middle), 13, GREY, Anchor::Left);
        };
        if self.joined && low.1 < high.1 {
            canvas.line(&[(low.1, middle), (high.1, middle)], MIDDLE, 3)?;
        }
        for (kind, h, value) in &marks {
            let name = self.marks.get(*kind).map_or("", String::as_str);
            let text = format!("{}, {name}: {}", row.name, short(*value));
            canvas.value(&text, || mark(canvas, *kind, (*h, middle)))?;
        }
        // Values stand outside of the marks, on the inner side where there is no room.
        let (wide_low, wide_high) = (width_of(&short(low.2), 12), width_of(&short(high.2), 12));
        if low.1 < high.1 && low.1 - 12 - wide_low > 0 {
            canvas.text(&short(low.2), (low.1 - 12, middle), 12, GREY, Anchor::Right)?;
        }
        if high.1 + 12 + wide_high < canvas.width() {
            canvas.text(&short(high.2), (high.1 + 12, middle), 12, GREY, Anchor::Left)?;
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
