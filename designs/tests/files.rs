//! What the crate writes for users is read back: whole files, templates, and schemas for editors.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use designs::file::{FileKind, Written, json_schema};
use designs::load::{self, Loader};
use designs::presets::{self, Preset};
use designs::{Override, Unreadable};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

/// A value of a file, for comparison.
#[derive(Debug, PartialEq)]
enum Loaded {
    Design(Box<designs::Design>),
    Node(Box<designs::ProcessNode>),
    Economics(Box<designs::Economics>),
    Masks(Box<designs::MaskStack>),
    Against(Box<designs::Comparison>),
    Memory(Box<designs::Dram>),
}

/// Reads a file of a kind. Its name, which differs between the texts that are compared, is left out.
fn load(kind: FileKind, reference: &str, loader: &Loader<'_>) -> Result<Loaded, designs::Problems> {
    Ok(match kind {
        FileKind::Design => {
            Loaded::Design(Box::new(designs::Design { name: String::new(), ..load::design(reference, &[], loader)? }))
        }
        FileKind::Node => {
            Loaded::Node(Box::new(designs::ProcessNode { name: String::new(), ..load::node(reference, loader)? }))
        }
        FileKind::Economics => Loaded::Economics(Box::new(designs::Economics {
            name: String::new(),
            ..load::economics(reference, &[], loader)?
        })),
        FileKind::Masks => {
            Loaded::Masks(Box::new(designs::MaskStack { name: String::new(), ..load::mask_stack(reference, loader)? }))
        }
        FileKind::Memory => {
            Loaded::Memory(Box::new(designs::Dram { name: String::new(), ..load::memory(reference, &[], loader)? }))
        }
        FileKind::Against => Loaded::Against(Box::new(designs::Comparison {
            name: String::new(),
            ..load::comparison(reference, loader)?
        })),
    })
}

impl Loaded {
    fn written(&self) -> &dyn Written {
        match self {
            Self::Design(value) => &**value,
            Self::Node(value) => &**value,
            Self::Economics(value) => &**value,
            Self::Masks(value) => &**value,
            Self::Against(value) => &**value,
            Self::Memory(value) => &**value,
        }
    }

    /// The same value without where it comes from and without its summary.
    fn bare(mut self) -> Self {
        match &mut self {
            Self::Design(value) => (value.summary, value.provenance) = Default::default(),
            Self::Node(value) => (value.summary, value.provenance) = Default::default(),
            Self::Economics(value) => (value.summary, value.provenance) = Default::default(),
            Self::Masks(value) => value.summary = String::new(),
            Self::Against(value) => (value.summary, value.provenance) = Default::default(),
            Self::Memory(value) => (value.summary, value.provenance) = Default::default(),
        }
        self
    }
}

/// Every preset that is a TOML file.
fn all() -> impl Iterator<Item = (FileKind, &'static Preset)> {
    FileKind::ALL.into_iter().flat_map(|kind| {
        let presets = match kind {
            FileKind::Design => presets::designs(),
            FileKind::Node => presets::nodes(),
            FileKind::Economics => presets::economics(),
            FileKind::Masks => presets::mask_stacks(),
            FileKind::Against => presets::comparisons(),
            FileKind::Memory => presets::memories(),
        };
        presets.iter().map(move |preset| (kind, preset))
    })
}

fn preset(kind: FileKind, name: &str) -> Loaded {
    load(kind, name, &load::no_files).unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

/// The value of `text` as a file.
fn of_text(kind: FileKind, text: &str) -> Loaded {
    load(kind, "my.toml", &|_: &str| Ok(text.to_owned())).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// The JSON of a TOML text.
fn json_of(text: &str) -> Value {
    fn convert(value: toml::Value) -> Value {
        match value {
            toml::Value::String(text) => json!(text),
            toml::Value::Integer(value) => json!(value),
            toml::Value::Float(value) => json!(value),
            toml::Value::Boolean(value) => json!(value),
            toml::Value::Datetime(value) => json!(value.to_string()),
            toml::Value::Array(values) => values.into_iter().map(convert).collect(),
            toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, convert(value))).collect(),
        }
    }
    convert(toml::Value::Table(text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))))
}

/// A schema, and what it was asked.
#[derive(Default)]
struct Validator {
    schema: Value,
    asked: RefCell<Vec<(Value, bool)>>,
    /// Compiling a pattern takes longer than all else.
    patterns: RefCell<BTreeMap<String, regex_lite::Regex>>,
}

impl Validator {
    fn new(kind: FileKind) -> Self {
        Self { schema: serde_json::from_str(&json_schema(kind)).unwrap(), ..Self::default() }
    }

