//! Metal-Embedding: hardwired neurons, whose weights are wires from inputs to POPCNT regions.
//!
//! Per output neuron there are 16 regions, one per weight code; an input is wired to the region of its weight. Inputs
//! come bit-serially, LSB first. For plane t, region r counts its ones, `n[r][t]`, and accumulates
//! `c[r] = sum_t +-2^t n[r][t]` (minus for the sign plane); then `y = sum_r 2 w_r c[r]` through 16 constant multipliers
//! and a 16-term adder tree.
//!
//! Stages, a register each: input, POPCNT levels, accumulator, product, 4 adder levels (more over blocks), output.
//! The POPCNT registers carry the tag of a turn instead of partial counts, and the count is evaluated at the root:
//! the bits of a turn never change, so value and cycle are the same. Left out: carry-save form of the accumulator.

use super::block_scales::{BlockScales, BlockShifts};
use super::error::ArithmeticError;
use super::events::{Events, Pass, Stream};
use super::fp4::{BLOCK_INPUTS, Fp4};
use super::pipeline::{AdderTree, Delay};
use super::port_layout::{BitPlanes, PortLayout};
use super::timing::{HnTiming, REGION_TREE_LEVELS, ScaleFolding, ScaledHnTiming, tree_levels};
use super::weights::WeightMatrix;

/// An array of hardwired neurons, one per output, that share the serial inputs.
#[derive(Debug, Clone)]
pub struct HardwiredNeurons {
    weights: WeightMatrix,
    timing: ScaledHnTiming,
    shifts: Vec<BlockShifts>,
    layout: PortLayout,
}

impl HardwiredNeurons {
    /// Wires a matrix, with or without block scales.
    pub fn new(weights: WeightMatrix, scales: &BlockScales, timing: HnTiming) -> Result<Self, ArithmeticError> {
        timing.check()?;
        let shifts = scales.shifts(&weights, timing.activation_bits)?;
        let folding = scales.folding(&shifts);
        let group = if folding == ScaleFolding::PerBlockRegions { BLOCK_INPUTS } else { weights.inputs() };
        let layout = PortLayout::new(weights.inputs(), group, timing.inputs_per_port);
        Ok(Self { weights, timing: timing.scaled(folding), shifts, layout })
    }

    /// The closed form that equals the cycles of [`Self::run`].
    pub fn timing(&self) -> ScaledHnTiming {
        self.timing
    }

    /// One product, every neuron clocked until its output register holds the sum. `inputs` has shape `[inputs]`.
    pub fn run(&self, inputs: &[i32]) -> Result<Pass, ArithmeticError> {
        let mut stream = self.run_back_to_back(&[inputs])?;
        Ok(Pass { sums: stream.sums.swap_remove(0), exponents: stream.exponents, events: stream.events })
    }

    /// Products of several vectors, shape `[vectors][inputs]`, each fed as soon as the last bit of the one before is
    /// in: after the first pass, one result per [`ScaledHnTiming::serial_cycles`].
    pub fn run_back_to_back(&self, vectors: &[&[i32]]) -> Result<Stream, ArithmeticError> {
        let bits = self.timing.unscaled.activation_bits;
        if vectors.is_empty() {
            return Err(ArithmeticError::Zero { what: "the number of input vectors" });
        }
        vectors.iter().try_for_each(|inputs| self.weights.check_inputs(inputs, bits))?;
        let streams = Streams {
            planes: vectors.iter().map(|inputs| BitPlanes::pack(inputs, bits, &self.layout)).collect(),
            fed_bits: bits + if let ScaleFolding::PreShift { span_bits } = self.timing.folding { span_bits } else { 0 },
            inputs_per_turn: self.layout.inputs_per_turn(),
            layout: &self.layout,
        };
        let mut sums = vec![Vec::with_capacity(self.weights.outputs()); vectors.len()];
        let mut events = Events::default();
        for output in 0..self.weights.outputs() {
            let wiring = self.wire(output);
            let (neuron_sums, neuron_events) = Neuron::new(&wiring, &streams).run();
            sums.iter_mut().zip(neuron_sums).for_each(|(sums, sum)| sums.push(sum));
            // The neurons run in parallel: their work adds up, their cycles do not.
            events.cycles = events.cycles.max(neuron_events.cycles);
            events.multiplies += neuron_events.multiplies;
            events.popcount_bit_ops += neuron_events.popcount_bit_ops;
            events.adder_ops += neuron_events.adder_ops;
        }
        Ok(Stream { sums, exponents: self.shifts.iter().map(|neuron| neuron.exponent).collect(), events })
    }

