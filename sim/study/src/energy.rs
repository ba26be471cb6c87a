//! Power of a machine at several operating points, block by block: from structure alone, and with the design's calibration. What
//! `hardwire energy` answers.

use designs::load::Loader;
use designs::{Block, Design, Grid, Override, ProcessNode};
use serde::Serialize;
use sim::constants::Constant;
use sim::energy::bottom_up::{self, BlockModel};
use sim::energy::inputs::PowerInputs;
use sim::energy::{self, Density, TokenActivity};
use sim::settle::{Machine, Settled};
use sim::{Discipline, Fidelity, Prepared, Request};

use crate::StudyError;

/// Most operating points of a question.
const MAX_POINTS: usize = 4096;

/// How much a machine has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Nothing.
    Idle,
    /// As many sequences in decode.
    Sequences(u64),
    /// As many as fill the pipeline.
    Full,
}

/// What is asked: every node with every clock under every load.
#[derive(Debug, Clone)]
pub struct Question {
    /// Preset name or path of a design file.
    pub design: String,
    /// Changes of the design.
    pub overrides: Vec<Override>,
    /// Preset name or path of a model; the design's own if absent.
    pub model: Option<String>,
    /// Nodes; the design's own if empty.
    pub nodes: Vec<String>,
    /// Clocks as values of `chip.clock`; the design's own if empty.
    pub clocks: Vec<String>,
    /// Loads; at least one.
    pub loads: Vec<Load>,
    /// Context of every sequence, tokens.
    pub context: u64,
    /// Accounting of time.
    pub discipline: Discipline,
}

/// Power of one block of an average chip, and how it comes about.
#[derive(Debug, Clone, Serialize)]
pub struct BlockPower {
    /// The block.
    pub block: Block,
    /// Leakage from structure, watts.
    pub leakage_w: f64,
    /// Clock tree and clock pins that are not gated, from structure, watts.
    pub clock_w: f64,
    /// Physical layers without traffic, from structure, watts.
    pub interface_w: f64,
    /// Events, from structure, watts.
    pub events_w: f64,
    /// Sum of the four, watts.
    pub bottom_up_w: f64,
    /// The sum with all constants at the end of their ranges that takes least power.
    pub bottom_up_low_w: f64,
    /// The sum with all constants at the end of their ranges that takes most power.
    pub bottom_up_high_w: f64,
    /// Calibration: the design's power without events over that from structure; absent where there is none.
    pub static_factor: Option<f64>,
    /// Calibration: the design's energy of an event over that from structure; absent where there is none.
    pub event_factor: Option<f64>,
    /// Power of the design without events, watts.
    pub calibrated_static_w: f64,
    /// Power of the design: what is simulated, priced and printed elsewhere, watts.
    pub calibrated_w: f64,
}

/// One operating point.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// Process node.
    pub node: String,
    /// Clock, gigahertz.
    pub clock_ghz: f64,
    /// Supply voltage, volts.
    pub voltage_v: f64,
    /// Temperature of the dies, degrees Celsius.
    pub temperature_c: f64,
    /// Rows and columns of chips.
    pub grid: Grid,
    /// Sequences in decode; 0 in an idle machine.
    pub sequences: u64,
    /// Tokens per second.
    pub throughput_tokens_per_s: f64,
    /// Blocks in the order of the published table.
    pub blocks: Vec<BlockPower>,
    /// Power of an average chip from structure, watts; absent where the node states no transistor density.
    pub chip_bottom_up_w: Option<f64>,
    /// Power of an average chip, watts.
    pub chip_w: f64,
    /// DRAM devices of a chip without traffic, from currents and stacks, watts; part of the design's system factor.
    pub dram_standby_w: f64,
    /// Traffic of the DRAM devices of a chip, watts.
    pub dram_traffic_w: f64,
    /// Chips and DRAM devices from structure, without cooling and supply losses, kilowatts; absent as `chip_bottom_up_w`.
    pub system_bottom_up_kw: Option<f64>,
    /// Power of the system, kilowatts.
    pub system_kw: f64,
    /// Energy of the system per token, millijoules; absent in an idle machine.
    pub energy_per_token_mj: Option<f64>,
    /// Power densities beside the published ones.
    pub densities: Vec<Density>,
    /// How the machine follows from its base, and what to know of the figures.
    pub notes: Vec<String>,
}

/// What a question is answered with.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// Name of the design.
    pub design: String,
    /// Name of the model.
    pub model: String,
    /// Accounting of time.
    pub discipline: Discipline,
    /// Context of every sequence, tokens.
    pub context_tokens: u64,
    /// Operating points: nodes, within them clocks, within them loads.
    pub points: Vec<Point>,
    /// Constants of the power model with ranges and sources.
    pub constants: Vec<Constant>,
}

