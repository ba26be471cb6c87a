//! How files state the attention of a layer.

use super::json::{Object, whole};
use super::limits::{MAX_CONTEXT, MAX_HEAD_DIM, MAX_HEADS, MAX_HIDDEN, MAX_LAYERS, narrow};
use crate::attention::{Attention, Indexer};

/// Grouped-query attention, multi-head attention among it.
pub(super) fn grouped(o: &mut Object<'_>, hidden: u64) -> Attention {
    of_groups(o, hidden, false)
}

/// The same with the output of every head gated.
pub(super) fn gated(o: &mut Object<'_>, hidden: u64) -> Attention {
    of_groups(o, hidden, true)
}

fn of_groups(o: &mut Object<'_>, hidden: u64, output_gate: bool) -> Attention {
    let heads = o.need("num_attention_heads", 1, MAX_HEADS);
    // In the library `null` always means as many as query heads; only absence has a family's default.
    let kv_heads = o.count("num_key_value_heads", 1, MAX_HEADS).unwrap_or(heads);
    if o.problems.is_empty() && !heads.is_multiple_of(kv_heads) {
        let note = if o.raw("num_key_value_heads").is_none() { " (the default of this family)" } else { "" };
        let message = format!("`num_key_value_heads` {kv_heads}{note} does not divide `num_attention_heads` {heads}");
        o.problem("num_key_value_heads", message);
    }
    let stated = o.count("head_dim", 1, MAX_HEAD_DIM);
    if stated.is_none() && o.problems.is_empty() {
        if !hidden.is_multiple_of(heads) {
            let message = format!("`head_dim` is missing, and {heads} heads do not divide `hidden_size` {hidden}");
            o.problem("num_attention_heads", message);
        } else if hidden / heads > MAX_HEAD_DIM {
            o.problem("num_attention_heads", format!("heads of {} elements; at most {MAX_HEAD_DIM}", hidden / heads));
        }
    }
    let head_dim = stated.unwrap_or((hidden / heads).clamp(1, MAX_HEAD_DIM));
    Attention::Gqa { query_heads: narrow(heads), kv_heads: narrow(kv_heads), head_dim: narrow(head_dim), output_gate }
}

/// Grouped-query attention of a family that lists the kind of every layer by number: 1 is this one.
pub(super) fn uniform_list(o: &mut Object<'_>, hidden: u64) -> Attention {
    for value in o.list("attn_type_list", MAX_LAYERS as usize).unwrap_or_default() {
        if whole(value, 1, 1).is_err() {
            let message = "an entry of `attn_type_list` is not 1: lightning attention (0) is not supported".to_owned();
            o.problem_at(value, message);
            break;
        }
    }
    grouped(o, hidden)
}

/// Latent attention.
pub(super) fn latent(o: &mut Object<'_>, _hidden: u64) -> Attention {
    of_ranks(o, None)
}

/// Latent attention to positions that an indexer selects.
pub(super) fn sparse_latent(o: &mut Object<'_>, _hidden: u64) -> Attention {
    let indexer = Indexer {
        heads: narrow(o.need("index_n_heads", 1, MAX_HEADS)),
        head_dim: narrow(o.need("index_head_dim", 1, MAX_HEAD_DIM)),
        top_k: narrow(o.need("index_topk", 1, MAX_CONTEXT.min(u64::from(u32::MAX)))),
    };
    of_ranks(o, Some(indexer))
}

fn of_ranks(o: &mut Object<'_>, indexer: Option<Indexer>) -> Attention {
    if o.raw("q_lora_rank").is_none() {
        o.problem("q_lora_rank", "`q_lora_rank` is missing").help =
            Some("null where queries are projected directly".into());
    }
    Attention::Mla {
        heads: narrow(o.need("num_attention_heads", 1, MAX_HEADS)),
        q_lora: o.count("q_lora_rank", 1, MAX_HIDDEN).map(narrow),
        kv_lora: narrow(o.need("kv_lora_rank", 1, MAX_HIDDEN)),
        nope: narrow(o.need("qk_nope_head_dim", 1, MAX_HEAD_DIM)),
        rope: narrow(o.need("qk_rope_head_dim", 1, MAX_HEAD_DIM)),
        v: narrow(o.need("v_head_dim", 1, MAX_HEAD_DIM)),
        indexer,
    }
}

/// Linear attention by the gated delta rule.
pub(super) fn delta(o: &mut Object<'_>) -> Attention {
    let key_heads = o.need("linear_num_key_heads", 1, MAX_HEADS);
    let value_heads = o.need("linear_num_value_heads", 1, MAX_HEADS);
    if o.problems.is_empty() && !value_heads.is_multiple_of(key_heads) {
        let message =
            format!("`linear_num_key_heads` {key_heads} does not divide `linear_num_value_heads` {value_heads}");
        o.problem("linear_num_key_heads", message);
    }
    Attention::Delta {
        key_heads: narrow(key_heads),
        value_heads: narrow(value_heads),
        key_dim: narrow(o.need("linear_key_head_dim", 1, MAX_HEAD_DIM)),
        value_dim: narrow(o.need("linear_value_head_dim", 1, MAX_HEAD_DIM)),
        kernel: narrow(o.need("linear_conv_kernel_dim", 1, 1024)),
    }
}
