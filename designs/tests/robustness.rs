//! No text, however broken, makes a reader panic, and every problem points into its text.

use designs::{Model, Override, Problems, load, presets};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn check(problems: &Problems) {
    assert!(!problems.problems.is_empty(), "a refusal has a reason");
    for problem in &problems.problems {
        let Some(at) = &problem.at else { continue };
        let source = &problems.sources[at.source];
        assert!(at.span.start <= at.span.end && at.span.end <= source.text.len(), "{problem:?}");
        assert!(problems.place(problem).is_some());
    }
    assert!(problems.to_string().len() < 1 << 20);
}

fn read_design(text: &str) {
    if let Err(problems) = load::design("my.toml", &[], &|_: &str| Ok(text.to_owned())) {
        check(&problems);
    }
}

fn read_model(text: &str) {
    if let Err(problems) = Model::from_config_json("config.json", text) {
        check(&problems);
    }
}

#[test]
fn no_prefix_of_prices_stacks_or_machines_panics() {
    for preset in presets::economics()
        .iter()
        .chain(presets::mask_stacks())
        .chain(presets::comparisons())
        .chain(presets::memories())
    {
        for cut in (0..preset.text.len()).step_by(41).filter(|cut| preset.text.is_char_boundary(*cut)) {
            let text = preset.text[..cut].to_owned();
            let read = |_: &str| Ok(text.clone());
            let results = [
                load::economics("my.toml", &[], &read).err(),
                load::mask_stack("my.toml", &read).err(),
                load::comparison("my.toml", &read).err(),
                load::memory("my.toml", &[], &read).err(),
            ];
            results.iter().flatten().for_each(check);
        }
    }
}

#[test]
fn no_prefix_of_a_preset_panics() {
    // Steps of a prime visit every kind of place; whole presets of every byte take seconds.
    for preset in presets::designs().iter().chain(presets::nodes()) {
        for cut in (0..preset.text.len()).step_by(7).filter(|cut| preset.text.is_char_boundary(*cut)) {
            read_design(&preset.text[..cut]);
        }
    }
}

#[test]
fn large_texts_are_read_in_bounded_time_and_space() {
    let many = |line: &dyn Fn(usize) -> String, bytes: usize| {
        let mut text = String::new();
        let mut i = 0;
        while text.len() < bytes {
            text.push_str(&line(i));
            i += 1;
        }
        text
    };
    let toml = 900_000;
    read_design(&many(&|i| format!("k{i} = 1\n"), toml));
    read_design(&many(&|i| format!("[s{i}]\n"), toml));
    read_design(&many(&|_| "= [\n".to_owned(), toml));
    read_design(&many(&|_| "a.".to_owned(), toml));
    read_design(&format!("chip.clock = \"{}\"", "9".repeat(toml)));
    let json = 3_000_000;
    read_model(&format!("{{{}\"z\": 0}}", many(&|_| "\"a\": 0, ".to_owned(), json)));
    read_model(&format!("{{{}\"z\": 0}}", many(&|i| format!("\"k{i}\": 0, "), json)));
    read_model(&format!("{{\"model_type\": \"{}\"}}", "x".repeat(json)));
}

/// A text with some bytes replaced, removed or repeated.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let edit = (
        0..text.len(),
        0..40_usize,
        prop::sample::select(vec![
            "",
            "-",
            "\"",
            "{",
            "}",
            "=",
            "1e999",
            "nan",
            "\n",
            "[",
            "µ",
            "null",
            "99999999999999999999999",
        ]),
    );
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, length, insert) in edits {
            let at = at.min(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, insert.bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_texts_do_not_panic(text in "\\PC{0,200}") {
        read_design(&text);
        read_model(&text);
        let _ = Override::parse(&text);
    }

    #[test]
    fn toml_like_texts_do_not_panic(text in "(\\[[a-z_.]{0,20}\\]\n|(clock|rows|value|extends|chip\\.clock) ?= ?(\"[0-9a-zA-Z ./]{0,12}\"|[0-9.e+-]{0,8}|\\{ value = [0-9\"]{0,4} \\})\n){0,12}") {
        read_design(&text);
    }

    #[test]
    fn mutated_designs_do_not_panic(text in mutated(presets::designs()[0].text)) {
        read_design(&text);
    }

    #[test]
    fn mutated_models_do_not_panic(text in prop::sample::select((0..presets::models().len()).collect::<Vec<_>>()).prop_flat_map(|i| mutated(presets::models()[i].text))) {
        read_model(&text);
    }

    #[test]
    fn overrides_do_not_panic(path in "[a-z_.]{1,20}|chip\\.clock|grid\\.rows", value in "\\PC{0,20}") {
        if let Ok(change) = Override::parse(&format!("{path}={value}")) {
            let result = load::design("hnlpu", &[change], &load::no_files);
            if let Err(problems) = result {
                check(&problems);
            }
        }
    }
}
