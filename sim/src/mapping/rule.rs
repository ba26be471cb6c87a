//! The rules that place operations, as values: what a rule is called, what it says and where it comes from.

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSource {
    /// HNLPU, ASPLOS '26, Sec. 5 and App. A.
    Paper,
    /// This project's extension of the paper's rules to other layers.
    Extension,
}

impl RuleSource {
    /// Citation as printed.
    #[must_use]
    pub fn citation(self) -> &'static str {
        match self {
            Self::Paper => "HNLPU, ASPLOS '26, Sec. 5 and App. A",
            Self::Extension => "extension of the paper's rules",
        }
    }
}

/// A mapping rule with the numbers that the operations placed by it do not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The table of the input embedding is divided over the chips.
    Embedding {
        /// Bytes of the table on one chip.
        table_bytes: u64,
        /// Elements of a row on one chip.
        elements: u64,
    },
    /// Query and KV heads are divided over the columns. Places no operation of its own.
    GroupedHeads {
        /// Columns of the grid.
        columns: u64,
        /// Query heads of a column.
        query_heads: u64,
        /// KV heads of a column.
        kv_heads: u64,
        /// Elements of a head.
        head_dim: u64,
    },
    /// Fewer KV heads than columns. Places no operation of its own.
    KvCopies {
        /// KV heads of the layer.
        kv_heads: u64,
        /// Columns of the grid.
        columns: u64,
    },
    /// Projections of queries, keys and values, and the reduction of the queries.
    Qkv,
    /// The new keys and values go to the chip that caches their position.
    KvStriping {
        /// Rows of the grid.
        rows: u64,
    },
    /// Scores, softmax statistics and values of a column's heads.
    Statistics {
        /// Rows of the grid.
        rows: u64,
        /// Query heads of a column.
        query_heads: u64,
    },
    /// Query heads of latent attention are divided over the columns. Places no operation of its own.
    LatentHeads {
        /// Columns of the grid.
        columns: u64,
        /// Query heads of a column.
        query_heads: u64,
        /// Elements of the latent vector without its positional part.
        latent: u64,
        /// Elements of the positional part.
        rope: u64,
    },
    /// Queries of latent attention, projected directly.
    FullQuery,
    /// Queries of latent attention, projected through a low rank.
    LowRankQuery,
    /// The latent vector of a position is cached on one chip.
    LatentStriping {
        /// Chips of the grid.
        chips: u64,
    },
    /// Attention in the latent space, with the key projection folded into the queries.
    Absorption {
        /// Query heads of the layer.
        heads: u64,
    },
    /// The output of every head is multiplied with a gate.
    OutputGate,
    /// The output projection of attention.
    Output,
    /// The router of a mixture of experts.
    Router,
    /// Routed experts.
    Experts {
        /// Experts of the layer.
        experts: u64,
        /// Experts on the chip that holds most.
        most_per_chip: u64,
        /// Experts that a token uses.
        per_token: u64,
        /// Intermediate width of an expert.
        width: u64,
        /// Chips over which every expert is cut; 1 where experts are whole.
        cut: u64,
    },
    /// Experts that every token uses.
    SharedExperts {
        /// Intermediate width of all shared experts together.
        width: u64,
    },
    /// The sum of all experts' outputs.
    ReduceExperts,
    /// A dense feed-forward part.
    Dense {
        /// Intermediate width of the layer.
        width: u64,
        /// Chips of the grid.
        chips: u64,
    },
    /// Unembedding and sampling.
    Sampling {
        /// Logits that a chip sends.
        candidates: u64,
    },
}

