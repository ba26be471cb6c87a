//! Published serving figures of other machines beside the roofline of the same traffic.
//!
//! The roofline is an upper bound: a published figure above it would refute the model or the figure. The share of the bound that
//! published figures attain scales it to an estimate.

use designs::load::Loader;
use designs::{Comparison, Counts, Ffn, Model, Range, Serving};
use reports::{Bound, Cell, Origin, Value};
use serde::Serialize;
use sim::roofline::{Machine, Point, Roofline, Spread, Traffic};

use super::gap::Gap;
use super::origin::origin;
use super::terms::Terms;

/// A figure beside its bound.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Name of the figure in its file.
    pub figure: String,
    /// Model served.
    pub model: String,
    /// Tokens of a prompt.
    pub input_tokens: u32,
    /// Tokens generated for it.
    pub output_tokens: u32,
    /// Users at once, where known.
    pub users: Option<f64>,
    /// Output tokens per second that every user got, where known.
    pub per_user_tokens_per_s: Option<f64>,
    /// `output`, `total` (input and output) or `user` (output of one user).
    pub counts: Counts,
    /// As published, tokens per second and unit or user.
    pub published: Value,
    /// Bound under the same traffic.
    pub bound: Cell,
    /// How the copy with that bound is spread.
    pub spread: Option<Spread>,
    /// Published over bound, percent.
    pub attained_pct: Cell,
    /// Published over the bound of a copy within one fabric, from least to most: what scales that bound to an estimate, because
    /// figures are measured there.
    pub attained_in_one_fabric: Option<Range>,
    /// Whether the figure is within the bound; `None` without a bound.
    pub within: Option<bool>,
}

/// Rooflines of a machine by the ways to spread one copy of the model.
pub struct Copies(Vec<Roofline>);

/// A bound and the spread that attains it.
#[derive(Debug, Clone, Copy)]
pub struct Best {
    /// Output tokens per second and unit.
    pub output: f64,
    /// Prompt and output tokens per second and unit.
    pub total: f64,
    /// Units of the copy.
    pub spread: Spread,
}

/// Bits of a weight up to which 8-bit arithmetic serves: 8, and scales of its groups.
const EIGHT_BITS: f64 = 9.0;

/// One unit of `other` as it multiplies the weights of `model`.
fn unit(other: &Comparison, model: &Model) -> Result<Machine, Gap> {
    let lacking = |what, key| Gap::NotPublic { what, key };
    let memory_gb = other.memory_gb.ok_or_else(|| lacking("size of memory", "memory_gb"))?;
    let tb_per_s = other.memory_tb_per_s.ok_or_else(|| lacking("bandwidth of memory", "memory_tb_per_s"))?;
    let tflops = other.peak_tflops.ok_or_else(|| lacking("peak arithmetic", "peak_tflops"))?;
    let narrow = model.release.bits.values().flatten().any(|bits| *bits <= EIGHT_BITS);
    let tflops = other.peak_8bit_tflops.filter(|_| narrow).map_or(tflops, |eight| eight.max(tflops));
    // The upper end of a range, because this is an upper bound.
    Ok(Machine { memory_bytes: memory_gb * 1e9, bytes_per_s: tb_per_s.high * 1e12, flops: tflops * 1e12 })
}

