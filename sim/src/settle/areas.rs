//! Areas of the blocks of a machine that differs from its base.
//!
//! From the design, in proportion to the base:
//!
//! | block | area in proportion to |
//! | --- | --- |
//! | hn_array | weights (or a stated capacity); area of a neuron by the structural model where ports, activations or format differ; wires |
//! | vex | lane groups times the mean of cached vectors per cycle and non-linear lanes; fewer groups free what they take by structure |
//! | attention_buffer | the larger of capacity and width of all ports |
//! | interconnect_engine | links of a chip times their bandwidth; beyond the defaults, receive buffers at the area of the attention buffer's bytes and adders by structure |
//! | hbm_phy | stacks |
//! | control_unit | nothing |
//!
//! The proportions of the vector unit and of the buffer's ports are assumed. From structure, every block follows from the same
//! quantities by [`crate::economics::area`]. Between nodes both are scaled by [`node_growth`].

use designs::{Block, BlockAreas, Design, Framing, Grid, Interconnect, PerBlock, SquareMm};

use super::asked::{AreaSource, Asked, Base, FormatRule};
use crate::economics::EconomicsError;
use crate::economics::area::blocks::logic_mm2;
use crate::economics::area::neuron::neuron_um2;
use crate::economics::area::{
    AreaInputs, ArrayShape, ChipArea, ChipAreaRequest, NeuronDesign, NodeDensities, SramShape, VexShape, WeightFormat,
    chip_area,
};
use crate::economics::layout::node_growth;

/// Bytes per second of one lane of a link: 128 GB/s over the 16 lanes of the reference.
const LANE_BYTES_PER_S: f64 = 8e9;
/// Elements of a cached vector in the reference design of the vector unit.
const VECTOR_ELEMENTS: f64 = 64.0;

/// The areas of one machine as functions of its grid and weights.
pub(super) struct Areas<'a> {
    base: &'a Base,
    asked: &'a Asked<'a>,
    node: PerBlock<f64>,
    format: f64,
    /// Area of the array on the base's node over that of its own weights, per weight; without wires.
    neuron: f64,
    structure: Option<(NodeDensities, AreaInputs)>,
}

impl<'a> Areas<'a> {
    pub(super) fn new(base: &'a Base, asked: &'a Asked<'a>) -> Result<Self, EconomicsError> {
        let format = format_growth(asked.design, asked.build.format, asked.build.rule);
        let (own, here) = (&base.design.hn_array, &asked.design.hn_array);
        let same = own.activation_bits == here.activation_bits && own.inputs_per_port == here.inputs_per_port;
        let ports =
            if same { 1.0 } else { neuron(asked.design, WeightFormat::Fp4) / neuron(&base.design, WeightFormat::Fp4) };
        let structure = match asked.build.areas {
            AreaSource::Design => None,
            AreaSource::Structure => Some((NodeDensities::from_node(&base.node)?, AreaInputs::default())),
        };
        let areas =
            Self { base, asked, node: node_growth(&base.node, asked.node)?, format, neuron: ports * format, structure };
        // Reports sizes out of the structural model's range once, before areas are asked for.
        areas.structural(base.design.grid, 1.0)?;
        Ok(areas)
    }

    /// Growth of the area of a weight through format and missing wires.
    pub(super) fn format_and_wires(&self) -> f64 {
        self.format * self.asked.build.wiring
    }

    /// Area of a weight, square micrometres.
    pub(super) fn um2_per_weight(&self) -> f64 {
        self.array(self.base.weights_per_chip as f64, true).mm2() * 1e6 / self.base.weights_per_chip as f64
    }

    /// Area of an array with room for `sites` weights. A stated area is that of the machine; where the grid is chosen for the
    /// model (`sized`), it is that of the base's weights.
    pub(super) fn array(&self, sites: f64, sized: bool) -> SquareMm {
        let share = sites / self.base.weights_per_chip as f64;
        let asked = self.asked;
        if asked.stated.area.hn_array {
            let growth = if sized { share * self.format_and_wires() } else { 1.0 };
            return mm2(asked.design.area.hn_array.mm2() * growth);
        }
        let node = self.node.hn_array * asked.build.wiring;
        match self.structural(self.base.design.grid, sites) {
            Ok(Some(chip)) => mm2(chip.blocks.hn_array.mm2 * node),
            _ => mm2(self.base.design.area.hn_array.mm2() * share * self.neuron * node),
        }
    }

