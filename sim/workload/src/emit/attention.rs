//! Self-attention over a KV cache: grouped queries and latent (MLA) with absorbed projections.
//!
//! Decode has one new token for each of `tokens` sequences, every sequence with a cache of its own; prefill has
//! `tokens` tokens of one prompt with one cache. A cache holds `context` positions, the new tokens in the last
//! places. Rotary tables are arguments. Learned sinks and biases are left out, because [`designs::Model`] has none.

use designs::{Attention, Layer, Span};
use sim::Phase;

use super::operations as op;
use super::operations::{Mask, rotary_tables};
use super::piece_writer::PieceWriter;
use super::setting::Setting;
use super::text::{Function, Scalar, Tensor};

/// Shape of a grouped-query attention function, elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gqa {
    pub(super) phase: Phase,
    pub(super) tokens: u64,
    /// Positions of the cache.
    pub(super) context: u64,
    pub(super) kv_heads: u64,
    /// Query heads per KV head.
    pub(super) group: u64,
    pub(super) dim: u64,
    pub(super) output_gate: bool,
    pub(super) span: Span,
}

/// Shape of a latent attention function, elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mla {
    pub(super) phase: Phase,
    pub(super) tokens: u64,
    pub(super) context: u64,
    pub(super) heads: u64,
    pub(super) latent: u64,
    pub(super) nope: u64,
    pub(super) rope: u64,
    pub(super) v: u64,
    pub(super) span: Span,
}

/// Positions in a layer's cache; in decode a window or chunk limits them.
fn cached_positions(layer: &Layer, setting: &Setting) -> u64 {
    match setting.phase {
        Phase::Decode => (setting.context - layer.span.first(setting.context)).max(1),
        Phase::Prefill => setting.context,
    }
}

fn mask(phase: Phase, tokens: u64, context: u64, span: Span) -> Option<Mask> {
    // In decode the new token is the last of its cache and attends to all positions.
    (phase == Phase::Prefill).then(|| Mask { before: context - tokens, span })
}

impl Gqa {
    /// Attention of `layer` with as many query heads, KV heads and elements per head.
    pub(super) fn new(layer: &Layer, setting: &Setting, (query_heads, kv_heads, dim): (u64, u64, u64)) -> Self {
        Self {
            phase: setting.phase,
            tokens: setting.tokens,
            context: cached_positions(layer, setting),
            kv_heads,
            group: query_heads / kv_heads,
            dim,
            output_gate: matches!(layer.attention, Attention::Gqa { output_gate: true, .. }),
            span: layer.span,
        }
    }

    pub(super) fn queries(&self) -> u64 {
        self.kv_heads * self.group
    }

    fn cache_shape(&self) -> Vec<u64> {
        match self.phase {
            Phase::Decode => vec![self.tokens, self.kv_heads, self.context, self.dim],
            Phase::Prefill => vec![self.kv_heads, self.context, self.dim],
        }
    }

    /// Keys or values of the old positions, with room for the new ones at the end.
    pub(super) fn cache(&self, f: &mut Function, name: &str) -> Tensor {
        f.input(name, &self.cache_shape(), f.element.into())
    }

    /// Puts new keys or values (T, KV heads, D) into the cache.
    fn append(&self, f: &mut Function, new: &Tensor, cache: &Tensor) -> Tensor {
        let new = op::stored(f, new);
        match self.phase {
            Phase::Decode => {
                let size = [self.tokens, self.kv_heads, 1, self.dim];
                op::insert(f, &new, cache, &[0, 0, self.context - 1, 0], &size)
            }
            Phase::Prefill => {
                let new = op::transpose(f, &new, &[1, 0, 2]);
                let size = [self.kv_heads, self.tokens, self.dim];
                op::insert(f, &new, cache, &[0, self.context - self.tokens, 0], &size)
            }
        }
    }

    /// Queries (T, KV heads, group, D) times keys: (T, KV heads, group, context).
    pub(super) fn scores(&self, f: &mut Function, q: &Tensor, keys: &Tensor) -> Tensor {
        let map = if self.phase == Phase::Decode { "d0, d1, d3, d4" } else { "d1, d3, d4" };
        let shape = [self.tokens, self.kv_heads, self.group, self.context];
        op::contract(f, "ppppr", (q, "d0, d1, d2, d4"), (keys, map), &shape, "d0, d1, d2, d3")
    }

