//! What each supported `model_type` means: which keys it reads and what stands in for absent ones.
//!
//! Defaults are those of the configuration classes of the `transformers` library, where one exists that
//! does not merely describe another model. In all eleven families embeddings are untied by default
//! (the library's general default, tied, is overridden by every one of them).

use super::json::Object;
use super::limits::{MAX_HEAD_DIM, MAX_HEADS, MAX_HIDDEN, narrow};
use crate::attention::Attention;

/// Which layers limit attention to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Windows {
    /// None.
    Never,
    /// `layer_types`, or else all, if `sliding_window` is a number; the default where it is absent.
    All(Option<u32>),
    /// `layer_types`, or else every second layer from the first; the default of `sliding_window`.
    Alternating(u32),
    /// Only with `use_sliding_window`: `layer_types`, or else layers from `max_window_layers` on.
    FromLayer,
    /// Only with `use_sliding_window`: `layer_types`, or else all.
    AllIfUsed,
    /// Only with `use_sliding_window`, and then `layer_types` must be there: releases of the library
    /// differ in what they make of its absence.
    Stated,
}

/// How shared experts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shared {
    /// There are none.
    None,
    /// `shared_expert_intermediate_size`.
    Width,
    /// `n_shared_experts`, each as wide as a routed one.
    Count,
}

/// Which layers are mixtures of experts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sparse {
    /// All.
    Every,
    /// Every `decoder_sparse_step`-th, except `mlp_only_layers`.
    Step,
    /// Those from `first_k_dense_replace` on whose number `moe_layer_freq` divides.
    FromLayer,
}

/// How experts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Experts {
    /// Names for the number of routed experts.
    pub(super) count: &'static [&'static str],
    /// Key of the intermediate width of one.
    pub(super) width: &'static str,
    pub(super) shared: Shared,
    pub(super) sparse: Sparse,
}

/// One `model_type`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// `model_type`.
    pub(super) name: &'static str,
    /// Reads the attention, the same for all layers, of a model of the given hidden width.
    pub(super) attention: fn(&mut Object<'_>, &Family, u64) -> Attention,
    /// `num_key_value_heads` where absent; `None`: as many as query heads.
    pub(super) kv_heads: Option<u64>,
    /// `head_dim` where absent; `None`: hidden width over heads.
    pub(super) head_dim: Option<u64>,
    pub(super) windows: Windows,
    /// `None` for dense families.
    pub(super) experts: Option<Experts>,
}

const QWEN_EXPERTS: Experts = Experts {
    count: &["num_experts", "num_local_experts"],
    width: "moe_intermediate_size",
    shared: Shared::None,
    sparse: Sparse::Step,
};
const WIDE_EXPERTS: Experts = Experts {
    count: &["num_local_experts", "num_experts"],
    width: "intermediate_size",
    shared: Shared::None,
    sparse: Sparse::Every,
};
const DENSE: Family = Family {
    name: "llama",
    attention: grouped_attention,
    kv_heads: None,
    head_dim: None,
    windows: Windows::Never,
    experts: None,
};
const DEEPSEEK: Family = Family {
    name: "deepseek_v3",
    attention: latent_attention,
    experts: Some(Experts {
        count: &["n_routed_experts", "num_experts"],
        width: "moe_intermediate_size",
        shared: Shared::Count,
        sparse: Sparse::FromLayer,
    }),
    ..DENSE
};

/// Every supported family.
pub(super) const FAMILIES: [Family; 11] = [
    Family {
        name: "gpt_oss",
        kv_heads: Some(8),
        head_dim: Some(64),
        windows: Windows::Alternating(128),
        experts: Some(WIDE_EXPERTS),
        ..DENSE
    },
    DENSE,
    Family { name: "mistral", kv_heads: Some(8), windows: Windows::All(Some(4096)), ..DENSE },
    Family { name: "qwen2", kv_heads: Some(32), windows: Windows::FromLayer, ..DENSE },
    Family { name: "qwen3", kv_heads: Some(32), head_dim: Some(128), windows: Windows::FromLayer, ..DENSE },
    Family { name: "mixtral", kv_heads: Some(8), windows: Windows::All(None), experts: Some(WIDE_EXPERTS), ..DENSE },
    Family {
        name: "qwen2_moe",
        kv_heads: Some(16),
        windows: Windows::Stated,
        experts: Some(Experts { shared: Shared::Width, ..QWEN_EXPERTS }),
        ..DENSE
    },
    Family { name: "qwen3_moe", kv_heads: Some(4), windows: Windows::AllIfUsed, experts: Some(QWEN_EXPERTS), ..DENSE },
    Family { name: "deepseek_v2", ..DEEPSEEK },
    DEEPSEEK,
    Family { name: "kimi_k2", ..DEEPSEEK },
];

/// Keys that only a mixture of experts has a use for.
pub(super) const EXPERT_KEYS: [&str; 8] = [
    "num_local_experts",
    "num_experts",
    "n_routed_experts",
    "num_experts_per_tok",
    "experts_per_token",
    "n_shared_experts",
    "moe_intermediate_size",
    "shared_expert_intermediate_size",
];

fn grouped_attention(o: &mut Object<'_>, family: &Family, hidden: u64) -> Attention {
    let heads = o.need("num_attention_heads", 1, MAX_HEADS);
    // In the library `null` always means as many as query heads; only absence has a family's default.
    let absent = match family.kv_heads {
        Some(default) if o.raw("num_key_value_heads").is_none() => default,
        _ => heads,
    };
    let kv_heads = o.count("num_key_value_heads", 1, MAX_HEADS).unwrap_or(absent);
    if o.problems.is_empty() && !heads.is_multiple_of(kv_heads) {
        let note = if o.raw("num_key_value_heads").is_none() { " (the default of this family)" } else { "" };
        let message = format!("`num_key_value_heads` {kv_heads}{note} does not divide `num_attention_heads` {heads}");
        o.problem("num_key_value_heads", message);
    }
    let stated = o.count("head_dim", 1, MAX_HEAD_DIM);
    if stated.is_none() && family.head_dim.is_none() && o.problems.is_empty() {
        if !hidden.is_multiple_of(heads) {
            let message = format!("`head_dim` is missing, and {heads} heads do not divide `hidden_size` {hidden}");
            o.problem("num_attention_heads", message);
        } else if hidden / heads > MAX_HEAD_DIM {
            o.problem("num_attention_heads", format!("heads of {} elements; at most {MAX_HEAD_DIM}", hidden / heads));
        }
    }
    let head_dim = stated.or(family.head_dim).unwrap_or((hidden / heads).clamp(1, MAX_HEAD_DIM));
    Attention::Gqa { query_heads: narrow(heads), kv_heads: narrow(kv_heads), head_dim: narrow(head_dim) }
}

fn latent_attention(o: &mut Object<'_>, _family: &Family, _hidden: u64) -> Attention {
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
    }
}
