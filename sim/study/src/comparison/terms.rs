//! Terms of a comparison.

use serde::Serialize;
use sim::Discipline;
use sim::roofline::Traffic;

use crate::StudyError;

/// Terms of a comparison.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Terms {
    /// Tokens of a prompt.
    pub input_tokens: u32,
    /// Tokens generated for it.
    pub output_tokens: u32,
    /// Minimum output tokens per second of every user.
    pub per_user_tokens_per_s: f64,
    /// Number of systems of a hardwired design.
    pub systems: u64,
    /// Years of operation.
    pub years: f64,
    /// Updates of the weights of a hardwired design per year.
    pub respins_per_year: f64,
    /// Accounting of time.
    pub discipline: Discipline,
}

impl Terms {
    /// 1,024 tokens in and out, 100 tokens/s for each user, one system, years and re-spins as in the publication's total cost,
    /// the publication's accounting of time.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            input_tokens: 1024,
            output_tokens: 1024,
            per_user_tokens_per_s: 100.0,
            systems: 1,
            years: 3.0,
            respins_per_year: 1.0,
            discipline: Discipline::Serial,
        }
    }

    /// The traffic.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic { input: f64::from(self.input_tokens), output: f64::from(self.output_tokens) }
    }

    /// Mean context of a generated token.
    #[must_use]
    pub fn context(&self) -> u64 {
        u64::from(self.input_tokens) + u64::from(self.output_tokens) / 2
    }

    /// Refuses terms out of range.
    ///
    /// # Errors
    /// [`StudyError::Term`] for the first one.
    pub fn check(&self) -> Result<(), StudyError> {
        let refuse =
            |term, value: &dyn ToString, range: String| Err(StudyError::Term { term, value: value.to_string(), range });
        for (term, tokens) in [("input", self.input_tokens), ("output", self.output_tokens)] {
            if !(1..=10_000_000).contains(&tokens) {
                return refuse(term, &tokens, "at least 1 and at most 10000000".to_owned());
            }
        }
        let speed = self.per_user_tokens_per_s;
        if !(speed > 0.0 && speed <= 1e9) {
            return refuse("per-user", &speed, "above 0 and at most 1e9".to_owned());
        }
        if !(1..=sim::economics::MAX_SYSTEMS).contains(&self.systems) {
            let range = format!("at least 1 and at most {}", sim::economics::MAX_SYSTEMS);
            return refuse("systems", &self.systems, range);
        }
        Ok(())
    }
}
