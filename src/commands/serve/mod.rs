//! `hardwire serve`: answers requests for predictions on standard input or a Unix socket.

mod conversation;
mod lines;
mod request;
mod service;
mod socket;

use std::io::BufReader;
use std::process::ExitCode;

use costmodel::predictor::Settings;

use crate::cli::predict::Serve;
use crate::commands::predict::log::Log;
use crate::cost_model::{self, Wanted};
use crate::diagnostics::Failure;
use conversation::converse;
use service::Service;

/// Runs the command.
pub fn run(arguments: &Serve) -> Result<ExitCode, Failure> {
    let max_bytes = (arguments.max_request_mib as usize) << 20;
    let asked = &arguments.asked;
    let predictor = cost_model::predictor(asked, Settings { text_bytes: max_bytes, ..Settings::default() })?;
    let wanted = Wanted::settle(predictor.outputs(), &asked.targets, &asked.designs).map_err(Failure::Request)?;
    let service = Service { predictor, wanted, log: Log::open(arguments.log.as_deref())?, max_bytes };
    match &arguments.socket {
        Some(path) => socket::listen(path, service, arguments)?,
        None => {
            let input = BufReader::new(std::io::stdin().lock());
            converse(&service, input, std::io::stdout().lock())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
