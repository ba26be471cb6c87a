//! Arguments of `hardwire dataset`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::shared::{Format, named};

/// Arguments of `hardwire dataset`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Dataset {
    /// What to do.
    #[command(subcommand)]
    pub action: DatasetAction,
}

/// Actions of `hardwire dataset`.
#[derive(Debug, Subcommand)]
pub enum DatasetAction {
    /// Draw the rows of the corpus: generated kernels, framework graphs, emitted layers and their pass variants
    Build(DatasetBuild),
    /// Label the rows with the back ends of LLVM, in worker processes; goes on where it stopped
    Label(DatasetLabel),
    /// Counts, splits, label distributions and failures of a corpus, or one row
    Show(DatasetShow),
    /// Check hashes, duplicates, splits and labels of a corpus
    Verify(DatasetVerify),
    /// Compare our parser with upstream MLIR's on every text of a corpus
    CompareParsers(DatasetCompareParsers),
    /// Answer labelling requests on standard input, one JSON batch a line
    #[command(hide = true)]
    Worker,
    /// Answer requests to run MLIR passes on standard input, one JSON request a line
    #[command(hide = true)]
    Passes,
    /// Answer requests to compare parsers on standard input, one JSON list of texts a line
    #[command(hide = true)]
    Compare,
}

/// Arguments of `hardwire dataset build`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset build --seed 1
  hardwire dataset build --seed 1 --framework framework.jsonl --out corpus-work
  hardwire dataset build --seed 7 --kernels 200 --out small --format json

Writes rows.parquet into the folder. Needs a build with the feature `mlir`. The framework file holds one JSON
object a line, as scripts/corpus writes it.")]
pub struct DatasetBuild {
    /// Seed of all draws
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Generated kernels, about
    #[arg(long, default_value_t = 5600, value_name = "N")]
    pub kernels: usize,
    /// Rows per generated kernel, about
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub variants: usize,
    /// Graphs of a machine-learning framework, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub framework: Option<PathBuf>,
    /// Folder for the result
    #[arg(long, default_value = "corpus-work", value_name = "DIR")]
    pub out: PathBuf,
    /// Worker processes; the number of cores unless given
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// How to write the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset label`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset label
  hardwire dataset label --dir corpus-work --workers 2
  hardwire dataset label --dir corpus-work --rows 300

Reads rows.parquet of the folder, keeps a journal there and writes corpus.parquet when every row has an outcome.
After a kill, the same command goes on. Needs a build with the feature `mlir`.")]
pub struct DatasetLabel {
    /// Folder that `build` wrote
    #[arg(long, default_value = "corpus-work", value_name = "DIR")]
    pub dir: PathBuf,
    /// Worker processes; the number of cores unless given
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Longest time for one function, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub timeout: u64,
    /// Label at most this many rows, balanced over families; the others are left out of the result
    #[arg(long, value_name = "N")]
    pub rows: Option<usize>,
    /// Stop after so many minutes; what is labelled by then becomes the result (0: only write the result, which needs no LLVM)
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<u64>,
    /// How to write the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset show
  hardwire dataset show corpus/hardwire-corpus-v1.parquet --format json
  hardwire dataset show --row 00ff")]
pub struct DatasetShow {
    /// Corpus or rows, a Parquet file; the corpus of the repository unless given
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Show the one row whose hash starts so: text and labels
    #[arg(long, value_name = "HASH")]
    pub row: Option<String>,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset verify
  hardwire dataset verify corpus/hardwire-corpus-v1.parquet --relabel 50

Exit code 1 if a check fails. --relabel needs a build with the feature `mlir`.")]
pub struct DatasetVerify {
    /// Corpus, a Parquet file; the corpus of the repository unless given
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Label so many rows again and compare bit by bit
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub relabel: usize,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset compare-parsers`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset compare-parsers
  hardwire dataset compare-parsers corpus-work/rows.parquet --every 20
  hardwire dataset compare-parsers framework.jsonl --format json

Compared are operations, operands, types, successors and nesting, not attributes. Upstream has no parser for pretty
StableHLO; where a line has a field `generic`, that form is compared instead, and with ours of the text. Exit code 1
if a text differs. Needs a build with the feature `mlir`.")]
pub struct DatasetCompareParsers {
    /// Rows or a corpus (Parquet), or graphs (JSON lines with `id` and `text`); the corpus of the repository unless given
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Take every Nth text
    #[arg(long, default_value = "1", value_name = "N")]
    pub every: std::num::NonZeroUsize,
    /// Worker processes; the number of cores unless given
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
