//! A pool of worker processes that answer requests by lines; a worker that dies or hangs is replaced.
//!
//! Each worker is the command `hardwire`, in a hidden action that reads a line and writes a line. Jobs travel in batches;
//! when a batch is lost, its jobs are sent again one by one, so that only the failing job is lost. Answers arrive in
//! any order and carry their job's number.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use ir::labels::{Failure, Job, Phase};

/// Most bytes of a worker's message that are read.
const MESSAGE_BYTES: u64 = 4096;

/// Requests and answers of workers.
pub trait Protocol: Sync {
    /// The answer to one job.
    type Answer: Send;

    /// The line that asks for the jobs; without a newline.
    fn request(&self, jobs: &[usize]) -> String;

    /// The answers in a line, in the order of the jobs.
    fn answers(&self, jobs: &[usize], line: &str) -> Result<Vec<Self::Answer>, String>;

    /// The answer for a job that a worker did not survive.
    fn lost(&self, job: usize, loss: Loss) -> Self::Answer;
}

/// Loss of an answer.
#[derive(Debug, Clone)]
pub enum Loss {
    /// The worker ended, with its exit status.
    Died(String),
    /// The worker took longer than it was given.
    TimedOut(Duration),
    /// The answer cannot be parsed.
    Nonsense(String),
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Died(how) => write!(f, "the worker ended: {how}"),
            Self::TimedOut(limit) => write!(f, "no answer within {} s", limit.as_secs()),
            Self::Nonsense(what) => write!(f, "the worker's answer is not understood: {what}"),
        }
    }
}

impl Loss {
    /// The failure of a job that is lost.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let phase = if matches!(self, Self::TimedOut(_)) { Phase::Timeout } else { Phase::Crash };
        Failure { phase, reason: self.to_string() }
    }
}

/// Texts after which a worker that labels is replaced.
const JOBS_PER_WORKER: usize = 1500;

/// Texts as jobs by number.
pub(crate) fn texts<'a>(text: &(dyn Fn(usize) -> &'a str + Sync), jobs: &[usize]) -> Vec<Job> {
    jobs.iter().map(|&id| Job { id: id as u64, text: text(id).to_owned() }).collect()
}

/// Checks that replies with these numbers answer the jobs, in their order.
pub(crate) fn same_jobs(replies: impl Iterator<Item = u64>, jobs: &[usize]) -> Result<(), String> {
    if replies.eq(jobs.iter().map(|&job| job as u64)) { Ok(()) } else { Err("replies to other jobs".into()) }
}

/// Settings of a pool.
pub struct Pool {
    /// The command.
    pub command: PathBuf,
    /// The hidden action of `hardwire dataset`.
    pub action: &'static str,
    /// Worker processes.
    pub workers: usize,
    /// Longest time for one job alone; a batch gets two seconds more for each job.
    pub timeout: Duration,
    /// Jobs after which a worker is replaced, so that memory stays bounded.
    pub jobs_per_worker: usize,
}

impl Pool {
    /// Workers that label in an action of `command`, the `hardwire` of a build with LLVM; `timeout` is the longest time for one text.
    #[must_use]
    pub fn labelling(command: PathBuf, action: &'static str, workers: usize, timeout: Duration) -> Self {
        Self { command, action, workers, timeout, jobs_per_worker: JOBS_PER_WORKER }
    }

    /// Runs all batches; `deliver` takes each job's number and answer as they come. It returns whether to go on.
    ///
    /// # Errors
    /// If a worker cannot be started, or `deliver` fails.
    pub fn run<P: Protocol>(
        &self,
        protocol: &P,
        batches: Vec<Vec<usize>>,
        mut deliver: impl FnMut(usize, P::Answer) -> std::io::Result<bool>,
    ) -> std::io::Result<()> {
        let queue = Mutex::new(VecDeque::from(batches));
        let stop = AtomicBool::new(false);
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            for _ in 0..self.workers.max(1) {
                let sender = sender.clone();
                let (queue, stop) = (&queue, &stop);
                scope.spawn(move || {
                    let mut seat = Seat { pool: self, worker: None, answered: 0 };
                    while !stop.load(Ordering::Relaxed) {
                        let Some(batch) = queue.lock().expect("no panic holds the queue").pop_front() else { break };
                        for answered in seat.answer(protocol, &batch) {
                            if sender.send(answered).is_err() {
                                return;
                            }
                        }
                    }
                });
            }
            drop(sender);
            let mut result = Ok(());
            for answered in &receiver {
                let (job, answer) = match answered {
                    Ok(answered) => answered,
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                };
                match deliver(job, answer) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                }
            }
            stop.store(true, Ordering::Relaxed);
            // Batches in flight may still end; their answers are dropped.
            drop(receiver);
            result
        })
    }
}

