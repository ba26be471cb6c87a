//! Upper bounds on the speed at which a programmable machine serves a model: the roofline of memory and arithmetic.
//!
//! A step generates one token for each of B users and moves the weights it touches once and every user's KV cache:
//! `t_step = max((weights(B) + B kv) / bandwidth, B flop / peak)`. Of E experts, k per token and evenly routed,
//! `E (1 - (1 - k/E)^B)` are touched. Prompts cost arithmetic alone: `t_prompt = input flop / peak`, and delay the steps they
//! share the machine with, so that a user gets `1 / (t_step + B t_prompt / output)` tokens per second. Windows of the model
//! limit attention and cache, weights have their released format, the cache 16 bits. This is a bound because it leaves out
//! launches, synchronisation, links between units and every loss below peak. Units: seconds, bytes, operations.

use designs::{Ffn, Model};

/// Bytes of a cached element.
const KV_BYTES: f64 = 2.0;
/// Bits of a weight outside the experts of MXFP4 releases, and of all weights of 16-bit ones.
const WIDE_BITS: f64 = 16.0;
/// Bits of an MXFP4 weight: 4, and 8 of scale for every 32.
const MXFP4_BITS: f64 = 4.25;

/// Units that serve one copy of the model, added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// Memory of all units, bytes.
    pub memory_bytes: f64,
    /// Its bandwidth, bytes per second.
    pub bytes_per_s: f64,
    /// Peak arithmetic, operations per second.
    pub flops: f64,
}

/// Tokens of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Prompt tokens of a request.
    pub input: f64,
    /// Generated tokens of a request.
    pub output: f64,
}

impl Traffic {
    /// Mean context of a generated token.
    #[must_use]
    pub fn mean_context(&self) -> f64 {
        self.input + self.output / 2.0
    }
}

/// A bound at some number of users.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Users at once.
    pub users: f64,
    /// Tokens per second that a user gets.
    pub per_user: f64,
    /// Generated tokens per second of all users.
    pub output_tokens_per_s: f64,
    /// Prompt and generated tokens per second of all users.
    pub total_tokens_per_s: f64,
}

/// Bytes and operations that a model needs per token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// All weights, both tables of the vocabulary among them.
    stored_bytes: f64,
    /// Weights every step reads.
    dense_bytes: f64,
    /// All routed experts of all layers.
    expert_bytes: f64,
    /// Share of a layer's experts that a token uses; 1 without experts.
    expert_share: f64,
    /// Multiply-adds of a token in matrices, times two.
    matrix_flop: f64,
}

/// Bits of a weight inside and outside routed experts in a released format; 16 for every format that is not listed.
fn bits(format: &str) -> (f64, f64) {
    match format {
        "mxfp4" => (MXFP4_BITS, WIDE_BITS),
        "fp8" => (8.0, 8.0),
        _ => (WIDE_BITS, WIDE_BITS),
    }
}

impl Demand {
    /// The demand of `model`.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let hidden = f64::from(model.hidden);
        let table = hidden * f64::from(model.vocabulary);
        let (expert_bits, other_bits) = bits(&model.weight_format);
        let (mut dense, mut experts, mut active, mut share) = (0.0, 0.0, 0.0, 1.0);
        for layer in &model.layers {
            let attention = layer.attention.weights(model.hidden) as f64;
            let all = layer.ffn.weights(model.hidden) as f64;
            active += attention + layer.ffn.active_weights(model.hidden) as f64;
            let routed = match layer.ffn {
                Ffn::Dense { .. } => 0.0,
                Ffn::Moe { experts, experts_per_token, width, .. } => {
                    share = f64::from(experts_per_token) / f64::from(experts.max(1));
                    3.0 * hidden * f64::from(experts) * f64::from(width)
                }
            };
            experts += routed;
            dense += attention + all - routed;
        }
        let tables = if model.tied_embeddings { 1.0 } else { 2.0 };
        let bytes = |weights: f64, bits: f64| weights * bits / 8.0;
        // All releases read here keep the vocabulary tables at 16 bits.
        Self {
            stored_bytes: bytes(dense, other_bits) + bytes(experts, expert_bits) + bytes(tables * table, WIDE_BITS),
            dense_bytes: bytes(dense, other_bits) + bytes(table, WIDE_BITS),
            expert_bytes: bytes(experts, expert_bits),
            expert_share: share,
            matrix_flop: 2.0 * (active + table),
        }
    }

    /// Bytes of all weights.
    #[must_use]
    pub fn stored_bytes(&self) -> f64 {
        self.stored_bytes
    }

    /// Weights that a step for `users` users reads, bytes.
    #[must_use]
    pub fn step_bytes(&self, users: f64) -> f64 {
        self.dense_bytes + self.expert_bytes * (1.0 - libm::pow(1.0 - self.expert_share, users))
    }
}

