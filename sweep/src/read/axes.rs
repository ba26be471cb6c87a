//! Sections `[set]`, `[axes]` and `[dependent]`: values of fields.

use designs::problem::shorten;
use designs::{Location, Measure, Problem};
use names::number::{self, separated};
use sim::settle::Base;
use toml::de::DeValue;

use super::toml_file::{self, Entry};
use super::{Reading, suggestion};
use crate::expression::Expression;
use crate::plan::{Axis, Dependent, Domain, MAX_POINTS, Variable};
use crate::state::{Name, State};
use crate::value::{Reason, Value};

/// Keys of a range.
const RANGE: [&str; 5] = ["from", "to", "points", "step", "scale"];
/// Values of one axis.
const MAX_LEVELS: u64 = 1_000_000;
/// Axes.
const MAX_AXES: usize = 64;

impl Reading<'_> {
    /// A problem with the value of a field.
    fn refuse(&mut self, at: Location, name: &Name, (message, help): Reason) {
        self.file.problem(Problem { message: format!("`{}` {message}", name.path), help, at: Some(at) });
    }

    /// Checks that a field accepts a value, alone and together with `[set]`.
    fn value(&mut self, name: &Name, value: &DeValue<'_>, at: &Location) -> Option<Value> {
        let value = match scalar(name, value) {
            Ok(value) => value,
            Err(reason) => {
                self.refuse(at.clone(), name, reason);
                return None;
            }
        };
        let refused = self.state.clone().set([(name, &value)]).err();
        if let Some(refusal) = &refused {
            let problem =
                Problem { message: refusal.message.clone(), help: refusal.help.clone(), at: Some(at.clone()) };
            self.file.problem(problem);
        }
        if refused.is_none() && !self.load(name, &value, at) {
            return None;
        }
        refused.is_none().then_some(value)
    }

    /// Reads the model, node or mask stack that a value names.
    fn load(&mut self, name: &Name, value: &Value, at: &Location) -> bool {
        let Value::Word(word) = value else { return true };
        let key = word.to_string();
        let result = match name.path.as_str() {
            "model" => designs::load::model(word, self.loader).map(|m| drop(self.library.models.insert(key, m))),
            "build.node" => designs::load::node(word, self.loader).map(|n| drop(self.library.nodes.insert(key, n))),
            "build.mask_stack" => {
                designs::load::mask_stack(word, self.loader).map(|s| drop(self.library.stacks.insert(key, s)))
            }
            _ => Ok(()),
        };
        if let Err(problems) = &result {
            for problem in &problems.problems {
                let place = problems.place(problem).map_or(String::new(), |(n, l, c)| format!("{n}:{l}:{c}: "));
                let message = format!("{place}{}", problem.message);
                self.file.problem(Problem { message, help: problem.help.clone(), at: Some(at.clone()) });
            }
        }
        result.is_ok()
    }

    /// Adds the base model, and a mask stack for every node.
    pub(super) fn library(&mut self, base: &Base) {
        self.library.models.entry(base.design.model.clone()).or_insert_with(|| base.model.clone());
        let nodes = self.library.nodes.keys().cloned().chain([base.node.name.clone()]);
        for name in nodes.collect::<Vec<_>>() {
            let known = designs::presets::mask_stacks().iter().any(|preset| preset.name == name);
            if known && let Ok(stack) = designs::load::mask_stack(&name, self.loader) {
                self.library.stacks.insert(name, stack);
            }
        }
    }

    /// `[set]`: fields that all points share.
    pub(super) fn set(&mut self) {
        for entry in self.file.entries("set", &RANGE) {
            let Some(name) = self.name(&entry.path, &entry) else { continue };
            if let Some(value) = self.value(&name, &entry.value, &entry.at) {
                // It was taken by a copy before.
                let _ = self.state.set([(&name, &value)]);
                self.fixed.push(name);
            }
        }
        // Constants of formulas are what they are now.
        let mut names = self.state.names();
        for name in names.iter_mut().filter(|n| n.path.starts_with("workload.") || n.path.starts_with("build.")) {
            if let Some(number) = own_number(&self.state, &name.path) {
                name.number = number;
            }
        }
        self.names = names;
    }

    /// `[axes]`.
    pub(super) fn axes(&mut self) {
        let entries = self.file.entries("axes", &RANGE);
        if let Some(entry) = entries.get(MAX_AXES) {
            let message = format!("there are {} axes; at most {MAX_AXES}", entries.len());
            self.file.problem(Problem::at(entry.key.clone(), message));
        }
        for entry in entries {
            let Some(name) = self.name(&entry.path, &entry) else { continue };
            if self.twice(&name, &entry) {
                continue;
            }
            let domain = match &entry.value {
                DeValue::Array(_) => self.list(&name, &entry),
                DeValue::Table(_) => self.range(&name, &entry),
                other => {
                    let message = format!(
                        "`{}` is an axis: a list of values or a range, not {}",
                        name.path,
                        toml_file::kind_name(other)
                    );
                    let help =
                        "write [a, b, c] or { from = ..., to = ..., points = ... }; one value belongs under [set]";
                    self.file.problem(Problem::at(entry.at.clone(), message).help(help));
                    None
                }
            };
            if let Some(domain) = domain {
                self.axes.push(Axis { name, domain });
            }
        }
    }

    /// Refuses a field that has its value from elsewhere.
    fn twice(&mut self, name: &Name, entry: &Entry<'_>) -> bool {
        let clash = |other: &Name| {
            let grids = ["grid", "grid.rows", "grid.columns"];
            let both = grids.contains(&name.path.as_str()) && grids.contains(&other.path.as_str());
            other.path == name.path || (both && (name.path == "grid" || other.path == "grid"))
        };
        let others = self.axes.iter().map(|axis| &axis.name).chain(self.dependents.iter().map(|d| &d.name));
        let Some(other) = others.chain(&self.fixed).find(|other| clash(other)) else { return false };
        let message = format!("`{}` has its value from `{}` already", name.path, other.path);
        self.file.problem(
            Problem::at(entry.key.clone(), message).help("give a field under one of [set], [axes] and [dependent]"),
        );
        true
    }

    fn list(&mut self, name: &Name, entry: &Entry<'_>) -> Option<Domain> {
        let DeValue::Array(array) = &entry.value else { unreachable!("the caller saw a list") };
        if array.is_empty() || array.len() as u64 > MAX_LEVELS {
            let message = match array.len() {
                0 => "is an empty list: an axis has one value at least".to_owned(),
                n => {
                    format!("has {} values; an axis has {} at most", number::count(n as u64), number::count(MAX_LEVELS))
                }
            };
            self.refuse(entry.at.clone(), name, (message, None));
            return None;
        }
        let mut values: Vec<Value> = Vec::with_capacity(array.len());
        let mut fine = true;
        for item in array.iter() {
            let at = Location { source: 0, span: item.span() };
            match self.value(name, item.get_ref(), &at) {
                Some(value) if values.contains(&value) && array.len() <= 1000 => {
                    self.refuse(at, name, (format!("has the value {} twice", value.show()), None));
                    fine = false;
                }
                Some(value) => values.push(value),
                None => fine = false,
            }
        }
        fine.then_some(Domain::Listed(values))
    }

    fn range(&mut self, name: &Name, entry: &Entry<'_>) -> Option<Domain> {
        let DeValue::Table(table) = &entry.value else { unreachable!("the caller saw a table") };
        let parts: Vec<Entry<'_>> = table
            .iter()
            .map(|(key, value)| Entry {
                path: format!("{}.{}", name.path, key.get_ref()),
                key: Location { source: 0, span: key.span() },
                at: Location { source: 0, span: value.span() },
                value: value.get_ref().clone(),
            })
            .collect();
        let key = |part: &Entry<'_>| part.path[name.path.len() + 1..].to_owned();
        let mut fine = true;
        for part in &parts {
            if !RANGE.contains(&key(part).as_str()) {
                let help = designs::problem::did_you_mean(&key(part), &RANGE);
                let message = format!("unknown key `{}`", shorten(&part.path));
                self.file.problem(Problem::at(part.key.clone(), message).help(help));
                fine = false;
            }
        }
        let find = |wanted: &str| parts.iter().find(|part| key(part) == wanted);
        if name.measure == Measure::Word {
            let reason = ("takes words, which have no range".to_owned(), Some("list them: [\"a\", \"b\"]".to_owned()));
            self.refuse(entry.at.clone(), name, reason);
            return None;
        }
        let (Some(from), Some(to)) = (find("from"), find("to")) else {
            let reason = ("is a range that needs both `from` and `to`".to_owned(), None);
            self.refuse(entry.at.clone(), name, reason);
            return None;
        };
        let end = |reading: &mut Self, part: &Entry<'_>| match reading.value(name, &part.value, &part.at)? {
            Value::Number(number) => Some(number),
            Value::Word(_) => {
                reading.refuse(part.at.clone(), name, ("needs numbers at both ends of a range".to_owned(), None));
                None
            }
        };
        let (from, to, to_at) = (end(self, from), end(self, to), to.at.clone());
        let scale = find("scale").map(|part| self.file.choice(part, &[("linear", false), ("log", true)]));
        let points = find("points").map(|part| (self.file.count(part, 2, MAX_LEVELS), part.at.clone()));
        let (from, to) = (from?, to?);
        if from >= to {
            let message = format!("is an empty range: it runs from {} to {}", name.show(from), name.show(to));
            self.refuse(to_at, name, (message, Some("`to` must be above `from`".to_owned())));
            return None;
        }
        let log = scale.unwrap_or(Some(false))?;
        if log && from <= 0.0 {
            self.refuse(entry.at.clone(), name, ("cannot start at 0 on a log scale".to_owned(), None));
            return None;
        }
        let continuous = Domain::Between { from, to, log };
        let listed = match (points, find("step")) {
            (Some((_, at)), Some(_)) => {
                self.refuse(at, name, ("takes `points` or `step`, not both".to_owned(), None));
                return None;
            }
            (Some((points, at)), None) => self.points(name, &continuous, points?, &at)?,
            (None, Some(step)) => self.steps(name, (from, to, log), step)?,
            (None, None) => return fine.then_some(continuous),
        };
        fine.then_some(Domain::Listed(listed.into_iter().map(Value::Number).collect()))
    }

    /// A number of values from one end to the other.
    fn points(&mut self, name: &Name, range: &Domain, points: u64, at: &Location) -> Option<Vec<f64>> {
        let Domain::Between { from, to, log } = *range else { unreachable!("a range") };
        let mut values: Vec<f64> = (0..points)
            .map(|i| {
                let share = i as f64 / (points - 1) as f64;
                let value = match i {
                    0 => from,
                    i if i == points - 1 => to,
                    _ if log => from * libm::pow(to / from, share),
                    _ => from + share * (to - from),
                };
                if name.whole() { value.round() } else { value }
            })
            .collect();
        values.dedup();
        if values.len() as u64 != points {
            let message = format!("has only {} whole numbers for {points} points", values.len());
            self.refuse(at.clone(), name, (message, Some("give fewer points".to_owned())));
            return None;
        }
        Some(values)
    }

    /// Values with a fixed step.
    fn steps(&mut self, name: &Name, (from, to, log): (f64, f64, bool), part: &Entry<'_>) -> Option<Vec<f64>> {
        if log {
            self.refuse(part.at.clone(), name, ("takes `points` on a log scale, not `step`".to_owned(), None));
            return None;
        }
        // A step is a difference and need not be a valid value of the field.
        let step = match scalar(name, &part.value) {
            Ok(Value::Number(step)) if step > 0.0 => step,
            Ok(_) => {
                self.refuse(part.at.clone(), name, ("needs a step above 0".to_owned(), None));
                return None;
            }
            Err(reason) => {
                self.refuse(part.at.clone(), name, reason);
                return None;
            }
        };
        let count = ((to - from) / step * (1.0 + 1e-12)).floor();
        if count + 1.0 > MAX_LEVELS.min(MAX_POINTS) as f64 {
            let message = format!(
                "has {} steps; at most {}",
                separated(&format!("{:.0}", count + 1.0)),
                number::count(MAX_LEVELS)
            );
            self.refuse(part.at.clone(), name, (message, None));
            return None;
        }
        Some((0..=count as u64).map(|i| from + i as f64 * step).collect())
    }

    /// `[dependent]`: fields that follow from axes.
    pub(super) fn dependent(&mut self) {
        for entry in self.file.entries("dependent", &[]) {
            let Some(name) = self.name(&entry.path, &entry) else { continue };
            if self.twice(&name, &entry) {
                continue;
            }
            if name.measure == Measure::Word {
                let reason = ("takes words, which no formula gives".to_owned(), None);
                self.refuse(entry.at.clone(), &name, reason);
                continue;
            }
            let Some(text) = self.file.text(&entry) else { continue };
            if let Some(expression) = self.formula(&text, &entry.at, &mut Self::field) {
                self.dependents.push(Dependent { name, expression });
            }
        }
    }

    /// Parses a formula; mistakes are reported at their places in the file.
    pub(super) fn formula(
        &mut self,
        text: &str,
        at: &Location,
        resolve: &mut dyn FnMut(&mut Self, &str) -> Result<usize, Reason>,
    ) -> Option<Expression> {
        let parsed = Expression::parse(text, &mut |name| resolve(self, name));
        parsed.map_err(|mistake| self.mistake(mistake, text, at)).ok()
    }

    /// Records a mistake in a formula.
    pub(super) fn mistake(&mut self, mistake: crate::expression::Mistake, text: &str, at: &Location) {
        // The text stands between quotation marks, without escapes unless the lengths differ.
        let plain = at.span.len() == text.len() + 2;
        let start = at.span.start + 1;
        let span = if plain { start + mistake.at.start..start + mistake.at.end } else { at.span.clone() };
        let problem = Problem { message: mistake.message, help: mistake.help, at: Some(Location { source: 0, span }) };
        self.file.problem(problem);
    }

    /// Index of the variable that a name in a formula refers to.
    pub(super) fn intern(&mut self, variable: Variable) -> usize {
        self.variables.iter().position(|known| *known == variable).unwrap_or_else(|| {
            self.variables.push(variable);
            self.variables.len() - 1
        })
    }

    /// The variable of a field: an axis, a dependent one, or a constant.
    pub(super) fn field(&mut self, path: &str) -> Result<usize, Reason> {
        let words = || Err((format!("`{path}` takes words, which do not compute"), None));
        if let Some(axis) = self.axes.iter().position(|axis| axis.name.path == path) {
            let Axis { name, domain } = &self.axes[axis];
            let any_word =
                matches!(domain, Domain::Listed(values) if values.iter().any(|v| matches!(v, Value::Word(_))));
            return if name.measure == Measure::Word || any_word {
                words()
            } else {
                Ok(self.intern(Variable::Axis(axis)))
            };
        }
        if let Some(dependent) = self.dependents.iter().position(|d| d.name.path == path) {
            return Ok(self.intern(Variable::Dependent(dependent)));
        }
        match self.names.iter().find(|name| name.path == path) {
            Some(name) if name.measure == Measure::Word => words(),
            Some(name) => match name.number {
                Some(number) => Ok(self.intern(Variable::Constant(number))),
                None => Err((format!("`{path}` is not one number here"), Some("make it an axis".to_owned()))),
            },
            None => {
                let known: Vec<&str> = self.names.iter().map(|name| name.path.as_str()).collect();
                Err((format!("there is no field `{}`", shorten(path)), Some(suggestion(path, &known))))
            }
        }
    }
}

