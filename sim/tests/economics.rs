//! Prices compared with published tables, with closed forms, and with the rules of the estimate.

use designs::{Comparison, Design, Economics, MaskStack, Model, Override, ProcessNode, YieldModel, load};
use sim::economics::area::WeightFormat;
use sim::economics::compare::{Basis, against};
use sim::economics::monte_carlo::{MonteCarlo, tornado};
use sim::economics::{EconomicsError, Estimate, INPUTS, Input, Outcome, Request, Span, act, wiring};
use sim::settle::{Asked, Base, Build, FormatRule, GridChoice, Reticle, Settled, Stated};
use sim::{Discipline, Fidelity, Simulation, simulate};

/// The inputs of an estimate and the numbers of the command line.
struct Case {
    own: Design,
    design: Design,
    stated: Stated,
    home: Model,
    home_node: ProcessNode,
    model: Model,
    node: ProcessNode,
    stack: MaskStack,
    economics: Economics,
    embedding: &'static str,
    format: WeightFormat,
    yield_model: Option<YieldModel>,
    systems: u64,
    years: f64,
    respins_per_year: f64,
    allow_unconfirmed: bool,
}

impl Case {
    fn published() -> Self {
        Self::with("published", &[])
    }

    fn with(economics: &str, set: &[&str]) -> Self {
        let set: Vec<Override> = set.iter().map(|s| Override::parse(s).unwrap()).collect();
        let design = load::design("hnlpu", &[], &load::no_files).unwrap();
        let home = load::model(&design.model, &load::no_files).unwrap();
        let node = load::node(&design.node, &load::no_files).unwrap();
        Self {
            model: home.clone(),
            home,
            home_node: node.clone(),
            node,
            stack: load::mask_stack("n5", &load::no_files).unwrap(),
            economics: load::economics(economics, &set, &load::no_files).unwrap(),
            own: design.clone(),
            design,
            stated: Stated::default(),
            embedding: "published",
            format: WeightFormat::Fp4,
            yield_model: None,
            systems: 1,
            years: 3.0,
            respins_per_year: 1.0,
            allow_unconfirmed: false,
        }
    }

    fn on(mut self, node: &str) -> Self {
        self.node = load::node(node, &load::no_files).unwrap();
        self.stack = load::mask_stack(node, &load::no_files).unwrap();
        self
    }

    fn systems(self, systems: u64) -> Self {
        Self { systems, ..self }
    }

    fn settle(&self) -> Result<Settled, EconomicsError> {
        let base = Base::new(self.own.clone(), self.home.clone(), self.home_node.clone())?;
        base.settle(&Asked {
            design: &self.design,
            stated: self.stated,
            grid: GridChoice::Natural,
            model: &self.model,
            node: &self.node,
            build: Build {
                format: self.format,
                rule: FormatRule::StoredBits,
                wiring: wiring(&self.stack, self.embedding, &self.economics)?,
                ..Build::published(Reticle::from(&self.economics))
            },
        })
    }

    fn simulation(&self, machine: &Settled) -> Simulation {
        simulate(sim::Request {
            grid: Some(machine.design.grid),
            discipline: Discipline::Serial,
            fidelity: Fidelity::Analytic,
            ..sim::Request::of(&machine.design, &self.model)
        })
        .unwrap()
    }

    fn estimate(&self) -> Result<Estimate, EconomicsError> {
        let machine = self.settle()?;
        let simulation = self.simulation(&machine);
        Estimate::new(&Request {
            machine: &machine,
            node: &self.node,
            stack: &self.stack,
            embedding: self.embedding,
            simulation: Some(&simulation),
            economics: &self.economics,
            yield_model: self.yield_model,
            systems: self.systems,
            years: self.years,
            respins_per_year: self.respins_per_year,
            allow_unconfirmed: self.allow_unconfirmed,
        })
    }

    fn priced(&self) -> Estimate {
        self.estimate().unwrap_or_else(|e| panic!("{e}"))
    }
}

