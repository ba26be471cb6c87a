//! Published models: parameters against published figures, and files that must be refused.

use std::fmt::Write as _;
use std::path::Path;

use designs::huggingface::Checkpoint;
use designs::{Attention, Model, Part, Span, load};
use proptest::prelude::*;
use serde_json::{Value, json};

fn fixture(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(file: &str) -> Model {
    Model::from_config_json(file, &fixture(file)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn refused(file: &str) -> String {
    Model::from_config_json(file, &fixture(file)).expect_err("must be refused").to_string()
}

/// A row of `published.json`.
struct Published {
    name: String,
    total: String,
    active: Option<String>,
    /// Tables of the vocabulary that the published active figure counts: none, the unembedding, or both.
    tables: u64,
    source: String,
    remark: Option<String>,
    model: Model,
}

fn published() -> Vec<Published> {
    let table: Vec<Value> = serde_json::from_str(&fixture("published.json")).unwrap();
    let rows = table.iter().map(|row| {
        let text = |key: &str| row.get(key).map(|value| value.as_str().unwrap().to_owned());
        let name = text("name").unwrap();
        let model = match (text("preset"), text("file"), row.get("config")) {
            (Some(preset), None, None) => load::model(&preset, &load::no_files),
            (None, Some(file), None) => Model::from_config_json(&file, &fixture(&file)),
            (None, None, Some(config)) => Model::from_config_json(&name, &config.to_string()),
            _ => panic!("{name}: one of preset, file and config"),
        };
        let model = model.unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let [total, source] = ["total", "source"].map(|key| text(key).unwrap());
        let tables = row.get("tables_in_active").map_or(1, |tables| tables.as_u64().unwrap());
        Published { name, total, active: text("active"), tables, source, remark: text("remark"), model }
    });
    rows.collect()
}

impl Published {
    /// Active weights counted as the publication does.
    fn active(&self) -> u64 {
        let table = u64::from(self.model.hidden) * u64::from(self.model.vocabulary);
        self.model.active_layer_weights() + self.tables * table
    }
}

/// Deviation from the published figure in percent, and whether the figure is that number rounded.
fn deviation(value: u64, figure: &str) -> (f64, bool) {
    let billions = value as f64 / 1e9;
    let decimals = figure.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    // Zeros at the end of a whole number are not digits of it.
    let zeros = if decimals > 0 { 0 } else { figure.len() - figure.trim_end_matches('0').len() };
    let unit = 10f64.powi(zeros as i32 - decimals as i32);
    let published = figure.parse::<f64>().unwrap();
    let rounded = ((billions / unit).round() * unit - published).abs() < 1e-9 * published;
    ((billions / published - 1.0) * 100.0, rounded)
}

/// The table of `docs/designs.md`.
fn table(rows: &[Published]) -> String {
    let mut text = String::from(
        "| model | family | parameters | published | % off | active | as published | tables | published | % off | source |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n",
    );
    let figure = |value: u64| format!("{:.2}", value as f64 / 1e9);
    for row in rows {
        let Published { name, total, source, tables, .. } = row;
        let (parameters, active) = (row.model.parameters(), row.model.active_parameters());
        let (off, _) = deviation(parameters, total);
        let family = &row.model.family;
        let (parameters, own) = (figure(parameters), figure(active));
        let active = row.active.as_ref().map_or(" | | | |".to_owned(), |published| {
            let (off, _) = deviation(row.active(), published);
            format!("{} | {tables} | {published} | {off:+.2} |", figure(row.active()))
        });
        let remark = row.remark.as_ref().map_or(String::new(), |remark| format!("; {remark}"));
        let _ = writeln!(
            text,
            "| {name} | {family} | {parameters} | {total} | {off:+.2} | {own} | {active} {source}{remark} |"
        );
    }
    text
}

#[test]
fn parameters_are_those_published() {
    let rows = published();
    let mut close = 0;
    let mut wrong = Vec::new();
    for row in &rows {
        let figures = [(row.model.parameters(), Some(&row.total)), (row.active(), row.active.as_ref())];
        let found = figures.into_iter().filter_map(|(value, figure)| figure.map(|figure| deviation(value, figure)));
        let found: Vec<(f64, bool)> = found.collect();
        close += usize::from(found[0].0.abs() <= 0.5);
        // A figure of few digits is that close only after rounding; what is not has a remark and is within 3 %.
        let agrees = found.iter().all(|(off, rounded)| off.abs() <= 0.5 || *rounded);
        let remarked = row.remark.is_some() && found.iter().all(|(off, _)| off.abs() <= 3.0);
        if !agrees && !remarked {
            wrong.push(format!("{}: {found:?}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), table(&rows));
    assert!(close >= 25, "{close} of {} totals are within 0.5 %", rows.len());
}

/// The table in the documentation is that of today; `HARDWIRE_BLESS=1` writes it.
#[test]
fn the_documented_table_is_up_to_date() {
    const MARKS: [&str; 2] = ["<!-- parameters -->\n", "<!-- end of parameters -->"];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/designs.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let [start, end] = MARKS.map(|mark| text.find(mark).unwrap_or_else(|| panic!("{mark} is in docs/designs.md")));
    let start = start + MARKS[0].len();
    let table = table(&published());
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(&path, format!("{}{table}{}", &text[..start], &text[end..])).unwrap();
        return;
    }
    assert_eq!(&text[start..end], table, "HARDWIRE_BLESS=1 cargo test -p designs writes it");
}

#[test]
fn shapes_are_those_of_the_family() {
    let llama = read("llama-4-maverick.json");
    let spans: Vec<Span> = llama.layers[..4].iter().map(|layer| layer.span).collect();
    assert_eq!(spans, [Span::Chunk(8192), Span::Chunk(8192), Span::Chunk(8192), Span::Full]);
    assert!(llama.notes[0].contains("vision_config"), "{:?}", llama.notes);
    let gemma = read("gemma-3-27b.json");
    let full: Vec<usize> = (0..62).filter(|&layer| gemma.layers[layer].span == Span::Full).collect();
    assert_eq!(full, [5, 11, 17, 23, 29, 35, 41, 47, 53, 59]);
    assert_eq!((gemma.max_context, gemma.tied_embeddings), (131_072, true));
    let sparse = read("deepseek-v3.2.json");
    assert_eq!(sparse.layers[0].attention.kv_elements_per_position(), 512 + 64 + 128);
    assert_eq!(sparse.layers[0].attention.attended(100_000.0), 2048.0);
    let next = published().into_iter().find(|row| row.name.starts_with("Qwen3-Next")).unwrap().model;
    let linear = next.layers.iter().filter(|layer| matches!(layer.attention, Attention::Delta { .. })).count();
    assert_eq!((linear, next.layers.len()), (36, 48));
    // 32 heads of 128 x 128, and three rows of the convolution.
    assert_eq!(next.layers[0].attention.state_elements(), 32 * 128 * 128 + 3 * (2 * 16 + 32) * 128);
    assert_eq!(next.kv_bytes_per_position(2), 12 * 2 * 2 * 256 * 2);
}

#[test]
fn shapes_of_another_family_are_refused() {
    let glm = refused("glm-4.5-air-renamed-to-qwen3_moe.json");
    for key in ["n_shared_experts", "first_k_dense_replace", "n_routed_experts"] {
        assert!(glm.contains(&format!("`{key}` is ")) && glm.contains("family qwen3_moe does not read it"), "{glm}");
    }
    let llama = refused("llama-4-renamed-to-mixtral.json");
    for key in ["attention_chunk_size", "interleave_moe_layer_step", "intermediate_size_mlp"] {
        assert!(llama.contains(&format!("`{key}` is ")), "{llama}");
    }
    let linear = refused("qwen3moe-linear-layers.json");
    assert!(linear.contains("\"linear_attention\", which is not supported in family qwen3_moe"), "{linear}");
    let indexed = fixture("deepseek-v3.2.json").replace("deepseek_v32", "deepseek_v3");
    let indexed = Model::from_config_json("v32.json", &indexed).expect_err("the indexer is not read").to_string();
    assert!(indexed.contains("v32.json:") && indexed.contains("`index_topk` is 2048"), "{indexed}");
}

#[test]
fn bits_are_those_of_the_release() {
    let kimi = read("kimi-k2.5.json").release;
    // 4 bits with a 16-bit scale for every 32 weights; only routed experts are converted.
    assert_eq!((kimi.bits(Part::Experts), kimi.bits(Part::Attention)), (4.5, 16.0));
    assert_eq!((kimi.bits(Part::SharedExperts), kimi.bits(Part::Dense)), (16.0, 16.0));
    let kimi = read("kimi-k2.5-nvfp4.json").release;
    assert_eq!((kimi.bits(Part::Experts), kimi.bits(Part::Attention), kimi.bits(Part::Dense)), (4.5, 16.0, 4.5));
    assert_eq!((kimi.bits(Part::Unembedding), kimi.cache_bits), (16.0, Some(8.0)));
    let minimax = read("minimax-m2.json").release;
    assert_eq!((minimax.bits(Part::Router), minimax.bits(Part::Unembedding)), (16.0, 16.0));
    assert!((minimax.bits(Part::Experts) - 8.0).abs() < 0.01);
}

/// Values that a file may hold where it should hold something else.
fn hostile() -> impl Strategy<Value = Value> {
    let deep =
        (0..100).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) });
    prop_oneof![
        prop::sample::select(vec![
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1),
            json!(3),
            json!(1.5),
            json!(1e308),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(4_294_967_296_u64),
            json!(""),
            json!("4096"),
            json!("re:("),
            json!("*"),
            json!("awq"),
            json!([]),
            json!({}),
            json!([1, "x", null, {}]),
            json!({"rope_type": "yarn", "factor": 1e300}),
            json!({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 99}}}}),
            json!(vec![1; 5000]),
            deep,
        ]),
        any::<u64>().prop_map(|n| json!(n)),
        any::<i32>().prop_map(|n| json!(n)),
        ".{0,20}".prop_map(|text| json!(text)),
    ]
}

