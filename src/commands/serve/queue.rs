//! Requests of one client that have been read and not yet answered.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::reply::Id;
use super::request::Predict;

/// Most requests read ahead.
const MOST: usize = 64;

/// Most bytes of texts read ahead, beside one request of any size.
const MOST_BYTES: usize = 1 << 20;

/// Something to be answered, in the order of the requests.
pub enum Item {
    /// Predictions.
    Predict(Waiting),
    /// The state of the server.
    Health(Id),
    /// A line that is known already.
    Line(Vec<u8>),
}

/// A request for predictions.
pub struct Waiting {
    pub id: Id,
    pub request: Predict,
    /// Set when the client cancels it.
    pub cancelled: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    /// The request that is being computed.
    current: Option<(Id, Arc<AtomicBool>)>,
    /// No more requests are read.
    ended: bool,
}

/// The queue of one client, shared by its reader and its writer.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Predict(waiting) => waiting.request.bytes(),
            Self::Health(_) => 0,
            Self::Line(line) => line.len(),
        }
    }
}

impl Queue {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends an item once there is room. `false` if the queue has ended.
    pub fn push(&self, item: Item) -> bool {
        let bytes = item.bytes();
        let mut state = self.locked();
        while !state.ended && !state.items.is_empty() && (state.items.len() >= MOST || state.bytes + bytes > MOST_BYTES)
        {
            state = self.wait(state);
        }
        if state.ended {
            return false;
        }
        state.bytes += bytes;
        state.items.push_back(item);
        self.changed.notify_all();
        true
    }

    /// The next item; `None` once the queue has ended and is empty. The request returned before is done.
    pub fn pop(&self) -> Option<Item> {
        let mut state = self.locked();
        state.current = None;
        loop {
            if let Some(item) = state.items.pop_front() {
                state.bytes -= item.bytes();
                if let Item::Predict(waiting) = &item {
                    state.current = Some((waiting.id.clone(), Arc::clone(&waiting.cancelled)));
                }
                self.changed.notify_all();
                return Some(item);
            }
            if state.ended {
                return None;
            }
            state = self.wait(state);
        }
    }

    /// Cancels the first request with this id that is not done. `false` if there is none.
    pub fn cancel(&self, id: &str) -> bool {
        let state = self.locked();
        let waiting = state.items.iter().filter_map(|item| match item {
            Item::Predict(waiting) => Some((&waiting.id, &waiting.cancelled)),
            _ => None,
        });
        let current = state.current.iter().map(|(id, cancelled)| (id, cancelled));
        let mut same = current.chain(waiting).filter(|(own, _)| own.as_ref().is_some_and(|own| own.get() == id));
        same.any(|(_, cancelled)| !cancelled.swap(true, Ordering::SeqCst))
    }

    /// No more requests are taken; those in the queue are still answered.
    pub fn end(&self) {
        self.locked().ended = true;
        self.changed.notify_all();
    }

    /// No more requests are taken, and nothing is answered.
    pub fn abandon(&self) {
        let mut state = self.locked();
        state.items.clear();
        state.bytes = 0;
        state.ended = true;
        self.changed.notify_all();
    }
}
