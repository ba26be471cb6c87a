//! Arguments of `hardwire dataset`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use corpus::kernels::FamilySet;

use super::shared::{Format, TableFormat, named};

/// Arguments of `hardwire dataset`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Dataset {
    /// The command to run.
    #[command(subcommand)]
    pub action: DatasetAction,
}

/// Actions of `hardwire dataset`.
#[derive(Debug, Subcommand)]
pub enum DatasetAction {
    /// Generate the rows of the corpus: kernels, framework graphs, model layers and their pass variants
    Build(DatasetBuild),
    /// Make rows of the transformations that compilers decide on, from affine kernels of a corpus
    Extend(DatasetExtend),
    /// Join two labelled corpora, with splits over the rows of both; needs no LLVM
    Join(DatasetJoin),
    /// Label the rows with the back ends of LLVM, in worker processes; resumes an interrupted run
    Label(DatasetLabel),
    /// Label kernels of a corpus for GPUs, in worker processes; resumes an interrupted run
    Kernels(DatasetKernels),
    /// Add labels of simulated caches to a corpus: misses, write-backs, bytes, cycles for each target; needs no LLVM
    Memory(DatasetMemory),
    /// Print counts, splits, label distributions and failures of a corpus, or one row
    Show(DatasetShow),
    /// Check hashes, duplicates, splits and labels of a corpus
    Verify(DatasetVerify),
    /// Compare this parser with the upstream MLIR parser on every text of a corpus
    CompareParsers(DatasetCompareParsers),
    /// Answer labelling requests on standard input, one JSON batch a line
    #[command(hide = true)]
    Worker,
    /// Answer requests for labels of GPU kernels on standard input, one JSON batch a line
    #[command(hide = true)]
    GpuWorker,
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
  hardwire dataset build --families graphs --kernels 900 --out corpus-graphs

Writes rows.parquet to the output folder. Needs a build with the feature `mlir`. The framework file has one JSON object
per line, as written by scripts/corpus.")]
pub struct DatasetBuild {
    /// Seed of all random choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Families of the generated kernels
    #[arg(long, value_parser = named::<FamilySet>(), default_value_t = FamilySet::Core)]
    pub families: FamilySet,
    /// Approximate number of generated kernels
    #[arg(long, default_value_t = 5600, value_name = "N")]
    pub kernels: usize,
    /// Approximate number of rows per generated kernel
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub variants: usize,
    /// Framework graphs, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub framework: Option<PathBuf>,
    /// Output folder
    #[arg(long, default_value = "corpus-work", value_name = "DIR")]
    pub out: PathBuf,
    /// Number of worker processes [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Output format of the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset extend`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset extend --kernels 1000 --out corpus-more
  hardwire dataset label --dir corpus-more
  hardwire dataset join corpus-work/corpus.parquet corpus-more/corpus.parquet --out corpus.parquet

All that upstream's passes unroll, jam, tile and vectorise, alone and in pairs, for the same number of kernels of every family
as far as it has them. Texts that the corpus has are left out. Needs a build with the feature `mlir`.")]
pub struct DatasetExtend {
    /// Corpus (Parquet) [default: the corpus of the repository]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Most kernels
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub kernels: usize,
    /// Output folder
    #[arg(long, default_value = "corpus-more", value_name = "DIR")]
    pub out: PathBuf,
    /// Number of worker processes [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Output format of the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset join`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  hardwire dataset join corpus-work/corpus.parquet corpus-more/corpus.parquet --out corpus.parquet

Both need the same columns and the same seed. A text that is in both is taken from the first.")]
pub struct DatasetJoin {
    /// Corpus whose rows come first (Parquet)
    #[arg(value_name = "FIRST")]
    pub first: PathBuf,
    /// Corpus whose rows follow (Parquet)
    #[arg(value_name = "SECOND")]
    pub second: PathBuf,
    /// Output file (Parquet)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Output format of the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset label`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset label
  hardwire dataset label --dir corpus-work --workers 2
  hardwire dataset label --dir corpus-work --rows 300

Reads rows.parquet in the folder, keeps a journal there, and writes corpus.parquet when all rows are labelled or failed. To
resume an interrupted run, run the same command again. Needs a build with the feature `mlir`.")]
pub struct DatasetLabel {
    /// Folder written by `hardwire dataset build`
    #[arg(long, default_value = "corpus-work", value_name = "DIR")]
    pub dir: PathBuf,
    /// Number of worker processes [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Longest time for one function, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub timeout: u64,
    /// Label at most this many rows, balanced over families; the others are left out of the result
    #[arg(long, value_name = "N")]
    pub rows: Option<usize>,
    /// Stop after this time and write the rows labelled so far; 0 only writes the result, which needs no LLVM
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<u64>,
    /// Output format of the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset kernels`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset kernels --texts 16000 --ptxas target/ptxas/venv/bin/ptxas
  hardwire dataset kernels tests/fixtures/corpus/slice.parquet --texts 100 --out few --format json

Draws whole kernels, the same number of every family as far as it has them, keeps a journal in the output folder, and writes
corpus.parquet there: the rows with labels on some GPU, their splits as in the corpus. To resume an interrupted run, run the same
command again. The same file for any number of workers. docs/dataset.md has the columns. Needs a build with the feature `mlir`.")]
pub struct DatasetKernels {
    /// Corpus or rows (Parquet) [default: the corpus of the repository]
    #[arg(value_name = "CORPUS")]
    pub file: Option<PathBuf>,
    /// Most texts
    #[arg(long, default_value_t = 16_000, value_name = "N")]
    pub texts: usize,
    /// Output folder
    #[arg(long, default_value = "corpus-kernels", value_name = "DIR")]
    pub out: PathBuf,
    /// NVIDIA's ptxas, for sm_90 [default: `ptxas` of the search path]
    #[arg(long, value_name = "FILE")]
    pub ptxas: Option<PathBuf>,
    /// Number of worker processes [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Longest time for one text, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub timeout: u64,
    /// Stop after this time and write the rows labelled so far; 0 only writes the result
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<u64>,
    /// Seed of the draw
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Output format of the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset memory`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  hardwire dataset memory corpus-work/corpus.parquet --out corpus-work/corpus.parquet

Columns of these names that the file has are replaced. docs/labels.md has their meaning. The same file for any number of
workers.")]
pub struct DatasetMemory {
    /// Rows or corpus (Parquet) [default: the corpus of the repository]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Output file (Parquet)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Number of threads [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Output format of the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset show
  hardwire dataset show corpus/hardwire-corpus-v2.parquet --format json
  hardwire dataset show --row 00ff")]
pub struct DatasetShow {
    /// Corpus or rows (Parquet) [default: the corpus of the repository]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print text and labels of the row whose hash starts with HASH
    #[arg(long, value_name = "HASH")]
    pub row: Option<String>,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire dataset verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset verify
  hardwire dataset verify corpus/hardwire-corpus-v2.parquet --relabel 50

Exit code 1 if a check fails. --relabel needs a build with the feature `mlir`.")]
pub struct DatasetVerify {
    /// Corpus (Parquet) [default: the corpus of the repository]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Number of rows to label again and compare bit by bit
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub relabel: usize,
    /// Output format; CSV has a line for each check
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// Arguments of `hardwire dataset compare-parsers`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire dataset compare-parsers
  hardwire dataset compare-parsers corpus-work/rows.parquet --every 20
  hardwire dataset compare-parsers framework.jsonl --format json

Compares operations, operands, types, successors and nesting, not attributes. Upstream MLIR cannot parse pretty-printed
StableHLO; if a line has a field `generic`, upstream parses that instead. Exit code 1 if a text differs. Needs a build
with the feature `mlir`.")]
pub struct DatasetCompareParsers {
    /// Rows or corpora (Parquet), or graphs (JSON lines with `id` and `text`) [default: the corpus of the repository]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Compare every Nth text
    #[arg(long, default_value = "1", value_name = "N")]
    pub every: std::num::NonZeroUsize,
    /// Number of worker processes [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
