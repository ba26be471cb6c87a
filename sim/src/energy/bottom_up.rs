//! Power of a chip from its structure, without any fit: leakage by area, clock tree by frequency and area, energy by event.
//!
//! | part | formula |
//! | --- | --- |
//! | leakage | transistors / 2 x width x off current x voltage, with barrier lowering and doubling by temperature |
//! | clock | flip-flops x ungated share x energy of a clock pin x clock, and capacitance of the grid x area x V^2 x clock |
//! | interface | idle share of bits per second x energy of a bit, for physical layers, whose voltage and clock are their own |
//! | event | energy at 7 nm and 0.75 V x sqrt(density of 7 nm / density) x (V / 0.75 V)^2 |
//!
//! The constants are [`PowerInputs`]. [`crate::settle`] takes ratios of these figures for machines that differ from their base,
//! so a factor per block between them and the base's powers cancels.

use designs::{Block, Design, Interconnect, NodeScaling, PerBlock, ProcessNode};

use super::inputs::{PowerInputs, REFERENCE_DENSITY, REFERENCE_VOLTAGE};
use crate::economics::area::AreaInputs;

/// Transistors of a cell with a read and a write port.
const CELL_TRANSISTORS: f64 = 8.0;
/// Bits of a byte.
const BITS: f64 = 8.0;
/// Temperature of the off currents, degrees Celsius.
const OFF_CURRENT_C: f64 = 25.0;
/// Reads of 8 bytes from an SRAM of 8 KB, picojoules a byte over that of a byte of the 16 KB bank.
const SMALL_SRAM: f64 = 7.5 / 8.0;

/// Power of a block apart from its events, and the energy of one event.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BlockModel {
    /// Leakage, watts.
    pub leakage_w: f64,
    /// Clock tree and clock pins that are not gated, watts.
    pub clock_w: f64,
    /// Physical layers without traffic, watts.
    pub interface_w: f64,
    /// Energy of one event ([`Block::event`]), joules.
    pub event_j: f64,
}

impl BlockModel {
    /// Power without events, watts.
    #[must_use]
    pub fn static_w(&self) -> f64 {
        self.leakage_w + self.clock_w + self.interface_w
    }
}

/// The blocks of one chip of `design` on `node`, at the design's clock, voltage and temperature.
#[must_use]
pub fn blocks(design: &Design, node: &ProcessNode, inputs: &PowerInputs) -> PerBlock<BlockModel> {
    let chip = Chip::new(design, node, inputs);
    PerBlock::from_fn(|block| match block {
        Block::HnArray => chip.array(),
        Block::Vex => chip.logic(block, inputs.fp16_mac_pj * 1e-12 * chip.scale),
        Block::ControlUnit => {
            let reads = inputs.instruction_reads * BITS * inputs.sram_byte_pj * SMALL_SRAM;
            chip.logic(block, reads * 1e-12 * chip.scale)
        }
        Block::AttentionBuffer => chip.buffer(),
        Block::InterconnectEngine => {
            let links = f64::from(design.grid.rows + design.grid.columns - 2);
            let links_alone =
                chip.interface(inputs.link_bit_pj, links * design.interconnect.link_bandwidth.get() as f64);
            chip.with_adders(links_alone, links)
        }
        Block::HbmPhy => {
            let bytes = f64::from(design.hbm.stacks) * design.hbm.stack_bandwidth.get() as f64;
            chip.interface(inputs.hbm_phy_bit_pj, bytes)
        }
    })
}

/// What all blocks share.
struct Chip<'a> {
    design: &'a Design,
    inputs: &'a PowerInputs,
    areas: AreaInputs,
    /// Transistors per square millimetre.
    density: f64,
    /// Energy of an event over that at the reference node and voltage.
    scale: f64,
    volts: f64,
    hertz: f64,
}

impl<'a> Chip<'a> {
    fn new(design: &'a Design, node: &ProcessNode, inputs: &'a PowerInputs) -> Self {
        // Without a density of its own a node is taken as the reference; only ratios on the same node are then of use.
        let density = node.transistor_density_mtr_per_mm2.unwrap_or(REFERENCE_DENSITY);
        let volts = design.voltage.v();
        let relative = volts / REFERENCE_VOLTAGE.v();
        Self {
            design,
            inputs,
            areas: AreaInputs::default(),
            density: density * 1e6,
            scale: (REFERENCE_DENSITY / density).sqrt() * relative * relative,
            volts,
            hertz: design.clock.hz() as f64,
        }
    }

    fn mm2(&self, block: Block) -> f64 {
        self.design.area[block].mm2()
    }

    /// Leakage of `transistors`, half of which are off, with `off` nA/um at 25 degrees.
    fn leakage(&self, transistors: f64, off: f64) -> f64 {
        let i = self.inputs;
        let barrier = i.barrier_lowering * (self.volts - REFERENCE_VOLTAGE.v()) / i.swing_v_per_decade;
        let warm = (self.design.temperature_c - OFF_CURRENT_C) / i.leakage_doubling_k;
        let current = transistors / 2.0 * i.transistor_width_um * off * 1e-9;
        current * self.volts * libm::pow(10.0, barrier) * libm::pow(2.0, warm)
    }

    /// Energy of the clock of a flip-flop, joules per cycle.
    fn register_j(&self) -> f64 {
        self.inputs.register_clock_fj * 1e-15 * self.scale
    }

