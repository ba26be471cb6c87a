//! The figures of an evaluation as Markdown.

use costmodel::quantity::Quantity;
use reports::number::{fixed, significant, tabular};
use reports::{Align, markdown};
use training::evaluation::document::{Aim, Comparison, Decision, Dialect, Interval};
use training::evaluation::measure::Measure;
use training::evaluation::{Measured, Model, ResultRow, Split};

/// All tables.
pub fn tables(measured: &Measured<'_>, aims: &[Aim]) -> String {
    let mut out = head(measured);
    out += &aims_table(aims);
    for split in Split::ALL {
        out += &split_table(measured, split);
    }
    out += &comparisons(&measured.comparisons);
    out += &intervals(&measured.intervals);
    out += &dialects(&measured.dialects);
    out += &decisions(&measured.decisions);
    out
}

fn head(measured: &Measured<'_>) -> String {
    let corpus = measured.corpus;
    format!(
        "{} rows, {} kernels, {} families; {} rows without labels, {} that the parser refuses. Families are left \
         out in {} folds. Training set `{}`, seed {}.\n",
        corpus.entries.len(),
        corpus.kernels,
        corpus.data.families().len(),
        corpus.unlabelled,
        corpus.refused,
        measured.folds,
        corpus.hash.get(..12).unwrap_or_default(),
        measured.seed
    )
}

fn aims_table(aims: &[Aim]) -> String {
    let row = |a: &Aim| vec![a.aim.clone(), a.wanted.clone(), measured(a), yes_or_no(a.met)];
    let table = table(&["aim", "wanted", "measured", "met"], aims.iter().map(row));
    format!("\n### Aims\n\n{table}")
}

fn comparisons(rows: &[Comparison]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let title = |name: &str| {
        let all = [Measure::Rmse, Measure::MedianApePct, Measure::F1Above0];
        all.into_iter().find(|m| m.name() == name).map_or("", Measure::title).to_owned()
    };
    let row = |c: &Comparison| {
        vec![
            c.quantity.clone(),
            title(&c.measure),
            c.other.clone(),
            number(c.shipped_value),
            number(c.other_value),
            number(c.better_by),
            format!("{} to {}", number(c.better_by_low), number(c.better_by_high)),
            yes_or_no(c.excludes_zero == Some(true)),
        ]
    };
    let head = ["quantity", "measure", "other", "shipped", "other's", "better by", "interval", "excludes zero"];
    format!(
        "\n### The shipped model against each other one, families left out\n\nBetter by (positive: the shipped \
         model is better), 95 % interval over draws of families; mean over targets.\n\n{}",
        table(&head, rows.iter().map(row))
    )
}

fn intervals(rows: &[Interval]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |c: &Interval| {
        vec![
            c.quantity.clone(),
            c.target.clone(),
            digits(c.mean_over_families_pct, 1),
            digits(c.p10_over_families_pct, 1),
            digits(c.least_family_pct, 1),
            number(c.median_width),
        ]
    };
    let head = ["quantity", "target", "mean over families, %", "10th percentile, %", "least, %", "width"];
    format!(
        "\n### Intervals at nominal 90 %, families left out\n\nWidth: median of upper over lower end (both plus \
         1) of logarithmic quantities, of the distance for `ipc` and shares.\n\n{}",
        table(&head, rows.iter().map(row))
    )
}

fn dialects(rows: &[Dialect]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let count = |n: Option<u64>| n.unwrap_or_default().to_string();
    let row = |d: &Dialect| {
        vec![
            d.dialect.clone(),
            count(d.rows_of_the_dialect),
            count(d.other_rows),
            digits(d.auroc, 3),
            digits(d.flagged_pct, 1),
            digits(d.others_flagged_pct, 1),
        ]
    };
    let head = ["dialect", "its rows", "other rows", "AUROC", "flagged, %", "others flagged, %"];
    format!("\n### Novelty: a dialect left out\n\n{}", table(&head, rows.iter().map(row)))
}

fn decisions(rows: &[Decision]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |d: &Decision| {
        vec![
            d.target.clone().unwrap_or_default(),
            d.chooser.clone().unwrap_or_default(),
            d.rows.unwrap_or_default().to_string(),
            digits(d.right_choice_pct, 1),
            number(d.mean_regret_pct),
            number(d.p90_regret_pct),
            digits(d.decision_accuracy_pct, 1),
            digits(d.kendall_tau, 3),
        ]
    };
    let head =
        ["target", "chosen by", "kernels", "right, %", "mean regret, %", "90th percentile, %", "pairs right, %", "tau"];
    format!(
        "\n### Choosing a kernel's variant by predicted cycles, families left out\n\n{}",
        table(&head, rows.iter().map(row))
    )
}

fn split_table(measured: &Measured<'_>, split: Split) -> String {
    let models: Vec<Model> =
        Model::ALL.into_iter().filter(|&m| measured.results.iter().any(|r| r.split == split && r.model == m)).collect();
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
            |quantity, of: fn(&ResultRow) -> Option<f64>| number(measured.find(split, model, quantity).and_then(of));
        let range: fn(&ResultRow) -> Option<f64> = |r| r.errors.rmse_pct_of_range;
        let median: fn(&ResultRow) -> Option<f64> = |r| r.errors.median_ape_pct;
        let both = |quantity| {
            let mape = get(quantity, |r| r.errors.mape_pct);
            format!("{} ({mape})", get(quantity, range))
        };
        let learned = measured.results.iter().find(|r| r.split == split && r.model == model);
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

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let columns: Vec<(&str, Align)> = head.iter().map(|head| (*head, Align::Left)).collect();
    markdown::table(&columns, rows)
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn digits(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |x| fixed(x, digits))
}

/// The measured value, with as many digits as tell it from the limit.
fn measured(aim: &Aim) -> String {
    aim.value.map_or_else(|| "-".to_owned(), |value| significant(value, aim.digits()))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), tabular)
}
