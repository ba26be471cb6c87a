//! Speed of a node's logic by supply voltage.

use serde::Serialize;

use crate::form::{Form, float};
use crate::quantity::Volts;
use crate::slot::{Limits, Slot, number, wrong_type};
use crate::tree::{Kind, Node};
use crate::units::Reason;

/// Most points of a curve.
const MAX_POINTS: usize = 256;

/// Speed of logic by supply voltage: points with rising voltage and speed, straight lines between them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct SpeedCurve {
    points: Vec<[f64; 2]>,
}

impl SpeedCurve {
    /// Lowest and highest voltage.
    #[must_use]
    pub fn range(&self) -> (Volts, Volts) {
        let end = |point: Option<&[f64; 2]>| Volts::from_v(point.map_or(0.0, |point| point[0]));
        (end(self.points.first()), end(self.points.last()))
    }

    /// Speed at `voltage`; `None` outside the curve.
    #[must_use]
    pub fn speed(&self, voltage: Volts) -> Option<f64> {
        interpolate(&self.points, 0, voltage.v())
    }

    /// Least voltage of the curve at which logic has `speed`; `None` if it never has.
    #[must_use]
    pub fn voltage(&self, speed: f64) -> Option<Volts> {
        let slowest = self.points.first()?;
        if speed <= slowest[1] {
            return Some(Volts::from_v(slowest[0]));
        }
        interpolate(&self.points, 1, speed).map(Volts::from_v)
    }
}

/// The other coordinate at `value` of coordinate `axis`; `None` outside the points.
fn interpolate(points: &[[f64; 2]], axis: usize, value: f64) -> Option<f64> {
    let other = 1 - axis;
    points.windows(2).find(|pair| (pair[0][axis]..=pair[1][axis]).contains(&value)).map(|pair| {
        let share = (value - pair[0][axis]) / (pair[1][axis] - pair[0][axis]);
        pair[0][other] + share * (pair[1][other] - pair[0][other])
    })
}

impl Slot for SpeedCurve {
    fn set(&mut self, node: &Node, _: Limits) -> Result<(), Reason> {
        let help = || Some("e.g. [[0.5, 0.7], [1.2, 3.3]]".to_owned());
        let Kind::List(items) = &node.kind else {
            return Err((wrong_type(node, "pairs of a voltage and a speed").0, help()));
        };
        if !(2..=MAX_POINTS).contains(&items.len()) {
            return Err((
                format!("has {} points; it must have at least 2 and at most {MAX_POINTS}", items.len()),
                None,
            ));
        }
        let mut points: Vec<[f64; 2]> = Vec::with_capacity(items.len());
        for item in items {
            let pair = match &item.kind {
                Kind::List(pair) if pair.len() == 2 => pair,
                _ => return Err((wrong_type(item, "pairs of a voltage and a speed").0, help())),
            };
            let point = [number(&pair[0], "a voltage in volts")?, number(&pair[1], "a speed")?];
            if !(0.2..=2.0).contains(&point[0]) {
                return Err((format!("has a voltage of {} V; it must be at least 0.2 and at most 2", point[0]), None));
            }
            if !(point[1] > 0.0 && point[1] <= 1e3) {
                return Err((format!("has a speed of {}; it must be above 0 and at most 1000", point[1]), None));
            }
            if points.last().is_some_and(|last| point[0] <= last[0] || point[1] <= last[1]) {
                return Err((format!("does not rise at {} V", point[0]), help()));
            }
            points.push(point);
        }
        self.points = points;
        Ok(())
    }

    fn show(&self) -> Option<String> {
        self.toml()
    }

    fn toml(&self) -> Option<String> {
        let points = self.points.iter().map(|[volts, speed]| format!("[{}, {}]", float(*volts), float(*speed)));
        Some(format!("[{}]", points.collect::<Vec<_>>().join(", ")))
    }

    fn form(&self) -> Form {
        Form::Curve
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SpeedCurve, String> {
        let root = crate::tree::parse(&format!("x = {text}"), 0).unwrap();
        let mut curve = SpeedCurve::default();
        let result = curve.set(&root.section().unwrap()["x"], Limits::NONE);
        result.map(|()| curve).map_err(|(message, _)| message)
    }

    #[test]
    fn curves_rise_and_are_inverted_by_voltage() {
        let curve = read("[[0.5, 1], [0.75, 2], [1.25, 3]]").unwrap();
        for (volts, speed) in [(0.5, 1.0), (0.625, 1.5), (0.75, 2.0), (1.0, 2.5), (1.25, 3.0)] {
            assert_eq!(curve.speed(Volts::from_v(volts)), Some(speed));
            assert_eq!(curve.voltage(speed), Some(Volts::from_v(volts)));
        }
        assert_eq!(curve.voltage(0.1), Some(Volts::from_v(0.5)));
        assert_eq!(curve.voltage(3.1), None);
        assert_eq!(curve.speed(Volts::from_v(0.49)), None);
        assert_eq!(read(&curve.toml().unwrap()).unwrap(), curve);
        for (text, message) in [
            ("1", "must be pairs of a voltage and a speed, not a number"),
            ("[[0.5, 1]]", "has 1 points; it must have at least 2 and at most 256"),
            ("[[0.5, 1], 2]", "must be pairs of a voltage and a speed, not a number"),
            ("[[0.5, 1], [0.6, 1]]", "does not rise at 0.6 V"),
            ("[[0.5, 1], [0.5, 2]]", "does not rise at 0.5 V"),
            ("[[0.5, 1], [5, 2]]", "has a voltage of 5 V; it must be at least 0.2 and at most 2"),
            ("[[0.5, 0], [1, 2]]", "has a speed of 0; it must be above 0 and at most 1000"),
            ("[[0.5, nan], [1, 2]]", "is NaN, which is not a number to compute with"),
        ] {
            assert_eq!(read(text).unwrap_err(), message, "{text}");
        }
    }
}
