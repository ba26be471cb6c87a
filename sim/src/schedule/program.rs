//! A mapping compiled into instruction lists for the event machine.
//!
//! Every chip runs the same instructions. Sizes are bytes, costs are cycles of the chip clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::instruction::{Instr, Matrices};
use super::wires::{Messages, PhaseTable, messages_of_plans};
use crate::mapping::{AttentionCost, Elements, LayerPlan, Mapping, Matrix, RoutedExperts, Step, Work};
use crate::units::{Sharing, Specs, Unit};

/// Instructions of a layer kind.
#[derive(Debug, Clone)]
pub struct Program {
    /// Instructions with the stage each belongs to.
    pub instrs: Vec<(usize, Instr)>,
    /// Messages.
    pub messages: Arc<Messages>,
    /// Attention cost, `None` for the head.
    pub attention: Option<AttentionCost>,
    /// Routed experts.
    pub experts: RoutedExperts,
    /// Server instances of the array one such layer needs.
    pub hn_instances: usize,
    /// Number of stages.
    pub stages: usize,
}

impl Program {
    /// Cost of its attention.
    ///
    /// # Panics
    /// For a program without attention: that of the head.
    #[must_use]
    pub fn attention(&self) -> &AttentionCost {
        self.attention.as_ref().expect("attention belongs to layers")
    }
}

/// A compiled mapping.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// One program per layer kind, the head last.
    pub programs: Vec<Program>,
    /// Program of each layer, the head last.
    pub sequence: Vec<usize>,
    /// First array instance of each layer, the head last.
    pub hn_base: Vec<usize>,
    /// Array instances in all.
    pub hn_instances: usize,
    /// Most phases of any program.
    pub max_phases: usize,
    /// Specs of the units.
    pub specs: Specs,
    /// Bytes of an element of the KV cache.
    pub kv_element_bytes: u64,
    /// Rotation of each layer, the head last.
    turns: Vec<usize>,
    /// Groups of alike layers, without and with the head.
    groups: [Vec<(u32, usize)>; 2],
}

impl Compiled {
    /// Compiles `mapping` for the units in `specs`.
    #[must_use]
    pub fn new(mapping: &Mapping, specs: Specs) -> Self {
        let messages = messages_of_plans(mapping, specs.interconnect.packing);
        Self::with(mapping, specs, &messages)
    }

    /// As [`Self::new`], with the messages of the mapping's plans, the head's last.
    #[must_use]
    pub fn with(mapping: &Mapping, specs: Specs, messages: &[Arc<Messages>]) -> Self {
        let plans = mapping.kinds.iter().chain([&mapping.head]);
        let programs: Vec<Program> =
            plans.zip(messages).map(|(plan, messages)| compile(plan, &specs, messages)).collect();
        let mut sequence = mapping.layer_kinds.clone();
        sequence.push(programs.len() - 1);
        let mut hn_base = Vec::with_capacity(sequence.len());
        let mut hn_instances = 0;
        for &program in &sequence {
            hn_base.push(hn_instances);
            hn_instances += programs[program].hn_instances;
        }
        let max_phases = programs.iter().map(|p| p.messages.phases()).max().unwrap_or(0).max(1);
        let kv_element_bytes = mapping.options().kv_element_bytes.into();
        let rotations = programs.first().map_or(1, |program| program.messages.rotations());
        let turns: Vec<usize> = (0..sequence.len()).map(|layer| layer % rotations).collect();
        let groups = [sequence.len() - 1, sequence.len()].map(|layers| groups(&sequence[..layers], &turns));
        Self { programs, sequence, hn_base, hn_instances, max_phases, specs, kv_element_bytes, turns, groups }
    }

