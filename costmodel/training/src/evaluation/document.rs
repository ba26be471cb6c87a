//! The file that an evaluation writes (`evaluation.json`) and a report reads.
//!
//! A report keeps a reduced copy beside its page in the same layout ([`Evaluation::reduce`]), so that the page can be made
//! again without the evaluation. Values that are undefined are `null`.

use serde::{Deserialize, Serialize};

use super::result_row::ResultRow;

/// Version of the layout.
pub const SCHEMA: &str = "hardwire-evaluation/1";
/// Points of one quantity that a report keeps.
const SAMPLES: usize = 300;
/// Significant digits that a report keeps.
const DIGITS: usize = 5;
/// Quantities that a report draws, each on the first of its targets.
const DRAWN: [&str; 4] = ["vector_register_pressure", "instructions", "cycles", "xpu_latency_cycles"];

/// An evaluation.
#[derive(Debug, Deserialize, Serialize)]
pub struct Evaluation {
    /// [`SCHEMA`].
    pub schema: String,
    /// Name and training set of the model.
    pub model_version: String,
    /// Hash of the corpus.
    pub corpus: Option<String>,
    /// The split of `quantities`.
    pub split: Option<String>,
    /// Rows with labels and a readable text.
    pub rows: Option<u64>,
    /// Families of these rows.
    pub corpus_families: Option<u64>,
    /// Folds in which families are left out.
    pub family_folds: Option<u64>,
    /// Details of the run that only the full file has.
    #[serde(flatten)]
    pub run: RunDetails,
    /// Aims of the project.
    #[serde(default)]
    pub aims: Vec<Aim>,
    /// The shipped model on families left out, output by output.
    #[serde(default)]
    pub quantities: Vec<Quantity>,
    /// The shipped model against each other one.
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    /// Coverage of the shipped model's intervals.
    #[serde(default)]
    pub intervals: Vec<Interval>,
    /// The novelty score on dialects that were left out.
    #[serde(default)]
    pub dialects_left_out: Vec<Dialect>,
    /// Choices by predictions.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    /// Order, errors and coverage by kind of variant, families left out; only in the full file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantOrder>,
    /// Coverage of intervals of ratios, families left out; only in the full file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratio_intervals: Vec<RatioInterval>,
    /// Errors of the rows that the model expects to know best, families left out; only in the full file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withholding: Vec<Withheld>,
    /// Errors by family, dialect and size, families left out; only in the full file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<Slice>,
    /// Errors of every model on every split; only in the full file.
    #[serde(default, skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ResultRow>,
}

/// Details of a run.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct RunDetails {
    /// Path of the corpus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus_file: Option<String>,
    /// Rows of that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus_rows_in_file: Option<u64>,
    /// Rows without any label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus_rows_without_labels: Option<u64>,
    /// Rows whose text the parser refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus_rows_refused_by_parser: Option<u64>,
    /// Kernels and graphs of the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus_kernels: Option<u64>,
    /// Seed of every draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// An aim, and what was measured.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Aim {
    /// What is measured.
    pub aim: String,
    /// The limit in words.
    pub wanted: String,
    /// The measured value.
    pub value: Option<f64>,
    /// Whether the value is within the limit.
    pub met: bool,
}

impl Aim {
    /// Significant digits with which the value does not look equal to the limit, at least three and at most six.
    #[must_use]
    pub fn digits(&self) -> usize {
        let limit = self.wanted.split(' ').find_map(|word| word.parse::<f64>().ok());
        let (Some(value), Some(limit)) = (self.value, limit) else { return 3 };
        let rounded = |digits: usize| names::number::rounded(value, digits);
        (3..6).find(|&digits| rounded(digits) != limit).unwrap_or(6)
    }
}

/// Errors of one quantity of one target.
#[derive(Debug, Deserialize, Serialize)]
pub struct Quantity {
    /// Name of the quantity.
    pub quantity: String,
    /// Its unit.
    #[serde(default)]
    pub unit: String,
    /// Processor or design.
    pub target: Option<String>,
    /// Rows measured.
    pub rows: Option<u64>,
    /// Median of the absolute error over the truth, in %.
    pub median_relative_error_pct: Option<f64>,
    /// 90th percentile of the same.
    pub p90_relative_error_pct: Option<f64>,
    /// Rank correlation within the variants of a kernel, mean over kernels.
    pub spearman: Option<f64>,
    /// The best of the simple models on the same rows.
    pub baseline: Option<Baseline>,
    /// Some of the rows.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// Errors by family.
    #[serde(default)]
    pub by_family: Vec<Family>,
    /// Coverage of the intervals; only in the full file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Vec<Calibration>>,
}

