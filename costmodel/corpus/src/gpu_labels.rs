//! Labels of GPU kernels as columns: the totals of a function on every GPU, or why it has none there.

use ir::labels::gpu::{Demand, FunctionTotals, GpuTarget, Vendor};
use serde::{Deserialize, Serialize};
use storage::columnar::{Column, Frame};

use crate::checks::Check;
use crate::table::{Entry, Reader, TableError, nine_digits};

/// The labels of a text on one GPU, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GpuLabels {
    /// The labels.
    Totals(FunctionTotals),
    /// Why there are none.
    Failure(String),
}

/// The result of labelling one text: one outcome for each GPU, in their order.
pub type GpuOutcomes = Vec<GpuLabels>;

type Count = fn(&mut FunctionTotals) -> Slot<'_>;
type Number = fn(&mut FunctionTotals) -> &mut Option<f64>;

/// A count of [`FunctionTotals`], of either width.
enum Slot<'a> {
    Narrow(&'a mut Option<u32>),
    Wide(&'a mut Option<u64>),
}

impl Slot<'_> {
    fn get(&self) -> Option<i64> {
        match self {
            Self::Narrow(value) => value.map(i64::from),
            Self::Wide(value) => value.and_then(|value| i64::try_from(value).ok()),
        }
    }

    fn set(&mut self, value: Option<u64>) {
        match self {
            Self::Narrow(slot) => **slot = value.and_then(|value| u32::try_from(value).ok()),
            Self::Wide(slot) => **slot = value,
        }
    }
}

/// Counts, by the name after the GPU's.
const COUNTS: [(&str, Count); 9] = [
    ("kernels", |t| Slot::Wide(&mut t.kernels)),
    ("launches", |t| Slot::Wide(&mut t.launches)),
    ("vector_registers", |t| Slot::Narrow(&mut t.vector_registers_max)),
    ("scalar_registers", |t| Slot::Narrow(&mut t.scalar_registers_max)),
    ("spills", |t| Slot::Wide(&mut t.spilled_registers)),
    ("scratch_bytes", |t| Slot::Narrow(&mut t.scratch_bytes_max)),
    ("shared_bytes", |t| Slot::Narrow(&mut t.shared_bytes_max)),
    ("waves_per_simd", |t| Slot::Narrow(&mut t.waves_per_simd_min)),
    ("code_instructions", |t| Slot::Wide(&mut t.instructions_static)),
];

/// Numbers, by the name after the GPU's. Time is in microseconds.
const NUMBERS: [(&str, Number); 6] = [
    ("instructions_executed", |t| &mut t.instructions_executed),
    ("flops", |t| &mut t.flops),
    ("compulsory_bytes", |t| &mut t.compulsory_bytes),
    (ROOFLINE, |t| &mut t.roofline_seconds),
    ("arithmetic_utilization", |t| &mut t.arithmetic_utilization),
    ("bandwidth_utilization", |t| &mut t.bandwidth_utilization),
];
const ROOFLINE: &str = "roofline_us";
const US_PER_S: f64 = 1e6;

/// Names of all labels of a GPU that are numbers, in the order of the columns.
pub fn names() -> impl Iterator<Item = &'static str> {
    COUNTS.iter().map(|(name, _)| *name).chain(NUMBERS.iter().map(|(name, _)| *name))
}

/// Name of a label's column.
#[must_use]
pub fn column(target: GpuTarget, label: &str) -> String {
    format!("{}_{label}", target.cpu())
}

/// The GPUs that a table has labels of: those with a column of failures.
#[must_use]
pub fn targets(frame: &Frame) -> Vec<GpuTarget> {
    GpuTarget::ALL.into_iter().filter(|&target| frame.column(&column(target, "failure")).is_some()).collect()
}

