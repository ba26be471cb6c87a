//! Executes a program: its accesses in order, as touches of lines.
//!
//! An innermost loop whose accesses all move by constant strides is executed without evaluating subscripts. Where no access
//! changes its line for some iterations, these are skipped: once every line of an iteration hits in the first level,
//! repeating the iteration hits again and leaves the caches as they are. That holds if an iteration has no more accesses than the
//! first level has ways; with more, a repeated iteration without a miss proves it. So skipping is exact.

use crate::cache::Line;
use crate::expression::{Linear, Slot};
use crate::hierarchy::LINE_BYTES;
use crate::program::{Buffer, Condition, Loop, Node, Program, Reference};
use crate::simulator::Simulator;

const LINE: i64 = LINE_BYTES as i64;

/// Why a walk ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The touches are used up.
    Limit,
    /// An access lies outside its memory.
    Outside {
        /// Site of the access.
        site: u32,
    },
    /// A number overflows, or a divisor is not above 0.
    Overflow,
}

/// An access of an innermost loop.
#[derive(Debug, Clone, Copy)]
struct Stream {
    address: i64,
    stride: i64,
    /// Bytes less one.
    last: i64,
    site: u32,
    store: bool,
}

impl Stream {
    /// Iterations from this one on that access the same lines.
    fn stays(&self) -> i64 {
        let within = |address: i64| match self.stride {
            0 => i64::MAX,
            stride if stride > 0 => (LINE - 1 - address.rem_euclid(LINE)) / stride + 1,
            stride => address.rem_euclid(LINE) / -stride + 1,
        };
        within(self.address).min(within(self.address + self.last))
    }
}

/// State of an execution.
pub(crate) struct Walk<'p> {
    program: &'p Program,
    slots: Vec<i64>,
    pub simulator: Simulator,
    /// Line touches so far.
    pub touches: u64,
    limit: u64,
    /// Executions of each site.
    pub executions: Vec<u64>,
    /// Ways of the first level.
    ways: u64,
    streams: Vec<Stream>,
}

impl<'p> Walk<'p> {
    pub fn new(program: &'p Program, simulator: Simulator, ways: u64, limit: u64) -> Self {
        Self {
            program,
            slots: vec![0; program.slots as usize],
            simulator,
            touches: 0,
            limit,
            executions: vec![0; program.sites.len()],
            ways,
            streams: Vec::new(),
        }
    }

    /// Executes the whole program.
    pub fn run(&mut self) -> Result<(), Stop> {
        self.nodes(&self.program.body)
    }

    pub fn nodes(&mut self, nodes: &'p [Node]) -> Result<(), Stop> {
        for node in nodes {
            match node {
                Node::Touch(reference) => self.reference(reference)?,
                Node::Loop(inner) => self.looping(inner)?,
                Node::Let(slot, expression) => {
                    let value = expression.evaluate(&self.slots).ok_or(Stop::Overflow)?;
                    self.slots[*slot as usize] = value;
                }
                Node::If(condition) => self.condition(condition)?,
            }
        }
        Ok(())
    }

    fn condition(&mut self, condition: &'p Condition) -> Result<(), Stop> {
        let holds = condition.all.iter().all(|comparison| comparison.holds(&self.slots));
        self.nodes(if holds { &condition.then } else { &condition.otherwise })
    }

    /// First value of a loop's variable and the number of iterations.
    pub fn range(&self, inner: &Loop) -> (i64, i64) {
        let lower = inner.lower.iter().map(|l| l.evaluate(&self.slots)).max().unwrap_or(0);
        let upper = inner.upper.iter().map(|l| l.evaluate(&self.slots)).min().unwrap_or(0);
        let distance = i128::from(upper) - i128::from(lower);
        let trips = if distance <= 0 { 0 } else { (distance - 1) / i128::from(inner.step) + 1 };
        (lower, i64::try_from(trips).unwrap_or(i64::MAX))
    }

    pub fn set(&mut self, slot: Slot, value: i64) {
        self.slots[slot as usize] = value;
    }

    fn looping(&mut self, inner: &'p Loop) -> Result<(), Stop> {
        let (lower, trips) = self.range(inner);
        if trips == 0 {
            return Ok(());
        }
        inner.before.iter().try_for_each(|r| self.reference(r))?;
        self.set(inner.slot, lower);
        if !self.streams(inner, trips)? {
            for iteration in 0..trips {
                self.set(inner.slot, lower.wrapping_add(iteration.wrapping_mul(inner.step)));
                self.nodes(&inner.body)?;
                // A loop without touches must end, too.
                self.touches += 1;
                self.check()?;
            }
        }
        inner.after.iter().try_for_each(|r| self.reference(r))
    }

    fn check(&self) -> Result<(), Stop> {
        if self.touches > self.limit { Err(Stop::Limit) } else { Ok(()) }
    }

    /// Bytes that an access reaches, less one; `None` for none at all.
    fn last(&self, reference: &Reference) -> Option<i64> {
        match &reference.clamp {
            None => Some(reference.bytes - 1),
            Some(clamp) => {
                let inside = clamp.extent.saturating_sub(clamp.index.evaluate(&self.slots)).max(0);
                let bytes = inside.saturating_mul(clamp.element).min(reference.bytes);
                (bytes > 0).then_some(bytes - 1)
            }
        }
    }

