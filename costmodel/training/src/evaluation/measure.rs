//! Figures of predictions: errors, differences with intervals, coverage, order of variants.

use std::collections::BTreeMap;

use costmodel::quantity::{Quantity, Scale};

use super::answers::Answers;
use super::document::{Comparison, Decision, Interval};
use super::models::Model;
use super::result_row::ResultRow;
use super::splits::{Split, is_tested};
use crate::bootstrap::{Difference, clustered, clusters};
use crate::corpus_rows::CorpusRows;
use crate::dataset::Dataset;
use crate::intervals;
use crate::metrics::{Coverage, Ranking, Regression, coverage, f1_above, quantile, ranking, regression};
use crate::random::Random;

/// Draws of the bootstrap.
pub const DRAWS: usize = 1000;

/// Truth and prediction of the rows of a split that have both, for one output.
pub struct Pairs {
    /// Rows of the corpus.
    pub rows: Vec<usize>,
    /// Labels, in the quantity's unit.
    pub truth: Vec<f64>,
    /// Predictions, in the quantity's unit.
    pub predicted: Vec<f64>,
}

/// The pairs of an output, in the quantity's unit.
#[must_use]
pub fn pairs(corpus: &CorpusRows, split: Split, answers: &Answers, output: usize) -> Pairs {
    let data = &corpus.data;
    let scale = data.outputs()[output].quantity.scale();
    let mut pairs = Pairs { rows: vec![], truth: vec![], predicted: vec![] };
    for (place, &row) in answers.rows.iter().enumerate() {
        let label = data.samples()[row].labels[output].filter(|_| is_tested(corpus, split, row, output));
        if let (Some(label), Some((answer, _))) = (label, answers.at(place, output, data.outputs().len())) {
            pairs.rows.push(row);
            pairs.truth.push(label);
            pairs.predicted.push(scale.from(f64::from(answer)));
        }
    }
    pairs
}

/// Range and 99th percentile of an output's labels over the whole corpus.
#[must_use]
pub fn ranges(data: &Dataset) -> Vec<(f64, f64)> {
    (0..data.outputs().len())
        .map(|output| {
            let mut labels: Vec<f64> = data.samples().iter().filter_map(|s| s.labels[output]).collect();
            labels.sort_by(f64::total_cmp);
            match labels.len() {
                0 => (0.0, 0.0),
                n => (labels[n - 1] - labels[0], quantile(&labels, 0.99)),
            }
        })
        .collect()
}

/// Errors of a model on every output of a split.
#[must_use]
pub fn results(
    corpus: &CorpusRows,
    ranges: &[(f64, f64)],
    split: Split,
    model: Model,
    answers: &Answers,
) -> Vec<ResultRow> {
    let kernels = |rows: &[usize]| rows.iter().map(|&row| corpus.data.samples()[row].kernel).collect::<Vec<u32>>();
    let mut rows = Vec::new();
    for (output, name) in corpus.data.outputs().iter().enumerate() {
        let pairs = pairs(corpus, split, answers, output);
        if pairs.rows.is_empty() {
            continue;
        }
        let errors = regression(&pairs.truth, &pairs.predicted, Some(ranges[output].0));
        let counts_spills = matches!(name.quantity, Quantity::Spills | Quantity::Reloads | Quantity::GpuSpills);
        let f1 = |above| if counts_spills { f1_above(&pairs.truth, &pairs.predicted, above) } else { None };
        let ordered = name.quantity.grows();
        let order: Option<Ranking> =
            if ordered { ranking(&pairs.truth, &pairs.predicted, &kernels(&pairs.rows)) } else { None };
        rows.push(ResultRow {
            split,
            model,
            training_rows: answers.training_rows,
            quantity: name.quantity,
            unit: name.quantity.unit(),
            target: name.target.clone(),
            errors,
            rmse_pct_of_p99: (ranges[output].1 > 0.0).then(|| 100.0 * errors.rmse / ranges[output].1),
            f1_above_0: f1(0.0),
            f1_above_16: f1(16.0),
            kendall_tau: order.map(|o| o.kendall_tau),
            spearman: order.map(|o| o.spearman),
            top_1_regret_pct: order.map(|o| o.top_1_regret_pct),
            top_5_regret_pct: order.map(|o| o.top_5_regret_pct),
            decision_accuracy_pct: order.map(|o| o.decision_accuracy_pct),
        });
    }
    let means: Vec<ResultRow> = rows.chunk_by(|a, b| a.quantity == b.quantity).filter_map(mean_over_targets).collect();
    rows.extend(means);
    rows
}

