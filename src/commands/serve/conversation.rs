//! Requests of one client, one a line, and their answers in the same order.
//!
//! One thread reads ahead and another answers, so that a request can be cancelled while an earlier one is computed.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::lines::{Line, Lines};
use super::queue::{Item, Queue, Waiting};
use super::reply::Body;
use super::request::{self, Asked};
use super::service::Service;
use crate::diagnostics::Failure;

/// Reads requests until the input or the queue ends.
pub fn read(service: &Service, queue: &Queue, input: impl BufRead) {
    let mut lines = Lines::new(input, service.max_bytes);
    // A connection that fails ends the input.
    while let Ok(line) = lines.next() {
        let item = match line {
            Line::End => break,
            Line::Whole(line) => item(service, queue, line),
            Line::TooLong(start) => {
                let (id, problem) = request::too_long(start, service.max_bytes);
                Item::Line(service.error(&id, problem))
            }
        };
        if !queue.push(item) {
            break;
        }
    }
    queue.end();
}

fn item(service: &Service, queue: &Queue, line: &[u8]) -> Item {
    let (id, asked) = request::read(line);
    match asked {
        Ok(Asked::Predict(request)) => {
            Item::Predict(Waiting { id, request, cancelled: Arc::new(AtomicBool::new(false)) })
        }
        Ok(Asked::Health) => Item::Health(id),
        Ok(Asked::Cancel(other)) => Item::Line(service.reply(&id, Body::Cancelled(queue.cancel(other.get())))),
        Err(problem) => Item::Line(service.error(&id, problem)),
    }
}

/// Answers the requests of a queue until it has ended and is empty.
pub fn answer(service: &Service, queue: &Queue, mut output: impl Write) -> Result<(), Failure> {
    while let Some(item) = queue.pop() {
        let line = match item {
            Item::Predict(Waiting { id, request, cancelled }) => service.predict(&id, &request, &cancelled),
            Item::Health(id) => service.health(&id),
            Item::Line(line) => line,
        };
        if let Err(error) = output.write_all(&line).and_then(|()| output.flush()) {
            queue.abandon();
            return Err(error.into());
        }
    }
    Ok(())
}