/// KV cache of a sequence of `context` positions, bytes.
fn cache_bytes(model: &Model, context: f64) -> f64 {
    let of = |layer: &designs::Layer| {
        let positions = layer.window.map_or(context, |window| context.min(f64::from(window)));
        positions * layer.attention.kv_elements_per_position() as f64 * KV_BYTES
    };
    model.layers.iter().map(of).sum()
}

/// Operations of attention for one token at `context`.
fn attention_flop(model: &Model, context: f64) -> f64 {
    let of = |layer: &designs::Layer| {
        let positions = layer.window.map_or(context, |window| context.min(f64::from(window)));
        2.0 * layer.attention.multiply_adds_per_position() * positions
    };
    model.layers.iter().map(of).sum()
}

/// A model on a machine under some traffic.
#[derive(Debug, Clone, Copy)]
pub struct Roofline {
    machine: Machine,
    demand: Demand,
    traffic: Traffic,
    cache_mean: f64,
    cache_full: f64,
    step_flop: f64,
    prompt_s: f64,
}

impl Roofline {
    /// Prepares bounds; `None` where weights and one user's cache do not fit.
    #[must_use]
    pub fn new(model: &Model, machine: Machine, traffic: Traffic) -> Option<Self> {
        let demand = Demand::new(model);
        let token = |context: f64| demand.matrix_flop + attention_flop(model, context);
        let roofline = Self {
            machine,
            demand,
            traffic,
            cache_mean: cache_bytes(model, traffic.mean_context()),
            cache_full: cache_bytes(model, traffic.input + traffic.output),
            step_flop: token(traffic.mean_context()),
            prompt_s: traffic.input * token(traffic.input / 2.0) / machine.flops,
        };
        (roofline.most_users() >= 1.0).then_some(roofline)
    }

    /// Memory that the weights and one user's cache take, bytes.
    #[must_use]
    pub fn least_memory(model: &Model, traffic: Traffic) -> f64 {
        Demand::new(model).stored_bytes + cache_bytes(model, traffic.input + traffic.output)
    }

    /// Users whose caches fit beside the weights.
    #[must_use]
    pub fn most_users(&self) -> f64 {
        ((self.machine.memory_bytes - self.demand.stored_bytes) / self.cache_full).floor()
    }

    fn step_s(&self, users: f64) -> f64 {
        let bytes = self.demand.step_bytes(users) + users * self.cache_mean;
        (bytes / self.machine.bytes_per_s).max(users * self.step_flop / self.machine.flops)
    }

    /// Speed of one user alone once the prompt is read, tokens per second.
    #[must_use]
    pub fn user_tokens_per_s(&self) -> f64 {
        1.0 / self.step_s(1.0)
    }

    /// The bound with `users` users at once, prompts included.
    #[must_use]
    pub fn at(&self, users: f64) -> Point {
        let per_user = 1.0 / (self.step_s(users) + users * self.prompt_s / self.traffic.output);
        let output = users * per_user;
        let total = output * (self.traffic.input + self.traffic.output) / self.traffic.output;
        Point { users, per_user, output_tokens_per_s: output, total_tokens_per_s: total }
    }