/// The best of the simple models on the same rows.
#[derive(Debug, Deserialize, Serialize)]
pub struct Baseline {
    /// Name of the model.
    pub name: String,
    /// Median of the absolute error over the truth, in %.
    pub median_relative_error_pct: Option<f64>,
}

/// One row.
#[derive(Debug, Deserialize, Serialize)]
pub struct Sample {
    /// The label, in the quantity's unit.
    #[serde(rename = "true")]
    pub truth: Option<f64>,
    /// The prediction, in the quantity's unit.
    pub predicted: Option<f64>,
    /// Family of the function; only in the full file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}

/// Errors of one family.
#[derive(Debug, Deserialize, Serialize)]
pub struct Family {
    /// Name of the family.
    pub family: String,
    /// Rows whose truth is not zero.
    pub rows: Option<u64>,
    /// Median of the absolute error over the truth, in %.
    pub median_relative_error_pct: Option<f64>,
    /// 90th percentile of the same.
    pub p90_relative_error_pct: Option<f64>,
}

/// Coverage promised and observed.
#[derive(Debug, Deserialize, Serialize)]
pub struct Calibration {
    /// Promised, in %.
    pub nominal_pct: Option<f64>,
    /// Observed, mean over families, in %.
    pub observed_pct: Option<f64>,
}

/// The shipped model against another on the same rows.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Comparison {
    /// Name of the quantity; values are means over its targets.
    pub quantity: String,
    /// Name of the measure.
    pub measure: String,
    /// Name of the other model.
    pub other: String,
    /// The shipped model's value, in the measure's unit.
    pub shipped_value: Option<f64>,
    /// The other model's value.
    pub other_value: Option<f64>,
    /// How much better the shipped one is, in the measure's unit: positive is better, whatever the measure.
    pub better_by: Option<f64>,
    /// Lower end of the 95 % interval over draws of families.
    pub better_by_low: Option<f64>,
    /// Upper end.
    pub better_by_high: Option<f64>,
    /// Whether zero lies outside the interval.
    pub excludes_zero: Option<bool>,
}

/// Coverage of the intervals of one output.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Interval {
    /// Name of the quantity.
    pub quantity: String,
    /// Processor or design.
    pub target: String,
    /// Promised, in %.
    pub nominal_pct: Option<f64>,
    /// Observed, mean over families, in %.
    pub mean_over_families_pct: Option<f64>,
    /// Tenth percentile over families, in %.
    pub p10_over_families_pct: Option<f64>,
    /// Least of any family, in %.
    pub least_family_pct: Option<f64>,
    /// Median of upper over lower end (both plus 1) of logarithmic quantities, of their distance for others.
    pub median_width: Option<f64>,
}

/// How well the novelty score tells a dialect that was left out of training.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Dialect {
    /// Name of the dialect.
    pub dialect: String,
    /// Rows with an operation of the dialect.
    pub rows_of_the_dialect: Option<u64>,
    /// Rows without; only in the full file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_rows: Option<u64>,
    /// Area under the ROC curve of the score.
    pub auroc: Option<f64>,
    /// Share of the dialect's rows with a score above 1, in %.
    pub flagged_pct: Option<f64>,
    /// The same of the other rows, all of families left out.
    pub others_flagged_pct: Option<f64>,
}

/// What choosing a variant of a kernel by predictions costs.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Decision {
    /// What is chosen.
    pub decision: String,
    /// Processor.
    pub target: Option<String>,
    /// What chooses.
    pub chooser: Option<String>,
    /// Kernels whose variants differ.
    pub rows: Option<u64>,
    /// Kernels whose choice is within 1 % of the best variant, in %.
    pub right_choice_pct: Option<f64>,
    /// Median excess over the best variant, in %.
    pub median_regret_pct: Option<f64>,
    /// Mean of the same.
    pub mean_regret_pct: Option<f64>,
    /// 90th percentile of the same.
    pub p90_regret_pct: Option<f64>,
    /// Mean excess of a kernel's first variant, in %; only in the full file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_mean_regret_pct: Option<f64>,
    /// Pairs that differ by more than 1 % and are put in the right order, in %; only in the full file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_accuracy_pct: Option<f64>,
    /// Kendall's tau within kernels, mean over kernels; only in the full file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kendall_tau: Option<f64>,
}

