//! From a base and what is asked of it to a settled machine.

use designs::{Block, Design, Model, ProcessNode};

use super::areas::Areas;
use super::asked::{AreaSource, Asked, Base, Build, GridChoice, Reticle};
use super::stated::Stated;
use crate::economics::EconomicsError;
use crate::economics::area::WeightFormat;
use crate::economics::layout::{Layout, chip_mm2};
use crate::energy::bottom_up;
use crate::mapping::{Mapping, MappingError, smallest_grid};
use crate::mappings::Mappings;

/// A settled machine.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The design with its grid, areas, powers and capacity.
    pub design: Design,
    /// Chips and areas.
    pub layout: Layout,
    /// Format of the weights.
    pub format: WeightFormat,
    /// Whether areas and energies were scaled from another node.
    pub other_node: bool,
    /// Whether the grid was chosen for the model.
    pub sized: bool,
    /// Reticle that the grid was chosen for.
    pub reticle: Reticle,
    /// Area of the base's chip, square millimetres: the size to which the design effort belongs.
    pub base_chip_mm2: f64,
    /// Cost of designing a large chip on the base's node, US dollars.
    pub base_design_usd: Option<f64>,
}

impl Settled {
    /// Refuses a chip larger than the reticle.
    ///
    /// # Errors
    /// [`EconomicsError::Reticle`].
    pub fn check_reticle(&self) -> Result<(), EconomicsError> {
        self.layout.check_reticle(&self.design, self.reticle.mm2)
    }
}

impl Base {
    /// Counts the weights of the base.
    ///
    /// # Errors
    /// If the design does not hold its own model.
    pub fn new(design: Design, model: Model, node: ProcessNode) -> Result<Self, MappingError> {
        let weights_per_chip = Mapping::new(&design, &model, design.grid)?.weights_per_chip.max(1);
        Ok(Self { design, model, node, weights_per_chip })
    }

    /// Settles a machine.
    ///
    /// # Errors
    /// When a node lacks a density, nothing is left for weights, or no grid holds the model.
    pub fn settle(&self, asked: &Asked<'_>) -> Result<Settled, EconomicsError> {
        self.settle_with(asked, &mut Mappings::default())
    }