/// A thread of the pool and its worker process, started on demand.
struct Seat<'a> {
    pool: &'a Pool,
    worker: Option<Worker>,
    answered: usize,
}

impl Seat<'_> {
    fn answer<P: Protocol>(&mut self, protocol: &P, jobs: &[usize]) -> Vec<std::io::Result<(usize, P::Answer)>> {
        match self.ask(protocol, jobs) {
            Ok(Ok(answers)) => jobs.iter().copied().zip(answers).map(Ok).collect(),
            Ok(Err(loss)) => match jobs {
                [job] => vec![Ok((*job, protocol.lost(*job, loss)))],
                _ => jobs.iter().flat_map(|job| self.answer(protocol, &[*job])).collect(),
            },
            Err(error) => vec![Err(error)],
        }
    }

    fn ask<P: Protocol>(&mut self, protocol: &P, jobs: &[usize]) -> std::io::Result<Result<Vec<P::Answer>, Loss>> {
        if self.answered >= self.pool.jobs_per_worker {
            self.worker = None;
        }
        let worker = match &mut self.worker {
            Some(worker) => worker,
            empty => {
                self.answered = 0;
                empty.insert(Worker::start(&self.pool.command, self.pool.action, Stdio::null())?)
            }
        };
        self.answered += jobs.len();
        let timeout = self.pool.timeout + Duration::from_secs(2) * (jobs.len() as u32 - 1);
        let answers = worker.ask(&protocol.request(jobs), timeout).and_then(|line| {
            let answers = protocol.answers(jobs, &line).map_err(Loss::Nonsense)?;
            if answers.len() == jobs.len() {
                Ok(answers)
            } else {
                Err(Loss::Nonsense(format!("{} answers to {} jobs", answers.len(), jobs.len())))
            }
        });
        if answers.is_err() {
            self.worker = None;
        }
        Ok(answers)
    }
}

/// A running worker process.
struct Worker {
    process: Child,
    requests: ChildStdin,
    lines: Receiver<String>,
}

impl Worker {
    fn start(command: &Path, action: &str, messages: Stdio) -> std::io::Result<Self> {
        let mut process = Command::new(command)
            .args(["dataset", action])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(messages)
            .spawn()?;
        let requests = process.stdin.take().expect("a pipe was asked for");
        let answers = process.stdout.take().expect("a pipe was asked for");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(answers).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { process, requests, lines })
    }

    fn ask(&mut self, request: &str, timeout: Duration) -> Result<String, Loss> {
        let sent = self.requests.write_all(request.as_bytes()).and_then(|()| self.requests.write_all(b"\n"));
        if sent.and_then(|()| self.requests.flush()).is_err() {
            return Err(Loss::Died(self.end()));
        }
        self.lines.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout => Loss::TimedOut(timeout),
            RecvTimeoutError::Disconnected => Loss::Died(self.end()),
        })
    }

    fn end(&mut self) -> String {
        match self.process.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Fails if the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The answer to one request by a worker of its own, or why there is none: what the worker has written to standard error.
pub(crate) fn once(command: &Path, action: &str, request: &str, timeout: Duration) -> Result<String, String> {
    let mut worker = Worker::start(command, action, Stdio::piped()).map_err(|error| error.to_string())?;
    worker.ask(request, timeout).map_err(|loss| {
        let mut messages = Vec::new();
        if let (Loss::Died(_), Some(errors)) = (&loss, worker.process.stderr.take()) {
            let _ = errors.take(MESSAGE_BYTES).read_to_end(&mut messages);
        }
        let messages = String::from_utf8_lossy(&messages);
        let message = messages.trim();
        if message.is_empty() { loss.to_string() } else { message.trim_start_matches("error: ").to_owned() }
    })
}

/// The number of workers given, or the number of cores.
#[must_use]
pub fn workers(given: Option<usize>) -> usize {
    given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).clamp(1, 256)
}