impl Rule {
    /// Short name, unique.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedding { .. } => "embedding",
            Self::GroupedHeads { .. } | Self::LatentHeads { .. } => "attention.heads",
            Self::KvCopies { .. } => "attention.kv-copies",
            Self::Qkv => "attention.qkv",
            Self::KvStriping { .. } => "attention.kv-striping",
            Self::Statistics { .. } => "attention.statistics",
            Self::FullQuery | Self::LowRankQuery => "attention.query",
            Self::LatentStriping { .. } => "attention.latent-striping",
            Self::Absorption { .. } => "attention.absorption",
            Self::OutputGate => "attention.gate",
            Self::Output => "attention.output",
            Self::Router => "ffn.router",
            Self::Experts { .. } => "ffn.experts",
            Self::SharedExperts { .. } => "ffn.shared",
            Self::ReduceExperts => "ffn.all-reduce",
            Self::Dense { .. } => "ffn.dense",
            Self::Sampling { .. } => "head.sampling",
        }
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> RuleSource {
        match self {
            Self::GroupedHeads { .. }
            | Self::Qkv
            | Self::KvStriping { .. }
            | Self::Statistics { .. }
            | Self::Output
            | Self::Router
            | Self::Experts { cut: 1, .. }
            | Self::ReduceExperts => RuleSource::Paper,
            Self::Embedding { .. }
            | Self::KvCopies { .. }
            | Self::LatentHeads { .. }
            | Self::FullQuery
            | Self::LowRankQuery
            | Self::LatentStriping { .. }
            | Self::Absorption { .. }
            | Self::OutputGate
            | Self::Experts { .. }
            | Self::SharedExperts { .. }
            | Self::Dense { .. }
            | Self::Sampling { .. } => RuleSource::Extension,
        }
    }

    /// What it says, without the operations that it placed.
    pub(super) fn principle(&self) -> String {
        match *self {
            Self::Embedding { table_bytes, elements } => format!(
                "the embedding table lies in HBM, divided over the chips by columns, {table_bytes} bytes on a chip; a token \
                 reads {elements} elements of its row on every chip, which are gathered on all chips"
            ),
            Self::GroupedHeads { columns, query_heads, kv_heads, head_dim } => format!(
                "each of {columns} columns owns {query_heads} query heads and {kv_heads} KV heads of {head_dim} elements"
            ),
            Self::KvCopies { kv_heads, columns } => format!(
                "{kv_heads} KV heads on {columns} columns: {} columns share a head and keep a copy each",
                columns / kv_heads
            ),
            Self::Qkv => "chip (r, c) projects its row's slice of the hidden vector to its column's heads".to_owned(),
            Self::KvStriping { rows } => {
                format!(
                    "K and V are reduced to the chip in row (position mod {rows}) of their column, which caches them"
                )
            }
            Self::Statistics { rows, query_heads } => format!(
                "each chip scores context/{rows} positions; maximum and sum of {query_heads} heads, then partial outputs, \
                 are reduced within the column"
            ),
            Self::LatentHeads { columns, query_heads, latent, rope } => format!(
                "each of {columns} columns owns {query_heads} query heads; keys and values are one latent vector of \
                 {latent} + {rope} elements per position for all heads"
            ),
            Self::FullQuery => "queries are projected as in grouped-query attention".to_owned(),
            Self::LowRankQuery => {
                "queries pass a low rank that is gathered on every chip; the up-projection is split over rows"
                    .to_owned()
            }
            Self::LatentStriping { chips } => format!(
                "the latent of a position is cached once, on chip (position mod {chips}); it is striped by position, not \
                 split by column"
            ),
            Self::Absorption { heads } => format!(
                "Wk is folded into the query, split over rows; the queries of all {heads} heads go to every chip, \
                 statistics are all-reduced over all chips, outputs return to their column"
            ),
            Self::OutputGate => {
                "gates are projected and reduced with the queries; every chip of a column multiplies its heads with them"
                    .to_owned()
            }
            Self::Output => {
                "chip (r, c) projects its column's heads to its row's slice of the hidden vector".to_owned()
            }
            Self::Router => "the router is replicated on every chip".to_owned(),
            Self::Experts { experts, most_per_chip, per_token, width, cut } if cut > 1 => format!(
                "experts are cut, because whole ones do not fit on this grid or the design asks for it: every {cut} chips share up to \
                 {most_per_chip} of {experts} experts of width {width} ({per_token} active), a part of the width each; no \
                 traffic between up, gate and down"
            ),
            Self::Experts { experts, most_per_chip, per_token, width, .. } => format!(
                "chip n holds up to {most_per_chip} of {experts} experts of width {width} ({per_token} active); no traffic \
                 between up, gate and down"
            ),
            Self::SharedExperts { width } => {
                format!("shared experts of width {width} are split over all chips like a dense layer")
            }
            Self::ReduceExperts => {
                "every chip sends its partial Y, with or without an active expert, in an all-chip all-reduce".to_owned()
            }
            Self::Dense { width, chips } => {
                format!("the intermediate width {width} is split over all {chips} chips, then reduced over all chips")
            }
            Self::Sampling { candidates } => format!(
                "the vocabulary is split over all chips; every chip gets the {candidates} largest logits of each, with \
                 their token ids"
            ),
        }
    }
}