fn near(ours: f64, published: f64, percent: f64) {
    assert!((ours / published - 1.0).abs() * 100.0 <= percent, "{ours} against {published}");
}

#[test]
fn the_published_builds_and_totals() {
    for (systems, build, respin, dynamic) in
        [(1, [59.25, 123.3], [18.53, 37.06], [96.62, 197.8]), (50, [62.83, 129.9], [22.11, 43.68], [118.9, 229.4])]
    {
        let e = Case::published().systems(systems).priced();
        for (end, outcome) in [&e.low, &e.high].into_iter().enumerate() {
            near(outcome.build_usd / 1e6, build[end], 0.05);
            near(outcome.respin_usd / 1e6, respin[end], 0.05);
            near(outcome.tco_dynamic_usd / 1e6, dynamic[end], 0.05);
        }
    }
}

#[test]
fn small_power_is_charged_as_ten_kilowatts_by_the_rounding_rule_only() {
    let rounded = Case::published().priced();
    assert!((rounded.low.facility_mw - 0.010).abs() < 1e-12);
    let exact = Case::with("published", &["facility.step_mw=0"]).priced();
    assert!((exact.low.facility_mw - 0.00966).abs() < 1e-9);
    // Without a stated power the simulated one is priced, and only the publication's rules round it.
    let simulated = Case::with("hnlpu", &[]);
    let machine = simulated.settle().unwrap();
    let kw = simulated.simulation(&machine).system_power_kw;
    assert!((simulated.priced().low.facility_mw - kw * 1.4 / 1e3).abs() < 1e-12);
    assert!(exact.low.electricity_usd < rounded.low.electricity_usd);
}

#[test]
fn more_of_any_input_never_costs_less() {
    let e = Case::with("wide", &[]).systems(7).priced();
    let base = e.inputs.at(0.5);
    let before = e.plan.evaluate(&base);
    for input in Input::ALL {
        let mut more = base;
        more.0[input as usize] *= 1.3;
        let after = e.plan.evaluate(&more);
        let grew = |of: fn(&Outcome) -> f64| of(&after) > of(&before);
        let carbon_only = matches!(input, Input::ModuleKg | Input::GridKg);
        assert_eq!(grew(|o| o.tco_dynamic_usd), !carbon_only, "{}", input.path());
        assert_eq!(
            grew(|o| o.carbon_dynamic_t),
            carbon_only || matches!(input, Input::KwPerChip | Input::Pue),
            "{}",
            input.path()
        );
    }
}

#[test]
fn parts_add_up() {
    let e = Case::with("wide", &[]).systems(12).priced();
    for o in [e.low, e.high] {
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} against {b}");
        close(o.mask_total_usd, o.mask_shared_usd + o.mask_all_chips_usd);
        close(o.mask_set_usd, o.mask_shared_usd + o.mask_per_chip_usd);
        close(o.system_usd, 16.0 * (o.die_usd + o.package_usd + o.memory_usd + o.integration_usd));
        close(o.build_usd, o.nre_usd + 12.0 * o.system_usd);
        close(o.tco_static_usd, o.capex_usd + o.electricity_usd + o.maintenance_usd);
        close(o.tco_dynamic_usd, o.tco_static_usd + 2.0 * o.respin_usd);
        // Two spares for twelve systems.
        close(o.maintenance_usd, 2.0 * o.system_usd);
    }
}

#[test]
fn whole_wafers_have_a_floor_and_meet_the_published_rule_at_full_wafers() {
    let dies = |set: &[&str], systems| Case::with("hnlpu", set).systems(systems).priced().low.die_usd;
    let whole = ["dies.whole_wafers=true"];
    assert_eq!(dies(&whole, 1), 16_988.0);
    // 16 variants of one wafer each for the first system.
    assert_eq!(dies(&whole, 1) * 16.0, 271_808.0);
    assert!((dies(&whole, 27) - dies(&[], 27)).abs() < 1e-9);
    assert!((dies(&whole, 28) / (2.0 * 16_988.0 / 28.0) - 1.0).abs() < 1e-12);
}

