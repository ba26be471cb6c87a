//! Writes pieces of one layer: names them, and has the pieces that several parts of a layer share.

use designs::{Grid, Model};

use super::feed_forward;
use super::operations as op;
use super::operations::rotary_tables;
use super::setting::Setting;
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

/// Collects the pieces of one layer of a model in one setting.
pub(super) struct PieceWriter<'a> {
    model: &'a Model,
    index: usize,
    setting: &'a Setting,
    grid: Grid,
    all: Vec<Emitted>,
}

impl<'a> PieceWriter<'a> {
    /// A writer without pieces.
    pub(super) fn new(model: &'a Model, index: usize, setting: &'a Setting, grid: Grid) -> Self {
        Self { model, index, setting, grid, all: Vec::new() }
    }

    /// The pieces in the order they were added.
    pub(super) fn finish(self) -> Vec<Emitted> {
        self.all
    }

    pub(super) fn model(&self) -> &'a Model {
        self.model
    }

    pub(super) fn setting(&self) -> &'a Setting {
        self.setting
    }

    pub(super) fn rows(&self) -> u64 {
        self.grid.rows.into()
    }

    pub(super) fn columns(&self) -> u64 {
        self.grid.columns.into()
    }

    pub(super) fn chips(&self) -> u64 {
        self.grid.chips().into()
    }

    pub(super) fn hidden(&self) -> u64 {
        self.model.hidden.into()
    }

    /// Elements of the hidden vector that a row holds.
    pub(super) fn slice(&self) -> u64 {
        self.hidden().div_ceil(self.rows())
    }

    /// Adds a piece; its name contains `context` if given.
    pub(super) fn add(
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
    pub(super) fn linear(&mut self, family: &'static str, piece: &'static str, inputs: u64, outputs: u64) {
        self.add(family, piece, None, |f, tokens| {
            let x = f.input("x", &[tokens, inputs], Scalar::F32);
            vec![op::linear(f, &x, "w", outputs)]
        });
    }

    pub(super) fn norm(&mut self) {
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

    pub(super) fn rotary(&mut self, heads: u64, width: u64) {
        self.add("llm-elementwise", "rotary", None, |f, tokens| {
            let [cos, sin] = rotary_tables(f, tokens, width);
            let x = f.input("x", &[tokens, heads, width], Scalar::F32);
            vec![op::rotary(f, &x, &cos, &sin)]
        });
    }

    pub(super) fn output(&mut self, inputs: u64) {
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
    pub(super) fn gated(&mut self, pieces: [&'static str; 4], width: u64) {
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
            vec![feed_forward::gated(f, &x, "w_", width)]
        });
    }

    pub(super) fn swiglu(&mut self, width: u64) {
        self.add("llm-elementwise", "swiglu", None, |f, tokens| {
            let [up, gate] = ["up", "gate"].map(|name| f.input(name, &[tokens, width], Scalar::F32));
            vec![op::swiglu(f, &up, &gate)]
        });
    }
}

/// `decode-t1-c2048`, without the context where it does not matter.
pub(super) fn setting_name(setting: &Setting, context: Option<u64>) -> String {
    let phase = setting.phase;
    let context = context.map_or(String::new(), |c| format!("-c{c}"));
    format!("{phase}-t{}{context}", setting.tokens)
}
