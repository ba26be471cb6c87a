//! Comparisons without a command.

use std::collections::BTreeSet;

use designs::load::Loader;
use reports::Cell;
use sim::Discipline;
use study::StudyError;
use study::comparison::{self, Check, Class, Column, METRICS, Subject, Table, Terms};

const NO_FILES: &Loader<'static> = &designs::load::no_files;

const TERMS: Terms = Terms {
    input_tokens: 8192,
    output_tokens: 1024,
    per_user_tokens_per_s: 50.0,
    systems: 1,
    years: 3.0,
    respins_per_year: 1.0,
    discipline: Discipline::Dataflow,
};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn read(designs: &[&str]) -> Result<Vec<Subject>, StudyError> {
    comparison::read(&names(designs), NO_FILES)
}

fn compare(designs: &[&str], terms: &Terms) -> Result<Table, StudyError> {
    let subjects = read(designs)?;
    let model = comparison::model(&subjects, None, NO_FILES)?;
    comparison::compare(&subjects, &model, terms, NO_FILES)
}

/// The number of a cell; both ends are alike or `None`.
fn range(table: &Table, design: usize, key: &str) -> Option<(f64, f64)> {
    match &table.designs[design].values[key] {
        Cell::Value(value) => Some((value.low, value.high)),
        _ => None,
    }
}

#[test]
fn a_hardwired_design_is_simulated_and_another_machine_is_bounded() {
    let table = compare(&["hnlpu", "h100", "taalas-hc1"], &TERMS).unwrap();
    assert_eq!((table.model.as_str(), table.reference.as_deref()), ("gpt-oss-120b", Some("hnlpu")));
    let classes: Vec<Class> = table.designs.iter().map(|column| column.class).collect();
    assert_eq!(classes, [Class::Simulated, Class::Roofline, Class::Figures]);
    for column in &table.designs {
        for metric in METRICS {
            assert!(column.values.contains_key(metric.key), "{} has no {}", column.design, metric.key);
        }
    }
    let (units, _) = range(&table, 0, "equal_units").unwrap();
    assert!((units - 1.0).abs() < 1e-9, "the first design equals itself: {units}");
    let (rate, _) = range(&table, 0, "output_tokens_per_s").unwrap();
    let (bound, _) = range(&table, 1, "bound_output_tokens_per_s").unwrap();
    let (least, _) = range(&table, 1, "equal_units").unwrap();
    assert!(least >= rate / bound * 0.999, "{least} units of at most {bound} tokens/s equal {rate}");
    assert!(matches!(&table.designs[2].values["bound_output_tokens_per_s"], Cell::Missing { missing }
        if missing == "it is hardwired with llama-3-1-8b"));
}

