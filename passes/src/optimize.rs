//! A search with the predictor as scorer, and with LLVM's back end as judge of the best candidates on request.

use costmodel::predictor::{Predictor, Reply};
use costmodel::quantity::{Output, Quantity};
use ir::mlir::bridge::{Bridge, Diagnostic, Form, Limits, ParseOptions, print};

use crate::boundary::{Callbacks, Score, Scorer, passed_over, search, target};
use crate::decision::Decision;
use crate::measure::Measurer;
use crate::terms::{Measure, Message, Optimized, Options, PassError, Question, Schedule};

/// Decides about the nests of a module's functions and transforms it. What has no affine nests passes through.
///
/// # Errors
/// The text does not parse or verify; an option is malformed; the model does not predict the output; candidates are to be
/// measured and LLVM cannot do that.
pub fn optimize(text: &str, options: &Options, question: Question<'_>) -> Result<Optimized, PassError> {
    let Question { predictor, output, expired, measurer } = question;
    let at = position(predictor, output)?;
    let spills = Output { target: output.target.clone(), quantity: Quantity::Spills };
    let spills = predictor.outputs().iter().position(|known| *known == spills);
    let bridge = Bridge::new();
    let mut module = bridge.parse(text, READ).map_err(messages)?;
    if options.lower_linalg {
        bridge
            .run_passes(&mut module, "builtin.module(func.func(convert-linalg-to-affine-loops))")
            .map_err(messages)?;
    }
    let mut labels = match (options.verify, &measurer) {
        (1.., None) => Some(Measurer::new(output)?),
        _ => None,
    };
    let measurer = measurer.or(labels.as_mut().map(|labels| labels as &mut dyn Measure));
    let mut measure = measurer.map(|measurer| move |texts: &[String]| measured(measurer, texts));
    let mut score = |texts: &[String]| scores(predictor, at, spills, texts);
    let measurer = match &mut measure {
        Some(measure) if options.verify > 0 => Some(measure as &mut Scorer<'_>),
        _ => None,
    };
    let mut callbacks = Callbacks { scorer: &mut score, measurer, expired };
    let report =
        search(&mut module, options, output.quantity.is_of_design(), &mut callbacks).map_err(PassError::Option)?;
    let Report { decisions, schedule } = serde_json::from_str(&report).expect("the core writes decisions");
    let passed_over = passed_over(&module);
    Ok(Optimized { text: print(&module, Form::Custom).map_err(messages)?, decisions, passed_over, schedule })
}

fn measured(measurer: &mut dyn Measure, texts: &[String]) -> Vec<Score> {
    let score = |found: Result<crate::terms::Cost, String>| match found {
        Ok(one) => Score { cost: Ok([one.cost; 3]), ratio: None, novelty: 0.0, spills: Some(f64::from(one.spills)) },
        Err(why) => Score { cost: Err(why), ratio: None, novelty: 0.0, spills: None },
    };
    measurer.measure(texts).into_iter().map(score).collect()
}

/// What the core writes.
#[derive(serde::Deserialize)]
struct Report {
    decisions: Vec<Decision>,
    schedule: Option<Schedule>,
}

/// The processor that a module's attributes name.
///
/// # Errors
/// The text does not parse or verify.
pub fn target_of(text: &str) -> Result<Option<String>, PassError> {
    let bridge = Bridge::new();
    let module = bridge.parse(text, READ).map_err(messages)?;
    Ok(target(&module))
}

/// Operations of other dialects pass through, if they are in generic form.
pub(crate) const READ: ParseOptions =
    ParseOptions { allow_unregistered: true, limits: Limits { bytes: ir::text::MAX_TEXT_BYTES, depth: 256 } };

/// Upstream's messages as an error.
pub(crate) fn messages(diagnostics: Vec<Diagnostic>) -> PassError {
    let message = |one: Diagnostic| Message { text: one.message, place: one.place };
    PassError::Text(diagnostics.into_iter().map(message).collect())
}

/// The place of an output among the estimates of a reply.
fn position(predictor: &Predictor, output: &Output) -> Result<usize, PassError> {
    let found = predictor.outputs().iter().position(|known| known == output);
    found.ok_or_else(|| PassError::NotPredicted(output.clone()))
}

/// One query for all texts, each of one function; the first one is the original.
fn scores(predictor: &Predictor, at: usize, spills: Option<usize>, texts: &[String]) -> Vec<Score> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let answers = predictor.predict_batch(&texts, 1);
    let original = answers.first().and_then(|answer| answer.as_ref().ok()?.replies.first());
    let ratio = |reply: &Reply| {
        let compared = predictor.ratios(reply, original?).into_iter().find(|compared| compared.output == at)?;
        let ratio = compared.ratio?;
        ratio.interval.map(|(low, high)| [ratio.value, low, high])
    };
    let score = |reply: &Reply| {
        let cost = reply.estimates[at].map(|estimate| [estimate.value, estimate.low, estimate.high]);
        let why = || {
            // Places and names of values are those of the nest's copy, not of the user's text.
            let reasons = reply.reasons.iter().map(|reason| match &reason.place {
                Some(place) => format!("{}: {}", place.operation, reason.kind.message()),
                None => reason.kind.message().to_owned(),
            });
            reasons.collect::<Vec<_>>().join("; ")
        };
        let spills = spills.and_then(|spills| reply.estimates[spills]);
        let spills = spills.map(|estimate| Quantity::Spills.counted(estimate.value));
        Score { cost: cost.ok_or_else(why), ratio: ratio(reply), novelty: reply.ood_score, spills }
    };
    let unread = |why: String| Score { cost: Err(why), ratio: None, novelty: 0.0, spills: None };
    answers
        .iter()
        .map(|answer| match answer {
            Ok(answer) => answer.replies.first().map_or_else(|| unread("no function".to_owned()), score),
            Err(refusal) => unread(refusal.to_string()),
        })
        .collect()
}