/// The mean over the targets of a quantity; `None` for a single target.
fn mean_over_targets(rows: &[ResultRow]) -> Option<ResultRow> {
    let mean = |of: &dyn Fn(&ResultRow) -> f64| rows.iter().map(of).sum::<f64>() / rows.len() as f64;
    let some = |of: &dyn Fn(&ResultRow) -> Option<f64>| -> Option<f64> {
        let values: Option<Vec<f64>> = rows.iter().map(of).collect();
        values.map(|v| v.iter().sum::<f64>() / v.len() as f64)
    };
    let first = rows.first().filter(|_| rows.len() > 1)?;
    Some(ResultRow {
        target: "mean".to_owned(),
        errors: Regression {
            rows: first.errors.rows,
            rmse: mean(&|r| r.errors.rmse),
            rmse_pct_of_range: some(&|r| r.errors.rmse_pct_of_range),
            rmse_pct_of_mean: some(&|r| r.errors.rmse_pct_of_mean),
            mape_pct: some(&|r| r.errors.mape_pct),
            median_ape_pct: some(&|r| r.errors.median_ape_pct),
            p90_ape_pct: some(&|r| r.errors.p90_ape_pct),
            within_10_pct: mean(&|r| r.errors.within_10_pct),
            exact_pct: mean(&|r| r.errors.exact_pct),
            within_1_pct: mean(&|r| r.errors.within_1_pct),
            within_2_pct: mean(&|r| r.errors.within_2_pct),
            within_4_pct: mean(&|r| r.errors.within_4_pct),
        },
        rmse_pct_of_p99: some(&|r| r.rmse_pct_of_p99),
        f1_above_0: some(&|r| r.f1_above_0),
        f1_above_16: some(&|r| r.f1_above_16),
        kendall_tau: some(&|r| r.kendall_tau),
        spearman: some(&|r| r.spearman),
        top_1_regret_pct: some(&|r| r.top_1_regret_pct),
        top_5_regret_pct: some(&|r| r.top_5_regret_pct),
        decision_accuracy_pct: some(&|r| r.decision_accuracy_pct),
        ..first.clone()
    })
}

/// What models are compared by, each the mean over targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Root of the mean squared error.
    Rmse,
    /// Median absolute error over the truth, in %.
    MedianApePct,
    /// F1 of "any spill".
    F1Above0,
}

impl Measure {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rmse => "rmse",
            Self::MedianApePct => "median_ape_pct",
            Self::F1Above0 => "f1_above0",
        }
    }

    /// Title in tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Rmse => "RMSE",
            Self::MedianApePct => "median error, %",
            Self::F1Above0 => "any spill, F1",
        }
    }
}

/// Quantities in which models are compared, and the measure of each. Those without labels in a corpus are left out.
pub const COMPARED: [(Quantity, Measure); 16] = [
    (Quantity::VectorRegisterPressure, Measure::Rmse),
    (Quantity::GeneralRegisterPressure, Measure::Rmse),
    (Quantity::Spills, Measure::F1Above0),
    (Quantity::Instructions, Measure::MedianApePct),
    (Quantity::Cycles, Measure::MedianApePct),
    (Quantity::PortUtilization, Measure::Rmse),
    (Quantity::XpuUtilization, Measure::Rmse),
    (Quantity::XpuLatencyCycles, Measure::MedianApePct),
    (Quantity::GpuVectorRegisters, Measure::Rmse),
    (Quantity::GpuScalarRegisters, Measure::Rmse),
    (Quantity::GpuSpills, Measure::F1Above0),
    (Quantity::GpuWavesPerSimd, Measure::Rmse),
    (Quantity::GpuCodeInstructions, Measure::MedianApePct),
    (Quantity::GpuInstructions, Measure::MedianApePct),
    (Quantity::GpuRooflineUs, Measure::MedianApePct),
    (Quantity::GpuBandwidthUtilization, Measure::Rmse),
];

