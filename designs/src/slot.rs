//! How one field of a schema is read from TOML and printed: one implementation of [`Slot`] per type.
//!
//! Counts are plain numbers, quantities are texts with a unit, choices are words. Bounds are given by
//! the schema, so a value that reaches a design is finite and within them.

pub(crate) use crate::form::Limits;
pub use crate::form::Measure;
use crate::form::{Form, float, quoted};
use crate::problem::{did_you_mean, shorten};
use crate::quantity::{Bytes, BytesPerSecond, Cycles, Hertz, Joules, Seconds, SquareMm, Volts, Watts};
use crate::tree::{Kind, Node};
use crate::units::{self, Dimension, Reason};

/// A field that can be read and printed.
pub(crate) trait Slot {
    /// Whether the field must be there.
    fn required(&self) -> bool {
        true
    }

    /// Takes the value of `node`; the error continues a sentence that starts with the key.
    fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason>;

    /// The value as it would be written in a file, without quotation marks; `None` where absent.
    fn show(&self) -> Option<String>;

    /// The value as TOML, exact; `None` where absent. A field with a default has one whether or not a file states it.
    fn toml(&self) -> Option<String> {
        self.show().map(|text| quoted(&text))
    }

    /// The value as a number of base units; `None` for words, texts, flags and what is absent or a range.
    fn number(&self) -> Option<f64> {
        None
    }

    /// What values the field accepts.
    fn form(&self) -> Form;

    /// What numbers of this field count.
    fn measure(&self) -> Measure {
        self.form().measure()
    }
}

pub(crate) fn wrong_type(node: &Node, wanted: &str) -> Reason {
    (format!("must be {wanted}, not {}", node.kind_name()), None)
}

/// A number, however it is written.
pub(crate) fn number(node: &Node, wanted: &str) -> Result<f64, Reason> {
    match &node.kind {
        // Beyond 2^53 the nearest float decides, which no bound in use can notice.
        Kind::Integer(Some(value)) => Ok(*value as f64),
        Kind::Integer(None) => Err(("is too large".into(), None)),
        Kind::Float(value) if value.is_finite() => Ok(*value),
        Kind::Float(value) => Err((format!("is {value}, which is not a number to compute with"), None)),
        _ => Err(wrong_type(node, wanted)),
    }
}

/// Up to here every integer is a float.
const LARGEST_EXACT: f64 = (1u64 << 53) as f64;

macro_rules! count {
    ($($type:ty),*) => { $(
        impl Slot for $type {
            fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
                let value = number(node, "a whole number")?;
                let integer = match node.kind {
                    Kind::Integer(Some(integer)) => integer,
                    // 7e9 is a count, as 7000000000 is.
                    _ if value.fract() == 0.0 && value.abs() <= LARGEST_EXACT => value as _,
                    _ => return Err((format!("must be a whole number, not {value}"), None)),
                };
                limits.check(value, &format!("{value}"), |bound| format!("{bound}"))?;
                *self = <$type>::try_from(integer).map_err(|_| (format!("is {integer}, which is too large"), None))?;
                Ok(())
            }

            fn show(&self) -> Option<String> {
                Some(self.to_string())
            }

            fn toml(&self) -> Option<String> {
                self.show()
            }

            fn number(&self) -> Option<f64> {
                Some(*self as f64)
            }

            fn form(&self) -> Form {
                Form::Count
            }
        }
    )* };
}
count!(u32, u64);

impl Slot for f64 {
    fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
        let value = number(node, "a number")?;
        limits.check(value, &value.to_string(), |bound| bound.to_string())?;
        *self = value;
        Ok(())
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn toml(&self) -> Option<String> {
        Some(float(*self))
    }

    fn number(&self) -> Option<f64> {
        Some(*self)
    }

    fn form(&self) -> Form {
        Form::Number
    }
}

impl Slot for bool {
    fn set(&mut self, node: &Node, _: Limits) -> Result<(), Reason> {
        match node.kind {
            Kind::Boolean(value) => *self = value,
            _ => return Err(wrong_type(node, "true or false")),
        }
        Ok(())
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn toml(&self) -> Option<String> {
        self.show()
    }

    fn form(&self) -> Form {
        Form::Flag
    }
}

impl Slot for String {
    fn set(&mut self, node: &Node, _: Limits) -> Result<(), Reason> {
        match &node.kind {
            Kind::Text(text) if !text.trim().is_empty() => self.clone_from(text),
            Kind::Text(_) => return Err(("is empty".into(), None)),
            _ => return Err(wrong_type(node, "a text")),
        }
        Ok(())
    }

