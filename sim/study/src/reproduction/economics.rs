//! Simulated values of the published economics: masks, dies, Tables 3 to 5, Fig. 12 and 13, and structural areas.
//!
//! Everything is computed as `hardwire estimate` computes it, from the same presets.

use std::collections::BTreeMap;

use designs::{Block, Comparison, Design, Model, Override, load};
use reports::{Kind, Row};
use sim::arithmetic::benchmark;
use sim::economics::area::checks::{hc1_array_mm2, inputs_per_port_for_area, inputs_per_port_for_cycles};
use sim::economics::area::published::{OPERATOR, ReadingsFit};
use sim::economics::area::{
    AreaInputs, ArrayShape, ChipAreaRequest, HnReading, NeuronDesign, NodeDensities, WeightFormat, chip_area,
};
use sim::economics::compare::{Basis, against};
use sim::economics::{Estimate, Outcome, Request};
use sim::settle::{Asked, Base, Build, FormatRule, GridChoice, Reticle, Stated};

use crate::StudyError;

/// Computed values by the id of the figure.
pub type Figures = BTreeMap<String, f64>;

/// Prices and rules of the publication for its own machine.
const RULES: &str = "published";

/// The estimate of `systems` systems of `model`, 3 years, annual re-spins, by the publication's rules: its stated power, its
/// rounding, and the same area per bit of a weight.
fn priced(
    design: &Design,
    home: &Model,
    model: &Model,
    format: WeightFormat,
    systems: u64,
    set: &[&str],
) -> Result<Estimate, StudyError> {
    let set: Vec<Override> = set.iter().map(|s| Override::parse(s)).collect::<Result<_, _>>()?;
    let economics = load::economics(RULES, &set, &load::no_files)?;
    let node = load::node(&design.node, &load::no_files)?;
    let stack = load::mask_stack(&design.node, &load::no_files)?;
    let base = Base::new(design.clone(), home.clone(), node)?;
    let machine = base.settle(&Asked {
        design,
        // The publication's chips have the same links on every grid.
        stated: Stated::of(["area.interconnect_engine"]),
        grid: GridChoice::Natural,
        model,
        node: &base.node,
        build: Build { format, rule: FormatRule::StoredBits, ..Build::published(Reticle::from(&economics)) },
    })?;
    let request = Request {
        machine: &machine,
        node: &base.node,
        stack: &stack,
        embedding: "published",
        simulation: None,
        economics: &economics,
        yield_model: None,
        systems,
        years: 3.0,
        respins_per_year: 1.0,
        allow_unconfirmed: false,
    };
    Ok(Estimate::new(&request)?)
}

/// Both ends of an outcome in units of `scale`.
fn pair(figures: &mut Figures, id: &str, estimate: &Estimate, scale: f64, of: fn(&Outcome) -> f64) {
    let span = estimate.span(of);
    figures.insert(format!("{id}.low"), span.low / scale);
    figures.insert(format!("{id}.high"), span.high / scale);
}

/// All figures.
pub fn figures(design: &Design, model: &Model) -> Result<Figures, StudyError> {
    let mut f = Figures::new();
    let one = priced(design, model, model, WeightFormat::Fp4, 1, &[])?;
    let fifty = priced(design, model, model, WeightFormat::Fp4, 50, &[])?;
    masks_and_dies(&mut f, design, &one)?;
    let million = 1e6;
    for (systems, estimate) in [(1, &one), (50, &fifty)] {
        pair(&mut f, &format!("table5.initial_{systems}"), estimate, million, |o| o.build_usd);
        pair(&mut f, &format!("table5.respin_{systems}"), estimate, million, |o| o.respin_usd);
    }
    let h100 = load::comparison("h100", &load::no_files)?;
    for (volume, estimate) in [("low", &one), ("high", &fifty)] {
        table3(&mut f, volume, estimate);
        let basis = publication_basis(estimate, &h100)?;
        table3_h100(&mut f, volume, &basis);
        if volume == "high" {
            let over = basis.tco_advantage;
            f.insert("table3.ratios_high_volume.tco_dynamic.low".into(), over.low);
            f.insert("table3.ratios_high_volume.tco_dynamic.high".into(), over.high);
            f.insert("table3.ratios_high_volume.carbon".into(), basis.carbon_advantage.low);
            f.insert("headline_v1_superseded.cost_effectiveness_over_h100".into(), over.low);
            f.insert("headline_v1_superseded.carbon_over_h100".into(), basis.carbon_advantage.low);
        }
    }
    f.insert("headline_v1_superseded.nre_usd_m".into(), one.high.nre_usd / million);
    table4(&mut f, design, model)?;
    areas(&mut f, design, &one)?;
    let actuary = ["yield.model=negative-binomial", "yield.alpha=10", "dies.formula=actuary", "dies.whole=false"];
    let actuary = priced(design, model, model, WeightFormat::Fp4, 1, &actuary)?;
    f.insert("external.actuary_usd_per_good_die".into(), actuary.low.die_usd);
    Ok(f)
}