/// The columns of outcomes.
#[must_use]
pub fn columns(outcomes: &[&GpuOutcomes]) -> Vec<(String, Column)> {
    let mut columns = Vec::new();
    for (at, target) in GpuTarget::ALL.into_iter().enumerate() {
        let mut of: Vec<Option<FunctionTotals>> = outcomes
            .iter()
            .map(|row| match &row[at] {
                GpuLabels::Totals(totals) => Some(*totals),
                GpuLabels::Failure(_) => None,
            })
            .collect();
        for (name, count) in COUNTS {
            let values = of.iter_mut().map(|totals| totals.as_mut().and_then(|totals| count(totals).get()));
            columns.push((column(target, name), Column::Int(values.collect())));
        }
        for (name, number) in NUMBERS {
            let unit = if name == ROOFLINE { US_PER_S } else { 1.0 };
            let stored = |totals: &mut FunctionTotals| number(totals).map(|value| nine_digits(value * unit));
            let values = of.iter_mut().map(|totals| totals.as_mut().and_then(stored));
            columns.push((column(target, name), Column::Float(values.collect())));
        }
        let exact = of.iter().map(|totals| totals.as_ref().and_then(|totals| totals.counts_exact)).collect();
        columns.push((column(target, "counts_exact"), Column::Bool(exact)));
        let failures = outcomes.iter().map(|row| match &row[at] {
            GpuLabels::Totals(_) => None,
            GpuLabels::Failure(reason) => Some(reason.clone()),
        });
        columns.push((column(target, "failure"), Column::Text(failures.collect())));
    }
    columns
}

/// The stored labels of a GPU, by row; `None` where a row has none.
///
/// # Errors
/// If a column is missing or of another kind.
pub fn read(reader: &Reader, target: GpuTarget) -> Result<Vec<Option<FunctionTotals>>, TableError> {
    let mut all = vec![FunctionTotals::default(); reader.frame.rows()];
    for (name, count) in COUNTS {
        for (totals, value) in all.iter_mut().zip(reader.counts_or_none(&column(target, name))?) {
            count(totals).set(value);
        }
    }
    for (name, number) in NUMBERS {
        let unit = if name == ROOFLINE { US_PER_S } else { 1.0 };
        for (totals, value) in all.iter_mut().zip(reader.numbers_or_none(&column(target, name))?) {
            *number(totals) = value.map(|value| value / unit);
        }
    }
    for (totals, value) in all.iter_mut().zip(reader.flags_or_none(&column(target, "counts_exact"))?) {
        totals.counts_exact = value;
    }
    Ok(all.into_iter().map(|totals| totals.kernels.is_some().then_some(totals)).collect())
}

/// Why rows have no labels on a GPU, by row.
///
/// # Errors
/// If the column is missing or of another kind.
pub fn failures(reader: &Reader, target: GpuTarget) -> Result<Vec<Option<String>>, TableError> {
    reader.texts_or_none(&column(target, "failure"))
}

/// Labels and failures of one GPU, by row.
pub struct Stored {
    /// The GPU.
    pub target: GpuTarget,
    /// Its labels.
    pub labels: Vec<Option<FunctionTotals>>,
    /// Why there are none.
    pub failures: Vec<Option<String>>,
}

impl Stored {
    /// Reads all GPUs of a table.
    ///
    /// # Errors
    /// If a column is missing or of another kind.
    pub fn of(reader: &Reader) -> Result<Vec<Self>, TableError> {
        let one = |target| Ok(Self { target, labels: read(reader, target)?, failures: failures(reader, target)? });
        targets(reader.frame).into_iter().map(one).collect()
    }
}