impl Copies {
    /// Rooflines for the ways to spread a copy of `model`: within a fabric from the fewest units that hold it, doubling up to the
    /// machine's `units_per_copy`; and, for mixtures, across fabrics of that many, doubling up to a unit for every expert.
    /// `units` fixes the number.
    ///
    /// # Errors
    /// What is not public, or does not fit.
    pub fn new(other: &Comparison, model: &Model, traffic: Traffic, units: Option<f64>) -> Result<Self, Gap> {
        let machine = unit(other, model)?;
        let fits = |spread: Spread| Roofline::new(model, machine, spread, traffic);
        let fabric = other.units_per_copy.unwrap_or(1.0);
        if let Some(units) = units {
            let across = (units > fabric).then(|| fits(Spread { units, fabric })).flatten();
            let roofline = across.or_else(|| fits(Spread::one_fabric(units)));
            return roofline.map(|one| Self(vec![one])).ok_or_else(|| Gap::DoesNotFit(model.name.clone()));
        }
        let needed = Roofline::least_memory(model, traffic) / machine.memory_bytes;
        let mut least = needed.ceil().max(1.0);
        // Rounding may make `least` too small by one.
        while fits(Spread::one_fabric(least)).is_none() {
            least += 1.0;
        }
        let within = std::iter::successors(Some(least), |units| Some(units * 2.0)).take_while(|units| *units < fabric);
        let mut spreads: Vec<Spread> = within.map(Spread::one_fabric).collect();
        spreads.push(Spread::one_fabric(least.max(fabric)));
        let most_experts = model.layers.iter().map(|layer| match layer.ffn {
            Ffn::Dense { .. } => 0,
            Ffn::Moe { experts, .. } => experts,
        });
        let most = f64::from(most_experts.max().unwrap_or(0));
        if other.units_per_copy.is_some() {
            let across = std::iter::successors(Some(2.0 * fabric), |units| Some(units * 2.0));
            spreads.extend(across.take_while(|units| *units <= most).map(|units| Spread { units, fabric }));
        }
        Ok(Self(spreads.into_iter().filter_map(fits).collect()))
    }

    /// Fewest units that hold a copy.
    pub fn least(&self) -> f64 {
        self.0.iter().map(|roofline| roofline.spread().units).fold(f64::NAN, f64::min)
    }

    /// Those spreads that stay within one fabric.
    #[must_use]
    pub fn in_one_fabric(&self) -> Self {
        Self(self.0.iter().filter(|roofline| roofline.spread().fabrics() == 1.0).copied().collect())
    }

    /// Best speed of one user alone, who occupies one fabric.
    pub fn user_tokens_per_s(&self) -> f64 {
        self.alone().map_or(0.0, |(speed, _)| speed)
    }

    fn alone(&self) -> Option<(f64, Spread)> {
        let one_fabric = self.0.iter().filter(|roofline| roofline.spread().fabrics() == 1.0);
        let speeds = one_fabric.map(|roofline| (roofline.user_tokens_per_s(), roofline.spread()));
        speeds.reduce(|a, b| if b.0 > a.0 { b } else { a })
    }

    /// The best of `at` per unit.
    fn best(&self, at: impl Fn(&Roofline) -> Option<Point>) -> Option<Best> {
        let per_unit = self.0.iter().filter_map(|roofline| {
            let spread = roofline.spread();
            at(roofline).map(|p| Best {
                output: p.output_tokens_per_s / spread.units,
                total: p.total_tokens_per_s / spread.units,
                spread,
            })
        });
        per_unit.reduce(|a, b| if b.output > a.output { b } else { a })
    }

    /// The bound per unit where every user gets `per_user` tokens per second.
    pub fn at_speed(&self, per_user: f64) -> Option<Best> {
        self.best(|roofline| roofline.at_speed(per_user))
    }

    /// The bound that belongs to a published figure.
    fn of(&self, figure: &Serving) -> Option<(f64, Spread)> {
        if figure.counts == Counts::User {
            return self.alone();
        }
        let best = match (figure.users, figure.per_user) {
            (Some(users), _) => self.best(|roofline| Some(roofline.at(users.min(roofline.most_users()))))?,
            (None, Some(speed)) => self.at_speed(speed)?,
            (None, None) => self.best(|roofline| Some(roofline.filled()))?,
        };
        Some((if figure.counts == Counts::Total { best.total } else { best.output }, best.spread))
    }
}

impl Check {
    /// Users at once, or what every user got, in words.
    pub fn load(&self) -> String {
        match (self.users, self.per_user_tokens_per_s) {
            (Some(1.0), _) => "one user".to_owned(),
            (Some(users), _) => format!("{users} users"),
            (None, Some(speed)) => format!("{speed} tokens/s each"),
            (None, None) => "filled".to_owned(),
        }
    }
}

