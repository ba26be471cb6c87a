//! From the text of a sweep file to a [`Plan`]: every mistake at once, each with its place and what would be right.

mod axes;
mod toml_file;
mod wanted;

use std::sync::Arc;

use designs::problem::{did_you_mean, shorten};
use designs::{Loader, Location, Problem, Problems, Source, SourceKind};
use names::number::{self, separated};
use sim::Fidelity;
use sim::settle::{Base, Machine, Reticle};
use workload::{Program, ProgramError};

use crate::library::Library;
use crate::metric::Metric;
use crate::plan::{Axis, Column, Dependent, MAX_POINTS, Plan, Variable};
use crate::sampler::{self, Method, SOBOL_AXES};
use crate::state::{Name, State};
use toml_file::{Entry, File};

/// Points confirmed unless the file says otherwise.
/// Fidelities of a sweep: cycles take a minute a point, and are for single designs.
const FIDELITIES: [(&str, Fidelity); 2] =
    [(Fidelity::Event.name(), Fidelity::Event), (Fidelity::Analytic.name(), Fidelity::Analytic)];
const CONFIRM: usize = 32;
/// Most points confirmed from events.
const MAX_CONFIRM: u64 = 100_000;
/// Most values of an axis that has a frontier for each.
const MAX_FRONTIERS: u64 = 8;
/// Longest list of names, constraints or objectives.
const MAX_LIST: usize = 256;

/// Sections and keys of a sweep file.
const TOP: [&str; 16] = [
    "summary",
    "design",
    "economics",
    "program",
    "function",
    "fidelity",
    "confirm",
    "constraints",
    "results",
    "set",
    "axes",
    "dependent",
    "define",
    "objectives",
    "sample",
    "plots",
];

/// What reading collects.
struct Reading<'a> {
    file: File<'a>,
    loader: &'a Loader<'a>,
    state: State,
    names: Vec<Name>,
    metrics: Vec<Metric>,
    library: Library,
    program: Option<Arc<Program>>,
    axes: Vec<Axis>,
    dependents: Vec<Dependent>,
    variables: Vec<Variable>,
    columns: Vec<Column>,
    /// Fields that `[set]` gives a value.
    fixed: Vec<Name>,
}

/// Reads a sweep file called `name`; `loader` reads designs, models and prices that it names.
///
/// # Errors
/// Every problem of the file; or those of the design or prices it starts from.
pub fn plan<'a>(name: &str, text: &'a str, loader: &'a Loader<'a>) -> Result<Plan, Problems> {
    let source = Source { name: name.to_owned(), text: text.to_owned(), kind: SourceKind::File };
    let mut file = File::parse(text, &source)?;
    file.known(&TOP);
    let mut word = |key: &str, default: &str| {
        let entry = file.take(key);
        entry.and_then(|entry| file.text(&entry)).unwrap_or_else(|| default.to_owned())
    };
    let (summary, design, economics) = (word("summary", ""), word("design", "hnlpu"), word("economics", "hnlpu"));
    let machine = Machine::load(&design, &[], None, None, loader)?;
    let economics = designs::load::economics(&economics, &[], loader)?;
    let base = machine.base(Reticle::from(&economics)).map_err(|e| Problems::general(e.to_string()))?;
    let state = State::new(base.design.clone(), economics);
    let mut reading = Reading {
        file,
        loader,
        names: state.names(),
        metrics: Metric::all(),
        state,
        library: Library::default(),
        program: None,
        axes: Vec::new(),
        dependents: Vec::new(),
        variables: Vec::new(),
        columns: Vec::new(),
        fixed: Vec::new(),
    };
    reading.plan(name, text, summary, base).ok_or_else(|| reading.file.finish(source))
}

