//! Order, errors and coverage by kind of variant, on families left out.

use std::collections::BTreeMap;

use costmodel::quantity::Quantity;
use names::named;

use super::document::VariantOrder;
use super::measure::Held;
use crate::corpus_rows::CorpusRows;
use crate::metrics::{coverage, median};

named! {
    /// How passes transformed the loops of a kernel, read from the name of the variant.
    pub enum VariantKind {
        /// Source texts and forms: no loop is unrolled, tiled or vectorised
        Plain = "plain",
        /// Unrolled loops
        Unrolled = "unrolled",
        /// Outer loops unrolled, their bodies jammed
        Jammed = "jammed",
        /// Tiled loops
        Tiled = "tiled",
        /// Tiled loops, some of them unrolled
        TiledUnrolled = "tiled_unrolled",
        /// Loops with explicit vectors
        Vectorised = "vectorised",
        /// Loops with explicit vectors, unrolled or jammed
        VectorisedUnrolled = "vectorised_unrolled",
    }
}

impl VariantKind {
    /// The kind of a variant with this name, as `corpus::variants` makes them.
    #[must_use]
    pub fn of(variant: &str) -> Self {
        let has = |pass: &str| variant.contains(pass);
        match (has("vectorize"), has("tile"), has("unroll"), has("jam")) {
            (true, _, false, false) => Self::Vectorised,
            (true, ..) => Self::VectorisedUnrolled,
            (false, true, false, false) => Self::Tiled,
            (false, true, ..) => Self::TiledUnrolled,
            (false, false, true, _) => Self::Unrolled,
            (false, false, false, true) => Self::Jammed,
            _ => Self::Plain,
        }
    }

    /// The kind of a pair of variants: that of the other one if one is plain, or the kind of both. `None` if they are of different
    /// kinds: such pairs are counted in the row over all kinds and in no other.
    #[must_use]
    pub fn of_pair(a: Self, b: Self) -> Option<Self> {
        match (a, b) {
            (Self::Plain, kind) | (kind, Self::Plain) => Some(kind),
            (a, b) => (a == b).then_some(a),
        }
    }
}

/// Differences that pairs must have to count, as shares of the larger label.
const MARGINS: [f64; 2] = [0.02, 0.1];

/// Name of the row over all kinds.
pub(super) const ALL: &str = "all";

/// Whether variants are ordered by a quantity: instructions and time, of processors and GPUs.
pub(super) fn is_ordered(quantity: Quantity) -> bool {
    quantity.grows() && !quantity.is_of_design()
}

/// Order, errors and coverage of instructions and time, by output and kind; over all kinds first.
pub(super) fn variants(corpus: &CorpusRows, held: &[Vec<Held>]) -> Vec<VariantOrder> {
    let outputs = corpus.data.outputs();
    let shown = |output: &usize| is_ordered(outputs[*output].quantity);
    let mut rows = Vec::new();
    for output in (0..outputs.len()).filter(shown).filter(|&output| !held[output].is_empty()) {
        let order = order(corpus, &held[output]);
        for kind in [None].into_iter().chain(VariantKind::ALL.map(Some)) {
            let is_own = |held: &&Held| kind.is_none_or(|kind| kind_of(corpus, held) == kind);
            let own: Vec<&Held> = held[output].iter().filter(is_own).collect();
            let mut row = errors(corpus, &own);
            row.quantity = outputs[output].quantity.name().to_owned();
            row.target.clone_from(&outputs[output].target);
            row.kind = kind.map_or(ALL, VariantKind::name).to_owned();
            let sums = order.get(&kind).copied().unwrap_or_default();
            row.kernels = Some(sums[0].kernels);
            [row.tau_above_2_pct, row.tau_above_10_pct] = sums.map(Tau::mean);
            if kind.is_none() {
                row.mean_regret = mean_regret(corpus, &held[output]);
            }
            rows.push(row);
        }
    }
    rows
}

fn kind_of(corpus: &CorpusRows, held: &Held) -> VariantKind {
    VariantKind::of(&corpus.entries[held.row].row.variant)
}

/// Errors and coverage of rows; the rest of the figures is left open.
fn errors(corpus: &CorpusRows, rows: &[&Held]) -> VariantOrder {
    let family = |h: &Held| corpus.data.samples()[h.row].family;
    let mut families: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for held in rows {
        families.entry(family(held)).or_default().extend(held.relative_error_pct());
    }
    let all: Vec<f64> = families.values().flatten().copied().collect();
    let medians: Vec<f64> = families.into_values().filter_map(median).collect();
    let covered = coverage(&rows.iter().map(|h| (h.truth, h.low, h.high, family(h))).collect::<Vec<_>>());
    VariantOrder {
        rows: Some(rows.len() as u64),
        median_relative_error_pct: median(all),
        median_over_families_pct: median(medians),
        covered_pct: covered.map(|covered| covered.mean_pct),
        ..VariantOrder::default()
    }
}