/// Compares two models on the rows that both answer.
#[must_use]
pub fn compare(
    corpus: &CorpusRows,
    (quantity, measure): (Quantity, Measure),
    shipped: &Answers,
    other: &Answers,
    model: Model,
    seed: u64,
) -> Option<Comparison> {
    let data = &corpus.data;
    let outputs: Vec<usize> = (0..data.outputs().len()).filter(|&o| data.outputs()[o].quantity == quantity).collect();
    // By output and test row: the term of the measure, for both models.
    let both: Vec<Vec<Option<(f64, f64)>>> =
        outputs.iter().map(|&output| terms(corpus, measure, output, shipped, other)).collect();
    if both.iter().all(|terms| terms.iter().all(Option::is_none)) {
        return None;
    }
    let families: Vec<u32> = shipped.rows.iter().map(|&row| data.samples()[row].family).collect();
    let sign = if measure == Measure::F1Above0 { 1.0 } else { -1.0 };
    let values = |places: &[usize]| -> Option<(f64, f64)> {
        let of_output = |terms: &Vec<Option<(f64, f64)>>| {
            let (a, b) = places.iter().filter_map(|&place| terms[place]).unzip();
            Some((score(measure, a)?, score(measure, b)?))
        };
        let values: Option<Vec<(f64, f64)>> = both.iter().map(of_output).collect();
        let values = values?;
        let count = values.len() as f64;
        Some((values.iter().map(|v| v.0).sum::<f64>() / count, values.iter().map(|v| v.1).sum::<f64>() / count))
    };
    let all: Vec<usize> = (0..shipped.rows.len()).collect();
    let (shipped_value, other_value) = values(&all)?;
    let difference: Difference = clustered(&clusters(&families), DRAWS, seed, |places| {
        values(places).map(|(shipped, other)| sign * (shipped - other))
    })?;
    Some(Comparison {
        quantity: quantity.name().to_owned(),
        measure: measure.name().to_owned(),
        other: model.name().to_owned(),
        shipped_value: Some(shipped_value),
        other_value: Some(other_value),
        better_by: Some(difference.value),
        better_by_low: Some(difference.low),
        better_by_high: Some(difference.high),
        excludes_zero: Some(difference.excludes_zero()),
    })
}

fn terms(
    corpus: &CorpusRows,
    measure: Measure,
    output: usize,
    shipped: &Answers,
    other: &Answers,
) -> Vec<Option<(f64, f64)>> {
    let data = &corpus.data;
    let scale = data.outputs()[output].quantity.scale();
    let term = |label: f64, answer: f32| {
        let predicted = scale.from(f64::from(answer));
        match measure {
            Measure::Rmse => Some((predicted - label) * (predicted - label)),
            Measure::MedianApePct => (label != 0.0).then(|| 100.0 * ((predicted - label) / label).abs()),
            // 2: true positive, 1: false, 0: true negative.
            Measure::F1Above0 => Some(match (label > 0.0, predicted.round() > 0.0) {
                (true, true) => 2.0,
                (false, false) => 0.0,
                _ => 1.0,
            }),
        }
    };
    let count = data.outputs().len();
    let of_place = |(place, &row): (usize, &usize)| {
        let label = data.samples()[row].labels[output]?;
        let answer = |answers: &Answers| answers.at(place, output, count).and_then(|(answer, _)| term(label, answer));
        Some((answer(shipped)?, answer(other)?))
    };
    assert_eq!(shipped.rows, other.rows, "models answer the same tests");
    shipped.rows.iter().enumerate().map(of_place).collect()
}

