//! Dies of a wafer and the share of them that works.
//!
//! First-order count: pi r^2 / A - pi d / sqrt(2 A). Chiplet Actuary's: the die grows by a scribe line s to
//! A' = A + 2 s sqrt(A) + s^2, the wafer shrinks by an edge e: pi (d/2 - e)^2 / A' - pi (d - 2 e) / sqrt(2 A'). Yield
//! models take x = killing area times defect density. Areas in square millimetres, defects per square centimetre.

use std::f64::consts::PI;

use designs::{DieFormula, SquareMm, YieldModel};

/// Geometry of a wafer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wafer {
    /// Formula.
    pub formula: DieFormula,
    /// Diameter, millimetres.
    pub diameter_mm: f64,
    /// Scribe line, millimetres.
    pub scribe_mm: f64,
    /// Edge exclusion, millimetres.
    pub edge_mm: f64,
}

impl Wafer {
    /// Dies of `area`, not rounded, at least 0.
    #[must_use]
    pub fn dies(&self, area: SquareMm) -> f64 {
        let (diameter, area) = match self.formula {
            DieFormula::FirstOrder => (self.diameter_mm, area.mm2()),
            DieFormula::Actuary => {
                let side = area.mm2().sqrt() + self.scribe_mm;
                (self.diameter_mm - 2.0 * self.edge_mm, side * side)
            }
        };
        let radius = diameter / 2.0;
        (PI * radius * radius / area - PI * diameter / (2.0 * area).sqrt()).max(0.0)
    }
}

/// A yield model with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yield {
    /// Model.
    pub model: YieldModel,
    /// Clustering (negative binomial).
    pub alpha: f64,
    /// Critical layers (Bose-Einstein).
    pub layers: f64,
}

impl Yield {
    /// Share of good dies at `x` expected defects per die.
    #[must_use]
    #[inline]
    pub fn share(&self, x: f64) -> f64 {
        match self.model {
            // The limit of Murphy's quotient at 0 is 1.
            _ if x <= 0.0 => 1.0,
            YieldModel::Poisson => libm::exp(-x),
            YieldModel::Murphy => {
                let average = -libm::expm1(-x) / x;
                average * average
            }
            YieldModel::Seeds => 1.0 / (1.0 + x),
            YieldModel::NegativeBinomial => libm::pow(1.0 + x / self.alpha, -self.alpha),
            YieldModel::BoseEinstein => libm::pow(1.0 + x / self.layers, -self.layers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: f64 = 0.11 * 8.2708;

    fn percent(model: YieldModel, alpha: f64) -> f64 {
        Yield { model, alpha, layers: 10.0 }.share(X) * 100.0
    }

    #[test]
    fn yields_of_the_published_die() {
        for (model, alpha, expected) in [
            (YieldModel::Poisson, 1.0, 40.3),
            (YieldModel::Murphy, 1.0, 43.1),
            (YieldModel::Seeds, 1.0, 52.4),
            (YieldModel::NegativeBinomial, 2.0, 47.2),
            (YieldModel::NegativeBinomial, 3.0, 45.2),
            (YieldModel::NegativeBinomial, 10.0, 41.9),
        ] {
            assert!((percent(model, alpha) - expected).abs() < 0.06, "{model:?} {alpha}: {}", percent(model, alpha));
        }
    }

    #[test]
    fn every_model_starts_at_one_and_falls() {
        for model in YieldModel::ALL {
            let y = Yield { model, alpha: 3.0, layers: 10.0 };
            assert_eq!(y.share(0.0), 1.0);
            assert!((y.share(1e-9) - 1.0).abs() < 1e-8, "{model:?} is continuous at 0");
            assert!(y.share(1.0) < y.share(0.5) && y.share(100.0) < 0.02 && y.share(100.0) > 0.0);
        }
    }

    #[test]
    fn dies_by_both_formulas() {
        let wafer = |formula| Wafer { formula, diameter_mm: 300.0, scribe_mm: 0.2, edge_mm: 5.0 };
        let published = SquareMm::from_mm2(827.08);
        assert!((wafer(DieFormula::FirstOrder).dies(published) - 62.29).abs() < 0.01);
        assert!((wafer(DieFormula::Actuary).dies(published) - 56.5).abs() < 0.1);
        assert_eq!(wafer(DieFormula::FirstOrder).dies(SquareMm::from_mm2(80_000.0)), 0.0);
    }
}
