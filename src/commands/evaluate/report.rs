//! The figures of an evaluation as JSON, as tables, and in the document that quotes them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use costmodel::quantity::Quantity;
use costmodel::shipped::{Card, NAME};
use serde_json::{Value, json};
use training::metrics::quantile;

use super::DialectRow;
use super::figures::plots;
use super::measure::{ComparisonRow, CoverageRow, DecisionRow, Measure, ResultRow, pairs};
use crate::corpus_rows::CorpusRows;
use crate::diagnostics::Failure;
use crate::evaluation::{Answers, Model, Split};
use crate::replace::replace;

/// Points of a sample in the JSON.
const SAMPLES: usize = 400;

/// All that was measured.
pub struct Report<'a> {
    pub file: String,
    pub folds: usize,
    pub seed: u64,
    pub corpus: &'a CorpusRows,
    pub results: Vec<ResultRow>,
    pub comparisons: Vec<ComparisonRow>,
    pub intervals: Vec<CoverageRow>,
    pub decisions: Vec<DecisionRow>,
    pub dialects: Vec<DialectRow>,
    /// The shipped model's answers for families left out.
    pub shipped: Option<Answers>,
}

/// An aim of the project, and what was measured.
struct Aim {
    what: &'static str,
    wanted: &'static str,
    value: Option<f64>,
    met: bool,
}