/// One figure against the roofline.
fn check(other: &Comparison, figure: &Serving, loader: &Loader<'_>) -> Check {
    let traffic = Traffic { input: figure.input_tokens.into(), output: figure.output_tokens.into() };
    let unit = "tokens/s";
    let copies = designs::load::model(&figure.model, loader)
        .map_err(|_| Gap::UnknownModel(figure.model.clone()))
        .and_then(|model| match &other.hardwired_model {
            Some(_) => Err(Gap::HardwiredWeights),
            None => Copies::new(other, &model, traffic, figure.units),
        });
    let in_one_fabric = copies.as_ref().ok().and_then(|copies| copies.in_one_fabric().of(figure));
    let bound = copies.and_then(|copies| copies.of(figure).ok_or(Gap::BelowFigure));
    let source = "roofline of memory and arithmetic at peak under the traffic of the figure";
    let share = |bound: f64| Range {
        low: figure.tokens_per_s.low / bound * 100.0,
        mode: None,
        high: figure.tokens_per_s.high / bound * 100.0,
    };
    let published = figure.tokens_per_s;
    Check {
        figure: figure.name.clone(),
        model: figure.model.clone(),
        input_tokens: figure.input_tokens,
        output_tokens: figure.output_tokens,
        users: if figure.counts == Counts::User { Some(1.0) } else { figure.users },
        per_user_tokens_per_s: figure.per_user,
        counts: figure.counts,
        published: Value::range(published.low, published.high, unit, origin(&figure.provenance)).digits(0),
        attained_in_one_fabric: in_one_fabric.map(|(bound, _)| Range {
            low: figure.tokens_per_s.low / bound,
            mode: None,
            high: figure.tokens_per_s.high / bound,
        }),
        spread: bound.as_ref().ok().map(|(_, spread)| *spread),
        within: bound.as_ref().ok().map(|(bound, _)| published.high <= *bound),
        attained_pct: match &bound {
            Ok((bound, _)) => {
                let share = share(*bound);
                Value::range(share.low, share.high, "%", Origin::derived("published over roofline")).digits(2).into()
            }
            Err(_) => Cell::missing("there is no bound"),
        },
        bound: match bound {
            Ok((bound, _)) => Value::new(bound, unit, Origin::derived(source)).bound(Bound::AtMost).into(),
            Err(gap) => Cell::from(&gap),
        },
    }
}

/// All figures of a machine against the roofline.
pub fn checks(other: &Comparison, loader: &Loader<'_>) -> Vec<Check> {
    other.serving.iter().map(|figure| check(other, figure, loader)).collect()
}

/// The least and the largest share of the roofline within one fabric that published throughputs of `model` attain; `None` without
/// one.
///
/// Figures with few users are left out: they are bound by loading weights and do not tell the share at full load.
pub fn attained(checks: &[Check], model: &str) -> Option<Range> {
    let shares = checks.iter().filter(|c| c.counts != Counts::User && c.users.is_none() && c.model == model);
    let mut shares = shares.filter_map(|c| c.attained_in_one_fabric).map(|share| (share.low, share.high));
    let first = shares.next()?;
    let (low, high) = shares.fold(first, |(low, high), share| (low.min(share.0), high.max(share.1)));
    Some(Range { low, mode: None, high })
}

/// The roofline of a unit, output tokens per second, at each of `speeds` per user that some user gets: over all spreads, or within
/// one fabric, where a share of it is an estimate.
///
/// # Errors
/// Why there is none.
pub fn bounds(
    other: &Comparison,
    model: &Model,
    terms: &Terms,
    speeds: &[f64],
    in_one_fabric: bool,
) -> Result<Vec<(f64, f64)>, Gap> {
    if other.hardwired_model.is_some() {
        return Err(Gap::HardwiredWeights);
    }
    let copies = Copies::new(other, model, terms.traffic(), None)?;
    let copies = if in_one_fabric { copies.in_one_fabric() } else { copies };
    Ok(speeds.iter().filter_map(|speed| copies.at_speed(*speed).map(|best| (*speed, best.output))).collect())
}
