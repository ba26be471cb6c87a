//! Lists and sets single fields of designs and prices.
//!
//! For callers that change a few fields very often, such as a sweep over a design space. Values are checked against the
//! bounds of the schema; provenance is not updated. Rules that concern several fields are not checked.

use crate::design::Design;
use crate::economics::{self, Economics};
use crate::field::Visitor;
use crate::problem::Location;
use crate::schema;
use crate::slot::{Limits, Measure, Slot};
use crate::tree::{Kind, Node};
use crate::units;

/// A value from a file or a computation.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A word, or a number with its unit.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// `true` or `false`.
    Flag(bool),
}

impl Scalar {
    /// `value` base units of a field that counts `measure`.
    #[must_use]
    pub fn of(value: f64, measure: Measure) -> Self {
        match measure {
            Measure::Whole(unit) | Measure::Quantity(unit) => Self::Text(format!("{value} {unit}")),
            // Above 2^53 a float is not an exact count; no schema allows such a count.
            Measure::Count if value == value.trunc() && value.abs() < 9e15 => Self::Integer(value as i64),
            Measure::Count | Measure::Number | Measure::Word => Self::Float(value),
        }
    }

    fn node(&self) -> Node {
        let nowhere = Location { source: 0, span: 0..0 };
        let kind = match self {
            Self::Text(text) => Kind::Text(text.clone()),
            Self::Integer(value) => Kind::Integer(Some(i128::from(*value))),
            Self::Float(value) => Kind::Float(*value),
            Self::Flag(value) => Kind::Boolean(*value),
        };
        Node { key: nowhere.clone(), at: nowhere, kind }
    }
}

/// The number of base units `unit` that a text such as `1.2 GHz` states.
///
/// # Errors
/// The error, phrased to follow the name of the field, and a suggestion.
///
/// # Panics
/// If `unit` is not a base unit.
pub fn base_units(text: &str, unit: &str) -> Result<f64, (String, Option<String>)> {
    let dimension = units::Dimension::of_base_unit(unit).expect("the base unit of a field");
    units::parse(text, dimension)
}

/// A well-formed value of a field that counts base units `unit`.
#[must_use]
pub fn example(unit: &str) -> Option<&'static str> {
    units::Dimension::of_base_unit(unit).map(units::Dimension::example)
}

/// `value` base units as a file would state them.
///
/// # Panics
/// If `unit` is not a base unit.
#[must_use]
pub fn show(value: f64, unit: &str) -> String {
    units::Dimension::of_base_unit(unit).expect("the base unit of a field").show(value)
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Dotted path in the file.
    pub path: String,
    /// Documentation from the schema.
    pub doc: &'static str,
    /// Unit of its numbers.
    pub measure: Measure,
    /// Its value in base units, where it is one number.
    pub number: Option<f64>,
    /// Its value as a file would state it, where there is one.
    pub shown: Option<String>,
}

struct Lister(Vec<Field>);

impl Visitor for Lister {
    fn field(&mut self, path: &str, slot: &mut dyn Slot, _: Limits, doc: &'static str) {
        let (measure, number, shown) = (slot.measure(), slot.number(), slot.show());
        self.0.push(Field { path: path.to_owned(), doc, measure, number, shown });
    }
}

/// Sets fields by their position in the walk.
struct Setter<'a> {
    changes: &'a [(usize, Scalar)],
    position: usize,
    refused: Option<Refusal>,
}

/// Why a field rejected a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Error message with the path of the field.
    pub message: String,
    /// Suggestion.
    pub help: Option<String>,
}

impl Visitor for Setter<'_> {
    fn field(&mut self, path: &str, slot: &mut dyn Slot, limits: Limits, _: &'static str) {
        for (_, value) in self.changes.iter().filter(|(position, _)| *position == self.position) {
            if let Err((message, help)) = slot.set(&value.node(), limits) {
                self.refused.get_or_insert(Refusal { message: format!("`{path}` {message}"), help });
            }
        }
        self.position += 1;
    }
}

fn set(changes: &[(usize, Scalar)], walk: impl FnOnce(&mut Setter<'_>)) -> Result<(), Refusal> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut setter = Setter { changes, position: 0, refused: None };
    walk(&mut setter);
    setter.refused.map_or(Ok(()), Err)
}

/// Fields of a design, in the order of the file; their positions are what [`set_design`] takes.
#[must_use]
pub fn design_fields(design: &Design) -> Vec<Field> {
    let mut lister = Lister(Vec::new());
    schema::walk(&mut design.clone(), &mut lister);
    lister.0
}

/// Sets fields of a design, given by their positions.
///
/// # Errors
/// The first value that its field rejects; other fields may have been set.
pub fn set_design(design: &mut Design, changes: &[(usize, Scalar)]) -> Result<(), Refusal> {
    set(changes, |setter| schema::walk(design, setter))
}

/// Fields of prices and rules, in the order of the file; their positions are what [`set_economics`] takes.
#[must_use]
pub fn economics_fields(economics: &Economics) -> Vec<Field> {
    let mut lister = Lister(Vec::new());
    economics::walk(&mut economics.clone(), &mut lister);
    lister.0
}

/// Sets fields of prices and rules, given by their positions.
///
/// # Errors
/// The first value that its field rejects; other fields may have been set.
pub fn set_economics(economics: &mut Economics, changes: &[(usize, Scalar)]) -> Result<(), Refusal> {
    set(changes, |setter| economics::walk(economics, setter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_fields_can_be_set_again() {
        let mut design = crate::load::design("hnlpu", &[], &crate::load::no_files).unwrap();
        let original = design.clone();
        let fields = design_fields(&design);
        let changes: Vec<(usize, Scalar)> = fields
            .iter()
            .enumerate()
            .filter_map(|(i, field)| Some((i, Scalar::of(field.number?, field.measure))))
            .collect();
        assert!(changes.len() > 40, "{}", changes.len());
        set_design(&mut design, &changes).unwrap();
        assert_eq!(design, original);
        let mut economics = crate::load::economics("hnlpu", &[], &crate::load::no_files).unwrap();
        let original = economics.clone();
        let fields = economics_fields(&economics);
        let changes: Vec<(usize, Scalar)> = fields
            .iter()
            .enumerate()
            .filter_map(|(i, field)| Some((i, Scalar::of(field.number?, field.measure))))
            .collect();
        set_economics(&mut economics, &changes).unwrap();
        assert_eq!(economics, original);
    }

    #[test]
    fn bounds_of_the_schema_hold() {
        let mut design = crate::load::design("hnlpu", &[], &crate::load::no_files).unwrap();
        let fields = design_fields(&design);
        let position = |path: &str| fields.iter().position(|f| f.path == path).unwrap();
        let mut refuse = |path: &str, value| set_design(&mut design, &[(position(path), value)]).unwrap_err().message;
        assert_eq!(refuse("grid.rows", Scalar::Float(5.5)), "`grid.rows` must be a whole number, not 5.5");
        assert_eq!(
            refuse("chip.clock", Scalar::of(0.0, Measure::Whole("Hz"))),
            "`chip.clock` is 0 Hz; it must be at least 1 MHz and at most 10 GHz"
        );
        assert!(refuse("mapping.collective", Scalar::Text("dirct".into())).contains("not known"));
    }
}
