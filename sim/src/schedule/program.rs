//! A mapping compiled into instruction lists and dense message tables for the event machine.
//!
//! Every chip runs the same instructions; message tables are per layer kind and rotation. Sizes are bytes,
//! costs are cycles of the chip clock.

use std::collections::BTreeMap;

use super::instruction::{Instr, Matrices};
use crate::ids::ChipId;
use crate::mapping::{
    AttentionCost, Elements, LayerPlan, Mapping, Matrix, Message, OwnerOf, Phase, RoutedExperts, Step, When, Work,
    collective,
};
use crate::units::{Sharing, Specs, Unit};

/// A message ready to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Wire {
    /// Receiving chip.
    pub to: u32,
    /// Its slot in the phase.
    pub slot: u32,
    /// Index of the link.
    pub link: u32,
    /// Payload.
    pub bytes: u64,
    /// Condition.
    pub when: When,
}

impl Wire {
    /// Whether `from` sends it when `owner` takes the new cache entry.
    #[inline]
    #[must_use]
    pub fn applies(&self, from: u32, owner: OwnerOf, columns: u32) -> bool {
        let (from, to) = (ChipId::new(from), ChipId::new(self.to));
        Message { from, to, bytes: self.bytes, when: self.when }.applies(owner, columns)
    }
}

/// Messages of a phase by sender, and the number that each chip receives.
#[derive(Debug, Clone, Default)]
pub struct PhaseTable {
    starts: Vec<u32>,
    wires: Vec<Wire>,
    expect: Vec<[u32; 3]>,
    /// Slot of each chip: the receivers of one sender have neighbouring slots.
    slots: Vec<u32>,
    /// Bytes on the busiest link if every conditional message is sent.
    busiest: u64,
}

impl PhaseTable {
    fn new(phase: &Phase, specs: &Specs) -> Self {
        let grid = specs.interconnect.grid;
        let chips = grid.chips() as usize;
        let in_columns = phase.messages.iter().all(|m| m.from.column(grid.columns) == m.to.column(grid.columns));
        let slot = |chip: ChipId| {
            if in_columns { chip.column(grid.columns) * grid.rows + chip.row(grid.columns) } else { chip.get() }
        };
        let mut table = Self {
            starts: vec![0; chips + 1],
            wires: Vec::new(),
            expect: vec![[0; 3]; chips],
            slots: ChipId::all(grid.chips()).map(slot).collect(),
            busiest: 0,
        };
        table.wires.reserve(phase.messages.len());
        for message in &phase.messages {
            let link = specs.interconnect.link(message.from.get(), message.to.get()) as u32;
            let to = message.to.get();
            table.wires.push(Wire { to, slot: slot(message.to), link, bytes: message.bytes, when: message.when });
            table.starts[message.from.index() + 1] += 1;
            table.expect[message.to.index()][message.when as usize] += 1;
        }
        for chip in 0..chips {
            table.starts[chip + 1] += table.starts[chip];
        }
        for chip in 0..chips as u32 {
            let wires = table.from(chip);
            let on = |link| wires.iter().filter(|w| w.link == link).map(|w| w.bytes).sum::<u64>();
            table.busiest = wires.iter().map(|w| on(w.link)).max().unwrap_or(0).max(table.busiest);
        }
        table
    }

    /// What `chip` sends, conditions not yet applied.
    #[inline]
    #[must_use]
    pub fn from(&self, chip: u32) -> &[Wire] {
        &self.wires[self.starts[chip as usize] as usize..self.starts[chip as usize + 1] as usize]
    }

    /// Slot of a chip: a permutation of the chips.
    #[inline]
    #[must_use]
    pub fn slot(&self, chip: ChipId) -> usize {
        self.slots[chip.index()] as usize
    }

    /// Messages `chip` receives when `owner` takes the new cache entry.
    #[inline]
    #[must_use]
    pub fn expected(&self, chip: u32, owner: OwnerOf, columns: u32) -> u32 {
        let [always, row, one] = self.expect[chip as usize];
        let mut count = always;
        if row > 0 && chip / columns == owner.row {
            count += row;
        }
        if one > 0 && owner.chip == Some(ChipId::new(chip)) {
            // Of the senders wired to the owner, all lie in its row.
            count += one;
        }
        count
    }
}

/// Instructions of a layer kind.
#[derive(Debug, Clone)]
pub struct Program {
    /// Instructions with the stage each belongs to.
    pub instrs: Vec<(usize, Instr)>,
    /// Message tables: `[rotation][phase]`.
    pub phases: Vec<Vec<PhaseTable>>,
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
}

