//! Compares the requests of a token's instructions, and its bytes on links, with the mapping.

use std::collections::{BTreeMap, BTreeSet};

use designs::Span;

use super::context::{At, Context};
use super::expected::{Act, Exchange, Pass, Traffic};
use super::served::Served;
use super::token::Token;
use super::violation::{ExchangeId, Findings, Violation};
use crate::schedule::instruction::Instr;
use crate::schedule::trace::Place;
use crate::units::Unit;

/// Work of all tokens; compare with [`crate::schedule::machine::Activity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    pub weights: u64,
    pub vex_operations: u64,
    pub buffer_bytes: u64,
    pub link_bytes: u64,
    pub hbm_bytes: u64,
}

/// Chips and slots of the experts a layer used.
type Experts = BTreeSet<(u32, usize)>;

/// Checks what `token` did and adds it to `sums`.
pub(super) fn check(token: &Token, context: &Context, sums: &mut Sums, findings: &mut Findings) {
    sums.link_bytes += token.links.values().flat_map(BTreeMap::values).sum::<u64>();
    let hbm = token.served.values().flatten().filter(|s| s.unit == Unit::Hbm);
    sums.hbm_bytes += hbm.map(|s| s.work).sum::<u64>();
    // The machine counts a row when the token waits for it.
    let waited = |chip: u32| token.reached.contains_key(&At { chip, layer: 0, instr: 0 });
    sums.hbm_bytes += token.rows.iter().filter(|(chip, _)| waited(**chip)).map(|(_, row)| row.work).sum::<u64>();
    let layers: BTreeSet<u32> = token.reached.keys().map(|at| at.layer).collect();
    for layer in layers {
        let acts = &context.layer(layer).acts;
        let mut chosen: Option<Experts> = None;
        for (instr, act) in acts.iter().enumerate() {
            let mut experts = Experts::new();
            let mut positions = 0;
            let mut chips = 0;
            for chip in 0..context.chips {
                let at = At { chip, layer, instr: instr as u32 };
                if !token.reached.contains_key(&at) {
                    continue;
                }
                chips += 1;
                let mut one = One { token, context, at, sums, findings };
                match act {
                    Act::Hn { fixed, expert } => {
                        experts.extend(one.pass(*fixed, *expert).iter().map(|&slot| (chip, slot)))
                    }
                    Act::Nonlinear { fixed, per_expert } => {
                        let active = chosen.iter().flatten().filter(|(c, _)| *c == chip).count() as u64;
                        one.nonlinear(fixed + per_expert * active);
                    }
                    Act::AwaitEmbedding { bytes } => one.row(*bytes),
                    Act::Scores | Act::Values => positions += one.attend(*act == Act::Scores),
                    Act::AwaitKv | Act::Exchange { .. } => {}
                }
            }
            if let Act::Hn { expert: Some(_), .. } = act {
                // A chip's non-linear step follows its own pass, so the experts so far are enough for it.
                let complete = chips == context.chips;
                experts_used(token, layer, complete, &experts, chosen.as_ref(), context, findings);
                chosen = Some(experts);
            }
            if matches!(act, Act::Scores | Act::Values) && chips == context.chips {
                visible(token, layer, positions, context, findings);
            }
        }
        let last = acts.len() as u32 - 1;
        if (0..context.chips).all(|chip| token.reached.contains_key(&At { chip, layer, instr: last })) {
            for (index, exchange) in context.layer(layer).exchanges.iter().enumerate() {
                traffic(token, layer, index, exchange, context, findings);
            }
        }
    }
}

/// Checks that a token uses the model's number of experts, and the same ones in every pass of the layer.
fn experts_used(
    token: &Token,
    layer: u32,
    complete: bool,
    experts: &Experts,
    before: Option<&Experts>,
    context: &Context,
    findings: &mut Findings,
) {
    let mapping = context.subject.mapping;
    let at = token.layer(layer);
    let routed = mapping.kinds[mapping.layer_kinds[layer as usize]].experts;
    // Every chip that shares an expert works for it.
    let (found, expected) = (experts.len() as u32, routed.per_token * routed.chips_per_expert.max(1));
    findings.expect(!complete || found == expected, || Violation::ExpertCount { at, found, expected });
    if let Some(before) = before {
        let chips: BTreeSet<u32> = experts.iter().map(|e| e.0).collect();
        let same = experts.iter().all(|e| before.contains(e))
            && before.iter().all(|e| !chips.contains(&e.0) || experts.contains(e));
        findings.expect(same, || {
            let list = |experts: &Experts| experts.iter().copied().collect();
            Violation::ExpertsDiffer { at, found: list(experts), before: list(before) }
        });
    }
}

