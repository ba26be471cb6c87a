//! Loads the cost model of a command and selects its outputs.

use std::io::Read;

use costmodel::predictor::{Predictor, Settings};
use costmodel::quantity::Output;
use costmodel::shipped::{CostModel, MAX_BYTES, checksum, embedded};
use ir::labels::Target;
use names::suggest::{did_you_mean, shorten};

use crate::cli::predict::Asked;
use crate::diagnostics::Failure;

/// The model of a file, or the embedded one.
pub fn load(file: Option<&str>) -> Result<CostModel, Failure> {
    load_with_checksum(file).map(|(model, _)| model)
}

/// The same with the checksum of the file, in hexadecimal.
pub fn load_with_checksum(file: Option<&str>) -> Result<(CostModel, String), Failure> {
    let Some(path) = file else {
        let model = CostModel::shipped().map_err(|e| Failure::Request(format!("the shipped model: {e}")))?;
        return Ok((model, checksum(embedded())));
    };
    let refuse = |why: String| Failure::Request(format!("{path}: {why}"));
    let opened = crate::input::open(path).map_err(|e| refuse(e.to_string()))?;
    let mut bytes = Vec::new();
    // One byte more than allowed shows that the file is too long.
    opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
    let model = CostModel::from_bytes(&bytes).map_err(|e| refuse(e.to_string()))?;
    Ok((model, checksum(&bytes)))
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
                let (message, help) = unknown_target(what, name, &own);
                let is_other = others.contains(&name.as_str());
                let help = if is_other { format!("it is a {other}: say --{other} {name}") } else { help };
                return Err(format!("{message}; {help}"));
            }
        }
        let is_asked = |name: &&str| targets.iter().chain(designs).any(|asked| asked == name);
        Ok(Self(known.into_iter().filter(is_asked).map(str::to_owned).collect()))
    }
}

/// Message and help for a name that is none of the `known` ones. `what` is what was expected, e.g. "target".
pub fn unknown_target(what: &str, name: &str, known: &[&str]) -> (String, String) {
    let message = format!("the model has no {what} `{}`", shorten(name));
    // `zen4` is no near spelling of `znver4`, but a part of "AMD Zen 4".
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let wanted = plain(name);
    let described = Target::ALL.into_iter().map(Target::processor).find(|processor| {
        known.contains(&processor.cpu) && wanted.len() >= 3 && plain(processor.description).contains(&wanted)
    });
    let help = match described {
        Some(processor) => format!("did you mean `{}` ({})?", processor.cpu, processor.description),
        None => did_you_mean(name, known),
    };
    (message, help)
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