    fn show(&self) -> Option<String> {
        Some(self.clone())
    }

    fn form(&self) -> Form {
        Form::Text
    }
}

impl<T: Slot + Default> Slot for Option<T> {
    fn required(&self) -> bool {
        false
    }

    fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
        self.insert(T::default()).set(node, limits)
    }

    fn show(&self) -> Option<String> {
        self.as_ref().and_then(Slot::show)
    }

    fn toml(&self) -> Option<String> {
        self.as_ref().and_then(Slot::toml)
    }

    fn number(&self) -> Option<f64> {
        self.as_ref().and_then(Slot::number)
    }

    fn form(&self) -> Form {
        T::default().form()
    }
}

/// A quantity of `dimension` in base units.
fn quantity(node: &Node, dimension: Dimension, limits: Limits) -> Result<f64, Reason> {
    let text = match &node.kind {
        Kind::Text(text) => text,
        Kind::Integer(_) | Kind::Float(_) => {
            return Err(("needs a unit".into(), Some(format!("e.g. {}", dimension.example()))));
        }
        _ => {
            let (message, _) = wrong_type(node, dimension.name());
            return Err((message, Some(format!("e.g. {}", dimension.example()))));
        }
    };
    let value = units::parse(text, dimension)?;
    limits.check(value, text.trim(), |bound| dimension.show(bound))?;
    Ok(value)
}

/// Base units are whole: a fraction of a byte or of a hertz is a mistake. The slack is for decimal
/// fractions of large units.
fn whole(value: f64, dimension: Dimension) -> Result<u64, Reason> {
    let rounded = value.round();
    if (value - rounded).abs() > 1e-6 * rounded.max(1.0) {
        return Err((format!("is {}, not a whole number of base units", dimension.show(value)), None));
    }
    Ok(rounded as u64)
}

macro_rules! quantity_slots {
    ($($type:ident $dimension:ident $measure:ident $new:ident $get:ident $convert:expr, $back:ty;)*) => { $(
        impl Slot for $type {
            fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
                let value = quantity(node, Dimension::$dimension, limits)?;
                let convert: fn(f64, Dimension) -> Result<$back, Reason> = $convert;
                *self = Self::$new(convert(value, Dimension::$dimension)?);
                Ok(())
            }

            fn show(&self) -> Option<String> {
                Some(Dimension::$dimension.show(self.$get() as f64))
            }

            fn number(&self) -> Option<f64> {
                Some(self.$get() as f64)
            }

            fn form(&self) -> Form {
                Form::$measure(Dimension::$dimension)
            }
        }
    )* };
}
quantity_slots! {
    Hertz Frequency Whole from_hz hz whole, u64;
    Bytes Data Whole new get whole, u64;
    BytesPerSecond DataRate Whole new get whole, u64;
    Cycles Cycles Whole new get whole, u64;
    Seconds Time Quantity from_s s |value, _| Ok(value), f64;
    SquareMm Area Quantity from_mm2 mm2 |value, _| Ok(value), f64;
    Watts Power Quantity from_w w |value, _| Ok(value), f64;
    Joules Energy Quantity from_j j |value, _| Ok(value), f64;
    Volts Voltage Quantity from_v v |value, _| Ok(value), f64;
}

/// The entry of `choices` that `node` names.
pub(crate) fn choice<T: Copy>(node: &Node, choices: &[(&str, T)]) -> Result<T, Reason> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let Kind::Text(text) = &node.kind else {
        return Err((wrong_type(node, "one of the words below").0, Some(format!("known here: {}", names.join(", ")))));
    };
    choices
        .iter()
        .find(|(name, _)| name == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| (format!("is \"{}\", which is not known", shorten(text)), Some(did_you_mean(text, &names))))
}

fn name_of<T: PartialEq>(value: &T, choices: &[(&str, T)]) -> Option<String> {
    choices.iter().find(|(_, candidate)| candidate == value).map(|(name, _)| (*name).to_owned())
}

/// Reads and prints enumerations of [`names::named!`] by their names.
macro_rules! choice_slots {
    ($($type:ident),*) => { $(
        impl $crate::slot::Slot for $type {
            fn set(&mut self, node: &$crate::tree::Node, _: $crate::slot::Limits) -> Result<(), $crate::units::Reason> {
                *self = $crate::slot::choice(node, &names::choices::<Self>())?;
                Ok(())
            }

            fn show(&self) -> Option<String> {
                Some(self.name().to_owned())
            }

            fn form(&self) -> $crate::form::Form {
                $crate::form::Form::Choice(Self::ALL.map(Self::name).to_vec())
            }
        }
    )* };
}
pub(crate) use choice_slots;