    /// The wires of one neuron.
    fn wire(&self, output: usize) -> Wiring {
        let words = self.layout.words();
        let mut wiring = Wiring { regions: vec![[0; Fp4::CODES]; words], taps: Vec::new(), group_shifts: vec![0] };
        let per_block = self.timing.folding == ScaleFolding::PerBlockRegions;
        let shifts = &self.shifts[output].shifts;
        if per_block {
            wiring.group_shifts.clone_from(shifts);
        }
        for (block, weights) in self.weights.row(output).chunks(BLOCK_INPUTS).enumerate() {
            let delay = if per_block { 0 } else { shifts[block] };
            let tap = wiring.tap(delay, words);
            for (within, weight) in weights.iter().enumerate() {
                let (word, position) = self.layout.place(block * BLOCK_INPUTS + within);
                wiring.regions[word][weight.code() as usize] |= 1 << position;
                wiring.taps[tap].inputs[word] |= 1 << position;
            }
        }
        wiring
    }
}

/// What all neurons share: the serial inputs and their schedule.
struct Streams<'a> {
    /// Bits of each input vector.
    planes: Vec<BitPlanes>,
    /// Bit planes fed per vector: the activation bits and the shifted-out ones.
    fed_bits: u32,
    inputs_per_turn: Vec<u64>,
    layout: &'a PortLayout,
}

/// The wires of one neuron.
struct Wiring {
    /// Ports of each region, `[words][16]` bit masks.
    regions: Vec<[u64; Fp4::CODES]>,
    /// Inputs by the delay at which this neuron taps them.
    taps: Vec<Tap>,
    /// Left shift of the sum of each group.
    group_shifts: Vec<u32>,
}

/// The inputs, `[words]`, that a neuron takes `delay` bit times late.
struct Tap {
    delay: u32,
    inputs: Vec<u64>,
}

impl Wiring {
    /// Index of the tap with this delay, made if new.
    fn tap(&mut self, delay: u32, words: usize) -> usize {
        self.taps.iter().position(|tap| tap.delay == delay).unwrap_or_else(|| {
            self.taps.push(Tap { delay, inputs: vec![0; words] });
            self.taps.len() - 1
        })
    }
}

/// One cycle's share of the serial feed.
#[derive(Clone, Copy)]
struct Slot {
    vector: usize,
    bit: u32,
    turn: usize,
}

/// Registers of one neuron.
struct Neuron<'a> {
    wiring: &'a Wiring,
    streams: &'a Streams<'a>,
    input: Option<Slot>,
    popcount: Delay<Slot>,
    /// `[groups][16]` region sums.
    accumulators: Vec<[i64; Fp4::CODES]>,
    /// The accumulators hold the sums of a whole pass.
    complete: bool,
    products: Option<Vec<i64>>,
    region_tree: AdderTree,
    group_tree: AdderTree,
    /// What the output register has held, in order.
    outputs: Vec<i64>,
    events: Events,
}