/// Order, errors and coverage of one output by kind of variant.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct VariantOrder {
    /// Name of the quantity.
    pub quantity: String,
    /// Processor.
    pub target: String,
    /// Kind of variant; `all` for all of them.
    pub kind: String,
    /// Rows of that kind.
    pub rows: Option<u64>,
    /// Median of the absolute error over the truth, in %.
    pub median_relative_error_pct: Option<f64>,
    /// Median over families of the median in each, in %.
    pub median_over_families_pct: Option<f64>,
    /// Coverage of 90 % intervals, mean over families, in %.
    pub covered_pct: Option<f64>,
    /// Kernels with pairs that differ by more than 2 % and have a variant of the kind, the other being plain or of the same kind.
    pub kernels: Option<u64>,
    /// Of these pairs, those in the right order less those in the wrong one, as a share; mean over kernels, -1 to 1.
    pub tau_above_2_pct: Option<f64>,
    /// The same of pairs that differ by more than 10 %.
    pub tau_above_10_pct: Option<f64>,
    /// Variant predicted best over the best one, geometric mean over kernels; of all kinds only.
    pub mean_regret: Option<f64>,
}

/// Errors of the rows of a family, dialect or size: medians over rows, means over processors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Slice {
    /// `family`, `dialect` or `size` (instructions executed).
    pub by: String,
    /// Its name.
    pub name: String,
    /// Rows, the most of any processor.
    pub rows: u64,
    /// Median of the absolute error of instructions over the truth, in %.
    pub instructions_median_error_pct: Option<f64>,
    /// The same of cycles.
    pub cycles_median_error_pct: Option<f64>,
}

/// Errors of a quantity where only the rows are answered whose intervals are narrowest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Withheld {
    /// Name of the quantity.
    pub quantity: String,
    /// Processor.
    pub target: String,
    /// Rows that are answered, in % of all.
    pub answered_pct: f64,
    /// Number of these rows.
    pub rows: u64,
    /// Median of their absolute error over the truth, in %.
    pub median_relative_error_pct: Option<f64>,
    /// Ninth decile of it, in %.
    pub p90_relative_error_pct: Option<f64>,
}

/// Coverage of the intervals of ratios of one output, by kind of pair.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct RatioInterval {
    /// Name of the quantity.
    pub quantity: String,
    /// Processor or design.
    pub target: String,
    /// Kind of the variant that is not plain; `all` for all pairs.
    pub kind: String,
    /// Pairs of variants of a kernel.
    pub pairs: Option<u64>,
    /// Promised, in %.
    pub nominal_pct: Option<f64>,
    /// Observed, mean over families, in %.
    pub covered_pct: Option<f64>,
    /// Median of upper over lower end.
    pub median_width: Option<f64>,
    /// Median width of the quotient of the two functions' own intervals, for comparison.
    pub median_width_of_quotients: Option<f64>,
    /// Pairs that differ by more than 10 % whose interval lies on the right side of 1, in %.
    pub told_pct: Option<f64>,
    /// Those whose interval lies on the wrong side of 1, in %.
    pub mistaken_pct: Option<f64>,
}

impl Evaluation {
    /// Indices of the quantities that a report draws: each on its first target, or the first of all where none is known.
    #[must_use]
    pub fn drawn(&self) -> Vec<usize> {
        let first = |name: &&str| self.quantities.iter().position(|q| q.quantity == **name);
        let known: Vec<usize> = DRAWN.iter().filter_map(first).collect();
        if known.is_empty() { (0..self.quantities.len().min(1)).collect() } else { known }
    }

