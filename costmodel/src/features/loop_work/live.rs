//! Registers that the optimised loops need at once, by the live ranges of their values.

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::ValueId;

use super::body::{LoopBody, Registers};
use super::counts::{class, filled_lanes};
use super::vectorize::{has_gathers, instructions, interleave_count, packed_instructions, vectorised_instructions};
use crate::features::table::LoopClass;
use crate::features::walk::access::Access;
use crate::features::walk::lanes::{LONG_REGISTER_BITS, PART_BITS, REGISTER_BITS};
use crate::features::walk::registers::{Origin, RegisterValue};

/// Width of an address in a vector of addresses, in bits.
const ADDRESS_BITS: f64 = 64.0;

/// Vectors of addresses at once in a vectorised loop with gathers: the induction variable, and an address.
const ADDRESS_VECTORS: f64 = 2.0;

/// Constants of a vectorised loop with gathers: the first values of its induction variable, and their step.
const ADDRESS_CONSTANTS: f64 = 2.0;

/// From where to where a value is in a register, in steps of the walk.
#[derive(Debug, Clone, Copy)]
struct LiveRange {
    own: RegisterValue,
    written: u32,
    first_read: u32,
    last_read: u32,
}

/// The live ranges of the values of a function. An operation takes a step.
#[derive(Debug)]
pub struct LiveRanges {
    step: u32,
    ranges: Vec<LiveRange>,
    by_value: BTreeMap<ValueId, usize>,
    loops: Vec<Span>,
    /// Ranges that last to the end of a loop at least.
    to_end: Vec<(usize, usize)>,
    /// Constants by the outermost loop that uses them.
    constants: Vec<(usize, ValueId)>,
}

/// The steps of a loop.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    parent: usize,
    first: u32,
    last: u32,
}

/// What a loop needs at once, for several ways to count: of values that it computes, and of values of loops around.
#[derive(Debug, Clone, Copy, Default)]
struct Peak {
    own: [f64; 3],
    outside: [f64; 3],
}

