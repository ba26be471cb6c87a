//! SIGTERM and SIGINT end a server after the requests that it has; a second signal ends it at once.

use crate::diagnostics::Failure;

/// Runs `stop` on a thread of its own at the first signal.
#[cfg(unix)]
pub fn on_end(stop: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let watch = Signals::new([SIGTERM, SIGINT]);
    let mut signals = watch.map_err(|error| Failure::Request(format!("signals cannot be watched: {error}")))?;
    std::thread::spawn(move || {
        let mut received = signals.forever();
        if received.next().is_some() {
            // On another thread, so that this one sees the second signal.
            std::thread::spawn(stop);
        }
        if let Some(signal) = received.next() {
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// This system has no such signals.
#[cfg(not(unix))]
pub fn on_end(_: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    Ok(())
}