    /// Areas of all blocks but the array on `grid`; the array's is zero.
    pub(super) fn others(&self, grid: Grid) -> BlockAreas {
        let structural = self.structural(grid, self.base.weights_per_chip as f64).ok().flatten();
        BlockAreas::from_fn(|block| {
            if block == Block::HnArray {
                return SquareMm::default();
            }
            if self.asked.stated.area[block] {
                return self.asked.design.area[block];
            }
            let here = match &structural {
                Some(chip) => chip.blocks[block].mm2,
                None => self.base.design.area[block].mm2() * self.growth(block, grid),
            };
            let more = match block {
                Block::InterconnectEngine => self.receive_buffers(grid) + self.adders(grid),
                _ => 0.0,
            };
            mm2((here + more) * self.node[block])
        })
    }

    /// Square millimetres of a chip's receive buffers beyond the default size, which the base's engine is taken to have.
    fn receive_buffers(&self, grid: Grid) -> f64 {
        let interconnect = &self.asked.design.interconnect;
        if interconnect.framing == Framing::None {
            return 0.0;
        }
        let more = interconnect.receive_buffer.get().saturating_sub(Interconnect::RECEIVE_BUFFER.get()) as f64;
        let base = &self.base.design;
        more * links(grid) * base.area.attention_buffer.mm2() / base.attention_buffer.capacity.get() as f64
    }

    /// Square millimetres of a chip's adders beyond the default number, which the base's engine is taken to have. 0 on a node
    /// without a density.
    fn adders(&self, grid: Grid) -> f64 {
        let more = self.asked.design.interconnect.adder_bytes.saturating_sub(Interconnect::ADDER_BYTES);
        let Ok(densities) = NodeDensities::from_node(&self.base.node) else { return 0.0 };
        let (count, inputs) = (links(grid) * f64::from(more) / Interconnect::ADDED_BYTES, AreaInputs::default());
        logic_mm2(count * inputs.fp16_adder, &densities, &inputs)
    }

    /// The chip from structure on the base's node; `None` where areas come from the design.
    fn structural(&self, grid: Grid, weights: f64) -> Result<Option<ChipArea>, EconomicsError> {
        let Some((densities, inputs)) = &self.structure else { return Ok(None) };
        let layers = self.asked.model.layers.len();
        let request = structure(self.asked.design, layers, grid, weights.max(1.0), self.asked.build.format);
        Ok(Some(chip_area(&request, densities, inputs)?))
    }

    /// Growth of a block that is not the array, from the base to the machine on `grid`.
    fn growth(&self, block: Block, grid: Grid) -> f64 {
        let (own, here) = (&self.base.design, self.asked.design);
        let ratio = |here: u32, own: u32| f64::from(here) / f64::from(own);
        match block {
            Block::HnArray | Block::ControlUnit => 1.0,
            Block::Vex => {
                let vectors = ratio(here.vex.kv_vectors_per_cycle, own.vex.kv_vectors_per_cycle);
                let lanes = ratio(here.vex.nonlinear_lanes, own.vex.nonlinear_lanes);
                let groups = |d: &Design, layers: usize| d.vex.groups(layers) as f64;
                let groups = groups(here, self.asked.model.layers.len()) / groups(own, self.base.model.layers.len());
                let group = (vectors + lanes) / 2.0;
                if groups >= 1.0 { groups * group } else { group * self.fewer_groups(groups) }
            }
            Block::AttentionBuffer => {
                let size = |d: &Design| {
                    let b = &d.attention_buffer;
                    (b.capacity.get() as f64, f64::from(b.banks) * f64::from(b.port_bits))
                };
                let (capacity, width) = (size(here).0 / size(own).0, size(here).1 / size(own).1);
                capacity.max(width)
            }
            Block::InterconnectEngine => {
                let links = |d: &Design, g: Grid| links(g) * d.interconnect.link_bandwidth.get() as f64;
                // A base of one chip has no links to scale from.
                let own = links(own, own.grid);
                if own > 0.0 { links(here, grid) / own } else { 1.0 }
            }
            Block::HbmPhy => ratio(here.hbm.stacks, own.hbm.stacks),
        }
    }

