//! Area and static power of the blocks of a chip at a point that differs from the base design.
//!
//! All are proportional to the base design, so the base point has exactly its areas and powers:
//!
//! | block | area in proportion to |
//! | --- | --- |
//! | hn_array | weights of the fullest chip; area of a neuron by the structural model where ports or activations differ; stored bits; wires |
//! | vex | half cached vectors per cycle, half non-linear lanes |
//! | attention_buffer | the larger of capacity and width of all ports |
//! | interconnect_engine | links of a chip times their bandwidth |
//! | hbm_phy | stacks |
//! | control_unit | nothing |
//!
//! Between nodes as `hardwire estimate` does ([`node_areas`]). Static power keeps its density (watts per area) and, for
//! the blocks that run at the chip's clock, grows with it: it is mostly the clock tree. On-chip energies per event shrink with
//! the square root of transistor density. Supply voltage is the same everywhere, which favours fast clocks: assumed, as are
//! the proportions of the vector unit and of the buffer's ports.
//!
//! A chip may fill the reticle; the smallest grid that holds a model leaves the margin `reticle.utilization`.

use designs::{Block, BlockAreas, Design, Economics, Grid, Model, NodeScaling, ProcessNode, SquareMm, Watts};
use sim::economics::EconomicsError;
use sim::economics::area::neuron::neuron_um2;
use sim::economics::area::{AreaInputs, ArrayShape, NeuronDesign, NodeDensities};
use sim::economics::layout::{Layout, chip_mm2, node_areas};
use sim::mapping::{Mapping, MappingError, smallest_grid};

use crate::state::GridChoice;

/// The base design with its own model and node, to which all proportions refer.
#[derive(Debug, Clone)]
pub struct Base {
    /// The design as loaded.
    pub design: Design,
    /// The model that its areas belong to.
    pub model: Model,
    /// The node that its areas belong to.
    pub node: ProcessNode,
    /// Area of a weight, square micrometres.
    um2_per_weight: f64,
}

/// Design, model and node of a point.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Design of the point.
    pub design: &'a Design,
    /// Its grid.
    pub grid: GridChoice,
    /// Model to hardwire.
    pub model: &'a Model,
    /// Node to build on.
    pub node: &'a ProcessNode,
    /// Prices and rules, for the reticle.
    pub economics: &'a Economics,
    /// Area of a weight over that of the base format.
    pub weight_growth: f64,
    /// Growth of the array through fewer wires.
    pub wiring: f64,
}

impl Base {
    /// Computes the area of a weight of the base.
    ///
    /// # Errors
    /// If the design does not hold its own model.
    pub fn new(design: Design, model: Model, node: ProcessNode) -> Result<Self, MappingError> {
        let weights = Mapping::new(&design, &model, design.grid)?.weights_per_chip;
        let um2_per_weight = design.area.hn_array.mm2() * 1e6 / weights.max(1) as f64;
        Ok(Self { design, model, node, um2_per_weight })
    }

    /// Areas of all blocks but the array on `grid`; the array's is left at zero.
    fn others(&self, asked: &Asked<'_>, grid: Grid) -> Result<BlockAreas, EconomicsError> {
        let (own, here) = (&self.design, asked.design);
        let mut area = node_areas(&here.area, &self.node, asked.node)?;
        let ratio = |here: f64, own: f64| here / own;
        let buffer = |d: &Design| {
            let b = &d.attention_buffer;
            (b.capacity.get() as f64, f64::from(b.banks) * f64::from(b.port_bits))
        };
        let (capacity, width) = (buffer(here).0 / buffer(own).0, buffer(here).1 / buffer(own).1);
        let links =
            |d: &Design, g: Grid| f64::from(g.rows + g.columns - 2) * d.interconnect.link_bandwidth.get() as f64;
        let stacks = |d: &Design| f64::from(d.hbm.stacks);
        let vectors = ratio(here.vex.kv_vectors_per_cycle.into(), own.vex.kv_vectors_per_cycle.into());
        let lanes = ratio(here.vex.nonlinear_lanes.into(), own.vex.nonlinear_lanes.into());
        // A base of one chip has no links to scale from.
        let linked = links(own, own.grid);
        for (block, area) in area.iter_mut() {
            let growth = match block {
                Block::HnArray => 0.0,
                Block::Vex => (vectors + lanes) / 2.0,
                Block::ControlUnit => 1.0,
                Block::AttentionBuffer => capacity.max(width),
                Block::InterconnectEngine if linked > 0.0 => links(here, grid) / linked,
                Block::InterconnectEngine => 1.0,
                Block::HbmPhy => ratio(stacks(here), stacks(own)),
            };
            *area = SquareMm::from_mm2(area.mm2() * growth);
        }
        Ok(area)
    }

