//! `hardwire serve`: predictions for compilers that prefer a process, on standard input or a Unix socket.

mod lines;
mod request;
mod socket;

use std::io::{BufReader, Write};
use std::process::ExitCode;

use costmodel::predictor::{Predictor, Settings};

use crate::cli::predict::Serve;
use crate::commands::predict::log::Log;
use crate::cost_model::{self, Wanted};
use crate::diagnostics::Failure;
use lines::{Line, Lines};

/// What all clients share.
pub struct Service {
    predictor: Predictor,
    /// What is predicted for where a request does not say.
    wanted: Wanted,
    log: Option<Log>,
    max_bytes: usize,
}

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
            service.converse(input, std::io::stdout().lock())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Service {
    /// Answers requests, one a line, until the input ends.
    fn converse(&self, input: impl std::io::BufRead, mut output: impl Write) -> Result<(), Failure> {
        let mut lines = Lines::new(input, self.max_bytes);
        loop {
            let mut answer = match lines.next()? {
                Line::End => return Ok(()),
                Line::Whole(line) if line.trim_ascii().is_empty() => continue,
                Line::Whole(line) => self.answer(line)?,
                Line::TooLong => request::too_long(self.max_bytes),
            };
            answer.push(b'\n');
            output.write_all(&answer)?;
            output.flush()?;
        }
    }
}
