//! `hardwire designs list|show|check`.

use std::process::ExitCode;

use designs::presets::{self, Preset};
use designs::problem::{nearest, shorten};
use designs::show::{self, Line};
use reports::{Align, Table};
use serde::Serialize;

use crate::cli::{self, DesignsAction, Format};
use crate::diagnostics::Failure;
use crate::{input, output};

/// Runs the command.
pub fn run(arguments: &cli::Designs) -> Result<ExitCode, Failure> {
    match &arguments.action {
        DesignsAction::List { format } => list(*format)?,
        DesignsAction::Show { name, tensors, set, format } => show(name, tensors.as_deref(), set, *format)?,
        DesignsAction::Check { name, set, format } => check(name, set, *format)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Listed {
    kind: &'static str,
    name: &'static str,
    summary: &'static str,
}

/// All presets.
fn all() -> Vec<Listed> {
    let of = |kind, presets: &'static [Preset]| {
        presets.iter().map(move |p| Listed { kind, name: p.name, summary: p.summary })
    };
    of("design", presets::designs())
        .chain(of("node", presets::nodes()))
        .chain(of("model", presets::models()))
        .chain(of("economics", presets::economics()))
        .chain(of("masks", presets::mask_stacks()))
        .chain(of("against", presets::comparisons()))
        .collect()
}

fn list(format: Format) -> Result<(), Failure> {
    let all = all();
    if format == Format::Json {
        return output::json(&all);
    }
    let mut table = Table::new(&[("kind", Align::Left), ("name", Align::Left), ("summary", Align::Left)]);
    all.iter().for_each(|l| table.row([l.kind, l.name, l.summary]));
    output::text(&table.render())
}

/// Kinds written as a prefix with a colon, because their names are also those of designs or nodes.
const PREFIXED: [&str; 3] = ["economics", "masks", "against"];

/// Kind and bare name of `economics:hnlpu`, `masks:n5`, `against:h100`.
fn prefixed(name: &str) -> Option<(&'static str, &str)> {
    let (kind, bare) = name.split_once(':')?;
    PREFIXED.into_iter().find(|known| *known == kind).map(|kind| (kind, bare))
}

/// Kind of the preset or file that a name or path refers to.
fn kind_of(name: &str) -> &'static str {
    let is = |presets: &[Preset]| presets.iter().any(|p| p.name == name);
    match name {
        _ if is(presets::nodes()) => "node",
        _ if is_checkpoint(name) => "checkpoint",
        _ if is(presets::models()) || name.ends_with(".json") => "model",
        _ => "design",
    }
}

/// Refuses a name that is neither a preset nor written as a path, with the nearest name of any kind.
fn known_or_path(name: &str) -> Result<(), Failure> {
    let all = all();
    let path = name.contains(['/', '\\']) || [".toml", ".json", ".safetensors"].iter().any(|end| name.ends_with(end));
    if path || all.iter().any(|known| known.kind == "design" && known.name == name) {
        return Ok(());
    }
    let shown = |known: &Listed| match PREFIXED.contains(&known.kind) {
        true => format!("{}:{}", known.kind, known.name),
        false => known.name.to_owned(),
    };
    let near = nearest(name, all.iter().map(|known| known.name));
    // Names of designs, nodes and models need no prefix, and are meant first.
    let (prefixed, bare): (Vec<&Listed>, Vec<&Listed>) =
        all.iter().filter(|known| Some(known.name) == near).partition(|known| PREFIXED.contains(&known.kind));
    let of_name: Vec<String> = if bare.is_empty() { prefixed } else { bare }.into_iter().map(shown).collect();
    let help = match near {
        Some(_) => format!("did you mean `{}`?", of_name.join("` or `")),
        None => "`hardwire designs list` names them".to_owned(),
    };
    Err(Failure::Request(format!(
        "there is no preset `{}`\n  help: {help}; a file is given as a path that ends in .toml or .json",
        shorten(name)
    )))
}

