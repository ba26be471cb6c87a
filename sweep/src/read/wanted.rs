//! Sections `objectives`, `results`, `define` and `constraints`: columns and goals of a sweep.

use designs::problem::shorten;
use designs::{Location, Measure, Problem};
use sim::Fidelity;

use super::{MAX_LIST, Reading, suggestion};
use crate::expression::Comparison;
use crate::metric::{Metric, NEAR_KNEE, PROGRAM};
use crate::plan::{Column, Constraint, Domain, Objective, Variable};
use crate::value::{Reason, Value};

/// Columns every sweep has.
const ALWAYS: [&str; 7] = [
    "throughput_tokens_per_s",
    "tokens_per_s_per_sequence",
    "token_latency_us",
    "system_power_kw",
    "energy_per_token_mj",
    "chips",
    "bottleneck",
];

/// Columns of a sweep in closed form.
const CLOSED: [&str; 1] = [NEAR_KNEE];

/// Columns of a sweep with prices.
const PRICED: [&str; 3] = ["estimate.chip_mm2", "estimate.tco_dynamic_usd.mid", "estimate.usd_per_million_tokens.mid"];

impl Reading<'_> {
    /// The column called `name`; a metric becomes a column on first use.
    fn column(&mut self, name: &str) -> Option<usize> {
        if let Some(column) = self.columns.iter().position(|column| column.name() == name) {
            return Some(column);
        }
        let known = |metric: &&Metric| metric.name == name && (!metric.is_of_program() || self.program.is_some());
        let metric = self.metrics.iter().find(known)?.clone();
        self.columns.push(Column::Metric(metric));
        Some(self.columns.len() - 1)
    }

    /// What is wrong with the name of a result.
    fn no_result(&self, name: &str) -> Reason {
        if self.program.is_none() && self.metrics.iter().any(|m| m.is_of_program() && m.name == name) {
            let help = "name an MLIR file: program = \"kernel.mlir\"".to_owned();
            return (format!("`{name}` is a result of a program, and there is none"), Some(help));
        }
        let own = self.columns.iter().map(Column::name);
        let known: Vec<&str> = own.chain(self.metrics.iter().map(|metric| metric.name.as_str())).collect();
        (format!("there is no result `{}`", shorten(name)), Some(suggestion(name, &known)))
    }

    /// The variable of a field or of a result.
    fn any(&mut self, name: &str) -> Result<usize, Reason> {
        if self.names.iter().any(|field| field.path == name) && !self.columns.iter().any(|c| c.name() == name) {
            return self.field(name);
        }
        if let Some(column) = self.column(name) {
            return Ok(self.intern(Variable::Column(column)));
        }
        if name.starts_with(PROGRAM) {
            return Err(self.no_result(name));
        }
        let fields: Vec<&str> = self.names.iter().map(|field| field.path.as_str()).collect();
        let own = self.columns.iter().map(Column::name);
        let known: Vec<&str> = own.chain(self.metrics.iter().map(|m| m.name.as_str())).chain(fields).collect();
        Err((format!("there is no field or result `{}`", shorten(name)), Some(suggestion(name, &known))))
    }

    /// `[define]`, then `[objectives]`.
    pub(super) fn objectives(&mut self) -> Vec<Objective> {
        for entry in self.file.entries("define", &[]) {
            let taken = self.metrics.iter().any(|metric| metric.name == entry.path)
                || self.names.iter().any(|name| name.path == entry.path)
                || self.columns.iter().any(|column| column.name() == entry.path);
            if taken {
                let message = format!("`{}` is the name of something else", shorten(&entry.path));
                self.file.problem(Problem::at(entry.key.clone(), message));
                continue;
            }
            let Some(text) = self.file.text(&entry) else { continue };
            if let Some(expression) = self.formula(&text, &entry.at, &mut Self::any) {
                self.columns.push(Column::Own { name: entry.path.clone(), expression });
            }
        }
        let mut objectives: Vec<Objective> = Vec::new();
        for entry in self.file.section("objectives", &["maximise", "minimise"]) {
            for (name, at) in self.file.texts(&entry, MAX_LIST).unwrap_or_default() {
                let Some(column) = self.column(&name) else {
                    let (message, help) = self.no_result(&name);
                    self.file.problem(Problem { message, help, at: Some(at) });
                    continue;
                };
                if self.columns[column].words().is_some() {
                    let message = format!("`{name}` is a word, of which there is neither more nor less");
                    self.file.problem(Problem::at(at, message));
                } else if objectives.iter().any(|objective| objective.column == column) {
                    self.file.problem(Problem::at(at, format!("`{name}` is an objective twice")));
                } else {
                    objectives.push(Objective { column, maximise: entry.path == "maximise" });
                }
            }
        }
        objectives
    }

    /// `results`: further columns.
    pub(super) fn results(&mut self) {
        let Some(entry) = self.file.take("results") else { return };
        for (name, at) in self.file.texts(&entry, MAX_LIST).unwrap_or_default() {
            if self.column(&name).is_none() {
                let (message, help) = self.no_result(&name);
                self.file.problem(Problem { message, help, at: Some(at) });
            }
        }
    }

    /// Columns that every sweep has.
    pub(super) fn default_columns(&mut self, prices: bool, fidelity: Fidelity) {
        let priced = PRICED.iter().filter(|_| prices);
        let closed = CLOSED.iter().filter(|_| fidelity == Fidelity::Analytic);
        for name in ALWAYS.iter().chain(closed).chain(priced) {
            self.column(name).expect("the name of a metric");
        }
    }

    /// `constraints`.
    pub(super) fn constraints(&mut self) -> Vec<Constraint> {
        let Some(entry) = self.file.take("constraints") else { return Vec::new() };
        let mut constraints: Vec<Constraint> = Vec::new();
        // Least and largest value of a variable, and which constraint says so.
        let mut ranges: Vec<(usize, Bound, Bound)> = Vec::new();
        for (text, at) in self.file.texts(&entry, MAX_LIST).unwrap_or_default() {
            let parsed = Comparison::parse(&text, &mut |name| self.any(name));
            let comparison = match parsed {
                Ok(comparison) => comparison,
                Err(mistake) => {
                    self.mistake(mistake, &text, &at);
                    continue;
                }
            };
            let on_axes = comparison.variables().iter().all(|v| !matches!(self.variables[*v], Variable::Column(_)));
            if let Some((variable, low, high, strict)) = comparison.bounds() {
                self.contradiction(&mut ranges, (variable, low, high, strict), &text, &at);
                self.nothing_left(variable, &comparison, &text, &at);
            }
            constraints.push(Constraint { text, comparison, on_axes });
        }
        constraints
    }

    /// Reports a bound that contradicts earlier ones.
    fn contradiction(
        &mut self,
        ranges: &mut Vec<(usize, Bound, Bound)>,
        (variable, low, high, strict): (usize, f64, f64, bool),
        text: &str,
        at: &Location,
    ) {
        let known = ranges.iter().position(|(other, ..)| *other == variable).unwrap_or_else(|| {
            let free = |value| Bound { value, strict: false, text: String::new() };
            ranges.push((variable, free(f64::NEG_INFINITY), free(f64::INFINITY)));
            ranges.len() - 1
        });
        let (_, least, most) = &mut ranges[known];
        let bound = |value| Bound { value, strict, text: text.to_owned() };
        if low > least.value || low == least.value && strict {
            *least = bound(low);
        }
        if high < most.value || high == most.value && strict {
            *most = bound(high);
        }
        let empty = least.value > most.value || least.value == most.value && (least.strict || most.strict);
        if empty {
            let other = if least.text == text { &most.text } else { &least.text };
            let message = format!("`{text}` contradicts `{other}`: no point can meet both");
            self.file.problem(Problem::at(at.clone(), message));
        }
    }

    /// Reports a bound on an axis that none of its values meets.
    fn nothing_left(&mut self, variable: usize, comparison: &Comparison, text: &str, at: &Location) {
        let Variable::Axis(axis) = self.variables[variable] else { return };
        let ends = match &self.axes[axis].domain {
            Domain::Listed(values) => values.iter().map(Value::number).collect(),
            Domain::Between { from, to, .. } => vec![*from, *to],
        };
        let mut known = vec![f64::NAN; self.variables.len()];
        let met = ends.iter().any(|end| {
            known[variable] = *end;
            comparison.holds(&known)
        });
        // An equation may hold between the ends of a range.
        let inside = matches!((&self.axes[axis].domain, comparison.bounds()), (Domain::Between { from, to, .. }, Some((_, low, _, _))) if (*from..=*to).contains(&low));
        if !met && !inside {
            let name = &self.axes[axis].name;
            let (least, most) =
                ends.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), e| (l.min(*e), m.max(*e)));
            let values = if least == most {
                format!("is {}", name.show(least))
            } else {
                format!("runs from {} to {}", name.show(least), name.show(most))
            };
            let help = match name.measure {
                Measure::Whole(unit) | Measure::Quantity(unit) => {
                    Some(format!("constraints are in base units, here {unit}"))
                }
                _ => None,
            };
            let message = format!("`{text}` leaves no value of `{}`, which {values}", name.path);
            self.file.problem(Problem { message, help, at: Some(at.clone()) });
        }
    }
}

struct Bound {
    value: f64,
    strict: bool,
    text: String,
}
