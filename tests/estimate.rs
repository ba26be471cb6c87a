//! `hardwire estimate`: keys of the JSON, and the exact messages for invalid input.

use std::process::{Command, Output};

use serde_json::Value;

fn hardwire(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hardwire")).args(arguments).output().expect("the command runs")
}

fn json(arguments: &[&str]) -> Value {
    let all = [&["estimate", "hnlpu", "--format", "json"], arguments].concat();
    let output = hardwire(&all);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the answer is JSON")
}

/// Standard error of a command that rejects its input with exit code 2.
fn refusal(arguments: &[&str]) -> String {
    let all = [&["estimate", "hnlpu"], arguments].concat();
    let output = hardwire(&all);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).expect("messages are UTF-8").trim_end().to_owned()
}

#[test]
fn every_figure_has_both_ends_or_percentiles() {
    let figures = ["mask_usd", "nre_usd", "build_usd", "respin_usd", "tco_usd", "tco_static_usd", "carbon_t"];
    let plain = json(&[]);
    let sampled = json(&["--economics", "wide", "--monte-carlo", "1000"]);
    for key in figures {
        assert!(plain[key]["low"].as_f64() <= plain[key]["high"].as_f64(), "{key}");
        let p = |at: &str| sampled[key][at].as_f64().unwrap_or_else(|| panic!("{key}.{at}"));
        assert!(p("p10") <= p("p50") && p("p50") <= p("p90"), "{key}");
    }
    for group in ["area_mm2", "mask_group_usd", "dies", "recurring_usd", "running"] {
        for (name, figure) in plain[group].as_object().expect("a group is an object") {
            assert!(figure["low"].is_f64() && figure["high"].is_f64(), "{group}.{name}");
        }
    }
    assert_eq!(plain["chips"], 16);
    assert_eq!(plain["masks"]["per_chip"]["masks"], 10);
    assert_eq!(plain["provenance"]["masks.set_usd"]["grade"], "published");
    assert_eq!(plain["provenance"]["wafer.usd"]["year"], 2020);
    assert!(sampled["tornado"][0]["input"].is_string());
}

#[test]
fn same_seed_same_bytes() {
    let run =
        |seed| hardwire(&["estimate", "hnlpu", "--economics", "wide", "--monte-carlo", "2000", "--seed", seed]).stdout;
    assert_eq!(run("5"), run("5"));
    assert_ne!(run("5"), run("6"));
}

#[test]
fn overrides_reach_economics_and_design() {
    let changed = json(&["--discipline", "serial", "--set", "facility.pue=1.0", "--set", "hbm.stacks=4"]);
    assert_eq!(changed["running"]["facility_mw"]["low"], 0.007);
    assert_eq!(changed["recurring_usd"]["memory"]["low"], 960.0);
    assert_eq!(changed["provenance"]["facility.pue"]["source"], "--set");
}