fn score(measure: Measure, mut terms: Vec<f64>) -> Option<f64> {
    if terms.is_empty() {
        return None;
    }
    match measure {
        Measure::Rmse => Some((terms.iter().sum::<f64>() / terms.len() as f64).sqrt()),
        Measure::MedianApePct => {
            let middle = terms.len() / 2;
            Some(*terms.select_nth_unstable_by(middle, f64::total_cmp).1)
        }
        Measure::F1Above0 => {
            let hits = terms.iter().filter(|t| **t == 2.0).count() as f64;
            let wrong = terms.iter().filter(|t| **t == 1.0).count() as f64;
            (hits + wrong > 0.0).then(|| 2.0 * hits / (2.0 * hits + wrong))
        }
    }
}

/// A row of a family left out: truth, and the ends of an interval calibrated on the other folds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Row of the corpus.
    pub row: usize,
    /// Label, in the quantity's unit.
    pub truth: f64,
    /// Prediction, in the quantity's unit.
    pub predicted: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Held {
    /// Absolute error over the truth, in %; `None` where the truth is 0.
    #[must_use]
    pub fn relative_error_pct(&self) -> Option<f64> {
        (self.truth > 0.0).then(|| 100.0 * ((self.predicted - self.truth) / self.truth).abs())
    }
}

/// The rows of each fold by output, with widths calibrated on the other folds.
#[must_use]
pub fn held(corpus: &CorpusRows, folds: &[Answers]) -> Vec<Vec<Held>> {
    let data = &corpus.data;
    let count = data.outputs().len();
    let mut rows: Vec<Vec<Held>> = vec![Vec::new(); count];
    for (fold, answers) in folds.iter().enumerate() {
        let widths = intervals::fit(data, &others(folds, fold).held_out(count));
        for (place, &row) in answers.rows.iter().enumerate() {
            for (output, name) in data.outputs().iter().enumerate() {
                let sample = &data.samples()[row];
                if let (Some(truth), Some(answer)) = (sample.labels[output], answers.at(place, output, count)) {
                    let (low, high) = widths.interval(name, output, answer);
                    let predicted = name.quantity.scale().from(f64::from(answer.0));
                    rows[output].push(Held { row, truth, predicted, low, high });
                }
            }
        }
    }
    rows
}

/// The answers of all folds but one.
pub(super) fn others(folds: &[Answers], fold: usize) -> Answers {
    let others = folds.iter().enumerate().filter(|(other, _)| *other != fold);
    Answers::joined(&others.map(|(_, answers)| answers.clone()).collect::<Vec<_>>())
}

/// Coverage of the rows of families left out, by output.
#[must_use]
pub fn intervals(corpus: &CorpusRows, held: &[Vec<Held>]) -> Vec<Interval> {
    let data = &corpus.data;
    let family = |held: &Held| (held.truth, held.low, held.high, data.samples()[held.row].family);
    let rows: Vec<Vec<(f64, f64, f64, u32)>> = held.iter().map(|rows| rows.iter().map(family).collect()).collect();
    let of_output = |(output, rows): (usize, &Vec<(f64, f64, f64, u32)>)| {
        let Coverage { mean_pct, p10_pct, least_pct, .. } = coverage(rows)?;
        let name = &data.outputs()[output];
        let logarithmic = name.quantity.scale() == Scale::Logarithmic;
        let width = |r: &(f64, f64, f64, u32)| if logarithmic { (1.0 + r.2) / (1.0 + r.1) } else { r.2 - r.1 };
        let mut wide: Vec<f64> = rows.iter().map(width).collect();
        wide.sort_by(f64::total_cmp);
        Some(Interval {
            quantity: name.quantity.name().to_owned(),
            target: name.target.clone(),
            nominal_pct: Some(90.0),
            mean_over_families_pct: Some(mean_pct),
            p10_over_families_pct: Some(p10_pct),
            least_family_pct: Some(least_pct),
            median_width: Some(quantile(&wide, 0.5)),
        })
    };
    rows.iter().enumerate().filter_map(of_output).collect()
}

