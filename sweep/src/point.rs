//! Evaluation of one point: values of the axes to a row of results. Pure: no files, no clock, no state between calls.

use designs::Design;
use sim::economics::{EconomicsError, Estimate, Request as Pricing, wiring};
use sim::settle::{Asked, Base, Build, Reticle};
use sim::{Fidelity, Mappings, Prepared, Request, SimulateError, Simulation};
use workload::Program;

use crate::library::Library;
use crate::metric::{Answers, OnChip};
use crate::plan::{Column, Plan, Variable};
use crate::shape::ShapeError;
use crate::state::State;
use crate::value::Value;

/// The outcome of a point.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Results, one per column of the plan; NaN where the point has none.
    Row(Vec<f64>),
    /// A constraint on the axes excludes it; nothing was computed.
    Excluded,
    /// The point failed, with the reason.
    Failed(String),
}

/// Why a point has no results.
#[derive(Debug, thiserror::Error)]
pub enum PointError {
    /// The model cannot have the shape of the point.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The node has no mask stack.
    #[error("there is no mask stack `{0}`; name one with build.mask_stack")]
    NoMaskStack(String),
    /// The grid is too large.
    #[error("the grid has {0} chips; at most {max}", max = designs::MAX_CHIPS)]
    Grid(u32),
    /// A formula of the file has no finite value at the point.
    #[error("`{0}` has no finite value here: it divides by zero, or by too little")]
    Infinite(String),
    /// The simulator refuses the machine.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// The machine cannot be laid out or priced.
    #[error(transparent)]
    Economics(#[from] EconomicsError),
}

/// Evaluates points of a plan independently; several workers may share a plan.
pub struct Worker<'a> {
    plan: &'a Plan,
    state: State,
    /// Values of the axes and of dependents that `state` has; empty if the last ones were refused.
    set: Vec<Value>,
    variables: Vec<f64>,
    mappings: Mappings,
}

impl<'a> Worker<'a> {
    /// A worker on `plan`.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        let mut state = plan.state.clone();
        // Copied for every point.
        state.design.provenance.clear();
        Self { plan, state, set: Vec::new(), variables: Vec::new(), mappings: Mappings::default() }
    }

    /// Sets the plan's variables as far as they are known; returns the values of dependent axes.
    fn fill(&mut self, values: &[Value], row: Option<&[f64]>) -> Vec<Value> {
        let plan = self.plan;
        self.variables.clear();
        self.variables.extend(plan.variables.iter().map(|variable| match variable {
            Variable::Axis(axis) => values[*axis].number(),
            Variable::Constant(number) => *number,
            Variable::Column(column) => row.map_or(f64::NAN, |row| row[*column]),
            Variable::Dependent(_) => f64::NAN,
        }));
        let mut dependents = Vec::with_capacity(plan.dependents.len());
        for (index, dependent) in plan.dependents.iter().enumerate() {
            let number = dependent.expression.value(&self.variables);
            self.set(Variable::Dependent(index), number);
            dependents.push(Value::Number(number));
        }
        dependents
    }

    fn set(&mut self, wanted: Variable, number: f64) {
        if let Some(position) = self.plan.variables.iter().position(|v| *v == wanted) {
            self.variables[position] = number;
        }
    }

    /// The point with the axes at `values`.
    pub fn evaluate(&mut self, values: &[Value], fidelity: Fidelity) -> Outcome {
        let plan = self.plan;
        let dependents = self.fill(values, None);
        if plan.constraints.iter().any(|c| c.on_axes && !c.comparison.holds(&self.variables)) {
            return Outcome::Excluded;
        }
        let names = plan.axes.iter().map(|axis| &axis.name).chain(plan.dependents.iter().map(|d| &d.name));
        let last = std::mem::take(&mut self.set);
        let changes = names.zip(values.iter().chain(&dependents)).enumerate();
        // Neighbours differ in few values.
        let changes = changes.filter(|(index, (_, value))| last.get(*index) != Some(value)).map(|(_, change)| change);
        if let Err(refusal) = self.state.set(changes) {
            return Outcome::Failed(refusal.message);
        }
        self.set.extend(values.iter().chain(&dependents).cloned());
        match self.results(fidelity) {
            Ok(row) => Outcome::Row(row),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    fn results(&mut self, fidelity: Fidelity) -> Result<Vec<f64>, PointError> {
        let plan = self.plan;
        let answer = answer(&self.state, &plan.base, &plan.library, plan.prices, fidelity, &mut self.mappings)?;
        let on_chip = plan.program.as_deref().map(|program: &Program| OnChip {
            lowered: program.on(&answer.built),
            hertz: answer.built.clock.hz() as f64,
        });
        let answers = Answers::new(&answer.simulation, answer.estimate.as_ref(), on_chip.as_ref());
        let mut row = Vec::with_capacity(plan.columns.len());
        for (index, column) in plan.columns.iter().enumerate() {
            let number = match column {
                Column::Metric(metric) => answers.get(metric),
                Column::Own { name, expression } => {
                    let number = expression.value(&self.variables);
                    if number.is_infinite() {
                        return Err(PointError::Infinite(name.clone()));
                    }
                    number
                }
            };
            self.set(Variable::Column(index), number);
            row.push(number);
        }
        Ok(row)
    }

    /// Values of the dependent axes where the axes have `values`.
    pub fn dependents(&mut self, values: &[Value]) -> Vec<Value> {
        self.fill(values, None)
    }

    /// Whether a row meets every constraint; `values` are those of its axes.
    pub fn feasible(&mut self, values: &[Value], row: &[f64]) -> bool {
        self.fill(values, Some(row));
        self.plan.constraints.iter().all(|c| c.comparison.holds(&self.variables))
    }
}

/// One state simulated.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The machine as built.
    pub built: Design,
    /// Its simulation.
    pub simulation: Simulation,
    /// Its price, if requested.
    pub estimate: Option<Estimate>,
}