/// A field that a file may leave out; it is listed only where it differs from the value that it then has.
pub(crate) struct Defaulted<'a, T>(pub(crate) &'a mut T, pub(crate) T);

impl<T: Slot + PartialEq> Slot for Defaulted<'_, T> {
    fn required(&self) -> bool {
        false
    }

    fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
        self.0.set(node, limits)
    }

    fn show(&self) -> Option<String> {
        (*self.0 != self.1).then(|| self.0.show()).flatten()
    }

    fn toml(&self) -> Option<String> {
        self.0.toml()
    }

    fn number(&self) -> Option<f64> {
        self.0.number()
    }

    fn form(&self) -> Form {
        self.0.form()
    }
}

/// A flag written as one of two words.
pub(crate) struct Words<'a>(pub(crate) &'a mut bool, pub(crate) [(&'static str, bool); 2]);

impl Slot for Words<'_> {
    fn set(&mut self, node: &Node, _: Limits) -> Result<(), Reason> {
        *self.0 = choice(node, &self.1)?;
        Ok(())
    }

    fn show(&self) -> Option<String> {
        name_of(self.0, &self.1)
    }

    fn form(&self) -> Form {
        Form::Choice(self.1.map(|(name, _)| name).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_argument;

    fn read<T: Slot + Default>(text: &str, limits: Limits) -> Result<T, String> {
        let mut slot = T::default();
        slot.set(&parse_argument(text, 0, 0), limits).map_err(|(message, _)| message)?;
        Ok(slot)
    }

    #[test]
    fn counts_are_whole_and_bounded() {
        let limits = Limits::between(1.0, 64.0);
        assert_eq!(read::<u32>("4", limits), Ok(4));
        assert_eq!(read::<u32>("0x10", limits), Ok(16));
        assert_eq!(read::<u32>("4.0", limits), Ok(4));
        assert_eq!(read::<u64>("7.28e9", Limits::NONE), Ok(7_280_000_000));
        for (text, message) in [
            ("0", "is 0; it must be at least 1 and at most 64"),
            ("-4", "is -4; it must be at least 1 and at most 64"),
            ("65", "is 65; it must be at least 1 and at most 64"),
            ("4.5", "must be a whole number, not 4.5"),
            ("6.4e1000", "is inf, which is not a number to compute with"),
            ("nan", "is NaN, which is not a number to compute with"),
            ("inf", "is inf, which is not a number to compute with"),
            ("four", "must be a whole number, not a text"),
            ("true", "must be a whole number, not true or false"),
        ] {
            assert_eq!(read::<u32>(text, limits).unwrap_err(), message);
        }
        let huge = "9".repeat(60);
        assert_eq!(read::<u64>(&huge, Limits::NONE).unwrap_err(), "is too large");
        assert!(read::<u64>("99999999999999999999", Limits::NONE).unwrap_err().contains("too large"));
    }

    #[test]
    fn quantities_need_their_unit_and_keep_their_bounds() {
        let limits = Limits::positive(100e9);
        assert_eq!(read::<Hertz>("1.2GHz", limits), Ok(Hertz::from_hz(1_200_000_000)));
        for (text, message) in [
            ("12", "needs a unit"),
            ("-1 GHz", "is -1 GHz; it must be above 0 Hz and at most 100 GHz"),
            ("0 GHz", "is 0 GHz; it must be above 0 Hz and at most 100 GHz"),
            ("101 GHz", "is 101 GHz; it must be above 0 Hz and at most 100 GHz"),
            ("0.5 Hz", "is 0.5 Hz, not a whole number of base units"),
            ("true", "must be a frequency, not true or false"),
        ] {
            assert_eq!(read::<Hertz>(text, limits).unwrap_err(), message);
        }
        assert_eq!(read::<Bytes>("1.1 GB", Limits::NONE), Ok(Bytes::new(1_100_000_000)));
    }

    #[test]
    fn efficiency_excludes_zero_and_includes_one() {
        let limits = Limits::positive(1.0);
        assert_eq!(read::<f64>("1", limits), Ok(1.0));
        assert!(read::<f64>("0", limits).is_err());
        assert!(read::<f64>("1.01", limits).is_err());
        assert!(read::<f64>("1e999", limits).is_err());
    }
}