    fn reference(&mut self, reference: &Reference) -> Result<(), Stop> {
        let all = &mut self.executions[reference.site as usize];
        *all = all.saturating_add(u64::from(reference.leads));
        let Some(last) = self.last(reference) else { return Ok(()) };
        let address = reference.address.evaluate(&self.slots);
        let buffer = self.buffer(reference);
        if !contains(buffer, address, last) {
            return Err(Stop::Outside { site: reference.site });
        }
        self.touch(Stream { address, stride: 0, last, site: reference.site, store: reference.store });
        self.check()
    }

    fn buffer(&self, reference: &Reference) -> &'p Buffer {
        &self.program.buffers[reference.buffer as usize]
    }

    /// Touches the lines of an access, which lie inside its buffer.
    #[inline]
    fn touch(&mut self, stream: Stream) {
        let first = (stream.address / LINE) as Line;
        let last = ((stream.address + stream.last) / LINE) as Line;
        for line in first..=last {
            self.simulator.touch(line, stream.site, stream.store);
        }
        self.touches += u64::from(last - first) + 1;
    }

    /// Executes an innermost loop whose accesses move by constant strides; `false` if it is none.
    fn streams(&mut self, inner: &'p Loop, trips: i64) -> Result<bool, Stop> {
        let mut streams = std::mem::take(&mut self.streams);
        streams.clear();
        let found = self.collect(inner, trips, &mut streams);
        let done = match found {
            Ok(true) => self.execute(&mut streams, trips).map(|()| true),
            other => other,
        };
        self.streams = streams;
        done
    }

    /// The accesses of a loop; `false` if one of them does not move by a constant stride.
    fn collect(&mut self, inner: &'p Loop, trips: i64, streams: &mut Vec<Stream>) -> Result<bool, Stop> {
        let end = i128::from(trips - 1);
        for node in &inner.body {
            let Node::Touch(reference) = node else { return Ok(false) };
            let steps = |linear: &Linear| i128::from(linear.coefficient(inner.slot)) * i128::from(inner.step);
            if let Some(clamp) = &reference.clamp {
                let first = i128::from(clamp.index.evaluate(&self.slots));
                let most = first.max(first + steps(&clamp.index) * end);
                let lanes = i128::from(reference.bytes / clamp.element.max(1));
                if most + lanes > i128::from(clamp.extent) {
                    return Ok(false);
                }
            }
            let address = reference.address.evaluate(&self.slots);
            let stride = steps(&reference.address);
            let last = reference.bytes - 1;
            let buffer = self.buffer(reference);
            let final_address = i128::from(address) + stride * end;
            let inside = i64::try_from(final_address).is_ok_and(|to| contains(buffer, to, last));
            if !inside || !contains(buffer, address, last) {
                return Err(Stop::Outside { site: reference.site });
            }
            let stride = stride as i64;
            streams.push(Stream { address, stride, last, site: reference.site, store: reference.store });
        }
        for node in &inner.body {
            if let Node::Touch(reference) = node {
                let all = &mut self.executions[reference.site as usize];
                *all = all.saturating_add(if reference.leads { trips as u64 } else { 0 });
            }
        }
        Ok(true)
    }

    fn execute(&mut self, streams: &mut [Stream], trips: i64) -> Result<(), Stop> {
        if streams.is_empty() {
            return Ok(());
        }
        let fastest = streams.iter().map(|s| s.stride.unsigned_abs()).max().unwrap_or(0);
        if fastest >= LINE_BYTES {
            for _ in 0..trips {
                self.iteration(streams);
                streams.iter_mut().for_each(|s| s.address += s.stride);
                self.check()?;
            }
            return Ok(());
        }
        let mut left = trips;
        while left > 0 {
            let before = self.touches;
            self.iteration(streams);
            self.check()?;
            let fits = self.touches - before <= self.ways;
            let mut steps = streams.iter().map(Stream::stays).min().unwrap_or(1).min(left);
            if steps > 1 && !fits {
                let misses = self.simulator.first_misses();
                streams.iter_mut().for_each(|s| s.address += s.stride);
                self.iteration(streams);
                self.check()?;
                (left, steps) = (left - 1, steps - 1);
                if self.simulator.first_misses() != misses {
                    steps = 1;
                }
            }
            streams.iter_mut().for_each(|s| s.address += s.stride * steps);
            left -= steps;
        }
        Ok(())
    }

    #[inline]
    fn iteration(&mut self, streams: &[Stream]) {
        streams.iter().for_each(|&stream| self.touch(stream));
    }
}

