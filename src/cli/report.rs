//! Arguments of `hardwire report`.

use clap::Args;

use super::compare::Terms;
use super::shared::{Format, named};

/// Arguments of `hardwire report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire report --out report
  hardwire report --design hnlpu --design b200 --design wse-3 --per-user 200 --out report --png
  hardwire report --sweep target/models --evaluation evaluation.json --out report
  hardwire report --out reports/published --check --format json

Writes index.html (one page without scripts), report.md with figures/*.svg, and report.json. With --evaluation it also
writes evaluation.json, the part of the evaluation that the page shows; it can be passed to --evaluation later. The
output is a function of the inputs, byte for byte. With --check nothing is written, and exit code 1 means that a file in
--out differs. --format json prints `out`, `files` and `differences`, one entry for each file that differs.")]
pub struct Report {
    /// Design to compare, as in `hardwire compare`; can be repeated. The first hardwired one is described in detail
    #[arg(long = "design", value_name = "DESIGN")]
    pub designs: Vec<String>,
    /// Model: preset name or path of a config.json [default: the model of the hardwired designs]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Folder written by `hardwire sweep`; adds its Pareto frontier; can be repeated
    #[arg(long, value_name = "DIR")]
    pub sweep: Vec<String>,
    /// Output of `hardwire evaluate --format json`; adds the accuracy of the learned cost model
    #[arg(long, value_name = "FILE")]
    pub evaluation: Option<String>,
    /// Output folder
    #[arg(long, value_name = "DIR")]
    pub out: String,
    /// Also write every figure as figures/*.png
    #[arg(long)]
    pub png: bool,
    /// Compare with the files in --out instead of writing
    #[arg(long, conflicts_with = "png")]
    pub check: bool,
    /// Output format of the list of files
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
    /// Terms of comparison.
    #[command(flatten)]
    pub terms: Terms,
}