#[test]
fn options_off_by_default_act_where_they_should() {
    let base = Case::published().priced();
    let tolerant = Case::with("hnlpu", &["yield.tolerant_share=1"]).priced();
    let x = 0.11 * (827.08 - 573.16) / 100.0;
    let murphy = ((1.0 - libm::exp(-x)) / x) * ((1.0 - libm::exp(-x)) / x);
    assert!((tolerant.low.yield_share - murphy).abs() < 1e-12);
    assert!(tolerant.low.die_usd < base.low.die_usd);
    let banked = Case::with("hnlpu", &["banking.enabled=true"]).priced();
    assert_eq!(banked.low.build_usd, base.low.build_usd);
    near(banked.low.respin_usd - base.low.respin_usd, 16.0 * base.low.die_usd * 0.75 * 0.10 * 1.5, 1e-3);
}

#[test]
fn the_chiplet_actuary_prices_the_same_die() {
    let set = ["yield.model=negative-binomial", "yield.alpha=10", "dies.formula=actuary", "dies.whole=false"];
    near(Case::with("hnlpu", &set).priced().low.die_usd, 718.0, 0.1);
    let murphy = Case::with("hnlpu", &["dies.formula=actuary", "dies.whole=false"]).priced();
    near(murphy.low.die_usd, 697.0, 0.1);
}

#[test]
fn act_gives_its_published_figures_and_is_silent_elsewhere() {
    let case = Case::published();
    let e = case.priced();
    let act = |nm| act(&case.economics, nm, e.layout.chip_mm2, e.span(|o| o.yield_share), e.plan.memory_gb);
    let at5 = act(5).unwrap();
    let middle = |s: Span| (s.low + s.high) / 2.0;
    near(middle(at5.kg_per_cm2), 2.43, 0.2);
    near(middle(at5.die_kg), 20.1, 0.2);
    near(middle(at5.good_die_kg), 46.6, 0.3);
    near(at5.memory_kg, 192.0 * 0.065, 1e-9);
    assert_eq!(act(7), None);
}

fn h100() -> Comparison {
    load::comparison("h100", &load::no_files).unwrap()
}

#[test]
fn bases_of_a_comparison_are_never_mixed() {
    let e = Case::published().priced();
    let bases = against(&e, &h100(), 249_960.0, 1157.0, Some(2.16e6)).unwrap();
    let find = |text: &str| bases.iter().find(|b| b.basis.contains(text)).unwrap();
    assert_eq!(find("total cost").units.low, 2000.0);
    near(find("simulated tokens").units_exact.low, 231.44, 0.01);
    near(find("table of systems").units_exact.low, 5554.7, 0.01);
    assert!(against(&e, &h100(), 249_960.0, 1157.0, None).unwrap().iter().all(|b| !b.basis.contains("total cost")));
}

#[test]
fn break_even_is_where_the_cheaper_side_changes() {
    let b200 = load::comparison("b200", &load::no_files).unwrap();
    let bases = against(&Case::published().priced(), &b200, 249_960.0, 1157.0, None).unwrap();
    let output: &Basis = bases.iter().find(|b| b.basis.contains("output tokens only")).unwrap();
    let total: &Basis =
        bases.iter().find(|b| b.basis.contains("input+output tokens") && b.basis.contains("interactivity")).unwrap();
    assert_eq!((total.units.low, output.units.high), (12.0, 24.0));
    let (low, high) = (output.break_even_systems.unwrap(), total.break_even_systems.unwrap());
    assert_eq!((low[0].low, high[0].high, low[1].low, high[1].high), (67.0, 208.0, 150.0, 551.0));
    let gpus = |systems: f64| systems * 249_960.0 / 10_450.0 * 40_000.0;
    let build = |systems: u64| Case::published().systems(systems).priced().low.build_usd;
    assert!(build(67) <= gpus(67.0) && build(66) > gpus(66.0));
}

