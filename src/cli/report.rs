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

Writes index.html (one page, opens from disk, needs no network), report.md with figures/*.svg, report.json, and with
--evaluation evaluation.json, the part of it that the page shows, which can be given instead of it later. The same
inputs give the same bytes. With --check nothing is written: exit code 1 says that the files in --out are not what the
inputs give now. --format json prints `out`, `files` and `differences`, a line for each file that differs.")]
pub struct Report {
    /// Design on the page, as in `hardwire compare`; the first hardwired one is described; may be repeated
    #[arg(long = "design", value_name = "DESIGN")]
    pub designs: Vec<String>,
    /// Model that all carry: preset or path of a config.json; that of the hardwired designs unless given
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Folder that a sweep wrote; its frontier goes on the page; may be repeated
    #[arg(long, value_name = "DIR")]
    pub sweep: Vec<String>,
    /// Evaluation of the learned cost model: what `hardwire evaluate --format json` printed
    #[arg(long, value_name = "FILE")]
    pub evaluation: Option<String>,
    /// Folder for the report
    #[arg(long, value_name = "DIR")]
    pub out: String,
    /// Write every figure as figures/*.png as well
    #[arg(long)]
    pub png: bool,
    /// Compare with the files in --out instead of writing them
    #[arg(long, conflicts_with = "png")]
    pub check: bool,
    /// How to print what was written or compared
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
    /// The terms of comparison.
    #[command(flatten)]
    pub terms: Terms,
}
