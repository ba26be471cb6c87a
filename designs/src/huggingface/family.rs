//! What each supported `model_type` means: which keys it reads and what stands in for absent ones.
//!
//! Defaults are those of the configuration classes of the `transformers` library, where one exists that
//! does not merely describe another model.

use super::attention;
use super::json::Object;
use super::modules::{MODULES, Modules};
use crate::attention::Attention;

/// Which layers see less than the whole context, in files without `layer_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spans {
    /// None: a window is refused.
    Full,
    /// All, if `sliding_window` is a number; the default where it is absent.
    All(Option<u32>),
    /// Every second layer from the first; the default of `sliding_window`.
    Alternating(u32),
    /// All but every n-th; the defaults of `sliding_window` and of `sliding_window_pattern`.
    Periodic(u32, u64),
    /// Only with `use_sliding_window`: layers from `max_window_layers` on.
    FromLayer,
    /// All, only with `use_sliding_window`.
    AllIfUsed,
    /// Only with `use_sliding_window`, and then `layer_types` must be there: releases of the library
    /// differ in what they make of its absence.
    Stated,
    /// Chunks of `attention_chunk_size` in the layers with rotary positions: `no_rope_layers`, or else all but every fourth.
    Chunked,
    /// Linear attention in all layers but every `full_attention_interval`-th.
    Linear,
}

/// How shared experts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shared {
    /// There are none.
    None,
    /// The width of all of them.
    Width(&'static str),
    /// The same, 0 where absent.
    WidthIfGiven(&'static str),
    /// Their number, each as wide as a routed one.
    Count(&'static str),
    /// The same, 0 where absent.
    CountIfGiven(&'static str),
    /// Always one, as wide as a routed one.
    One,
}

/// Which layers are mixtures of experts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sparse {
    /// All.
    Every,
    /// Every `decoder_sparse_step`-th, except `mlp_only_layers`.
    Step,
    /// From layer `first_k_dense_replace` on: those whose number `moe_layer_freq` divides, or, if it is a list, those with a 1.
    FromLayer,
    /// `moe_layers`, or else every `interleave_moe_layer_step`-th.
    Interleaved,
    /// From `moe_layer_start_index` to `moe_layer_end_index`, every `moe_layer_interval`-th.
    Between,
}

/// How experts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Experts {
    /// Names for the number of routed experts.
    pub(super) count: &'static [&'static str],
    /// Names for the number that a token uses.
    pub(super) active: &'static [&'static str],
    /// Key of the intermediate width of one.
    pub(super) width: &'static str,
    /// Key of the intermediate width of dense layers.
    pub(super) dense_width: &'static str,
    pub(super) shared: Shared,
    pub(super) sparse: Sparse,
}

/// One `model_type`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// `model_type`.
    pub(super) name: &'static str,
    /// Reads the attention of layers that are not linear, for a model of the given hidden width.
    pub(super) attention: fn(&mut Object<'_>, u64) -> Attention,
    /// Whole numbers that stand in for absent keys.
    pub(super) defaults: &'static [(&'static str, u64)],
    /// `tie_word_embeddings` where absent.
    pub(super) tied: bool,
    pub(super) spans: Spans,
    /// `None` for dense families.
    pub(super) experts: Option<Experts>,
    /// Keys that bear on shapes elsewhere, and not here.
    pub(super) irrelevant: &'static [&'static str],
    /// Whether published files state the context that rope scaling extends to.
    pub(super) context_is_extended: bool,
    pub(super) modules: Modules,
}