impl LiveRanges {
    /// The function's body without values.
    pub fn new() -> Self {
        Self {
            step: 0,
            ranges: Vec::new(),
            by_value: BTreeMap::new(),
            loops: vec![Span::default()],
            to_end: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// A loop inside another.
    pub fn open(&mut self, parent: usize) {
        self.step += 1;
        self.loops.push(Span { parent, first: self.step, last: self.step });
    }

    /// An operation in a loop's body.
    pub fn step(&mut self, loop_index: usize) {
        self.step += 1;
        self.loops[loop_index].last = self.step;
    }

    /// A value that the last operation, in loop `at`, has left in a register.
    pub fn writes(&mut self, own: &RegisterValue, at: usize) {
        let written = match own.origin {
            Origin::Constant => return self.constants.push((self.child(0, at), own.value)),
            Origin::Carried => self.loops[own.loop_index].first,
            _ if own.loop_index == at => self.step,
            _ => self.loops[self.child(own.loop_index, at)].first,
        };
        self.by_value.insert(own.value, self.ranges.len());
        self.ranges.push(LiveRange { own: *own, written, first_read: u32::MAX, last_read: written });
    }

    /// A value that the last operation, in loop `at`, reads.
    pub fn reads(&mut self, value: ValueId, at: usize) {
        let Some(&index) = self.by_value.get(&value) else { return };
        let step = self.step;
        let range = &mut self.ranges[index];
        (range.first_read, range.last_read) = (range.first_read.min(step), step);
        let own = range.own.loop_index;
        if own != at {
            let inside = self.child(own, at);
            self.to_end.push((index, inside));
        }
    }

    /// A value that is in a register to the end of a loop.
    pub fn reads_at_end(&mut self, value: ValueId, loop_index: usize) {
        if let Some(&index) = self.by_value.get(&value) {
            self.to_end.push((index, loop_index));
        }
    }

    /// The loop directly inside `outer` that contains loop `index`; 0 if `outer` does not contain it.
    fn child(&self, outer: usize, mut index: usize) -> usize {
        while index > 0 && self.loops[index].parent != outer {
            index = self.loops[index].parent;
        }
        index
    }

    /// What each loop needs, once the walk is done.
    pub fn registers(mut self, bodies: &[LoopBody], addresses: &[f64]) -> Vec<Registers> {
        self.close();
        let classes: Vec<LoopClass> = bodies.iter().map(class).collect();
        let vectorised: Vec<Form> = bodies.iter().zip(&classes).map(|(body, &class)| Form::of(body, class)).collect();
        // On processors without gathers.
        let without = |(body, &form): (&LoopBody, &Form)| if has_gathers(body) { Form::scalar(body) } else { form };
        let contiguous: Vec<Form> = bodies.iter().zip(&vectorised).map(without).collect();
        let late = self.peaks(true, |own| {
            let (form, body) = (vectorised[own.loop_index], &bodies[own.loop_index]);
            let late = if form.folds(own) { 0.0 } else { form.of_value(own, LONG_REGISTER_BITS) };
            [
                late,
                contiguous[own.loop_index].of_value(own, PART_BITS),
                groups(body, own, is_long(classes[own.loop_index])),
            ]
        });
        let early = self.peaks(false, |own| {
            let integer = f64::from(u8::from(own.is_scalar() && own.is_integer));
            [
                vectorised[own.loop_index].of_value(own, LONG_REGISTER_BITS),
                Form::SCALAR.of_value(own, LONG_REGISTER_BITS),
                integer,
            ]
        });
        let constants = self.constants();
        let registers = |index: usize| {
            let (body, late, early) = (&bodies[index], late[index], early[index]);
            let (vectorised, contiguous) = (vectorised[index], contiguous[index]);
            let scalar = Form { lanes: 0.0, copies: 1.0, ..vectorised };
            let total = |form: Form, peak: Peak, way: usize| {
                form.total(body, peak.own[way]) + peak.outside[way] + constants[index]
            };
            Registers {
                late: total(vectorised, late, 0),
                early: total(vectorised, early, 0),
                parts: total(contiguous, late, 1),
                scalar: total(scalar, early, 1),
                long: late.own[2] + late.outside[2],
                integers: scalar.packed * early.own[2] + early.outside[2] + addresses[index],
                together: if vectorised.lanes > 0.0 { vectorised.lanes * vectorised.copies } else { 1.0 },
            }
        };
        (0..bodies.len()).map(registers).collect()
    }

    /// Extends loops over those inside, and ranges to the ends of loops.
    fn close(&mut self) {
        for index in (1..self.loops.len()).rev() {
            let Span { parent, last, .. } = self.loops[index];
            self.loops[parent].last = self.loops[parent].last.max(last);
        }
        for (index, inside) in std::mem::take(&mut self.to_end) {
            let (range, span) = (&mut self.ranges[index], self.loops[inside]);
            range.last_read = range.last_read.max(span.last);
            range.first_read = range.first_read.min(span.first);
        }
    }

    /// Constants that are in registers during each loop.
    fn constants(&mut self) -> Vec<f64> {
        self.constants.sort_unstable();
        self.constants.dedup();
        let mut counts = vec![0.0; self.loops.len()];
        // Outside of loops they are operands in memory.
        self.constants
            .iter()
            .filter(|(outermost, _)| *outermost > 0)
            .for_each(|(outermost, _)| counts[*outermost] += 1.0);
        (0..counts.len()).map(|index| counts[self.child(0, index)]).collect()
    }

    /// The most registers at once by loop, `amounts` for each value, with loads as `late` as possible or where the text has them.
    fn peaks(&self, late: bool, amounts: impl Fn(&RegisterValue) -> [f64; 3]) -> Vec<Peak> {
        let mut events: Vec<Event> = Vec::with_capacity(2 * self.ranges.len() + self.loops.len());
        for range in self.ranges.iter().filter(|range| range.last_read > range.written) {
            let (at, amounts) = (range.own.loop_index, amounts(&range.own));
            // An operation needs its operands before, and its results after it.
            let from = match range.own.origin {
                Origin::Loaded(_) if late => 2 * range.first_read - 1,
                _ => 2 * range.written + 1,
            };
            events.push(Event { at, step: from, change: Change::Enters(amounts) });
            events.push(Event { at, step: 2 * range.last_read + 1, change: Change::Leaves(amounts) });
        }
        let inside = self.loops.iter().enumerate().skip(1);
        events.extend(inside.map(|(index, own)| Event {
            at: own.parent,
            step: 2 * own.first,
            change: Change::Opens(index),
        }));
        events.sort_by_key(|event| (event.at, event.step, event.change.order()));
        let mut peaks = vec![Peak::default(); self.loops.len()];
        let (mut at, mut live) = (0, [0.0; 3]);
        for event in events {
            if event.at != at {
                (at, live) = (event.at, [0.0; 3]);
            }
            match event.change {
                Change::Leaves(amounts) => live.iter_mut().zip(amounts).for_each(|(live, amount)| *live -= amount),
                Change::Enters(amounts) => {
                    for ((live, amount), most) in live.iter_mut().zip(amounts).zip(&mut peaks[at].own) {
                        *live += amount;
                        *most = most.max(*live);
                    }
                }
                Change::Opens(index) => {
                    let outside = peaks[at].outside;
                    peaks[index].outside = std::array::from_fn(|way| outside[way] + live[way]);
                }
            }
        }
        peaks
    }
}

/// General registers for addresses and counters during each loop: the buffers that its outermost loop, or code after that, accesses; a
/// counter for it and each loop around; and for each further stride of its accesses to one buffer. Displacements are part of addresses.
pub fn addresses(bodies: &[LoopBody], accesses: &[Access]) -> Vec<f64> {
    let mut outermost = vec![0; bodies.len()];
    let mut depth = vec![0.0; bodies.len()];
    for (index, body) in bodies.iter().enumerate().skip(1) {
        outermost[index] = if body.parent == 0 { index } else { outermost[body.parent] };
        depth[index] = depth[body.parent] + 1.0;
    }
    // By buffer, the last outermost loop that accesses it.
    let mut last: BTreeMap<ValueId, usize> = BTreeMap::new();
    let mut strides = BTreeSet::new();
    for access in accesses {
        let own = last.entry(access.buffer).or_default();
        *own = (*own).max(outermost[access.loop_index]);
        if !access.is_invariant() {
            strides.insert((access.loop_index, access.buffer, access.address.stride.to_bits()));
        }
    }
    let mut later = vec![0.0; bodies.len() + 1];
    last.values().for_each(|&index| later[index] += 1.0);
    for index in (0..bodies.len()).rev() {
        later[index] += later[index + 1];
    }
    let mut groups = vec![0.0; bodies.len()];
    let mut before = None;
    for (index, buffer, _) in strides {
        groups[index] += if before == Some((index, buffer)) { 1.0 } else { 0.0 };
        before = Some((index, buffer));
    }
    (0..bodies.len()).map(|index| later[outermost[index]] + depth[index] + groups[index]).collect()
}

/// What happens to a loop's registers at a step.
struct Event {
    at: usize,
    /// Twice the number of the operation; odd between operations.
    step: u32,
    change: Change,
}

enum Change {
    Leaves([f64; 3]),
    Enters([f64; 3]),
    /// A loop inside starts.
    Opens(usize),
}

impl Change {
    /// Results take the registers of operands that are read for the last time.
    fn order(&self) -> u8 {
        match self {
            Self::Leaves(_) => 0,
            Self::Enters(_) => 1,
            Self::Opens(_) => 2,
        }
    }
}

/// What becomes of a loop's values.
#[derive(Debug, Clone, Copy)]
struct Form {
    /// Lanes of a vectorised loop; 0 if it stays scalar.
    lanes: f64,
    /// Interleaved copies of a vectorised loop's values.
    copies: f64,
    /// Registers for each value of a scalar loop: below 1 if neighbouring operations are packed into vectors.
    packed: f64,
}

impl Form {
    const SCALAR: Self = Self { lanes: 0.0, copies: 1.0, packed: 1.0 };

    /// Of a loop of a class.
    fn of(body: &LoopBody, class: LoopClass) -> Self {
        if !is_vectorised(class) {
            return Self::scalar(body);
        }
        let (_, trips) = body.typical();
        let lanes = filled_lanes(body, trips, body.lanes(REGISTER_BITS).max(1.0));
        let copies = interleave_count(body, vectorised_instructions(body, lanes), trips, lanes);
        Self { lanes, copies, packed: 1.0 }
    }

    /// Of a loop that stays scalar.
    fn scalar(body: &LoopBody) -> Self {
        let packed = if body.is_packed() { packed_instructions(body) / instructions(body) } else { 1.0 };
        Self { packed, ..Self::SCALAR }
    }

    /// Registers for one copy of a value, explicit vectors in registers of `bits`. Integers of scalar loops have registers of their own.
    fn of_value(self, own: &RegisterValue, bits: f64) -> f64 {
        if !own.is_scalar() {
            pieces(own, bits)
        } else if self.lanes > 0.0 {
            libm::ceil(self.lanes * own.bits / REGISTER_BITS)
        } else {
            f64::from(u8::from(!own.is_integer))
        }
    }

    /// Whether x86 loads a value as part of the instruction that uses it.
    fn folds(self, own: &RegisterValue) -> bool {
        match own.origin {
            Origin::Loaded(folding) => folding.scalar || folding.vector && self.lanes > 0.0,
            _ => false,
        }
    }

    /// Registers for all copies of the values of an iteration, of which there are `own`, for addresses of gathers, and for the lanes that
    /// interleaved groups move.
    fn total(self, body: &LoopBody, own: f64) -> f64 {
        if self.lanes == 0.0 {
            return self.packed * own;
        }
        let moves = body.groups.loads.min(body.interleave) + body.groups.stores.min(body.interleave);
        if !has_gathers(body) {
            return self.copies * own + moves;
        }
        let addresses = ADDRESS_VECTORS * libm::ceil(self.lanes * ADDRESS_BITS / LONG_REGISTER_BITS);
        self.copies * (own + addresses) + moves + ADDRESS_CONSTANTS
    }
}

/// Whether loops of a class are vectorised on all processors, or on those that gather.
fn is_vectorised(class: LoopClass) -> bool {
    use LoopClass::{Called, Gathered, Interleaved, NarrowGathered, Vector};
    matches!(class, Vector | Interleaved | Gathered | NarrowGathered | Called)
}

/// Registers of `bits` that an explicit vector fills.
fn pieces(own: &RegisterValue, bits: f64) -> f64 {
    own.vector.rows * libm::ceil(own.vector.row().bits / bits)
}

/// Whether loops of a class are vectorised on RISC-V.
fn is_long(class: LoopClass) -> bool {
    is_vectorised(class) || matches!(class, LoopClass::Divided | LoopClass::Reordered)
}

/// Vector registers for a value on RISC-V: groups of two for the widest element in memory if the loop is vectorised. Scalars have registers
/// of their own.
fn groups(body: &LoopBody, own: &RegisterValue, is_vectorised: bool) -> f64 {
    if !own.is_scalar() {
        pieces(own, LONG_REGISTER_BITS)
    } else if is_vectorised {
        (2.0 * own.bits / body.widest.max(8.0)).max(1.0)
    } else {
        0.0
    }
}
