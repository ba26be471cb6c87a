//! Loads the cost model of a command and selects its outputs.

use std::fs::File;
use std::io::Read;

use costmodel::predictor::{Predictor, Settings};
use costmodel::quantity::Output;
use costmodel::shipped::{CostModel, MAX_BYTES};
use designs::problem::{did_you_mean, shorten};

use crate::cli::predict::Asked;
use crate::diagnostics::Failure;

/// The model of a file, or the embedded one.
pub fn load(file: Option<&str>) -> Result<CostModel, Failure> {
    let Some(path) = file else {
        return CostModel::shipped().map_err(|e| Failure::Request(format!("the shipped model: {e}")));
    };
    let refuse = |why: String| Failure::Request(format!("{path}: {why}"));
    let opened = File::open(path).map_err(|e| refuse(e.to_string()))?;
    let mut bytes = Vec::new();
    // One byte more than allowed shows that the file is too long.
    opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
    CostModel::from_bytes(&bytes).map_err(|e| refuse(e.to_string()))
}

/// A predictor with the model and provider of the arguments.
pub fn predictor(asked: &Asked, settings: Settings) -> Result<Predictor, Failure> {
    let settings = Settings { choice: asked.provider, ..settings };
    Ok(Predictor::new(load(asked.cost_model.as_deref())?, settings))
}

/// Names of processors and designs that are wanted, in the order of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(pub Vec<String>);

impl Wanted {
    /// The named targets and designs, or all if none is named. The error is a message for an unknown name.
    pub fn settle(outputs: &[Output], targets: &[String], designs: &[String]) -> Result<Self, String> {
        let known = names(outputs, |_| true);
        if targets.is_empty() && designs.is_empty() {
            return Ok(Self(known.into_iter().map(str::to_owned).collect()));
        }
        for (asked, is_design, what, other) in
            [(targets, false, "target", "design"), (designs, true, "design", "target")]
        {
            let own = names(outputs, |o| o.quantity.is_of_design() == is_design);
            let others = names(outputs, |o| o.quantity.is_of_design() != is_design);
            for name in asked {
                if own.contains(&name.as_str()) {
                    continue;
                }
                let help = if others.contains(&name.as_str()) {
                    format!("it is a {other}: say --{other} {name}")
                } else {
                    did_you_mean(name, &own)
                };
                return Err(format!("the model has no {what} `{}`; {help}", shorten(name)));
            }
        }
        let is_asked = |name: &&str| targets.iter().chain(designs).any(|asked| asked == name);
        Ok(Self(known.into_iter().filter(is_asked).map(str::to_owned).collect()))
    }
}

/// Names of the targets of some outputs without duplicates, in their order.
pub fn names(outputs: &[Output], of: impl Fn(&Output) -> bool) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for output in outputs.iter().filter(|output| of(output)) {
        if !names.contains(&output.target.as_str()) {
            names.push(&output.target);
        }
    }
    names
}
