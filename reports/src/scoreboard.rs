//! The scoreboard of a reproduction: published figures and simulated ones.

use serde::Serialize;

use crate::number::{digits_beside, significant};
use crate::table::{Align, Table};

/// What agreement with a published figure proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Input of the model; agreement proves nothing.
    Input,
    /// Fitted to this figure; agreement proves nothing.
    Calibrated,
    /// Computed by the model; agreement is evidence.
    Derived,
    /// Estimated, without a tolerance.
    Estimate,
}

impl Kind {
    /// The name in files and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Calibrated => "calibrated",
            Self::Derived => "derived",
            Self::Estimate => "estimate",
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Path of the figure, e.g. `fig14.comm.2048`.
    pub id: String,
    /// Published value; `None` if the publication has no number for it.
    pub published: Option<f64>,
    /// Value of the model; times are from event simulation.
    pub ours: f64,
    /// Value of the closed form, if `ours` is from event simulation.
    pub analytic: Option<f64>,
    /// Relative deviation from the published figure, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation_pct: Option<f64>,
    /// Deviation of a share, in percentage points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation_pp: Option<f64>,
    /// Largest accepted deviation, in percent or percentage points; `None` for estimates.
    pub tolerance: Option<f64>,
    /// What agreement proves.
    pub kind: Kind,
    /// Whether the deviation is within the tolerance; true if there is nothing to compare.
    pub ok: bool,
    /// Place of the figure in the publication.
    pub source: String,
}

impl Row {
    /// Compares `ours` with `published`. With `points` both are percentages, and the deviation is their difference.
    #[must_use]
    pub fn new(
        id: String,
        published: Option<f64>,
        ours: f64,
        kind: Kind,
        tolerance: Option<f64>,
        points: bool,
    ) -> Self {
        let deviation = published.map(|p| if points { ours - p } else { (ours / p - 1.0) * 100.0 });
        let ok = match (deviation, tolerance) {
            (Some(deviation), Some(tolerance)) => deviation.abs() <= tolerance,
            _ => true,
        };
        let (deviation_pct, deviation_pp) = if points { (None, deviation) } else { (deviation, None) };
        Self {
            id,
            published,
            ours,
            analytic: None,
            deviation_pct,
            deviation_pp,
            tolerance,
            kind,
            ok,
            source: String::new(),
        }
    }
}

/// All figures.
#[derive(Debug, Clone, Serialize)]
pub struct Scoreboard {
    /// Figures in order.
    pub rows: Vec<Row>,
}

impl Scoreboard {
    /// Derived figures that are out of tolerance.
    #[must_use]
    pub fn failures(&self) -> Vec<&Row> {
        self.rows.iter().filter(|r| r.kind == Kind::Derived && !r.ok).collect()
    }

    /// The scoreboard as an aligned text table.
    #[must_use]
    pub fn render(&self) -> String {
        let mut table = Table::new(&[
            ("figure", Align::Left),
            ("published", Align::Right),
            ("ours", Align::Right),
            ("analytic", Align::Right),
            ("deviation", Align::Right),
            ("tolerance", Align::Right),
            ("kind", Align::Left),
            ("within", Align::Left),
        ]);
        for row in &self.rows {
            let (deviation, unit) = match (row.deviation_pct, row.deviation_pp) {
                (Some(d), _) => (Some(d), "%"),
                (None, d) => (d, "pp"),
            };
            let digits = digits_beside([Some(row.ours), row.published, row.analytic].into_iter().flatten(), 4);
            let number = |value: f64| significant(value, digits);
            table.row([
                row.id.clone(),
                row.published.map_or("-".to_owned(), number),
                number(row.ours),
                row.analytic.map_or(String::new(), number),
                deviation.map_or(String::new(), |d| format!("{:+.2} {unit}", unsigned_zero(d))),
                row.tolerance.filter(|_| deviation.is_some()).map_or(String::new(), |t| format!("{t} {unit}")),
                row.kind.name().to_owned(),
                if deviation.is_none() {
                    String::new()
                } else if row.ok {
                    "ok".to_owned()
                } else {
                    "OUT".to_owned()
                },
            ]);
        }
        table.render()
    }
}

/// `value`, or 0 if it rounds to that with two decimals: not "-0.00".
fn unsigned_zero(value: f64) -> f64 {
    if value.abs() < 0.005 { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_derived_figures_fail() {
        let row = |kind, ours| Row::new("x".to_owned(), Some(100.0), ours, kind, Some(1.0), false);
        let board = Scoreboard {
            rows: vec![row(Kind::Calibrated, 200.0), row(Kind::Derived, 101.5), row(Kind::Derived, 100.5)],
        };
        assert_eq!(board.failures().len(), 1);
        assert!(board.render().contains("OUT"));
    }
}
