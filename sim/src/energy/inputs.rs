//! Every constant of the bottom-up power model in one table: value, range, unit, source, grade, year.
//!
//! Energies of logic and SRAM are those of a 7 nm process at [`REFERENCE_VOLTAGE`]; [`super::bottom_up`] scales them. A range spans
//! the values of the sources; with the grade `assumed` it is our estimate.

use designs::Volts;

use crate::constants::constants;

/// Density of the node to which the energies of logic and SRAM belong, millions of transistors per square millimetre: 7 nm.
pub const REFERENCE_DENSITY: f64 = 91.0;
/// Supply at which the energies of logic and SRAM hold. Assumed: the nominal supply of 7 nm.
pub const REFERENCE_VOLTAGE: Volts = Volts::from_v(0.75);

constants! {
    /// Constants of the power model; [`PowerInputs::default`] holds the values of [`PowerInputs::CONSTANTS`]. The low end of a range is
    /// the one with less power.
    PowerInputs, CONSTANTS;
    /// One bit through a full adder.
    adder_bit_fj = 0.875, 0.5, 1.5, "fJ", Derived, 2021,
        "Jouppi et al., Ten Lessons (ISCA 2021), table 2: an INT8 addition takes 7 fJ in 7 nm, eight bits";
    /// Capacitance of the wire of a weight.
    weight_wire_ff = 7.8, 7.8, 7.8, "fF", Published, 2026,
        "ASPLOS '26 (HNLPU): mean parasitics of the wires that carry weights, 164 ohm and 7.8 fF";
    /// Share of cycles in which a wire of a weight changes its level.
    weight_wire_toggles = 0.5, 0.25, 0.5, "ratio", Assumed, 2026,
        "bits of activations taken as random; low: half of the activations near zero";
    /// FP16 multiplication and addition.
    fp16_mac_pj = 0.50, 0.32, 0.50, "pJ", Published, 2021,
        "Jouppi et al., Ten Lessons (ISCA 2021), table 2: FP16 multiplication 0.34 pJ and addition 0.16 pJ in 7 nm; low: BF16";
    /// FP16 addition.
    fp16_add_pj = 0.16, 0.11, 0.16, "pJ", Published, 2021,
        "Jouppi et al., Ten Lessons (ISCA 2021), table 2: FP16 addition in 7 nm; low: BF16";
    /// Share of the bytes sent that are partial sums.
    added_share = 0.5, 0.3, 0.6, "ratio", Derived, 2026,
        "an all-reduce in two phases sends as many partial sums as results; low: with the all-gathers and queries that are sent beside";
    /// Reading or writing a byte of a 16 KB bank.
    sram_byte_pj = 1.0, 0.94, 1.06, "pJ", Derived, 2021,
        "Jouppi et al., Ten Lessons (ISCA 2021), table 2: 8 bytes of 8 KB take 7.5 pJ, of 32 KB 8.5 pJ in 7 nm; 16 KB between";
    /// Moving a bit over a millimetre of the chip.
    wire_bit_fj_per_mm = 80.0, 40.0, 160.0, "fJ/mm", Assumed, 2020,
        "200 fF per mm of wire with repeaters, half of the bits change";
    /// Reads of a small SRAM per instruction.
    instruction_reads = 3.0, 1.0, 10.0, "8 bytes of 8 KB", Assumed, 2026,
        "not published; an instruction word and two operands";
    /// Current of a logic transistor that is off, 25 degrees Celsius.
    logic_off_na_per_um = 1.0, 0.1, 10.0, "nA/um", Derived, 2020,
        "IRDS 2020, More Moore: 10 nA/um for high performance, 0.1 nA/um for low power; the geometric mean";
    /// Current of a transistor of an SRAM cell that is off, 25 degrees Celsius.
    sram_off_na_per_um = 0.1, 0.03, 1.0, "nA/um", Derived, 2020,
        "IRDS 2020, More Moore: low power, as cells are built";
    /// Effective width of a transistor.
    transistor_width_um = 0.2, 0.1, 0.3, "um", Assumed, 2020,
        "two fins of about 50 nm height, both sides and the top";
    /// Current through lower barriers at a higher voltage.
    barrier_lowering = 0.04, 0.02, 0.06, "V/V", Assumed, 2020,
        "drain-induced barrier lowering of FinFETs, 20 to 60 mV/V";
    /// Voltage below threshold per decade of current, 25 degrees Celsius.
    swing_v_per_decade = 0.07, 0.07, 0.07, "V", Derived, 2020,
        "IRDS 2020, More Moore: about 70 mV per decade";
    /// Rise of temperature that doubles leakage.
    leakage_doubling_k = 20.0, 30.0, 15.0, "K", Assumed, 2020,
        "2.7 decades below the current at threshold, 70 mV per decade and -0.7 mV/K of threshold: 9-fold over 60 K";
    /// Share of a block's transistors in flip-flops.
    register_share = 0.2, 0.1, 0.35, "ratio", Assumed, 2026,
        "usual share of synthesized logic";
    /// Clock pin and local clock buffer of a flip-flop, per cycle.
    register_clock_fj = 1.0, 0.5, 2.0, "fJ", Assumed, 2026,
        "about 1.8 fF at 0.75 V, charged every cycle";
    /// Share of the flip-flops whose clock is not gated while they idle.
    ungated_share = 0.1, 0.02, 0.3, "ratio", Assumed, 2026,
        "not published; gating by instance of the array and by lane";
    /// Capacitance of the global clock grid.
    clock_grid_pf_per_mm2 = 12.0, 5.0, 30.0, "pF/mm2", Assumed, 2026,
        "grids of large processors take 10 to 40 W at 1 V and 4 GHz on about 500 mm2";
    /// A bit over a link and its physical layers, at full rate.
    link_bit_pj = 5.0, 3.0, 8.0, "pJ", Assumed, 2024,
        "class of PCIe 6 physical layers over a board, both ends";
    /// A bit over the physical layer of HBM on the side of the chip, at full rate.
    hbm_phy_bit_pj = 0.6, 0.3, 1.2, "pJ", Assumed, 2024,
        "interposers take 0.56 pJ a bit in 7 nm (TSMC and Arm, VLSI 2019); high: with controllers";
    /// Share of the power of a physical layer at full rate that it takes without traffic.
    interface_idle_share = 0.5, 0.3, 0.8, "ratio", Assumed, 2024,
        "clocks, equalisers and idle flits go on while a link is up";
    /// A bit read from DRAM devices: row access apart, from the array to the interface.
    dram_bit_pj = 2.7, 1.6, 3.9, "pJ", Derived, 2017,
        "O'Connor et al., Fine-Grained DRAM (MICRO 2017): 3.92 pJ a bit of HBM2, of it about 1.2 for activations; low: currents of DRAMsim3, HBM2_8Gb_x128";
    /// Activation of a row of 1 KiB.
    dram_activation_pj = 909.0, 800.0, 1000.0, "pJ", ThirdParty, 2017,
        "O'Connor et al., Fine-Grained DRAM (MICRO 2017): HBM2; currents of DRAMsim3, HBM2_8Gb_x128, give 830 pJ";
    /// Standby and refresh of a stack.
    dram_standby_w = 0.6, 0.5, 3.0, "W", Derived, 2020,
        "DRAMsim3, HBM2_8Gb_x128: 55 mA of active standby and 250 mA of refresh for 1/15 of the time, at 1.2 V in 8 channels; high: a base die with its physical layer";
}