/// Every value inside objects of `value`, in order.
fn slots<'a>(value: &'a mut Value, into: &mut Vec<&'a mut Value>) {
    if let Value::Object(entries) = value {
        for (_, entry) in entries {
            // A container is replaced as a whole or in its parts.
            if matches!(entry, Value::Object(_)) && into.len().is_multiple_of(2) {
                slots(entry, into);
            } else {
                into.push(entry);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_files_are_read_or_refused(
        row in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), hostile()), 1..5),
    ) {
        const FILES: [&str; 9] = [
            "deepseek-moe-16b.json", "deepseek-v3.2.json", "gemma-3-27b.json", "glm-4.5.json", "kimi-k2.5-nvfp4.json",
            "kimi-k2.5.json", "llama-4-maverick.json", "minimax-m2.json", "phi-4.json",
        ];
        let file = FILES[row.index(FILES.len())];
        let mut value: Value = serde_json::from_str(&fixture(file)).unwrap();
        for (index, new) in edits {
            let mut all = Vec::new();
            slots(&mut value, &mut all);
            let at = index.index(all.len());
            *all.swap_remove(at) = new;
        }
        match Model::from_config_json(file, &value.to_string()) {
            Ok(model) => {
                prop_assert!(model.parameters() >= model.active_layer_weights());
                prop_assert!(!designs::show::model(&model).is_empty());
                prop_assert!(model.mean_released_bits() > 0.0);
                let read: f64 = model.layers.iter().map(|layer| layer.elements_read(1e6) + layer.elements_stored(1e6)).sum();
                prop_assert!(read.is_finite());
            }
            Err(problems) => prop_assert!(problems.problems.iter().all(|problem| !problem.message.is_empty())),
        }
    }
}

