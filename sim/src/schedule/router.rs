//! Routing of tokens to experts: how often routers choose each expert, and the choice for one token.
//!
//! A token uses different experts, drawn one after the other with probabilities proportional to their weights. That is the order
//! of exponentially distributed times with the weights as rates (Efraimidis and Spirakis, Information Processing Letters 97,
//! 2006), which needs one random number for each expert and no repetition, however uneven the weights are.

use designs::Model;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::mapping::{Mapping, RoutedExperts};

/// How routers choose experts: an input, since no weights are known to the simulator.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Routing {
    /// Every expert equally often.
    #[default]
    Uniform,
    /// The expert of popularity rank `r` with weight `1 / r^s`; ranks are dealt to experts at random, layer by layer.
    Zipf {
        /// Exponent, 0 to [`MAX_EXPONENT`]; 0 is uniform.
        exponent: f64,
    },
    /// In proportion to counts: one row for all layers with experts, or one for each of them in order.
    Counts {
        /// Counts of the experts of a layer.
        rows: Vec<Vec<u64>>,
    },
}

/// Largest exponent of a Zipf distribution: the second expert then has 1/1024 of the weight of the first.
pub const MAX_EXPONENT: f64 = 10.0;

/// Why a routing does not suit a model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RoutingError {
    /// The model has no experts.
    #[error("{model} has no routed experts; leave the routing out")]
    NoExperts {
        /// Model.
        model: String,
    },
    /// An exponent that is not taken.
    #[error("the exponent of a Zipf distribution is 0 to {MAX_EXPONENT}, not {exponent}")]
    Exponent {
        /// Requested exponent.
        exponent: f64,
    },
    /// Neither one row nor one per layer.
    #[error(
        "{rows} rows of counts for the {layers} layers with experts of {model}: give one row for all, or one for each"
    )]
    Rows {
        /// Rows found.
        rows: usize,
        /// Layers with experts.
        layers: usize,
        /// Model.
        model: String,
    },
    /// A row with too few or too many counts.
    #[error("row {row} has {found} counts, but layer {layer} of {model} has {experts} experts")]
    Experts {
        /// Row, from 1.
        row: usize,
        /// Counts found.
        found: usize,
        /// Layer, from 0.
        layer: usize,
        /// Experts of that layer.
        experts: u32,
        /// Model.
        model: String,
    },
    /// Fewer experts with a count than a token uses.
    #[error("row {row} has {used} experts with a count above 0, but a token uses {per_token}")]
    TooFew {
        /// Row, from 1.
        row: usize,
        /// Experts with a count.
        used: usize,
        /// Experts that one token uses.
        per_token: u32,
    },
}

/// Routing of the layers of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Router {
    /// Weights of the experts of each layer; empty where all are equal, or without experts. No entries if that is so everywhere.
    layers: Vec<Vec<f64>>,
}

impl Router {
    /// The routing of a mapped model. `seed` deals ranks to experts.
    ///
    /// # Errors
    /// When the routing does not suit the model's experts.
    pub fn new(routing: &Routing, model: &Model, mapping: &Mapping, seed: u64) -> Result<Self, RoutingError> {
        let experts = || mapping.layers().map(|layer| layer.experts);
        let routed = experts().filter(|experts| experts.total > 0).count();
        if *routing != Routing::Uniform && routed == 0 {
            return Err(RoutingError::NoExperts { model: model.name.clone() });
        }
        let layers = match routing {
            Routing::Uniform => Vec::new(),
            Routing::Zipf { exponent } if !(0.0..=MAX_EXPONENT).contains(exponent) => {
                return Err(RoutingError::Exponent { exponent: *exponent });
            }
            Routing::Zipf { exponent } => {
                experts().enumerate().map(|(layer, experts)| zipf(*exponent, experts.total, layer, seed)).collect()
            }
            Routing::Counts { rows } => {
                if rows.len() != 1 && rows.len() != routed {
                    return Err(RoutingError::Rows { rows: rows.len(), layers: routed, model: model.name.clone() });
                }
                let mut rows = rows.iter().enumerate().cycle();
                let row = |(layer, experts): (usize, RoutedExperts)| match experts.total {
                    0 => Ok(Vec::new()),
                    _ => {
                        let (row, counts) = rows.next().expect("there is a row");
                        weights(row + 1, counts, layer, experts, model)
                    }
                };
                experts().enumerate().map(row).collect::<Result<_, _>>()?
            }
        };
        // Equal weights are drawn as without weights.
        let equal = |weights: &Vec<f64>| weights.windows(2).all(|pair| pair[0] == pair[1]);
        let layers: Vec<Vec<f64>> = layers.into_iter().map(|w| if equal(&w) { Vec::new() } else { w }).collect();
        if layers.iter().all(Vec::is_empty) { Ok(Self::default()) } else { Ok(Self { layers }) }
    }

    /// Whether every expert is equally likely in all layers.
    #[must_use]
    pub fn is_uniform(&self) -> bool {
        self.layers.is_empty()
    }

