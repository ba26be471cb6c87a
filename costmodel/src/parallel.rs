//! Independent work on several threads, results in order: the same result for any number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Applies `work` to `0..count` on up to `threads` threads, of which the caller's is one; results by index.
pub fn map<R: Send>(threads: usize, count: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if threads <= 1 || count <= 1 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
    let worker = |send: mpsc::Sender<(usize, R)>| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || send.send((index, work(index))).is_err() {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            let (send, worker) = (send.clone(), &worker);
            scope.spawn(move || worker(send));
        }
        worker(send);
    });
    for (index, result) in receive {
        results[index] = Some(result);
    }
    results.into_iter().map(|result| result.expect("every index is worked on")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn order_is_kept() {
        for threads in [0, 1, 2, 7] {
            assert_eq!(super::map(threads, 100, |i| i * i), (0..100).map(|i| i * i).collect::<Vec<_>>());
        }
        assert!(super::map(3, 0, |i| i).is_empty());
    }
}