/// Decisions by a model, by the first variant and at random.
#[must_use]
pub fn decisions(corpus: &CorpusRows, shipped: &Answers, seed: u64) -> Vec<Decision> {
    let data = &corpus.data;
    let mut rows = Vec::new();
    let is_decided = |quantity| matches!(quantity, Quantity::Cycles | Quantity::GpuRooflineUs);
    for (output, name) in data.outputs().iter().enumerate().filter(|(_, o)| is_decided(o.quantity)) {
        let mut pairs = pairs(corpus, Split::Families, shipped, output);
        let mut order: Vec<usize> = (0..pairs.rows.len()).collect();
        order.sort_by_key(|&i| pairs.rows[i]);
        pairs.rows = order.iter().map(|&i| pairs.rows[i]).collect();
        pairs.truth = order.iter().map(|&i| pairs.truth[i]).collect();
        pairs.predicted = order.iter().map(|&i| pairs.predicted[i]).collect();
        let kernels: Vec<u32> = pairs.rows.iter().map(|&row| data.samples()[row].kernel).collect();
        let first: Vec<f64> = (0..pairs.rows.len()).map(|i| i as f64).collect();
        let mut random = Random::new(seed);
        let drawn: Vec<f64> = first.iter().map(|_| random.unit()).collect();
        let baseline = regrets(&pairs.truth, &first, &kernels);
        for (chooser, predicted) in [("shipped", &pairs.predicted), ("first variant", &first), ("random", &drawn)] {
            let mut regrets = regrets(&pairs.truth, predicted, &kernels);
            regrets.sort_by(f64::total_cmp);
            let Some(order) = ranking(&pairs.truth, predicted, &kernels) else { continue };
            let count = regrets.len() as f64;
            rows.push(Decision {
                decision: format!("variant of a kernel by {}", name.quantity),
                target: Some(name.target.clone()),
                chooser: Some(chooser.to_owned()),
                rows: Some(regrets.len() as u64),
                right_choice_pct: Some(100.0 * regrets.iter().filter(|r| **r <= 1.0).count() as f64 / count),
                median_regret_pct: Some(quantile(&regrets, 0.5)),
                mean_regret_pct: Some(regrets.iter().sum::<f64>() / count),
                p90_regret_pct: Some(quantile(&regrets, 0.9)),
                baseline_mean_regret_pct: Some(baseline.iter().sum::<f64>() / count),
                decision_accuracy_pct: Some(order.decision_accuracy_pct),
                kendall_tau: Some(order.kendall_tau),
            });
        }
    }
    rows
}

/// Regret of each kernel with different variants: excess of the variant predicted best over the best, in %.
fn regrets(truth: &[f64], predicted: &[f64], kernels: &[u32]) -> Vec<f64> {
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    kernels.iter().enumerate().for_each(|(i, &kernel)| members.entry(kernel).or_default().push(i));
    let regret = |rows: &Vec<usize>| {
        let best = rows.iter().map(|&i| truth[i]).fold(f64::INFINITY, f64::min);
        let worst = rows.iter().map(|&i| truth[i]).fold(0.0, f64::max);
        let chosen = rows.iter().copied().min_by(|&a, &b| predicted[a].total_cmp(&predicted[b]))?;
        (best > 0.0 && worst > best).then(|| 100.0 * (truth[chosen] / best - 1.0))
    };
    members.values().filter_map(regret).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regret_is_that_of_the_variant_predicted_best() {
        // Kernel 1: the second is predicted best and takes 15 against 10; kernel 2 has nothing to choose.
        assert_eq!(regrets(&[10.0, 15.0, 7.0, 7.0], &[3.0, 2.0, 1.0, 2.0], &[1, 1, 2, 2]), [50.0]);
    }

    #[test]
    fn scores_match_hand_computation() {
        assert_eq!(score(Measure::Rmse, vec![9.0, 16.0, 0.0, 0.0]), Some(2.5));
        assert_eq!(score(Measure::MedianApePct, vec![9.0, 1.0, 4.0]), Some(4.0));
        // Two hits, one mistake: 4 / 5.
        assert_eq!(score(Measure::F1Above0, vec![2.0, 2.0, 1.0, 0.0]), Some(0.8));
        assert_eq!(score(Measure::Rmse, vec![]), None);
    }
}
