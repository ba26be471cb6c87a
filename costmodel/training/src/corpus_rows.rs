//! The corpus as a data set: inputs and labels of the rows of its table.
//!
//! The vocabularies hold words above a minimum number of occurrences, independent of labels. Rows whose text does not parse
//! are dropped and counted, of a corpus of GPUs also those whose kernels are not found. Labels of the simulated machine are dropped where it cannot place an operation. `instructions` are
//! executed ones; `spills` and `reloads` are those in the code.

use corpus::Source;
use corpus::design_labels::DESIGN;
use corpus::gpu_labels;
use corpus::labels::{prefix, targets};
use corpus::normal::digest;
use corpus::table::{self, Entry, TableError};
use costmodel::input::{Input, Scheme};
use costmodel::quantity::{Output, Quantity, outputs};
use costmodel::query::QueryReader;
use costmodel::shipped::is_of_gpus;
use ir::CustomForm;
use ir::labels::Target;
use ir::labels::gpu::GpuTarget;
use ir::tokenizer::Tokenizer;
use ir::vocabulary::{Counts, Vocabulary};
use storage::columnar::{Column, Frame};

use crate::dataset::{Dataset, DatasetError, Sample};

/// Minimum number of occurrences of a word of the full scheme in the vocabulary.
const MINIMUM_SHAPED: u64 = 5;
/// The same of operation names.
const MINIMUM_OPS: u64 = 5;
/// The same of names, values and whole types; most types are rare.
const MINIMUM_OPS_OPERANDS: u64 = 50;

/// A table that is not a labelled corpus.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The table is not a corpus.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The corpus was not labelled.
    #[error("the column `{0}` is missing: the corpus has no labels; `hardwire dataset label` makes them")]
    NoLabels(String),
    /// A column of labels holds something else.
    #[error("the column `{0}` does not hold numbers")]
    NoNumbers(String),
    /// A label is negative or not a number.
    #[error("the column `{column}` has a label in row {row} that is negative or no number")]
    Label {
        /// Name of the column.
        column: String,
        /// Row, from 0.
        row: usize,
    },
    /// The count of unplaced operations is missing.
    #[error("there is no column `{0}` of whole numbers")]
    NoUnplaced(String),
    /// Nothing is left to learn from.
    #[error("no row has a label and a readable text")]
    Empty,
    /// Rows do not fit together.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

/// Rows per task of a thread.
const CHUNK: usize = 64;

/// A corpus ready to learn from.
pub struct CorpusRows {
    /// Inputs and labels of the rows that are kept.
    pub data: Dataset,
    /// The same rows as stored.
    pub entries: Vec<Entry>,
    /// One per tokenizer scheme.
    pub vocabularies: [Vocabulary; 3],
    /// Rows of the file.
    pub rows_in_file: usize,
    /// Rows without any label.
    pub unlabelled: usize,
    /// Rows whose text the parser refuses, or whose kernels are not found.
    pub refused: usize,
    /// Hash over the content of the kept rows and their labels.
    pub hash: String,
    /// Kernels and graphs of the kept rows.
    pub kernels: usize,
}

impl CorpusRows {
    /// Why rows are refused, for messages.
    #[must_use]
    pub fn refusal(&self) -> &'static str {
        if self.data.is_of_gpus() { "whose kernels are not found" } else { "that the parser refuses" }
    }
}

/// Outputs that a corpus has labels of, in the order of labels: those of GPUs, or of processors and the design.
fn corpus_outputs(frame: &Frame) -> Vec<Output> {
    let gpus: Vec<&str> = gpu_labels::targets(frame).into_iter().map(GpuTarget::cpu).collect();
    if !gpus.is_empty() {
        let mut of_gpus = outputs(&[], &[], &gpus);
        // Some are known on some GPUs only.
        of_gpus.retain(|output| frame.column(&column(output)).is_some_and(|column| !is_empty(column)));
        return of_gpus;
    }
    let processors: Vec<&str> = targets(frame).iter().map(|t| t.cpu()).collect();
    outputs(&processors, &[DESIGN], &[])
}

fn is_empty(column: &Column) -> bool {
    match column {
        Column::Int(values) => values.iter().all(Option::is_none),
        Column::Float(values) => values.iter().all(Option::is_none),
        _ => true,
    }
}