    /// Softmax over the positions that a token attends to.
    pub(super) fn softmax(&self, f: &mut Function, scores: &Tensor) -> Tensor {
        let scale = 1.0 / (self.dim as f64).sqrt();
        op::softmax(f, scores, Some(scale), mask(self.phase, self.tokens, self.context, self.span))
    }

    /// Probabilities (T, KV heads, group, context) times values: (T, KV heads, group, D).
    pub(super) fn values(&self, f: &mut Function, p: &Tensor, values: &Tensor) -> Tensor {
        let map = if self.phase == Phase::Decode { "d0, d1, d4, d3" } else { "d1, d4, d3" };
        let shape = [self.tokens, self.kv_heads, self.group, self.dim];
        op::contract(f, "ppppr", (p, "d0, d1, d2, d4"), (values, map), &shape, "d0, d1, d2, d3")
    }

    /// Everything between norm and residual: output (T, H), new keys and values (T, KV heads, D).
    pub(super) fn block(&self, f: &mut Function, x: &Tensor, hidden: u64) -> [Tensor; 3] {
        let (tokens, kv) = (self.tokens, self.kv_heads);
        let [cos, sin] = rotary_tables(f, tokens, self.dim);
        let caches = ["k_cache", "v_cache"].map(|name| self.cache(f, name));
        let q = op::linear(f, x, "w_q", self.queries() * self.dim);
        let k = op::linear(f, x, "w_k", kv * self.dim);
        let v = op::linear(f, x, "w_v", kv * self.dim);
        let q = op::expand(f, &q, &[&[0], &[1, 2]], &[tokens, self.queries(), self.dim]);
        let k = op::expand(f, &k, &[&[0], &[1, 2]], &[tokens, kv, self.dim]);
        let v = op::expand(f, &v, &[&[0], &[1, 2]], &[tokens, kv, self.dim]);
        let q = op::rotary(f, &q, &cos, &sin);
        let k = op::rotary(f, &k, &cos, &sin);
        let q = op::expand(f, &q, &[&[0], &[1, 2], &[3]], &[tokens, kv, self.group, self.dim]);
        let keys = self.append(f, &k, &caches[0]);
        let values = self.append(f, &v, &caches[1]);
        let scores = self.scores(f, &q, &keys);
        let p = self.softmax(f, &scores);
        let o = self.values(f, &p, &values);
        let mut o = op::collapse(f, &o, &[&[0], &[1, 2, 3]]);
        if self.output_gate {
            let gate = op::linear(f, x, "w_gate", self.queries() * self.dim);
            o = op::gated(f, &o, &gate);
        }
        [op::linear(f, &o, "w_o", hidden), k, v]
    }
}

impl Mla {
    /// Attention of `layer` with as many heads; widths of the latent vector and of a head's parts.
    pub(super) fn new(layer: &Layer, setting: &Setting, heads: u64, [latent, nope, rope, v]: [u64; 4]) -> Self {
        Self {
            phase: setting.phase,
            tokens: setting.tokens,
            context: cached_positions(layer, setting),
            heads,
            latent,
            nope,
            rope,
            v,
            span: layer.span,
        }
    }

    /// Elements cached per position.
    pub(super) fn cached(&self) -> u64 {
        self.latent + self.rope
    }

    pub(super) fn cache(&self, f: &mut Function, name: &str) -> Tensor {
        let shape = match self.phase {
            Phase::Decode => vec![self.tokens, self.context, self.cached()],
            Phase::Prefill => vec![self.context, self.cached()],
        };
        f.input(name, &shape, f.element.into())
    }

    fn append(&self, f: &mut Function, new: &Tensor, cache: &Tensor) -> Tensor {
        let new = op::stored(f, new);
        match self.phase {
            Phase::Decode => {
                let at = [0, self.context - 1, 0];
                op::insert(f, &new, cache, &at, &[self.tokens, 1, self.cached()])
            }
            Phase::Prefill => {
                let at = [self.context - self.tokens, 0];
                op::insert(f, &new, cache, &at, &[self.tokens, self.cached()])
            }
        }
    }

