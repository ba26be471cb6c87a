//! From a model and a grid to operations, owners and messages.
//!
//! [`Mapping::new`] applies the rules (`rules`) to every distinct layer of a model, checks that the
//! weights fit and that heads divide over columns, and keeps the resulting plans. Plans have no cycle
//! counts; the cost of an operation belongs to the units.

mod builder;
pub mod collective;
mod embedding_table;
mod experts;
mod explain;
mod messages;
mod plan;
mod rule;
mod rules;

pub use embedding_table::EmbeddingTable;
pub use experts::ExpertChoice;
pub use explain::{RuleStatement, explain};
pub use messages::{Message, OwnerOf, Phase, When, phases};
pub use plan::{
    AttentionCost, Elements, LayerPlan, Leg, Matrix, Op, OpId, Owner, RoutedExperts, Scope, Step, Tensor, TensorId,
    Work,
};
pub use rule::{Rule, RuleSource};
pub use rules::vector_operations;

use designs::{
    Algorithm, Attention, Design, EmbeddingPlacement, ExpertPlacement, Ffn, Grid, Layer, MappingOptions, Model, Span,
};
use names::number::count;

/// Why a model cannot be mapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Query or KV heads do not divide over the columns.
    #[error("{heads} {which} heads of {model} cannot be dealt evenly to {columns} columns; columns that work: {works}")]
    Heads {
        /// Model.
        model: String,
        /// "query" or "KV".
        which: &'static str,
        /// Heads.
        heads: u32,
        /// Columns of the grid.
        columns: u32,
        /// Columns that would divide.
        works: String,
    },
    /// Attention of a kind that no rule places.
    #[error(
        "{model} has layers of {kind} attention ({shape}), which is not simulated: no rule places it on a grid; \
         `hardwire designs show` reads its shapes and parameters"
    )]
    Attention {
        /// Model.
        model: String,
        /// Kind.
        kind: &'static str,
        /// Its numbers.
        shape: String,
    },
    /// The weights do not fit.
    #[error(
        "{model} puts {} weights on the fullest chip of a {rows} x {columns} grid, but a chip holds {}; {advice}",
        count(*.needed),
        count(*.capacity)
    )]
    Capacity {
        /// Model.
        model: String,
        /// Weights on the fullest chip.
        needed: u64,
        /// Weights a chip holds.
        capacity: u64,
        /// Rows.
        rows: u32,
        /// Columns.
        columns: u32,
        /// What would be right.
        advice: String,
    },
    /// The algorithm cannot run in groups of this size.
    #[error(
        "halving-doubling needs rows and columns of a power of two, the grid is {rows} x {columns}; use direct, two-phase or ring"
    )]
    Algorithm {
        /// Rows.
        rows: u32,
        /// Columns.
        columns: u32,
    },
    /// No grid in bounds holds the model.
    #[error(
        "no near-square grid of up to {limit} chips with {capacity} weights each holds {model} with its heads dealt evenly"
    )]
    NoGrid {
        /// Model.
        model: String,
        /// Weights a chip holds.
        capacity: u64,
        /// Most chips tried.
        limit: u32,
    },
}

/// Most chips of a grid that [`smallest_grid`] tries.
pub const MAX_CHIPS: u32 = 1024;

/// A model laid out on a grid.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Grid.
    pub grid: Grid,
    /// Distinct layer kinds.
    pub kinds: Vec<LayerPlan>,
    /// For each layer of the model, the index of its kind.
    pub layer_kinds: Vec<usize>,
    /// Unembedding and sampling.
    pub head: LayerPlan,
    /// Width of the residual stream, elements.
    pub hidden: u64,
    /// Weights on the fullest chip.
    pub weights_per_chip: u64,
    /// Table of the input embedding in HBM; `None` where it is not simulated.
    pub embedding: Option<EmbeddingTable>,
    options: MappingOptions,
}

impl Mapping {
    /// Lays `model` out on `grid` with the options and capacity of `design`.
    ///
    /// # Errors
    /// When heads do not divide, weights do not fit, or the algorithm does not suit the grid.
    pub fn new(design: &Design, model: &Model, grid: Grid) -> Result<Self, MappingError> {
        let capacity = design.hn_array.weight_capacity;
        let mapping = Self::placed(&design.mapping, model, grid, capacity, design.mapping.experts)?;
        if mapping.weights_per_chip > capacity {
            let advice = match smallest_grid(design, model) {
                Ok(g) => format!("the smallest near-square grid that holds it is {} x {}", g.rows, g.columns),
                Err(error) => error.to_string(),
            };
            return Err(MappingError::Capacity {
                model: model.name.clone(),
                needed: mapping.weights_per_chip,
                capacity,
                rows: grid.rows,
                columns: grid.columns,
                advice,
            });
        }
        Ok(mapping)
    }

