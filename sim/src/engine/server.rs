//! A first-come first-served server: a link, a memory channel, an array that one pass occupies at a time.
//!
//! Requests arrive in simulated-time order and are never reordered, so the completion of a request is
//! known when it arrives: `start = max(free, now)`, `free = start + work`. Work is in cycles of the
//! server's own clock domain. Every idle cycle is charged to a cause: what the next request was doing
//! before it reached the server. Busy and idle cycles add up to the elapsed time exactly.

use serde::{Deserialize, Serialize};

use super::ClockDomain;

/// Why a server had no work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdleCause {
    /// The next request was in a collective: on links or waiting for peers.
    Communication,
    /// The next request was in a pass of the hardwired-neuron array.
    Projection,
    /// The next request was in a non-linear function.
    Nonlinear,
    /// The next request was in attention.
    Attention,
    /// The next request waited for the KV cache to arrive from HBM.
    Memory,
    /// The next request was not yet admitted by the control unit.
    Admission,
    /// No request came before the end of the observation.
    Unrequested,
}

/// All causes in the order of [`Usage::idle`].
pub const IDLE_CAUSES: [(IdleCause, &str); 7] = [
    (IdleCause::Communication, "communication"),
    (IdleCause::Projection, "projection"),
    (IdleCause::Nonlinear, "nonlinear"),
    (IdleCause::Attention, "attention"),
    (IdleCause::Memory, "memory"),
    (IdleCause::Admission, "admission"),
    (IdleCause::Unrequested, "unrequested"),
];

/// Busy and idle time of a server, cycles of its own domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Busy cycles.
    pub busy: u64,
    /// Idle cycles by cause, in the order of [`IDLE_CAUSES`].
    pub idle: [u64; IDLE_CAUSES.len()],
    /// Requests served.
    pub requests: u64,
}

impl Usage {
    /// Busy and idle cycles together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.busy + self.idle.iter().sum::<u64>()
    }

    /// Adds another server's account.
    pub fn add(&mut self, other: &Self) {
        self.busy += other.busy;
        self.requests += other.requests;
        for (mine, theirs) in self.idle.iter_mut().zip(other.idle) {
            *mine += theirs;
        }
    }
}

/// One server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Server {
    free: u64,
    usage: Usage,
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// An idle server at cycle 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { free: 0, usage: Usage { busy: 0, idle: [0; IDLE_CAUSES.len()], requests: 0 } }
    }

    /// Queues `work` domain cycles at reference cycle `now`; returns the reference cycle of completion.
    #[inline]
    pub fn request(&mut self, domain: ClockDomain, now: u64, work: u64, cause: IdleCause) -> u64 {
        domain.to_reference(self.queue(domain.from_reference(now), work, cause))
    }

    /// Queues `work` domain cycles at a domain cycle; returns the domain cycle of completion.
    #[inline]
    pub fn queue(&mut self, arrival: u64, work: u64, cause: IdleCause) -> u64 {
        if arrival > self.free {
            self.usage.idle[cause as usize] += arrival - self.free;
            self.free = arrival;
        }
        self.free += work;
        self.usage.busy += work;
        self.usage.requests += 1;
        self.free
    }

    /// The domain cycle at which all queued work is done.
    #[must_use]
    pub fn free_at(&self) -> u64 {
        self.free
    }

    /// Closes the account at reference cycle `now` and starts a new one; queued work beyond `now`
    /// belongs to the new account. Timing is unaffected.
    pub fn settle(&mut self, domain: ClockDomain, now: u64) -> Usage {
        let end = domain.from_reference(now);
        let mut closed = self.usage;
        self.usage = Usage::default();
        if self.free < end {
            closed.idle[IdleCause::Unrequested as usize] += end - self.free;
            self.free = end;
        } else {
            // Requests never lie in the future, so the work queued past `end` is contiguous.
            let beyond = self.free - end;
            closed.busy -= beyond;
            self.usage.busy = beyond;
        }
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_and_idle_add_up_to_the_elapsed_time() {
        let domain = ClockDomain::new(3, 2);
        let mut server = Server::new();
        server.request(domain, 5, 7, IdleCause::Memory);
        server.request(domain, 6, 1, IdleCause::Memory);
        server.request(domain, 40, 100, IdleCause::Projection);
        let first = server.settle(domain, 60);
        assert_eq!(first.total(), domain.from_reference(60));
        assert_eq!(first.idle[IdleCause::Memory as usize], 8);
        let second = server.settle(domain, 1000);
        assert_eq!(second.total(), domain.from_reference(1000) - domain.from_reference(60));
        assert_eq!(first.busy + second.busy, 108);
    }
}
