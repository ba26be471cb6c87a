//! Computation: passes of the array, non-linear functions, attention, and which experts are active.

use rand_core::SeedableRng;

use super::super::ids::{Id, OnChip, SequenceId};
use super::super::instruction::Matrices;
use super::super::request::per_position;
use super::super::trace::{Listener, Service};
use super::Machine;
use crate::engine::IdleCause;
use crate::mapping::RoutedExperts;
use crate::units::{Spent, Unit};

/// Active experts of a token on one chip.
struct Active {
    /// First expert that lives on the chip.
    first: u32,
    /// Expert slots of a chip.
    here: usize,
    /// Indices into the token's list of chosen experts.
    active: std::ops::Range<usize>,
}

impl<L: Listener> Machine<'_, L> {
    pub(super) fn attend(&mut self, on: OnChip, layer: usize, now: u64, scores: bool, cause: IdleCause) -> u64 {
        self.state.at[on].doing = Spent::Attention;
        let position = self.state.tokens[on.sequence.index()].position;
        let (positions, attention) = self.positions(on, layer, position).expect("attention belongs to layers");
        let (elements, vectors) = per_position(&attention, scores);
        let bytes = positions * elements * self.program.kv_element_bytes;
        self.state.activity.events.buffer_bytes += bytes;
        if scores {
            self.state.activity.events.vex_operations += positions * attention.macs;
        }
        let specs = &self.program.specs;
        let lane = self.lane(layer, on.chip);
        let vectors = positions * vectors;
        let buffer = (Unit::AttentionBuffer, on.chip.index());
        let mut read = self.serve(on, buffer, now, (bytes, specs.attention_buffer.latency), cause).done;
        if specs.cycle.is_some() {
            read = self.read_banks(on, layer, now, bytes, scores).unwrap_or(read);
            if scores {
                self.write_entry(on, layer, now);
            } else {
                let stream = self.state.at[on].kv_ready;
                self.release(on, stream, read);
            }
        }
        let cycles = specs.vex.attention_cycles(vectors);
        let computed = self.serve(on, (Unit::VexAttention, lane), now, (cycles, 0), cause).done;
        read.max(computed)
    }

    pub(super) fn nonlinear(&mut self, on: OnChip, now: u64, fixed: u64, per_expert: u64, cause: IdleCause) -> u64 {
        let mut elements = fixed;
        if per_expert > 0 {
            elements += per_expert * self.active_experts(on).active.len() as u64;
        }
        if elements == 0 {
            return now;
        }
        self.state.activity.events.vex_operations += elements;
        let lane = self.lane(self.state.at[on].layer as usize, on.chip);
        let spec = &self.program.specs.vex;
        let work = (spec.nonlinear_service(elements), spec.nonlinear_latency());
        let service = self.serve(on, (Unit::VexNonlinear, lane), now, work, cause);
        self.charge_wait(on, now, service.begin(), Unit::VexNonlinear.waiting(), Spent::Nonlinear);
        service.done
    }

    pub(super) fn pass(
        &mut self,
        on: OnChip,
        now: u64,
        fixed: Option<Matrices>,
        expert: Option<Matrices>,
        cause: IdleCause,
    ) -> u64 {
        let base = self.program.hn_base[self.state.at[on].layer as usize];
        // The token waits for the pass that ends last.
        let mut slowest: Option<Service> = None;
        let mut run = |machine: &mut Self, instance: usize, matrices: Matrices| {
            machine.state.activity.events.hn_weights += matrices.weights;
            let work = (matrices.pass.serial, matrices.pass.depth);
            let service = machine.serve(on, (Unit::HnArray, instance), now, work, cause);
            if slowest.is_none_or(|latest| service.done > latest.done) {
                slowest = Some(service);
            }
        };
        if let Some(matrices) = fixed {
            run(self, base + matrices.offset + on.chip.index(), matrices);
        }
        if let Some(matrices) = expert {
            let Active { first, here, active } = self.active_experts(on);
            for index in active {
                let slot = self.state.tokens[on.sequence.index()].experts[index] - first;
                run(self, base + matrices.offset + on.chip.index() * here + slot as usize, matrices);
            }
        }
        let Some(service) = slowest else { return now };
        self.charge_wait(on, now, service.begin(), Unit::HnArray.waiting(), Spent::Projection);
        service.done
    }

    /// Experts of the token's current layer that live on `chip`.
    fn active_experts(&mut self, on: OnChip) -> Active {
        let layer = self.state.at[on].layer;
        let experts: RoutedExperts = self.program.program(layer as usize).experts;
        let seed = self.load.seed;
        let token = &mut self.state.tokens[on.sequence.index()];
        if token.experts_layer != layer {
            token.experts_layer = layer;
            let mut random = token_stream(seed, on.sequence, token.done, layer);
            self.load.router.choose(&mut token.experts, &mut random, layer as usize, experts);
        }
        let own = experts.on(on.chip.get(), self.grid.chips());
        let active = token.experts.partition_point(|&e| e < own.start)..token.experts.partition_point(|&e| e < own.end);
        Active { first: own.start, here: experts.most_per_chip as usize, active }
    }
}

/// The random stream of a token in a layer.
fn token_stream(seed: u64, sequence: SequenceId, token: u64, layer: u32) -> rand_pcg::Pcg32 {
    let stream = (u64::from(sequence.0) << 32) ^ (token << 12) ^ u64::from(layer);
    rand_pcg::Pcg32::seed_from_u64(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