const ACTIVE: &[&str] = &["num_experts_per_tok", "experts_per_token"];
const QWEN_EXPERTS: Experts = Experts {
    count: &["num_experts", "num_local_experts"],
    active: ACTIVE,
    width: "moe_intermediate_size",
    dense_width: "intermediate_size",
    shared: Shared::None,
    sparse: Sparse::Step,
};
const WIDE_EXPERTS: Experts = Experts {
    count: &["num_local_experts", "num_experts"],
    width: "intermediate_size",
    sparse: Sparse::Every,
    ..QWEN_EXPERTS
};
const DEEPSEEK_EXPERTS: Experts = Experts {
    count: &["n_routed_experts", "num_experts"],
    shared: Shared::Count("n_shared_experts"),
    sparse: Sparse::FromLayer,
    ..QWEN_EXPERTS
};
const DENSE: Family = Family {
    name: "llama",
    attention: attention::grouped,
    defaults: &[],
    tied: false,
    spans: Spans::Full,
    experts: None,
    irrelevant: &[],
    context_is_extended: false,
    modules: MODULES,
};
const MIXTRAL: Family = Family {
    name: "mixtral",
    defaults: &[("num_key_value_heads", 8)],
    spans: Spans::All(None),
    experts: Some(WIDE_EXPERTS),
    modules: Modules { feed_forward: "block_sparse_moe", matrices: ["w1", "w3", "w2"], ..MODULES },
    ..DENSE
};
const DEEPSEEK: Family = Family {
    name: "deepseek_v3",
    attention: attention::latent,
    experts: Some(DEEPSEEK_EXPERTS),
    // All heads share the latent vector; the width of a head is the sum of its parts.
    irrelevant: &["num_key_value_heads", "head_dim"],
    ..DENSE
};
const GLM_MOE: Family = Family {
    name: "glm4_moe",
    defaults: &[("num_key_value_heads", 8), ("head_dim", 128), ("first_k_dense_replace", 1)],
    experts: Some(DEEPSEEK_EXPERTS),
    ..DENSE
};
const QWEN_NEXT: Family = Family {
    name: "qwen3_next",
    attention: attention::gated,
    defaults: &[
        ("num_key_value_heads", 2),
        ("head_dim", 256),
        ("full_attention_interval", 4),
        ("linear_conv_kernel_dim", 4),
        ("linear_key_head_dim", 128),
        ("linear_value_head_dim", 128),
        ("linear_num_key_heads", 16),
        ("linear_num_value_heads", 32),
    ],
    spans: Spans::Linear,
    experts: Some(Experts { shared: Shared::Width("shared_expert_intermediate_size"), ..QWEN_EXPERTS }),
    irrelevant: &["use_sliding_window", "sliding_window", "attn_output_gate"],
    modules: Modules { shared: "shared_expert", ..MODULES },
    ..DENSE
};
const GEMMA: Family = Family {
    name: "gemma",
    defaults: &[("num_attention_heads", 16), ("num_key_value_heads", 16), ("head_dim", 256)],
    tied: true,
    ..DENSE
};