fn masks_and_dies(f: &mut Figures, design: &Design, one: &Estimate) -> Result<(), StudyError> {
    let masks = &one.masks;
    let mut put = |id: &str, value: f64| f.insert(id.to_owned(), value);
    put("masks.layers_total", masks.total.masks.into());
    put("masks.layers_euv", masks.total.euv_masks.into());
    put("masks.layers_shared", masks.shared.masks.into());
    put("masks.layers_per_chip", masks.per_chip.masks.into());
    put("masks.duv_units_total", masks.total.units);
    put("dies.dies_per_wafer", one.plan.dies);
    put("dies.yield_murphy", one.low.yield_share);
    put("dies.good_dies", one.low.good_dies);
    put("dies.usd_per_good_die", one.low.die_usd);
    pair(f, "masks.set_usd_m", one, 1e6, |o| o.mask_set_usd);
    pair(f, "masks.shared_usd_m", one, 1e6, |o| o.mask_shared_usd);
    pair(f, "masks.per_chip_usd_m", one, 1e6, |o| o.mask_per_chip_usd);
    pair(f, "masks.all_chips_usd_m", one, 1e6, |o| o.mask_all_chips_usd);

    // Every weight in cells, a full mask set per chip; "200+ chips" is the count rounded to hundreds.
    let economics = load::economics(RULES, &[], &load::no_files)?;
    let density = NodeDensities::N5.transistors_mtr_per_mm2 * 1e6;
    let weights = one.layout.weights_per_chip as f64 * f64::from(design.grid.chips());
    let chips = weights * economics.cell_transistors / density / economics.reticle_mm2;
    let chips = (chips / 100.0).round() * 100.0;
    f.insert("masks.naive_cell_embedding_usd_m".into(), chips * one.high.mask_set_usd / 1e6);
    Ok(())
}

fn table3(f: &mut Figures, volume: &str, e: &Estimate) {
    let id = |key: &str| format!("table3.hnlpu_{volume}.{key}");
    f.insert(id("facility_mw"), e.low.facility_mw);
    f.insert(id("infrastructure"), e.low.infrastructure_usd / 1e6);
    f.insert(id("electricity"), e.low.electricity_usd / 1e6);
    pair(f, &id("capex"), e, 1e6, |o| o.capex_usd);
    pair(f, &id("maintenance"), e, 1e6, |o| o.maintenance_usd);
    pair(f, &id("tco_static"), e, 1e6, |o| o.tco_static_usd);
    pair(f, &id("tco_dynamic"), e, 1e6, |o| o.tco_dynamic_usd);
    f.insert(id("tco2e.low"), e.low.carbon_static_t);
    f.insert(id("tco2e.high"), e.low.carbon_dynamic_t);
}

/// The comparison on the basis of the publication's total cost. Only that basis is used here, so the decode
/// throughput does not matter.
fn publication_basis(estimate: &Estimate, h100: &Comparison) -> Result<Basis, StudyError> {
    let economics = load::economics(RULES, &[], &load::no_files)?;
    let tco = economics.tco_tokens_per_s;
    let bases = against(estimate, h100, 1.0, 1.0, tco)?;
    bases.into_iter().next().ok_or(StudyError::Preset("the H100 preset gives no basis"))
}

fn table3_h100(f: &mut Figures, volume: &str, b: &Basis) {
    for (key, value) in [
        ("gpus", b.units.low),
        ("facility_mw", b.facility_mw.low),
        ("node_price", b.hardware_usd.low / 1e6),
        ("infrastructure", b.infrastructure_usd.low / 1e6),
        ("capex", b.capex_usd.low / 1e6),
        ("electricity", b.electricity_usd.low / 1e6),
        ("maintenance", b.maintenance_usd.low / 1e6),
        ("tco_static", b.tco_usd.low / 1e6),
        ("tco2e", b.carbon_t.low),
    ] {
        f.insert(format!("table3.h100_{volume}.{key}"), value);
    }
}

/// All masks of the first build, pessimistic, with the weights as the models were released.
fn table4(f: &mut Figures, design: &Design, home: &Model) -> Result<(), StudyError> {
    for (id, name, format) in [
        ("kimi_k2_1t", "kimi-k2", WeightFormat::Fp8),
        ("deepseek_v3_671b", "deepseek-v3", WeightFormat::Fp8),
        ("qwq_32b", "qwq-32b", WeightFormat::Bf16),
        ("llama3_8b", "llama-3-1-8b", WeightFormat::Bf16),
    ] {
        let model = load::model(name, &load::no_files)?;
        let estimate = priced(design, home, &model, format, 1, &[])?;
        f.insert(format!("table4.{id}"), estimate.high.mask_total_usd / 1e6);
    }
    Ok(())
}

