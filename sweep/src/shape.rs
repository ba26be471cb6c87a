//! Changes of a model's shape, the same in every layer.

use designs::{Ffn, HeadChange, HeadChangeError, Model, Span};
use thiserror::Error;

use crate::value::{Reason, Value, count};

/// Fields that can be changed: key, documentation, largest value.
pub const SHAPES: [(&str, &str, u64); 10] = [
    ("hidden", "Width of the residual stream", 1 << 20),
    ("vocabulary", "Entries of the vocabulary", 1 << 24),
    ("layers", "Layers; the model's own are repeated in order", 4096),
    ("query_heads", "Query heads of every layer", 1 << 16),
    ("kv_heads", "Key/value heads of every layer (grouped-query attention)", 1 << 16),
    ("head_dim", "Elements per head (grouped-query attention)", 1 << 16),
    ("ffn_width", "Intermediate width of a dense layer or of a routed expert", 1 << 20),
    ("experts", "Routed experts of every mixture-of-experts layer", 1 << 16),
    ("experts_per_token", "Routed experts active for one token", 1 << 16),
    ("window", "Sliding window of every layer in positions; 0 attends to the whole context", 1 << 31),
];

/// Why a model cannot take the new values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// The model has no such field.
    #[error("`model.{key}`: {model} has nothing of the kind")]
    Absent {
        /// Key as in [`SHAPES`].
        key: &'static str,
        /// Name of the model.
        model: String,
    },
    /// The numbers of heads do not divide.
    #[error(transparent)]
    Heads(HeadChangeError),
    /// More active experts than there are.
    #[error("{active} active experts are more than the {all} there are")]
    Experts {
        /// Active for one token.
        active: u32,
        /// In the layer.
        all: u32,
    },
}

/// New values by index in [`SHAPES`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape([Option<u64>; SHAPES.len()]);

impl Shape {
    /// Sets one.
    pub(crate) fn set(&mut self, position: usize, value: &Value) -> Result<(), Reason> {
        let (key, _, most) = SHAPES[position];
        self.0[position] = Some(count(value, u64::from(key != "window"), most)?);
        Ok(())
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The model with the changes.
    ///
    /// # Errors
    /// If the model has no such field, or the numbers of heads or experts are inconsistent.
    pub fn apply(&self, model: &Model) -> Result<Model, ShapeError> {
        let [hidden, vocabulary, layers, query, kv, head_dim, width, experts, active, window] =
            self.0.map(|value| value.map(|v| v as u32));
        let mut model = model.clone();
        model.hidden = hidden.unwrap_or(model.hidden);
        model.vocabulary = vocabulary.unwrap_or(model.vocabulary);
        if let Some(layers) = layers {
            model.layers = model.layers.iter().copied().cycle().take(layers as usize).collect();
        }
        let name = model.name.clone();
        let absent = |key| ShapeError::Absent { key, model: name.clone() };
        let mut any_experts = false;
        for layer in &mut model.layers {
            let change = HeadChange { query_heads: query, kv_heads: kv, head_dim };
            layer.attention = layer.attention.resized(change).map_err(|error| match error {
                HeadChangeError::Absent { key } => absent(key),
                HeadChangeError::Indivisible { .. } => ShapeError::Heads(error),
            })?;
            match &mut layer.ffn {
                Ffn::Dense { width: own } => *own = width.unwrap_or(*own),
                Ffn::Moe { experts: all, experts_per_token, width: own, .. } => {
                    any_experts = true;
                    *own = width.unwrap_or(*own);
                    *all = experts.unwrap_or(*all);
                    *experts_per_token = active.unwrap_or(*experts_per_token);
                    if experts_per_token > all {
                        return Err(ShapeError::Experts { active: *experts_per_token, all: *all });
                    }
                }
            }
            if let Some(window) = window {
                layer.span = if window > 0 { Span::Window(window) } else { Span::Full };
            }
        }
        if !any_experts && (experts.is_some() || active.is_some()) {
            return Err(absent(if experts.is_some() { "experts" } else { "experts_per_token" }));
        }
        Ok(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_change_every_layer_or_are_refused() {
        let model = |name| designs::load::model(name, &designs::load::no_files).unwrap();
        let shape = |key: &str, value: f64| {
            let mut shape = Shape::default();
            shape.set(SHAPES.iter().position(|s| s.0 == key).unwrap(), &Value::Number(value)).unwrap();
            shape
        };
        let gpt = model("gpt-oss-120b");
        assert_eq!(Shape::default().apply(&gpt).unwrap(), gpt);
        let long = shape("layers", 40.0).apply(&gpt).unwrap();
        assert_eq!((long.layers.len(), long.layers[36]), (40, gpt.layers[0]));
        let few = shape("experts", 64.0).apply(&gpt).unwrap();
        assert!(few.parameters() < gpt.parameters());
        assert!(shape("experts", 2.0).apply(&gpt).unwrap_err().to_string().contains("active experts"));
        assert!(shape("kv_heads", 7.0).apply(&gpt).unwrap_err().to_string().contains("do not divide"));
        assert!(
            shape("experts", 8.0)
                .apply(&model("llama-3-1-8b"))
                .unwrap_err()
                .to_string()
                .contains("nothing of the kind")
        );
        assert!(
            shape("kv_heads", 8.0)
                .apply(&model("deepseek-v3"))
                .unwrap_err()
                .to_string()
                .contains("nothing of the kind")
        );
        assert!(Shape::default().set(0, &Value::Number(0.0)).is_err());
        assert!(Shape::default().set(0, &Value::Number(1.5)).is_err());
    }
}
