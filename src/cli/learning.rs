//! Arguments of `hardwire train` and `hardwire evaluate`.

use std::path::PathBuf;

use clap::Args;
use training::evaluation::{Model, Split};

use super::shared::{Format, named};

/// Arguments that both share.
#[derive(Debug, Args)]
pub struct Learning {
    /// Labelled corpus, a Parquet file; the corpus of the repository unless given
    #[arg(long, value_name = "FILE")]
    pub corpus: Option<PathBuf>,
    /// Folder that keeps the answers of finished fits; a run that was stopped goes on from them
    #[arg(long, default_value = "target/costmodel", value_name = "DIR")]
    pub work: PathBuf,
    /// Folds in which families are left out: 2, 5 or 10
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = folds)]
    pub folds: usize,
    /// Seed of every draw
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; the number of cores unless given. The result does not depend on it
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// How to write the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

fn folds(text: &str) -> Result<usize, String> {
    match text {
        "2" => Ok(2),
        "5" => Ok(5),
        "10" => Ok(10),
        _ => Err("the ten stored folds can be taken as 2, 5 or 10".to_owned()),
    }
}

/// Arguments of `hardwire train`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire train --out model.safetensors
  hardwire train --corpus corpus.parquet --out model.safetensors --folds 10

Fits the model with each fold of families left out, calibrates intervals and the novelty score on them, then fits it to
all rows. Same corpus, seed and program: same bytes.")]
pub struct Train {
    /// Where the model is written
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What is shared with `evaluate`
    #[command(flatten)]
    pub learning: Learning,
}

/// Arguments of `hardwire evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire evaluate --out evaluation
  hardwire evaluate --split families --models shipped,ridge,mean --out evaluation
  hardwire evaluate --out evaluation --document docs/costmodel.md

Writes evaluation.json (every figure, units in the keys), evaluation.md (tables) and plots as SVG and PNG.")]
pub struct Evaluate {
    /// Folder for the result
    #[arg(long, default_value = "evaluation", value_name = "DIR")]
    pub out: PathBuf,
    /// Splits; all unless given
    #[arg(long, value_parser = named::<Split>(), value_delimiter = ',', value_name = "SPLIT")]
    pub split: Vec<Split>,
    /// Models; unless given all but `blend`, the paper's networks on `random` and `families` only
    #[arg(long, value_parser = named::<Model>(), value_delimiter = ',', value_name = "MODEL")]
    pub models: Vec<Model>,
    /// Document whose lines between the two `evaluation` marks are replaced by the tables
    #[arg(long, value_name = "FILE")]
    pub document: Option<PathBuf>,
    /// What is shared with `train`
    #[command(flatten)]
    pub learning: Learning,
}