/// Checks that every visible position is read once by each chip that holds a part of its heads.
fn visible(token: &Token, layer: u32, positions: u64, context: &Context, findings: &mut Findings) {
    let mapping = context.subject.mapping;
    let attention = mapping.kinds[mapping.layer_kinds[layer as usize]].attention.expect("attention has a cost");
    let seen = match attention.span {
        Span::Full => token.position + 1,
        Span::Window(size) => u64::from(size).min(token.position + 1),
        Span::Chunk(size) => token.position % u64::from(size) + 1,
    };
    let expected = seen * u64::from(context.chips / attention.stripes);
    let at = token.layer(layer);
    findings.expect(positions == expected, || Violation::PositionsRead { at, found: positions, expected });
}

/// One instruction of a token on a chip.
struct One<'a> {
    token: &'a Token,
    context: &'a Context<'a>,
    at: At,
    sums: &'a mut Sums,
    findings: &'a mut Findings,
}

impl One<'_> {
    fn place(&self) -> Place {
        self.token.place(self.at)
    }

    /// The requests of this instruction, none of them to HBM, which works ahead.
    fn served(&mut self, units: &[Unit]) -> Vec<Served> {
        let all = self.token.served.get(&self.at).into_iter().flatten();
        let served: Vec<Served> = all.filter(|s| s.unit != Unit::Hbm).copied().collect();
        let place = self.place();
        for &Served { unit, .. } in &served {
            self.findings.expect(units.contains(&unit), || Violation::UnexpectedUnit { place, unit });
        }
        served
    }

    /// Exactly one request of `unit`, with this much work.
    fn once(&mut self, served: &[Served], unit: Unit, expected: u64) {
        let found: Vec<u64> = served.iter().filter(|s| s.unit == unit).map(|s| s.work).collect();
        let place = self.place();
        self.findings.expect(found == [expected], || Violation::UnitWork { place, unit, found, expected });
    }

    /// The embedding row is read once, whole.
    fn row(&mut self, expected: u64) {
        let found: Vec<u64> = self.token.rows.get(&self.at.chip).map(|row| row.work).into_iter().collect();
        let place = self.place();
        self.findings.expect(found == [expected], || Violation::UnitWork { place, unit: Unit::Hbm, found, expected });
    }

    /// Returns the slots of the experts used.
    fn pass(&mut self, fixed: Option<Pass>, expert: Option<Pass>) -> Vec<usize> {
        let place = self.place();
        let At { chip, layer, instr } = self.at;
        let compiled = self.context.subject.compiled;
        let base = compiled.hn_base[layer as usize];
        let Some((_, Instr::Hn { fixed: fixed_at, expert: expert_at, .. })) =
            compiled.program(layer as usize).instrs.get(instr as usize)
        else {
            self.findings.expect(false, || Violation::NoPass { place });
            return Vec::new();
        };
        let here = compiled.program(layer as usize).experts.most_per_chip as usize;
        let fixed_index = fixed_at.as_ref().map(|f| base + f.offset + chip as usize);
        let expert_index = expert_at.as_ref().map(|e| base + e.offset + chip as usize * here);
        let (mut slots, mut fixed_passes) = (Vec::new(), 0);
        for request in self.served(&[Unit::HnArray]) {
            let slot = expert_index.and_then(|e| request.index.checked_sub(e)).filter(|slot| *slot < here);
            let pass = if Some(request.index) == fixed_index {
                fixed_passes += 1;
                fixed
            } else if let Some(slot) = slot {
                slots.push(slot);
                expert
            } else {
                None
            };
            let found = (request.work, request.done - request.end);
            let expected = pass.map(|p| (p.serial, p.depth));
            self.findings.expect(Some(found) == expected, || Violation::PassCycles { place, found, expected });
            self.sums.weights += pass.map_or(0, |p| p.weights);
        }
        let (found, expected) = (fixed_passes, u32::from(fixed.is_some()));
        self.findings.expect(found == expected, || Violation::PassCount { place, found, expected });
        let (used, distinct) = (slots.len(), slots.iter().copied().collect::<BTreeSet<usize>>().len());
        self.findings.expect(distinct == used, || Violation::RepeatedExpert { place, used, distinct });
        slots
    }

    fn nonlinear(&mut self, elements: u64) {
        let served = self.served(&[Unit::VexNonlinear]);
        self.sums.vex_operations += elements;
        if elements == 0 {
            let (place, requests) = (self.place(), served.len());
            self.findings.expect(requests == 0, || Violation::RequestsWithoutElements { place, requests });
            return;
        }
        let lanes = u64::from(self.context.subject.design.vex.nonlinear_lanes);
        self.once(&served, Unit::VexNonlinear, elements.div_ceil(lanes));
    }

    /// Returns the positions read.
    fn attend(&mut self, scores: bool) -> u64 {
        let At { chip, layer, .. } = self.at;
        let mapping = self.context.subject.mapping;
        let attention = mapping.kinds[mapping.layer_kinds[layer as usize]].attention.expect("attention has a cost");
        let positions = self.context.positions(chip, layer, self.token.position).expect("attention has positions");
        let (elements, vectors) = if scores {
            (attention.score_elements, attention.score_vectors)
        } else {
            (attention.value_elements, attention.value_vectors)
        };
        let bytes = elements * u64::from(mapping.options().kv_element_bytes);
        let served = self.served(&[Unit::AttentionBuffer, Unit::VexAttention]);
        self.once(&served, Unit::AttentionBuffer, positions * bytes);
        let rate = u64::from(self.context.subject.design.vex.kv_vectors_per_cycle);
        self.once(&served, Unit::VexAttention, (positions * vectors).div_ceil(rate));
        let read: u64 = served.iter().filter(|s| s.unit == Unit::AttentionBuffer).map(|s| s.work).sum();
        self.sums.buffer_bytes += read;
        if scores {
            self.sums.vex_operations += positions * attention.macs;
        }
        read / bytes.max(1)
    }
}

