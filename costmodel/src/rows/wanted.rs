//! Which targets of a model are asked for.

use ::names::suggest::{did_you_mean, shorten};
use ir::labels::Target;
use ir::labels::gpu::GpuTarget;
use ir::tree::{OpId, Tree};

use crate::quantity::{Output, Quantity};

/// Names of processors, GPUs and designs that are wanted, in the order of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(pub Vec<String>);

impl Wanted {
    /// The named targets and designs, or all if none is named.
    ///
    /// # Errors
    /// If the model does not have one of them.
    pub fn settle(outputs: &[Output], targets: &[String], designs: &[String]) -> Result<Self, UnknownTarget> {
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
                let mut unknown = UnknownTarget::new(what, name, &own);
                if others.contains(&name.as_str()) {
                    unknown.help = format!("it is a {other}: say --{other} {name}");
                }
                return Err(unknown);
            }
        }
        let is_asked = |name: &&str| targets.iter().chain(designs).any(|asked| asked == name);
        Ok(Self(known.into_iter().filter(is_asked).map(str::to_owned).collect()))
    }
}

/// A target that the model does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct UnknownTarget {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl UnknownTarget {
    /// For a name that is none of the `known` ones. `what` is what was expected, e.g. "target".
    #[must_use]
    pub fn new(what: &str, name: &str, known: &[&str]) -> Self {
        let message = format!("the model has no {what} `{}`", shorten(name));
        // `zen4` is no near spelling of `znver4`, but a part of "AMD Zen 4".
        let plain =
            |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let wanted = plain(name);
        let described = Target::ALL.into_iter().map(Target::processor).find(|processor| {
            known.contains(&processor.cpu) && wanted.len() >= 3 && plain(processor.description).contains(&wanted)
        });
        let is_other_gpu = GpuTarget::from_cpu(name).is_some() && !known.is_empty();
        let help = match described {
            None if is_other_gpu => "it is a GPU, which another model predicts".to_owned(),
            Some(processor) => format!("did you mean `{}` ({})?", processor.cpu, processor.description),
            None => did_you_mean(name, known),
        };
        Self { message, help }
    }
}

/// Names of the targets of some outputs without duplicates, in their order.
#[must_use]
pub fn names(outputs: &[Output], of: impl Fn(&Output) -> bool) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for output in outputs.iter().filter(|output| of(output)) {
        if !names.contains(&output.target.as_str()) {
            names.push(&output.target);
        }
    }
    names
}

/// Index of the output of one target and quantity. Without a target the first of the model, without a quantity its time.
///
/// # Errors
/// If the model has no such target, or the target no such quantity.
pub fn output_asked(outputs: &[Output], target: Option<&str>, quantity: Option<&str>) -> Result<usize, UnknownTarget> {
    let all = names(outputs, |_| true);
    let target = match target {
        Some(name) => *all
            .iter()
            .find(|known| **known == name)
            .ok_or_else(|| UnknownTarget::new("target or design", name, &all))?,
        None => all[0],
    };
    let own: Vec<&str> = outputs.iter().filter(|o| o.target == target).map(|o| o.quantity.name()).collect();
    let times = [Quantity::Cycles, Quantity::XpuLatencyCycles, Quantity::GpuRooflineUs];
    let usual = times.into_iter().find(|time| own.contains(&time.name())).unwrap_or(Quantity::Cycles);
    let wanted = quantity.unwrap_or(usual.name());
    let found = outputs.iter().position(|o| o.target == target && o.quantity.name() == wanted);
    found.ok_or_else(|| UnknownTarget {
        message: format!("{target} has no quantity `{}`", shorten(wanted)),
        help: did_you_mean(wanted, &own),
    })
}

/// Why a request names no function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFunction<'a> {
    /// The text has no function of the name; names of all functions.
    Unknown(Vec<&'a str>),
    /// The request names none, and the text has several; their names.
    Several(Vec<&'a str>),
}

/// Index of the function called `wanted` among all functions of a text. Without a name the only one with a body, or the only one;
/// 0 for a text without functions.
///
/// # Errors
/// If there is no such function, or none is named where several could be meant.
pub fn function_asked<'a>(tree: &'a Tree, wanted: Option<&str>) -> Result<usize, NoFunction<'a>> {
    let all: Vec<OpId> = tree.all_functions().map(|function| function.operation).collect();
    let named = |functions: &[OpId]| functions.iter().map(|&f| tree.symbol(f).unwrap_or_default()).collect::<Vec<_>>();
    if let Some(wanted) = wanted {
        let names = named(&all);
        return names.iter().position(|name| *name == wanted).ok_or(NoFunction::Unknown(names));
    }
    let with_body: Vec<OpId> = tree.functions().collect();
    let candidates = if with_body.is_empty() { &all } else { &with_body };
    match candidates[..] {
        [] => Ok(0),
        [one] => Ok(all.iter().position(|&function| function == one).unwrap_or(0)),
        _ => Err(NoFunction::Several(named(candidates))),
    }
}
