//! How far long work is, on standard error: rate and time left, every second on a terminal, else now and then.

use std::io::{IsTerminal, Write};
use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "shows how long it takes; no result depends on it")]
use std::time::Instant;

/// Shows nothing before this: short work needs no talk.
const FIRST: Duration = Duration::from_secs(2);

/// Progress of one stage.
#[expect(clippy::disallowed_types, reason = "shows how long it takes; no result depends on it")]
pub struct Progress {
    what: &'static str,
    unit: &'static str,
    total: u64,
    before: u64,
    done: u64,
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    /// A stage of `total` units of work, named in the plural, of which `before` were done already.
    #[expect(clippy::disallowed_types, reason = "shows how long it takes; no result depends on it")]
    pub fn new(what: &'static str, unit: &'static str, total: u64, before: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { what, unit, total, before, done: before, started: Instant::now(), shown: None, terminal }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Work done since the start.
    pub fn done(&self) -> u64 {
        self.done - self.before
    }

    fn rate(&self) -> f64 {
        (self.done - self.before) as f64 / self.started.elapsed().as_secs_f64().max(1e-9)
    }

    /// `more` of the work is done.
    pub fn add(&mut self, more: u64) {
        self.done += more;
        let pause = Duration::from_secs(if self.terminal { 1 } else { 10 });
        let due = self.shown.map_or_else(|| self.started.elapsed() > FIRST, |at| at.elapsed() > pause);
        if due && self.done < self.total {
            #[expect(clippy::disallowed_types, reason = "shows how long it takes; no result depends on it")]
            let now = Instant::now();
            self.shown = Some(now);
            let left = (self.total - self.done) as f64 / self.rate().max(1e-9);
            let line = format!(
                "{}: {} of {} {}, {:.0} % done, {}/s, {} left",
                self.what,
                self.done,
                self.total,
                self.unit,
                self.done as f64 / self.total as f64 * 100.0,
                reports::number::significant(self.rate(), 3),
                duration(left)
            );
            self.line(&line, if self.terminal { "\r" } else { "" }, if self.terminal { "\x1b[K" } else { "\n" });
        }
    }

    fn line(&self, text: &str, before: &str, after: &str) {
        let mut out = std::io::stderr().lock();
        // Talk that cannot be said is no reason to stop.
        let _ = write!(out, "{before}{text}{after}");
        let _ = out.flush();
    }

    /// The stage is over.
    pub fn finish(&self) {
        if self.started.elapsed() < FIRST || self.done == self.before {
            return;
        }
        let text = format!(
            "{}: {} {} in {}, {}/s",
            self.what,
            self.done - self.before,
            self.unit,
            duration(self.started.elapsed().as_secs_f64()),
            reports::number::significant(self.rate(), 3)
        );
        self.line(&text, if self.terminal { "\r" } else { "" }, if self.terminal { "\x1b[K\n" } else { "\n" });
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