    /// The mapping with experts placed as asked: whole; cut over the fewest chips (but one) that make the weights fit, or else
    /// over those that leave fewest on a chip; or the first of both that fits, since both take all chips of the grid.
    fn placed(
        options: &MappingOptions,
        model: &Model,
        grid: Grid,
        capacity: u64,
        experts: ExpertPlacement,
    ) -> Result<Self, MappingError> {
        let whole = Self::unchecked(options, model, grid, 1)?;
        let mixture = model.layers.iter().any(|layer| matches!(layer.ffn, Ffn::Moe { .. }));
        let fits = whole.weights_per_chip <= capacity;
        if !mixture || experts == ExpertPlacement::Whole || (experts == ExpertPlacement::Auto && fits) {
            return Ok(whole);
        }
        let chips = grid.chips();
        let mut best: Option<Self> = None;
        for cut in (2..=chips).filter(|cut| chips.is_multiple_of(*cut)) {
            let mapping = Self::unchecked(options, model, grid, cut)?;
            if mapping.weights_per_chip <= capacity {
                return Ok(mapping);
            }
            if best.as_ref().is_none_or(|best| mapping.weights_per_chip < best.weights_per_chip) {
                best = Some(mapping);
            }
        }
        // One chip has nothing to cut over.
        Ok(best.unwrap_or(whole))
    }

    fn unchecked(options: &MappingOptions, model: &Model, grid: Grid, expert_chips: u32) -> Result<Self, MappingError> {
        if options.collective == Algorithm::HalvingDoubling
            && !(grid.rows.is_power_of_two() && grid.columns.is_power_of_two())
        {
            return Err(MappingError::Algorithm { rows: grid.rows, columns: grid.columns });
        }
        let (hidden, vocabulary) = (u64::from(model.hidden), u64::from(model.vocabulary));
        let embedding = match options.embedding {
            EmbeddingPlacement::None => None,
            EmbeddingPlacement::Hbm => {
                Some(EmbeddingTable::new(vocabulary, hidden, options.embedding_bits, grid.chips().into()))
            }
        };
        // The first layer reads the row of the embedding table, so it is a kind of its own.
        let mut layers: Vec<(Layer, Option<EmbeddingTable>)> = Vec::new();
        let mut layer_kinds = Vec::with_capacity(model.layers.len());
        for (index, layer) in model.layers.iter().enumerate() {
            // Layers that differ only in a window that is ignored are one kind.
            let span = if options.sliding_windows { layer.span } else { Span::Full };
            let layer = Layer { span, ..*layer };
            let layer = (layer, embedding.filter(|_| index == 0));
            let kind = layers.iter().position(|l| *l == layer).unwrap_or_else(|| {
                layers.push(layer);
                layers.len() - 1
            });
            layer_kinds.push(kind);
        }
        for (layer, _) in &layers {
            check_kind(&model.name, &layer.attention)?;
            check_heads(&model.name, &layer.attention, grid.columns)?;
        }
        let kinds: Vec<LayerPlan> = layers
            .iter()
            .map(|(layer, embedding)| {
                let context = rules::MappingContext { grid, hidden, options, expert_chips, embedding: *embedding };
                rules::layer(&context, layer)
            })
            .collect();
        let head =
            rules::head(&rules::MappingContext { grid, hidden, options, expert_chips, embedding: None }, vocabulary);
        let weights_per_chip =
            layer_kinds.iter().map(|&k| kinds[k].weights_per_chip()).sum::<u64>() + head.weights_per_chip();
        let options = options.clone();
        Ok(Self { grid, kinds, layer_kinds, head, hidden, weights_per_chip, embedding, options })
    }

    /// Plans of the layers in order.
    pub fn layers(&self) -> impl Iterator<Item = &LayerPlan> {
        self.layer_kinds.iter().map(|&k| &self.kinds[k])
    }

    /// Stages of all layers together, the head not counted: what bounds the tokens in flight.
    #[must_use]
    pub fn stages(&self) -> u64 {
        self.layers().map(|l| l.stages.len() as u64).sum()
    }

    /// Options that it was made with.
    #[must_use]
    pub fn options(&self) -> &MappingOptions {
        &self.options
    }

    /// The message phases of a step; empty when it transfers nothing. `layer` selects the rotation.
    #[must_use]
    pub fn step_phases(&self, plan: &LayerPlan, step: &Step, layer: usize) -> Vec<Phase> {
        let transfers: Vec<&[Leg]> = plan
            .ops(step)
            .filter_map(|op| if let Work::Transfer(legs) = &op.work { Some(legs.as_slice()) } else { None })
            .collect();
        let turn = if self.options.rotate_partners { layer % collective::ROTATIONS } else { 0 };
        phases(&transfers, self.grid, self.options.collective, self.options.link_element_bytes, turn)
    }

    /// The message phases of one transfer, partners unrotated.
    #[must_use]
    pub fn transfer_phases(&self, legs: &[Leg]) -> Vec<Phase> {
        phases(&[legs], self.grid, self.options.collective, self.options.link_element_bytes, 0)
    }

    /// Bytes of KV cache on the fullest chip for one sequence of `context` positions, windows as mapped.
    #[must_use]
    pub fn kv_bytes_per_chip(&self, context: u64) -> u64 {
        self.layers().map(|l| self.layer_kv_bytes(l, context)).sum()
    }