/// Fig. 12 and structural areas.
fn areas(f: &mut Figures, design: &Design, one: &Estimate) -> Result<(), StudyError> {
    let economics = load::economics(RULES, &[], &load::no_files)?;
    let node = NodeDensities::N5;
    let cell_um2 = OPERATOR.weights * economics.cell_transistors / node.transistors_mtr_per_mm2;
    // Calibrated: the SRAM against which 200 transistors per weight are 14.3 times as large, 0.83 of cell area in the
    // macro or 39 Mbit/mm2; an array that is no MAC array but its 64 KB of weights alone is 1 by definition.
    let sram_um2 = cell_um2 / PUBLISHED_CELL_EMBEDDING;
    let bits = 64.0 * 1024.0 * 8.0;
    let inputs = AreaInputs { sram_macro_efficiency: bits * node.sram_cell_um2 / sram_um2, ..AreaInputs::default() };
    let metal_um2 = ReadingsFit::solve(&inputs).area_um2(&OPERATOR);
    let gain = cell_um2 / metal_um2;
    f.insert("fig12.area_over_64kb_sram.mac_array".into(), 1.0);
    f.insert("fig12.area_over_64kb_sram.cell_embedding".into(), cell_um2 / sram_um2);
    f.insert("fig12.area_over_64kb_sram.metal_embedding".into(), metal_um2 / sram_um2);
    let sharing = f64::from(design.grid.chips()) * one.high.mask_set_usd / one.high.mask_total_usd;
    f.insert("headline.density_gain".into(), gain);
    f.insert("headline.photomask_saving".into(), gain * sharing);
    f.insert("masks.saving_factor".into(), gain * sharing);

    let inputs = AreaInputs::default();
    let chip = chip_area(&ChipAreaRequest::HNLPU, &node, &inputs)?;
    let counted = ChipAreaRequest { reading: HnReading::Structural, ..ChipAreaRequest::HNLPU };
    let counted = chip_area(&counted, &node, &inputs)?;
    for (block, area) in chip.blocks {
        let name = if block == Block::HnArray { "hn_array_readings" } else { block.name() };
        f.insert(format!("structure.area_mm2.{name}"), area.mm2);
    }
    f.insert("structure.area_mm2.hn_array_counted".into(), counted.blocks.hn_array.mm2);
    f.insert("structure.area_mm2.chip".into(), chip.total_mm2);
    let n6 = NodeDensities::from_node(&load::node("n6", &load::no_files)?)?;
    f.insert("external.hc1_die_mm2".into(), hc1_array_mm2(HC1_SIX_BIT_SHARE, &n6, &inputs)?);
    Ok(())
}

/// Fig. 12, Cell-Embedding over a 64 KB SRAM: what the SRAM's density is fitted to.
const PUBLISHED_CELL_EMBEDDING: f64 = 14.3;
/// Share of HC1's weights that have 6 bits; not public, assumed.
const HC1_SIX_BIT_SHARE: f64 = 0.25;

/// Rows without a published label: cycles of Fig. 13, sharing of ports that area and time imply.
pub fn unlabelled() -> Vec<Row> {
    let b = benchmark();
    let inputs = AreaInputs::default();
    let shape = ArrayShape::HNLPU;
    let um2 = inputs.published_array * 1e6 / shape.neurons;
    let by_area = inputs_per_port_for_area(&NeuronDesign::HNLPU, shape.fan_in(), um2, &NodeDensities::N5, &inputs);
    let by_cycles = inputs_per_port_for_cycles(16, 2880, PUBLISHED_PASS_CYCLES);
    let row = |id: &str, ours: f64, source: &str| {
        let mut row = Row::new(id.to_owned(), None, ours, Kind::Estimate, None, false);
        source.clone_into(&mut row.source);
        row
    };
    let fig13 = "Fig. 13, plotted without labels; functional units of the benchmark operator";
    let ports = "area and time of the published array, from structure";
    let mut rows = vec![
        row("fig13.cycles.mac_array", b.mac_array.cycles as f64, fig13),
        row("fig13.cycles.cell_embedding", b.cell_embedding.cycles as f64, fig13),
        row("fig13.cycles.metal_embedding", b.metal_embedding.cycles as f64, fig13),
        row("structure.inputs_per_port.for_cycles", by_cycles.into(), ports),
    ];
    if let Some(inputs_per_port) = by_area {
        rows.push(row("structure.inputs_per_port.for_area", inputs_per_port.into(), ports));
    }
    rows
}

/// Cycles of an array pass that Fig. 14's projection share implies.
const PUBLISHED_PASS_CYCLES: u64 = 660;
