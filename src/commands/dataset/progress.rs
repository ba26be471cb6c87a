//! Progress of long work on standard error: done, rate, time left.

use std::io::{IsTerminal, Write};
use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "progress is wall-clock time and reaches no result")]
use std::time::Instant;

/// A line that is drawn over on a terminal, and written now and then elsewhere.
pub struct Progress {
    what: &'static str,
    total: usize,
    done: usize,
    #[expect(clippy::disallowed_types, reason = "progress is wall-clock time and reaches no result")]
    start: Instant,
    shown: Duration,
    terminal: bool,
}

impl Progress {
    /// Starts the clock.
    #[expect(clippy::disallowed_types, reason = "progress is wall-clock time and reaches no result")]
    pub fn new(what: &'static str, total: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { what, total, done: 0, start: Instant::now(), shown: Duration::ZERO, terminal }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Work that was done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Counts work that was done.
    pub fn add(&mut self, count: usize) {
        self.done += count;
        let elapsed = self.start.elapsed();
        let pause = if self.terminal { Duration::from_millis(200) } else { Duration::from_secs(30) };
        if elapsed >= self.shown + pause {
            self.shown = elapsed;
            self.show(elapsed);
        }
    }

    /// The last line.
    pub fn finish(&self) {
        self.show(self.start.elapsed());
        if self.terminal {
            eprintln!();
        }
    }

    fn show(&self, elapsed: Duration) {
        let rate = self.done as f64 / elapsed.as_secs_f64().max(1e-3);
        let left = (self.total.saturating_sub(self.done)) as f64 / rate.max(1e-9);
        let (open, close) = if self.terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        let (done, total) = (self.done, self.total);
        let percent = 100.0 * done as f64 / total.max(1) as f64;
        let left = if done == total { String::new() } else { format!(", {} left", clock(left)) };
        let spent = clock(elapsed.as_secs_f64());
        eprint!("{open}{}: {done} of {total} ({percent:.0} %), {rate:.1}/s, {spent}{left}{close}", self.what);
        let _ = std::io::stderr().flush();
    }
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.min(1e9) as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}
