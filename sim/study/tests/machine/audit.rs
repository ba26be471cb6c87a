//! Changes every field of designs and prices in every command that accepts it. The command must answer differently, refuse the
//! change, or note that it has no effect. Each field must have an effect in at least one mode.

use std::collections::BTreeMap;

use designs::Measure;
use designs::edit::{Field, design_fields, economics_fields};
use designs::load;

use crate::commands::{COMMANDS, Command, Question, axis, print};

/// What a command does with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Changed,
    Refused,
    Idle,
}

/// Modes in which fields act that do nothing by default: overrides, and what differs in the question.
const MODES: [(&[&str], Question); 15] = [
    (&[], Question { systems: 100, ..Question::DEFAULT }),
    (&["yield.model=negative-binomial"], Question::DEFAULT),
    (&["yield.model=bose-einstein"], Question::DEFAULT),
    (&["dies.formula=actuary"], Question::DEFAULT),
    (&["dies.formula=actuary"], Question { systems: 1000, ..Question::DEFAULT }),
    (&["banking.enabled=true"], Question::DEFAULT),
    (&["banking.enabled=true"], Question { systems: 1000, ..Question::DEFAULT }),
    (&["mapping.embedding=hbm"], Question::DEFAULT),
    (&["mapping.embedding=hbm"], Question { sequences: Some(1), ..Question::DEFAULT }),
    (&["mapping.collective=ring"], Question::DEFAULT),
    (&["interconnect.framing=flits"], Question::DEFAULT),
    (&["model=llama-3-1-8b"], Question::DEFAULT),
    (&[], Question { context: 524_288, sequences: Some(1), ..Question::DEFAULT }),
    (&[], Question { context: 65_536, sequences: Some(200), ..Question::DEFAULT }),
    (&[], Question { embedding: "one-via", ..Question::DEFAULT }),
];

/// Fields that act in no question tried here: the line for people, a figure of `hardwire reproduce`, and what fidelity cycle
/// simulates, which `sim/tests/cycle.rs` changes.
const ELSEWHERE: [&str; 4] = ["summary", "masks.cell_embedding_transistors", "hbm.memory", "chip.issue_cycles"];

/// Another legal value of a field: words by name, flags turned, numbers times 1.5.
fn other(field: &Field) -> String {
    let word = match field.path.as_str() {
        "summary" => "other words",
        "model" => "llama-3-1-8b",
        "node" => "n7",
        "hbm.memory" => "hbm2e",
        "mapping.collective" => "two-phase",
        "mapping.all_chip" => "hierarchical",
        "mapping.embedding" => "hbm",
        "mapping.experts" => "cut",
        "interconnect.framing" => "flits",
        "interconnect.flit_payload" => "200",
        "mapping.sliding_windows" => "honoured",
        "mapping.rotate_partners" | "dies.whole_wafers" | "banking.enabled" => "true",
        "dies.formula" => "actuary",
        "dies.whole" => "false",
        "yield.model" => "poisson",
        "yield.fixed" | "system.kw_per_chip" => "0.5",
        "wafer.usd" => "20000",
        "yield.defects_per_cm2" => "0.2",
        "masks.set_usd" => "40e6",
        "hn_array.activation_bits" => "8",
        "attention_buffer.efficiency" => "0.5",
        "yield.tolerant_share" => "0.5",
        "system.utilization" => "0.5",
        "facility.step_mw" => "0.001",
        "banking.share" => "0.3",
        "reticle.utilization" => "0.6",
        "facility.hours_per_year" => "8000",
        "grid.columns" => "8",
        "dies.scribe_mm" => "2",
        "carbon.act_node_nm" => "7",
        "chip.temperature_c" => "60",
        _ => "",
    };
    if !word.is_empty() {
        return word.to_owned();
    }
    let shown = field.shown.clone().unwrap_or_default();
    let first = shown.split_whitespace().next().and_then(|text| text.replace(',', "").parse().ok());
    let number: f64 = field.number.or(first).unwrap_or_else(|| panic!("{} needs another value", field.path)) * 1.5;
    match field.measure {
        Measure::Whole(unit) => format!("{} {unit}", number.ceil()),
        Measure::Quantity(unit) => format!("{number} {unit}"),
        Measure::Count => number.ceil().to_string(),
        Measure::Number | Measure::Word => number.to_string(),
    }
}

/// The value of a field now, as a sweep would write it.
fn now(field: &Field) -> String {
    match (field.number, field.measure) {
        (Some(number), Measure::Whole(unit) | Measure::Quantity(unit)) => format!("{number} {unit}"),
        (Some(number), _) => number.to_string(),
        (None, _) => field.shown.clone().unwrap_or_default(),
    }
}

fn effect(command: Command, field: &Field, set: &[String], question: Question) -> Effect {
    let change = other(field);
    if command == Command::Sweep {
        return match axis(&field.path, [&now(field), &change], set) {
            Ok((true, _)) => Effect::Changed,
            Ok((false, named)) => {
                assert!(named, "{} is idle in a sweep that does not say so", field.path);
                Effect::Idle
            }
            Err(_) => Effect::Refused,
        };
    }
    let with = [set, &[format!("{}={change}", field.path)]].concat();
    match (print(command, set, question), print(command, &with, question)) {
        (Ok(before), Ok(after)) if before == after => Effect::Idle,
        (Ok(_), Ok(_)) => Effect::Changed,
        (_, Err(_)) | (Err(_), _) => Effect::Refused,
    }
}