impl<'a> Neuron<'a> {
    fn new(wiring: &'a Wiring, streams: &'a Streams<'a>) -> Self {
        let groups = streams.layout.groups;
        Self {
            wiring,
            streams,
            input: None,
            popcount: Delay::new(tree_levels(streams.layout.ports() as u64)),
            accumulators: vec![[0; Fp4::CODES]; groups],
            complete: false,
            products: None,
            region_tree: AdderTree::new(REGION_TREE_LEVELS),
            group_tree: AdderTree::new(tree_levels(groups as u64)),
            outputs: Vec::with_capacity(streams.planes.len()),
            events: Events::default(),
        }
    }

    /// Clocks until every vector has its sum; the sums in half units, `[vectors]`, and what they took.
    fn run(mut self) -> (Vec<i64>, Events) {
        let (vectors, bits, turns) = (self.streams.planes.len(), self.streams.fed_bits, self.streams.layout.turns);
        let mut feed = (0..vectors)
            .flat_map(|vector| (0..bits).flat_map(move |bit| (0..turns).map(move |turn| Slot { vector, bit, turn })));
        while self.outputs.len() < vectors {
            self.clock(feed.next());
            self.events.cycles += 1;
        }
        self.events.adder_ops += self.region_tree.additions + self.group_tree.additions;
        (self.outputs, self.events)
    }

    /// One clock edge; stages front to back, each on what the one before held before the edge.
    fn clock(&mut self, fed: Option<Slot>) {
        let slot = std::mem::replace(&mut self.input, fed);
        let counted = self.popcount.clock(slot);
        let multiplied = std::mem::take(&mut self.complete).then(|| self.multiply());
        if let Some(slot) = counted {
            self.accumulate(slot);
        }
        let products = std::mem::replace(&mut self.products, multiplied);
        let group_sums = self.region_tree.clock(products).map(|mut sums| {
            assert_eq!(sums.len(), self.wiring.group_shifts.len(), "four levels add the 16 products of a group");
            sums.iter_mut().zip(&self.wiring.group_shifts).for_each(|(sum, &shift)| *sum <<= shift);
            sums
        });
        self.outputs.extend(self.group_tree.clock(group_sums).map(|sum| sum[0]));
    }

    /// Adds the counts of one turn to the accumulators, with the weight of its bit plane.
    fn accumulate(&mut self, slot: Slot) {
        let sign_plane = slot.bit + 1 == self.streams.fed_bits;
        for (group, accumulator) in self.accumulators.iter_mut().enumerate() {
            let counts = count(self.wiring, self.streams, slot, group);
            for (sum, ones) in accumulator.iter_mut().zip(counts) {
                let weighted = i64::from(ones) << slot.bit;
                *sum += if sign_plane { -weighted } else { weighted };
            }
            self.events.adder_ops += Fp4::CODES as u64;
        }
        self.events.popcount_bit_ops += self.streams.inputs_per_turn[slot.turn];
        self.complete = sign_plane && slot.turn + 1 == self.streams.layout.turns;
    }

    /// The constant multipliers: every region sum times twice its weight. Clears the accumulators.
    fn multiply(&mut self) -> Vec<i64> {
        self.events.multiplies += (self.accumulators.len() * Fp4::CODES) as u64;
        let weights = Fp4::all().map(Fp4::doubled);
        let sums = self.accumulators.iter_mut().flat_map(|sums| sums.iter_mut());
        sums.zip(weights.iter().cycle()).map(|(sum, weight)| std::mem::take(sum) * weight).collect()
    }
}

/// Ones on the ports of each region of a group in one turn.
fn count(wiring: &Wiring, streams: &Streams, slot: Slot, group: usize) -> [u32; Fp4::CODES] {
    let mut counts = [0; Fp4::CODES];
    for word in streams.layout.word_range(slot.turn, group) {
        let mut bits = 0;
        for tap in &wiring.taps {
            if let Some(plane) = streams.planes[slot.vector].delayed(slot.bit, tap.delay) {
                bits |= plane[word] & tap.inputs[word];
            }
        }
        for (count, region) in counts.iter_mut().zip(&wiring.regions[word]) {
            *count += (bits & region).count_ones();
        }
    }
    counts
}