    /// Whether `value` satisfies `schema`. Knows the keywords that the schemas use and panics on any other.
    fn satisfies(&self, value: &Value, schema: &Value) -> bool {
        let schema = match schema {
            Value::Bool(accepts) => return *accepts,
            schema => schema.as_object().expect("a schema"),
        };
        let number = || value.as_f64();
        let none = serde_json::Map::new();
        let (object, is_object) = value.as_object().map_or((&none, false), |object| (object, true));
        let properties = schema.get("properties").map_or(&none, |known| known.as_object().expect("properties"));
        schema.iter().all(|(keyword, wanted)| match keyword.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => match wanted.as_str().expect("one type") {
                "object" => is_object,
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "number" => value.is_number(),
                "integer" => value.is_i64() || value.is_u64(),
                other => panic!("type {other}"),
            },
            "enum" => wanted.as_array().expect("words").contains(value),
            "pattern" => value.as_str().is_none_or(|text| {
                let pattern = wanted.as_str().expect("a pattern");
                let compile = || regex_lite::Regex::new(pattern).expect("a pattern");
                self.patterns.borrow_mut().entry(pattern.to_owned()).or_insert_with(compile).is_match(text)
            }),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| self.satisfies(item, wanted))),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().expect("a count")),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= wanted.as_u64().expect("a count")),
            "minimum" => number().is_none_or(|number| number >= wanted.as_f64().expect("a bound")),
            "exclusiveMinimum" => number().is_none_or(|number| number > wanted.as_f64().expect("a bound")),
            "maximum" => number().is_none_or(|number| number <= wanted.as_f64().expect("a bound")),
            "required" => {
                let mut keys = wanted.as_array().expect("keys").iter().map(|key| key.as_str().expect("a key"));
                !is_object || keys.all(|key| object.contains_key(key))
            }
            "properties" => {
                properties.iter().all(|(key, schema)| object.get(key).is_none_or(|value| self.satisfies(value, schema)))
            }
            "additionalProperties" => object
                .iter()
                .filter(|(key, _)| !properties.contains_key(*key))
                .all(|(_, value)| self.satisfies(value, wanted)),
            "anyOf" => wanted.as_array().expect("schemas").iter().any(|schema| self.satisfies(value, schema)),
            other => panic!("unknown keyword {other}"),
        })
    }

    fn accepts(&self, text: &str) -> bool {
        let value = json_of(text);
        let accepts = self.satisfies(&value, &self.schema);
        self.asked.borrow_mut().push((value, accepts));
        accepts
    }
}

