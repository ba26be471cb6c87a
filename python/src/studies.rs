//! Simulation, price, comparison, reproduction, and the values of designs and models.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use designs::presets::{self, Preset};
use designs::show;
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sim::timeline::MAX_SPANS;
use sim::{Effect, PerEffect, Prepared, Routing, TraceError};
use study::simulation::{Contexts, RoutingSource};
use study::{comparison, price, reproduction, simulation};

use crate::faults::Fault;
use crate::options::Options;
use crate::sources::{Sources, overrides};
use crate::{check_signals_or_unwind, outside};

/// Most tokens of a timeline.
const MAX_TRACE_TOKENS: u64 = 1_000_000;

/// The JSON that the command prints for a value.
pub fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::request(format!("the result: {error}")))
}

/// An option as values, or as the text that the command takes.
enum Given<T> {
    Values(T),
    Text(String),
}

impl<T: DeserializeOwned> Given<T> {
    fn take(options: &mut Options, key: &str) -> Result<Option<Self>, Fault> {
        Ok(match options.take(key)? {
            None => None,
            Some(serde_json::Value::String(text)) => Some(Self::Text(text)),
            Some(value) => {
                let refuse = |error| Fault::request(format!("{key}: {error}"));
                Some(Self::Values(serde_json::from_value(value).map_err(refuse)?))
            }
        })
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|error| Fault::request(format!("{name}: {error}")))
}

/// A timeline that is asked for.
#[derive(Deserialize)]
struct Timeline {
    file: PathBuf,
    tokens: u64,
    spans: u64,
}

impl Timeline {
    fn write(&self, prepared: &Prepared<'_>) -> Result<(), Fault> {
        let refuse = |error: TraceError| Fault::request(format!("cannot write `{}`: {error}", self.file.display()));
        let bounded = |name, value, most| {
            let message = format!("{name} is {value}; it must be at least 1 and at most {most}");
            if (1..=most).contains(&value) { Ok(()) } else { Err(Fault::request(message)) }
        };
        bounded("trace_tokens", self.tokens, MAX_TRACE_TOKENS)?;
        bounded("trace_spans", self.spans, MAX_SPANS)?;
        prepared.traceable().map_err(|error| Fault::request(error.to_string()))?;
        files::replace(&self.file, |out| prepared.trace(self.tokens, self.spans, out).map(drop)).map_err(refuse)
    }
}

/// Simulates a model on a design. `options` are those of `hardwire simulate` as JSON, `texts` files by name.
#[pyfunction]
pub fn simulate(
    py: Python<'_>,
    design: String,
    changes: Vec<String>,
    options: &str,
    texts: BTreeMap<String, String>,
) -> PyResult<String> {
    outside(py, || {
        let mut question = simulation::Question::new(design);
        question.overrides = overrides(&changes)?;
        let mut o = Options::parse(options)?;
        o.set_some("model", &mut question.model)?;
        o.set_some("node", &mut question.node)?;
        o.set_name("weights", &mut question.weights)?;
        o.set_name("area", &mut question.area)?;
        let context = Given::<Vec<u64>>::take(&mut o, "context")?;
        let routing = Given::<Vec<Vec<u64>>>::take(&mut o, "routing")?;
        o.set_some("sequences", &mut question.sequences)?;
        o.set_name("phase", &mut question.phase)?;
        o.set_name("discipline", &mut question.discipline)?;
        o.set_name("fidelity", &mut question.fidelity)?;
        if let Some(effects) = o.take::<Vec<Effect>>("effects")? {
            question.effects = PerEffect::from_fn(|effect| effects.contains(&effect));
        }
        o.set("allow_beyond_model_context", &mut question.allow_beyond_model_context)?;
        o.set("seed", &mut question.seed)?;
        o.set_some("precision", &mut question.stop.precision)?;
        o.set_some("max_tokens", &mut question.stop.max_tokens)?;
        o.set_some("layers", &mut question.layers)?;
        o.set("measured", &mut question.measured)?;
        let explained = o.take("explain")?.unwrap_or(false);
        let with_causes = o.take("causes")?.unwrap_or(false);
        let timeline: Option<Timeline> = o.take("trace")?;
        o.finish()?;
        let sources = Sources::new(texts);
        let loader = |name: &str| sources.text(name);
        if let Some(context) = context {
            question.contexts = match context {
                Given::Values(contexts) if contexts.is_empty() => {
                    return Err(Fault::request("context is empty; it must have at least one length"));
                }
                Given::Values(contexts) => contexts,
                Given::Text(text) => parsed::<Contexts>("context", &text)?.read(&loader)?,
            };
        }
        if let Some(routing) = routing {
            question.routing = match routing {
                Given::Values(rows) => Routing::Counts { rows },
                Given::Text(text) => parsed::<RoutingSource>("routing", &text)?.read(&loader)?,
            };
        }
        let case = simulation::Case::load(&question, &loader)?;
        let prepared = case.prepare()?;
        if let Some(timeline) = timeline {
            timeline.write(&prepared)?;
        }
        let run = prepared.run_with(&mut |_, _| check_signals_or_unwind());
        let causes = match with_causes {
            true => Some(case.causes(&run, &mut |_, _, _| check_signals_or_unwind())?),
            false => None,
        };
        let mut answer = case.answer(&prepared, run, explained, &loader);
        answer.causes = causes;
        json(&answer)
    })
}

