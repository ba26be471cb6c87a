//! Emitted layers and pieces: equal bytes for equal settings, unique names, marked weights, refused settings.

use std::collections::BTreeSet;

use designs::{Grid, Model};
use sim::Phase;
use workload::emit::{Element, EmitError, Setting, WeightStyle, corpus, head, layer, layer_kinds, pieces};

const MODELS: [&str; 5] = ["gpt-oss-120b", "llama-3-1-8b", "qwq-32b", "deepseek-v3", "kimi-k2"];

fn model(name: &str) -> Model {
    designs::load::model(name, &designs::load::no_files).expect("loads")
}

const ONE: Grid = Grid { rows: 1, columns: 1 };

/// Elements of the arguments marked as weights.
fn marked(text: &str) -> u64 {
    let shape = |argument: &str| -> u64 {
        let (_, ty) = argument.split_once("tensor<").expect("weights are tensors");
        let extents = ty.split('>').next().expect("a type ends").split('x');
        extents.filter_map(|e| e.parse::<u64>().ok()).product()
    };
    let arguments = text.lines().next().expect("a function has a first line").split("%").skip(1);
    arguments.filter(|a| a.contains("{hardwire.weight}")).map(shape).sum()
}

#[test]
fn a_layer_has_the_models_weights() {
    for name in MODELS {
        let model = model(name);
        for index in layer_kinds(&model) {
            let text = layer(&model, index, &Setting::new(Phase::Decode, 1, 256)).expect("emits");
            let (of, hidden) = (&model.layers[index], model.hidden);
            let matrices = of.attention.weights(hidden) + of.ffn.weights(hidden);
            let latent = match of.attention {
                designs::Attention::Mla { q_lora, kv_lora, .. } => u64::from(q_lora.unwrap_or(0) + kv_lora),
                designs::Attention::Gqa { .. } | designs::Attention::Delta { .. } => 0,
            };
            let gains = 2 * u64::from(hidden) + latent;
            assert_eq!(marked(&text), matrices + gains, "{name}, layer {index}");
        }
        let text = head(&model, &Setting::new(Phase::Decode, 1, 1)).expect("emits");
        assert_eq!(marked(&text), u64::from(model.hidden) * u64::from(model.vocabulary + 1));
    }
}

#[test]
fn pieces_of_a_chip_hold_what_the_mapping_gives_it() {
    let model = model("gpt-oss-120b");
    let setting = Setting::new(Phase::Decode, 1, 2048);
    let all = pieces(&model, 1, &setting, Grid { rows: 4, columns: 4 }).expect("emits");
    let shape = |piece: &str| marked(&all.iter().find(|e| e.piece == piece).expect("is a piece").text);
    assert_eq!(shape("q_proj"), 720 * 1024);
    assert_eq!(shape("kv_proj"), 2 * 720 * 128);
    assert_eq!(shape("o_proj"), 1024 * 720);
    assert_eq!(shape("router"), 2880 * 128);
    assert_eq!(shape("expert"), 3 * 2880 * 2880);
    assert_eq!(shape("experts_up"), 8 * 2880 * 2880);
    assert_eq!(shape("unembed"), 2880 * 12_568);
    let scores = all.iter().find(|e| e.piece == "scores").expect("is a piece");
    assert!(scores.text.contains("%k_cache: tensor<1x2x512x64xf32>"), "{}", scores.text);
}

#[test]
fn the_corpus_is_repeatable_and_named_apart() {
    let models: Vec<Model> = MODELS.iter().map(|m| model(m)).collect();
    let all = corpus(&models);
    assert_eq!(all, corpus(&models));
    let names: BTreeSet<&str> = all.iter().map(|e| e.name.as_str()).collect();
    let texts: BTreeSet<&str> = all.iter().map(|e| e.text.as_str()).collect();
    assert_eq!((names.len(), texts.len()), (all.len(), all.len()));
    assert!(all.iter().filter(|e| e.whole).count() >= 40);
    for piece in ["scores", "softmax", "q_b_proj", "k_absorb", "top_k", "experts_down", "unembed", "layer"] {
        assert!(all.iter().any(|e| e.piece == piece), "{piece}");
    }
}

#[test]
fn a_window_limits_the_cache_and_the_mask() {
    let model = model("gpt-oss-120b");
    let (even, odd) = (0, 1);
    assert_eq!((model.layers[even].span, model.layers[odd].span), (designs::Span::Window(128), designs::Span::Full));
    let text = |index, phase, tokens| layer(&model, index, &Setting::new(phase, tokens, 512)).expect("emits");
    assert!(text(even, Phase::Decode, 1).contains("%k_cache: tensor<1x8x128x64xf32>"));
    assert!(text(odd, Phase::Decode, 1).contains("%k_cache: tensor<1x8x512x64xf32>"));
    let masks = |text: String| text.matches("arith.cmpi u").count();
    assert_eq!((masks(text(even, Phase::Prefill, 16)), masks(text(odd, Phase::Prefill, 16))), (2, 1));
}

#[test]
fn formats_and_constants_are_as_asked() {
    let model = model("llama-3-1-8b");
    let setting = Setting { element: Element::Bf16, ..Setting::new(Phase::Decode, 1, 64) };
    let text = layer(&model, 0, &setting).expect("emits");
    assert!(text.contains("%w_q: tensor<4096x4096xbf16> {hardwire.weight}"));
    let text = layer(&model, 0, &Setting { weights: WeightStyle::Constants, ..setting }).expect("emits");
    assert!(text.contains("%w_q = arith.constant dense_resource<w_q> : tensor<4096x4096xbf16>"));
    assert!(!text.contains("hardwire.weight"));
}

#[test]
fn mistakes_are_refused() {
    let model = model("llama-3-1-8b");
    let emit = |phase, tokens, context| layer(&model, 0, &Setting::new(phase, tokens, context));
    assert!(matches!(emit(Phase::Decode, 0, 8), Err(EmitError::Nothing { .. })));
    assert!(matches!(emit(Phase::Prefill, 9, 8), Err(EmitError::Context { tokens: 9, context: 8 })));
    assert!(matches!(emit(Phase::Decode, 1, u64::MAX), Err(EmitError::TooLarge { .. })));
    let setting = Setting::new(Phase::Decode, 1, 8);
    assert!(matches!(layer(&model, 32, &setting), Err(EmitError::NoLayer { last: 31, .. })));
    assert!(matches!(
        pieces(&model, 0, &setting, Grid { rows: 1, columns: 3 }),
        Err(EmitError::Columns { heads: 32, columns: 3 })
    ));
    assert!(pieces(&model, 0, &setting, ONE).is_ok());
}