    fn registers(&self, transistors: f64) -> f64 {
        transistors * self.inputs.register_share / self.areas.flip_flop
    }

    /// The global grid over an area, and the clock pins of `transistors` that are not gated.
    fn clock(&self, mm2: f64, transistors: f64) -> f64 {
        let grid = self.inputs.clock_grid_pf_per_mm2 * 1e-12 * mm2 * self.volts * self.volts;
        let pins = self.registers(transistors) * self.inputs.ungated_share * self.register_j();
        (grid + pins) * self.hertz
    }

    fn array(&self) -> BlockModel {
        let i = self.inputs;
        let hn = &self.design.hn_array;
        let mm2 = self.mm2(Block::HnArray);
        let transistors = mm2 * self.density * self.areas.array_utilization;
        let bits = f64::from(hn.activation_bits);
        // A wire that changes its level charges or discharges: half of C V^2.
        let wire = i.weight_wire_ff * 1e-15 * self.volts * self.volts / 2.0 * i.weight_wire_toggles;
        let counted = bits * (i.adder_bit_fj * 1e-15 * self.scale + wire);
        // The registers of an instance are clocked for its whole pass.
        let cycles = bits * f64::from(hn.inputs_per_port);
        let registers = self.registers(transistors) / (hn.weight_capacity as f64).max(1.0);
        let clocked = registers * cycles * self.register_j() * (1.0 - i.ungated_share);
        BlockModel {
            leakage_w: self.leakage(transistors, i.logic_off_na_per_um),
            clock_w: self.clock(mm2, transistors),
            interface_w: 0.0,
            event_j: counted + clocked,
        }
    }

    fn logic(&self, block: Block, event_j: f64) -> BlockModel {
        let mm2 = self.mm2(block);
        let transistors = mm2 * self.density * self.areas.logic_utilization;
        BlockModel {
            leakage_w: self.leakage(transistors, self.inputs.logic_off_na_per_um),
            clock_w: self.clock(mm2, transistors),
            interface_w: 0.0,
            event_j,
        }
    }

    fn buffer(&self) -> BlockModel {
        let i = self.inputs;
        let mm2 = self.mm2(Block::AttentionBuffer);
        let cells = self.design.attention_buffer.capacity.get() as f64 * BITS * CELL_TRANSISTORS;
        let periphery = mm2 * (1.0 - self.areas.sram_macro_efficiency) * self.density * self.areas.logic_utilization;
        // A byte crosses half of the buffer's side. Wires do not shrink with the node.
        let relative = self.volts / REFERENCE_VOLTAGE.v();
        let way = i.wire_bit_fj_per_mm * 1e-15 * relative * relative * BITS * mm2.sqrt() / 2.0;
        BlockModel {
            leakage_w: self.leakage(cells, i.sram_off_na_per_um) + self.leakage(periphery, i.logic_off_na_per_um),
            clock_w: self.clock(mm2, periphery),
            interface_w: 0.0,
            event_j: i.sram_byte_pj * 1e-12 * self.scale + way,
        }
    }

    /// The links' physical layers with the adders of their receiving ports.
    fn with_adders(&self, layers: BlockModel, links: f64) -> BlockModel {
        let i = self.inputs;
        let adders = links * f64::from(self.design.interconnect.adder_bytes) / Interconnect::ADDED_BYTES;
        let transistors = adders * self.areas.fp16_adder;
        let added = i.fp16_add_pj * 1e-12 * self.scale / Interconnect::ADDED_BYTES;
        BlockModel {
            leakage_w: self.leakage(transistors, i.logic_off_na_per_um),
            clock_w: self.clock(0.0, transistors),
            event_j: layers.event_j + i.added_share * added,
            ..layers
        }
    }

    /// A physical layer of `bytes_per_second` in all.
    fn interface(&self, bit_pj: f64, bytes_per_second: f64) -> BlockModel {
        let byte_j = bit_pj * 1e-12 * BITS;
        let idle = self.inputs.interface_idle_share;
        BlockModel {
            interface_w: byte_j * bytes_per_second * idle,
            event_j: byte_j * (1.0 - idle),
            ..BlockModel::default()
        }
    }
}

/// Energy of the DRAM devices for a byte that is read in rows: access and its share of an activation, joules.
#[must_use]
pub fn dram_byte_j(inputs: &PowerInputs, row_bytes: f64) -> f64 {
    (inputs.dram_bit_pj * BITS + inputs.dram_activation_pj / row_bytes) * 1e-12
}

/// Growth of static power and of energy per event from `base` to `here`. Physical layers grow with their area only.
#[must_use]
pub fn growth((base, home): (&Design, &ProcessNode), (here, node): (&Design, &ProcessNode)) -> PerBlock<(f64, f64)> {
    let inputs = PowerInputs::default();
    let (own, new) = (blocks(base, home, &inputs), blocks(here, node, &inputs));
    let ratio = |new: f64, own: f64| if own > 0.0 { new / own } else { 1.0 };
    PerBlock::from_fn(|block| match block.scaling() {
        NodeScaling::Fixed => (ratio(here.area[block].mm2(), base.area[block].mm2()), 1.0),
        _ => (ratio(new[block].static_w(), own[block].static_w()), ratio(new[block].event_j, own[block].event_j)),
    })
}
