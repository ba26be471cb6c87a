//! Parts of a layer as functions: the work between two collectives of the machine, or what a compiler dispatches as
//! one kernel. On a grid of more than one chip the shapes are those of one chip (rounded up).

use designs::{Attention, Ffn, Grid, Layer, Model};
use sim::Phase;

use super::attention::{Gqa, Mla, tables};
use super::feed_forward::{Mixture, gated};
use super::operations as op;
use super::setting::{EmitError, Setting, checked};
use super::text::{Function, Scalar, Tensor};

/// The text of one function and its description.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Emitted {
    /// Model, grid, setting and piece; unique among the results of one call.
    pub name: String,
    /// Family of pieces, e.g. `llm-attention`.
    pub family: &'static str,
    /// Name of the model.
    pub model: String,
    /// Name of the part, which is also the name of the function.
    pub piece: &'static str,
    /// Whether it is a whole layer.
    pub whole: bool,
    /// The MLIR text.
    pub text: String,
}

/// Collects pieces of one model in one setting.
struct Pieces<'a> {
    model: &'a Model,
    index: usize,
    setting: &'a Setting,
    grid: Grid,
    all: Vec<Emitted>,
}

/// The pieces of layer number `index` of `model` and of its head, as one chip of `grid` holds them; (1, 1) for
/// whole shapes. Pieces that do not depend on the context are named without it.
///
/// # Errors
/// When the setting makes no sense, the model has no such layer, or its heads do not divide over the columns.
pub fn pieces(model: &Model, index: usize, setting: &Setting, grid: Grid) -> Result<Vec<Emitted>, EmitError> {
    let Some(layer) = model.layers.get(index) else {
        let last = model.layers.len().saturating_sub(1);
        return Err(EmitError::NoLayer { model: model.name.clone(), layer: index, last });
    };
    checked(layer, setting)?;
    let heads = match layer.attention {
        Attention::Gqa { query_heads, .. } => query_heads,
        Attention::Mla { heads, .. } => heads,
    };
    if grid.chips() == 0 || heads % grid.columns != 0 {
        return Err(EmitError::Columns { heads, columns: grid.columns });
    }
    let mut pieces = Pieces { model, index, setting, grid, all: Vec::new() };
    match layer.attention {
        Attention::Gqa { query_heads, kv_heads, head_dim } => {
            let columns = u64::from(grid.columns);
            let kv = (u64::from(kv_heads) / columns).max(1);
            pieces.gqa(layer, (u64::from(query_heads) / columns, kv, head_dim.into()));
        }
        Attention::Mla { heads, q_lora, kv_lora, nope, rope, v } => {
            let shape = [kv_lora, nope, rope, v].map(u64::from);
            pieces.mla(layer, heads.into(), q_lora.map(u64::from), shape);
        }
    }
    pieces.feed_forward(layer);
    pieces.head();
    Ok(pieces.all)
}

