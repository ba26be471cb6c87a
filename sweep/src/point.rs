//! Evaluation of one point: values of the axes to a row of results. Pure: no files, no clock, no state between calls.

use designs::{Design, LayerError};
use sim::economics::area::WeightFormat;
use sim::economics::layout::{Layout, Start};
use sim::economics::masks::{WiringError, wiring_growth};
use sim::economics::{EconomicsError, Estimate, Request as Pricing};
use sim::mapping::{Mapping, MappingError};
use sim::{Fidelity, Prepared, Request, SimulateError, Simulation};
use workload::Program;

use crate::library::Library;
use crate::metric::{Answers, OnChip};
use crate::plan::{Column, Plan, Variable};
use crate::scaling::{Asked, Base};
use crate::shape::ShapeError;
use crate::state::{Areas, GridChoice, State};
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
    /// The embedding names layers that the mask stack does not have.
    #[error(transparent)]
    Embedding(#[from] LayerError),
    /// The chosen layers cannot carry the weights.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// The node has no mask stack.
    #[error("there is no mask stack `{0}`; name one with build.mask_stack")]
    NoMaskStack(String),
    /// The grid is too large.
    #[error("the grid has {0} chips; at most {max}", max = designs::MAX_CHIPS)]
    Grid(u32),
    /// The simulator refuses the machine.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// The machine cannot be laid out or priced.
    #[error(transparent)]
    Economics(#[from] EconomicsError),
    /// The model cannot be mapped to the grid.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// Evaluates points of a plan independently; several workers may share a plan.
pub struct Worker<'a> {
    plan: &'a Plan,
    state: State,
    variables: Vec<f64>,
}

impl<'a> Worker<'a> {
    /// A worker on `plan`.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        let mut state = plan.state.clone();
        // Copied for every point.
        state.design.provenance.clear();
        Self { plan, state, variables: Vec::new() }
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
        let axes = plan.axes.iter().map(|axis| &axis.name).zip(values);
        let bound = plan.dependents.iter().map(|dependent| &dependent.name).zip(&dependents);
        if let Err(refusal) = self.state.set(axes.chain(bound)) {
            return Outcome::Failed(refusal.message);
        }
        match self.results(fidelity) {
            Ok(row) => Outcome::Row(row),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    fn results(&mut self, fidelity: Fidelity) -> Result<Vec<f64>, PointError> {
        let plan = self.plan;
        let answer = answer(&self.state, &plan.base, &plan.library, plan.prices, fidelity)?;
        let on_chip = plan.program.as_deref().map(|program: &Program| OnChip {
            lowered: program.on(&answer.built),
            hertz: answer.built.clock.hz() as f64,
        });
        let answers = Answers::new(&answer.simulation, answer.estimate.as_ref(), on_chip.as_ref());
        let mut row = Vec::with_capacity(plan.columns.len());
        for (index, column) in plan.columns.iter().enumerate() {
            let number = match column {
                Column::Metric(metric) => answers.get(metric),
                Column::Own { expression, .. } => expression.value(&self.variables),
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

/// Simulates one state, and prices it if `prices`.
///
/// # Errors
/// If the state cannot be built, simulated or priced.
pub fn answer(
    state: &State,
    base: &Base,
    library: &Library,
    prices: bool,
    fidelity: Fidelity,
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
    let format = |format: WeightFormat| format.traits().stored_bits / 4.0;
    let weight_growth = format(state.build.weights);
    let wiring = match (state.build.embedding.as_str(), stack) {
        ("published", _) => 1.0,
        (_, None) => return Err(PointError::NoMaskStack(stack_name.clone())),
        (embedding, Some(stack)) => {
            let chosen = stack.select(embedding)?;
            wiring_growth(stack, &chosen, state.economics.via_only_fill)?
        }
    };
    let asked = Asked {
        design: &state.design,
        grid: state.grid,
        model,
        node,
        economics: &state.economics,
        weight_growth,
        wiring,
    };
    let (built, layout) = build(state, base, &asked)?;
    let request = Request {
        design: &built,
        model,
        grid: Some(built.grid),
        context: state.workload.context,
        sequences: state.workload.sequences,
        phase: state.workload.phase,
        discipline: state.workload.discipline,
        fidelity,
        allow_beyond_model_context: state.workload.beyond_model_context,
        seed: state.workload.seed,
    };
    let simulation = Prepared::new(request)?.run();
    if !prices {
        return Ok(Answer { built, simulation, estimate: None });
    }
    let pricing = Pricing {
        design: &state.design,
        home: (&base.model, &base.node),
        model,
        node,
        stack: stack.ok_or_else(|| PointError::NoMaskStack(stack_name.clone()))?,
        embedding: &state.build.embedding,
        weight_growth,
        economics: &state.economics,
        yield_model: None,
        systems: state.build.systems,
        years: state.build.years,
        respins_per_year: state.build.respins_per_year,
        allow_unconfirmed: state.build.allow_unconfirmed,
    };
    let mut estimate = Estimate::with_layout(&pricing, |_| Ok(layout))?;
    if state.build.area == Areas::Scaled {
        estimate.set_power(simulation.system_power_kw / f64::from(simulation.chips));
    }
    estimate.set_throughput(simulation.throughput_tokens_per_s, state.economics.utilization);
    Ok(Answer { built, simulation, estimate: Some(estimate) })
}

/// The machine to simulate and its layout.
fn build(state: &State, base: &Base, asked: &Asked<'_>) -> Result<(Design, Layout), PointError> {
    if asked.design.grid.chips() > designs::MAX_CHIPS {
        return Err(PointError::Grid(asked.design.grid.chips()));
    }
    if state.build.area == Areas::Scaled {
        let layout = base.layout(asked)?;
        let mut built = layout.apply(&state.design);
        base.scale_energy(&mut built, &layout, asked.node);
        return Ok((built, layout));
    }
    // The area of a weight is that of the design on its own grid, whatever grid the point has.
    let mut own = state.design.clone();
    own.grid = base.design.grid;
    let start = Start {
        design: &own,
        home: &base.model,
        home_node: &base.node,
        model: asked.model,
        node: asked.node,
        weight_growth: asked.weight_growth,
        wiring: asked.wiring,
        economics: asked.economics,
    };
    let mut layout = Layout::new(&start)?;
    if state.grid == GridChoice::Given {
        let mut design = layout.apply(&state.design);
        design.grid = state.design.grid;
        layout.grid = state.design.grid;
        layout.weights_per_chip = Mapping::new(&design, asked.model, layout.grid)?.weights_per_chip;
    }
    Ok((layout.apply(&state.design), layout))
}
