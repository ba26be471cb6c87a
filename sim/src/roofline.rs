//! Upper bounds on the speed at which a programmable machine serves a model: the roofline of memory and arithmetic.
//!
//! A copy of the model lies on `units`. Units of one fabric share everything (tensor parallel): a step reads the weights outside
//! routed experts once and the cache of the fabric's users. Fabrics have users of their own (data parallel) and share the routed
//! experts (expert parallel). With B users in all, on F = units / fabric fabrics, a step for one token each takes
//! `t_step = max((dense + B/F cache + experts(B) / F) / bandwidth, B/F flop / peak)` with bandwidth and peak of a fabric. Of E
//! experts, k per token and evenly routed, `E (1 - (1 - k/E)^B)` are touched. Prompts cost arithmetic alone:
//! `t_prompt = input flop / peak`, and delay the steps they share the machine with, so that a user gets
//! `1 / (t_step + B/F t_prompt / output)` tokens per second. A user holds the cache of its mean context, because pages are taken as
//! they fill. Windows of the model limit attention and cache, weights have their released format, the cache that of the release or
//! 16 bits. This is a bound because it leaves out launches, synchronisation, links between units and every loss below peak. Units:
//! seconds, bytes, operations.

use designs::{Ffn, Model, Part, PerPart};

/// Bytes of a cached element.
const KV_BYTES: f64 = 2.0;

/// Units of a machine over which one copy of a model is spread.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Spread {
    /// All units of the copy.
    pub units: f64,
    /// Units that share every matrix; `units` of them at most. Fabrics have users of their own and share routed experts.
    pub fabric: f64,
}

impl Spread {
    /// All units in one fabric.
    #[must_use]
    pub fn one_fabric(units: f64) -> Self {
        Self { units, fabric: units }
    }

    /// Fabrics of the copy.
    #[must_use]
    pub fn fabrics(&self) -> f64 {
        self.units / self.fabric
    }

    /// In words, e.g. "8 units", "128 units, 16 fabrics of 8".
    #[must_use]
    pub fn describe(&self) -> String {
        match (self.units, self.fabrics()) {
            (1.0, _) => "1 unit".to_owned(),
            (units, 1.0) => format!("{units} units"),
            (units, fabrics) => format!("{units} units, {fabrics} fabrics of {}", self.fabric),
        }
    }
}

/// One unit of a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// Its memory, bytes.
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

