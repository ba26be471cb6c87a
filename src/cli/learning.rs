//! Arguments of `hardwire train` and `hardwire evaluate`.

use std::path::PathBuf;

use clap::Args;
use training::evaluation::{Model, Split};

use super::shared::{TableFormat, named};

/// Arguments that `train` and `evaluate` share.
#[derive(Debug, Args)]
pub struct Learning {
    /// Labelled corpus (Parquet) [default: the corpus of the repository]
    #[arg(long, value_name = "FILE")]
    pub corpus: Option<PathBuf>,
    /// Folder for finished fits; a later run reuses them
    #[arg(long, default_value = "target/costmodel", value_name = "DIR")]
    pub work: PathBuf,
    /// Number of folds of held-out families: 2, 5 or 10
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = folds)]
    pub folds: usize,
    /// Seed of all random choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Number of threads; does not change the result [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Output format of the summary; CSV has a line for each error
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

fn folds(text: &str) -> Result<usize, String> {
    match text {
        "2" => Ok(2),
        "5" => Ok(5),
        "10" => Ok(10),
        _ => Err("the number of folds must be 2, 5 or 10".to_owned()),
    }
}

/// Arguments of `hardwire train`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire train --out model.safetensors
  hardwire train --corpus corpus.parquet --out model.safetensors --folds 10

Fits the model once per fold, calibrates intervals and the novelty score on the held-out families, then fits it to all
rows. The same corpus, seed and program version give the same file.")]
pub struct Train {
    /// Output file of the model
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Arguments shared with `evaluate`
    #[command(flatten)]
    pub learning: Learning,
}

/// Arguments of `hardwire evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire evaluate --out evaluation
  hardwire evaluate --split families --models shipped,ridge,mean --out evaluation
  hardwire evaluate --out evaluation --document docs/costmodel.md

Writes evaluation.json (all figures, units in the keys), evaluation.md (tables), and plots as SVG and PNG.")]
pub struct Evaluate {
    /// Output folder
    #[arg(long, default_value = "evaluation", value_name = "DIR")]
    pub out: PathBuf,
    /// Splits to evaluate, separated by commas [default: all]
    #[arg(long, value_parser = named::<Split>(), value_delimiter = ',', value_name = "SPLIT")]
    pub split: Vec<Split>,
    /// Models to evaluate, separated by commas [default: all but `blend`; the paper's networks on `random` and `families` only]
    #[arg(long, value_parser = named::<Model>(), value_delimiter = ',', value_name = "MODEL")]
    pub models: Vec<Model>,
    /// Markdown file; replaces the lines between its two `evaluation` marks with the tables
    #[arg(long, value_name = "FILE")]
    pub document: Option<PathBuf>,
    /// Arguments shared with `train`
    #[command(flatten)]
    pub learning: Learning,
}