    /// Keeps what a report shows: some of the samples, families of what is drawn, five digits. Reducing again changes
    /// nothing.
    pub fn reduce(&mut self) {
        let drawn = self.drawn();
        self.run = RunDetails::default();
        self.results.clear();
        self.variants.clear();
        self.ratio_intervals.clear();
        for (index, quantity) in self.quantities.iter_mut().enumerate() {
            if !drawn.contains(&index) {
                quantity.samples.clear();
                quantity.by_family.clear();
            }
            let step = quantity.samples.len().div_ceil(SAMPLES).max(1);
            let mut place = 0;
            quantity.samples.retain(|_| {
                place += 1;
                (place - 1) % step == 0
            });
            quantity.calibration = None;
            quantity.samples.iter_mut().for_each(|s| s.family = None);
            for value in [&mut quantity.median_relative_error_pct, &mut quantity.p90_relative_error_pct] {
                round(value);
            }
            round(&mut quantity.spearman);
            if let Some(baseline) = &mut quantity.baseline {
                round(&mut baseline.median_relative_error_pct);
            }
            quantity.samples.iter_mut().for_each(|s| [&mut s.truth, &mut s.predicted].into_iter().for_each(round));
            let errors = |f: &mut Family| {
                round(&mut f.median_relative_error_pct);
                round(&mut f.p90_relative_error_pct);
            };
            quantity.by_family.iter_mut().for_each(errors);
        }
        self.aims.iter_mut().for_each(|a| round(&mut a.value));
        for c in &mut self.comparisons {
            for value in [&mut c.shipped_value, &mut c.other_value, &mut c.better_by] {
                round(value);
            }
            round(&mut c.better_by_low);
            round(&mut c.better_by_high);
        }
        for i in &mut self.intervals {
            for value in [&mut i.nominal_pct, &mut i.mean_over_families_pct, &mut i.p10_over_families_pct] {
                round(value);
            }
            round(&mut i.least_family_pct);
            round(&mut i.median_width);
        }
        for d in &mut self.dialects_left_out {
            d.other_rows = None;
            [&mut d.auroc, &mut d.flagged_pct, &mut d.others_flagged_pct].into_iter().for_each(round);
        }
        for d in &mut self.decisions {
            (d.baseline_mean_regret_pct, d.decision_accuracy_pct, d.kendall_tau) = (None, None, None);
            for value in [&mut d.right_choice_pct, &mut d.median_regret_pct, &mut d.mean_regret_pct] {
                round(value);
            }
            round(&mut d.p90_regret_pct);
        }
    }

    /// As a file.
    ///
    /// # Panics
    /// Never: all values serialize.
    #[must_use]
    pub fn json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("evaluations serialize");
        json.push('\n');
        json
    }
}

/// A few significant digits.
fn round(value: &mut Option<f64>) {
    if let Some(number) = value.filter(|v| v.is_finite()) {
        *value = format!("{number:.*e}", DIGITS - 1).parse().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_aims_are_told_from_their_limits() {
        let digits = |wanted: &str, value: f64| {
            Aim { aim: String::new(), wanted: wanted.to_owned(), value: Some(value), met: true }.digits()
        };
        assert_eq!(digits("under 15 %", 14.8), 3);
        assert_eq!(digits("under 15 %", 14.986), 4);
        assert_eq!(digits("over 0.85", 0.850_04), 5);
        assert_eq!(digits("at most 5 %", 5.0), 6);
    }

    #[test]
    fn reducing_twice_is_reducing_once() {
        let quantity = |name: &str| Quantity {
            quantity: name.to_owned(),
            unit: String::new(),
            target: Some("a".to_owned()),
            rows: Some(1000),
            median_relative_error_pct: Some(12.345_678),
            p90_relative_error_pct: None,
            spearman: Some(1.0 / 3.0),
            baseline: None,
            samples: (0..1000)
                .map(|i| Sample {
                    truth: Some(f64::from(i) / 7.0),
                    predicted: Some(1e9 / 3.0),
                    family: Some("f".to_owned()),
                })
                .collect(),
            by_family: vec![],
            calibration: None,
        };
        let mut evaluation = Evaluation {
            schema: SCHEMA.to_owned(),
            model_version: "m".to_owned(),
            corpus: None,
            split: None,
            rows: None,
            corpus_families: None,
            family_folds: None,
            run: RunDetails { seed: Some(1), ..RunDetails::default() },
            aims: vec![],
            quantities: vec![quantity("cycles"), quantity("spills")],
            comparisons: vec![],
            intervals: vec![],
            dialects_left_out: vec![],
            decisions: vec![],
            variants: vec![VariantOrder::default()],
            ratio_intervals: vec![RatioInterval::default()],
            withholding: vec![Withheld::default()],
            slices: vec![Slice::default()],
            results: vec![],
        };
        evaluation.reduce();
        let once = evaluation.json();
        assert_eq!(evaluation.quantities[0].samples.len(), 250, "every fourth of a thousand");
        assert!(evaluation.quantities[1].samples.is_empty(), "what is not drawn needs no samples");
        let mut again: Evaluation = serde_json::from_str(&once).unwrap();
        again.reduce();
        assert_eq!(again.json(), once);
    }
}