/// Pairs in the right order less those in the wrong one, over all pairs that count: a sum over kernels.
#[derive(Debug, Clone, Copy, Default)]
struct Tau {
    sum: f64,
    kernels: u64,
}

impl Tau {
    fn mean(self) -> Option<f64> {
        (self.kernels > 0).then(|| self.sum / self.kernels as f64)
    }
}

/// The sums by kind of pair for each of [`MARGINS`]; `None` is the key of all pairs.
fn order(corpus: &CorpusRows, rows: &[Held]) -> BTreeMap<Option<VariantKind>, [Tau; 2]> {
    let mut sums: BTreeMap<Option<VariantKind>, [Tau; 2]> = BTreeMap::new();
    for variants in kernels(corpus, rows).values() {
        let mut own: BTreeMap<Option<VariantKind>, [(f64, f64); 2]> = BTreeMap::new();
        for (place, a) in variants.iter().enumerate() {
            for b in &variants[..place] {
                let kind = VariantKind::of_pair(kind_of(corpus, a), kind_of(corpus, b));
                let right = (b.truth - a.truth).signum() * sign(b.predicted - a.predicted);
                let keys = [None, kind];
                for key in &keys[..1 + usize::from(kind.is_some())] {
                    let counts = own.entry(*key).or_default();
                    for (margin, (score, pairs)) in MARGINS.iter().zip(counts) {
                        if (a.truth - b.truth).abs() > margin * a.truth.max(b.truth) {
                            *score += right;
                            *pairs += 1.0;
                        }
                    }
                }
            }
        }
        for (kind, counts) in own {
            for (tau, (score, pairs)) in sums.entry(kind).or_default().iter_mut().zip(counts) {
                if pairs > 0.0 {
                    tau.sum += score / pairs;
                    tau.kernels += 1;
                }
            }
        }
    }
    sums
}

/// -1, 0 or 1; equal predictions are 0.
fn sign(difference: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference.signum() }
}

fn kernels<'a>(corpus: &CorpusRows, rows: &'a [Held]) -> BTreeMap<u32, Vec<&'a Held>> {
    let mut kernels: BTreeMap<u32, Vec<&Held>> = BTreeMap::new();
    rows.iter().for_each(|held| kernels.entry(corpus.data.samples()[held.row].kernel).or_default().push(held));
    kernels
}

/// Geometric mean over kernels of the variant predicted best over the best one, where variants differ by more than the least of
/// [`MARGINS`].
fn mean_regret(corpus: &CorpusRows, rows: &[Held]) -> Option<f64> {
    let mut logarithms = Vec::new();
    for variants in kernels(corpus, rows).values() {
        let truth = || variants.iter().map(|held| held.truth);
        let (best, worst) = (truth().fold(f64::INFINITY, f64::min), truth().fold(0.0, f64::max));
        let chosen = variants.iter().min_by(|a, b| a.predicted.total_cmp(&b.predicted));
        if let Some(chosen) = chosen.filter(|_| best > 0.0 && worst - best > MARGINS[0] * worst) {
            logarithms.push(libm::log(chosen.truth / best));
        }
    }
    let count = logarithms.len() as f64;
    (count > 0.0).then(|| libm::exp(logarithms.iter().sum::<f64>() / count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variants_tell_their_kind() {
        for (name, kind) in [
            ("affine-s0", VariantKind::Plain),
            ("affine-s1-fuse", VariantKind::Plain),
            ("affine-s0-unroll4-scalrep", VariantKind::Unrolled),
            ("linalg-s0-to-affine-jam3", VariantKind::Jammed),
            ("affine-s0-tile8x16", VariantKind::Tiled),
            ("affine-s0-tile8x16-unroll4", VariantKind::TiledUnrolled),
            ("affine-s0-tile8x16-vectorize8", VariantKind::Vectorised),
            ("affine-s0-vectorize8-jam4", VariantKind::VectorisedUnrolled),
        ] {
            assert_eq!(VariantKind::of(name), kind, "{name}");
        }
        assert_eq!(VariantKind::of_pair(VariantKind::Plain, VariantKind::Tiled), Some(VariantKind::Tiled));
        assert_eq!(VariantKind::of_pair(VariantKind::Jammed, VariantKind::Tiled), None);
        assert_eq!([sign(0.0), sign(-3.0), sign(2.0)], [0.0, -1.0, 1.0]);
    }
}
