//! Supply voltage and clock: the speed of a node's logic by voltage, and which voltage a clock needs.
//!
//! A base design reaches its clock at its voltage. What differs from it follows from the curves of the nodes: a clock needs the
//! voltage at which logic is faster than the base's by the ratio of the clocks.

use thiserror::Error;

use crate::curve::SpeedCurve;
use crate::design::Design;
use crate::process::ProcessNode;
use crate::quantity::{Hertz, Volts};
use crate::units::Dimension;

/// Slack in comparing speeds: rounding.
const SLACK: f64 = 1e-9;

/// Why a machine cannot run at its clock and voltage.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SupplyError {
    /// The voltage is outside the curve of the node.
    #[error("`chip.voltage` is {}, outside the curve of node {node}, {} to {}", volts(*.voltage), volts(*.low), volts(*.high))]
    Outside {
        /// Voltage given.
        voltage: Volts,
        /// Node.
        node: String,
        /// Lowest voltage of its curve.
        low: Volts,
        /// Highest voltage of its curve.
        high: Volts,
    },
    /// The logic is too slow at the voltage that is stated.
    #[error(
        "`chip.clock` is {}, and at {} node {node} reaches {}",
        hertz(*.clock), volts(*.voltage), hertz(*.reached)
    )]
    Slow {
        /// Clock given.
        clock: Hertz,
        /// Voltage given.
        voltage: Volts,
        /// Node.
        node: String,
        /// Clock that the node reaches.
        reached: Hertz,
        /// Voltage that the clock needs; absent where the curve ends below it.
        needed: Option<Volts>,
    },
    /// The logic is too slow at every voltage.
    #[error(
        "`chip.clock` is {}; node {node} reaches {} at {}, the end of its curve",
        hertz(*.clock), hertz(*.reached), volts(*.voltage)
    )]
    Fast {
        /// Clock given.
        clock: Hertz,
        /// Node.
        node: String,
        /// Clock that it reaches.
        reached: Hertz,
        /// Highest voltage of its curve.
        voltage: Volts,
    },
}

/// A voltage to a millivolt.
fn volts(voltage: Volts) -> String {
    Dimension::Voltage.show((voltage.v() * 1e3).round() / 1e3)
}

/// A clock to a megahertz.
fn hertz(clock: Hertz) -> String {
    Dimension::Frequency.show((clock.hz() as f64 / 1e6).round() * 1e6)
}

impl SupplyError {
    /// Path of the field at fault.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::Outside { .. } => "chip.voltage",
            Self::Slow { .. } | Self::Fast { .. } => "chip.clock",
        }
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Outside { low, high, .. } => format!("write {} to {}", volts(*low), volts(*high)),
            Self::Slow { reached, needed: Some(needed), .. } => format!(
                "give it {} (`chip.voltage`), leave the voltage out, or write at most {}",
                // Rounded up, so that the advice works.
                Dimension::Voltage.show((needed.v() * 1e3).ceil() / 1e3),
                hertz(*reached)
            ),
            Self::Slow { reached, needed: None, .. } | Self::Fast { reached, .. } => {
                format!("write at most {}", hertz(*reached))
            }
        }
    }
}

/// The voltage of `design` on `node`, a change of `base` on `home`: the one that it states (`stated`); else that of the base
/// for the same clock on the same node; else the least at which the node reaches the clock. Where a node has no curve, the
/// design's own.
///
/// # Errors
/// If the clock is not reached, or a voltage is outside the curve of its node.
pub fn supply(
    (base, home): (&Design, &ProcessNode),
    (design, node): (&Design, &ProcessNode),
    stated: bool,
) -> Result<Volts, SupplyError> {
    let outside = |voltage, node: &ProcessNode, curve: &SpeedCurve| {
        let (low, high) = curve.range();
        SupplyError::Outside { voltage, node: node.name.clone(), low, high }
    };
    let Some(own) = &home.speed_curve else { return Ok(design.voltage) };
    let own_speed = own.speed(base.voltage).ok_or_else(|| outside(base.voltage, home, own))?;
    if !stated && design.clock == base.clock && node.name == home.name {
        return Ok(base.voltage);
    }
    let Some(curve) = &node.speed_curve else { return Ok(design.voltage) };
    let needed = own_speed * (design.clock.hz() as f64 / base.clock.hz() as f64);
    let reached = |speed: f64| Hertz::from_hz((base.clock.hz() as f64 * speed / own_speed) as u64);
    let (clock, name) = (design.clock, || node.name.clone());
    if stated {
        let voltage = design.voltage;
        let speed = curve.speed(voltage).ok_or_else(|| outside(voltage, node, curve))?;
        return match speed >= needed * (1.0 - SLACK) {
            true => Ok(voltage),
            false => Err(SupplyError::Slow {
                clock,
                voltage,
                node: name(),
                reached: reached(speed),
                needed: curve.voltage(needed),
            }),
        };
    }
    curve.voltage(needed).ok_or_else(|| {
        let voltage = curve.range().1;
        let speed = curve.speed(voltage).unwrap_or_default();
        SupplyError::Fast { clock, node: name(), reached: reached(speed), voltage }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    #[test]
    fn a_clock_has_the_voltage_that_it_needs() {
        let base = load::design("hnlpu", &[], &load::no_files).unwrap();
        let node = |name| load::node(name, &load::no_files).unwrap();
        let n5 = node("n5");
        let at = |ghz: f64, on: &ProcessNode| {
            let design = Design { clock: Hertz::from_hz((ghz * 1e9) as u64), ..base.clone() };
            supply((&base, &n5), (&design, on), false)
        };
        assert_eq!(at(1.0, &n5), Ok(base.voltage));
        let volts: Vec<f64> = [0.5, 0.9, 1.0, 1.1, 1.4, 2.0].map(|ghz| at(ghz, &n5).unwrap().v()).to_vec();
        assert!(volts.is_sorted() && volts[0] < 0.6 && volts[5] < 1.2, "{volts:?}");
        // A newer node needs less voltage for the same clock, an older one more.
        let nodes: Vec<f64> = ["n3", "n5", "n7", "n16"].map(|name| at(1.0, &node(name)).unwrap().v()).to_vec();
        assert!(nodes.is_sorted(), "{nodes:?}");
        let error = at(5.0, &n5).unwrap_err();
        assert_eq!(error.path(), "chip.clock");
        assert!(matches!(error, SupplyError::Fast { .. }), "{error}");
        let slow = Design { voltage: Volts::from_v(0.5), ..base.clone() };
        let error = supply((&base, &n5), (&slow, &n5), true).unwrap_err();
        let SupplyError::Slow { needed: Some(needed), .. } = error else { panic!("{error}") };
        assert!((needed.v() - base.voltage.v()).abs() < 1e-9, "{needed:?}");
        let outside = Design { voltage: Volts::from_v(0.3), ..base.clone() };
        let error = supply((&base, &n5), (&outside, &n5), true).unwrap_err();
        assert_eq!((error.path(), error.help().as_str()), ("chip.voltage", "write 500 mV to 1.2 V"));
    }
}