    /// Growth of the vector unit where it has `groups` (below 1) times the lane groups of the base: in proportion, but the area of
    /// the base may hold fewer groups than it has in time, and then as many as it holds by structure free nothing.
    fn fewer_groups(&self, groups: f64) -> f64 {
        let (design, base) = (&self.base.design, &self.base.design.area.vex);
        let Ok(densities) = NodeDensities::from_node(&self.base.node) else { return groups };
        let layers = self.base.model.layers.len();
        let all = structure(design, layers, design.grid, 1.0, WeightFormat::Fp4).vex;
        let by_structure = all.area_mm2(&densities, &AreaInputs::default()) * groups;
        (by_structure / base.mm2()).min(1.0).max(groups)
    }
}

/// Links of a chip: to every other chip of its row and of its column.
fn links(grid: Grid) -> f64 {
    f64::from(grid.rows + grid.columns - 2)
}

fn neuron_of(design: &Design, format: WeightFormat) -> NeuronDesign {
    NeuronDesign {
        format,
        activation_bits: design.hn_array.activation_bits,
        inputs_per_port: design.hn_array.inputs_per_port,
        ..NeuronDesign::HNLPU
    }
}

fn neuron(design: &Design, format: WeightFormat) -> f64 {
    neuron_um2(&neuron_of(design, format), ArrayShape::HNLPU.fan_in(), &NodeDensities::N5, &AreaInputs::default())
}

/// Area of a weight in `format` over that of an FP4 weight, with the ports and activations of `design`.
fn format_growth(design: &Design, format: WeightFormat, rule: FormatRule) -> f64 {
    match (rule, format) {
        (_, WeightFormat::Fp4) => 1.0,
        (FormatRule::StoredBits, format) => format.traits().stored_bits / WeightFormat::Fp4.traits().stored_bits,
        (FormatRule::Structure, format) => neuron(design, format) / neuron(design, WeightFormat::Fp4),
    }
}

/// Structure of the chip that `weights` and the design make on `grid` for a model of `layers` layers, at the published mean
/// fan-in.
#[must_use]
pub fn structure(design: &Design, layers: usize, grid: Grid, weights: f64, format: WeightFormat) -> ChipAreaRequest {
    let buffer = &design.attention_buffer;
    // Banks have a power of two of words: 16 KB are 16,384 bytes.
    let bank_bytes = (buffer.capacity.get() / u64::from(buffer.banks)).max(1).next_power_of_two() as f64;
    let groups = design.vex.groups(layers) as f64;
    let lanes = f64::from(design.vex.nonlinear_lanes) * groups;
    let multipliers =
        f64::from(design.vex.kv_vectors_per_cycle) * VECTOR_ELEMENTS * VexShape::HNLPU.queries_per_kv * groups;
    ChipAreaRequest {
        array: ArrayShape { weights, neurons: weights / ArrayShape::HNLPU.fan_in() },
        neuron: neuron_of(design, format),
        buffer: Some(SramShape { banks: f64::from(buffer.banks), bank_bytes, ..SramShape::ATTENTION_BUFFER }),
        vex: VexShape { lanes, queries_per_kv: multipliers / lanes },
        link_lanes: links(grid) * design.interconnect.link_bandwidth.get() as f64 / LANE_BYTES_PER_S,
        hbm_stacks: design.hbm.stacks.into(),
        ..ChipAreaRequest::HNLPU
    }
}

/// Square millimetres.
fn mm2(value: f64) -> SquareMm {
    SquareMm::from_mm2(value)
}