/// Answers a question.
///
/// # Errors
/// Every problem of the texts and overrides, too many points, and a machine that cannot be built or simulated.
pub fn answer(question: &Question, loader: &Loader<'_>) -> Result<Answer, StudyError> {
    let points = question.nodes.len().max(1) * question.clocks.len().max(1) * question.loads.len();
    if !(1..=MAX_POINTS).contains(&points) {
        let range = format!("at least 1 and at most {MAX_POINTS}");
        return Err(StudyError::Term { term: "number of operating points", value: points.to_string(), range });
    }
    let build = crate::build::published(loader)?;
    let mut answers = Vec::with_capacity(points);
    let mut model = String::new();
    for node in optional(&question.nodes) {
        for clock in optional(&question.clocks) {
            let mut overrides = question.overrides.clone();
            if let Some(clock) = clock {
                overrides.push(Override::parse(&format!("chip.clock={clock}"))?);
            }
            let machine = Machine::load(&question.design, &overrides, question.model.as_deref(), node, loader)?;
            let (settled, notes) = machine.settle(&build)?;
            for &load in &question.loads {
                answers.push(point(question, &machine, &settled, &notes, load)?);
            }
            model.clone_from(&machine.model().name);
        }
    }
    Ok(Answer {
        design: question.design.clone(),
        model,
        discipline: question.discipline,
        context_tokens: question.context,
        points: answers,
        constants: PowerInputs::CONSTANTS.to_vec(),
    })
}

/// Every entry, or one absent entry.
fn optional(list: &[String]) -> Vec<Option<&str>> {
    if list.is_empty() { vec![None] } else { list.iter().map(|entry| Some(entry.as_str())).collect() }
}

fn point(
    question: &Question,
    machine: &Machine,
    settled: &Settled,
    notes: &[String],
    load: Load,
) -> Result<Point, StudyError> {
    let design = &settled.design;
    let chips = design.grid.chips();
    let mut notes = notes.to_vec();
    let sequences = match load {
        Load::Idle => Some(0),
        Load::Sequences(n) => Some(n),
        Load::Full => None,
    };
    let (activity, rate, sequences) = if load == Load::Idle {
        (TokenActivity::default(), 0.0, 0)
    } else {
        let request = Request {
            grid: Some(design.grid),
            context: question.context,
            sequences,
            discipline: question.discipline,
            fidelity: Fidelity::Analytic,
            ..Request::of(design, machine.model())
        };
        let run = Prepared::new(request)?.run();
        notes.extend(run.notes);
        (run.activity_per_token, run.throughput_tokens_per_s, run.sequences)
    };
    let power = energy::chip_power(design, &activity, rate, chips);
    let system_w = energy::system_w(design, &power, &activity, rate, chips);
    let blocks = blocks(design, machine.node(), &activity, rate / f64::from(chips));
    // Without a density the model has ratios of one node only.
    let absolute = machine.node().transistor_density_mtr_per_mm2.is_some();
    let chip_bottom_up_w = absolute.then(|| blocks.iter().map(|block| block.bottom_up_w).sum::<f64>());
    let dram_standby_w = f64::from(design.hbm.stacks) * PowerInputs::default().dram_standby_w;
    let dram_traffic_w = energy::dram_traffic_w(&activity, rate) / f64::from(chips);
    let densities = energy::densities(design, &power);
    notes.extend(densities.iter().filter_map(remark));
    Ok(Point {
        node: machine.node().name.clone(),
        clock_ghz: design.clock.hz() as f64 / 1e9,
        voltage_v: design.voltage.v(),
        temperature_c: design.temperature_c,
        grid: design.grid,
        sequences,
        throughput_tokens_per_s: rate,
        blocks,
        chip_bottom_up_w,
        chip_w: power.total_w,
        dram_standby_w,
        dram_traffic_w,
        system_bottom_up_kw: chip_bottom_up_w
            .map(|chip| (chip + dram_standby_w + dram_traffic_w) * f64::from(chips) / 1e3),
        system_kw: system_w / 1e3,
        energy_per_token_mj: (rate > 0.0).then(|| system_w / rate * 1e3),
        densities,
        notes,
    })
}

/// A remark on a block that is denser than the published peak. The published chip itself is above the published mean.
pub(crate) fn remark(density: &Density) -> Option<String> {
    (density.above_published && density.place != "chip").then(|| {
        format!(
            "the {} takes {:.2} W/mm2, above the {} W/mm2 for which the published chip is cooled",
            Block::from_name(density.place).map_or(density.place, Block::title),
            density.w_per_mm2,
            density.published_w_per_mm2
        )
    })
}

/// The blocks at `rate` tokens per second and chip.
fn blocks(design: &Design, node: &ProcessNode, activity: &TokenActivity, rate: f64) -> Vec<BlockPower> {
    let at = |inputs: &PowerInputs| bottom_up::blocks(design, node, inputs);
    let (model, low, high) = (at(&PowerInputs::default()), at(&PowerInputs::low()), at(&PowerInputs::high()));
    let block = |block: Block| {
        let events = energy::events(block, activity) * rate;
        let watts = |model: &BlockModel| model.static_w() + model.event_j * events;
        let (own, here) = (&model[block], design.energy.blocks[block]);
        let factor = |design: f64, own: f64| (own > 0.0).then(|| design / own);
        BlockPower {
            block,
            leakage_w: own.leakage_w,
            clock_w: own.clock_w,
            interface_w: own.interface_w,
            events_w: own.event_j * events,
            bottom_up_w: watts(own),
            bottom_up_low_w: watts(&low[block]),
            bottom_up_high_w: watts(&high[block]),
            static_factor: factor(here.static_power.w(), own.static_w()),
            event_factor: factor(here.per_event.j(), own.event_j),
            calibrated_static_w: here.static_power.w(),
            calibrated_w: here.static_power.w() + here.per_event.j() * events,
        }
    };
    Block::ALL.into_iter().map(block).collect()
}