    /// Queries (T, heads, cached) times the cache: (T, heads, context).
    pub(super) fn scores(&self, f: &mut Function, q: &Tensor, cache: &Tensor) -> Tensor {
        let map = if self.phase == Phase::Decode { "d0, d2, d3" } else { "d2, d3" };
        let shape = [self.tokens, self.heads, self.context];
        op::contract(f, "pppr", (q, "d0, d1, d3"), (cache, map), &shape, "d0, d1, d2")
    }

    pub(super) fn softmax(&self, f: &mut Function, scores: &Tensor) -> Tensor {
        let scale = 1.0 / ((self.nope + self.rope) as f64).sqrt();
        op::softmax(f, scores, Some(scale), mask(self.phase, self.tokens, self.context, self.span))
    }

    /// Probabilities (T, heads, context) times the cache without its positional part: (T, heads, latent).
    pub(super) fn values(&self, f: &mut Function, p: &Tensor, cache: &Tensor) -> Tensor {
        let (map, shape, at): (_, Vec<u64>, &[u64]) = match self.phase {
            Phase::Decode => ("d0, d3, d2", vec![self.tokens, self.context, self.latent], &[0, 0, 0]),
            Phase::Prefill => ("d3, d2", vec![self.context, self.latent], &[0, 0]),
        };
        let latent = op::slice(f, cache, at, &shape);
        let shape = [self.tokens, self.heads, self.latent];
        op::contract(f, "pppr", (p, "d0, d1, d3"), (&latent, map), &shape, "d0, d1, d2")
    }

    /// Query heads (T, heads, nope + rope) absorbed into the latent space, with their positional part rotated:
    /// (T, heads, cached).
    pub(super) fn absorb(&self, f: &mut Function, q: &Tensor, cos: &Tensor, sin: &Tensor) -> Tensor {
        let (tokens, heads) = (self.tokens, self.heads);
        let nope = op::slice(f, q, &[0, 0, 0], &[tokens, heads, self.nope]);
        let rope = op::slice(f, q, &[0, 0, self.nope], &[tokens, heads, self.rope]);
        let rope = op::rotary(f, &rope, cos, sin);
        let latent = op::linear_by_head(f, &nope, "w_uk", self.latent);
        let whole = f.empty(&[tokens, heads, self.cached()], Scalar::F32);
        let first = op::insert(f, &latent, &whole, &[0, 0, 0], &[tokens, heads, self.latent]);
        op::insert(f, &rope, &first, &[0, 0, self.latent], &[tokens, heads, self.rope])
    }

    /// The down-projected `kv` (T, cached), its latent part normalised, its positional part rotated.
    pub(super) fn latent_entry(&self, f: &mut Function, kv: &Tensor, cos: &Tensor, sin: &Tensor) -> Tensor {
        let tokens = self.tokens;
        let latent = op::slice(f, kv, &[0, 0], &[tokens, self.latent]);
        let latent = op::rms_norm(f, &latent, "kv_norm");
        let rope = op::slice(f, kv, &[0, self.latent], &[tokens, self.rope]);
        let rope = op::expand(f, &rope, &[&[0], &[1, 2]], &[tokens, 1, self.rope]);
        let rope = op::rotary(f, &rope, cos, sin);
        let rope = op::collapse(f, &rope, &[&[0], &[1, 2]]);
        let whole = f.empty(&[tokens, self.cached()], Scalar::F32);
        let first = op::insert(f, &latent, &whole, &[0, 0], &[tokens, self.latent]);
        op::insert(f, &rope, &first, &[0, self.latent], &[tokens, self.rope])
    }

    /// Everything between norm and residual: output (T, H) and the new cache entry (T, cached).
    pub(super) fn block(&self, f: &mut Function, x: &Tensor, hidden: u64, rank: Option<u64>) -> [Tensor; 2] {
        let tokens = self.tokens;
        let [cos, sin] = rotary_tables(f, tokens, self.rope);
        let cache = self.cache(f, "kv_cache");
        let outputs = self.heads * (self.nope + self.rope);
        let q = if let Some(rank) = rank {
            let low = op::linear(f, x, "w_qa", rank);
            let low = op::rms_norm(f, &low, "q_norm");
            op::linear(f, &low, "w_qb", outputs)
        } else {
            op::linear(f, x, "w_q", outputs)
        };
        let kv = op::linear(f, x, "w_kva", self.cached());
        let entry = self.latent_entry(f, &kv, &cos, &sin);
        let cache = self.append(f, &entry, &cache);
        let q = op::expand(f, &q, &[&[0], &[1, 2]], &[tokens, self.heads, self.nope + self.rope]);
        let q = self.absorb(f, &q, &cos, &sin);
        let scores = self.scores(f, &q, &cache);
        let p = self.softmax(f, &scores);
        let latent = self.values(f, &p, &cache);
        let o = op::linear_by_head(f, &latent, "w_uv", self.v);
        let o = op::collapse(f, &o, &[&[0], &[1, 2]]);
        [op::linear(f, &o, "w_o", hidden), entry]
    }
}