/// Name of an output's column.
fn column(output: &Output) -> String {
    let name = match output.quantity {
        Quantity::VectorRegisterPressure => "pressure_vector_registers",
        Quantity::GeneralRegisterPressure => "pressure_general_registers",
        Quantity::Spills => "spills",
        Quantity::Reloads => "reloads",
        Quantity::Instructions => "instructions_executed",
        Quantity::Cycles => "cycles",
        Quantity::Ipc => "ipc",
        Quantity::PortUtilization => "busiest_port_utilization",
        Quantity::XpuUtilization => "xpu_utilization",
        Quantity::XpuLatencyCycles => "xpu_latency_cycles",
        Quantity::GpuVectorRegisters => "vector_registers",
        Quantity::GpuScalarRegisters => "scalar_registers",
        Quantity::GpuSpills => "spills",
        Quantity::GpuWavesPerSimd => "waves_per_simd",
        Quantity::GpuCodeInstructions => "code_instructions",
        Quantity::GpuInstructions => "instructions_executed",
        Quantity::GpuRooflineUs => "roofline_us",
        Quantity::GpuArithmeticUtilization => "arithmetic_utilization",
        Quantity::GpuBandwidthUtilization => "bandwidth_utilization",
    };
    format!("{}_{name}", of_target(output))
}

/// First part of the names of a target's columns.
fn of_target(output: &Output) -> String {
    Target::from_cpu(&output.target).map_or_else(|| output.target.clone(), prefix)
}

/// Largest share of cycles whose execution counts are guessed, of rows whose executed quantities are learned.
const MOST_GUESSED: f64 = 0.1;

/// Fewest instructions executed of rows whose executed quantities are learned: below them a function does nothing, whatever its
/// text says.
const FEWEST_INSTRUCTIONS: f64 = 10.0;

/// Whether a quantity depends on how often blocks execute.
fn is_executed(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::Instructions | Quantity::Cycles | Quantity::Ipc | Quantity::PortUtilization)
}

/// Leaves out the labels of some outputs in some rows.
fn leave_out(
    labels: &mut [Vec<Option<f64>>],
    outputs: &[Output],
    of: impl Fn(&Output) -> bool,
    rows: impl Fn(usize) -> bool,
) {
    for (labels, _) in labels.iter_mut().zip(outputs).filter(|(_, output)| of(output)) {
        labels.iter_mut().enumerate().filter(|(row, _)| rows(*row)).for_each(|(_, label)| *label = None);
    }
}

/// Labels by output, then by row. Executed quantities of rows with guessed counts or next to no instructions are left out.
fn labels(frame: &Frame, outputs: &[Output]) -> Result<Vec<Vec<Option<f64>>>, CorpusError> {
    let of = |output: &Output| {
        let name = column(output);
        let numbers: Vec<Option<f64>> = match frame.column(&name) {
            None => return Err(CorpusError::NoLabels(name)),
            Some(Column::Int(values)) => values.iter().map(|v| v.map(|n| n as f64)).collect(),
            Some(Column::Float(values)) => values.clone(),
            Some(_) => return Err(CorpusError::NoNumbers(name)),
        };
        match numbers.iter().position(|v| v.is_some_and(|x| !x.is_finite() || x < 0.0)) {
            Some(row) => Err(CorpusError::Label { column: name, row }),
            None => Ok(numbers),
        }
    };
    let mut labels: Vec<Vec<Option<f64>>> = outputs.iter().map(of).collect::<Result<_, _>>()?;
    for (counts, output) in outputs.iter().enumerate().filter(|(_, o)| o.quantity == Quantity::Instructions) {
        let name = format!("{}_estimated_cycles_share", of_target(output));
        let Some(Column::Float(guessed)) = frame.column(&name) else { return Err(CorpusError::NoLabels(name)) };
        let few: Vec<bool> = labels[counts].iter().map(|n| n.is_some_and(|n| n < FEWEST_INSTRUCTIONS)).collect();
        let is_own = |o: &Output| o.target == output.target && is_executed(o.quantity);
        leave_out(&mut labels, outputs, is_own, |row| few[row] || guessed[row].is_some_and(|x| x > MOST_GUESSED));
    }
    if is_of_gpus(outputs) {
        return Ok(labels);
    }
    // Latencies of functions with unplaced operations are incomplete.
    let name = format!("{DESIGN}_unplaced_operations");
    let Some(Column::Int(unplaced)) = frame.column(&name) else { return Err(CorpusError::NoUnplaced(name)) };
    leave_out(&mut labels, outputs, |output| output.quantity.is_of_design(), |row| unplaced[row] != Some(0));
    Ok(labels)
}