impl Reading<'_> {
    fn plan(&mut self, name: &str, text: &str, summary: String, mut base: Base) -> Option<Plan> {
        self.program();
        self.set();
        self.axes();
        self.dependent();
        let objectives = self.objectives();
        self.results();
        let constraints = self.constraints();
        let (method, points, seed) = self.sample();
        let (fidelity, confirm) = self.fidelity(!objectives.is_empty(), method);
        let (heat_map, frontier_by) = self.plots();
        let varied =
            self.axes.iter().map(|a| &a.name).chain(&self.fixed).chain(self.dependents.iter().map(|d| &d.name));
        let prices = self.columns.iter().any(|c| matches!(c, Column::Metric(m) if m.is_price()))
            || varied.into_iter().any(Name::prices);
        self.default_columns(prices, fidelity);
        self.library(&base);
        if self.axes.is_empty() && self.file.problems.is_empty() {
            let help = "add a section [axes], e.g. `interconnect.link_bandwidth = [\"64 GB/s\", \"128 GB/s\"]`";
            self.file.problem(Problem::general("there are no axes: nothing to sweep over").help(help));
        }
        if !self.file.problems.is_empty() {
            return None;
        }
        // Copied for every point, and nobody asks where its values come from.
        base.design.provenance.clear();
        let strata = sampler::strata(method, seed, points, self.axes.len());
        Some(Plan {
            name: name.to_owned(),
            text: text.to_owned(),
            summary,
            state: self.state.clone(),
            base,
            library: std::mem::take(&mut self.library),
            program: self.program.take(),
            axes: std::mem::take(&mut self.axes),
            dependents: std::mem::take(&mut self.dependents),
            variables: std::mem::take(&mut self.variables),
            columns: std::mem::take(&mut self.columns),
            constraints,
            objectives,
            prices,
            method,
            points,
            seed,
            fidelity,
            confirm,
            heat_map,
            frontier_by,
            strata,
        })
    }

    /// `program` and `function`: an MLIR function that every point runs on one of its chips.
    fn program(&mut self) {
        let (file, function) = (self.file.take("program"), self.file.take("function"));
        let wanted = function.as_ref().and_then(|entry| self.file.text(entry));
        let Some(entry) = file else {
            if let Some(entry) = function {
                self.file.problem(Problem::at(entry.key, "`function` is one of a `program`, which is missing"));
            }
            return;
        };
        let Some(path) = self.file.text(&entry) else { return };
        let text = match (self.loader)(&path) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("cannot read `{}`: {reason}", shorten(&path));
                self.file.problem(Problem::at(entry.at, message));
                return;
            }
        };
        match Program::new(&text, wanted.as_deref()) {
            Ok(program) => self.program = Some(Arc::new(program)),
            Err(error) => {
                let at = match (&error, function) {
                    (ProgramError::Unknown { .. }, Some(function)) => function.at,
                    _ => entry.at,
                };
                let several = matches!(error, ProgramError::Several { .. });
                let help = several.then(|| "name one: function = \"NAME\"".to_owned());
                let separator = if matches!(error, ProgramError::Text { .. }) { ":" } else { " has " };
                let message = format!("{}{separator}{error}", shorten(&path));
                self.file.problem(Problem { message, help, at: Some(at) });
            }
        }
    }

    /// Method, number of points and seed.
    fn sample(&mut self) -> (Method, u64, u64) {
        let entries = self.file.section("sample", &["method", "points", "seed"]);
        let find = |key: &str| entries.iter().find(|entry| entry.path == key);
        let seed = find("seed").and_then(|entry| self.file.count(entry, 0, 1 << 53)).unwrap_or(1);
        let method =
            find("method").and_then(|entry| self.file.choice(entry, &names::choices())).unwrap_or(Method::Grid);
        let Some(points) = find("points") else {
            if method == Method::Grid {
                return (method, self.grid(), seed);
            }
            let message = format!("`sample.points` is missing: how many points does {} take?", method.name());
            let at = find("method").map(|entry| entry.at.clone());
            self.file.problem(Problem { message, help: Some("e.g. `points = 1024`".into()), at });
            return (method, 0, seed);
        };
        let count = self.file.count(points, 1, MAX_POINTS).unwrap_or(1);
        let at = points.at.clone();
        if method == Method::Grid {
            let problem = Problem::at(at, "a grid takes every combination of values, not a number of points");
            self.file.problem(problem.help("leave `points` out, or choose random, latin-hypercube, sobol or nsga2"));
        } else if method == Method::Sobol && self.axes.len() > SOBOL_AXES {
            let message = format!("the Sobol' sequence has {SOBOL_AXES} axes here, not {}", self.axes.len());
            self.file.problem(Problem::at(at, message).help("use latin-hypercube"));
        }
        (method, count, seed)
    }

    /// Number of combinations.
    fn grid(&mut self) -> u64 {
        if let Some(axis) = self.axes.iter().find(|axis| axis.levels().is_none()) {
            let message = format!("a grid needs to know how many values `{}` takes", axis.name.path);
            let at = self.file.place_of(&axis.name.path);
            self.file.problem(Problem { message, help: Some("add `points = 8` or a `step`".into()), at });
            return 0;
        }
        let levels: Vec<u64> = self.axes.iter().filter_map(Axis::levels).collect();
        let total = levels.iter().fold(1u128, |total, &n| total.saturating_mul(n.into()));
        if total > u128::from(MAX_POINTS) {
            let factors: Vec<String> = levels.iter().copied().map(number::count).collect();
            let message = format!(
                "the grid has {} = {} points; a sweep has at most {}",
                factors.join(" x "),
                separated(&total.to_string()),
                number::count(MAX_POINTS)
            );
            let help = "give fewer values, or draw points: [sample] method = \"sobol\", points = 100000";
            self.file.problem(Problem { message, help: Some(help.into()), at: self.file.place_of("axes") });
            return 0;
        }
        total as u64
    }

    fn fidelity(&mut self, objectives: bool, method: Method) -> (Fidelity, usize) {
        let fidelity = self.file.take("fidelity").and_then(|e| self.file.choice(&e, &FIDELITIES));
        let fidelity = fidelity.unwrap_or(Fidelity::Analytic);
        if method == Method::Nsga2 && !objectives {
            let at = self.file.place_of("sample");
            self.file.problem(Problem { message: "nsga2 needs objectives: what is better?".into(), help: None, at });
        }
        let Some(entry) = self.file.take("confirm") else {
            let own = objectives && fidelity == Fidelity::Analytic;
            return (fidelity, if own { CONFIRM } else { 0 });
        };
        let asked = self.file.count(&entry, 0, MAX_CONFIRM).unwrap_or(0);
        let wrong = match (fidelity, objectives) {
            (Fidelity::Event, _) => Some("`confirm` is for fidelity analytic: here every point comes from events"),
            (_, false) if asked > 0 => Some("`confirm` needs objectives: which points are worth it?"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.file.problem(Problem::at(entry.key, wrong));
        }
        (fidelity, asked as usize)
    }

    /// What is drawn: axes of the heat map, and the axis with a frontier for each of its values.
    fn plots(&mut self) -> (Option<(usize, usize)>, Option<usize>) {
        let entries = self.file.section("plots", &["heat_map", "frontier_by"]);
        let find = |key: &str| entries.iter().find(|entry| entry.path == key);
        (find("heat_map").and_then(|e| self.heat_map(e)), find("frontier_by").and_then(|e| self.frontier_by(e)))
    }

    fn heat_map(&mut self, entry: &Entry<'_>) -> Option<(usize, usize)> {
        let paths = self.file.texts(entry, MAX_LIST)?;
        let found: Vec<Option<usize>> = paths.into_iter().map(|(path, at)| self.axis(&path, at)).collect();
        let found: Vec<usize> = found.into_iter().collect::<Option<_>>()?;
        if let [x, y] = found[..]
            && x != y
        {
            return Some((x, y));
        }
        self.file.problem(Problem::at(entry.at.clone(), "`plots.heat_map` takes two different axes"));
        None
    }

    fn frontier_by(&mut self, entry: &Entry<'_>) -> Option<usize> {
        let path = self.file.text(entry)?;
        let axis = self.axis(&path, entry.at.clone())?;
        if self.axes[axis].levels().is_some_and(|levels| levels <= MAX_FRONTIERS) {
            return Some(axis);
        }
        let message = format!("`{path}` has too many values for a frontier each: at most {MAX_FRONTIERS}");
        self.file.problem(Problem::at(entry.at.clone(), message));
        None
    }

    /// The axis called `path`, unless there is none.
    fn axis(&mut self, path: &str, at: Location) -> Option<usize> {
        let found = self.axes.iter().position(|axis| axis.name.path == path);
        if found.is_none() {
            let known: Vec<&str> = self.axes.iter().map(|a| a.name.path.as_str()).collect();
            let problem = Problem::at(at, format!("`{}` is no axis", shorten(path)));
            let problem = problem.help(did_you_mean(path, &known));
            self.file.problem(problem);
        }
        found
    }

    /// The field called `path`, unless it is unknown.
    fn name(&mut self, path: &str, entry: &Entry<'_>) -> Option<Name> {
        if let Some(name) = self.names.iter().find(|name| name.path == path) {
            return Some(name.clone());
        }
        let known: Vec<&str> = self.names.iter().map(|name| name.path.as_str()).collect();
        let help = match path {
            "node" => "did you mean `build.node`? The design's own node says to which its areas belong".to_owned(),
            _ => suggestion(path, &known),
        };
        let message = format!("there is no field `{}` to vary", shorten(path));
        self.file.problem(Problem::at(entry.key.clone(), message).help(help));
        None
    }
}

/// What an unknown path may have meant: one near as a whole or beginning so, or the same last key elsewhere, or fields of its section.
pub(crate) fn suggestion(path: &str, known: &[&str]) -> String {
    if let Some(near) = designs::problem::nearest(path, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if let Some(longer) = known.iter().find(|known| path.len() >= 3 && known.starts_with(path)) {
        return format!("did you mean `{longer}`?");
    }
    let last = path.rsplit('.').next();
    if let Some(same) = known.iter().find(|known| known.rsplit('.').next() == last) {
        return format!("did you mean `{same}`?");
    }
    let section = path.split('.').next().unwrap_or(path);
    let here: Vec<&str> = known.iter().copied().filter(|k| k.split('.').next() == Some(section)).take(12).collect();
    if here.is_empty() {
        return "`hardwire sweep names` lists them".to_owned();
    }
    format!("known here: {}; `hardwire sweep names` lists all", here.join(", "))
}
