//! Every constant of the area model in one table: value, range, unit, source, grade, year.
//!
//! A range spans the values of the sources; with the grade `assumed` it is our estimate.

use super::error::{AreaError, not_negative, positive};
use crate::constants::constants;

constants! {
    /// Constants of the area model; [`AreaInputs::default`] holds the values of [`AreaInputs::REFERENCES`].
    AreaInputs, REFERENCES;
    /// Full adder, transistors.
    full_adder = 28.0, 24.0, 28.0, "transistors", Published, 2010,
        "Weste and Harris, CMOS VLSI Design, 4th ed., ch. 11: mirror adder 28; transmission-gate adders 24";
    /// D flip-flop, transistors.
    flip_flop = 24.0, 20.0, 28.0, "transistors", Published, 2010,
        "Weste and Harris, CMOS VLSI Design, 4th ed., ch. 10: static transmission-gate master-slave pair with buffers";
    /// Two-input AND gate, transistors.
    and_gate = 6.0, 4.0, 6.0, "transistors", Published, 2010,
        "Weste and Harris, CMOS VLSI Design, 4th ed., ch. 1: NAND and inverter; low: NAND alone";
    /// Cells that let one input take its turn on a shared port, transistors per input.
    select_leg = 16.0 / 3.0, 2.0, 12.0, "transistors", Derived, 2026,
        "half an AOI22 (4) and its share of a tree of four-input gates (4/3); low: a bare transmission gate, high: a two-input multiplexer cell";
    /// Ports built beyond those that even value counts need, as a share.
    slice_slack = 0.25, 0.1, 0.5, "ratio", Assumed, 2026,
        "not published; 4 standard deviations of 2,880 inputs over 16 equally likely codes are 29 %";
    /// Bits that the block scales of one neuron span where they are shifted by wiring.
    block_scale_span = 8.0, 2.0, 16.0, "bits", Assumed, 2026,
        "not published; the exponents of one neuron's blocks within a factor of 256";
    /// Share of the node's transistor density that regular arrays of neurons reach.
    array_utilization = 1.0, 0.7, 1.0, "ratio", Published, 2026,
        "ASPLOS '26 (HNLPU) counts area as transistors over the full density; placed standard cells usually fill 70 to 85 %";
    /// Share of the node's transistor density that irregular logic reaches.
    logic_utilization = 0.714, 0.6, 0.97, "ratio", Derived, 2022,
        "NVIDIA H100: 80e9 transistors on 814 mm2 of a 5 nm class process over 137.6 MTr/mm2; Apple A14 reaches 0.97";
    /// Area of the cells of a single-port SRAM macro over the area of the macro.
    sram_macro_efficiency = 0.70, 0.65, 0.75, "ratio", ThirdParty, 2022,
        "WikiChip on IEDM 2022: 31.8 Mib/mm2 with cells of 0.021 um2";
    /// Area of an eight-transistor cell with a read and a write port over that of the single-port cell.
    two_port_cell_ratio = 1.54, 1.30, 1.83, "ratio", Assumed, 2008,
        "geometric mean of the range: +30 % (Chang et al., VLSI Symposium 2005) to 0.597 um2 (two-port, JSSC 43(4), 2008) over 0.327 um2 (single-port, ISSCC 2007) at 45 nm";
    /// FP16 multiply-add, transistors.
    fp16_mac = 25_345.0, 18_000.0, 40_000.0, "transistors", Published, 2024,
        "LLMCompass, ISCA 2024, cost model: 685,300 of a 64-bit unit by the square of the significand";
    /// FP16 adder, transistors.
    fp16_adder = 5_400.0, 4_000.0, 6_800.0, "transistors", Derived, 2014,
        "Horowitz, Computing's Energy Problem (ISSCC 2014): 1,360 um2 in 45 nm, where a NAND gate of four transistors takes about 1 um2";
    /// FP32 unit of the non-linear lanes, transistors.
    fp32_unit = 134_070.0, 90_000.0, 200_000.0, "transistors", Published, 2024,
        "LLMCompass, ISCA 2024, cost model: as fp16_mac";
    /// Control, registers and operand paths of one lane of a vector unit, transistors.
    lane_control = 725_650.0, 362_825.0, 1_534_500.0, "transistors", Published, 2024,
        "LLMCompass, ISCA 2024, cost model: from die photographs of A100; high: MI210; low: half, for a unit without a general instruction set";
    /// Sequencer, transistors.
    control_core = 0.84e6, 0.4e6, 2.0e6, "transistors", Assumed, 2019,
        "a small in-order core of about 210 thousand gate equivalents, the class of Ariane";
    /// Program store of the sequencer, bytes.
    control_store = 16_384.0, 4_096.0, 65_536.0, "bytes", Assumed, 2026,
        "not published";
    /// Physical layer of one PCIe 6 lane, mm2.
    link_phy = 0.375, 0.22, 0.64, "mm2 per lane", Derived, 2025,
        "geometric mean of the range: 113 Gb/s PAM4 short reach in 5 nm (IEEE SSC-L 8, 2025) to PCIe 5 from die photographs (LLMCompass, ISCA 2024)";
    /// Controller of one PCIe lane, transistors.
    link_controller = 5_372_100.0, 3_962_500.0, 8_000_000.0, "transistors per lane", Published, 2024,
        "LLMCompass, ISCA 2024, cost model: PCIe 5; low: PCIe 4";
    /// Physical layer of one HBM stack, mm2.
    hbm_phy = 10.45, 6.5, 14.9, "mm2 per stack", Published, 2024,
        "LLMCompass, ISCA 2024: HBM2e from die photographs; high: F1 (MICRO 2021) and ARK (MICRO 2022); low: ASPLOS '26 (HNLPU), Table 1";
    /// Controller of one HBM stack, transistors.
    hbm_controller = 552_743_000.0, 250_000_000.0, 552_743_000.0, "transistors per stack", Published, 2024,
        "LLMCompass, ISCA 2024, cost model: HBM2e; counted only where a request asks for controllers";
    /// Published area of HNLPU's HN Array, mm2.
    published_array = 573.16, 573.16, 573.16, "mm2", Published, 2026,
        "ASPLOS '26 (HNLPU), Table 1";
    /// Published area of the benchmark operator over that of a 64 KB SRAM.
    published_operator_ratio = 0.95, 0.95, 0.95, "ratio", Published, 2026,
        "ASPLOS '26 (HNLPU), Fig. 12";
}

impl AreaInputs {
    /// Rejects constants out of range: all must be positive, shares at most 1, slack at least 0.
    pub fn check(&self) -> Result<(), AreaError> {
        for (reference, value) in Self::REFERENCES.iter().zip(self.values()) {
            match reference.key {
                "slice_slack" | "block_scale_span" => not_negative(reference.key, value)?,
                "array_utilization" | "logic_utilization" | "sram_macro_efficiency" => {
                    positive(reference.key, value)?;
                    super::error::between(reference.key, value, 0.0, 1.0)?
                }
                _ => positive(reference.key, value)?,
            };
        }
        Ok(())
    }
}