    /// Bytes of KV cache of one layer on the fullest chip for one sequence.
    #[must_use]
    pub fn layer_kv_bytes(&self, plan: &LayerPlan, context: u64) -> u64 {
        plan.attention
            .map_or(0, |a| a.positions_held(context) * a.stored_elements * u64::from(self.options.kv_element_bytes))
    }
}

/// Whether the query heads divide over `columns`.
fn query_heads_fit(attention: &Attention, columns: u32) -> bool {
    attention.query_heads().is_multiple_of(columns)
}

/// Whether query and KV heads divide over `columns`. With fewer KV heads than columns, columns that share a head keep a
/// copy each.
fn heads_fit(attention: &Attention, columns: u32) -> bool {
    let kv_fits = |kv: u32| kv.is_multiple_of(columns) || columns.is_multiple_of(kv);
    query_heads_fit(attention, columns) && attention.divided_kv_heads().is_none_or(kv_fits)
}

/// Whether rules place the attention.
fn check_kind(model: &str, attention: &Attention) -> Result<(), MappingError> {
    match attention {
        Attention::Gqa { .. } | Attention::Mla { indexer: None, .. } => Ok(()),
        Attention::Mla { indexer: Some(_), .. } | Attention::Delta { .. } => Err(MappingError::Attention {
            model: model.to_owned(),
            kind: attention.kind(),
            shape: attention.to_string(),
        }),
    }
}

fn check_heads(model: &str, attention: &Attention, columns: u32) -> Result<(), MappingError> {
    let error = |which, heads: u32, fits: fn(&Attention, u32) -> bool| {
        let works: Vec<String> = (1..=64).filter(|&c| fits(attention, c)).map(|c: u32| c.to_string()).collect();
        Err(MappingError::Heads { model: model.to_owned(), which, heads, columns, works: works.join(", ") })
    };
    if !query_heads_fit(attention, columns) {
        return error("query", attention.query_heads(), query_heads_fit);
    }
    match attention.divided_kv_heads() {
        Some(kv_heads) if !heads_fit(attention, columns) => error("KV", kv_heads, heads_fit),
        _ => Ok(()),
    }
}

/// The near-square grid (neither side more than twice the other) of fewest chips that holds `model` with
/// heads that divide over its columns; the squarest one if several have as few chips. Unless the design says how experts are placed,
/// the placement that takes fewer chips is: every chip has masks of its own, so chips are what a placement costs.
///
/// # Errors
/// When no grid of up to [`MAX_CHIPS`] chips does.
pub fn smallest_grid(design: &Design, model: &Model) -> Result<Grid, MappingError> {
    smallest_with(design, model, design.mapping.experts)
}

fn smallest_with(design: &Design, model: &Model, experts: ExpertPlacement) -> Result<Grid, MappingError> {
    let capacity = design.hn_array.weight_capacity;
    let error = || MappingError::NoGrid { model: model.name.clone(), capacity, limit: MAX_CHIPS };
    let unembedding = u64::from(model.hidden) * u64::from(model.vocabulary);
    let at_least = (model.hardwired_layer_weights() + unembedding).div_ceil(capacity.max(1));
    let start = u32::try_from(at_least.max(1)).map_err(|_| error())?;
    model.layers.iter().try_for_each(|layer| check_kind(&model.name, &layer.attention))?;
    for chips in start..=MAX_CHIPS {
        // Columns between the root of half and of twice the chips: neither side is more than twice the other. Sweeps call
        // this for every point that does not fit, so unsuitable shapes are excluded before anything is mapped.
        let mut shapes: Vec<Grid> = ((chips / 2).isqrt().max(1)..=(2 * chips).isqrt())
            .filter(|c| chips % c == 0)
            .map(|columns| Grid { rows: chips / columns, columns })
            .filter(|g| g.rows <= 2 * g.columns && g.columns <= 2 * g.rows)
            .filter(|g| model.layers.iter().all(|layer| heads_fit(&layer.attention, g.columns)))
            .collect();
        shapes.sort_by_key(|g| (g.rows.abs_diff(g.columns), g.columns));
        for grid in shapes {
            match Mapping::placed(&design.mapping, model, grid, capacity, experts) {
                Ok(mapping) if mapping.weights_per_chip <= capacity => return Ok(grid),
                _ => {}
            }
        }
    }
    Err(error())
}

/// Weights that one token uses on average, over all chips, replicated ones counted per chip.
#[must_use]
pub fn active_weights(mapping: &Mapping, model: &Model) -> u64 {
    let chips = u64::from(mapping.grid.chips());
    let mut total = 0;
    for (plan, layer) in mapping.layers().zip(&model.layers) {
        for matrix in plan.hn_ops() {
            total += match (matrix.experts, layer.ffn) {
                (0, _) | (_, Ffn::Dense { .. }) => matrix.weights() * chips,
                (_, Ffn::Moe { experts_per_token, .. }) => {
                    let cut = u64::from(plan.experts.chips_per_expert);
                    matrix.fan_in * matrix.fan_out * u64::from(experts_per_token) * cut
                }
            };
        }
    }
    total + mapping.head.weights_per_chip() * chips
}
