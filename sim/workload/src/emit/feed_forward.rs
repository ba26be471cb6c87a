//! Feed-forward parts: gated networks and mixtures of experts, and the head of the model.

use super::operations as op;
use super::text::{Function, Tensor};

/// Up, gate, SwiGLU and down: (T, H) to (T, H); `prefix` distinguishes weights of one function.
pub(super) fn gated(f: &mut Function, x: &Tensor, prefix: &str, width: u64) -> Tensor {
    let hidden = x.shape[1];
    let up = op::linear(f, x, &format!("{prefix}up"), width);
    let gate = op::linear(f, x, &format!("{prefix}gate"), width);
    let act = op::swiglu(f, &up, &gate);
    op::linear(f, &act, &format!("{prefix}down"), hidden)
}

/// Shape of a mixture of experts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mixture {
    pub(super) experts: u64,
    pub(super) per_token: u64,
    pub(super) width: u64,
    pub(super) shared_width: u64,
}

impl Mixture {
    pub(super) fn new(experts: u32, per_token: u32, width: u32, shared_width: u32) -> Self {
        let [experts, per_token, width, shared_width] = [experts, per_token, width, shared_width].map(u64::from);
        Self { experts, per_token, width, shared_width }
    }

    /// Router, the `per_token` best experts, their weights by softmax over the chosen ones: (weights, indices).
    pub(super) fn route(&self, f: &mut Function, x: &Tensor) -> (Tensor, Tensor) {
        let logits = op::linear(f, x, "w_router", self.experts);
        let (values, indices) = op::top_k(f, &logits, self.per_token);
        (op::softmax(f, &values, None, None), indices)
    }

    /// The whole mixture: every token runs its chosen experts and the shared one.
    pub(super) fn block(&self, f: &mut Function, x: &Tensor) -> Tensor {
        let hidden = x.shape[1];
        let (weights, chosen) = self.route(f, x);
        let up = op::experts(f, x, &chosen, "w_up", self.experts, self.width);
        let gate = op::experts(f, x, &chosen, "w_gate", self.experts, self.width);
        let act = op::swiglu(f, &up, &gate);
        let down = op::experts(f, &act, &chosen, "w_down", self.experts, hidden);
        let y = op::weigh(f, &down, &weights);
        if self.shared_width == 0 {
            return y;
        }
        let shared = gated(f, x, "w_shared_", self.shared_width);
        op::add(f, &y, &shared)
    }
}
