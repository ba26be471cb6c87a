//! Tests of reading `config.json`: published figures, families, and hostile or inconsistent texts.

use crate::attention::Attention;
use crate::model::{Ffn, Model, Span};
use crate::presets;
use crate::release::Part;

fn preset(name: &str) -> Model {
    let text = presets::text(presets::models(), name).expect("a preset");
    Model::from_config_json(name, text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn errors(text: &str) -> String {
    Model::from_config_json("config.json", text).expect_err("must be refused").to_string()
}

fn close(value: u64, published: f64, tolerance: f64) {
    let deviation = value as f64 / published - 1.0;
    assert!(deviation.abs() < tolerance, "{value} against {published}: {deviation:+.4}");
}

/// A small llama, with lines replaced or added before the closing brace.
fn llama(changes: &[(&str, &str)]) -> String {
    let mut entries = vec![
        ("model_type", "\"llama\""),
        ("hidden_size", "256"),
        ("num_hidden_layers", "2"),
        ("num_attention_heads", "8"),
        ("num_key_value_heads", "2"),
        ("intermediate_size", "512"),
        ("vocab_size", "1000"),
        ("max_position_embeddings", "2048"),
    ];
    for (key, value) in changes {
        entries.retain(|(known, _)| known != key);
        if *value != "-" {
            entries.push((key, value));
        }
    }
    let lines: Vec<String> = entries.iter().map(|(key, value)| format!("  \"{key}\": {value}")).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

fn read(changes: &[(&str, &str)]) -> Model {
    Model::from_config_json("config.json", &llama(changes)).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn parameters_agree_with_published_figures() {
    close(preset("gpt-oss-120b").parameters(), 116.829e9, 0.001);
    close(preset("llama-3-1-8b").parameters(), 8.03e9, 0.001);
    close(preset("qwq-32b").parameters(), 32.5e9, 0.01);
    close(preset("deepseek-v3").parameters(), 671e9, 0.001);
    close(preset("kimi-k2").parameters(), 1.03e12, 0.01);
}

#[test]
fn active_parameters_agree_with_published_figures() {
    // Published figures are rounded, and count the unembedding but not the embedding, of which a token
    // reads one row. `tests/models.rs` has more.
    for (name, unit, published) in [("gpt-oss-120b", 1e8, 51.0), ("deepseek-v3", 1e9, 37.0), ("kimi-k2", 1e9, 32.0)] {
        let active = preset(name).active_parameters();
        assert_eq!((active as f64 / unit).round(), published, "{name}: {active}");
    }
}

#[test]
fn cache_sizes_agree_with_published_figures() {
    assert_eq!(preset("gpt-oss-120b").kv_bytes_per_position(2), 73_728);
    assert_eq!(preset("deepseek-v3").kv_bytes_per_position(2), 70_272);
    assert_eq!(preset("kimi-k2").kv_bytes_per_position(2), 70_272);
}

#[test]
fn presets_have_their_layers() {
    let oss = preset("gpt-oss-120b");
    assert_eq!((oss.layers[0].span, oss.layers[1].span), (Span::Window(128), Span::Full));
    assert_eq!(oss.release.format, "mxfp4");
    assert_eq!((oss.release.bits(Part::Experts), oss.release.bits(Part::Attention)), (4.25, 16.0));
    let deepseek = preset("deepseek-v3");
    let dense = deepseek.layers.iter().filter(|layer| matches!(layer.ffn, Ffn::Dense { width: 18432 })).count();
    assert_eq!((dense, deepseek.layers.len()), (3, 61));
    assert_eq!(deepseek.release.format, "fp8");
    assert_eq!(preset("qwq-32b").release.format, "bfloat16");
    assert!(preset("qwq-32b").layers.iter().all(|layer| layer.span == Span::Full));
}

#[test]
fn absent_keys_have_the_family_default() {
    let attention = |changes: &[(&str, &str)]| read(changes).layers[0].attention;
    let gqa = |query_heads, kv_heads, head_dim| Attention::Gqa { query_heads, kv_heads, head_dim, output_gate: false };
    assert_eq!(attention(&[]), gqa(8, 2, 32));
    assert_eq!(attention(&[("num_key_value_heads", "-")]), gqa(8, 8, 32));
    assert_eq!(attention(&[("model_type", "\"mistral\""), ("num_key_value_heads", "null")]), gqa(8, 8, 32));
    assert_eq!(attention(&[("model_type", "\"qwen3\"")]), gqa(8, 2, 128));
    assert_eq!(attention(&[("head_dim", "64")]), gqa(8, 2, 64));
    assert!(!read(&[]).tied_embeddings);
    assert!(read(&[("tie_word_embeddings", "true")]).tied_embeddings);
    assert_eq!(read(&[]).release.format, "unknown, taken as 16 bits");
    assert_eq!(read(&[("dtype", "\"float16\"")]).release.format, "float16");
    let text = llama(&[("model_type", "\"qwen2\""), ("num_key_value_heads", "-")]);
    assert!(errors(&text).contains("`num_key_value_heads` 32 (the default of this family) does not divide"));
}

#[test]
fn windows_follow_the_family() {
    let windows = |changes: &[(&str, &str)]| {
        let mut all = vec![("num_hidden_layers", "4")];
        all.extend(changes);
        let window = |span| match span {
            Span::Window(size) => Some(size),
            _ => None,
        };
        read(&all).layers.iter().map(|layer| window(layer.span)).collect::<Vec<_>>()
    };
    let mistral = ("model_type", "\"mistral\"");
    assert_eq!(windows(&[mistral]), [Some(4096); 4], "the family's default");
    assert_eq!(windows(&[mistral, ("sliding_window", "null")]), [None; 4]);
    assert_eq!(windows(&[mistral, ("sliding_window", "7")]), [Some(7); 4]);
    assert_eq!(windows(&[("sliding_window", "null")]), [None; 4], "llama has no windows");
    let llama_window = errors(&llama(&[("sliding_window", "7")]));
    assert!(llama_window.contains("`sliding_window` is 7 and bears on shapes, but family llama"), "{llama_window}");
    let qwen = [("model_type", "\"qwen2\""), ("sliding_window", "7"), ("max_window_layers", "3")];
    assert_eq!(windows(&qwen), [None; 4]);
    let used = |more: &[(&'static str, &'static str)]| [&qwen[..], &[("use_sliding_window", "true")], more].concat();
    assert_eq!(windows(&used(&[])), [None, None, None, Some(7)]);
    let types = r#"["sliding_attention", "full_attention", "full_attention", "full_attention"]"#;
    assert_eq!(windows(&used(&[("layer_types", types)])), [Some(7), None, None, None]);
    let refused = |more| errors(&llama(&used(more)));
    assert!(refused(&[("layer_types", "[\"full_attention\"]")]).contains("has 1 entries for 2 layers"));
    let chunked = refused(&[("layer_types", "[\"full_attention\", \"chunked_attention\"]")]);
    assert!(
        chunked.contains("an entry of `layer_types` is \"chunked_attention\", which is not supported"),
        "{chunked}"
    );
}

#[test]
fn mixtures_follow_the_family() {
    let moe = [
        ("model_type", "\"qwen2_moe\""),
        ("num_hidden_layers", "4"),
        ("num_experts", "8"),
        ("num_experts_per_tok", "2"),
        ("moe_intermediate_size", "64"),
        ("shared_expert_intermediate_size", "128"),
        ("mlp_only_layers", "[3]"),
        ("decoder_sparse_step", "2"),
    ];
    let mixture = Ffn::Moe { experts: 8, experts_per_token: 2, width: 64, shared_width: 128 };
    let dense = Ffn::Dense { width: 512 };
    let ffns = |changes: &[(&str, &str)]| read(changes).layers.iter().map(|layer| layer.ffn).collect::<Vec<_>>();
    assert_eq!(ffns(&moe), [dense, mixture, dense, dense]);
    let mixtral = [("model_type", "\"mixtral\""), ("num_local_experts", "8"), ("num_experts_per_tok", "2")];
    assert_eq!(ffns(&mixtral), [Ffn::Moe { experts: 8, experts_per_token: 2, width: 512, shared_width: 0 }; 2]);
    let refused = |key, value| errors(&llama(&[&moe[..], &[(key, value)]].concat()));
    assert!(refused("num_experts_per_tok", "9").contains("`num_experts_per_tok` 9 is more than the 8 experts"));
    assert!(refused("experts_per_token", "3").contains("mean the same and differ"));
    assert!(refused("mlp_only_layers", "[4]").contains("an entry of `mlp_only_layers` is 4"));
    assert!(refused("decoder_sparse_step", "100").contains("no layer is a mixture of experts"));
}

#[test]
fn deepseek_v2_lite_projects_queries_directly() {
    let model = read(&[
        ("model_type", "\"deepseek_v2\""),
        ("q_lora_rank", "null"),
        ("kv_lora_rank", "64"),
        ("qk_nope_head_dim", "16"),
        ("qk_rope_head_dim", "8"),
        ("v_head_dim", "16"),
        ("n_routed_experts", "4"),
        ("n_shared_experts", "2"),
        ("num_experts_per_tok", "2"),
        ("moe_intermediate_size", "32"),
        ("first_k_dense_replace", "1"),
    ]);
    let Attention::Mla { q_lora, .. } = model.layers[0].attention else { panic!("latent attention") };
    assert_eq!(q_lora, None);
    assert_eq!(model.layers[0].ffn, Ffn::Dense { width: 512 });
    assert_eq!(model.layers[1].ffn, Ffn::Moe { experts: 4, experts_per_token: 2, width: 32, shared_width: 64 });
}

#[test]
fn dense_and_mixture_are_never_confused() {
    let dense = errors(&llama(&[("num_local_experts", "8")]));
    assert!(
        dense.contains("config.json:10:24: `num_local_experts` is set, but `model_type` \"llama\" has no experts"),
        "{dense}"
    );
    read(&[("num_local_experts", "null"), ("num_experts", "0")]);
    let mixtral = |changes: &[(&str, &str)]| errors(&llama(&[&[("model_type", "\"mixtral\"")], changes].concat()));
    assert!(mixtral(&[]).contains("`num_local_experts` is missing"));
    assert!(mixtral(&[("num_local_experts", "0")]).contains("is 0, but this `model_type` is a mixture"));
}

#[test]
fn unsupported_models_are_refused_with_the_reason() {
    let text = errors(&llama(&[("model_type", "\"lama\"")]));
    assert!(
        text.contains("`model_type` \"lama\" is not supported") && text.contains("did you mean `llama`?"),
        "{text}"
    );
    assert!(errors(&llama(&[("model_type", "\"gpt2\"")])).contains("supported are gpt_oss, llama"));
    assert!(errors(&llama(&[("model_type", "-")])).contains("`model_type` is missing"));
    assert!(errors(&llama(&[("model_type", "7")])).contains("`model_type` must be a text"));
    assert!(read(&[("vision_config", "{}")]).notes[0].contains("not part of the language model"));
    let nested = format!("{{\n\"text_config\": {}, \"vision_config\": {{}} }}", llama(&[("hidden_size", "-1")]));
    assert!(errors(&nested).contains("config.json:10:18: `hidden_size` is -1"), "{}", errors(&nested));
    // Another number in a name is another architecture, not a spelling mistake.
    let next = errors(&llama(&[("model_type", "\"deepseek_v4\"")]));
    assert!(!next.contains("did you mean") && next.contains("deepseek_v32"), "{next}");
}

#[test]
fn every_problem_is_reported_at_its_place() {
    let changes = [("hidden_size", "-1"), ("num_hidden_layers", "1e308"), ("vocab_size", "99999999999999999999")];
    let text = errors(&llama(&[&changes[..], &[("intermediate_size", "12.5"), ("tie_word_embeddings", "1")]].concat()));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "config.json:6:18: `hidden_size` is -1; it must be a whole number from 1 to 1048576",
            "config.json:7:24: `num_hidden_layers` is 1e308; it must be a whole number from 1 to 1024",
            "config.json:8:17: `vocab_size` is 99999999999999999999; it must be a whole number from 1 to 67108864",
            "config.json:9:24: `intermediate_size` is 12.5; it must be a whole number from 1 to 4194304",
            "config.json:10:26: `tie_word_embeddings` must be true or false",
        ]
    );
    assert!(errors(&llama(&[("num_attention_heads", "7")])).contains("does not divide"));
    assert!(errors(&llama(&[("hidden_size", "\"256\"")])).contains("`hidden_size` is \"256\""));
    assert!(errors("{\"model_type\": \"llama\", \"model_type\": \"llama\"}").contains("`model_type` is given twice"));
}

#[test]
fn hostile_texts_are_refused() {
    for text in ["", "{", "[]", "null", "7", "\"x\"", "{\"a\"", "{\"a\":}", "\u{feff}{}", "{}x"] {
        assert!(errors(text).contains("config.json:"), "{text}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(!errors(&deep).is_empty());
    for key in ["hidden_size", "layer_types", "mlp_only_layers", "quantization_config"] {
        let changes =
            [("model_type", "\"qwen3_moe\""), ("use_sliding_window", "true"), ("sliding_window", "4"), (key, &deep)];
        assert!(errors(&llama(&changes)).contains(key), "{key}");
    }
    assert!(errors(&" ".repeat(5 << 20)).contains("at most 4194304 are read"));
    let huge = [("num_local_experts", "65536"), ("num_experts_per_tok", "1"), ("model_type", "\"mixtral\"")];
    let wide = [("hidden_size", "1048576"), ("intermediate_size", "4194304"), ("num_hidden_layers", "1024")];
    let text = llama(&[&huge[..], &wide[..], &[("head_dim", "64")]].concat());
    assert!(errors(&text).contains("the layers hold 885443"), "{}", errors(&text));
}

#[test]
fn truncated_presets_are_refused() {
    for preset in presets::models() {
        let end = preset.text.trim_end().len();
        for cut in (0..end).filter(|cut| preset.text.is_char_boundary(*cut)) {
            assert!(Model::from_config_json("config.json", &preset.text[..cut]).is_err(), "{} at {cut}", preset.name);
        }
    }
}
