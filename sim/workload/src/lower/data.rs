//! Data under a plan: what a step needs comes to its chip and out of HBM, and its results go where the plan says.
//!
//! An argument that no step writes streams from HBM once, from the first cycle on. Anything else in HBM is written when it is
//! computed and read, with the latency of a read, whenever a step needs it.

use ir::steps::Unplaced;
use sim::units::Unit;

use super::plan::Cut;
use super::schedule::Schedule;
use super::server::ends;
use super::traffic::Planned;

impl Schedule<'_> {
    /// Of `elements` of a buffer on the chip of the current step, the bytes that are in HBM.
    fn bytes_in_hbm(&self, planned: Planned<'_>, buffer: usize, elements: u64) -> Result<u64, Unplaced> {
        let Some(kept) = planned.plan.in_hbm.get(&(buffer, self.chip)) else { return Ok(0) };
        Ok(kept.of(self.bytes(elements)?))
    }

    /// Occupies HBM for `bytes` from `ready` on; returns the end.
    fn move_hbm(&mut self, ready: u64, bytes: u64) -> Result<u64, Unplaced> {
        let cycles = self.hbm.domain.checked_to_reference(bytes).ok_or(Unplaced::TooLarge)?;
        let (_, end) = self.occupy(Unit::Hbm, ready, cycles)?;
        let chips = match self.traffic.as_ref().map(|traffic| &traffic.plan().cut) {
            Some(Cut::Split { chips, .. }) => u64::from(*chips),
            _ => 1,
        };
        self.totals.hbm_bytes = self.totals.hbm_bytes.saturating_add(bytes.saturating_mul(chips));
        Ok(end)
    }

    /// Brings what a step uses to its chip; returns when it is there, at least `ready`.
    pub(super) fn receive(&mut self, step: usize, ready: u64) -> Result<u64, Unplaced> {
        let Some(planned) = self.traffic.as_ref().map(|traffic| traffic.planned) else { return Ok(ready) };
        let (chip, queues) = (self.chip, self.queues);
        if planned.plan.chips() == 1 || !matches!(planned.plan.cut, Cut::Stages(_)) {
            return Ok(ready);
        }
        let mut there = ready;
        for access in &planned.accesses[step] {
            let buffer = access.buffer;
            // Constants are where they are used; what is new has no place yet.
            if planned.buffers[buffer].constant {
                continue;
            }
            let traffic = self.traffic.as_mut().expect("there is a plan");
            let new = access.writes && !planned.buffers[buffer].argument;
            let (from, since) = match traffic.located.get(&buffer) {
                Some(&located) => located,
                None if new => continue,
                None => *traffic.located.entry(buffer).or_insert((chip, 0)),
            };
            if from == chip {
                continue;
            }
            let at = match traffic.arrived.get(&(buffer, chip)) {
                Some(&at) => at,
                None => {
                    let elements = planned.buffers[buffer].elements;
                    let bytes = elements.checked_mul(traffic.element_bytes).ok_or(Unplaced::TooLarge)?;
                    let at = traffic.send(from, chip, since, bytes, queues)?;
                    let stored = self.bytes_in_hbm(planned, buffer, elements)?;
                    let at = if stored > 0 { self.move_hbm(at, stored)? } else { at };
                    self.traffic.as_mut().expect("there is a plan").arrived.insert((buffer, chip), at);
                    at
                }
            };
            there = there.max(at);
        }
        Ok(there)
    }

    /// Brings what a step reads to its chip and out of HBM; returns when it is there, at least `ready`.
    pub(super) fn fetch(&mut self, step: usize, ready: u64) -> Result<u64, Unplaced> {
        let ready = self.receive(step, ready)?;
        let Some(planned) = self.traffic.as_ref().map(|traffic| traffic.planned) else { return Ok(ready) };
        let mut there = ready;
        for access in planned.accesses[step].iter().filter(|access| !access.writes && planned.stores(step, access)) {
            let elements = planned.part(step, access);
            let key = (access.buffer, self.chip);
            let at = if planned.buffers[access.buffer].comes_ahead() {
                let traffic = self.traffic.as_mut().expect("there is a plan");
                let (before, arrived) = traffic.streamed.get(&key).copied().unwrap_or((0, 0));
                let bytes = self.bytes_in_hbm(planned, access.buffer, elements.saturating_sub(before))?;
                if bytes == 0 {
                    arrived
                } else {
                    let at = self.move_hbm(0, bytes)?;
                    self.traffic.as_mut().expect("there is a plan").streamed.insert(key, (elements, at));
                    at
                }
            } else {
                match self.bytes_in_hbm(planned, access.buffer, elements)? {
                    0 => ready,
                    bytes => ends(self.move_hbm(ready, bytes)?, self.hbm.read_latency)?,
                }
            };
            there = there.max(at);
        }
        Ok(there)
    }

    /// Puts the results of a step, computed at `computed`, where the plan says; returns when they are there.
    pub(super) fn deliver(&mut self, step: usize, computed: u64) -> Result<u64, Unplaced> {
        let (chip, queues) = (self.chip, self.queues);
        let Some(traffic) = &mut self.traffic else { return Ok(computed) };
        let planned = traffic.planned;
        let writes = || planned.accesses[step].iter().filter(|access| access.writes);
        let mut at = computed;
        if let Cut::Split { chips, .. } = planned.plan.cut
            && planned.plan.parts(step) > 1
        {
            let elements = writes().map(|access| access.elements).fold(0, u64::saturating_add);
            at = traffic.gather(chips, at, elements, queues)?;
        }
        let gathered = at;
        for access in writes() {
            let bytes = self.bytes_in_hbm(planned, access.buffer, access.elements)?;
            if bytes > 0 {
                at = at.max(self.move_hbm(gathered, bytes)?);
            }
        }
        let traffic = self.traffic.as_mut().expect("there is a plan");
        for access in writes() {
            traffic.located.insert(access.buffer, (chip, at));
            traffic.arrived.retain(|&(buffer, _), _| buffer != access.buffer);
        }
        Ok(at)
    }
}