    /// Number of layers without the head.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.sequence.len() - 1
    }

    /// Servers of a unit over all chips.
    #[must_use]
    pub fn servers(&self, unit: Unit) -> usize {
        let chips = self.specs.interconnect.grid.chips() as usize;
        match unit.sharing() {
            // Every matrix is hardware of its own.
            Sharing::Layer => self.hn_instances,
            Sharing::LaneGroup => self.specs.vex.groups() * chips,
            Sharing::Chip(_) => chips,
            Sharing::Link => self.specs.interconnect.links(),
        }
    }

    /// Program of a layer (the head is layer `layers()`).
    #[inline]
    #[must_use]
    pub fn program(&self, layer: usize) -> &Program {
        &self.programs[self.sequence[layer]]
    }

    /// Message table of a phase of a layer.
    #[inline]
    #[must_use]
    pub fn phase(&self, layer: usize, phase: usize) -> &PhaseTable {
        self.program(layer).messages.phase(self.turns[layer], phase)
    }

    /// Bytes one layer-token puts on each link, averaged over the positions' owners: numerators over
    /// `stripes` owners, so that nothing is rounded.
    #[must_use]
    pub fn link_bytes(&self, layer: usize) -> (&[u64], u64) {
        let messages = &self.program(layer).messages;
        (messages.link_bytes(self.turns[layer]), messages.stripes())
    }

    /// As [`Self::link_bytes`], for the phases of one stage.
    #[must_use]
    pub fn stage_link_bytes(&self, layer: usize, stage: usize) -> (Vec<u64>, u64) {
        let mut bytes = vec![0; self.specs.interconnect.links()];
        let messages = &self.program(layer).messages;
        for (_, instr) in self.program(layer).instrs.iter().filter(|(s, _)| *s == stage) {
            if let Instr::Phase(phase) = instr {
                messages.add_link_bytes(self.turns[layer], *phase, &mut bytes);
            }
        }
        (bytes, messages.stripes())
    }

    /// Layers (and the head, if `head`) grouped by kind and rotation: the number in each group, and one member.
    pub fn groups(&self, head: bool) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.groups[usize::from(head)].iter().copied()
    }

    /// Rotation a layer uses.
    #[must_use]
    pub fn turn(&self, layer: usize) -> usize {
        self.turns[layer]
    }

    /// Cycles of a phase on idle links: the most bytes one link carries, and a hop.
    #[must_use]
    pub fn idle_phase(&self, layer: usize, phase: usize) -> u64 {
        let busiest = self.phase(layer, phase).busiest;
        self.specs.interconnect.domain.to_reference(busiest) + self.specs.interconnect.hop
    }

    /// A program with only the messages of the given (layer, stage) pairs; each pair is one entry of its sequence.
    #[must_use]
    pub fn messages_of(&self, jobs: &[(usize, usize)]) -> Self {
        let mut programs: Vec<Program> = Vec::new();
        let mut known: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut sequence = Vec::with_capacity(jobs.len());
        for &(layer, stage) in jobs {
            let kind = self.sequence[layer];
            sequence.push(*known.entry((kind, stage)).or_insert_with(|| {
                let mut program = self.programs[kind].clone();
                program.instrs.retain(|(s, instr)| *s == stage && matches!(instr, Instr::Phase(_)));
                programs.push(program);
                programs.len() - 1
            }));
        }
        let turns: Vec<usize> = jobs.iter().map(|&(layer, _)| self.turns[layer]).collect();
        let hn_base = vec![0; jobs.len()];
        let groups = [(); 2].map(|()| groups(&sequence, &turns));
        Self { programs, sequence, hn_base, hn_instances: 0, turns, groups, specs: self.specs.clone(), ..*self }
    }
}

/// Layers grouped by program and rotation, in that order: the number in each group, and its first member.
fn groups(sequence: &[usize], turns: &[usize]) -> Vec<(u32, usize)> {
    let key = |layer: usize| (sequence[layer], turns[layer]);
    let mut groups: Vec<(u32, usize)> = Vec::new();
    for layer in 0..sequence.len() {
        match groups.iter_mut().find(|(_, first)| key(*first) == key(layer)) {
            Some((count, _)) => *count += 1,
            None => groups.push((1, layer)),
        }
    }
    groups.sort_by_key(|&(_, first)| key(first));
    groups
}

/// Matrices of one step that start together, joined into one request.
fn join(joined: Option<Matrices>, instances: &mut usize, size: usize, matrix: &Matrix, specs: &Specs) -> Matrices {
    let pass = specs.hn_array.pass(matrix.fan_in);
    let weights = matrix.fan_in * matrix.fan_out;
    match joined {
        Some(m) => Matrices { offset: m.offset, pass: m.pass.max(pass), weights: m.weights + weights },
        None => {
            let offset = *instances;
            *instances += size;
            Matrices { offset, pass, weights }
        }
    }
}

/// The instructions of the operations of one step, without its messages.
fn step_instructions(plan: &LayerPlan, step: &Step, specs: &Specs, hn_instances: &mut usize) -> Vec<Instr> {
    let chips = specs.interconnect.grid.chips() as usize;
    let mut instrs = Vec::new();
    let (mut fixed, mut expert) = (None, None);
    let mut nonlinear: Option<(u64, u64)> = None;
    let mut fan_in = 0;
    for op in plan.ops(step) {
        match &op.work {
            Work::Hn(matrix) => {
                let (slot, size) = match matrix.experts {
                    0 => (&mut fixed, chips),
                    experts => (&mut expert, chips * experts as usize),
                };
                fan_in = matrix.fan_in.max(fan_in);
                *slot = Some(join(*slot, hn_instances, size, matrix, specs));
            }
            Work::Nonlinear(elements) => {
                let (all, per_expert) = nonlinear.get_or_insert((0, 0));
                match *elements {
                    Elements::Fixed(n) => *all += n,
                    Elements::PerActiveExpert(n) => *per_expert += n,
                }
            }
            Work::EmbeddingRow { bytes } => instrs.push(Instr::AwaitEmbedding { bytes: *bytes }),
            Work::Scores => instrs.extend([Instr::AwaitKv, Instr::Scores]),
            Work::Values => instrs.push(Instr::Values),
            Work::Transfer(_) => {}
        }
    }
    if fixed.is_some() || expert.is_some() {
        instrs.push(Instr::Hn { fixed, expert, fan_in });
    }
    if let Some((fixed, per_expert)) = nonlinear {
        instrs.push(Instr::Nonlinear { fixed, per_expert });
    }
    instrs
}

fn compile(plan: &LayerPlan, specs: &Specs, messages: &Arc<Messages>) -> Program {
    let mut instrs = Vec::new();
    let mut hn_instances = 0;
    for (step, phases) in plan.steps().iter().zip(messages.of_steps()) {
        let own = step_instructions(plan, step, specs, &mut hn_instances);
        instrs.extend(own.into_iter().chain(phases.map(Instr::Phase)).map(|instr| (step.stage, instr)));
    }
    Program {
        instrs,
        messages: Arc::clone(messages),
        attention: plan.attention,
        experts: plan.experts,
        hn_instances,
        stages: plan.stages.len(),
    }
}