    /// The bound with as many users as fit.
    #[must_use]
    pub fn filled(&self) -> Point {
        self.at(self.most_users())
    }

    /// The bound with as many users as fit and get `per_user` tokens per second each; `None` where not even one does.
    #[must_use]
    pub fn at_speed(&self, per_user: f64) -> Option<Point> {
        // A user's speed falls with the number of users: bisect on whole users.
        let (mut low, mut high) = (1.0, self.most_users());
        if self.at(low).per_user < per_user {
            return None;
        }
        while low < high {
            let middle = ((low + high + 1.0) / 2.0).floor();
            if self.at(middle).per_user >= per_user {
                low = middle;
            } else {
                high = middle - 1.0;
            }
        }
        Some(self.at(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use designs::load;

    fn model(name: &str) -> Model {
        load::model(name, &load::no_files).unwrap()
    }

    const H100: Machine = Machine { memory_bytes: 80e9, bytes_per_s: 3.35e12, flops: 989.4e12 };
    const TRAFFIC: Traffic = Traffic { input: 1024.0, output: 1024.0 };

    #[test]
    fn weights_have_the_size_of_the_release() {
        // The released checkpoint of gpt-oss-120b has 60.8 GiB, its active share 5.1 billion weights.
        let demand = Demand::new(&model("gpt-oss-120b"));
        assert!((demand.stored_bytes() / (60.8 * 1.073_741_824e9) - 1.0).abs() < 0.01, "{}", demand.stored_bytes());
        assert!((demand.matrix_flop / 2.0 / 5.1e9 - 1.0).abs() < 0.03, "{}", demand.matrix_flop);
        // One user touches 4 of 128 experts, many users all.
        assert!((demand.step_bytes(1.0) - demand.dense_bytes - demand.expert_bytes / 32.0).abs() < 1.0);
        assert!((demand.step_bytes(1e6) - demand.dense_bytes - demand.expert_bytes).abs() < 1.0);
    }

    #[test]
    fn a_dense_model_alone_is_bound_by_its_weights() {
        let llama = model("llama-3-1-8b");
        let roofline = Roofline::new(&llama, H100, Traffic { input: 1.0, output: 1.0 }).unwrap();
        let weights = (llama.parameters() - 128_256 * 4096) as f64 * 2.0;
        assert!((roofline.user_tokens_per_s() / (3.35e12 / weights) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn many_users_of_long_prompts_are_bound_by_arithmetic() {
        let roofline = Roofline::new(&model("llama-3-1-8b"), H100, Traffic { input: 4096.0, output: 1.0 }).unwrap();
        let flop = Demand::new(&model("llama-3-1-8b")).matrix_flop;
        let total = roofline.filled().total_tokens_per_s;
        assert!(total < 989.4e12 / flop && total > 0.6 * 989.4e12 / flop, "{total}");
    }

    #[test]
    fn speed_falls_and_throughput_rises_with_users() {
        let roofline = Roofline::new(&model("gpt-oss-120b"), H100, TRAFFIC).unwrap();
        let points: Vec<Point> = (1..=roofline.most_users() as u32).map(|n| roofline.at(f64::from(n))).collect();
        for pair in points.windows(2) {
            assert!(pair[1].per_user < pair[0].per_user);
            assert!(pair[1].output_tokens_per_s > pair[0].output_tokens_per_s);
        }
        for speed in [60.0, 100.0, 200.0] {
            let found = roofline.at_speed(speed).unwrap();
            assert!(found.per_user >= speed && roofline.at(found.users + 1.0).per_user < speed);
            assert!((found.total_tokens_per_s / found.output_tokens_per_s - 2.0).abs() < 1e-12);
        }
        assert_eq!(roofline.at_speed(1e6), None);
    }

    #[test]
    fn what_does_not_fit_has_no_bound() {
        assert!(Roofline::new(&model("deepseek-v3"), H100, TRAFFIC).is_none());
    }
}
