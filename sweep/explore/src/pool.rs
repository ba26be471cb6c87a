//! Evaluates points on all cores. Threads take batches; the caller's thread receives the results in any order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use sim::Fidelity;
use sweep::exploration::Job;
use sweep::record::Batch;
use sweep::{Outcome, Plan, Value, Worker};

/// Points of a batch in closed form.
const BATCH: usize = 256;

/// Evaluates the points of a job and passes batches to `sink`.
///
/// # Errors
/// The first of `sink`, which ends the run.
pub fn evaluate<E>(job: &Job<'_>, threads: usize, sink: &mut dyn FnMut(Batch) -> Result<(), E>) -> Result<(), E> {
    let &Job { plan, indices, values, fidelity, .. } = job;
    let size = if fidelity == Fidelity::Event { 1 } else { (indices.len() / (threads * 8)).clamp(1, BATCH) };
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Batch>(threads * 4);
        for _ in 0..threads.min(indices.len().max(1)) {
            let sender = sender.clone();
            let (next, stop) = (&next, &stop);
            scope.spawn(move || {
                let mut worker = Worker::new(plan);
                while !stop.load(Ordering::Relaxed) {
                    let from = next.fetch_add(size, Ordering::Relaxed);
                    let Some(part) = indices.get(from..(from + size).min(indices.len())).filter(|p| !p.is_empty())
                    else {
                        break;
                    };
                    let batch = part.iter().map(|&i| (i, one(plan, &mut worker, &values(i), fidelity))).collect();
                    if sender.send(batch).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for batch in receiver {
            if let Err(failure) = sink(batch) {
                stop.store(true, Ordering::Relaxed);
                return Err(failure);
            }
        }
        Ok(())
    })
}

/// One point; a panic of the simulator fails the point, not the sweep.
pub(crate) fn one<'a>(plan: &'a Plan, worker: &mut Worker<'a>, values: &[Value], fidelity: Fidelity) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| worker.evaluate(values, fidelity))).unwrap_or_else(|_| {
        *worker = Worker::new(plan);
        Outcome::Failed("internal error: the simulator panicked".to_owned())
    })
}