    /// Share of the tokens that use the most popular expert of `layer`, 0 to 1. An estimate where weights differ: experts are
    /// taken as drawn independently, at a rate at which a token uses the right number on average.
    #[must_use]
    pub fn most_popular(&self, layer: usize, experts: RoutedExperts) -> f64 {
        let uniform = f64::from(experts.per_token) / f64::from(experts.total.max(1));
        let Some(weights) = self.layers.get(layer).filter(|weights| !weights.is_empty()) else { return uniform };
        let used = |rate: f64| weights.iter().map(|w| -libm::expm1(-w * rate)).sum::<f64>();
        let most = weights.iter().copied().fold(0.0, f64::max);
        let (mut low, mut high) = (0.0, 1.0 / most);
        let wanted = f64::from(experts.per_token);
        while used(high) < wanted && high < f64::MAX / 4.0 {
            high *= 2.0;
        }
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if used(middle) < wanted { low = middle } else { high = middle }
        }
        -libm::expm1(-most * high)
    }

    /// Draws the different experts of a token in `layer`, in ascending order.
    pub(super) fn choose(
        &self,
        into: &mut Vec<u32>,
        random: &mut rand_pcg::Pcg32,
        layer: usize,
        experts: RoutedExperts,
    ) {
        into.clear();
        match self.layers.get(layer).filter(|weights| !weights.is_empty()) {
            Some(weights) => weighted(into, random, weights, experts.per_token as usize),
            None => uniform(into, random, experts.total, experts.per_token),
        }
        into.sort_unstable();
    }
}

/// Floyd's sampling: every subset of the size is equally likely, without rejection.
fn uniform(into: &mut Vec<u32>, random: &mut rand_pcg::Pcg32, experts: u32, per_token: u32) {
    for upper in experts - per_token..experts {
        let drawn = below(random, upper + 1);
        into.push(if into.contains(&drawn) { upper } else { drawn });
    }
}

fn weighted(into: &mut Vec<u32>, random: &mut rand_pcg::Pcg32, weights: &[f64], per_token: usize) {
    let mut times: Vec<(f64, u32)> = Vec::with_capacity(weights.len());
    for (expert, weight) in (0..).zip(weights) {
        let uniform = (f64::from(random.next_u32()) + 0.5) / 4_294_967_296.0;
        // An expert without weight is never reached.
        if *weight > 0.0 {
            times.push((-libm::log(uniform) / weight, expert));
        }
    }
    times.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    into.extend(times[..per_token].iter().map(|(_, expert)| expert));
}

/// A random number below `limit`.
fn below(random: &mut rand_pcg::Pcg32, limit: u32) -> u32 {
    ((u64::from(random.next_u32()) * u64::from(limit)) >> 32) as u32
}

/// Zipf weights, ranks in random order (Fisher and Yates).
fn zipf(exponent: f64, experts: u32, layer: usize, seed: u64) -> Vec<f64> {
    let mut weights: Vec<f64> = (1..=experts).map(|rank| libm::pow(f64::from(rank), -exponent)).collect();
    let mut random = rand_pcg::Pcg32::seed_from_u64(seed ^ (layer as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
    for last in (1..weights.len()).rev() {
        weights.swap(last, below(&mut random, last as u32 + 1) as usize);
    }
    weights
}

fn weights(
    row: usize,
    counts: &[u64],
    layer: usize,
    experts: RoutedExperts,
    model: &Model,
) -> Result<Vec<f64>, RoutingError> {
    if counts.len() != experts.total as usize {
        let (found, experts, model) = (counts.len(), experts.total, model.name.clone());
        return Err(RoutingError::Experts { row, found, layer, experts, model });
    }
    let used = counts.iter().filter(|count| **count > 0).count();
    if used < experts.per_token as usize {
        return Err(RoutingError::TooFew { row, used, per_token: experts.per_token });
    }
    let most = counts.iter().copied().max().unwrap_or(1) as f64;
    Ok(counts.iter().map(|count| *count as f64 / most).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experts(total: u32, per_token: u32) -> RoutedExperts {
        RoutedExperts { total, per_token, most_per_chip: total, chips_per_expert: 1 }
    }

    /// Share of 20,000 tokens that use each expert.
    fn shares(weights: &[f64], per_token: u32) -> Vec<f64> {
        let router = Router { layers: vec![weights.to_vec()] };
        let mut random = rand_pcg::Pcg32::seed_from_u64(5);
        let mut used = vec![0.0; weights.len()];
        let mut chosen = Vec::new();
        for _ in 0..20_000 {
            router.choose(&mut chosen, &mut random, 0, experts(weights.len() as u32, per_token));
            assert!(chosen.len() == per_token as usize && chosen.windows(2).all(|pair| pair[0] < pair[1]));
            chosen.iter().for_each(|&expert| used[expert as usize] += 1.0 / 20_000.0);
        }
        used
    }

    #[test]
    fn one_expert_is_drawn_in_proportion_to_its_weight() {
        for (share, expected) in shares(&[4.0, 3.0, 2.0, 1.0, 0.0], 1).into_iter().zip([0.4, 0.3, 0.2, 0.1, 0.0]) {
            assert!((share - expected).abs() < 0.01, "{share}, expected {expected}");
        }
    }

    #[test]
    fn the_estimate_of_the_most_popular_expert_is_near_what_is_drawn() {
        for (exponent, per_token) in [(0.5, 2), (1.0, 4), (2.0, 8), (4.0, 4)] {
            let weights = zipf(exponent, 32, 3, 9);
            let drawn = shares(&weights, per_token).into_iter().fold(0.0, f64::max);
            let router = Router { layers: vec![weights] };
            let estimate = router.most_popular(0, experts(32, per_token));
            assert!((estimate - drawn).abs() < 0.06, "s = {exponent}: {estimate}, drawn {drawn}");
        }
    }
}