/// Loads the preset or file `name` and lists its values.
fn lines(name: &str, set: &[String]) -> Result<(&'static str, Vec<Line>), Failure> {
    let overrides = input::overrides(set)?;
    if let Some((kind, bare)) = prefixed(name) {
        if kind != "economics" && !overrides.is_empty() {
            return Err(Failure::Request(format!("--set changes designs and economics, and {name} is neither")));
        }
        let lines = match kind {
            "economics" => show::economics(&designs::load::economics(bare, &overrides, &input::read)?),
            "masks" => show::mask_stack(&designs::load::mask_stack(bare, &input::read)?),
            _ => show::comparison(&designs::load::comparison(bare, &input::read)?),
        };
        return Ok((kind, lines));
    }
    let kind = kind_of(name);
    if kind == "design" {
        known_or_path(name)?;
    }
    if kind != "design" && !overrides.is_empty() {
        return Err(Failure::Request(format!("--set changes designs, and {name} is a {kind}")));
    }
    let lines = match kind {
        "node" => show::node(&designs::load::node(name, &input::read)?),
        "checkpoint" => show::checkpoint(&input::checkpoint(name)?),
        "model" => show::model(&input::model(name)?),
        _ => show::design(&input::design(name, &overrides)?),
    };
    Ok((kind, lines))
}

#[derive(Serialize)]
struct Shown<'a> {
    kind: &'static str,
    name: &'a str,
    values: Vec<Line>,
}

/// Whether a path is that of a checkpoint.
fn is_checkpoint(name: &str) -> bool {
    name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json")
}

/// Config and checkpoint in the folder `name`; `None` where it is no folder.
fn folder(name: &str) -> Option<(String, Option<String>)> {
    let folder = std::path::Path::new(name);
    if !folder.is_dir() {
        return None;
    }
    let path = |file: &str| folder.join(file).to_string_lossy().into_owned();
    let tensors = ["model.safetensors", "model.safetensors.index.json"].map(path);
    Some((path("config.json"), tensors.into_iter().find(|path| std::path::Path::new(path).is_file())))
}

/// What a model and its checkpoint agree in.
fn agreement(name: &str, tensors: &str) -> Result<Vec<Line>, Failure> {
    let agreement = input::checkpoint(tensors)?.compare(&input::model(name)?);
    if agreement.differences.is_empty() {
        return Ok(show::agreement(&agreement));
    }
    let differences = agreement.differences.join("\n  ");
    Err(Failure::Request(format!("{name} and {tensors} disagree\n  {differences}")))
}

fn show(name: &str, tensors: Option<&str>, set: &[String], format: Format) -> Result<(), Failure> {
    let found = folder(name);
    let (name, tensors) = match &found {
        Some((config, own)) => (config.as_str(), tensors.or(own.as_deref())),
        None => (name, tensors),
    };
    let (kind, mut values) = lines(name, set)?;
    match tensors {
        Some(tensors) if kind == "model" => values.extend(agreement(name, tensors)?),
        Some(_) => return Err(Failure::Request(format!("--tensors belongs to a model, and {name} is a {kind}"))),
        None => {}
    }
    if format == Format::Json {
        return output::json(&Shown { kind, name, values });
    }
    let mut table = Table::new(&[
        ("value", Align::Left),
        ("is", Align::Left),
        ("grade", Align::Left),
        ("year", Align::Left),
        ("source", Align::Left),
    ]);
    for line in &values {
        let provenance = line.provenance.as_ref();
        let grade = provenance.map(|p| p.grade.to_string());
        table.row([
            line.path.clone(),
            line.value.clone(),
            grade.unwrap_or_default(),
            provenance.and_then(|p| p.year).map_or(String::new(), |y| y.to_string()),
            provenance.map_or(String::new(), |p| p.source.clone()),
        ]);
    }
    output::text(&table.render())
}

#[derive(Serialize)]
struct Checked<'a> {
    kind: &'static str,
    name: &'a str,
    ok: bool,
    values: usize,
}

fn check(name: &str, set: &[String], format: Format) -> Result<(), Failure> {
    let (kind, values) = lines(name, set)?;
    let checked = Checked { kind, name, ok: true, values: values.len() };
    if format == Format::Json {
        return output::json(&checked);
    }
    output::text(&format!("{kind} {name}: {} values, no problems\n", checked.values))
}