/// Asks the Python package `jsonschema` the same questions, where it is installed.
fn compare_with_python(validators: impl IntoIterator<Item = Validator>) {
    let script = "import sys, json\n\
        try:\n    import jsonschema\nexcept ImportError:\n    print('absent'); sys.exit()\n\
        verdicts = []\n\
        for schema, asked in json.load(sys.stdin):\n    \
            jsonschema.Draft7Validator.check_schema(schema)\n    \
            validator = jsonschema.Draft7Validator(schema)\n    \
            verdicts += [validator.is_valid(value) for value, _ in asked]\n\
        print(json.dumps(verdicts))\n";
    let python =
        Command::new("python3").args(["-B", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = python else { return eprintln!("python3 is absent: no second opinion") };
    let asked: Vec<_> = validators.into_iter().map(|known| (known.schema, known.asked.into_inner())).collect();
    // A Python that lacks the package ends before it has read.
    let _ = python.stdin.take().unwrap().write_all(json!(asked).to_string().as_bytes());
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let answer = String::from_utf8(output.stdout).unwrap();
    if answer.trim() == "absent" {
        return eprintln!("the Python package jsonschema is absent: no second opinion");
    }
    let verdicts: Vec<bool> = serde_json::from_str(&answer).unwrap();
    let ours: Vec<bool> = asked.iter().flat_map(|(_, asked)| asked).map(|(_, accepts)| *accepts).collect();
    assert_eq!(verdicts, ours);
}

/// A template with all its keys in use.
fn uncommented(template: &str) -> String {
    let (head, keys) = template.split_once("extends = ").expect("a template extends its base");
    let _ = head;
    let is_key = |line: &str| line.strip_prefix("# ").is_some_and(|rest| rest.split(' ').nth(1) == Some("="));
    let lines = keys.lines().map(|line| if is_key(line) { &line[2..] } else { line });
    format!("extends = {}\n", lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn presets_read_back_with_their_origins() {
    for (kind, preset_) in all() {
        let loaded = preset(kind, preset_.name);
        assert_eq!(of_text(kind, &loaded.written().toml()), loaded, "{}", preset_.name);
    }
}

#[test]
fn committed_schemas_are_those_of_today() {
    let bless = std::env::var_os("HARDWIRE_BLESS").is_some();
    for kind in FileKind::ALL {
        let path = format!("{}/schema/{kind}.json", env!("CARGO_MANIFEST_DIR"));
        if bless {
            std::fs::write(&path, json_schema(kind)).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == json_schema(kind), "{path} is old: HARDWIRE_BLESS=1 cargo test -p designs --test files");
    }
}

#[test]
fn presets_templates_and_written_files_fit_the_schema() {
    let validators = FileKind::ALL.map(Validator::new);
    for (kind, preset_) in all() {
        let validator = &validators[kind as usize];
        let loaded = preset(kind, preset_.name);
        let template = loaded.written().template(preset_.name);
        for text in [preset_.text, &loaded.written().toml(), &template, &uncommented(&template)] {
            assert!(validator.accepts(text), "{kind} {}:\n{text}", preset_.name);
        }
    }
    compare_with_python(validators);
}

/// Each change of a design that the reader refuses and a schema can express is refused by the schema.
#[test]
fn schemas_refuse_what_the_reader_refuses() {
    let validator = Validator::new(FileKind::Design);
    let text = presets::designs()[0].text;
    let changes = [
        ("[chip]", "[chp]"),
        ("rows = { value = 4,", "rows = { value = 65,"),
        ("rows = { value = 4,", "rows = { value = 4.5,"),
        ("rows = { value = 4,", "rows = { value = \"4\","),
        ("rows = { value = 4,", "rowz = { value = 4,"),
        ("rows = { value = 4,", "rows = { valeu = 4,"),
        ("clock = { value = \"1.0 GHz\",", "clock = { value = \"1.0 GB\","),
        ("clock = { value = \"1.0 GHz\",", "clock = { value = 1.0,"),
        ("collective = { value = \"direct\",", "collective = { value = \"dirct\","),
        ("efficiency = { value = 0.8815,", "efficiency = { value = 0,"),
        ("efficiency = { value = 0.8815,", "efficiency = { value = 1.01,"),
        ("grade = \"published\", year = 2026", "grade = \"rumour\", year = 2026"),
        ("grade = \"published\", year = 2026", "grade = \"published\", year = 1066"),
    ];
    for (old, new) in changes {
        let changed = text.replacen(old, new, 1);
        assert_ne!(changed, text, "{old}");
        assert!(load(FileKind::Design, "my.toml", &|_: &str| Ok(changed.clone())).is_err(), "{new}");
        assert!(!validator.accepts(&changed), "{new}");
    }
    // A file that extends none states every key that is required; one that extends another need not.
    let design = preset(FileKind::Design, "hnlpu").written().toml();
    let lines: Vec<&str> = design.lines().collect();
    for line in 0..lines.len() {
        let without = [&lines[..line], &lines[line + 1..]].concat().join("\n");
        // Without its header a section's keys are keys of the section before.
        if lines[line].is_empty() || lines[line].starts_with('[') {
            continue;
        }
        let read = load(FileKind::Design, "my.toml", &|_: &str| Ok(without.clone())).is_ok();
        assert_eq!(validator.accepts(&without), read, "without {}", lines[line]);
        assert!(validator.accepts(&format!("extends = \"hnlpu\"\n{without}")));
    }
    compare_with_python([validator]);
}

#[test]
fn templates_change_nothing_until_a_key_is_changed() {
    for (kind, preset_) in all() {
        let template = preset(kind, preset_.name).written().template(preset_.name);
        assert_eq!(of_text(kind, &template).bare(), preset(kind, preset_.name).bare(), "{}", preset_.name);
    }
}

/// Every key of a template can be used as it stands, also those that the base does not state.
#[test]
fn every_key_of_a_template_is_well_formed() {
    for (kind, preset_) in all() {
        let template = preset(kind, preset_.name).written().template(preset_.name);
        let text = uncommented(&template);
        let keys = text.lines().filter(|line| line.split(' ').nth(1) == Some("=")).count();
        assert!(keys > 5, "{}: {keys}", preset_.name);
        // Some keys exclude others, e.g. one user's speed and many users; everything else must be read.
        let read = load(kind, "my.toml", &|_: &str| Ok(text.clone()));
        if let Err(problems) = read {
            panic!("{}: {problems}", preset_.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    /// Values that need many digits or escapes are written exactly.
    #[test]
    fn changed_designs_read_back(
        efficiency in 1e-300..1.0_f64,
        seconds in 0.0..1.0_f64,
        joules in 0.0..1e-9_f64,
        hertz in 1_000_000..10_000_000_000_u64,
        summary in "\\PC{1,30}",
    ) {
        prop_assume!(!summary.trim().is_empty());
        let set = [
            format!("attention_buffer.efficiency={efficiency:e}"),
            format!("interconnect.hop_latency={seconds:e} s"),
            format!("energy.vex.per_event={joules:e} J"),
            format!("chip.clock={hertz} Hz"),
            "mapping.experts=auto".to_owned(),
        ];
        let overrides: Vec<Override> = set.iter().map(|text| Override::parse(text).unwrap()).collect();
        let none = |_: &str| Err(Unreadable(String::new()));
        let mut design = load::design("hnlpu", &overrides, &none).unwrap();
        design.summary = summary;
        let mut again = load::design("my.toml", &[], &|_: &str| Ok(Written::toml(&design))).unwrap();
        again.name.clone_from(&design.name);
        prop_assert_eq!(again, design);
    }
}