/// The number of a workload or build field now, where it has one.
fn own_number(state: &State, path: &str) -> Option<Option<f64>> {
    Some(match path {
        "workload.context" => Some(state.workload.context as f64),
        "workload.sequences" => state.workload.sequences.map(|n| n as f64),
        "workload.seed" => Some(state.workload.seed as f64),
        "build.systems" => Some(state.build.systems as f64),
        "build.years" => Some(state.build.years),
        "build.respins_per_year" => Some(state.build.respins_per_year),
        _ => return None,
    })
}

/// A value of a field as the file gives it, in base units.
fn scalar(name: &Name, value: &DeValue<'_>) -> Result<Value, Reason> {
    let unit = match name.measure {
        Measure::Whole(unit) | Measure::Quantity(unit) => Some(unit),
        Measure::Word | Measure::Count | Measure::Number => None,
    };
    match (value, unit) {
        (DeValue::Boolean(flag), _) => Ok(Value::Word(if *flag { "true" } else { "false" }.into())),
        (DeValue::String(text), Some(unit)) => designs::edit::base_units(text, unit).map(Value::Number),
        (DeValue::String(text), None) => Ok(Value::Word(text.as_ref().into())),
        (DeValue::Integer(_) | DeValue::Float(_), Some(unit)) => {
            let example = designs::edit::example(unit).map(|example| format!("e.g. {example}"));
            Err(("needs a unit".to_owned(), example))
        }
        (DeValue::Integer(_) | DeValue::Float(_), None) => toml_file::number(value)
            .filter(|number| number.is_finite())
            .map(Value::Number)
            .ok_or_else(|| ("is not a number to compute with".to_owned(), None)),
        _ => Err((format!("must be one value, not {}", toml_file::kind_name(value)), None)),
    }
}
