//! Paths of the modules of a model in its checkpoint.

use crate::attention::Attention;
use crate::release::Part;

/// How a family names its modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Modules {
    /// Feed-forward part of a layer.
    pub(super) feed_forward: &'static str,
    /// Router in a mixture.
    pub(super) router: &'static str,
    /// Shared experts in a mixture.
    pub(super) shared: &'static str,
    /// Gate, up and down matrix.
    pub(super) matrices: [&'static str; 3],
}

/// What most families use.
pub(super) const MODULES: Modules = Modules {
    feed_forward: "mlp",
    router: "gate",
    shared: "shared_experts",
    matrices: ["gate_proj", "up_proj", "down_proj"],
};

/// Prefixes of the layers: of a text model, and of one inside a model of several modalities.
const PREFIXES: [&str; 3] = ["model.layers", "language_model.model.layers", "model.language_model.layers"];

/// Matrices that some releases keep in one tensor.
const FUSED: [(&str, &str); 6] = [
    ("q_proj", "qkv_proj"),
    ("k_proj", "qkv_proj"),
    ("v_proj", "qkv_proj"),
    ("gate_proj", "gate_up_proj"),
    ("up_proj", "gate_up_proj"),
    ("w1", "gate_up_proj"),
];

impl Modules {
    /// Possible paths of a matrix of attention.
    pub(super) fn attention(&self, layer: usize, attention: &Attention, matrix: &str) -> Vec<String> {
        let module = if matches!(attention, Attention::Delta { .. }) { "linear_attn" } else { "self_attn" };
        paths(layer, &format!("{module}."), matrix)
    }

    /// Possible paths of a matrix of a feed-forward part; of routed experts the first stands for all.
    pub(super) fn feed_forward(&self, layer: usize, part: Part, matrix: &str) -> Vec<String> {
        let own = |name: &str| {
            let index = MODULES.matrices.iter().position(|known| *known == name);
            index.map_or(name.to_owned(), |index| self.matrices[index].to_owned())
        };
        let Self { feed_forward, router, shared, .. } = self;
        match part {
            Part::Router => paths(layer, &format!("{feed_forward}."), router),
            Part::Experts => paths(layer, &format!("{feed_forward}.experts.0."), &own(matrix)),
            Part::SharedExperts => paths(layer, &format!("{feed_forward}.{shared}."), &own(matrix)),
            _ => paths(layer, &format!("{feed_forward}."), &own(matrix)),
        }
    }
}

fn paths(layer: usize, module: &str, matrix: &str) -> Vec<String> {
    let fused = FUSED.iter().find(|(own, _)| *own == matrix).map(|(_, fused)| *fused);
    let names = std::iter::once(matrix).chain(fused);
    names.flat_map(|name| PREFIXES.map(|prefix| format!("{prefix}.{layer}.{module}{name}"))).collect()
}