/// Published serving figures of every machine that ships, beside their bounds.
fn all_checks() -> Vec<(&'static str, Check)> {
    let machines: Vec<&'static str> = designs::presets::comparisons().iter().map(|preset| preset.name).collect();
    let table = compare(&machines, &TERMS).unwrap();
    let of = |(name, column): (&&'static str, &Column)| column.serving.iter().map(|c| (*name, c.clone())).collect();
    machines.iter().zip(&table.designs).flat_map(|pair| -> Vec<_> { of(pair) }).collect()
}

#[test]
fn published_figures_stay_within_the_roofline() {
    let checks = all_checks();
    for (machine, check) in &checks {
        assert_ne!(check.within, Some(false), "{machine}: {}", check.figure);
    }
    let bounded = checks.iter().filter(|(_, check)| check.within.is_some());
    let pairs: BTreeSet<_> = bounded.map(|(machine, check)| (*machine, check.model.clone())).collect();
    assert!(pairs.len() >= 6, "{pairs:?}");
}

/// The table of `docs/bounds.md` is that of today; `HARDWIRE_BLESS=1` writes it.
#[test]
fn the_documented_bounds_are_up_to_date() {
    const MARKS: [&str; 2] = ["<!-- bounds -->\n", "<!-- end of bounds -->"];
    let mut table = String::from(
        "| machine | model | in | out | load | tokens | published | bound | attained, % | a copy on |\n\
         | --- | --- | ---: | ---: | --- | --- | ---: | ---: | ---: | --- |\n",
    );
    for (machine, check) in all_checks() {
        let (Cell::Value(bound), Cell::Value(attained)) = (&check.bound, &check.attained_pct) else { continue };
        let spread = check.spread.map_or(String::new(), |spread| spread.describe());
        table += &format!(
            "| {machine} | {} | {} | {} | {} | {} | {} | {} | {} | {spread} |\n",
            check.model,
            check.input_tokens,
            check.output_tokens,
            check.load(),
            check.counts.name(),
            check.published.number(),
            bound.number(),
            attained.number(),
        );
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/bounds.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let [start, end] = MARKS.map(|mark| text.find(mark).expect("docs/bounds.md has its marks"));
    let start = start + MARKS[0].len();
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(&path, format!("{}{table}{}", &text[..start], &text[end..])).unwrap();
        return;
    }
    assert_eq!(&text[start..end], table, "HARDWIRE_BLESS=1 cargo test -p study writes it");
}

#[test]
fn a_bound_takes_the_bits_of_the_release_and_the_best_spread() {
    let loader = |path: &str| -> Result<String, designs::Unreadable> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../designs/tests/models");
        std::fs::read_to_string(folder.join(path)).map_err(|error| designs::Unreadable(error.to_string()))
    };
    let bound = |model: &str| {
        let subjects = comparison::read(&names(&["h100"]), &loader).unwrap();
        let model = designs::load::model(model, &loader).unwrap();
        let table = comparison::compare(&subjects, &model, &TERMS, &loader).unwrap();
        let spread = match &table.designs[0].values["bound_spread"] {
            Cell::Word { word, .. } => word.clone(),
            other => panic!("{other:?}"),
        };
        (range(&table, 0, "bound_output_tokens_per_s").unwrap().0, spread)
    };
    let (kimi, spread) = bound("./kimi-k2.5.json");
    let (wide, _) = bound("./kimi-k2.5-bf16.json");
    assert!(spread.contains("fabrics of 8"), "{spread}");
    assert!(kimi > 1.1 * wide, "4 bits bound {kimi}, 16 bits {wide}");
}

#[test]
fn users_that_ask_too_much_leave_reasons_not_numbers() {
    let table = compare(&["hnlpu", "h100"], &Terms { per_user_tokens_per_s: 1e8, ..TERMS }).unwrap();
    assert_eq!(table.reference, None);
    for design in 0..2 {
        assert_eq!(range(&table, design, "output_tokens_per_s"), None);
        assert!(matches!(&table.designs[design].values["equal_units"], Cell::Missing { .. }));
    }
}

#[test]
fn mistakes_say_what_is_wrong() {
    let message = |result: Result<Table, StudyError>| result.unwrap_err().to_string();
    assert_eq!(message(compare(&["hnlpu", "h100", "hnlpu"], &TERMS)), "`hnlpu` is named twice");
    assert_eq!(
        message(compare(&["hnlpu", "b2000"], &TERMS)),
        "there is no design `b2000`; did you mean `b200`?; a file is named by its path, another machine's by against:PATH"
    );
    let slow = Terms { per_user_tokens_per_s: -5.0, ..TERMS };
    assert_eq!(message(compare(&["hnlpu"], &slow)), "per-user is -5; it must be above 0 and at most 1e9");
    assert!(matches!(
        compare(&["hnlpu"], &Terms { systems: 0, ..TERMS }),
        Err(StudyError::Term { term: "systems", .. })
    ));
    assert_eq!(
        comparison::chosen(&names(&["output_token_per_s"])).unwrap_err().to_string(),
        "there is no metric `output_token_per_s`; did you mean `output_tokens_per_s`?"
    );
}