/// The attention of a layer between norm and residual: output (T, H), and the new entries of the cache.
pub(super) fn block(f: &mut Function, x: &Tensor, layer: &Layer, setting: &Setting) -> (Tensor, Vec<Tensor>) {
    let hidden = x.shape[1];
    match layer.attention {
        Attention::Gqa { query_heads, kv_heads, head_dim, .. } => {
            let shape = (query_heads.into(), kv_heads.into(), head_dim.into());
            let [o, k, v] = Gqa::new(layer, setting, shape).block(f, x, hidden);
            (o, vec![k, v])
        }
        Attention::Mla { heads, q_lora, kv_lora, nope, rope, v, .. } => {
            let mla = Mla::new(layer, setting, heads.into(), [kv_lora, nope, rope, v].map(u64::from));
            let [o, entry] = mla.block(f, x, hidden, q_lora.map(u64::from));
            (o, vec![entry])
        }
        Attention::Delta { .. } => unreachable!("refused before a layer is written"),
    }
}

/// Adds the pieces of a layer's attention.
pub(super) fn pieces(pieces: &mut PieceWriter<'_>, layer: &Layer) {
    match layer.attention {
        Attention::Gqa { query_heads, kv_heads, head_dim, .. } => {
            let columns = pieces.columns();
            // Columns that share a KV head hold a copy each.
            let kv = (u64::from(kv_heads) / columns).max(1);
            gqa_pieces(pieces, layer, (u64::from(query_heads) / columns, kv, head_dim.into()));
        }
        Attention::Mla { heads, q_lora, kv_lora, nope, rope, v, .. } => {
            mla_pieces(pieces, layer, heads.into(), q_lora.map(u64::from), [kv_lora, nope, rope, v].map(u64::from));
        }
        Attention::Delta { .. } => unreachable!("refused before a layer is written"),
    }
}

fn gqa_pieces(pieces: &mut PieceWriter<'_>, layer: &Layer, shape: (u64, u64, u64)) {
    let (heads, kv, dim) = shape;
    let (hidden, slice) = (pieces.hidden(), pieces.slice());
    let mut gqa = Gqa::new(layer, pieces.setting(), shape);
    // In decode the positions of a cache are divided over the rows; the mask of a prompt needs all of them.
    if pieces.setting().phase == Phase::Decode {
        gqa.context = gqa.context.div_ceil(pieces.rows());
    }
    pieces.norm();
    // The gate is projected with the queries.
    let q_gate = if gqa.output_gate { 2 * heads * dim } else { heads * dim };
    pieces.linear("llm-projection", "q_proj", slice, q_gate);
    pieces.add("llm-projection", "kv_proj", None, |f, tokens| {
        let x = f.input("x", &[tokens, slice], Scalar::F32);
        vec![op::linear(f, &x, "w_k", kv * dim), op::linear(f, &x, "w_v", kv * dim)]
    });
    if pieces.chips() == 1 {
        pieces.add("llm-norm-projection", "norm_qkv_proj", None, |f, tokens| {
            let x = f.input("x", &[tokens, hidden], Scalar::F32);
            let x = op::rms_norm(f, &x, "attention_norm");
            let q = op::linear(f, &x, "w_q", q_gate);
            vec![q, op::linear(f, &x, "w_k", kv * dim), op::linear(f, &x, "w_v", kv * dim)]
        });
    }
    pieces.rotary(heads, dim);
    let context = Some(gqa.context);
    let queries = |f: &mut Function, t: u64| f.input("query", &[t, kv, gqa.group, dim], Scalar::F32);
    let scores = |f: &mut Function, t: u64| f.input("scores", &[t, kv, gqa.group, gqa.context], Scalar::F32);
    pieces.add("llm-attention", "scores", context, |f, tokens| {
        let (q, keys) = (queries(f, tokens), gqa.cache(f, "k_cache"));
        vec![gqa.scores(f, &q, &keys)]
    });
    pieces.add("llm-softmax", "softmax", context, |f, tokens| {
        let s = scores(f, tokens);
        vec![gqa.softmax(f, &s)]
    });
    pieces.add("llm-attention", "values", context, |f, tokens| {
        let (p, values) = (scores(f, tokens), gqa.cache(f, "v_cache"));
        vec![gqa.values(f, &p, &values)]
    });
    pieces.add("llm-attention", "attention", context, |f, tokens| {
        let (q, keys) = (queries(f, tokens), gqa.cache(f, "k_cache"));
        let values = gqa.cache(f, "v_cache");
        let s = gqa.scores(f, &q, &keys);
        let p = gqa.softmax(f, &s);
        vec![gqa.values(f, &p, &values)]
    });
    if gqa.output_gate {
        pieces.add("llm-elementwise", "output_gate", None, |f, tokens| {
            let [o, gate] = ["output", "gate"].map(|name| f.input(name, &[tokens, heads * dim], Scalar::F32));
            vec![op::gated(f, &o, &gate)]
        });
    }
    pieces.output(heads * dim);
}

