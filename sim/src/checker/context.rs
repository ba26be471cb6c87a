//! What all checks of tokens share: the plans as the checker reads them, owners, positions, spilled bytes.

use designs::{Framing, Interconnect, Span};

use super::expected::{Act, Expected, owner};
use super::recording::Subject;
use super::served::Served;
use crate::schedule::machine::{Phase, Start};

/// Where a token is: ordered by chip, then layer, then instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub chip: u32,
    /// Layer, the head last.
    pub layer: u32,
    /// Instruction within the layer.
    pub instr: u32,
}

/// What all checks of tokens share.
pub(super) struct Context<'a> {
    pub subject: &'a Subject<'a>,
    pub chips: u32,
    /// Layers a token passes, the head included in decode.
    pub layers: u32,
    kinds: Vec<Expected>,
}

impl<'a> Context<'a> {
    /// Reads the plans of `subject`.
    pub(super) fn new(subject: &'a Subject<'a>) -> Self {
        let mapping = subject.mapping;
        let plans = mapping.kinds.iter().chain([&mapping.head]);
        Self {
            subject,
            chips: mapping.grid.chips(),
            layers: mapping.layer_kinds.len() as u32 + u32::from(subject.load.phase == Phase::Decode),
            kinds: plans.map(|plan| Expected::new(subject.design, mapping, plan)).collect(),
        }
    }

    /// What a layer (the head is the last) must do.
    pub(super) fn layer(&self, layer: u32) -> &Expected {
        let last = self.kinds.len() - 1;
        &self.kinds[self.subject.mapping.layer_kinds.get(layer as usize).copied().unwrap_or(last)]
    }

    /// Cycles of an issue; `None` where it is not simulated.
    pub(super) fn issue_cycles(&self) -> Option<u64> {
        let cycle = self.subject.compiled.specs.cycle.as_ref()?;
        cycle.effects.issue.then_some(self.subject.design.issue_cycles.into())
    }

    /// Act at a place, if there is one.
    pub(super) fn act(&self, At { layer, instr, .. }: At) -> Option<&Act> {
        self.layer(layer).acts.get(instr as usize)
    }

    /// Layer at which token `number` of `sequence` begins.
    pub(super) fn first_layer(&self, sequence: u32, number: u64) -> u32 {
        let load = self.subject.load;
        match load.start {
            // More sequences than pipeline stages: the others enter later, at layer 0.
            Start::Spread if number == 0 && u64::from(sequence) < self.subject.mapping.stages() => {
                let layers = self.subject.mapping.layer_kinds.len() as u64;
                (u64::from(sequence) * layers / u64::from(load.sequences)) as u32
            }
            _ => 0,
        }
    }

    /// Bytes on a link of a message of `payload` bytes.
    pub(super) fn framed(&self, payload: u64) -> u64 {
        framed(&self.subject.design.interconnect, payload)
    }

    /// Whether the first layer's cache is streamed before its token begins: not where sequences that wait for a place in the
    /// pipeline would hold space of the buffer.
    pub(super) fn streams_ahead(&self) -> bool {
        let dram = self.subject.compiled.specs.cycle.as_ref().is_some_and(|cycle| cycle.effects.dram);
        let waiting = u64::from(self.subject.load.sequences) > self.subject.mapping.stages();
        !(dram && waiting && self.subject.load.phase == Phase::Decode)
    }

    /// When data of a request to HBM are there; where its memory is simulated by commands, the earliest possible cycle.
    pub(super) fn arrival(&self, served: &Served) -> u64 {
        match &self.subject.compiled.specs.cycle {
            Some(cycle) if cycle.effects.dram => {
                let hbm = &self.subject.design.hbm;
                let rate = u128::from(hbm.stacks) * u128::from(hbm.stack_bandwidth.get());
                served.asked + (u128::from(served.work) * u128::from(self.subject.design.clock.hz()) / rate) as u64
            }
            _ => served.done,
        }
    }