/// The header that a checkpoint of a small dense llama has.
fn header(hidden: u64, layers: u64, vocabulary: u64) -> Value {
    let mut tensors = serde_json::Map::new();
    let mut put = |name: String, shape: &[u64]| {
        tensors.insert(name, json!({"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]}));
    };
    put("model.embed_tokens.weight".into(), &[vocabulary, hidden]);
    put("lm_head.weight".into(), &[vocabulary, hidden]);
    for layer in 0..layers {
        let own = |name: &str| format!("model.layers.{layer}.{name}.weight");
        put(own("input_layernorm"), &[hidden]);
        for (name, outputs) in [("q_proj", hidden), ("k_proj", hidden / 4), ("v_proj", hidden / 4), ("o_proj", hidden)]
        {
            put(own(&format!("self_attn.{name}")), &[outputs, hidden]);
        }
        for name in ["gate_proj", "up_proj", "down_proj"] {
            put(own(&format!("mlp.{name}")), &[2 * hidden, hidden]);
        }
    }
    Value::Object(tensors)
}

#[test]
fn checkpoints_are_compared_with_the_config() {
    let config = json!({
        "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 2,
        "intermediate_size": 128, "vocab_size": 100, "max_position_embeddings": 128,
    });
    let model = Model::from_config_json("config.json", &config.to_string()).unwrap();
    let checkpoint = |value: Value| Checkpoint::from_header("model.safetensors", &value.to_string()).unwrap();
    let same = checkpoint(header(64, 2, 100));
    let agreement = same.compare(&model);
    assert_eq!(agreement.differences, [""; 0]);
    assert!(agreement.compared.contains(&"weights of 4 parts of layers".to_owned()), "{agreement:?}");
    assert_eq!(same.elements(), Some(model.parameters() + 2 * 64));
    let differ = |value: Value| checkpoint(value).compare(&model).differences.join("; ");
    assert!(differ(header(64, 3, 100)).contains("3 layers in the tensors, 2 in the config"));
    assert!(differ(header(64, 2, 101)).contains("`model.embed_tokens.weight` is [101, 64], not [100, 64]"));
    let mut wide = header(64, 2, 100);
    wide["model.layers.1.mlp.up_proj.weight"]["shape"] = json!([129, 64]);
    assert!(
        differ(wide).contains("layer 1: 24640 weights of the feed-forward part in the tensors, 24576 by the config")
    );
    let mut tied = header(64, 2, 100);
    tied.as_object_mut().unwrap().remove("lm_head.weight");
    assert!(differ(tied).contains("no tensor `lm_head.weight`"));
    let names: serde_json::Map<String, Value> = header(64, 2, 100)
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!("model-1.safetensors")))
        .collect();
    let index = json!({"metadata": {"total_size": 1}, "weight_map": names}).to_string();
    assert_eq!(Checkpoint::from_index("index.json", &index).unwrap().compare(&model).differences, [""; 0]);
}

#[test]
fn bad_headers_are_refused_at_their_place() {
    let refused = |text: &str| Checkpoint::from_header("m.safetensors", text).expect_err("is refused").to_string();
    assert!(refused("{\n\"a\": 7}").contains("m.safetensors:2:6: tensor `a` must be an object"));
    assert!(refused("{\"a\": {\"dtype\": \"BF16\"}}").contains("tensor `a` needs `dtype` and `shape`"));
    assert!(refused("{\"a\": {\"dtype\": \"BF16\", \"shape\": [-1]}}").contains("a size of tensor `a` is -1"));
    assert!(refused("{\"a\":").contains("m.safetensors:1:"));
    let huge = json!({"a": {"dtype": "BF16", "shape": vec![1_u64 << 40; 16]}}).to_string();
    assert_eq!(Checkpoint::from_header("m", &huge).unwrap().elements(), Some(u64::MAX));
    assert!(Checkpoint::from_index("i", "{}").expect_err("no map").to_string().contains("`weight_map` is missing"));
}