fn mla_pieces(pieces: &mut PieceWriter<'_>, layer: &Layer, heads: u64, rank: Option<u64>, shape: [u64; 4]) {
    let [latent, nope, rope, v] = shape;
    let (rows, columns) = (pieces.rows(), pieces.columns());
    let own = heads / columns;
    let slice = pieces.slice();
    let q = own * (nope + rope);
    pieces.norm();
    if let Some(rank) = rank {
        pieces.linear("llm-projection", "q_a_proj", slice, rank.div_ceil(columns));
        pieces.linear("llm-projection", "q_b_proj", rank.div_ceil(rows), q);
    } else {
        pieces.linear("llm-projection", "q_proj", slice, q);
    }
    pieces.linear("llm-projection", "kv_a_proj", slice, (latent + rope).div_ceil(columns));
    // Every chip multiplies the queries of all heads with the positions that it holds.
    let mut all = Mla::new(layer, pieces.setting(), heads, shape);
    if pieces.setting().phase == Phase::Decode {
        all.context = all.context.div_ceil(pieces.chips());
    }
    pieces.add("llm-norm", "latent_entry", None, |f, tokens| {
        let [cos, sin] = rotary_tables(f, tokens, rope);
        let kv = f.input("kv", &[tokens, all.cached()], Scalar::F32);
        vec![all.latent_entry(f, &kv, &cos, &sin)]
    });
    pieces.add("llm-projection", "k_absorb", None, |f, tokens| {
        let q = f.input("query", &[tokens, own, nope], Scalar::F32);
        vec![op::linear_by_head(f, &q, "w_uk", latent.div_ceil(rows))]
    });
    pieces.rotary(own, rope);
    let context = Some(all.context);
    let queries = |f: &mut Function, t: u64| f.input("query", &[t, heads, all.cached()], Scalar::F32);
    let scores = |f: &mut Function, t: u64| f.input("scores", &[t, heads, all.context], Scalar::F32);
    pieces.add("llm-attention", "scores", context, |f, tokens| {
        let (q, cache) = (queries(f, tokens), all.cache(f, "kv_cache"));
        vec![all.scores(f, &q, &cache)]
    });
    pieces.add("llm-softmax", "softmax", context, |f, tokens| {
        let s = scores(f, tokens);
        vec![all.softmax(f, &s)]
    });
    pieces.add("llm-attention", "values", context, |f, tokens| {
        let (p, cache) = (scores(f, tokens), all.cache(f, "kv_cache"));
        vec![all.values(f, &p, &cache)]
    });
    pieces.add("llm-attention", "attention", context, |f, tokens| {
        let (q, cache) = (queries(f, tokens), all.cache(f, "kv_cache"));
        let s = all.scores(f, &q, &cache);
        let p = all.softmax(f, &s);
        vec![all.values(f, &p, &cache)]
    });
    pieces.add("llm-projection", "v_up_proj", None, |f, tokens| {
        let o = f.input("output", &[tokens, own, latent], Scalar::F32);
        vec![op::linear_by_head(f, &o, "w_uv", v.div_ceil(rows))]
    });
    pieces.output(own * v);
}