/// Simulates one state, and prices it if `prices`. Mappings come from `mappings` where one fits.
///
/// # Errors
/// If the state cannot be built, simulated or priced.
pub fn answer(
    state: &State,
    base: &Base,
    library: &Library,
    prices: bool,
    fidelity: Fidelity,
    mappings: &mut Mappings,
) -> Result<Answer, PointError> {
    let named = &library.models[&state.model];
    let reshaped;
    let model = if state.shape.is_empty() {
        named
    } else {
        reshaped = state.shape.apply(named)?;
        &reshaped
    };
    let node = state.build.node.as_ref().map_or(&base.node, |name| &library.nodes[name]);
    let stack_name = state.build.mask_stack.as_ref().unwrap_or(&node.name);
    let stack = library.stacks.get(stack_name);
    if state.design.grid.chips() > designs::MAX_CHIPS {
        return Err(PointError::Grid(state.design.grid.chips()));
    }
    let wiring = match (state.build.embedding.as_str(), stack) {
        ("published", _) => 1.0,
        (_, None) => return Err(PointError::NoMaskStack(stack_name.clone())),
        (embedding, Some(stack)) => wiring(stack, embedding, &state.economics)?,
    };
    let asked = Asked {
        design: &state.design,
        stated: state.stated,
        grid: state.grid,
        model,
        node,
        build: Build {
            format: state.build.weights,
            wiring,
            areas: state.build.area,
            ..Build::published(Reticle::from(&state.economics))
        },
    };
    let settled = base.settle_with(&asked, mappings)?;
    settled.check_reticle()?;
    let built = &settled.design;
    let request = Request {
        grid: Some(built.grid),
        context: state.workload.context,
        sequences: state.workload.sequences,
        phase: state.workload.phase,
        discipline: state.workload.discipline,
        fidelity,
        allow_beyond_model_context: state.workload.beyond_model_context,
        seed: state.workload.seed,
        ..Request::of(built, model)
    };
    let simulation = Prepared::with(request, mappings)?.run();
    if !prices {
        return Ok(Answer { built: settled.design, simulation, estimate: None });
    }
    let estimate = Estimate::new(&Pricing {
        machine: &settled,
        node,
        stack: stack.ok_or_else(|| PointError::NoMaskStack(stack_name.clone()))?,
        embedding: &state.build.embedding,
        simulation: Some(&simulation),
        economics: &state.economics,
        yield_model: None,
        systems: state.build.systems,
        years: state.build.years,
        respins_per_year: state.build.respins_per_year,
        allow_unconfirmed: state.build.allow_unconfirmed,
    })?;
    Ok(Answer { built: settled.design, simulation, estimate: Some(estimate) })
}
