//! The paper's mapping rules, for any supported layer on any R x C grid.
//!
//! Source: HNLPU, ASPLOS '26, Sec. 5 and Fig. 11, App. A for gpt-oss; what other layers need (dense
//! feed-forward parts, latent attention, shared experts) is our extension and says so. Chip (r, c) sits in
//! row r and column c. Uneven slices are rounded up: the fullest chip sets the pace.

use designs::{AllChip, Attention, Ffn, Grid, Layer, MappingOptions};

use super::collective::Collective;
use super::plan::{AttentionCost, Elements, LayerPlan, Leg, Matrix, Owner, PlanBuilder, Scope, Work};

/// One rule as text for people, with the numbers filled in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rule {
    /// Short name.
    pub rule: &'static str,
    /// What it says here.
    pub statement: String,
    /// Where it comes from.
    pub source: &'static str,
}

const PAPER: &str = "HNLPU, ASPLOS '26, Sec. 5 and App. A";
const OURS: &str = "extension of the paper's rules";

/// Elements of a cached vector and queries on it that one vector operation covers: a gpt-oss-120B head of
/// 64 elements shared by 8 query heads, the case for which the paper states 32 cached heads per cycle.
const VECTOR_ELEMENTS: u64 = 64;
const VECTOR_QUERIES: u64 = 8;

/// Vector operations in which `vectors` cached vectors of `elements` each meet `queries` queries.
#[must_use]
pub fn vector_operations(vectors: u64, elements: u64, queries: u64) -> u64 {
    let each = elements.div_ceil(VECTOR_ELEMENTS).saturating_mul(queries.div_ceil(VECTOR_QUERIES));
    vectors.saturating_mul(each)
}

/// What the rules of all layers share.
pub struct Rules<'a> {
    /// Grid of chips.
    pub grid: Grid,
    /// Width of the residual stream.
    pub hidden: u64,
    /// Choices.
    pub options: &'a MappingOptions,
}

fn hn(fan_in: u64, fan_out: u64) -> Work {
    Work::Hn(Matrix { fan_in, fan_out, experts: 0 })
}

fn group(collective: Collective, scope: Scope, elements: u64) -> Leg {
    Leg::Group { collective, scope, elements }
}

fn nonlinear(elements: u64) -> Work {
    Work::Nonlinear(Elements::Fixed(elements))
}

