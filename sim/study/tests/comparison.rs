//! Comparisons without a command.

use designs::load::Loader;
use reports::Cell;
use sim::Discipline;
use study::StudyError;
use study::comparison::{self, Class, METRICS, Subject, Table, Terms};

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

#[test]
fn published_figures_stay_within_the_roofline() {
    let table = compare(&["hnlpu", "h100", "b200", "mi325x"], &TERMS).unwrap();
    let checks: Vec<_> = table.designs.iter().flat_map(|column| &column.serving).collect();
    assert!(!checks.is_empty());
    for check in checks {
        assert_ne!(check.within, Some(false), "{}", check.figure);
    }
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
