//! Fits parameters that the paper does not publish to figures that it does.
//!
//! Under `serial`, a layer takes `C + P + N + a * context`: communication `C` follows from links and
//! bytes; `P` (array passes), `N` (non-linear work) and `a` (attention per position) are fitted by least
//! squares to the shares of Fig. 14 at two contexts. The stall share at one more context gives the
//! effective HBM bandwidth. Power has a factor per block: its published power over the bottom-up model's
//! ([`crate::energy::bottom_up`]) at the published operating point. The factor applies to static power and to energies per
//! event; where a block has no events at that point, it applies to its static power only. The presets carry the results, rounded; a test repeats the fit.

use designs::{Design, Model, PerBlock, ProcessNode};
use nalgebra::{Matrix3, SMatrix, SVector, Vector3};
use serde::Serialize;

use crate::energy::{self, bottom_up, inputs::PowerInputs};
use crate::mapping::{Mapping, MappingError};
use crate::schedule::cost::{activity, placement};
use crate::schedule::instruction::Instr;
use crate::schedule::program::Compiled;
use crate::schedule::serial;
use crate::units::Specs;

/// Published shares of a token's time at one context, percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Context in positions.
    pub context: u64,
    /// Communication.
    pub comm: f64,
    /// Projection.
    pub projection: f64,
    /// Attention; `None` where the figure has no label and only the rest (with non-linear work) is known.
    pub attention: Option<f64>,
}

/// Published figures that the fit uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    /// Shares at two contexts.
    pub shares: [Shares; 2],
    /// Context and share of the stall, percent.
    pub stall: (u64, f64),
    /// Power of a block in watts; `None` where no figure is published.
    pub power_w: PerBlock<Option<f64>>,
    /// Context of the power figures.
    pub power_context: u64,
}

/// The fitted parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fit {
    /// Mean time of an array pass, nanoseconds.
    pub hn_pass_ns: f64,
    /// Non-linear work of a layer, nanoseconds.
    pub nonlinear_ns_per_layer: f64,
    /// Attention of a layer per 1,024 positions, nanoseconds.
    pub attention_ns_per_1024_positions: f64,
    /// Inputs per port whose pass time is nearest to the fitted one.
    pub inputs_per_port: u32,
    /// Latency of a non-linear operation, rounded to cycles.
    pub nonlinear_latency_cycles: u64,
    /// Share of the attention buffer's peak bandwidth.
    pub attention_buffer_efficiency: f64,
    /// Effective HBM bandwidth per chip, bytes per second.
    pub serial_bandwidth_bytes_per_s: f64,
    /// Power of the blocks.
    pub power: PerBlock<BlockFit>,
}

/// The fitted power of a block.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlockFit {
    /// Published power over that of the bottom-up model; 1 where none is published.
    pub factor: f64,
    /// Whether the block has events at the published operating point, so that the factor applies to them.
    pub has_events: bool,
    /// Power without events, watts.
    pub static_power_w: f64,
    /// Energy of an event, joules.
    pub per_event_j: f64,
}

/// Fits the parameters of `design` on `node` with `model`; all other parameters are those of the design.
///
/// # Errors
/// When the model cannot be mapped on the design's grid.
pub fn fit(design: &Design, node: &ProcessNode, model: &Model, published: &Published) -> Result<Fit, MappingError> {
    let mapping = Mapping::new(design, model, design.grid)?;
    let compiled = Compiled::new(&mapping, Specs::new(design, &mapping));
    let layers = compiled.layers() as f64;
    let at = |compiled: &Compiled, context| {
        let placement = placement(compiled, &mapping, context, 1);
        serial::analytic(compiled, context, &placement, serial::beat_bytes(compiled))
    };
    let comm = at(&compiled, published.shares[0].context).spent.communication / layers;
    let [pass_cycles, nonlinear, attention] = fit_shares(comm, &published.shares);

    let mut fitted = design.clone();
    let (passes, operations, service) = critical_operations(&compiled);
    fitted.hn_array.inputs_per_port = (1..=256)
        .min_by_key(|&inputs| {
            fitted.hn_array.inputs_per_port = inputs;
            let spec = crate::units::hn_array::Spec::new(&fitted);
            let sum: u64 = passes.iter().map(|&fan_in| spec.pass(fan_in).latency()).sum();
            (sum as f64 - pass_cycles).abs() as u64
        })
        .expect("the range is not empty");
    let latency = ((nonlinear - service as f64) / operations as f64).round().max(0.0) as u64;
    fitted.vex.nonlinear_latency = designs::Cycles::new(latency);
    fitted.attention_buffer.efficiency = buffer_efficiency(&compiled, design, attention);

    // The rest depends on the fit so far.
    let compiled = Compiled::new(&mapping, Specs::new(&fitted, &mapping));
    let (context, share) = published.stall;
    let flowing = at(&compiled, context);
    let busy = flowing.token_cycles() - flowing.spent.hbm;
    let stream_cycles = busy / (1.0 - share / 100.0) / layers;
    let spilled = placement(&compiled, &mapping, context, 1).spilled_bytes_per_chip as f64 / layers;
    let clock = design.clock.hz() as f64;

    let context = published.power_context;
    let rate = mapping.stages() as f64 / at(&compiled, context).token_cycles() * clock;
    let activity = activity(&compiled, context, &placement(&compiled, &mapping, context, 1), false);
    let per_chip = rate / f64::from(mapping.grid.chips());
    let blocks = bottom_up::blocks(design, node, &PowerInputs::default());
    let power = PerBlock::from_fn(|block| {
        let model = blocks[block];
        let dynamic = model.event_j * energy::events(block, &activity) * per_chip;
        let factor = published.power_w[block].map_or(1.0, |watts| watts / (model.static_w() + dynamic));
        let has_events = dynamic > 0.0;
        let event_factor = if has_events { factor } else { 1.0 };
        BlockFit {
            factor,
            has_events,
            static_power_w: model.static_w() * factor,
            per_event_j: model.event_j * event_factor,
        }
    });
    Ok(Fit {
        hn_pass_ns: pass_cycles / passes.len() as f64 / clock * 1e9,
        nonlinear_ns_per_layer: nonlinear / clock * 1e9,
        attention_ns_per_1024_positions: attention * 1024.0 / clock * 1e9,
        inputs_per_port: fitted.hn_array.inputs_per_port,
        nonlinear_latency_cycles: latency,
        attention_buffer_efficiency: fitted.attention_buffer.efficiency,
        serial_bandwidth_bytes_per_s: spilled / stream_cycles * clock,
        power,
    })
}

