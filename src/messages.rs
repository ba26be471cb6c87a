//! Messages on standard error.
//!
//! Standard error may be a pipe whose reader has gone. `main.rs` denies the macros of the standard library, which panic then.

use std::fmt::Arguments;
use std::io::Write;

/// Writes a line to standard error; [`message!`] formats it. There is nowhere to report a failure of that, so it is ignored.
pub fn write_message(line: Arguments<'_>) {
    // One write, so that lines of several threads do not mix.
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Writes a formatted line to standard error.
macro_rules! message {
    ($($arguments:tt)*) => { $crate::messages::write_message(format_args!($($arguments)*)) };
}
pub(crate) use message;