#[test]
fn every_field_acts_or_is_refused_or_is_named() {
    let design = load::design("hnlpu", &[], &load::no_files).unwrap();
    let prices = load::economics("hnlpu", &[], &load::no_files).unwrap();
    let mut fields = design_fields(&design);
    fields.extend(economics_fields(&prices).into_iter().filter(|field| field.path != "summary"));
    let mut counts = BTreeMap::<Effect, usize>::new();
    let mut acts = BTreeMap::<String, bool>::new();
    let mut unnamed = Vec::new();
    for field in &fields {
        for command in COMMANDS {
            let effect = effect(command, field, &[], Question::DEFAULT);
            *counts.entry(effect).or_default() += 1;
            if effect == Effect::Idle && designs::mode::acts(&field.path).is_none() {
                unnamed.push(format!("{} in {command:?}", field.path));
            }
            *acts.entry(field.path.clone()).or_default() |= effect == Effect::Changed;
        }
    }
    assert!(unnamed.is_empty(), "these do nothing, and no mode is named in which they act: {unnamed:#?}");
    let mut modes = 0;
    for field in fields.iter().filter(|field| !ELSEWHERE.contains(&field.path.as_str())) {
        let mut tried = MODES.iter();
        while !acts[&field.path] {
            let Some((set, question)) = tried.next() else {
                unnamed.push(field.path.clone());
                break;
            };
            let set: Vec<String> = set.iter().map(|change| (*change).to_owned()).collect();
            let commands = [COMMANDS[0], COMMANDS[1], COMMANDS[2], Command::Estimate];
            let changed = |command| effect(command, field, &set, *question) == Effect::Changed;
            *acts.get_mut(&field.path).unwrap() = commands.into_iter().any(changed);
            modes += 1;
        }
    }
    assert!(unnamed.is_empty(), "these act in no mode that is tried: {unnamed:?}");
    println!("{} fields in {} commands: {counts:?}; {modes} further modes tried", fields.len(), COMMANDS.len());
    assert!(fields.len() > 90 && counts[&Effect::Changed] > 250, "{} fields, {counts:?}", fields.len());
}

#[test]
fn the_same_intent_has_the_same_answer() {
    let at = |model, node, set: &[&str]| {
        let set: Vec<_> = set.iter().map(|text| designs::Override::parse(text).unwrap()).collect();
        let machine = sim::settle::Machine::load("hnlpu", &set, model, node, &load::no_files).unwrap();
        let reticle = sim::settle::Reticle::from(&prices());
        machine.settle(&sim::settle::Build::published(reticle)).unwrap().0.layout
    };
    let prices = load::economics("hnlpu", &[], &load::no_files).unwrap();
    let own = at(None, None, &[]);
    assert_eq!(at(None, None, &["model=llama-3-1-8b"]), at(Some("llama-3-1-8b"), None, &[]));
    assert_eq!(at(None, None, &["node=n7"]), at(None, Some("n7"), &[]));
    // A grid that the user states does not change the area of a weight.
    let wide = at(Some("llama-3-1-8b"), None, &["grid.rows=8"]);
    assert!((wide.um2_per_weight / own.um2_per_weight - 1.0).abs() < 1e-12, "{}", wide.um2_per_weight);
    let half = at(None, None, &["area.hn_array=286.58mm2"]);
    assert_eq!(half.area.hn_array.mm2(), 286.58);
    assert!(prices.reticle_mm2 > half.chip_mm2);
    // Commands agree with a file that states the same.
    let text = |path: &str| match path {
        "own.toml" => Ok("extends = \"hnlpu\"\nattention_buffer.capacity = \"640 MB\"\n".to_owned()),
        _ => Err(load::Unreadable("none".to_owned())),
    };
    let file = sim::settle::Machine::load("own.toml", &[], None, None, &text).unwrap();
    let file = file.settle(&sim::settle::Build::published(sim::settle::Reticle::from(&prices))).unwrap().0.layout;
    assert_eq!(file, at(None, None, &["attention_buffer.capacity=640MB"]));
    assert!((file.area.attention_buffer.mm2() / own.area.attention_buffer.mm2() - 2.0).abs() < 1e-12);
}

#[test]
fn the_base_is_the_design_itself() {
    let prices = load::economics("hnlpu", &[], &load::no_files).unwrap();
    let machine = sim::settle::Machine::load("hnlpu", &[], None, None, &load::no_files).unwrap();
    let (settled, _) = machine.settle(&sim::settle::Build::published(sim::settle::Reticle::from(&prices))).unwrap();
    assert_eq!(settled.design, load::design("hnlpu", &[], &load::no_files).unwrap());
}

#[test]
fn what_is_printed_is_what_is_priced() {
    for set in [
        &[][..],
        &["energy.system_factor=2.8"],
        &["energy.hn_array.static_power=732W"],
        &["chip.clock=2GHz"],
        &["hbm.stacks=4"],
    ] {
        let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
        let a = crate::commands::answer(&set, Question::DEFAULT, true).unwrap();
        let priced = a.estimate.unwrap().low.facility_mw * 1e3 / 1.4;
        let printed = a.simulation.system_power_kw;
        assert!((priced / printed - 1.0).abs() < 1e-12, "{set:?}: {priced} against {printed}");
    }
}

fn prices() -> designs::Economics {
    load::economics("hnlpu", &[], &load::no_files).unwrap()
}
