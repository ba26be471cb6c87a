//! Keys that bear on shapes in some family of models: one that is present and not read is refused, because a shape left out
//! is a wrong machine.

use super::family::Family;
use super::json::Object;
use crate::problem::shorten;

/// A key that bears on shapes somewhere.
struct ShapeKey {
    name: &'static str,
    /// Values, beside those of [`is_nothing`], with which it changes nothing.
    neutral: &'static [&'static str],
}

const fn key(name: &'static str) -> ShapeKey {
    ShapeKey { name, neutral: &[] }
}

const fn unless(name: &'static str, neutral: &'static [&'static str]) -> ShapeKey {
    ShapeKey { name, neutral }
}

/// All known ones. Keys that every family reads (`hidden_size`, ...) are left out.
const SHAPE_KEYS: &[ShapeKey] = &[
    // Experts.
    key("num_local_experts"),
    key("num_experts"),
    key("n_routed_experts"),
    key("moe_num_experts"),
    key("num_experts_per_tok"),
    key("num_experts_per_token"),
    key("experts_per_token"),
    key("moe_topk"),
    key("moe_top_k"),
    key("moe_k"),
    key("n_shared_experts"),
    key("num_shared_experts"),
    key("num_shared_expert"),
    key("moe_num_shared_experts"),
    key("moe_intermediate_size"),
    key("moe_ffn_hidden_size"),
    key("expert_ffn_hidden_size"),
    key("ffn_hidden_size"),
    key("shared_expert_intermediate_size"),
    key("moe_shared_expert_intermediate_size"),
    key("shared_intermediate_size"),
    key("intermediate_size_mlp"),
    key("dense_intermediate_size"),
    key("moe_latent_size"),
    key("zero_expert_num"),
    key("enable_moe_block"),
    // Which layers are mixtures.
    key("first_k_dense_replace"),
    unless("moe_layer_freq", &["1"]),
    unless("decoder_sparse_step", &["1"]),
    unless("interleave_moe_layer_step", &["1"]),
    unless("moe_layer_interval", &["1"]),
    key("moe_layer_start_index"),
    unless("moe_layer_end_index", &["-1"]),
    key("mlp_only_layers"),
    key("moe_layers"),
    key("moe_layers_enum"),
    key("mlp_layer_types"),
    key("num_dense_layers"),
    key("expert_layer_period"),
    key("expert_layer_offset"),
    // Attention and what it sees.
    key("num_key_value_heads"),
    key("head_dim"),
    key("kv_lora_rank"),
    key("q_lora_rank"),
    key("qk_nope_head_dim"),
    key("qk_rope_head_dim"),
    key("v_head_dim"),
    key("index_n_heads"),
    key("index_head_dim"),
    key("index_topk"),
    key("sliding_window"),
    key("sliding_window_pattern"),
    key("use_sliding_window"),
    key("attention_chunk_size"),
    key("layer_types"),
    unless("full_attention_interval", &["1"]),
    key("attn_type_list"),
    key("attn_output_gate"),
    key("hybrid_layer_pattern"),
    key("hybrid_override_pattern"),
    key("layers_block_type"),
    key("block_types"),
    key("block_configs"),
    key("attn_layer_period"),
    key("attn_layer_offset"),
    key("attn_layer_indices"),
    key("swa_num_attention_heads"),
    key("swa_num_key_value_heads"),
    key("swa_head_dim"),
    key("global_head_dim"),
    key("num_global_key_value_heads"),
    key("num_kv_shared_layers"),
    key("num_attention_groups"),
    key("share_q_dim"),
    key("use_cla"),
    key("compress_ratios"),
    // Linear attention and state spaces.
    key("linear_num_key_heads"),
    key("linear_num_value_heads"),
    key("linear_key_head_dim"),
    key("linear_value_head_dim"),
    key("linear_conv_kernel_dim"),
    key("linear_attn_config"),
    key("mamba_d_state"),
    key("mamba_d_conv"),
    key("mamba_expand"),
    key("mamba_num_heads"),
    key("mamba_n_heads"),
    key("mamba_d_head"),
    key("mamba_head_dim"),
    key("ssm_state_size"),
    key("state_size"),
    key("time_step_rank"),
    key("lru_width"),
    key("attention_window_size"),
    // Widths of embeddings and side paths.
    key("embedding_size"),
    key("word_embed_proj_dim"),
    key("hidden_size_per_layer_input"),
    key("vocab_size_per_layer_input"),
    key("altup_num_inputs"),
    key("laurel_rank"),
    key("num_loops"),
    key("total_ut_steps"),
];

/// Values by which a key states that the model lacks something.
fn is_nothing(value: &str) -> bool {
    matches!(value, "null" | "false" | "0" | "[]" | "{}" | "\"\"")
        || (value.starts_with('[') && value[1..].trim_end_matches(']').trim().is_empty())
}

/// Refuses every key that bears on shapes and that reading `family` did not ask for.
pub(super) fn refuse_unread(o: &mut Object<'_>, family: &Family) {
    o.pass_over(family.irrelevant);
    for (name, value) in o.unread() {
        let Some(shape) = SHAPE_KEYS.iter().find(|shape| shape.name == name) else { continue };
        let text = value.get();
        if is_nothing(text) || shape.neutral.contains(&text) {
            continue;
        }
        let (message, help) = if family.experts.is_none() && is_of_experts(&name) {
            let message = format!("`{name}` is set, but `model_type` \"{}\" has no experts", family.name);
            (message, "one of the two is wrong: dense or mixture is never guessed".to_owned())
        } else {
            let message = format!(
                "`{name}` is {} and bears on shapes, but family {} does not read it",
                shorten(text),
                family.name
            );
            (message, "correct `model_type`, or remove the key if it has no effect in this model".to_owned())
        };
        o.problem(&name, message).help = Some(help);
    }
}

/// Whether `key` belongs to mixtures of experts only.
fn is_of_experts(key: &str) -> bool {
    key.contains("expert") || key.contains("moe_")
}