impl Pieces<'_> {
    fn rows(&self) -> u64 {
        self.grid.rows.into()
    }

    fn columns(&self) -> u64 {
        self.grid.columns.into()
    }

    fn chips(&self) -> u64 {
        self.grid.chips().into()
    }

    fn hidden(&self) -> u64 {
        self.model.hidden.into()
    }

    /// Elements of the hidden vector that a row holds.
    fn slice(&self) -> u64 {
        self.hidden().div_ceil(self.rows())
    }

    /// Adds a piece; its name contains `context` if given.
    fn add(
        &mut self,
        family: &'static str,
        piece: &'static str,
        context: Option<u64>,
        write: impl FnOnce(&mut Function, u64) -> Vec<Tensor>,
    ) {
        let setting = self.setting;
        let mut f = setting.function();
        let results = write(&mut f, setting.tokens);
        let text = f.finish(piece, &results.iter().collect::<Vec<_>>());
        let place = if self.chips() > 1 { format!("@{}x{}", self.grid.rows, self.grid.columns) } else { String::new() };
        let setting = setting_name(setting, context);
        let name = format!("{}{place}/layer{}/{setting}/{piece}", self.model.name, self.index);
        self.all.push(Emitted { name, family, model: self.model.name.clone(), piece, whole: false, text });
    }

    /// `x` (T, inputs) times one weight.
    fn linear(&mut self, family: &'static str, piece: &'static str, inputs: u64, outputs: u64) {
        self.add(family, piece, None, |f, tokens| {
            let x = f.input("x", &[tokens, inputs], Scalar::F32);
            vec![op::linear(f, &x, "w", outputs)]
        });
    }

    fn gqa(&mut self, layer: &Layer, shape: (u64, u64, u64)) {
        let (heads, kv, dim) = shape;
        let (hidden, slice) = (self.hidden(), self.slice());
        let mut gqa = Gqa::new(layer, self.setting, shape);
        // In decode the positions of a cache are divided over the rows; the mask of a prompt needs all of them.
        if self.setting.phase == Phase::Decode {
            gqa.context = gqa.context.div_ceil(self.rows());
        }
        self.norm();
        self.linear("llm-projection", "q_proj", slice, heads * dim);
        self.add("llm-projection", "kv_proj", None, |f, tokens| {
            let x = f.input("x", &[tokens, slice], Scalar::F32);
            vec![op::linear(f, &x, "w_k", kv * dim), op::linear(f, &x, "w_v", kv * dim)]
        });
        if self.chips() == 1 {
            self.add("llm-norm-projection", "norm_qkv_proj", None, |f, tokens| {
                let x = f.input("x", &[tokens, hidden], Scalar::F32);
                let x = op::rms_norm(f, &x, "attention_norm");
                let q = op::linear(f, &x, "w_q", heads * dim);
                vec![q, op::linear(f, &x, "w_k", kv * dim), op::linear(f, &x, "w_v", kv * dim)]
            });
        }
        self.rotary(heads, dim);
        let context = Some(gqa.context);
        let queries = |f: &mut Function, t: u64| f.input("query", &[t, kv, gqa.group, dim], Scalar::F32);
        let scores = |f: &mut Function, t: u64| f.input("scores", &[t, kv, gqa.group, gqa.context], Scalar::F32);
        self.add("llm-attention", "scores", context, |f, tokens| {
            let (q, keys) = (queries(f, tokens), gqa.cache(f, "k_cache"));
            vec![gqa.scores(f, &q, &keys)]
        });
        self.add("llm-softmax", "softmax", context, |f, tokens| {
            let s = scores(f, tokens);
            vec![gqa.softmax(f, &s)]
        });
        self.add("llm-attention", "values", context, |f, tokens| {
            let (p, values) = (scores(f, tokens), gqa.cache(f, "v_cache"));
            vec![gqa.values(f, &p, &values)]
        });
        self.add("llm-attention", "attention", context, |f, tokens| {
            let (q, keys) = (queries(f, tokens), gqa.cache(f, "k_cache"));
            let values = gqa.cache(f, "v_cache");
            let s = gqa.scores(f, &q, &keys);
            let p = gqa.softmax(f, &s);
            vec![gqa.values(f, &p, &values)]
        });
        self.output(heads * dim);
    }

    fn mla(&mut self, layer: &Layer, heads: u64, rank: Option<u64>, shape: [u64; 4]) {
        let [latent, nope, rope, v] = shape;
        let (rows, columns) = (self.rows(), self.columns());
        let own = heads / columns;
        let slice = self.slice();
        let q = own * (nope + rope);
        self.norm();
        if let Some(rank) = rank {
            self.linear("llm-projection", "q_a_proj", slice, rank.div_ceil(columns));
            self.linear("llm-projection", "q_b_proj", rank.div_ceil(rows), q);
        } else {
            self.linear("llm-projection", "q_proj", slice, q);
        }
        self.linear("llm-projection", "kv_a_proj", slice, (latent + rope).div_ceil(columns));
        // Every chip multiplies the queries of all heads with the positions that it holds.
        let mut all = Mla::new(layer, self.setting, heads, shape);
        if self.setting.phase == Phase::Decode {
            all.context = all.context.div_ceil(self.chips());
        }
        self.add("llm-norm", "latent_entry", None, |f, tokens| {
            let [cos, sin] = tables(f, tokens, rope);
            let kv = f.input("kv", &[tokens, all.cached()], Scalar::F32);
            vec![all.latent_entry(f, &kv, &cos, &sin)]
        });
        self.add("llm-projection", "k_absorb", None, |f, tokens| {
            let q = f.input("query", &[tokens, own, nope], Scalar::F32);
            vec![op::linear_by_head(f, &q, "w_uk", latent.div_ceil(rows))]
        });
        self.rotary(own, rope);
        let context = Some(all.context);
        let queries = |f: &mut Function, t: u64| f.input("query", &[t, heads, all.cached()], Scalar::F32);
        let scores = |f: &mut Function, t: u64| f.input("scores", &[t, heads, all.context], Scalar::F32);
        self.add("llm-attention", "scores", context, |f, tokens| {
            let (q, cache) = (queries(f, tokens), all.cache(f, "kv_cache"));
            vec![all.scores(f, &q, &cache)]
        });
        self.add("llm-softmax", "softmax", context, |f, tokens| {
            let s = scores(f, tokens);
            vec![all.softmax(f, &s)]
        });
        self.add("llm-attention", "values", context, |f, tokens| {
            let (p, cache) = (scores(f, tokens), all.cache(f, "kv_cache"));
            vec![all.values(f, &p, &cache)]
        });
        self.add("llm-attention", "attention", context, |f, tokens| {
            let (q, cache) = (queries(f, tokens), all.cache(f, "kv_cache"));
            let s = all.scores(f, &q, &cache);
            let p = all.softmax(f, &s);
            vec![all.values(f, &p, &cache)]
        });
        self.add("llm-projection", "v_up_proj", None, |f, tokens| {
            let o = f.input("output", &[tokens, own, latent], Scalar::F32);
            vec![op::linear_by_head(f, &o, "w_uv", v.div_ceil(rows))]
        });
        self.output(own * v);
    }

    fn norm(&mut self) {
        let hidden = self.hidden();
        self.add("llm-norm", "norm", None, |f, tokens| {
            let x = f.input("x", &[tokens, hidden], Scalar::F32);
            vec![op::rms_norm(f, &x, "gain")]
        });
        self.add("llm-elementwise", "residual", None, |f, tokens| {
            let [x, y] = ["x", "update"].map(|name| f.input(name, &[tokens, hidden], Scalar::F32));
            vec![op::add(f, &x, &y)]
        });
    }

    fn rotary(&mut self, heads: u64, width: u64) {
        self.add("llm-elementwise", "rotary", None, |f, tokens| {
            let [cos, sin] = tables(f, tokens, width);
            let x = f.input("x", &[tokens, heads, width], Scalar::F32);
            vec![op::rotary(f, &x, &cos, &sin)]
        });
    }

    fn output(&mut self, inputs: u64) {
        let (hidden, slice) = (self.hidden(), self.slice());
        self.linear("llm-projection", "o_proj", inputs, slice);
        if self.chips() == 1 {
            self.add("llm-norm-projection", "o_proj_residual", None, |f, tokens| {
                let [o, x] = [("output", inputs), ("x", hidden)].map(|(n, w)| f.input(n, &[tokens, w], Scalar::F32));
                let o = op::linear(f, &o, "w_o", hidden);
                vec![op::add(f, &x, &o)]
            });
        }
    }

    /// Up and gate with SwiGLU, down, and all of them.
    fn gated(&mut self, pieces: [&'static str; 4], width: u64) {
        let hidden = self.hidden();
        let [up, up_gate, down, all] = pieces;
        self.linear("llm-feed-forward", up, hidden, width);
        self.add("llm-feed-forward", up_gate, None, |f, tokens| {
            let x = f.input("x", &[tokens, hidden], Scalar::F32);
            let (up, gate) = (op::linear(f, &x, "w_up", width), op::linear(f, &x, "w_gate", width));
            vec![op::swiglu(f, &up, &gate)]
        });
        self.linear("llm-feed-forward", down, width, hidden);
        self.add("llm-feed-forward", all, None, |f, tokens| {
            let x = f.input("x", &[tokens, hidden], Scalar::F32);
            vec![gated(f, &x, "w_", width)]
        });
    }

    fn feed_forward(&mut self, layer: &Layer) {
        let (hidden, chips) = (self.hidden(), self.chips());
        let (experts, per_token, width, shared) = match layer.ffn {
            Ffn::Dense { width } => {
                let width = u64::from(width).div_ceil(chips);
                self.gated(["up_proj", "up_gate", "down_proj", "ffn"], width);
                return self.swiglu(width);
            }
            Ffn::Moe { experts, experts_per_token, width, shared_width } => {
                (experts, experts_per_token, width, shared_width)
            }
        };
        let moe = Mixture::new(experts, per_token, width, shared);
        self.gated(["expert_up_proj", "expert_up_gate", "expert_down_proj", "expert"], moe.width);
        self.swiglu(moe.width);
        self.linear("llm-router", "router", hidden, moe.experts);
        self.add("llm-router", "top_k", None, |f, tokens| {
            let logits = f.input("logits", &[tokens, moe.experts], Scalar::F32);
            let (values, indices) = op::top_k(f, &logits, moe.per_token);
            vec![values, indices]
        });
        self.add("llm-softmax", "expert_softmax", None, |f, tokens| {
            let values = f.input("values", &[tokens, moe.per_token], Scalar::F32);
            vec![op::softmax(f, &values, None, None)]
        });
        self.add("llm-router", "route", None, |f, tokens| {
            let x = f.input("x", &[tokens, hidden], Scalar::F32);
            let (weights, indices) = moe.route(f, &x);
            vec![weights, indices]
        });
        // Experts that one chip holds; the router is a piece of its own.
        let here = moe.experts.div_ceil(chips);
        let active = moe.per_token.min(here);
        self.add("llm-experts", "experts_up", None, |f, tokens| {
            let x = f.input("x", &[tokens, hidden], Scalar::F32);
            let chosen = f.input("chosen", &[tokens, active], Scalar::Index);
            vec![op::experts(f, &x, &chosen, "w_up", here, moe.width)]
        });
        self.add("llm-experts", "experts_down", None, |f, tokens| {
            let x = f.input("x", &[tokens, active, moe.width], Scalar::F32);
            let chosen = f.input("chosen", &[tokens, active], Scalar::Index);
            vec![op::experts(f, &x, &chosen, "w_down", here, hidden)]
        });
        self.add("llm-experts", "weigh", None, |f, tokens| {
            let y = f.input("outputs", &[tokens, active, hidden], Scalar::F32);
            let weights = f.input("weights", &[tokens, active], Scalar::F32);
            vec![op::weigh(f, &y, &weights)]
        });
        if moe.shared_width > 0 {
            let part = moe.shared_width.div_ceil(chips);
            self.gated(["shared_up_proj", "shared_up_gate", "shared_down_proj", "shared_expert"], part);
        }
    }

    fn swiglu(&mut self, width: u64) {
        self.add("llm-elementwise", "swiglu", None, |f, tokens| {
            let [up, gate] = ["up", "gate"].map(|name| f.input(name, &[tokens, width], Scalar::F32));
            vec![op::swiglu(f, &up, &gate)]
        });
    }

    fn head(&mut self) {
        let part = u64::from(self.model.vocabulary).div_ceil(self.chips());
        self.linear("llm-head", "unembed", self.hidden(), part);
        self.add("llm-head", "argmax", None, |f, tokens| {
            let logits = f.input("logits", &[tokens, part], Scalar::F32);
            vec![op::argmax(f, &logits)]
        });
    }
}

/// `decode-t1-c2048`, without the context where it does not matter.
pub(super) fn setting_name(setting: &Setting, context: Option<u64>) -> String {
    let phase = setting.phase;
    let context = context.map_or(String::new(), |c| format!("-c{c}"));
    format!("{phase}-t{}{context}", setting.tokens)
}