/// Least squares for passes, non-linear work and attention per position, in cycles per layer, by
/// Gauss-Newton from a start at the shares of the first context.
fn fit_shares(comm: f64, shares: &[Shares; 2]) -> [f64; 3] {
    let whole = comm / shares[0].comm * 100.0;
    let mut x = Vector3::new(whole * shares[0].projection / 100.0, whole * 0.02, whole * 1e-6);
    for _ in 0..50 {
        let residual = residuals(comm, shares, &x);
        let mut jacobian = SMatrix::<f64, 7, 3>::zeros();
        for column in 0..3 {
            let mut moved = x;
            let step = x[column] * 1e-6;
            moved[column] += step;
            jacobian.set_column(column, &((residuals(comm, shares, &moved) - residual) / step));
        }
        let normal: Matrix3<f64> = jacobian.transpose() * jacobian;
        let step = normal.try_inverse().expect("the shares determine all three") * (jacobian.transpose() * residual);
        x -= step;
    }
    [x[0], x[1], x[2]]
}

fn residuals(comm: f64, shares: &[Shares; 2], x: &Vector3<f64>) -> SVector<f64, 7> {
    let mut values = [0.0; 7];
    let mut used = 0;
    for share in shares {
        let attention = x[2] * share.context as f64;
        let percent = 100.0 / (comm + x[0] + x[1] + attention);
        let rest = 100.0 - share.comm - share.projection;
        let mut push = |value: f64| {
            values[used] = value;
            used += 1;
        };
        push(comm * percent - share.comm);
        push(x[0] * percent - share.projection);
        match share.attention {
            Some(label) => {
                push(attention * percent - label);
                push(x[1] * percent - (rest - label));
            }
            None => push((x[1] + attention) * percent - rest),
        }
    }
    SVector::from(values)
}

/// Of the first layer: inputs of the dependent passes, number of dependent non-linear operations, and the
/// cycles these occupy their lanes.
fn critical_operations(compiled: &Compiled) -> (Vec<u64>, u64, u64) {
    let mut passes = Vec::new();
    let (mut operations, mut service) = (0, 0);
    for (_, instr) in &compiled.program(0).instrs {
        match instr {
            Instr::Hn { fan_in, .. } => passes.push(*fan_in),
            Instr::Nonlinear { fixed, per_expert } => {
                operations += 1;
                service += compiled.specs.vex.nonlinear_service(fixed + per_expert);
            }
            _ => {}
        }
    }
    (passes, operations, service)
}

/// The share of peak bandwidth at which `layers` layers reading at once take `cycles_per_position` each.
fn buffer_efficiency(compiled: &Compiled, design: &Design, cycles_per_position: f64) -> f64 {
    let attention = compiled.program(0).attention.expect("layers have attention");
    let per_position = (attention.score_elements + attention.value_elements) as f64 / f64::from(attention.stripes)
        * compiled.kv_element_bytes as f64;
    let buffer = &design.attention_buffer;
    let peak = f64::from(buffer.banks) * f64::from(buffer.port_bits) / 8.0;
    per_position * compiled.layers() as f64 / cycles_per_position / peak
}