/// Checks the bytes of an exchange, link by link: links carry the packed messages, the new cache entry goes to its owner, and
/// the remaining payload has the profile of the collectives.
fn traffic(token: &Token, layer: u32, index: usize, exchange: &Exchange, context: &Context, findings: &mut Findings) {
    let grid = context.subject.mapping.grid;
    let id = ExchangeId { at: token.layer(layer), exchange: index };
    let empty = BTreeMap::new();
    let links = token.links.get(&(layer, index)).unwrap_or(&empty);
    let messages = token.messages.get(&(layer, index)).unwrap_or(&empty);
    let framed = token.framed.get(&(layer, index)).unwrap_or(&empty);
    findings.expect(framed == links, || {
        let (messages, links) = (framed.values().sum(), links.values().sum());
        Violation::MessagesDifferFromLinks { exchange: id, messages, links }
    });
    let (row, one) = context.owner(layer, token.position);
    let mut loads: [BTreeMap<u32, Vec<u64>>; 2] = Default::default();
    for from in 0..context.chips {
        for to in (0..context.chips).filter(|&to| to != from) {
            let carried = messages.get(&(from, to)).copied().unwrap_or(0);
            let (along, entry) =
                match (from / grid.columns == to / grid.columns, from % grid.columns == to % grid.columns) {
                    (true, _) => (0, if from / grid.columns == row && to == one { exchange.to_owner_chip } else { 0 }),
                    (_, true) => (1, if to / grid.columns == row { exchange.to_owner_row } else { 0 }),
                    _ => continue,
                };
            findings.expect(carried >= entry, || Violation::CacheEntry { exchange: id, from, to, carried, entry });
            loads[along].entry(from).or_default().push(carried.saturating_sub(entry));
        }
    }
    for (loads, expected) in loads.iter_mut().zip(&exchange.along) {
        profile(loads, expected, id, findings);
    }
}

/// Compares the loads of every sender, the fullest link first, and their sum with the closed form.
fn profile(loads: &mut BTreeMap<u32, Vec<u64>>, expected: &Traffic, exchange: ExchangeId, findings: &mut Findings) {
    let (found, total) = (loads.values().flatten().sum::<u64>(), expected.total);
    findings.expect(found == total, || Violation::ExchangeBytes { exchange, found, expected: total });
    for (&chip, loads) in loads {
        loads.sort_unstable_by(|a, b| b.cmp(a));
        for (rank, &load) in loads.iter().enumerate() {
            let (low, high) = expected.profile.get(rank).copied().unwrap_or((0, 0));
            let within = (low..=high).contains(&load);
            findings.expect(within, || Violation::LinkLoad { exchange, chip, rank, load, low, high });
        }
    }
}
