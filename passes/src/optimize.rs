//! A search with the predictor as scorer, and with LLVM's back end as judge of the best candidates on request.

use costmodel::predictor::{Predictor, Reply};
use costmodel::quantity::{Output, Quantity};
use ir::labels::{Batch, Job, Labels, Outcome, Settings, Target};
use ir::mlir::bridge::{Bridge, Diagnostic, Form, ParseOptions, print};
use ir::mlir::codegen::Labeller;

use crate::boundary::{Callbacks, Score, search, target};
use crate::decision::Decision;
use crate::terms::{Optimized, Options, PassError, Question};

/// Decides about the nests of a module's functions and transforms it. What has no affine nests passes through.
///
/// # Errors
/// The text does not parse or verify; an option is malformed; the model does not predict the output; candidates are to be
/// measured and LLVM cannot do that.
pub fn optimize(text: &str, options: &Options, question: Question<'_>) -> Result<Optimized, PassError> {
    let Question { predictor, output, expired } = question;
    let at = position(predictor, output)?;
    let spills = Output { target: output.target.clone(), quantity: Quantity::Spills };
    let spills = predictor.outputs().iter().position(|known| *known == spills);
    let bridge = Bridge::new();
    let mut module = bridge.parse(text, ParseOptions::default()).map_err(messages)?;
    let mut labels = if options.verify > 0 { Some(Measurer::new(output)?) } else { None };
    let mut measure = |texts: &[String]| labels.as_mut().map(|labels| labels.measure(texts)).unwrap_or_default();
    let mut score = |texts: &[String]| scores(predictor, at, spills, texts);
    let mut callbacks =
        Callbacks { scorer: &mut score, measurer: if options.verify > 0 { Some(&mut measure) } else { None }, expired };
    let report = search(&mut module, options, &mut callbacks).map_err(PassError::Option)?;
    let decisions: Vec<Decision> = serde_json::from_str(&report).expect("the core writes decisions");
    Ok(Optimized { text: print(&module, Form::Custom).map_err(messages)?, decisions })
}

/// The processor that a module's attributes name.
///
/// # Errors
/// The text does not parse or verify.
pub fn target_of(text: &str) -> Result<Option<String>, PassError> {
    let bridge = Bridge::new();
    let module = bridge.parse(text, ParseOptions::default()).map_err(messages)?;
    Ok(target(&module))
}

/// Upstream's messages, `LINE:COLUMN: MESSAGE`.
pub(crate) fn messages(diagnostics: Vec<Diagnostic>) -> PassError {
    PassError::Text(diagnostics.iter().map(ToString::to_string).collect())
}

/// The place of an output among the estimates of a reply.
fn position(predictor: &Predictor, output: &Output) -> Result<usize, PassError> {
    let found = predictor.outputs().iter().position(|known| known == output);
    found.ok_or_else(|| PassError::NotPredicted(output.clone()))
}

/// One query for all texts, each of one function.
fn scores(predictor: &Predictor, at: usize, spills: Option<usize>, texts: &[String]) -> Vec<Score> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let answers = predictor.predict_batch(&texts, 1);
    let score = |reply: &Reply| {
        let cost = reply.estimates[at].map(|estimate| [estimate.value, estimate.low, estimate.high]);
        let why = || {
            let reasons = reply.reasons.iter().map(ToString::to_string);
            reasons.collect::<Vec<_>>().join("; ")
        };
        let spills = spills.and_then(|spills| reply.estimates[spills]);
        let spills = spills.map(|estimate| Quantity::Spills.counted(estimate.value));
        Score { cost: cost.ok_or_else(why), novelty: reply.ood_score, spills }
    };
    let unread = |why: String| Score { cost: Err(why), novelty: 0.0, spills: None };
    answers
        .into_iter()
        .map(|answer| match answer {
            Ok(answer) => answer.replies.first().map_or_else(|| unread("no function".to_owned()), score),
            Err(refusal) => unread(refusal.to_string()),
        })
        .collect()
}

/// Measures candidates as labels are made.
struct Measurer {
    labeller: Labeller,
    target: Target,
    quantity: Quantity,
}

impl Measurer {
    fn new(output: &Output) -> Result<Self, PassError> {
        let target = Target::ALL.into_iter().find(|target| target.to_string() == output.target);
        let refuse = |why: &str| PassError::Measure(format!("{output}: {why}"));
        let target = target.ok_or_else(|| refuse("it is no processor that LLVM has a scheduling model for"))?;
        if !matches!(output.quantity, Quantity::Cycles | Quantity::Instructions) {
            return Err(refuse("only cycles and instructions are measured"));
        }
        let labeller = Labeller::new().map_err(|failure| refuse(&failure.to_string()))?;
        Ok(Self { labeller, target, quantity: output.quantity })
    }

    fn measure(&mut self, texts: &[String]) -> Vec<Score> {
        let jobs = texts.iter().enumerate().map(|(id, text)| Job { id: id as u64, text: text.clone() }).collect();
        let batch = Batch { jobs, targets: vec![self.target], settings: Settings::default() };
        let replies = self.labeller.label(&batch).replies;
        let score = |labels: &Labels| {
            let cost = match self.quantity {
                Quantity::Instructions => labels.instructions_dynamic,
                _ => labels.cycles,
            };
            Score { cost: Ok([cost; 3]), novelty: 0.0, spills: Some(f64::from(labels.spills)) }
        };
        let unknown = |why: String| Score { cost: Err(why), novelty: 0.0, spills: None };
        replies
            .into_iter()
            .map(|reply| match (reply.functions.first().and_then(|function| function.targets.first()), reply.failure) {
                (Some(outcome), _) => match &outcome.outcome {
                    Outcome::Labels(labels) => score(labels),
                    Outcome::Failure(failure) => unknown(failure.to_string()),
                },
                (None, Some(failure)) => unknown(failure.to_string()),
                (None, None) => unknown("it has no labels".to_owned()),
            })
            .collect()
    }
}
