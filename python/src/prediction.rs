//! The predictor.

use costmodel::predictor::{self, Answer, Assumptions, Refusal, Settings};
use costmodel::rows::{Explained, NoFunction, Wanted, compared, function_asked, output_asked, rows};
use costmodel::shipped::{CostModel, MAX_BYTES, checksum, embedded, embedded_for_gpus};
use names::suggest::did_you_mean;
use pyo3::prelude::*;

use crate::faults::Fault;
use crate::options::Options;
use crate::outside;
use crate::studies::json;

/// Name of a text in messages.
const NAME: &str = "<text>";
/// Most threads of a batch.
const MAX_THREADS: usize = 256;

/// A cost model that answers; threads may share it.
#[pyclass(frozen)]
pub struct Predictor {
    predictor: predictor::Predictor,
    checksum: String,
}

/// Targets, designs and assumptions of a call.
struct Asked {
    wanted: Wanted,
    assumptions: Assumptions,
}

#[pymethods]
impl Predictor {
    /// Loads the model file `file`; an embedded model without one. `options` is JSON: `provider` (what answers), `kept` (most
    /// answers in the cache) and `gpus` (whether the embedded model is that of GPUs).
    #[new]
    fn new(py: Python<'_>, file: Option<std::path::PathBuf>, options: &str) -> PyResult<Self> {
        outside(py, || {
            let mut settings = Settings::default();
            let mut o = Options::parse(options)?;
            o.set_name("provider", &mut settings.choice)?;
            o.set("kept", &mut settings.kept)?;
            let mut gpus = false;
            o.set("gpus", &mut gpus)?;
            o.finish()?;
            let (model, checksum) = model(file.as_deref(), gpus)?;
            Ok(Self { predictor: predictor::Predictor::new(model, settings), checksum })
        })
    }

    /// Name and version of the model, and the checksum of its file.
    fn version(&self) -> (String, &str) {
        (self.predictor.model().card.version(), &self.checksum)
    }

    /// Target, quantity, unit and whether the target is a design, of every output.
    fn outputs(&self) -> Vec<(&str, &'static str, &'static str, bool)> {
        let line =
            |o: &'_ costmodel::quantity::Output| (o.quantity.name(), o.quantity.unit(), o.quantity.is_of_design());
        let all = self.predictor.outputs().iter();
        all.map(|o| {
            let (name, unit, of_design) = line(o);
            (o.target.as_str(), name, unit, of_design)
        })
        .collect()
    }

    /// The rows of one text, as `hardwire predict --format json` prints them. `options`: `targets`, `designs`, `assume`.
    fn predict(&self, py: Python<'_>, text: &str, options: &str) -> PyResult<String> {
        outside(py, || {
            let asked = self.asked(options)?;
            let answer = self.predictor.predict_assuming(text, &asked.assumptions);
            self.rows(&answer.map_err(|refusal| Fault::refusal(NAME, text, &refusal))?, &asked.wanted)
        })
    }

    /// The rows of every text, in order: the first refused text is an exception unless `refused` is set; then it is `None`.
    fn predict_batch(
        &self,
        py: Python<'_>,
        texts: Vec<String>,
        threads: usize,
        refused: bool,
        options: &str,
    ) -> PyResult<Vec<Option<String>>> {
        outside(py, || {
            let asked = self.asked(options)?;
            let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
            let threads = threads.clamp(1, MAX_THREADS);
            let answers = self.predictor.predict_batch_assuming(&borrowed, threads, &asked.assumptions);
            let row = |(index, answer): (usize, Result<Answer, std::sync::Arc<Refusal>>)| match answer {
                Ok(answer) => self.rows(&answer, &asked.wanted).map(Some),
                Err(_) if refused => Ok(None),
                Err(refusal) => Err(Fault::refusal(&format!("<text {index}>"), &texts[index], &refusal)),
            };
            answers.into_iter().enumerate().map(row).collect()
        })
    }

    /// The ratios of the functions of two texts, as `hardwire predict --compare --format json` prints them. `options`: as for
    /// `predict`.
    fn compare(&self, py: Python<'_>, first: &str, second: &str, options: &str) -> PyResult<String> {
        outside(py, || {
            let asked = self.asked(options)?;
            let answer = |name: &str, text: &str| {
                let answer = self.predictor.predict_assuming(text, &asked.assumptions);
                answer.map_err(|refusal| Fault::refusal(name, text, &refusal))
            };
            let answers = [answer("<first text>", first)?, answer("<second text>", second)?];
            let only = |at: usize| {
                let mut with_body = answers[at].replies.iter().filter(|reply| !reply.is_without_body());
                match (with_body.next(), with_body.next()) {
                    (Some(reply), None) => Ok((None, reply)),
                    _ => Err(Fault::request(format!("the {} text must have one function", ["first", "second"][at]))),
                }
            };
            json(&compared(&self.predictor, &asked.wanted, [only(0)?, only(1)?]))
        })
    }