    /// As [`Self::settle`], with the mapping from `mappings` where one fits.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn settle_with(&self, asked: &Asked<'_>, mappings: &mut Mappings) -> Result<Settled, EconomicsError> {
        let areas = Areas::new(self, asked)?;
        let own = asked.model == &self.model && asked.node.name == self.node.name && areas.format_and_wires() == 1.0;
        let sized = match asked.grid {
            GridChoice::Given => false,
            GridChoice::Natural => !own,
            GridChoice::Smallest => true,
        };
        let mut design = asked.design.clone();
        if sized {
            design.grid = self.smallest(asked, &areas)?;
        }
        let stated_capacity = asked.stated.weight_capacity;
        let others = chip_mm2(&areas.others(design.grid));
        if !stated_capacity && (sized || asked.grid == GridChoice::Given) {
            // The mapping must place experts as the search for the grid did, so it has the same limit.
            let reticle = asked.build.reticle;
            let limit = if sized { reticle.counted_mm2() } else { reticle.mm2 };
            design.hn_array.weight_capacity = self.room(asked, &areas, others, limit)?;
        }
        let weights_per_chip = mappings.mapped(&design, asked.model, design.grid)?.mapping.weights_per_chip;
        // An array of a stated capacity is built for all of it; else for the weights that the model needs.
        let share = design.hn_array.weight_capacity as f64 / self.design.hn_array.weight_capacity as f64;
        let sites = if stated_capacity { self.weights_per_chip as f64 * share } else { weights_per_chip as f64 };
        design.area = areas.others(design.grid);
        design.area.hn_array = areas.array(sites, sized);
        let um2_per_weight = design.area.hn_array.mm2() * 1e6 / sites.max(1.0);
        let base = (&self.design, &self.node);
        design.voltage = designs::supply(base, (asked.design, asked.node), asked.stated.voltage)?;
        self.scale_energy(&mut design, asked);
        let layout = Layout {
            grid: design.grid,
            chip_mm2: chip_mm2(&design.area),
            area: design.area,
            weights_per_chip,
            um2_per_weight,
            capacity: design.hn_array.weight_capacity,
        };
        let other_node = asked.node.name != self.node.name;
        Ok(Settled {
            design,
            layout,
            format: asked.build.format,
            other_node,
            sized,
            reticle: asked.build.reticle,
            base_chip_mm2: chip_mm2(&self.design.area),
            base_design_usd: self.node.design_usd.map(|usd| usd.middle()),
        })
    }

    /// A remark where the voltage follows from the clock or the node.
    fn supply(&self, asked: &Asked<'_>, settled: &Settled) -> Option<String> {
        let (design, node) = (&settled.design, &asked.node.name);
        if self.node.speed_curve.is_none() || asked.node.speed_curve.is_none() {
            let moved = design.clock != self.design.clock || settled.other_node || asked.stated.voltage;
            return moved.then(|| format!("node {node} has no speed_curve: clock and voltage are taken as stated"));
        }
        let volts = design.voltage.v();
        (volts != self.design.voltage.v() && !asked.stated.voltage).then(|| {
            format!("{} on {node} needs {volts:.3} V, by the node's curve (chip.voltage)", shown(design.clock))
        })
    }

    /// A remark where the area of the vector unit holds fewer lane groups than timing has.
    fn vector_unit(&self, asked: &Asked<'_>, settled: &Settled) -> Option<String> {
        let structure =
            Asked { build: Build { areas: AreaSource::Structure, ..asked.build }, stated: Stated::default(), ..*asked };
        let by_structure = Areas::new(self, &structure).ok()?.others(settled.design.grid).vex.mm2();
        let groups = settled.design.vex.groups(asked.model.layers.len()) as f64;
        let mm2 = settled.layout.area.vex.mm2();
        let held = groups * mm2 / by_structure;
        (held < groups / 2.0).then(|| {
            format!(
                "the vector unit has {groups} lane groups in time, and {mm2:.2} mm2, which by structure hold {held:.1}: one \
                 size with --area structure, or vex.lane_groups=1"
            )
        })
    }

    /// Weights for which `limit` square millimetres leave room beside the other blocks.
    fn room(&self, asked: &Asked<'_>, areas: &Areas<'_>, others: f64, limit: f64) -> Result<u64, EconomicsError> {
        let room = ((limit - others) * 1e6 / areas.um2_per_weight()).floor();
        if room < 1.0 {
            return Err(EconomicsError::NoRoom { others, node: asked.node.name.clone(), limit });
        }
        Ok(room as u64)
    }

    /// The smallest near-square grid that holds the model.
    fn smallest(&self, asked: &Asked<'_>, areas: &Areas<'_>) -> Result<designs::Grid, EconomicsError> {
        let mut design = asked.design.clone();
        if asked.stated.weight_capacity {
            return Ok(smallest_grid(&design, asked.model)?);
        }
        // A larger grid has more links, which leave less room for weights: repeat until the links of the grid are included.
        let limit = asked.build.reticle.counted_mm2();
        let links = |grid: designs::Grid| grid.rows + grid.columns;
        let mut counted = self.design.grid;
        loop {
            let others = chip_mm2(&areas.others(counted));
            design.hn_array.weight_capacity = self.room(asked, areas, others, limit)?;
            let grid = smallest_grid(&design, asked.model)?;
            if links(grid) <= links(counted) {
                return Ok(grid);
            }
            counted = grid;
        }
    }

    /// Scales static powers and energies per event from the base to `design`, by ratios of the bottom-up power model.
    fn scale_energy(&self, design: &mut Design, asked: &Asked<'_>) {
        let growth = bottom_up::growth((&self.design, &self.node), (design, asked.node));
        for (block, energy) in design.energy.blocks.iter_mut() {
            let (base, (idle, event)) = (self.design.energy.blocks[block], growth[block]);
            if !asked.stated.static_power[block] {
                energy.static_power = base.static_power * idle;
            }
            if !asked.stated.per_event[block] {
                energy.per_event = base.per_event * event;
            }
        }
    }

    /// Remarks on how the machine follows from the base, one sentence each.
    #[must_use]
    pub fn notes(&self, asked: &Asked<'_>, settled: &Settled) -> Vec<String> {
        let mut notes = Vec::new();
        if settled.other_node {
            notes.push(format!(
                "built on {}: logic and buffer of {} scaled by transistor density and SRAM cell, links and memory interfaces \
                 not",
                asked.node.name, self.node.name
            ));
        }
        notes.extend(self.supply(asked, settled));
        let unstated = Asked { stated: Stated::default(), ..*asked };
        let Ok(areas) = Areas::new(self, &unstated) else { return notes };
        let mut scaled = areas.others(settled.design.grid);
        scaled.hn_array = areas.array(settled.layout.weights_per_chip as f64, settled.sized);
        for block in Block::ALL {
            let (stated, scaled) = (asked.design.area[block].mm2(), scaled[block].mm2());
            let changed = (scaled / self.design.area[block].mm2() - 1.0).abs() > 1e-9;
            if asked.stated.area[block] && changed {
                let name = block.name();
                notes.push(format!(
                    "area.{name} is taken as stated, {stated} mm2; in proportion it would be {scaled:.2} mm2"
                ));
            }
        }
        notes.extend(self.vector_unit(asked, settled));
        if let Err(error) = settled.check_reticle() {
            notes.push(error.to_string());
        }
        notes
    }
}

/// A clock in gigahertz.
fn shown(clock: designs::Hertz) -> String {
    format!("{} GHz", clock.hz() as f64 / 1e9)
}