    /// Area of a weight, square micrometres.
    fn weight_um2(&self, asked: &Asked<'_>) -> Result<f64, EconomicsError> {
        let (own, here) = (&self.design, asked.design);
        let on_node = node_areas(&here.area, &self.node, asked.node)?.hn_array.mm2() / own.area.hn_array.mm2();
        let mut um2 = self.um2_per_weight * on_node * asked.weight_growth * asked.wiring;
        let (own, here) = (&own.hn_array, &here.hn_array);
        let same = own.activation_bits == here.activation_bits && own.inputs_per_port == here.inputs_per_port;
        if !same {
            let neuron = |array: &designs::HnArray| {
                let design = NeuronDesign {
                    activation_bits: array.activation_bits,
                    inputs_per_port: array.inputs_per_port,
                    ..NeuronDesign::HNLPU
                };
                neuron_um2(&design, ArrayShape::HNLPU.fan_in(), &NodeDensities::N5, &AreaInputs::default())
            };
            um2 *= neuron(here) / neuron(own);
        }
        Ok(um2)
    }

    /// Grid and areas of a point.
    ///
    /// # Errors
    /// When a node lacks a density, nothing is left for weights, no grid holds the model, or the chip exceeds the reticle.
    pub fn layout(&self, asked: &Asked<'_>) -> Result<Layout, EconomicsError> {
        let um2_per_weight = self.weight_um2(asked)?;
        let reticle = asked.economics.reticle_mm2;
        let capacity = |area: &BlockAreas, limit: f64| ((limit - chip_mm2(area)) * 1e6 / um2_per_weight).floor();
        let unchanged = asked.model == &self.model
            && asked.node.name == self.node.name
            && asked.weight_growth * asked.wiring == 1.0;
        let grid = match asked.grid {
            GridChoice::Given => asked.design.grid,
            GridChoice::Natural if unchanged => asked.design.grid,
            GridChoice::Natural | GridChoice::Smallest => {
                // A larger grid has more links, which leave less room for weights: repeat until the links of the grid are included.
                let limit = reticle * asked.economics.reticle_utilization;
                let links = |grid: Grid| grid.rows + grid.columns;
                let mut counted = self.design.grid;
                loop {
                    let others = self.others(asked, counted)?;
                    let capacity = capacity(&others, limit);
                    if capacity < 1.0 {
                        return Err(EconomicsError::NoRoom {
                            others: chip_mm2(&others),
                            node: asked.node.name.clone(),
                            limit,
                        });
                    }
                    let mut design = asked.design.clone();
                    design.hn_array.weight_capacity = capacity as u64;
                    let grid = smallest_grid(&design, asked.model)?;
                    if links(grid) <= links(counted) {
                        break grid;
                    }
                    counted = grid;
                }
            }
        };
        let mut area = self.others(asked, grid)?;
        let others = chip_mm2(&area);
        let capacity = capacity(&area, reticle);
        if capacity < 1.0 {
            return Err(EconomicsError::NoRoom { others, node: asked.node.name.clone(), limit: reticle });
        }
        let mut design = asked.design.clone();
        design.grid = grid;
        design.hn_array.weight_capacity = capacity as u64;
        let weights_per_chip = Mapping::new(&design, asked.model, grid)?.weights_per_chip;
        area.hn_array = SquareMm::from_mm2(weights_per_chip as f64 * um2_per_weight / 1e6);
        let layout = Layout {
            grid,
            chip_mm2: chip_mm2(&area),
            area,
            weights_per_chip,
            um2_per_weight,
            capacity: capacity as u64,
        };
        layout.check_reticle(asked.design, reticle)?;
        Ok(layout)
    }

    /// Scales static powers and energies per event of `design` to the areas of `layout`, its clock and `node`.
    pub fn scale_energy(&self, design: &mut Design, layout: &Layout, node: &ProcessNode) {
        let density = |node: &ProcessNode| node.transistor_density_mtr_per_mm2;
        let shrink = match density(&self.node).zip(density(node)) {
            Some((home, here)) if node.name != self.node.name => (home / here).sqrt(),
            _ => 1.0,
        };
        let clock = design.clock.hz() as f64 / self.design.clock.hz() as f64;
        for (block, energy) in design.energy.blocks.iter_mut() {
            let (own, here) = (self.design.area[block].mm2(), layout.area[block].mm2());
            let area = if own > 0.0 { here / own } else { 1.0 };
            // Physical layers have their own clock and voltage.
            let clocked = block.scaling() != NodeScaling::Fixed;
            let growth = if clocked { area * clock } else { area };
            energy.static_power = Watts::from_w(energy.static_power.w() * growth);
            if clocked {
                energy.per_event = designs::Joules::from_j(energy.per_event.j() * shrink);
            }
        }
    }
}