impl Demand {
    /// The demand of `model`.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let hidden = f64::from(model.hidden);
        let table = hidden * f64::from(model.vocabulary);
        let bytes = |part: Part, weights: f64| weights * model.release.bits(part) / 8.0;
        let mut share = 1.0;
        for layer in &model.layers {
            if let Ffn::Moe { experts, experts_per_token, .. } = layer.ffn {
                share = f64::from(experts_per_token) / f64::from(experts.max(1));
            }
        }
        let weights = model.weights_by_part();
        let stored = PerPart::from_fn(|part| bytes(part, weights[part] as f64));
        // A step reads one row of the embedding's table, unless the table is the unembedding too.
        let is_dense = |part| part != Part::Experts && (part != Part::Embedding || part == model.unembedding());
        Self {
            stored_bytes: stored.values().sum(),
            dense_bytes: stored.iter().filter(|(part, _)| is_dense(*part)).map(|(_, bytes)| bytes).sum(),
            expert_bytes: stored[Part::Experts],
            expert_share: share,
            matrix_flop: 2.0 * (model.active_layer_weights() as f64 + table),
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

/// Bytes of an element of the cache: those of the release, or else 16 bits.
fn cache_element_bytes(model: &Model) -> f64 {
    model.release.cache_bits.map_or(KV_BYTES, |bits| bits / 8.0)
}

/// Cache and state that a sequence of `context` positions takes, bytes.
fn stored_cache_bytes(model: &Model, context: f64) -> f64 {
    model.layers.iter().map(|layer| layer.elements_stored(context)).sum::<f64>() * cache_element_bytes(model)
}

/// Cache and state that a token at `context` reads, bytes.
fn read_cache_bytes(model: &Model, context: f64) -> f64 {
    model.layers.iter().map(|layer| layer.elements_read(context)).sum::<f64>() * cache_element_bytes(model)
}

/// Operations of attention for one token at `context`.
fn attention_flop(model: &Model, context: f64) -> f64 {
    model.layers.iter().map(|layer| 2.0 * layer.attention_multiply_adds(context)).sum()
}

/// A model on a machine under some traffic.
#[derive(Debug, Clone, Copy)]
pub struct Roofline {
    machine: Machine,
    spread: Spread,
    demand: Demand,
    traffic: Traffic,
    cache_read: f64,
    cache_held: f64,
    step_flop: f64,
    prompt_flop: f64,
}

impl Roofline {
    /// Prepares bounds for units like `machine`; `None` where weights and one user's cache do not fit.
    #[must_use]
    pub fn new(model: &Model, machine: Machine, spread: Spread, traffic: Traffic) -> Option<Self> {
        let demand = Demand::new(model);
        let token = |context: f64| demand.matrix_flop + attention_flop(model, context);
        let roofline = Self {
            machine,
            spread,
            demand,
            traffic,
            cache_read: read_cache_bytes(model, traffic.mean_context()),
            cache_held: stored_cache_bytes(model, traffic.mean_context()),
            step_flop: token(traffic.mean_context()),
            prompt_flop: traffic.input * token(traffic.input / 2.0),
        };
        (roofline.most_users() >= 1.0).then_some(roofline)
    }

    /// Memory that the weights and one user's cache take, bytes.
    #[must_use]
    pub fn least_memory(model: &Model, traffic: Traffic) -> f64 {
        Demand::new(model).stored_bytes + stored_cache_bytes(model, traffic.mean_context())
    }

    /// How the copy is spread.
    #[must_use]
    pub fn spread(&self) -> Spread {
        self.spread
    }

    /// Users whose caches fit beside the weights.
    #[must_use]
    pub fn most_users(&self) -> f64 {
        let demand = &self.demand;
        let copies = self.spread.fabrics() * (demand.stored_bytes - demand.expert_bytes) + demand.expert_bytes;
        ((self.spread.units * self.machine.memory_bytes - copies) / self.cache_held).floor()
    }

    /// Users of the fabric that has most.
    fn own(&self, users: f64) -> f64 {
        (users / self.spread.fabrics()).max(1.0)
    }

    fn step_s(&self, users: f64) -> f64 {
        let (demand, fabric) = (&self.demand, self.spread.fabric);
        let experts = demand.step_bytes(users) - demand.dense_bytes;
        let bytes = demand.dense_bytes + self.own(users) * self.cache_read + experts / self.spread.fabrics();
        let arithmetic = self.own(users) * self.step_flop / (fabric * self.machine.flops);
        (bytes / (fabric * self.machine.bytes_per_s)).max(arithmetic)
    }

    /// Speed of one user alone once the prompt is read, tokens per second.
    #[must_use]
    pub fn user_tokens_per_s(&self) -> f64 {
        1.0 / self.step_s(1.0)
    }

    /// The bound with `users` users at once, prompts included.
    #[must_use]
    pub fn at(&self, users: f64) -> Point {
        let prompt_s = self.prompt_flop / (self.spread.fabric * self.machine.flops);
        let per_user = 1.0 / (self.step_s(users) + self.own(users) * prompt_s / self.traffic.output);
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
    const ONE: Spread = Spread { units: 1.0, fabric: 1.0 };

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
        let roofline = Roofline::new(&llama, H100, ONE, Traffic { input: 1.0, output: 1.0 }).unwrap();
        let weights = (llama.parameters() - 128_256 * 4096) as f64 * 2.0;
        assert!((roofline.user_tokens_per_s() / (3.35e12 / weights) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn many_users_of_long_prompts_are_bound_by_arithmetic() {
        let roofline =
            Roofline::new(&model("llama-3-1-8b"), H100, ONE, Traffic { input: 4096.0, output: 1.0 }).unwrap();
        let flop = Demand::new(&model("llama-3-1-8b")).matrix_flop;
        let total = roofline.filled().total_tokens_per_s;
        assert!(total < 989.4e12 / flop && total > 0.6 * 989.4e12 / flop, "{total}");
    }

    #[test]
    fn speed_falls_and_throughput_rises_with_users() {
        let roofline = Roofline::new(&model("gpt-oss-120b"), H100, ONE, TRAFFIC).unwrap();
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
    fn fabrics_share_experts_and_nothing_else() {
        let model = model("deepseek-v3");
        let at = |units: f64, fabric: f64| Roofline::new(&model, H100, Spread { units, fabric }, TRAFFIC).unwrap();
        let (one, many) = (at(16.0, 16.0), at(128.0, 8.0));
        let demand = Demand::new(&model);
        let copies = 16.0 * (demand.stored_bytes - demand.expert_bytes) + demand.expert_bytes;
        let cache = stored_cache_bytes(&model, TRAFFIC.mean_context());
        assert_eq!(many.most_users(), ((128.0 * 80e9 - copies) / cache).floor());
        // Read experts once for more users: more tokens per unit at the same speed.
        let per_unit =
            |roofline: &Roofline| roofline.at_speed(30.0).unwrap().output_tokens_per_s / roofline.spread().units;
        assert!(per_unit(&many) > per_unit(&one), "{} {}", per_unit(&many), per_unit(&one));
        assert!(many.at(16.0).per_user < many.at(1.0).per_user, "more experts are touched");
        assert_eq!(Spread { units: 128.0, fabric: 8.0 }.describe(), "128 units, 16 fabrics of 8");
    }

    #[test]
    fn what_does_not_fit_has_no_bound() {
        assert!(Roofline::new(&model("deepseek-v3"), H100, ONE, TRAFFIC).is_none());
    }
}