/// Every supported family.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "gpt_oss",
        defaults: &[("num_key_value_heads", 8), ("head_dim", 64)],
        spans: Spans::Alternating(128),
        experts: Some(WIDE_EXPERTS),
        modules: Modules { router: "router", ..MODULES },
        ..DENSE
    },
    DENSE,
    Family { name: "mistral", defaults: &[("num_key_value_heads", 8)], spans: Spans::All(Some(4096)), ..DENSE },
    Family { name: "qwen2", defaults: &[("num_key_value_heads", 32)], spans: Spans::FromLayer, ..DENSE },
    Family {
        name: "qwen3",
        defaults: &[("num_key_value_heads", 32), ("head_dim", 128)],
        spans: Spans::FromLayer,
        ..DENSE
    },
    MIXTRAL,
    Family {
        name: "qwen2_moe",
        defaults: &[("num_key_value_heads", 16)],
        spans: Spans::Stated,
        experts: Some(Experts { shared: Shared::Width("shared_expert_intermediate_size"), ..QWEN_EXPERTS }),
        modules: Modules { shared: "shared_expert", ..MODULES },
        ..DENSE
    },
    Family {
        name: "qwen3_moe",
        defaults: &[("num_key_value_heads", 4)],
        spans: Spans::AllIfUsed,
        experts: Some(QWEN_EXPERTS),
        ..DENSE
    },
    QWEN_NEXT,
    Family { name: "deepseek", experts: Some(DEEPSEEK_EXPERTS), ..DENSE },
    Family { name: "deepseek_v2", ..DEEPSEEK },
    DEEPSEEK,
    Family { name: "deepseek_v32", attention: attention::sparse_latent, ..DEEPSEEK },
    Family { name: "kimi_k2", ..DEEPSEEK },
    GLM_MOE,
    Family { name: "dots1", ..GLM_MOE },
    Family {
        name: "minimax_m2",
        attention: attention::uniform_list,
        defaults: &[("num_key_value_heads", 8), ("head_dim", 128)],
        experts: Some(Experts { shared: Shared::WidthIfGiven("shared_intermediate_size"), ..WIDE_EXPERTS }),
        spans: Spans::Full,
        ..MIXTRAL
    },
    Family {
        name: "llama4_text",
        defaults: &[("num_key_value_heads", 8), ("head_dim", 128), ("attention_chunk_size", 8192)],
        spans: Spans::Chunked,
        experts: Some(Experts {
            dense_width: "intermediate_size_mlp",
            shared: Shared::One,
            sparse: Sparse::Interleaved,
            ..WIDE_EXPERTS
        }),
        modules: Modules { feed_forward: "feed_forward", router: "router", shared: "shared_expert", ..MODULES },
        ..DENSE
    },
    GEMMA,
    Family {
        name: "gemma2",
        defaults: &[("num_attention_heads", 8), ("num_key_value_heads", 4), ("head_dim", 256)],
        spans: Spans::Alternating(4096),
        ..GEMMA
    },
    Family {
        name: "gemma3_text",
        defaults: &[
            ("num_attention_heads", 8),
            ("num_key_value_heads", 4),
            ("head_dim", 256),
            ("vocab_size", 262_208),
            ("max_position_embeddings", 131_072),
        ],
        spans: Spans::Periodic(4096, 6),
        context_is_extended: true,
        ..GEMMA
    },
    Family { name: "phi3", spans: Spans::All(None), ..DENSE },
    Family { name: "phimoe", ..MIXTRAL },
    Family { name: "olmo", ..DENSE },
    Family { name: "olmo2", ..DENSE },
    Family { name: "olmo3", spans: Spans::Periodic(4096, 4), ..DENSE },
    Family { name: "olmoe", experts: Some(WIDE_EXPERTS), ..DENSE },
    Family { name: "granite", ..DENSE },
    Family { name: "granitemoe", experts: Some(WIDE_EXPERTS), ..DENSE },
    Family {
        name: "granitemoeshared",
        experts: Some(Experts { shared: Shared::WidthIfGiven("shared_intermediate_size"), ..WIDE_EXPERTS }),
        ..DENSE
    },
    Family { name: "seed_oss", defaults: &[("num_key_value_heads", 8), ("head_dim", 128)], ..DENSE },
    Family { name: "glm", defaults: &[("num_key_value_heads", 2), ("head_dim", 128)], ..DENSE },
    Family { name: "glm4", defaults: &[("num_key_value_heads", 2), ("head_dim", 128)], ..DENSE },
    Family { name: "smollm3", defaults: &[("num_key_value_heads", 4)], tied: true, spans: Spans::AllIfUsed, ..DENSE },
    Family { name: "hunyuan_v1_dense", ..DENSE },
    Family { name: "ernie4_5", tied: true, ..DENSE },
    Family {
        name: "ernie4_5_moe",
        tied: true,
        experts: Some(Experts {
            count: &["moe_num_experts"],
            active: &["moe_k"],
            shared: Shared::CountIfGiven("moe_num_shared_experts"),
            sparse: Sparse::Between,
            ..QWEN_EXPERTS
        }),
        ..DENSE
    },
];

/// Models of several modalities whose text model need not name its `model_type`.
pub(super) const OUTER: [(&str, &str); 3] =
    [("gemma3", "gemma3_text"), ("llama4", "llama4_text"), ("mistral3", "mistral")];
