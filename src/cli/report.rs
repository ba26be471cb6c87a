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
  hardwire report --diff reports/published

Writes index.html (one page that needs no network), report.md with figures/*.svg and figures/*.csv, and report.json. With
--evaluation it also writes evaluation.json, the part of the evaluation that the page shows; it can be passed to
--evaluation later. The output is a function of the inputs, byte for byte; date and revision stand on the page only if they
are given. Files in --out that no report has written are not overwritten. With --check nothing is written, and exit code 1
means that a file in --out differs. --format json prints `out`, `files` and `differences`, one entry for each file that
differs. With --diff nothing is written: the values that differ between an earlier report and the one that the other
options give are printed by section, each with its old and new value and what can have caused it: input, model or code.")]
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
    #[arg(long, value_name = "DIR", required_unless_present = "diff")]
    pub out: Option<String>,
    /// Print what changed since the report in this folder, or in this report.json, and write nothing
    #[arg(long, value_name = "OLD", conflicts_with_all = ["out", "check", "png"])]
    pub diff: Option<String>,
    /// Date to print on the page, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub date: Option<String>,
    /// Commit of this program, printed on the page
    #[arg(long, value_name = "REVISION", value_parser = word)]
    pub commit: Option<String>,
    /// Repository of this program, for links: its address (https://...), or its path as seen from the page
    /// [default: that of the report in --out]
    #[arg(long, value_name = "PLACE", value_parser = place)]
    pub repository: Option<String>,
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

/// A date of the form YYYY-MM-DD.
fn date(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize, range: std::ops::RangeInclusive<u32>| {
        part.len() == digits && part.parse().is_ok_and(|n| range.contains(&n))
    };
    match parts[..] {
        [y, m, d] if number(y, 4, 1..=9999) && number(m, 2, 1..=12) && number(d, 2, 1..=31) => Ok(text.to_owned()),
        _ => Err("a date is written YYYY-MM-DD".to_owned()),
    }
}

/// A revision: letters, digits, dots and hyphens.
fn word(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_/".contains(c);
    if !text.is_empty() && text.len() <= 64 && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("a revision has at most 64 letters, digits, dots, hyphens and slashes".to_owned())
}

/// An address with https, or a relative path.
fn place(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|c| c.is_ascii_graphic() && !"\"'<>()[]".contains(c));
    let relative = !text.contains(':') && !text.starts_with('/');
    if !text.is_empty() && plain && (relative || text.starts_with("https://")) {
        return Ok(text.to_owned());
    }
    Err("a repository is an address with https:// or a path relative to the page".to_owned())
}