    /// What each operation adds, as `hardwire explain --format json` prints it. `options`: `function`, `target`, `quantity`,
    /// `assume`.
    fn explain(&self, py: Python<'_>, text: &str, options: &str) -> PyResult<String> {
        outside(py, || {
            let mut o = Options::parse(options)?;
            let (function, target): (Option<String>, Option<String>) = (o.take("function")?, o.take("target")?);
            let quantity: Option<String> = o.take("quantity")?;
            let assumptions = assumptions(&o.take::<Vec<String>>("assume")?.unwrap_or_default())?;
            o.finish()?;
            let at = output_asked(self.predictor.outputs(), target.as_deref(), quantity.as_deref())?;
            let parsed = ir::parse(text, &ir::Limits::default());
            if !parsed.diagnostics.is_empty() {
                return Err(Fault::diagnostics(NAME, text, &parsed.diagnostics));
            }
            let wanted = function.as_deref();
            let function = function_asked(&parsed.tree, wanted);
            let function = function.map_err(|none| no_function(wanted.unwrap_or_default(), none))?;
            let explanation = self.predictor.explain_assuming(text, function, &assumptions);
            let explanation = explanation.map_err(|refusal| Fault::refusal(NAME, text, &refusal))?;
            let output = &self.predictor.outputs()[at];
            let model = &self.predictor.model().card.name;
            json(&Explained::new((NAME, text), (at, output), &explanation, model))
        })
    }
}

impl Predictor {
    fn asked(&self, options: &str) -> Result<Asked, Fault> {
        let mut o = Options::parse(options)?;
        let targets: Vec<String> = o.take("targets")?.unwrap_or_default();
        let designs: Vec<String> = o.take("designs")?.unwrap_or_default();
        let assumptions = assumptions(&o.take::<Vec<String>>("assume")?.unwrap_or_default())?;
        o.finish()?;
        Ok(Asked { wanted: Wanted::settle(self.predictor.outputs(), &targets, &designs)?, assumptions })
    }

    fn rows(&self, answer: &Answer, wanted: &Wanted) -> Result<String, Fault> {
        let name = &self.predictor.model().card.name;
        json(&rows(None, answer, self.predictor.outputs(), wanted, name).collect::<Vec<_>>())
    }
}

fn assumptions(texts: &[String]) -> Result<Assumptions, Fault> {
    let parsed: Result<Vec<predictor::Assumption>, _> = texts.iter().map(|text| text.parse()).collect();
    Ok(parsed?.into_iter().collect())
}

/// The model of a file, or an embedded one, with its checksum.
fn model(file: Option<&std::path::Path>, gpus: bool) -> Result<(CostModel, String), Fault> {
    let Some(path) = file else {
        let (model, bytes) = if gpus {
            (CostModel::shipped_for_gpus(), embedded_for_gpus())
        } else {
            (CostModel::shipped(), embedded())
        };
        return Ok((model.map_err(|e| Fault::request(format!("the shipped model: {e}")))?, checksum(bytes)));
    };
    if gpus {
        return Err(Fault::request(
            "`gpus` chooses between the built-in models; leave it out with a model file".to_owned(),
        ));
    }
    let refuse = |why: String| Fault::request(format!("{}: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|e| refuse(e.to_string()))?.len();
    if size > MAX_BYTES {
        return Err(refuse(format!("the file has {size} bytes; at most {MAX_BYTES} are read")));
    }
    let bytes = std::fs::read(path).map_err(|e| refuse(e.to_string()))?;
    let model = CostModel::from_bytes(&bytes).map_err(|e| refuse(e.to_string()))?;
    Ok((model, checksum(&bytes)))
}

/// A request that names no function.
fn no_function(wanted: &str, none: NoFunction<'_>) -> Fault {
    let (message, names) = match none {
        NoFunction::Unknown(names) => (format!("the text has no function `{wanted}`"), names),
        NoFunction::Several(names) => ("the text has several functions: name one".to_owned(), names),
    };
    Fault::Request(message, Some(did_you_mean(wanted, &names)))
}
