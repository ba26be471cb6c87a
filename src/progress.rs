//! Progress of long work on standard error: a bar with rate and remaining time on a terminal, one line at the end.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::number;

use crate::messages::message;

/// Nothing is shown for work that takes less time than this.
const FIRST: Duration = Duration::from_secs(2);

const TEMPLATE: &str = "{prefix}: {human_pos} of {human_len} {msg}, {percent} % done, {per_sec}, {eta} left";

/// Progress of one stage.
pub struct Progress {
    bar: ProgressBar,
    stage: &'static str,
    unit: &'static str,
    /// Units done since the start. The position of the bar is no substitute: finishing it moves it to the end.
    done: u64,
}

impl Progress {
    /// A stage of `total` units of work, of which `before` were done by an earlier run. `unit` is the plural name of a
    /// unit of work, e.g. "points".
    pub fn new(stage: &'static str, unit: &'static str, total: u64, before: u64) -> Self {
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is valid");
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let bar = bar.with_style(style).with_prefix(stage).with_message(unit).with_position(before);
        bar.reset_eta();
        Self { bar, stage, unit, done: 0 }
    }

    /// Time since the start of the stage.
    pub fn elapsed(&self) -> Duration {
        self.bar.elapsed()
    }

    /// Units of work done since the start of the stage.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Adds `more` units of finished work.
    pub fn add(&mut self, more: u64) {
        if self.bar.is_hidden() && self.elapsed() > FIRST {
            // Stays hidden if standard error is not a terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(1));
        }
        self.done += more;
        self.bar.inc(more);
    }

    /// Removes the bar and writes what was done in which time, unless it took less than two seconds.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        let seconds = self.elapsed();
        if seconds < FIRST || self.done() == 0 {
            return;
        }
        let seconds = seconds.as_secs_f64();
        let rate = self.done() as f64 / seconds;
        let (time, rate) = (number::duration(seconds), number::significant(rate, 3));
        message!("{}: {} {} in {time}, {rate}/s", self.stage, self.done(), self.unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_work_does_not_count_as_done() {
        let mut progress = Progress::new("testing", "points", 10, 4);
        assert_eq!((progress.done(), progress.bar.position()), (0, 4));
        progress.add(3);
        assert_eq!((progress.done(), progress.bar.position()), (3, 7));
        assert!(progress.bar.is_hidden(), "work of less than two seconds shows nothing");
        progress.finish();
        assert_eq!(progress.done(), 3);
    }
}