/// Checks the labels of all GPUs of a table.
#[must_use]
pub fn checks(entries: &[Entry], stored: &[Stored]) -> Vec<Check> {
    let each = |name: &'static str, complaint: &dyn Fn(GpuTarget, &FunctionTotals) -> Option<String>| {
        let cases = stored.iter().flat_map(|Stored { target, labels, .. }| {
            labels.iter().zip(entries).filter_map(move |(labels, entry)| {
                let labels = labels.as_ref()?;
                Some(complaint(*target, labels).map(|said| format!("{} on {target}: {said}", entry.row.hash)))
            })
        });
        Check::over(name, cases)
    };
    let reasons = stored.iter().flat_map(|Stored { target, labels, failures }| {
        labels.iter().zip(failures).zip(entries).map(move |((labels, failure), entry)| {
            (labels.is_some() == failure.is_some()).then(|| format!("{} on {target}", entry.row.hash))
        })
    });
    let some = entries
        .iter()
        .enumerate()
        .map(|(row, entry)| stored.iter().all(|of| of.labels[row].is_none()).then(|| entry.row.hash.clone()));
    vec![
        Check::over("a row has labels on a GPU or the reason why not", reasons),
        Check::over("a row has labels on some GPU", some),
        each("a thread has at most the registers that the GPU addresses", &|target, labels| {
            let most = target.gpu().occupancy.vector_registers.addressable;
            labels.vector_registers_max.filter(|&used| used > most).map(|used| format!("{used} of {most}"))
        }),
        each("resident waves are at least one and at most the slots", &|target, labels| {
            let slots = target.gpu().occupancy.waves_per_simd;
            labels.waves_per_simd_min.filter(|waves| !(1..=slots).contains(waves)).map(|waves| format!("{waves} waves"))
        }),
        each("occupancy of a kernel follows from its registers", &occupancy),
        each("spills of NVIDIA's registers have scratch memory", &|target, labels| {
            // AMD keeps scalar registers that are spilled in lanes of vector registers.
            let scratch = labels.scratch_bytes_max? > 0 || target.gpu().vendor == Vendor::Amd;
            labels
                .spilled_registers
                .filter(|&spilled| spilled > 0 && !scratch)
                .map(|spilled| format!("{spilled} spilled"))
        }),
        each("utilizations are 0 to 1", &|_, labels| {
            let outside = |share: &f64| !(0.0..=1.0 + 1e-8).contains(share);
            let shares = [labels.arithmetic_utilization, labels.bandwidth_utilization];
            shares.into_iter().flatten().find(outside).map(|share| format!("{share}"))
        }),
        each(
            "the roofline is at least the time of the bytes, which its bandwidth utilization states",
            &|target, labels| {
                let streamed = labels.compulsory_bytes? / target.gpu().machine.memory_bytes_per_s.value?;
                let (seconds, share) = labels.roofline_seconds.zip(labels.bandwidth_utilization)?;
                // Each of the numbers has nine digits.
                let differs = (streamed - share * seconds).abs() > 2e-8 * seconds;
                (differs || streamed > seconds * (1.0 + 2e-8))
                    .then(|| format!("{seconds} s, {streamed} s of bytes, {share}"))
            },
        ),
    ]
}