    /// The place after this one on the same chip.
    pub(super) fn next(&self, At { chip, layer, instr }: At) -> At {
        if (instr as usize) + 1 < self.layer(layer).acts.len() {
            At { chip, layer, instr: instr + 1 }
        } else {
            At { chip, layer: layer + 1, instr: 0 }
        }
    }

    /// Cached positions that `chip` reads in `layer` for a token at `position`.
    pub(super) fn positions(&self, chip: u32, layer: u32, position: u64) -> Option<u64> {
        let kind = *self.subject.mapping.layer_kinds.get(layer as usize)?;
        let attention = self.subject.mapping.kinds[kind].attention?;
        let context = position + 1;
        let first = match attention.span {
            Span::Full => 0,
            Span::Window(size) => context.saturating_sub(size.into()),
            Span::Chunk(size) => position - position % u64::from(size),
        };
        let stripe =
            u64::from(if attention.stripes == self.chips { chip } else { chip / self.subject.mapping.grid.columns });
        let below = |end: u64| if end > stripe { (end - stripe - 1) / u64::from(attention.stripes) + 1 } else { 0 };
        Some(below(context) - below(first))
    }

    /// Row and chip that take the token's cache entry in `layer`.
    pub(super) fn owner(&self, layer: u32, position: u64) -> (u32, u32) {
        let kind = self.subject.mapping.layer_kinds.get(layer as usize);
        let stripes = kind.and_then(|&k| self.subject.mapping.kinds[k].attention).map_or(1, |a| a.stripes);
        owner(position, stripes, self.subject.mapping.grid)
    }

    /// Bytes of the cache of `layer` that `chip` streams for a token at `position`.
    pub(super) fn spilled(&self, chip: u32, layer: u32, position: u64) -> u64 {
        let placement = &self.subject.placement;
        let kind = self.subject.mapping.layer_kinds[layer as usize];
        let Some(attention) = self.subject.mapping.kinds[kind].attention else { return 0 };
        let positions = self.positions(chip, layer, position).unwrap_or(0);
        let bytes = positions * attention.stored_elements * u64::from(self.subject.mapping.options().kv_element_bytes);
        if placement.spilled_bytes_per_chip == 0 {
            return 0;
        }
        (u128::from(bytes) * u128::from(placement.spilled_bytes_per_chip)).div_ceil(placement.kv_bytes_per_chip.into())
            as u64
    }
    /// Position of a token: sequences are spread over the stripes in decode, take turns in prefill.
    pub(super) fn position(&self, sequence: u32, number: u64) -> u64 {
        let stripes = self.subject.mapping.kinds.iter().find_map(|k| k.attention).map_or(1, |a| u64::from(a.stripes));
        let load = self.subject.load;
        match load.phase {
            Phase::Decode => {
                let context = load.contexts.get(sequence as usize).copied().unwrap_or(load.context);
                // A sequence of at least 8 tokens, in whole turns of the stripes, is followed by one of the same context.
                let turns = 8u64.div_ceil(stripes);
                context - 1 + u64::from(sequence) % stripes + number % (turns * stripes)
            }
            Phase::Prefill => load.context + u64::from(sequence) + number * self.tokens_in_flight(),
        }
    }

    /// Prompt tokens in flight: the sequences of the load, the stages of the pipeline or the tokens of the prompt,
    /// whichever is fewest.
    pub(super) fn tokens_in_flight(&self) -> u64 {
        let load = self.subject.load;
        u64::from(load.sequences).min(self.subject.mapping.stages()).min(load.prompt_tokens)
    }
}

/// Bytes on a link of a message of `payload` bytes, packet by packet into flits.
pub(super) fn framed(links: &Interconnect, payload: u64) -> u64 {
    if links.framing == Framing::None {
        return payload;
    }
    let (mut left, mut bytes) = (payload, 0);
    while left > 0 {
        let packet = left.min(links.packet_payload.into());
        bytes += packet + u64::from(links.packet_header);
        left -= packet;
    }
    let room = u64::from(links.flit_payload);
    let flits = bytes / room + u64::from(!bytes.is_multiple_of(room));
    flits * u64::from(links.flit_bytes)
}
