//! The timeline of a request's run.

use std::io::{self, Write};

use super::Prepared;
use super::request::Discipline;
use crate::schedule::cost;
use crate::schedule::dataflow::WHOLE_PROMPT;
use crate::schedule::machine::{Load, Phase, Start};
use crate::timeline::{Chrome, Limits, Names, Timeline, record};

/// Why there is no timeline.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// Only the event machine has spans.
    #[error("a timeline needs the events of discipline dataflow; leave out --discipline and --fidelity")]
    NoEvents,
    /// Long prompts are measured in windows.
    #[error("a timeline of prefill takes prompts of at most {limit} tokens")]
    LongPrompt {
        /// Longest prompt that is simulated whole.
        limit: u64,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl Prepared<'_> {
    /// Runs the machine once more and writes a window of it to `out` in Chrome's trace event format. In decode the window begins
    /// when as many tokens have finished as there are sequences; in prefill with the prompt.
    ///
    /// # Errors
    /// If the request has no events, or `out` fails.
    pub fn trace<W: Write>(&self, tokens: u64, spans: u64, out: &mut W) -> Result<Timeline, TraceError> {
        self.traceable()?;
        let request = &self.request;
        let (warm_up, load, placement) = match request.phase {
            Phase::Decode => {
                let start = Start::Spread;
                (self.sequences, self.load(self.sequences, request.context, start, 0), self.placement)
            }
            Phase::Prefill => {
                let in_flight = self.sequences.min(self.mapped.mapping.stages()).min(request.context);
                let placement = cost::placement(&self.compiled, &self.mapped.mapping, request.context, 1);
                (0, self.load(in_flight, 0, Start::First, request.context), placement)
            }
        };
        let limits = Limits { warm_up, tokens, spans };
        let mut chrome = Chrome::new(&self.compiled, out);
        let timeline = record(&self.compiled, load, placement, &limits, &mut chrome);
        let names = Names { model: request.model.name.clone(), design: request.design.name.clone() };
        chrome.finish(&timeline, &limits, &names)?;
        Ok(timeline)
    }

    /// Whether the request has a timeline.
    ///
    /// # Errors
    /// If it has no events, or a prompt that is measured in parts.
    pub fn traceable(&self) -> Result<(), TraceError> {
        let request = &self.request;
        if request.discipline != Discipline::Dataflow || !request.fidelity.simulates() {
            return Err(TraceError::NoEvents);
        }
        if request.phase == Phase::Prefill && request.context > WHOLE_PROMPT {
            return Err(TraceError::LongPrompt { limit: WHOLE_PROMPT });
        }
        Ok(())
    }

    /// Seconds of `cycles` of the chip clock.
    #[must_use]
    pub fn seconds(&self, cycles: u64) -> f64 {
        self.compiled.specs.seconds(cycles as f64)
    }

    fn load(&self, sequences: u64, context: u64, start: Start, prompt_tokens: u64) -> Load {
        Load {
            sequences: sequences as u32,
            context,
            contexts: self.contexts.of_sequences().to_vec(),
            phase: self.request.phase,
            start,
            prompt_tokens,
            seed: self.request.seed,
            router: self.router.clone(),
        }
    }
}