fn contains(buffer: &Buffer, address: i64, last: i64) -> bool {
    address >= buffer.start && address.checked_add(last).is_some_and(|end| end < buffer.start + buffer.bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hierarchy::{Hierarchy, Level};
    use crate::program::Site;
    use crate::simulator::{ALL_SETS, Counters};

    fn hierarchy(ways: u64) -> Hierarchy {
        let level = |name: &str, sets: u64, ways| Level {
            name: name.into(),
            bytes: LINE_BYTES * sets * ways,
            ways,
            bytes_per_cycle: 1.0,
            source: String::new(),
        };
        Hierarchy {
            description: String::new(),
            processor: None,
            levels: vec![level("L1", 64, ways), level("L2", 192, 3)],
        }
    }

    /// One access after the other, without skipping.
    fn one_by_one(nodes: &[Node], slots: &mut [i64], simulator: &mut Simulator) {
        let touch = |reference: &Reference, slots: &[i64], simulator: &mut Simulator| {
            let address = reference.address.evaluate(slots);
            for line in address / LINE..=(address + reference.bytes - 1) / LINE {
                simulator.touch(line as Line, reference.site, reference.store);
            }
        };
        for node in nodes {
            match node {
                Node::Touch(reference) => touch(reference, slots, simulator),
                Node::Loop(inner) => {
                    let mut value = inner.lower[0].evaluate(slots);
                    while value < inner.upper[0].evaluate(slots) {
                        slots[inner.slot as usize] = value;
                        one_by_one(&inner.body, slots, simulator);
                        value += inner.step;
                    }
                }
                Node::Let(..) | Node::If(_) => unreachable!("not drawn"),
            }
        }
    }

    fn operation() -> ir::tree::OpId {
        ir::parse("func.func @f() { return }", &ir::Limits::default()).tree.functions().next().unwrap()
    }

    /// Two nested loops with the given accesses in the inner one: coefficients of both variables, bytes and store.
    fn program(trips: (i64, i64), triangular: bool, accesses: &[(i64, i64, i64, bool)]) -> Program {
        let operation = operation();
        let memory = ir::parse("func.func @f(%a: i1) { return }", &ir::Limits::default()).tree.values().next().unwrap();
        let bytes = 1 << 18;
        let site =
            |store| Site { operation, nest: None, store, buffer: 0, packed: false, bytes: 4, memory, stride: None };
        let reference = |(at, &(outer, inner, bytes, store)): (usize, &(i64, i64, i64, bool))| {
            let terms = [(0, outer), (1, inner)].into_iter().filter(|t| t.1 != 0).collect();
            let address = Linear { constant: (1 << 16) + 8 * at as i64, terms };
            let node = Reference { site: at as u32, address, bytes, store, buffer: 0, clamp: None, leads: true };
            Node::Touch(Box::new(node))
        };
        let upper = if triangular { Linear::slot(0) } else { Linear::constant(trips.1) };
        let body = accesses.iter().enumerate().map(reference).collect();
        let mut inner = Loop::over(operation, 1, 0, body);
        inner.upper = vec![upper];
        let outer = Loop::over(operation, 0, trips.0, vec![Node::Loop(Box::new(inner))]);
        Program {
            slots: 2,
            buffers: vec![Buffer { start: 0, bytes }],
            sites: accesses.iter().map(|a| site(a.3)).collect(),
            body: vec![Node::Loop(Box::new(outer))],
        }
    }

    fn counters(program: &Program, hierarchy: &Hierarchy) -> (Counters, u64) {
        let simulator = Simulator::new(hierarchy, program.sites.len(), program.lines(), ALL_SETS);
        let mut walk = Walk::new(program, simulator, hierarchy.levels[0].ways, u64::MAX);
        walk.run().unwrap();
        (walk.simulator.counters().clone(), walk.touches)
    }

    proptest! {
        #[test]
        fn skipping_is_exact(
            trips in (1i64..24, 1i64..80),
            triangular in any::<bool>(),
            ways in 1u64..5,
            accesses in prop::collection::vec((-200i64..200, prop::sample::select(vec![-8i64, 0, 1, 2, 4, 4, 8, 12, 32, 60, 64, 200]),
                prop::sample::select(vec![1i64, 4, 8, 70]), any::<bool>()), 1..6),
        ) {
            let (program, hierarchy) = (program(trips, triangular, &accesses), hierarchy(ways));
            let mut simulator = Simulator::new(&hierarchy, program.sites.len(), program.lines(), ALL_SETS);
            one_by_one(&program.body, &mut [0; 2], &mut simulator);
            prop_assert_eq!(&counters(&program, &hierarchy).0, simulator.counters());
        }
    }

    #[test]
    fn neighbours_are_skipped() {
        let (counters, touches) = counters(&program((1, 1600), false, &[(0, 4, 4, false)]), &hierarchy(2));
        assert_eq!((counters.misses(0), touches), (100, 101));
    }

    #[test]
    fn accesses_outside_their_memory_end_the_walk() {
        let program = program((1, 1 << 16), false, &[(0, 4, 4, false)]);
        let hierarchy = hierarchy(1);
        let simulator = Simulator::new(&hierarchy, 1, program.lines(), ALL_SETS);
        let mut walk = Walk::new(&program, simulator, 1, u64::MAX);
        assert_eq!(walk.run(), Err(Stop::Outside { site: 0 }));
    }
}