impl Rules<'_> {
    fn rows(&self) -> u64 {
        u64::from(self.grid.rows)
    }

    fn columns(&self) -> u64 {
        u64::from(self.grid.columns)
    }

    fn chips(&self) -> u64 {
        self.rows() * self.columns()
    }

    fn hidden_slice(&self) -> u64 {
        self.hidden.div_ceil(self.rows())
    }

    /// All-reduce over all chips, in the scheme of the options.
    fn all_reduce(&self, elements: u64) -> Vec<Leg> {
        match self.options.all_chip {
            AllChip::RowThenColumn => vec![
                group(Collective::AllReduce, Scope::Row, elements),
                group(Collective::AllReduce, Scope::Column, elements),
            ],
            AllChip::Hierarchical => vec![
                group(Collective::ReduceScatter, Scope::Row, elements),
                group(Collective::AllReduce, Scope::Column, elements.div_ceil(self.columns())),
                group(Collective::AllGather, Scope::Row, elements),
            ],
        }
    }

    /// The plan of one layer.
    #[must_use]
    pub fn layer(&self, layer: &Layer) -> LayerPlan {
        let attention = match layer.attention {
            Attention::Gqa { .. } => "GQA",
            Attention::Mla { .. } => "MLA",
        };
        let ffn = match layer.ffn {
            Ffn::Dense { .. } => "dense",
            Ffn::Moe { .. } => "MoE",
        };
        let window = if self.options.sliding_windows { layer.window } else { None };
        let name = match window {
            Some(w) => format!("{attention} (window {w}) + {ffn}"),
            None => format!("{attention} + {ffn}"),
        };
        let mut plan = PlanBuilder::new(name, self.options.link_element_bytes);
        let mut cost = match layer.attention {
            Attention::Gqa { query_heads, kv_heads, head_dim } => {
                self.gqa(&mut plan, query_heads.into(), kv_heads.into(), head_dim.into())
            }
            Attention::Mla { heads, q_lora, kv_lora, nope, rope, v } => {
                self.mla(&mut plan, heads.into(), q_lora.map(u64::from), [kv_lora, nope, rope, v].map(u64::from))
            }
        };
        cost.window = window;
        let experts = match layer.ffn {
            Ffn::Dense { width } => {
                self.dense(&mut plan, width.into());
                (0, 0, 0)
            }
            Ffn::Moe { experts, experts_per_token, width, shared_width } => {
                let here = u64::from(experts).div_ceil(self.chips()) as u32;
                self.moe(&mut plan, experts.into(), here, width.into(), shared_width.into());
                (experts, experts_per_token, here)
            }
        };
        plan.finish(Some(cost), experts)
    }

    fn gqa(&self, plan: &mut PlanBuilder, query_heads: u64, kv_heads: u64, dim: u64) -> AttentionCost {
        let heads = query_heads / self.columns();
        let kv = (kv_heads / self.columns()).max(1);
        let (q, kv_dim) = (heads * dim, kv * dim);
        plan.stage("1 norm, HN Q/K/V");
        plan.op("attention_norm", nonlinear(self.hidden), &[], ("x_norm", self.hidden, Owner::Every));
        let slice = self.hidden_slice();
        plan.step(vec![
            ("q_proj", hn(slice, q), vec!["x_norm"], ("q_partial", q, Owner::Chip)),
            ("k_proj", hn(slice, kv_dim), vec!["x_norm"], ("k_partial", kv_dim, Owner::Chip)),
            ("v_proj", hn(slice, kv_dim), vec!["x_norm"], ("v_partial", kv_dim, Owner::Chip)),
        ]);
        plan.stage("2 column all-reduce of Q, K and V to the position's chip, scores");
        plan.step(vec![
            (
                "q_all_reduce",
                Work::Transfer(vec![group(Collective::AllReduce, Scope::Column, q)]),
                vec!["q_partial"],
                ("q", q, Owner::Column),
            ),
            (
                "kv_to_owner",
                Work::Transfer(vec![Leg::ToOwnerRow { elements: 2 * kv_dim }]),
                vec!["k_partial", "v_partial"],
                ("kv_new", 2 * kv_dim, Owner::Position),
            ),
        ]);
        plan.op("rotary", nonlinear(q + kv_dim), &["q", "kv_new"], ("q_rot", q, Owner::Column));
        plan.op("scores", Work::Scores, &["q_rot", "kv_new"], ("scores", heads, Owner::Chip));
        self.softmax_and_values(plan, heads, heads * dim, Scope::Column);
        plan.stage("4 HN Wo, row all-reduce, column all-gather");
        self.output_projection(plan, q);
        let queries = (query_heads / kv_heads).min(heads);
        let vectors = vector_operations(kv, dim, queries);
        AttentionCost {
            stripes: self.grid.rows,
            score_elements: kv_dim,
            value_elements: kv_dim,
            stored_elements: 2 * kv_dim,
            score_vectors: vectors,
            value_vectors: vectors,
            macs: 2 * heads * dim,
            window: None,
        }
    }

    /// Statistics, values and the reduction of the attention output within the cache's stripes.
    fn softmax_and_values(&self, plan: &mut PlanBuilder, heads: u64, output: u64, scope: Scope) {
        plan.stage("3 all-reduce of softmax statistics, values, all-reduce of the output");
        // Two numbers a head: the running maximum and the sum of exponentials.
        let statistics = Work::Transfer(vec![group(Collective::AllReduce, scope, 2 * heads)]);
        plan.op("statistics_all_reduce", statistics, &["scores"], ("statistics", 2 * heads, Owner::Column));
        plan.op("softmax_merge", nonlinear(2 * heads), &["statistics"], ("probabilities", heads, Owner::Chip));
        plan.op("values", Work::Values, &["probabilities", "scores", "kv_new"], ("o_partial", output, Owner::Chip));
        let reduce = Work::Transfer(vec![group(Collective::AllReduce, scope, output)]);
        plan.op("o_all_reduce", reduce, &["o_partial"], ("o", output, Owner::Column));
    }

    fn output_projection(&self, plan: &mut PlanBuilder, inputs: u64) {
        let slice = self.hidden_slice();
        plan.op("o_proj", hn(inputs, slice), &["o"], ("xo_partial", slice, Owner::Chip));
        let legs = vec![
            group(Collective::AllReduce, Scope::Row, slice),
            group(Collective::AllGather, Scope::Column, self.hidden),
        ];
        plan.op("xo_exchange", Work::Transfer(legs), &["xo_partial"], ("xo", self.hidden, Owner::Every));
    }

    fn mla(
        &self,
        plan: &mut PlanBuilder,
        heads: u64,
        q_lora: Option<u64>,
        [latent, nope, rope, v]: [u64; 4],
    ) -> AttentionCost {
        let (rows, columns) = (self.rows(), self.columns());
        let own = heads / columns;
        let slice = self.hidden_slice();
        let cached = latent + rope;
        let cached_part = cached.div_ceil(columns);
        let q = own * (nope + rope);
        let to_owner =
            Work::Transfer(vec![Leg::ToOwnerRow { elements: cached_part }, Leg::ToOwnerChip { elements: cached_part }]);
        plan.stage("1 norm, HN query and latent down-projections");
        plan.op("attention_norm", nonlinear(self.hidden), &[], ("x_norm", self.hidden, Owner::Every));
        let latent_op = ("kv_a_proj", hn(slice, cached_part), vec!["x_norm"], ("kv_partial", cached_part, Owner::Chip));
        let latent_out = ("kv_to_owner", to_owner, vec!["kv_partial"], ("kv_new", cached, Owner::Position));
        if let Some(rank) = q_lora {
            let part = rank.div_ceil(columns);
            plan.step(vec![
                ("q_a_proj", hn(slice, part), vec!["x_norm"], ("qa_partial", part, Owner::Chip)),
                latent_op,
            ]);
            plan.stage("2 column all-reduce and row all-gather, HN query up-projection");
            let legs =
                vec![group(Collective::AllReduce, Scope::Column, part), group(Collective::AllGather, Scope::Row, rank)];
            plan.step(vec![
                ("q_a_exchange", Work::Transfer(legs), vec!["qa_partial"], ("qa", rank, Owner::Every)),
                latent_out,
            ]);
            plan.op("latent_norm", nonlinear(rank + cached), &["qa", "kv_new"], ("qa_norm", rank, Owner::Every));
            plan.op("q_b_proj", hn(rank.div_ceil(rows), q), &["qa_norm"], ("q_partial", q, Owner::Chip));
        } else {
            plan.step(vec![("q_proj", hn(slice, q), vec!["x_norm"], ("q_partial", q, Owner::Chip)), latent_op]);
            plan.stage("2 latent to the position's chip");
            plan.step(vec![latent_out]);
            plan.op("latent_norm", nonlinear(cached), &["kv_new"], ("kv_norm", cached, Owner::Position));
        }
        plan.stage("2b column all-reduce of Q, HN absorption, queries to all chips, scores");
        let reduce = Work::Transfer(vec![group(Collective::AllReduce, Scope::Column, q)]);
        plan.op("q_all_reduce", reduce, &["q_partial"], ("q", q, Owner::Column));
        plan.op("rotary", nonlinear(own * rope + rope), &["q", "kv_new"], ("q_rot", q, Owner::Column));
        // Wk folded into the query (absorption): scores are taken against the cached latent vector itself.
        let absorbed = own * latent.div_ceil(rows);
        let absorb = Work::Hn(Matrix { fan_in: nope, fan_out: absorbed, experts: 0 });
        plan.op("k_absorb", absorb, &["q_rot"], ("ql_part", absorbed, Owner::Chip));
        let legs = vec![
            group(Collective::AllGather, Scope::Column, own * latent),
            group(Collective::AllGather, Scope::Row, heads * cached),
        ];
        plan.op("q_gather", Work::Transfer(legs), &["ql_part", "q_rot"], ("q_all", heads * cached, Owner::Every));
        plan.op("scores", Work::Scores, &["q_all", "kv_new"], ("scores", heads, Owner::Chip));
        plan.stage("3 all-chip all-reduce of softmax statistics, values, output back to its column");
        let statistics = Work::Transfer(self.all_reduce(2 * heads));
        plan.op("statistics_all_reduce", statistics, &["scores"], ("statistics", 2 * heads, Owner::Every));
        plan.op("softmax_merge", nonlinear(2 * heads), &["statistics"], ("probabilities", heads, Owner::Chip));
        let output = heads * latent;
        plan.op("values", Work::Values, &["probabilities", "scores", "kv_new"], ("ol_partial", output, Owner::Chip));
        let legs = vec![
            group(Collective::ReduceScatter, Scope::Row, output),
            group(Collective::AllReduce, Scope::Column, own * latent),
        ];
        plan.op("ol_exchange", Work::Transfer(legs), &["ol_partial"], ("ol", own * latent, Owner::Column));
        plan.stage("4 HN value up-projection, HN Wo, row all-reduce, column all-gather");
        let part = own * v.div_ceil(rows);
        plan.op("v_up_proj", hn(latent, part), &["ol"], ("o_part", part, Owner::Chip));
        let gather = Work::Transfer(vec![group(Collective::AllGather, Scope::Column, own * v)]);
        plan.op("o_gather", gather, &["o_part"], ("o", own * v, Owner::Column));
        self.output_projection(plan, own * v);
        AttentionCost {
            stripes: self.grid.chips(),
            score_elements: cached,
            value_elements: latent,
            stored_elements: cached,
            score_vectors: vector_operations(1, cached, heads),
            value_vectors: vector_operations(1, latent, heads),
            macs: heads * (cached + latent),
            window: None,
        }
    }

    fn moe(&self, plan: &mut PlanBuilder, experts: u64, here: u32, width: u64, shared: u64) {
        plan.stage("5 norm, HN router, top-k");
        plan.op("ffn_norm", nonlinear(self.hidden), &["xo"], ("h_norm", self.hidden, Owner::Every));
        plan.op("router", hn(self.hidden, experts), &["h_norm"], ("logits", experts, Owner::Every));
        plan.op("top_k", nonlinear(experts), &["logits"], ("chosen", experts, Owner::Every));
        plan.stage("6 softmax, HN up/gate, SwiGLU, HN down, expert weights, all-chip all-reduce");
        plan.op("expert_softmax", nonlinear(experts), &["chosen"], ("expert_weights", experts, Owner::Every));
        let expert = |fan_in, fan_out| Work::Hn(Matrix { fan_in, fan_out, experts: here });
        let part = shared.div_ceil(self.chips());
        let mut up = vec![
            ("up_proj", expert(self.hidden, width), vec!["h_norm", "chosen"], ("up", width, Owner::Chip)),
            ("gate_proj", expert(self.hidden, width), vec!["h_norm", "chosen"], ("gate", width, Owner::Chip)),
        ];
        let mut activation = vec![(
            "swiglu",
            Work::Nonlinear(Elements::PerActiveExpert(width)),
            vec!["up", "gate"],
            ("act", width, Owner::Chip),
        )];
        let mut down =
            vec![("down_proj", expert(width, self.hidden), vec!["act"], ("y_experts", self.hidden, Owner::Chip))];
        if shared > 0 {
            up.push(("shared_up_proj", hn(self.hidden, part), vec!["h_norm"], ("s_up", part, Owner::Chip)));
            up.push(("shared_gate_proj", hn(self.hidden, part), vec!["h_norm"], ("s_gate", part, Owner::Chip)));
            activation.push(("shared_swiglu", nonlinear(part), vec!["s_up", "s_gate"], ("s_act", part, Owner::Chip)));
            down.push((
                "shared_down_proj",
                hn(part, self.hidden),
                vec!["s_act"],
                ("y_shared", self.hidden, Owner::Chip),
            ));
        }
        plan.step(up);
        plan.step(activation);
        plan.step(down);
        let weigh = Work::Nonlinear(Elements::PerActiveExpert(self.hidden));
        plan.op("weigh", weigh, &["y_experts", "y_shared", "expert_weights"], ("y_partial", self.hidden, Owner::Chip));
        let reduce = Work::Transfer(self.all_reduce(self.hidden));
        plan.op("y_all_reduce", reduce, &["y_partial"], ("y", self.hidden, Owner::Every));
    }

    fn dense(&self, plan: &mut PlanBuilder, width: u64) {
        let part = width.div_ceil(self.chips());
        plan.stage("5 norm, HN up/gate, SwiGLU, HN down, all-chip all-reduce");
        plan.op("ffn_norm", nonlinear(self.hidden), &["xo"], ("h_norm", self.hidden, Owner::Every));
        plan.step(vec![
            ("up_proj", hn(self.hidden, part), vec!["h_norm"], ("up", part, Owner::Chip)),
            ("gate_proj", hn(self.hidden, part), vec!["h_norm"], ("gate", part, Owner::Chip)),
        ]);
        plan.op("swiglu", nonlinear(part), &["up", "gate"], ("act", part, Owner::Chip));
        plan.op("down_proj", hn(part, self.hidden), &["act"], ("y_partial", self.hidden, Owner::Chip));
        let reduce = Work::Transfer(self.all_reduce(self.hidden));
        plan.op("y_all_reduce", reduce, &["y_partial"], ("y", self.hidden, Owner::Every));
    }

    /// Final norm, unembedding, local top-k, exchange of candidates, sampling.
    #[must_use]
    pub fn head(&self, vocabulary: u64) -> LayerPlan {
        let part = vocabulary.div_ceil(self.chips());
        // A candidate is a logit and a 4-byte token id.
        let id_elements = 4u64.div_ceil(u64::from(self.options.link_element_bytes));
        let candidates = u64::from(self.options.sampling_candidates) * (1 + id_elements);
        let mut plan = PlanBuilder::new("head".to_owned(), self.options.link_element_bytes);
        plan.stage("head: norm, HN unembedding, local top-k, exchange of candidates, sampling");
        plan.op("final_norm", nonlinear(self.hidden), &[], ("x_norm", self.hidden, Owner::Every));
        plan.op("unembed", hn(self.hidden, part), &["x_norm"], ("logits", part, Owner::Chip));
        plan.op("local_top_k", nonlinear(part), &["logits"], ("candidates", candidates, Owner::Chip));
        let legs = vec![
            group(Collective::AllGather, Scope::Row, candidates * self.columns()),
            group(Collective::AllGather, Scope::Column, candidates * self.chips()),
        ];
        let all = candidates * self.chips();
        plan.op("candidate_gather", Work::Transfer(legs), &["candidates"], ("all_candidates", all, Owner::Every));
        plan.op("sample", nonlinear(all), &["all_candidates"], ("token", 1, Owner::Every));
        plan.finish(None, (0, 0, 0))
    }

    /// The rules that apply to `layer`, in words.
    #[must_use]
    pub fn explain(&self, layer: &Layer) -> Vec<Rule> {
        let (rows, columns, chips) = (self.rows(), self.columns(), self.chips());
        let slice = self.hidden_slice();
        let mut rules = Vec::new();
        let mut add = |rule, source, statement| rules.push(Rule { rule, statement, source });
        match layer.attention {
            Attention::Gqa { query_heads, kv_heads, head_dim } => {
                let (q, kv) = (u64::from(query_heads) / columns, (u64::from(kv_heads) / columns).max(1));
                let dim = u64::from(head_dim);
                add(
                    "attention.heads",
                    PAPER,
                    format!("each of {columns} columns owns {q} query heads and {kv} KV heads of {dim} elements"),
                );
                if u64::from(kv_heads) < columns {
                    add(
                        "attention.kv-copies",
                        OURS,
                        format!(
                            "{kv_heads} KV heads on {columns} columns: {} columns share a head and keep a copy each",
                            columns / u64::from(kv_heads)
                        ),
                    );
                }
                add(
                    "attention.qkv",
                    PAPER,
                    format!(
                        "chip (r, c) holds a Wq slice {slice} x {} and Wk, Wv slices {slice} x {}; column all-reduce of Q (1, {})",
                        q * dim,
                        kv * dim,
                        q * dim
                    ),
                );
                add(
                    "attention.kv-striping",
                    PAPER,
                    format!(
                        "K and V are reduced to the chip in row (position mod {rows}) of their column, which caches them"
                    ),
                );
                add(
                    "attention.statistics",
                    PAPER,
                    format!(
                        "each chip scores context/{rows} positions; column all-reduce of maximum and sum of {q} heads, then of partial outputs (1, {})",
                        q * dim
                    ),
                );
                add(
                    "attention.output",
                    PAPER,
                    format!(
                        "chip (r, c) holds Wo {} x {slice}; row all-reduce of (1, {slice}), column all-gather to (1, {})",
                        q * dim,
                        self.hidden
                    ),
                );
            }
            Attention::Mla { heads, q_lora, kv_lora, rope, .. } => {
                let own = u64::from(heads) / columns;
                add(
                    "attention.heads",
                    OURS,
                    format!(
                        "each of {columns} columns owns {own} query heads; keys and values are one latent vector of {kv_lora} + {rope} elements per position for all heads"
                    ),
                );
                if let Some(rank) = q_lora {
                    add(
                        "attention.query",
                        OURS,
                        format!(
                            "query down-projection: slice {slice} x {} per chip, column all-reduce, row all-gather to (1, {rank}); up-projection split over rows, column all-reduce",
                            u64::from(rank).div_ceil(columns)
                        ),
                    );
                }
                add(
                    "attention.latent-striping",
                    OURS,
                    format!(
                        "the latent of a position is cached once, on chip (position mod {chips}); it is striped by position, not split by column"
                    ),
                );
                add(
                    "attention.absorption",
                    OURS,
                    format!(
                        "Wk is folded into the query, split over rows; the queries of all {heads} heads go to every chip, statistics are all-reduced over all chips, outputs return to their column"
                    ),
                );
            }
        }
        match layer.ffn {
            Ffn::Moe { experts, experts_per_token, width, shared_width } => {
                add("ffn.router", PAPER, format!("the router {} x {experts} is replicated on every chip", self.hidden));
                add(
                    "ffn.experts",
                    PAPER,
                    format!(
                        "chip n holds up to {} of {experts} experts of width {width} ({experts_per_token} active); no traffic between up, gate and down",
                        u64::from(experts).div_ceil(chips)
                    ),
                );
                if shared_width > 0 {
                    add(
                        "ffn.shared",
                        OURS,
                        format!("shared experts of width {shared_width} are split over all chips like a dense layer"),
                    );
                }
                add(
                    "ffn.all-reduce",
                    PAPER,
                    format!(
                        "every chip sends its partial Y (1, {}), with or without an active expert, in an all-chip all-reduce",
                        self.hidden
                    ),
                );
            }
            Ffn::Dense { width } => {
                add(
                    "ffn.dense",
                    OURS,
                    format!(
                        "the intermediate width {width} is split over all {chips} chips ({} each), then an all-chip all-reduce of (1, {})",
                        u64::from(width).div_ceil(chips),
                        self.hidden
                    ),
                );
            }
        }
        rules
    }
}