#[test]
fn a_machine_without_price_or_throughput_is_refused() {
    let e = Case::published().priced();
    let refusal =
        |name| against(&e, &load::comparison(name, &load::no_files).unwrap(), 1.0, 1.0, None).unwrap_err().to_string();
    assert_eq!(refusal("sohu"), "sohu has no public price: usd is not given");
    let free = Comparison { usd: h100().usd, kw: h100().kw, name: "bare".into(), ..Comparison::default() };
    assert!(against(&e, &free, 1.0, 1.0, None).unwrap_err().to_string().starts_with("bare has no throughput"));
}

#[test]
fn fewer_layers_cost_fewer_masks_and_more_array() {
    let of = |embedding| {
        let e = Case { embedding, ..Case::published() }.priced();
        (e.masks.per_chip.masks, e.masks.shared.masks, e.wiring_growth, e.plan.chips)
    };
    assert_eq!(of("published"), (10, 60, 1.0, 16.0));
    assert_eq!(of("m8-m11"), of("published"));
    let (masks, shared, growth, chips) = of("two-metal");
    assert_eq!((masks, shared), (6, 64));
    // M8 and M9 at 80 nm against those and M10 and M11 at 120 nm.
    assert!((growth - (2.0 / 80.0 + 2.0 / 120.0) / (2.0 / 80.0)).abs() < 1e-12);
    assert!(chips >= 16.0 * growth);
    assert_eq!((of("one-via").0, of("one-via").2), (1, 2.0));
    assert_eq!((of("all").0, of("all").1, of("all").2), (70, 0, 1.0));
}

#[test]
fn nodes_scale_and_their_gaps_are_named() {
    let n7 = Case::published().on("n7").priced();
    near(n7.layout.um2_per_weight, 573.16e6 / 7_275_548_160.0 * 137.6 / 91.0, 1e-6);
    near(n7.layout.area.attention_buffer.mm2(), 136.11 * 0.027 / 0.021, 1e-6);
    assert_eq!(n7.layout.area.hbm_phy.mm2(), 52.0);
    assert!(n7.plan.chips > 16.0 && n7.layout.chip_mm2 <= 858.0);
    assert!(Case::published().on("n3").priced().plan.chips < 16.0);
    let message = |case: Case| case.estimate().unwrap_err().to_string();
    assert_eq!(
        message(Case::published().on("n2")),
        "these values are unconfirmed: wafer.usd, masks.set_usd, n2: transistor_density_mtr_per_mm2; \
         `--allow-unconfirmed` of an estimate, or `build.allow_unconfirmed = true` of a sweep, uses and marks them"
    );
    let allowed = Case { allow_unconfirmed: true, ..Case::published().on("n2") }.priced();
    assert_eq!(allowed.unconfirmed.len(), 3);
    let mut bare = Case::published().on("n7");
    bare.node.wafer_usd = None;
    assert_eq!(
        message(bare),
        "node n7 has no wafer price, and neither has the economics file; give it with --set wafer.usd=..."
    );
    assert_eq!(message(Case::published().on("n28")), "node n28 has no transistor density, which scaling from n5 needs");
    let mut huge_blocks = Case::published().on("n7");
    huge_blocks.node.sram_cell_um2 = Some(0.127);
    assert!(message(huge_blocks).contains("leaves nothing for weights"));
}

#[test]
fn wider_weights_take_area_in_proportion_and_more_chips() {
    let base = Case::published().priced();
    let wide = Case { format: WeightFormat::Bf16, ..Case::published() }.priced();
    near(wide.layout.um2_per_weight, 4.0 * base.layout.um2_per_weight, 1e-9);
    assert!(wide.plan.chips >= 64.0);
    assert!(wide.layout.chip_mm2 <= 858.0 * 0.964);
}

