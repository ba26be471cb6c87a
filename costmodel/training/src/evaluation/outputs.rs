//! The shipped model on families left out, output by output.

use std::collections::BTreeMap;

use costmodel::quantity::Output;

use super::document::{Baseline, Calibration, Family, Quantity, Sample};
use super::measure::{Pairs, pairs};
use super::measured::Measured;
use super::models::Model;
use super::result_row::ResultRow;
use super::splits::Split;
use crate::dataset::Dataset;
use crate::metrics::quantile;

/// Points of one quantity in the file.
const SAMPLES: usize = 400;

/// All outputs; none if the shipped model was not evaluated on families left out.
pub(super) fn quantities(measured: &Measured<'_>) -> Vec<Quantity> {
    let Some(shipped) = &measured.shipped else { return vec![] };
    let data = &measured.corpus.data;
    let of_output = |(output, name): (usize, &Output)| {
        let own = |r: &&ResultRow| r.split == Split::Families && r.quantity == name.quantity && r.target == name.target;
        let row = measured.results.iter().filter(own).find(|r| r.model == Model::Shipped)?;
        let median = |r: &ResultRow| r.errors.median_ape_pct.unwrap_or(f64::INFINITY);
        let others = measured.results.iter().filter(own);
        let baseline = others
            .filter(|r| !matches!(r.model, Model::Shipped | Model::Blend))
            .min_by(|a, b| median(a).total_cmp(&median(b)));
        let pairs = pairs(measured.corpus, Split::Families, shipped, output);
        let covered = measured.intervals.iter().find(|c| c.quantity == name.quantity.name() && c.target == name.target);
        Some(Quantity {
            quantity: name.quantity.name().to_owned(),
            unit: name.quantity.unit().to_owned(),
            target: Some(name.target.clone()),
            rows: Some(row.errors.rows as u64),
            median_relative_error_pct: row.errors.median_ape_pct,
            p90_relative_error_pct: row.errors.p90_ape_pct,
            spearman: row.spearman,
            baseline: baseline.map(|b| Baseline {
                name: b.model.name().to_owned(),
                median_relative_error_pct: b.errors.median_ape_pct,
            }),
            samples: samples(data, &pairs),
            by_family: by_family(data, &pairs),
            calibration: covered
                .map(|c| vec![Calibration { nominal_pct: c.nominal_pct, observed_pct: c.mean_over_families_pct }]),
        })
    };
    data.outputs().iter().enumerate().filter_map(of_output).collect()
}

/// Every n-th pair if there are more than [`SAMPLES`].
fn samples(data: &Dataset, pairs: &Pairs) -> Vec<Sample> {
    let step = pairs.rows.len().div_ceil(SAMPLES).max(1);
    let sample = |i: usize| Sample {
        truth: Some(pairs.truth[i]),
        predicted: Some(pairs.predicted[i]),
        family: Some(data.families()[data.samples()[pairs.rows[i]].family as usize].clone()),
    };
    (0..pairs.rows.len()).step_by(step).map(sample).collect()
}

/// Relative errors of each family's rows whose truth is not zero.
fn by_family(data: &Dataset, pairs: &Pairs) -> Vec<Family> {
    let mut errors: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for i in 0..pairs.rows.len() {
        if pairs.truth[i] != 0.0 {
            let family = data.samples()[pairs.rows[i]].family as usize;
            let error = 100.0 * ((pairs.predicted[i] - pairs.truth[i]) / pairs.truth[i]).abs();
            errors.entry(family).or_default().push(error);
        }
    }
    errors
        .into_iter()
        .map(|(family, mut errors)| {
            errors.sort_by(f64::total_cmp);
            Family {
                family: data.families()[family].clone(),
                rows: Some(errors.len() as u64),
                median_relative_error_pct: Some(quantile(&errors, 0.5)),
                p90_relative_error_pct: Some(quantile(&errors, 0.9)),
            }
        })
        .collect()
}