impl Compiled {
    /// Compiles `mapping` for the units in `specs`.
    #[must_use]
    pub fn new(mapping: &Mapping, specs: Specs) -> Self {
        let rotations = if mapping.options().rotate_partners { collective::ROTATIONS } else { 1 };
        let plans: Vec<&LayerPlan> = mapping.kinds.iter().chain([&mapping.head]).collect();
        let programs: Vec<Program> = plans.iter().map(|plan| compile(mapping, plan, &specs, rotations)).collect();
        let mut sequence = mapping.layer_kinds.clone();
        sequence.push(programs.len() - 1);
        let mut hn_base = Vec::with_capacity(sequence.len());
        let mut hn_instances = 0;
        for &program in &sequence {
            hn_base.push(hn_instances);
            hn_instances += programs[program].hn_instances;
        }
        let max_phases = programs.iter().map(|p| p.phases[0].len()).max().unwrap_or(0).max(1);
        let kv_element_bytes = mapping.options().kv_element_bytes.into();
        let turns = (0..sequence.len()).map(|layer| layer % rotations).collect();
        Self { programs, sequence, hn_base, hn_instances, max_phases, specs, kv_element_bytes, turns }
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
        &self.program(layer).phases[self.turns[layer]][phase]
    }

    /// Bytes one layer-token puts on each link, averaged over the positions' owners: numerators over
    /// `stripes` owners, so that nothing is rounded.
    #[must_use]
    pub fn link_bytes(&self, layer: usize) -> (Vec<u64>, u64) {
        let mut bytes = vec![0; self.specs.interconnect.links()];
        let over = self.stripes(layer);
        for table in &self.program(layer).phases[self.turns[layer]] {
            self.add_link_bytes(table, over, &mut bytes);
        }
        (bytes, over)
    }

    /// As [`Self::link_bytes`], for the phases of one stage.
    #[must_use]
    pub fn stage_link_bytes(&self, layer: usize, stage: usize) -> (Vec<u64>, u64) {
        let mut bytes = vec![0; self.specs.interconnect.links()];
        let over = self.stripes(layer);
        for (_, instr) in self.program(layer).instrs.iter().filter(|(s, _)| *s == stage) {
            if let Instr::Phase(phase) = instr {
                self.add_link_bytes(self.phase(layer, *phase), over, &mut bytes);
            }
        }
        (bytes, over)
    }

    /// Layers (and the head, if `head`) grouped by kind and rotation: the number in each group, and one member.
    #[must_use]
    pub fn groups(&self, head: bool) -> Vec<(u32, usize)> {
        let mut groups: BTreeMap<(usize, usize), (u32, usize)> = BTreeMap::new();
        for layer in 0..self.layers() + usize::from(head) {
            groups.entry((self.sequence[layer], self.turns[layer])).or_insert((0, layer)).0 += 1;
        }
        groups.into_values().collect()
    }

    fn stripes(&self, layer: usize) -> u64 {
        self.program(layer).attention.map_or(1, |a| u64::from(a.stripes))
    }

    fn add_link_bytes(&self, table: &PhaseTable, stripes: u64, bytes: &mut [u64]) {
        let rows = u64::from(self.specs.interconnect.grid.rows);
        for wire in &table.wires {
            // A message to the owner is sent for as many stripes as its condition selects.
            let share = match wire.when {
                When::Always => stripes,
                When::ToOwnerRow => stripes / rows,
                When::ToOwner => 1,
            };
            bytes[wire.link as usize] += wire.bytes * share;
        }
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
        let turns = jobs.iter().map(|&(layer, _)| self.turns[layer]).collect();
        let hn_base = vec![0; jobs.len()];
        Self { programs, sequence, hn_base, hn_instances: 0, turns, specs: self.specs.clone(), ..*self }
    }
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

fn compile(mapping: &Mapping, plan: &LayerPlan, specs: &Specs, rotations: usize) -> Program {
    let mut instrs = Vec::new();
    let mut hn_instances = 0;
    let mut phases: Vec<Vec<PhaseTable>> = vec![Vec::new(); rotations];
    for step in plan.steps() {
        let own = step_instructions(plan, step, specs, &mut hn_instances);
        instrs.extend(own.into_iter().map(|instr| (step.stage, instr)));
        // All rotations have the same number of phases: the group sizes do not change.
        let first = phases[0].len();
        for (turn, tables) in phases.iter_mut().enumerate() {
            let lowered = mapping.step_phases(plan, step, turn);
            tables.extend(lowered.iter().map(|p| PhaseTable::new(p, specs)));
        }
        instrs.extend((first..phases[0].len()).map(|index| (step.stage, Instr::Phase(index))));
    }
    Program {
        instrs,
        phases,
        attention: plan.attention,
        experts: plan.experts,
        hn_instances,
        stages: plan.stages.len(),
    }
}