impl Report<'_> {
    fn find(&self, split: Split, model: Model, quantity: Quantity) -> Option<&ResultRow> {
        let own = || self.results.iter().filter(|r| r.split == split && r.model == model && r.quantity == quantity);
        own().find(|r| r.target == "mean").or_else(|| own().next())
    }

    fn aims(&self) -> Vec<Aim> {
        let of = |split, quantity, get: fn(&ResultRow) -> Option<f64>| {
            self.find(split, Model::Shipped, quantity).and_then(get)
        };
        let below = |what, wanted, limit: f64, value: Option<f64>| Aim {
            what,
            wanted,
            value,
            met: value.is_some_and(|v| v <= limit),
        };
        let above = |what, wanted, limit: f64, value: Option<f64>| Aim {
            what,
            wanted,
            value,
            met: value.is_some_and(|v| v >= limit),
        };
        use Quantity::{Cycles, GeneralRegisterPressure, Instructions, Spills, VectorRegisterPressure, XpuUtilization};
        let range: fn(&ResultRow) -> Option<f64> = |r| r.errors.rmse_pct_of_range;
        let median: fn(&ResultRow) -> Option<f64> = |r| r.errors.median_ape_pct;
        let covered = |least: bool| {
            let all = self.intervals.iter().map(|i| i.mean_over_families_pct);
            if least { all.reduce(f64::min) } else { all.reduce(f64::max) }
        };
        vec![
            below(
                "vector register pressure, random rows: RMSE over range",
                "at most 5 %",
                5.0,
                of(Split::Random, VectorRegisterPressure, range),
            ),
            below(
                "general register pressure, random rows: RMSE over range",
                "at most 5 %",
                5.0,
                of(Split::Random, GeneralRegisterPressure, range),
            ),
            below(
                "xPU utilization, random rows: RMSE over range",
                "at most 5 %",
                5.0,
                of(Split::Random, XpuUtilization, range),
            ),
            below("cycles, families left out: median error", "under 25 %", 25.0, of(Split::Families, Cycles, median)),
            below(
                "instructions, families left out: median error",
                "under 15 %",
                15.0,
                of(Split::Families, Instructions, median),
            ),
            above("any spill, families left out: F1", "over 0.85", 0.85, of(Split::Families, Spills, |r| r.f1_above_0)),
            above(
                "cycles of a kernel's variants, families left out: Kendall's tau",
                "over 0.6",
                0.6,
                of(Split::Families, Cycles, |r| r.kendall_tau),
            ),
            above("intervals at 90 %: least coverage of any target", "at least 85 %", 85.0, covered(true)),
            below("intervals at 90 %: largest coverage of any target", "at most 95 %", 95.0, covered(false)),
            above(
                "a dialect left out: least AUROC",
                "over 0.9",
                0.9,
                self.dialects.iter().map(|d| d.auroc).reduce(f64::min),
            ),
        ]
    }

    /// Every figure, with stable keys.
    pub fn json(&self) -> Value {
        let corpus = self.corpus;
        let aims: Vec<Value> = self
            .aims()
            .iter()
            .map(|a| json!({"aim": a.what, "wanted": a.wanted, "value": a.value, "met": a.met}))
            .collect();
        json!({
            "schema": "hardwire-evaluation/1",
            "model_version": Card::version_of(NAME, &corpus.hash),
            "corpus": corpus.hash,
            "split": "families_left_out",
            "rows": corpus.entries.len(),
            "corpus_file": self.file,
            "corpus_rows_in_file": corpus.rows_in_file,
            "corpus_rows_without_labels": corpus.unlabelled,
            "corpus_rows_refused_by_parser": corpus.refused,
            "corpus_kernels": corpus.kernels,
            "corpus_families": corpus.data.families().len(),
            "family_folds": self.folds,
            "seed": self.seed,
            "aims": aims,
            "quantities": self.quantities(),
            "results": self.results,
            "comparisons": self.comparisons,
            "intervals": self.intervals,
            "dialects_left_out": self.dialects,
            "decisions": self.decisions,
        })
    }

    /// The shipped model on families left out, output by output.
    fn quantities(&self) -> Vec<Value> {
        let Some(shipped) = &self.shipped else { return vec![] };
        let data = &self.corpus.data;
        let of_output = |(output, name): (usize, &costmodel::quantity::Output)| {
            let own =
                |r: &&ResultRow| r.split == Split::Families && r.quantity == name.quantity && r.target == name.target;
            let row = self.results.iter().filter(own).find(|r| r.model == Model::Shipped)?;
            let median = |r: &ResultRow| r.errors.median_ape_pct.unwrap_or(f64::INFINITY);
            let baseline = self
                .results
                .iter()
                .filter(own)
                .filter(|r| !matches!(r.model, Model::Shipped | Model::Blend))
                .min_by(|a, b| median(a).total_cmp(&median(b)));
            let pairs = pairs(self.corpus, Split::Families, shipped, output);
            let family = |i: usize| data.samples()[pairs.rows[i]].family as usize;
            let mut by_family: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
            for i in 0..pairs.rows.len() {
                let errors = by_family.entry(family(i)).or_default();
                if pairs.truth[i] != 0.0 {
                    errors.push(100.0 * ((pairs.predicted[i] - pairs.truth[i]) / pairs.truth[i]).abs());
                }
            }
            let by_family: Vec<Value> = by_family
                .iter_mut()
                .filter(|(_, errors)| !errors.is_empty())
                .map(|(&family, errors)| {
                    errors.sort_by(f64::total_cmp);
                    json!({
                        "family": data.families()[family],
                        "rows": errors.len(),
                        "median_relative_error_pct": quantile(errors, 0.5),
                        "p90_relative_error_pct": quantile(errors, 0.9),
                    })
                })
                .collect();
            let step = pairs.rows.len().div_ceil(SAMPLES).max(1);
            let sample = |i: usize| {
                let family = &data.families()[family(i)];
                json!({"true": pairs.truth[i], "predicted": pairs.predicted[i], "family": family})
            };
            let covered = self.intervals.iter().find(|c| c.quantity == name.quantity && c.target == name.target);
            Some(json!({
                "quantity": name.quantity,
                "unit": name.quantity.unit(),
                "target": name.target,
                "rows": row.errors.rows,
                "median_relative_error_pct": row.errors.median_ape_pct,
                "p90_relative_error_pct": row.errors.p90_ape_pct,
                "spearman": row.spearman,
                "baseline": baseline.map(|b| json!({
                    "name": b.model.name(),
                    "median_relative_error_pct": b.errors.median_ape_pct,
                })),
                "samples": (0..pairs.rows.len()).step_by(step).map(sample).collect::<Vec<Value>>(),
                "by_family": by_family,
                "calibration": covered.map(|c| vec![json!({
                    "nominal_pct": c.nominal_pct,
                    "observed_pct": c.mean_over_families_pct,
                })]),
            }))
        };
        data.outputs().iter().enumerate().filter_map(of_output).collect()
    }

    /// The tables, in Markdown.
    pub fn markdown(&self) -> String {
        let corpus = self.corpus;
        let mut out = format!(
            "{} rows, {} kernels, {} families; {} rows without labels, {} that the parser refuses. Families are left \
             out in {} folds. Training set `{}`, seed {}.\n",
            corpus.entries.len(),
            corpus.kernels,
            corpus.data.families().len(),
            corpus.unlabelled,
            corpus.refused,
            self.folds,
            corpus.hash.get(..12).unwrap_or_default(),
            self.seed
        );
        out += "\n### Aims\n\n";
        let aims = self.aims();
        out += &table(
            &["aim", "wanted", "measured", "met"],
            aims.iter().map(|a| {
                vec![a.what.into(), a.wanted.into(), number(a.value), if a.met { "yes" } else { "no" }.into()]
            }),
        );
        for split in Split::ALL {
            out += &self.split_table(split);
        }
        if !self.comparisons.is_empty() {
            out += "\n### The shipped model against each other one, families left out\n\nBetter by (positive: the shipped \
                    model is better), 95 % interval over draws of families; mean over targets.\n\n";
            out += &table(
                &["quantity", "measure", "other", "shipped", "other's", "better by", "interval", "excludes zero"],
                self.comparisons.iter().map(|c| {
                    let measure = match c.measure {
                        Measure::Rmse => "RMSE",
                        Measure::MedianApePct => "median error, %",
                        Measure::F1Above0 => "any spill, F1",
                    };
                    let interval = format!("{} to {}", short(c.better_by_low), short(c.better_by_high));
                    vec![
                        c.quantity.name().into(),
                        measure.into(),
                        c.other.name().into(),
                        short(c.shipped_value),
                        short(c.other_value),
                        short(c.better_by),
                        interval,
                        if c.excludes_zero { "yes" } else { "no" }.into(),
                    ]
                }),
            );
        }
        if !self.intervals.is_empty() {
            out += "\n### Intervals at nominal 90 %, families left out\n\nWidth: median of upper over lower end (both plus \
                    1) of logarithmic quantities, of the distance for `ipc` and shares.\n\n";
            out += &table(
                &["quantity", "target", "mean over families, %", "10th percentile, %", "least, %", "width"],
                self.intervals.iter().map(|c| {
                    let one = |x: f64| format!("{x:.1}");
                    vec![
                        c.quantity.name().into(),
                        c.target.clone(),
                        one(c.mean_over_families_pct),
                        one(c.p10_over_families_pct),
                        one(c.least_family_pct),
                        short(c.median_width),
                    ]
                }),
            );
        }
        if !self.dialects.is_empty() {
            out += "\n### Novelty: a dialect left out\n\n";
            out += &table(
                &["dialect", "its rows", "other rows", "AUROC", "flagged, %", "others flagged, %"],
                self.dialects.iter().map(|d| {
                    vec![
                        d.dialect.clone(),
                        d.rows_of_the_dialect.to_string(),
                        d.other_rows.to_string(),
                        format!("{:.3}", d.auroc),
                        format!("{:.1}", d.flagged_pct),
                        format!("{:.1}", d.others_flagged_pct),
                    ]
                }),
            );
        }
        if !self.decisions.is_empty() {
            out += "\n### Choosing a kernel's variant by predicted cycles, families left out\n\n";
            out += &table(
                &[
                    "target",
                    "chosen by",
                    "kernels",
                    "right, %",
                    "mean regret, %",
                    "90th percentile, %",
                    "pairs right, %",
                    "tau",
                ],
                self.decisions.iter().map(|d| {
                    vec![
                        d.target.clone(),
                        d.chooser.clone(),
                        d.rows.to_string(),
                        format!("{:.1}", d.right_choice_pct),
                        short(d.mean_regret_pct),
                        short(d.p90_regret_pct),
                        format!("{:.1}", d.decision_accuracy_pct),
                        format!("{:.3}", d.kendall_tau),
                    ]
                }),
            );
        }
        out
    }

    fn split_table(&self, split: Split) -> String {
        let models: Vec<Model> =
            Model::ALL.into_iter().filter(|&m| self.results.iter().any(|r| r.split == split && r.model == m)).collect();
        if models.is_empty() {
            return String::new();
        }
        use Quantity as Q;
        let head = [
            "model",
            "rows learned from",
            "vector pressure",
            "general pressure",
            "any spill F1",
            "spills > 16 F1",
            "instructions",
            "cycles",
            "cycles tau",
            "ipc",
            "port",
            "xPU share",
            "xPU latency",
        ];
        let rows = models.iter().map(|&model| {
            let get =
                |quantity, of: fn(&ResultRow) -> Option<f64>| number(self.find(split, model, quantity).and_then(of));
            let range: fn(&ResultRow) -> Option<f64> = |r| r.errors.rmse_pct_of_range;
            let median: fn(&ResultRow) -> Option<f64> = |r| r.errors.median_ape_pct;
            let both = |quantity| {
                let mape = get(quantity, |r| r.errors.mape_pct);
                format!("{} ({mape})", get(quantity, range))
            };
            let learned = self.results.iter().find(|r| r.split == split && r.model == model);
            vec![
                model.name().to_owned(),
                learned.map_or(0, |r| r.training_rows).to_string(),
                both(Q::VectorRegisterPressure),
                both(Q::GeneralRegisterPressure),
                get(Q::Spills, |r| r.f1_above_0),
                get(Q::Spills, |r| r.f1_above_16),
                get(Q::Instructions, median),
                get(Q::Cycles, median),
                get(Q::Cycles, |r| r.kendall_tau),
                get(Q::Ipc, median),
                get(Q::PortUtilization, range),
                both(Q::XpuUtilization),
                get(Q::XpuLatencyCycles, median),
            ]
        });
        format!(
            "\n### {}\n\nMean over targets. Pressures, port and xPU share: RMSE in % of the range (in brackets: mean absolute \
             error over the truth, in %). Instructions, cycles, ipc and xPU latency: median absolute error, %.\n\n{}",
            split.title(),
            table(&head, rows)
        )
    }

    /// Writes JSON, tables and plots into a folder, and the tables into a document.
    pub fn write(&self, folder: &Path, document: Option<&Path>) -> Result<(), Failure> {
        let failed = |path: &Path, error| Failure::File { path: path.display().to_string(), error };
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let put = |path: &Path, bytes: &[u8]| {
            replace::<std::io::Error>(path, |out| out.write_all(bytes)).map_err(|error| failed(path, error))
        };
        let mut body = serde_json::to_string_pretty(&self.json()).expect("plain values serialize");
        body.push('\n');
        put(&folder.join("evaluation.json"), body.as_bytes())?;
        let tables = self.markdown();
        put(&folder.join("evaluation.md"), tables.as_bytes())?;
        for (name, plot) in plots(self) {
            let refused = |error: reports::plot::PlotError| Failure::Request(error.to_string());
            put(&folder.join(format!("{name}.svg")), plot.svg().map_err(refused)?.as_bytes())?;
            put(&folder.join(format!("{name}.png")), &plot.png().map_err(refused)?)?;
        }
        let Some(path) = document else { return Ok(()) };
        let text = std::fs::read_to_string(path).map_err(|e| Failure::Request(format!("{}: {e}", path.display())))?;
        let (begin, end) = ("<!-- evaluation: begin -->\n", "<!-- evaluation: end -->");
        let marks = text.find(begin).zip(text.find(end)).filter(|(b, e)| b < e);
        let Some((from, to)) = marks else {
            let wanted =
                format!("{}: there must be a line `{}` and after it a line `{end}`", path.display(), begin.trim_end());
            return Err(Failure::Request(wanted));
        };
        put(path, format!("{}{begin}{tables}{}", &text[..from], &text[to..]).as_bytes())
    }
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    rows.for_each(|row| out += &format!("| {} |\n", row.join(" | ")));
    out
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), short)
}

/// Three digits or so.
pub fn short(x: f64) -> String {
    match x.abs() {
        a if a >= 1e6 => format!("{x:.2e}"),
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 10.0 => format!("{x:.1}"),
        a if a >= 1.0 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}
