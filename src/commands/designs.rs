//! `hardwire designs list|show|check|init|schema`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use designs::file::{Written, json_schema};
use designs::presets::{self, Preset};
use designs::problem::{nearest, shorten};
use designs::show::{self, Line};
use reports::{Align, Table};
use serde::Serialize;

use crate::cli::{self, DesignsAction, Format, ShowFormat, TableFormat};
use crate::diagnostics::Failure;
use crate::{input, output};
use files::replace;

/// Runs the command.
pub fn run(arguments: &cli::Designs) -> Result<ExitCode, Failure> {
    match &arguments.action {
        DesignsAction::List { format } => list(*format)?,
        DesignsAction::Show { name, tensors, set, format } => show(name, tensors.as_deref(), set, *format)?,
        DesignsAction::Init { like, out } => init(like, out.as_deref())?,
        DesignsAction::Schema { kind } => output::raw(&json_schema(*kind))?,
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
        .chain(of("memory", presets::memories()))
        .collect()
}

fn list(format: TableFormat) -> Result<(), Failure> {
    let all = all();
    match format {
        TableFormat::Json => return output::json(&all),
        TableFormat::Csv => return output::csv(&all),
        TableFormat::Table => {}
    }
    let mut table = Table::new(&[("kind", Align::Left), ("name", Align::Left), ("summary", Align::Left)]);
    all.iter().for_each(|l| table.row([l.kind, l.name, l.summary]));
    output::text(&table.render())
}

/// Kinds written as a prefix with a colon, because their names are also those of designs or nodes.
const PREFIXED: [&str; 4] = ["economics", "masks", "against", "memory"];

/// Kind and bare name of `economics:hnlpu`, `masks:n5`, `against:h100`, `memory:hbm3`.
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

/// What a name or path refers to.
enum Loaded {
    Design(Box<designs::Design>),
    Node(designs::ProcessNode),
    Economics(Box<designs::Economics>),
    Masks(designs::MaskStack),
    Against(Box<designs::Comparison>),
    Memory(Box<designs::Dram>),
    Model(designs::Model),
    Checkpoint(designs::huggingface::Checkpoint),
}

impl Loaded {
    fn lines(&self) -> Vec<Line> {
        match self {
            Self::Design(design) => show::design(design),
            Self::Node(node) => show::node(node),
            Self::Economics(economics) => show::economics(economics),
            Self::Masks(stack) => show::mask_stack(stack),
            Self::Against(machine) => show::comparison(machine),
            Self::Memory(memory) => show::memory(memory),
            Self::Model(model) => show::model(model),
            Self::Checkpoint(checkpoint) => show::checkpoint(checkpoint),
        }
    }

    /// What is read from a TOML file.
    fn written(&self) -> Option<&dyn Written> {
        Some(match self {
            Self::Design(design) => &**design,
            Self::Node(node) => node,
            Self::Economics(economics) => &**economics,
            Self::Masks(stack) => stack,
            Self::Against(machine) => &**machine,
            Self::Memory(memory) => &**memory,
            Self::Model(_) | Self::Checkpoint(_) => return None,
        })
    }
}

/// Loads the preset or file `name`, with its kind.
fn load(name: &str, set: &[String]) -> Result<(&'static str, Loaded), Failure> {
    let overrides = input::overrides(set)?;
    if let Some((kind, bare)) = prefixed(name) {
        if !matches!(kind, "economics" | "memory") && !overrides.is_empty() {
            return Err(Failure::Request(format!(
                "--set changes designs, economics and memories, and {name} is none of them"
            )));
        }
        let loaded = match kind {
            "economics" => Loaded::Economics(Box::new(designs::load::economics(bare, &overrides, &input::read)?)),
            "memory" => Loaded::Memory(Box::new(designs::load::memory(bare, &overrides, &input::read)?)),
            "masks" => Loaded::Masks(designs::load::mask_stack(bare, &input::read)?),
            _ => Loaded::Against(Box::new(designs::load::comparison(bare, &input::read)?)),
        };
        return Ok((kind, loaded));
    }
    let kind = kind_of(name);
    if kind == "design" {
        known_or_path(name)?;
    }
    if kind != "design" && !overrides.is_empty() {
        return Err(Failure::Request(format!("--set changes designs, and {name} is a {kind}")));
    }
    let loaded = match kind {
        "node" => Loaded::Node(designs::load::node(name, &input::read)?),
        "checkpoint" => Loaded::Checkpoint(input::checkpoint(name)?),
        "model" => Loaded::Model(input::model(name)?),
        _ => Loaded::Design(Box::new(input::design(name, &overrides)?)),
    };
    Ok((kind, loaded))
}

/// The name of what a file extends: a path as seen from the folder of the file.
fn base_of(like: &str, out: Option<&Path>) -> Result<String, Failure> {
    let base = prefixed(like).map_or(like, |(_, bare)| bare);
    let here = out.and_then(Path::parent).is_none_or(|folder| folder.as_os_str().is_empty());
    if here || !base.ends_with(".toml") {
        return Ok(base.to_owned());
    }
    let absolute = std::path::absolute(base).map_err(|error| Failure::Request(format!("`{base}`: {error}")))?;
    Ok(absolute.to_string_lossy().into_owned())
}

fn init(like: &str, out: Option<&Path>) -> Result<(), Failure> {
    let (kind, loaded) = load(like, &[])?;
    let Some(written) = loaded.written() else {
        return Err(Failure::Request(format!(
            "{like} is a {kind}, whose file is the publisher's; a design names it as `model`"
        )));
    };
    let text = written.template(&base_of(like, out)?);
    let Some(path) = out else { return output::raw(&text) };
    if path.symlink_metadata().is_ok() {
        let path = path.display();
        return Err(Failure::Request(format!(
            "`{path}` exists
  help: give another file, or remove it"
        )));
    }
    replace::<std::io::Error>(path, |file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::File { path: path.display().to_string(), error })
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

fn show(name: &str, tensors: Option<&str>, set: &[String], format: ShowFormat) -> Result<(), Failure> {
    let found = folder(name);
    let (name, tensors) = match &found {
        Some((config, own)) => (config.as_str(), tensors.or(own.as_deref())),
        None => (name, tensors),
    };
    let (kind, loaded) = load(name, set)?;
    let mut values = loaded.lines();
    match tensors {
        Some(tensors) if kind == "model" => values.extend(agreement(name, tensors)?),
        Some(_) => return Err(Failure::Request(format!("--tensors belongs to a model, and {name} is a {kind}"))),
        None => {}
    }
    match format {
        ShowFormat::Json => return output::json(&Shown { kind, name, values }),
        ShowFormat::Csv => return output::csv(&values),
        ShowFormat::Toml => {
            let Some(written) = loaded.written() else {
                return Err(Failure::Request(format!(
                    "{name} is a {kind}, and only designs, nodes, economics, masks, machines and memories are TOML files"
                )));
            };
            return output::raw(&written.toml());
        }
        ShowFormat::Table => {}
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
    let (kind, loaded) = load(name, set)?;
    let checked = Checked { kind, name, ok: true, values: loaded.lines().len() };
    if format == Format::Json {
        return output::json(&checked);
    }
    output::text(&format!("{kind} {name}: {} values, no problems\n", checked.values))
}