/// Prices a design. `options` are those of `hardwire estimate` as JSON.
#[pyfunction]
pub fn estimate(
    py: Python<'_>,
    design: String,
    changes: Vec<String>,
    options: &str,
    texts: BTreeMap<String, String>,
) -> PyResult<String> {
    outside(py, || {
        let mut question = price::Question::new(design);
        question.overrides = overrides(&changes)?;
        let mut o = Options::parse(options)?;
        o.set_some("model", &mut question.model)?;
        o.set_some("node", &mut question.node)?;
        o.set_some("mask_stack", &mut question.mask_stack)?;
        o.set("embedding", &mut question.embedding)?;
        o.set_name("area", &mut question.area)?;
        o.set_name("weights", &mut question.weights)?;
        o.set("systems", &mut question.systems)?;
        o.set("years", &mut question.years)?;
        o.set("respins_per_year", &mut question.respins_per_year)?;
        question.yield_model = o.name("yield_model")?;
        o.set_name("discipline", &mut question.discipline)?;
        o.set_some("economics", &mut question.economics)?;
        o.set_some("monte_carlo", &mut question.monte_carlo)?;
        o.set("seed", &mut question.seed)?;
        o.set("against", &mut question.against)?;
        o.set("allow_unconfirmed", &mut question.allow_unconfirmed)?;
        o.finish()?;
        let sources = Sources::new(texts);
        json(&price::answer(&question, &|name| sources.text(name))?)
    })
}

/// Compares designs. `options` are those of `hardwire compare` as JSON.
#[pyfunction]
pub fn compare(
    py: Python<'_>,
    designs: Vec<String>,
    options: &str,
    texts: BTreeMap<String, String>,
) -> PyResult<String> {
    outside(py, || {
        let mut o = Options::parse(options)?;
        let mut terms = comparison::Terms::usual();
        o.set("input", &mut terms.input_tokens)?;
        o.set("output", &mut terms.output_tokens)?;
        o.set("per_user", &mut terms.per_user_tokens_per_s)?;
        o.set("systems", &mut terms.systems)?;
        o.set_name("discipline", &mut terms.discipline)?;
        let model: Option<String> = o.take("model")?;
        let chosen: Vec<String> = o.take("metrics")?.unwrap_or_default();
        o.finish()?;
        let sources = Sources::new(texts);
        let loader = |name: &str| sources.text(name);
        let metrics = comparison::chosen(&chosen)?;
        let subjects = comparison::read(&designs, &loader)?;
        let model = comparison::model(&subjects, model.as_deref(), &loader)?;
        let table = comparison::compare(&subjects, &model, &terms, &loader)?;
        json(&comparison::Answer::new(table, &metrics))
    })
}

/// Sets the published machine beside its published figures.
#[pyfunction]
pub fn reproduce(py: Python<'_>, design: String) -> PyResult<String> {
    outside(py, || {
        let sources = Sources::new(BTreeMap::new());
        let loader = |name: &str| sources.text(name);
        let design = designs::load::design(&design, &[], &loader)?;
        let model = designs::load::model(&design.model, &loader)?;
        json(&reproduction::hnlpu(&design, &model)?)
    })
}

/// Every value of a design with changes: path, value, provenance, documentation.
#[pyfunction]
pub fn design_lines(
    py: Python<'_>,
    design: String,
    changes: Vec<String>,
    texts: BTreeMap<String, String>,
) -> PyResult<String> {
    outside(py, || {
        let sources = Sources::new(texts);
        let overrides = overrides(&changes)?;
        json(&show::design(&designs::load::design(&design, &overrides, &|name| sources.text(name))?))
    })
}

/// The text of a model and its values.
#[pyfunction]
pub fn model_lines(py: Python<'_>, model: String, texts: BTreeMap<String, String>) -> PyResult<(String, String)> {
    outside(py, || {
        let sources = Sources::new(texts);
        let lines = json(&show::model(&designs::load::model(&model, &|name| sources.text(name))?))?;
        let preset = presets::models().iter().find(|preset| preset.name == model);
        let text = match preset {
            Some(preset) => preset.text.to_owned(),
            None => {
                sources.text(&model).map_err(|reason| Fault::request(format!("cannot read `{model}`: {reason}")))?
            }
        };
        Ok((text, lines))
    })
}

/// Kind, name and summary of every preset.
#[pyfunction]
pub fn all_presets() -> Vec<(&'static str, &'static str, &'static str)> {
    let of = |kind, presets: &'static [Preset]| presets.iter().map(move |p| (kind, p.name, p.summary));
    of("design", presets::designs())
        .chain(of("node", presets::nodes()))
        .chain(of("model", presets::models()))
        .chain(of("economics", presets::economics()))
        .chain(of("masks", presets::mask_stacks()))
        .chain(of("against", presets::comparisons()))
        .chain(of("memory", presets::memories()))
        .collect()
}