#[test]
fn the_basis_of_a_comparison_is_printed() {
    let output = hardwire(&["estimate", "hnlpu", "--against", "h100"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("against h100, publication's total cost: 1K input and 1K output at 50 users"));
    assert!(text.contains("units for all systems           2,000 (2,000 whole)"));
    assert!(text.contains("no public throughput of h100 at a stated speed per user"));
}

#[test]
fn areas_from_structure_are_within_five_percent_and_can_be_priced() {
    let published = json(&[]);
    let one = ["--area", "structure", "--set", "vex.lane_groups=1"];
    let structure = json(&one);
    let area = |answer: &Value, block: &str| answer["area_mm2"][block]["low"].as_f64().unwrap();
    for block in ["attention_buffer", "chip", "hn_array"] {
        let ratio = area(&structure, block) / area(&published, block);
        assert!((ratio - 1.0).abs() < 0.05, "{block}: {ratio}");
    }
    assert_eq!(structure["provenance"]["area.chip"], Value::Null);
    assert_eq!(structure["provenance"]["area.vex"]["source"], "area model from structure");
    assert!(structure["dies"]["dies_per_wafer"]["low"].as_f64() < published["dies"]["dies_per_wafer"]["low"].as_f64());
    // Four-bit weights are one digit of the array, eight-bit ones five: the area more than doubles.
    let wide = json(&[&one[..], &["--model", "qwq-32b", "--weights", "fp8"]].concat());
    // By structure the lane groups of the published timing do not fit its chip.
    assert!(refusal(&["--area", "structure"]).contains("largest block: vex"));
    assert!(wide["um2_per_weight"].as_f64().unwrap() > 4.0 * structure["um2_per_weight"].as_f64().unwrap());
}

#[test]
fn unconfirmed_values_are_refused_or_marked() {
    assert!(refusal(&["--node", "n2"]).starts_with("error: these values are unconfirmed: wafer.usd, masks.set_usd"));
    let output = hardwire(&["estimate", "hnlpu", "--node", "n2", "--allow-unconfirmed"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("UNCONFIRMED: wafer.usd\n"), "{text}");
}

#[test]
fn bad_numbers_point_at_themselves() {
    assert_eq!(
        refusal(&["--set", "wafer.usd=-5"]),
        "error: `wafer.usd` is -5; it must be above 0 and at most 1000000000\n \
         --> --set wafer.usd=-5:1:11\n  |\n1 | wafer.usd=-5\n  |           ^^"
    );
    assert_eq!(
        refusal(&["--set", "yield.fixed=1.2"]),
        "error: `yield.fixed` is 1.2; it must be above 0 and at most 1\n \
         --> --set yield.fixed=1.2:1:13\n  |\n1 | yield.fixed=1.2\n  |             ^^^"
    );
    assert_eq!(
        refusal(&["--set", "masks.set_usd=30e6..15e6"]),
        "error: `masks.set_usd` runs from 30000000 down to 15000000\n \
         --> --set masks.set_usd=30e6..15e6:1:15\n  |\n1 | masks.set_usd=30e6..15e6\n  |               ^^^^^^^^^^\n  |\n  \
         = help: write the smaller end first: 15000000 to 30000000"
    );
}

#[test]
fn a_bad_economics_file_is_refused_with_all_its_problems() {
    let path = std::env::temp_dir().join(format!("hardwire-estimate-{}.toml", std::process::id()));
    std::fs::write(&path, "extends = \"hnlpu\"\n[package]\nusd_per_wafer = -3\n[facility]\npeu = 1.2\n").unwrap();
    let name = path.to_str().unwrap();
    let message = refusal(&["--economics", name]).replace(name, "prices.toml");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        message,
        "error: `package.usd_per_wafer` is -3; it must be at least 0 and at most 1000000000000\n \
         --> prices.toml:3:17\n  |\n3 | usd_per_wafer = -3\n  |                 ^^\n\n\
         error: unknown key `facility.peu`\n \
         --> prices.toml:5:1\n  |\n5 | peu = 1.2\n  | ^^^\n  |\n  = help: did you mean `pue`?\n\n2 problems found"
    );
}

#[test]
fn impossible_requests_say_what_is_wrong() {
    for (arguments, message) in [
        (
            &["--set", "area.hn_array=900 mm2"][..],
            "error: a die of 1153.92 mm2 is larger than the reticle, 858 mm2 (largest block: hn_array, 900 mm2 from \
             --set); use more chips or smaller blocks",
        ),
        (&["--set", "wafer.diameter_mm=30"], "error: no die of 827.08 mm2 fits a wafer of 30 mm"),
        (
            &["--node", "n4"],
            "error: there is no preset `n4`\n  help: did you mean `n7`?; a file is given as a path that ends in .toml",
        ),
        (&["--embedding", "m8,m13"], "error: the stack `n5` has no layer `m13`; did you mean `m1`?"),
        (
            &["--embedding", "m2"],
            "error: weights cannot be carried by these layers alone; choose among via7, m8, via8, m9, via9, m10, via10, m11",
        ),
        (
            &["--set", "facilty.pue=1.2"],
            "error: unknown key `facilty`\n --> --set facilty.pue=1.2:1:1\n  |\n1 | facilty.pue=1.2\n  | ^^^^^^^\n  |\n  \
             = help: did you mean `facility`?",
        ),
        (
            &["--against", "h200"],
            "error: there is no preset `h200`\n  help: did you mean `h100`?; a file is given as a path that ends in .toml",
        ),
        (&["--against", "sohu"], "error: sohu has no public price: usd is not given"),
        (&["--systems", "0"], "error: --systems is 0; it must be at least 1 and at most 10000000"),
        (&["--years", "nan"], "error: --years is NaN; it must be above 0 and at most 100"),
        (&["--monte-carlo", "0"], "error: --monte-carlo is 0; it must be at least 1 and at most 10000000"),
    ] {
        assert_eq!(refusal(arguments), message);
    }
    assert!(refusal(&["--yield", "gauss"]).contains("possible values: poisson, murphy, seeds"));
}

#[test]
fn economics_presets_are_listed_and_shown() {
    let list = String::from_utf8(hardwire(&["designs", "list"]).stdout).unwrap();
    assert!(
        list.contains("economics  hnlpu") && list.contains("against    h100") && list.contains("masks      n5"),
        "{list}"
    );
    for name in ["economics:hnlpu", "masks:n5", "against:b200"] {
        assert!(hardwire(&["designs", "check", name]).status.success(), "{name}");
    }
}

#[test]
fn power_at_the_published_point_is_the_published_table() {
    let answer = json(&["--discipline", "serial"]);
    let power = &answer["power_w"];
    assert!((power["chip_w"].as_f64().unwrap() / 308.39 - 1.0).abs() < 1e-3, "{power}");
    let structural = json(&["--area", "structure", "--set", "vex.lane_groups=1"]);
    let kw = structural["power_w"]["system_kw"].as_f64().unwrap();
    let priced = structural["provenance"]["system.kw_per_chip"]["low"].as_f64().unwrap();
    assert!((priced * 16.0 / kw - 1.0).abs() < 1e-9, "the structural power is what is priced: {priced} of {kw}");
}