/// Compares the waves of a text's only kernel with the rule of the GPU. The threads of a block are not stored: some power of two has
/// to give them.
fn occupancy(target: GpuTarget, labels: &FunctionTotals) -> Option<String> {
    let (registers, waves) = labels.vector_registers_max.zip(labels.waves_per_simd_min)?;
    if labels.kernels != Some(1) || labels.shared_bytes_max != Some(0) {
        return None;
    }
    let rule = target.gpu().occupancy;
    let of_block = |power: u32| {
        let scalar_registers = labels.scalar_registers_max.unwrap_or(0);
        let block_threads = 1 << power;
        rule.occupancy(Demand { vector_registers: registers, scalar_registers, shared_bytes: 0, block_threads })
    };
    let fits = (0..=10).filter_map(of_block).any(|occupancy| occupancy.waves_per_simd == waves);
    (!fits).then(|| format!("{waves} waves with {registers} registers"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::content_hash;
    use crate::row::{Row, Source};
    use crate::table;

    fn entries(count: usize) -> Vec<Entry> {
        let row = |number: usize| {
            let text = format!("text {number}");
            Row {
                hash: content_hash(&text),
                source: Source::Generated,
                family: "sum".into(),
                kernel: format!("kernel-{number}"),
                variant: "affine-s0".into(),
                dialect: "arith".into(),
                whole_block: false,
                pipeline: String::new(),
                lowered: content_hash(&text),
                largest_elements: 1,
                text,
            }
        };
        Entry::of_rows((0..count).map(row).collect(), 1)
    }

    /// Labels of a kernel that adds 4096 numbers, as the rule of each GPU has them.
    fn labels(target: GpuTarget) -> FunctionTotals {
        let rule = target.gpu().occupancy;
        let scalar = (target.gpu().vendor == Vendor::Amd).then_some(14);
        let demand = Demand { vector_registers: 40, scalar_registers: 14, shared_bytes: 0, block_threads: 256 };
        let streamed = 16_384.0 / target.gpu().machine.memory_bytes_per_s.value.unwrap();
        FunctionTotals {
            kernels: Some(1),
            launches: Some(3),
            vector_registers_max: Some(40),
            scalar_registers_max: scalar,
            spilled_registers: Some(0),
            scratch_bytes_max: Some(0),
            shared_bytes_max: Some(0),
            waves_per_simd_min: rule.occupancy(demand).map(|occupancy| occupancy.waves_per_simd),
            instructions_static: Some(30),
            instructions_executed: scalar.map(|_| 123_456.0),
            flops: Some(4096.0),
            compulsory_bytes: Some(16_384.0),
            roofline_seconds: Some(3.0 * streamed),
            arithmetic_utilization: Some(0.25),
            bandwidth_utilization: Some(1.0 / 3.0),
            counts_exact: Some(true),
        }
    }

    fn table_of(rows: &[GpuOutcomes]) -> Frame {
        let mut columns = table::columns(&entries(rows.len()));
        columns.extend(super::columns(&rows.iter().collect::<Vec<_>>()));
        Frame { columns, metadata: table::metadata(1) }
    }

    fn good() -> GpuOutcomes {
        GpuTarget::ALL.map(|target| GpuLabels::Totals(labels(target))).to_vec()
    }

    fn failing(rows: &[GpuOutcomes]) -> Vec<&'static str> {
        let frame = table_of(rows);
        let stored = Stored::of(&Reader { frame: &frame }).unwrap();
        assert_eq!(stored.len(), GpuTarget::ALL.len());
        let checks = checks(&table::entries(&frame).unwrap(), &stored);
        checks.into_iter().filter(|check| check.failures > 0).map(|check| check.name).collect()
    }

    #[test]
    fn columns_hold_the_labels_and_claim_no_processor() {
        let mut partial = good();
        partial[1] = GpuLabels::Failure("translate: no function".into());
        let frame = table_of(&[good(), partial]);
        assert_eq!(targets(&frame), GpuTarget::ALL);
        assert!(crate::labels::targets(&frame).is_empty());
        let reader = Reader { frame: &frame };
        for target in GpuTarget::ALL {
            let read = read(&reader, target).unwrap();
            let time = |totals: FunctionTotals| totals.roofline_seconds.unwrap();
            let (found, expected) = (read[0].unwrap(), labels(target));
            assert!((time(found) / time(expected) - 1.0).abs() < 1e-8);
            let shares = (Some(0.333333333), Some(time(expected)));
            let rounded = FunctionTotals { bandwidth_utilization: shares.0, roofline_seconds: shares.1, ..found };
            assert_eq!(rounded, FunctionTotals { bandwidth_utilization: shares.0, ..expected });
            assert_eq!(read[1].is_some(), target != GpuTarget::Gfx1100);
        }
        assert_eq!(failures(&reader, GpuTarget::Gfx1100).unwrap()[1].as_deref(), Some("translate: no function"));
        let us = frame.column("sm_90_roofline_us");
        assert!(
            matches!(us, Some(Column::Float(v)) if (v[0].unwrap() - 3e6 * 16_384.0 / 3.352e12).abs() < 1e-9),
            "{us:?}"
        );
        assert_eq!(failing(&[good(), good()]), Vec::<&str>::new());
    }

    #[test]
    fn damage_of_every_kind_is_found() {
        type Damage = fn(&mut FunctionTotals);
        let damages: [(&str, Damage); 7] = [
            ("a row has labels on a GPU or the reason why not", |t| *t = FunctionTotals::default()),
            ("a thread has at most the registers that the GPU addresses", |t| t.vector_registers_max = Some(600)),
            ("resident waves are at least one and at most the slots", |t| t.waves_per_simd_min = Some(17)),
            ("occupancy of a kernel follows from its registers", |t| t.vector_registers_max = Some(250)),
            ("spills of NVIDIA's registers have scratch memory", |t| t.spilled_registers = Some(4)),
            ("utilizations are 0 to 1", |t| t.arithmetic_utilization = Some(1.1)),
            ("the roofline is at least the time of the bytes, which its bandwidth utilization states", |t| {
                t.roofline_seconds = t.roofline_seconds.map(|time| time / 4.0);
            }),
        ];
        for (name, damage) in damages {
            let mut totals = labels(GpuTarget::Sm90);
            damage(&mut totals);
            let mut row = good();
            row[GpuTarget::Sm90 as usize] = GpuLabels::Totals(totals);
            assert!(failing(&[good(), row]).contains(&name), "{name}");
        }
        let none = vec![GpuLabels::Failure("lower: no loop is proved parallel".into()); GpuTarget::ALL.len()];
        assert_eq!(failing(&[good(), none]), ["a row has labels on some GPU"]);
    }
}
