//! `hardwire serve`: answers requests for predictions on standard input or a Unix socket.

mod conversation;
mod health;
mod lines;
mod queue;
mod reply;
mod request;
mod service;
mod signals;
mod socket;

use std::io::{BufReader, ErrorKind, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use costmodel::predictor::{Predictor, Settings};
use costmodel::rows::Wanted;

use crate::cli::predict::Serve;
use crate::commands::predict::log::Log;
use crate::cost_model;
use crate::diagnostics::Failure;
use crate::messages::message;
use health::Counters;
use queue::Queue;
use service::Service;

/// Runs the command.
pub fn run(arguments: &Serve) -> Result<ExitCode, Failure> {
    let max_bytes = (arguments.max_request_mib as usize) << 20;
    let asked = &arguments.asked;
    let settings = Settings { choice: asked.provider, text_bytes: max_bytes, ..Settings::default() };
    let (model, model_checksum) = cost_model::load_asked(asked)?;
    let predictor = Predictor::new(model, settings);
    let service = Arc::new(Service {
        wanted: Wanted::settle(predictor.outputs(), &asked.targets, &asked.designs)?,
        log: Log::open(arguments.log.as_deref())?,
        model_version: predictor.model().card.version(),
        predictor,
        model_checksum,
        max_bytes,
        counters: Counters::default(),
        clients: 0.into(),
        stopping: false.into(),
    });
    match &arguments.socket {
        Some(path) => socket::listen(path, &service, arguments)?,
        None => {
            if std::io::stdin().is_terminal() {
                message!("reading requests from standard input, one JSON object a line; Ctrl-D ends");
            }
            serve_standard_input(&service)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One client on standard input and output, until the input ends or a signal comes.
fn serve_standard_input(service: &Arc<Service>) -> Result<(), Failure> {
    let queue = Arc::new(Queue::default());
    let (at_signal, own) = (Arc::clone(&queue), Arc::clone(service));
    signals::on_end(move || {
        own.stopping.store(true, Ordering::SeqCst);
        at_signal.end();
    })?;
    // It is not joined: it may wait for input that never comes.
    let (reading, own) = (Arc::clone(&queue), Arc::clone(service));
    std::thread::spawn(move || conversation::read(&own, &reading, BufReader::new(std::io::stdin().lock())));
    match conversation::answer(service, &queue, std::io::stdout().lock()) {
        // The reader of the answers has gone.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