/// Reads a labelled corpus on up to `threads` threads. `progress` is called from any of them with the number of texts just
/// read and the number of all.
///
/// # Errors
/// If the table is not a labelled corpus.
pub fn read(
    frame: &Frame,
    threads: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<CorpusRows, CorpusError> {
    let entries = table::entries(frame)?;
    let outputs = corpus_outputs(frame);
    let labels = labels(frame, &outputs)?;
    let labelled: Vec<usize> = (0..entries.len()).filter(|&row| labels.iter().any(|l| l[row].is_some())).collect();
    let vocabularies = vocabularies(&entries, &labelled, threads);
    let with_kernels = is_of_gpus(&outputs);
    let inputs = inputs(&entries, &labelled, &vocabularies, with_kernels, threads, progress);
    let mut families: Vec<String> = entries.iter().map(|e| e.row.family.clone()).collect();
    families.sort();
    families.dedup();
    let mut kernels: Vec<(Source, String)> = Vec::new();
    kernels.extend(labelled.iter().map(|&row| (entries[row].row.source, entries[row].row.kernel.clone())));
    kernels.sort();
    kernels.dedup();
    let (mut kept, mut samples, mut content) = (Vec::new(), Vec::new(), String::new());
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    let mut refused = 0;
    for (&row, input) in labelled.iter().zip(inputs) {
        let Some(input) = input else {
            refused += 1;
            continue;
        };
        let entry = entries[row].take().expect("a row is taken once");
        let own: Vec<Option<f64>> = labels.iter().map(|l| l[row]).collect();
        content += &entry.row.hash;
        own.iter().for_each(|label| content += &label.map_or("-".to_owned(), |x| format!(" {:x}", x.to_bits())));
        let key = (entry.row.source, entry.row.kernel.clone());
        samples.push(Sample {
            input,
            labels: own,
            family: families.binary_search(&entry.row.family).expect("a family of the list") as u32,
            kernel: kernels.binary_search(&key).expect("a kernel of the list") as u32,
        });
        kept.push(entry);
    }
    if samples.is_empty() {
        return Err(CorpusError::Empty);
    }
    let sizes = [0, 1, 2].map(|scheme| vocabularies[scheme].size());
    let data = Dataset::new(outputs, sizes, families, samples)?;
    Ok(CorpusRows {
        rows_in_file: frame.rows(),
        unlabelled: frame.rows() - labelled.len(),
        refused,
        hash: digest(&content),
        kernels: kernels.len(),
        data,
        entries: kept,
        vocabularies,
    })
}

fn vocabularies(entries: &[Entry], rows: &[usize], threads: usize) -> [Vocabulary; 3] {
    let chunks: Vec<&[usize]> = rows.chunks(CHUNK * 16).collect();
    let counted = costmodel::parallel::map(threads, chunks.len(), |chunk| {
        Scheme::ALL.map(|scheme| {
            let (mut counts, mut tokenizer) = (Counts::new(scheme), Tokenizer::new(scheme));
            for &row in chunks[chunk] {
                let form = CustomForm::of(&entries[row].row.text);
                counts.add(tokenizer.read(&form.text).words());
            }
            counts
        })
    });
    Scheme::ALL.map(|scheme| {
        let mut counts = Counts::new(scheme);
        counted.iter().for_each(|chunk| counts.merge(&chunk[scheme as usize]));
        counts.vocabulary(match scheme {
            Scheme::Ops => MINIMUM_OPS,
            Scheme::OpsOperands => MINIMUM_OPS_OPERANDS,
            Scheme::Shaped => MINIMUM_SHAPED,
        })
    })
}

/// Input of each row; `None` if the text does not parse, or if kernels are asked for and none is found.
fn inputs(
    entries: &[Entry],
    rows: &[usize],
    vocabularies: &[Vocabulary; 3],
    with_kernels: bool,
    threads: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Option<Input>> {
    let chunks: Vec<&[usize]> = rows.chunks(CHUNK).collect();
    let read = costmodel::parallel::map(threads, chunks.len(), |chunk| {
        let reader = QueryReader::new(ir::Limits::default(), &Scheme::ALL);
        let mut reader = if with_kernels { reader.with_kernels() } else { reader };
        let own = chunks[chunk].iter().map(|&row| {
            let text = &entries[row].row.text;
            let queries = reader.read(text, |scheme| &vocabularies[scheme as usize]).ok()?;
            let public = |function: &str| !text.contains(&format!("func.func private @{function}("));
            let found = queries.iter().position(|query| public(&query.function)).unwrap_or(0);
            let query = queries.into_iter().nth(found)?;
            let refused = query.reasons.iter().any(|reason| reason.kind.is_about_kernels());
            (!refused).then_some(query.input)
        });
        let own: Vec<Option<Input>> = own.collect();
        progress(own.len(), rows.len());
        own
    });
    read.into_iter().flatten().collect()
}