#[test]
fn dies_beyond_reticle_or_wafer_are_refused() {
    let mut large = Case::published();
    large.design =
        load::design("hnlpu", &[Override::parse("area.hn_array=900 mm2").unwrap()], &load::no_files).unwrap();
    large.stated.mark("area.hn_array");
    assert_eq!(
        large.estimate().unwrap_err().to_string(),
        "a die of 1153.92 mm2 is larger than the reticle, 858 mm2 (largest block: hn_array, 900 mm2 from --set); use \
         more chips or smaller blocks"
    );
    let small_wafer = Case::with("hnlpu", &["wafer.diameter_mm=30"]).estimate().unwrap_err().to_string();
    assert_eq!(small_wafer, "no die of 827.08 mm2 fits a wafer of 30 mm");
    let unknown = Case { embedding: "m8,m13", ..Case::published() }.estimate().unwrap_err().to_string();
    assert_eq!(unknown, "the stack `n5` has no layer `m13`; did you mean `m1`?");
    let low = Case { embedding: "m2", ..Case::published() }.estimate().unwrap_err().to_string();
    assert!(low.starts_with("weights cannot be carried by these layers alone"), "{low}");
}

#[test]
fn monte_carlo_is_deterministic_and_within_both_ends() {
    let e = Case::with("wide", &[]).systems(50).priced();
    let run = |seed| MonteCarlo::run(&e.plan, &e.inputs, 20_000, seed);
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let (low, high) = (e.low.values(), e.high.values());
    for ((name, p), (a, b)) in Outcome::NAMES.iter().zip(run(7).percentiles).zip(low.into_iter().zip(high)) {
        let slack = 1e-9 * a.abs().max(b.abs());
        assert!(a.min(b) - slack <= p.p10 && p.p10 <= p.p50 && p.p50 <= p.p90 && p.p90 <= a.max(b) + slack, "{name}");
    }
}

#[test]
fn percentiles_of_one_uniform_input_are_its_own() {
    let set =
        ["masks.set_usd=15e6..25e6", "package.usd_per_wafer=0", "memory.usd_per_gb=0", "integration.usd_per_chip=0"];
    let e = Case::with("hnlpu", &set).priced();
    let run = MonteCarlo::run(&e.plan, &e.inputs, 100_000, 3);
    let index = Outcome::NAMES.iter().position(|n| *n == "mask_set_usd").unwrap();
    let p = run.percentiles[index];
    // 100,000 uniform draws: the standard error of a decile is 0.1 % of the width.
    for (ours, exact) in [(p.p10, 16e6), (p.p50, 20e6), (p.p90, 24e6)] {
        assert!((ours - exact).abs() < 5.0 * 0.0016 * 10e6, "{ours} against {exact}");
    }
}

#[test]
fn the_tornado_is_sorted_and_names_the_mask_set_first() {
    let e = Case::with("wide", &[]).priced();
    let bars = tornado(&e.plan, &e.inputs);
    assert!(bars.len() <= INPUTS && bars.windows(2).all(|b| b[0].swing.abs() >= b[1].swing.abs()));
    assert_eq!(bars[0].input, "masks.set_usd");
    assert!(bars.iter().all(|b| !b.input.starts_with("carbon.")), "carbon moves no cost");
    let exact = Case::with("hnlpu", &["masks.set_usd=20e6"]).priced();
    assert!(tornado(&exact.plan, &exact.inputs).iter().all(|b| b.input != "masks.set_usd"), "a known input has no bar");
}

#[test]
fn the_yield_model_on_the_command_line_wins() {
    let request_yield = |yield_model| Case { yield_model, ..Case::published() }.priced().low.yield_share;
    assert!(request_yield(Some(YieldModel::Seeds)) > 0.52);
    near(request_yield(None), 0.4312, 0.1);
}

#[test]
fn the_array_of_hc1_is_within_a_quarter_of_its_die() {
    use sim::economics::area::checks::{HC1_MM2, hc1_array_mm2};
    use sim::economics::area::{AreaInputs, NodeDensities};
    let n6 = NodeDensities::from_node(&load::node("n6", &load::no_files).unwrap()).unwrap();
    for share in [0.0, 0.25, 0.5] {
        near(hc1_array_mm2(share, &n6, &AreaInputs::default()).unwrap(), HC1_MM2, 25.0);
    }
}
