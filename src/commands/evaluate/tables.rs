//! The figures of an evaluation as sections with a table each: Markdown for files, aligned text for people.

use costmodel::quantity::Quantity;
use reports::number::{fixed, significant, tabular};
use reports::{Align, Table, markdown};
use training::evaluation::document::{
    Aim, Comparison, Decision, Dialect, Interval, RatioInterval, Slice, VariantOrder, Withheld,
};
use training::evaluation::measure::Measure;
use training::evaluation::{Measured, Model, ResultRow, Split};

/// A title, what the figures are, and their table.
struct Section {
    title: String,
    about: String,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Section {
    /// A section; none without rows.
    fn new(title: &str, about: &str, head: &[&'static str], rows: Vec<Vec<String>>) -> Option<Self> {
        let section = Self { title: title.to_owned(), about: about.to_owned(), head: head.to_vec(), rows };
        (!section.rows.is_empty()).then_some(section)
    }
}

/// All figures.
pub struct Tables {
    head: String,
    sections: Vec<Section>,
}

impl Tables {
    /// The figures of an evaluation.
    pub fn new(measured: &Measured<'_>, aims: &[Aim]) -> Self {
        let splits = Split::ALL.into_iter().map(|split| split_table(measured, split));
        let others = [
            comparisons(&measured.comparisons),
            intervals(&measured.intervals),
            dialects(&measured.dialects),
            decisions(&measured.decisions),
            variants(&measured.variants),
            ratios(&measured.ratio_intervals),
            withholding(&measured.withholding),
            slices(&measured.slices),
        ];
        let sections = std::iter::once(aims_table(aims)).chain(splits).chain(others).flatten().collect();
        Self { head: head(measured), sections }
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut out = self.head.clone();
        for section in &self.sections {
            let columns: Vec<(&str, Align)> = section.head.iter().map(|head| (*head, Align::Left)).collect();
            let about = if section.about.is_empty() { String::new() } else { format!("{}\n\n", section.about) };
            let table = markdown::table(&columns, section.rows.iter().cloned());
            out += &format!("\n### {}\n\n{about}{table}", section.title);
        }
        out
    }

    /// As aligned text, columns of numbers to the right.
    pub fn text(&self) -> String {
        let mut out = self.head.replace('`', "");
        for section in &self.sections {
            let number = |cell: &String| cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let align = |index: usize| {
                let numbers = index > 0 && section.rows.iter().all(|row| number(&row[index]));
                if numbers { Align::Right } else { Align::Left }
            };
            let columns: Vec<(&str, Align)> =
                section.head.iter().enumerate().map(|(index, head)| (*head, align(index))).collect();
            let mut table = Table::new(&columns);
            section.rows.iter().for_each(|row| table.row(row.iter().map(String::as_str)));
            let about = if section.about.is_empty() { String::new() } else { section.about.replace('`', "") + "\n" };
            out += &format!("\n{}\n{about}\n{}", section.title, table.render());
        }
        out
    }
}

fn head(measured: &Measured<'_>) -> String {
    let corpus = measured.corpus;
    format!(
        "{} rows, {} kernels, {} families; {} rows without labels, {} {}. Families are left out in {} folds. Training set \
         `{}`, seed {}.\n",
        corpus.entries.len(),
        corpus.kernels,
        corpus.data.families().len(),
        corpus.unlabelled,
        corpus.refused,
        corpus.refusal(),
        measured.folds,
        corpus.hash.get(..12).unwrap_or_default(),
        measured.seed
    )
}

fn aims_table(aims: &[Aim]) -> Option<Section> {
    // What was not measured is neither met nor missed.
    let met = |a: &Aim| a.value.map_or_else(|| "-".to_owned(), |_| yes_or_no(a.met));
    let row = |a: &Aim| vec![a.aim.clone(), a.wanted.clone(), measured(a), met(a)];
    Section::new("Aims", "", &["aim", "wanted", "measured", "met"], aims.iter().map(row).collect())
}

fn comparisons(rows: &[Comparison]) -> Option<Section> {
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
    let about =
        "Better by (positive: the shipped model is better), 95 % interval over draws of families; mean over targets.";
    let title = "The shipped model against each other one, families left out";
    Section::new(title, about, &head, rows.iter().map(row).collect())
}

fn intervals(rows: &[Interval]) -> Option<Section> {
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
    let about = "Width: median of upper over lower end (both plus 1) of logarithmic quantities, of the distance for `ipc` \
                 and shares.";
    Section::new("Intervals at nominal 90 %, families left out", about, &head, rows.iter().map(row).collect())
}

fn dialects(rows: &[Dialect]) -> Option<Section> {
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
    Section::new("Novelty: a dialect left out", "", &head, rows.iter().map(row).collect())
}

fn decisions(rows: &[Decision]) -> Option<Section> {
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
    let title = "Choosing a kernel's variant by predicted time, families left out";
    Section::new(title, "", &head, rows.iter().map(row).collect())
}

fn variants(rows: &[VariantOrder]) -> Option<Section> {
    let row = |v: &VariantOrder| {
        vec![
            v.quantity.clone(),
            v.target.clone(),
            v.kind.clone(),
            v.rows.unwrap_or_default().to_string(),
            digits(v.median_relative_error_pct, 1),
            digits(v.median_over_families_pct, 1),
            digits(v.covered_pct, 1),
            v.kernels.unwrap_or_default().to_string(),
            digits(v.tau_above_2_pct, 3),
            digits(v.tau_above_10_pct, 3),
            digits(v.mean_regret, 3),
        ]
    };
    let head = [
        "quantity",
        "target",
        "kind",
        "rows",
        "median error, %",
        "median over families, %",
        "covered, %",
        "kernels",
        "tau above 2 %",
        "tau above 10 %",
        "regret",
    ];
    let about = "Tau: pairs of variants of a kernel in the right order less those in the wrong one, as a share, mean over \
                 kernels; of pairs that differ by more than 2 % or 10 %, one of the kind, the other plain or of the same \
                 kind. Regret: the variant predicted best over the best one, geometric mean over kernels whose variants \
                 differ by more than 2 %.";
    Section::new("Kinds of variants, families left out", about, &head, rows.iter().map(row).collect())
}

fn ratios(rows: &[RatioInterval]) -> Option<Section> {
    let row = |r: &RatioInterval| {
        vec![
            r.quantity.clone(),
            r.target.clone(),
            r.kind.clone(),
            r.pairs.unwrap_or_default().to_string(),
            digits(r.covered_pct, 1),
            number(r.median_width),
            number(r.median_width_of_quotients),
            digits(r.told_pct, 1),
            digits(r.mistaken_pct, 1),
        ]
    };
    let head = [
        "quantity",
        "target",
        "kind",
        "pairs",
        "covered, %",
        "width",
        "width of quotients",
        "told apart, %",
        "mistaken, %",
    ];
    let about = "Pairs of variants of a kernel, by the kind of the one that is not plain. Width: median of upper over lower \
                 end; of quotients: of the quotient of both functions' own intervals. Told apart: of pairs that differ by \
                 more than 10 %, those whose interval lies on the right side of 1; mistaken: on the wrong side.";
    Section::new("Intervals of ratios at nominal 90 %, families left out", about, &head, rows.iter().map(row).collect())
}

fn withholding(rows: &[Withheld]) -> Option<Section> {
    let row = |w: &Withheld| {
        vec![
            w.quantity.clone(),
            w.target.clone(),
            digits(Some(w.answered_pct), 0),
            w.rows.to_string(),
            digits(w.median_relative_error_pct, 1),
            digits(w.p90_relative_error_pct, 1),
        ]
    };
    let head = ["quantity", "target", "answered, %", "rows", "median error, %", "90th percentile, %"];
    let about = "Only the rows with the narrowest intervals are answered.";
    Section::new("Withholding, families left out", about, &head, rows.iter().map(row).collect())
}

/// Families that the table shows: those with the largest errors of cycles.
const WORST_FAMILIES: usize = 15;

fn slices(rows: &[Slice]) -> Option<Section> {
    let mut shown: Vec<&Slice> = rows.iter().filter(|slice| slice.by != "family").collect();
    let mut families: Vec<&Slice> = rows.iter().filter(|slice| slice.by == "family").collect();
    let error = |slice: &Slice| slice.cycles_median_error_pct.unwrap_or(0.0);
    families.sort_by(|a, b| error(b).total_cmp(&error(a)).then(a.name.cmp(&b.name)));
    shown.extend(families.into_iter().take(WORST_FAMILIES));
    let row = |s: &&Slice| {
        vec![
            s.by.clone(),
            s.name.clone(),
            s.rows.to_string(),
            digits(s.instructions_median_error_pct, 1),
            digits(s.cycles_median_error_pct, 1),
        ]
    };
    let head = ["by", "which", "rows", "median error of instructions, %", "median error of cycles, %"];
    let about = "Sizes are instructions executed. Of the families those with the largest errors of cycles; `evaluation.json` has all.";
    Section::new("Where it errs, families left out", about, &head, shown.iter().map(row).collect())
}

fn split_table(measured: &Measured<'_>, split: Split) -> Option<Section> {
    let models: Vec<Model> =
        Model::ALL.into_iter().filter(|&m| measured.results.iter().any(|r| r.split == split && r.model == m)).collect();
    let of_gpus = measured.corpus.data.is_of_gpus();
    let head: &[&str] = if of_gpus { &GPU_HEAD } else { &HEAD };
    let rows = models.iter().map(|&model| {
        let learned = measured.results.iter().find(|r| r.split == split && r.model == model);
        let mut row = vec![model.name().to_owned(), learned.map_or(0, |r| r.training_rows).to_string()];
        row.extend(if of_gpus { gpu_figures(measured, split, model) } else { figures(measured, split, model) });
        row
    });
    let about = if of_gpus { GPU_ABOUT } else { ABOUT };
    Section::new(split.title(), about, head, rows.collect())
}

const HEAD: [&str; 13] = [
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

const ABOUT: &str = "Mean over targets. Pressures, port and xPU share: RMSE in % of the range (in brackets: mean absolute error \
                     over the truth, in %). Instructions, cycles, ipc and xPU latency: median absolute error, %.";

/// A figure of a model, the mean over targets.
fn figure(
    measured: &Measured<'_>,
    split: Split,
    model: Model,
    quantity: Quantity,
    of: fn(&ResultRow) -> Option<f64>,
) -> String {
    number(measured.find(split, model, quantity).and_then(of))
}

fn range(row: &ResultRow) -> Option<f64> {
    row.errors.rmse_pct_of_range
}

fn median(row: &ResultRow) -> Option<f64> {
    row.errors.median_ape_pct
}

fn figures(measured: &Measured<'_>, split: Split, model: Model) -> Vec<String> {
    use Quantity as Q;
    let get = |quantity, of: fn(&ResultRow) -> Option<f64>| figure(measured, split, model, quantity, of);
    let both = |quantity| {
        let mape = get(quantity, |r| r.errors.mape_pct);
        format!("{} ({mape})", get(quantity, range))
    };
    vec![
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
}

const GPU_HEAD: [&str; 14] = [
    "model",
    "rows learned from",
    "vector registers",
    "within 2, %",
    "scalar registers",
    "any spill F1",
    "waves exact, %",
    "instructions in the code",
    "instructions",
    "instructions tau",
    "roofline",
    "roofline tau",
    "arithmetic share",
    "bandwidth share",
];

const GPU_ABOUT: &str =
    "Mean over GPUs. Registers, instructions and roofline: median absolute error, %. Shares: RMSE in % of the range.";

fn gpu_figures(measured: &Measured<'_>, split: Split, model: Model) -> Vec<String> {
    use Quantity as Q;
    let get = |quantity, of: fn(&ResultRow) -> Option<f64>| figure(measured, split, model, quantity, of);
    vec![
        get(Q::GpuVectorRegisters, median),
        get(Q::GpuVectorRegisters, |r| Some(r.errors.within_2_pct)),
        get(Q::GpuScalarRegisters, median),
        get(Q::GpuSpills, |r| r.f1_above_0),
        get(Q::GpuWavesPerSimd, |r| Some(r.errors.exact_pct)),
        get(Q::GpuCodeInstructions, median),
        get(Q::GpuInstructions, median),
        get(Q::GpuInstructions, |r| r.kendall_tau),
        get(Q::GpuRooflineUs, median),
        get(Q::GpuRooflineUs, |r| r.kendall_tau),
        get(Q::GpuArithmeticUtilization, range),
        get(Q::GpuBandwidthUtilization, range),
    ]
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
