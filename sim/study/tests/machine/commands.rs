//! Answers of the commands through their libraries, without processes: simulate, estimate, compare and sweep.

use designs::load::{self, Unreadable};
use designs::{Economics, Override};
use sim::economics::compare::against;
use sim::economics::{Estimate, Request, act};
use sim::settle::{Build, Machine, Reticle, Settled};
use sim::{Discipline, Fidelity, Prepared, Simulation};
use study::comparison::{self, Terms};
use sweep::{Metric, Outcome, Worker};

/// A command that takes a design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    Simulate(Discipline),
    Estimate,
    Compare,
    Sweep,
}

pub const COMMANDS: [Command; 6] = [
    Command::Simulate(Discipline::Dataflow),
    Command::Simulate(Discipline::Lockstep),
    Command::Simulate(Discipline::Serial),
    Command::Estimate,
    Command::Compare,
    Command::Sweep,
];

/// A machine, simulated and priced.
pub struct Answer {
    pub machine: Settled,
    pub simulation: Simulation,
    pub estimate: Option<Estimate>,
    economics: Economics,
    feature_nm: u32,
}

/// What differs from the defaults of the commands.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub discipline: Discipline,
    pub context: u64,
    pub sequences: Option<u64>,
    pub embedding: &'static str,
    pub systems: u64,
}

impl Question {
    pub const DEFAULT: Self =
        Self { discipline: Discipline::Dataflow, context: 2048, sequences: None, embedding: "published", systems: 1 };
}

/// Overrides of the design and of the prices.
fn parts(set: &[String]) -> Result<(Vec<Override>, Vec<Override>), String> {
    let all: Result<Vec<Override>, _> = set.iter().map(|text| Override::parse(text)).collect();
    let all = all.map_err(|problems| problems.to_string())?;
    Ok(all.into_iter().partition(|change| !designs::economics::owns(change.section())))
}

/// Simulates `hnlpu` with overrides, and prices it if `price`.
pub fn answer(set: &[String], question: Question, price: bool) -> Result<Answer, String> {
    let (design, prices) = parts(set)?;
    if !price && let Some(change) = prices.first() {
        return Err(format!("{} belongs to prices", change.path()));
    }
    let economics = load::economics("hnlpu", &prices, &load::no_files).map_err(|e| e.to_string())?;
    let machine = Machine::load("hnlpu", &design, None, None, &load::no_files).map_err(|e| e.to_string())?;
    let stack = load::mask_stack(&machine.node().name, &load::no_files).map_err(|e| e.to_string())?;
    let wiring = sim::economics::wiring(&stack, question.embedding, &economics).map_err(|e| e.to_string())?;
    let build = Build { wiring, ..Build::published(Reticle::from(&economics)) };
    let (settled, _) = machine.settle(&build).map_err(|e| e.to_string())?;
    let request = sim::Request {
        grid: Some(settled.design.grid),
        context: question.context,
        sequences: question.sequences,
        discipline: question.discipline,
        fidelity: Fidelity::Analytic,
        allow_beyond_model_context: true,
        ..sim::Request::of(&settled.design, machine.model())
    };
    let simulation = Prepared::new(request).map_err(|e| e.to_string())?.run();
    let pricing = Request {
        machine: &settled,
        node: machine.node(),
        stack: &stack,
        embedding: question.embedding,
        simulation: Some(&simulation),
        economics: &economics,
        yield_model: None,
        systems: question.systems,
        years: 3.0,
        respins_per_year: 1.0,
        allow_unconfirmed: false,
    };
    let estimate = if price { Some(Estimate::new(&pricing).map_err(|e| e.to_string())?) } else { None };
    let feature_nm = machine.node().feature_nm;
    Ok(Answer { machine: settled, simulation, estimate, economics, feature_nm })
}

/// Everything that a command prints, as text; the error is its refusal.
pub fn print(command: Command, set: &[String], question: Question) -> Result<String, String> {
    match command {
        Command::Simulate(discipline) => {
            let a = answer(set, Question { discipline, ..question }, false)?;
            Ok(format!("{:?}{:?}", a.machine.layout, a.simulation))
        }
        Command::Estimate => {
            let a = answer(set, question, true)?;
            let e = a.estimate.as_ref().expect("it is priced");
            let middle = e.plan.evaluate(&e.inputs.at(0.5));
            let yields = e.span(|o| o.yield_share);
            let embodied = act(&a.economics, a.feature_nm, e.layout.chip_mm2, yields, e.plan.memory_gb);
            let h100 = load::comparison("h100", &load::no_files).map_err(|e| e.to_string())?;
            let own = a.economics.equal_chips == Some(e.plan.chips);
            let rate = a.simulation.throughput_tokens_per_s;
            let tco = a.economics.tco_tokens_per_s.filter(|_| own);
            let bases = against(e, &h100, rate, 1.0, tco).map_err(|e| e.to_string())?;
            let blocks = a.simulation.chip_power;
            Ok(format!("{:?}{middle:?}{:?}{:?}{embodied:?}{bases:?}{blocks:?}", e.low, e.high, a.machine.layout))
        }
        Command::Compare => compare(set),
        Command::Sweep => Err("a sweep is asked by its axis".to_owned()),
    }
}

/// `hardwire compare` of a file that extends `hnlpu`.
fn compare(set: &[String]) -> Result<String, String> {
    let text = set.iter().fold("extends = \"hnlpu\"\n".to_owned(), |text, change| {
        let (path, value) = change.split_once('=').expect("a change has a value");
        let bare = value.parse::<f64>().is_ok() || value == "true" || value == "false";
        if bare { format!("{text}{path} = {value}\n") } else { format!("{text}{path} = \"{value}\"\n") }
    });
    let loader = |path: &str| if path == "own.toml" { Ok(text.clone()) } else { Err(Unreadable("none".to_owned())) };
    let subjects = comparison::read(&["own.toml".to_owned()], &loader).map_err(|e| e.to_string())?;
    let terms = Terms {
        input_tokens: 1024,
        output_tokens: 1024,
        per_user_tokens_per_s: 20.0,
        systems: 1,
        years: 3.0,
        respins_per_year: 1.0,
        discipline: Discipline::Dataflow,
    };
    let model = comparison::model(&subjects, None, &loader).map_err(|e| e.to_string())?;
    let table = comparison::compare(&subjects, &model, &terms, &loader).map_err(|e| e.to_string())?;
    let values = &table.designs[0].values;
    let shown: Vec<String> = values.iter().map(|(key, cell)| format!("{key}: {cell:?}")).collect();
    // Lines of the file are no figures.
    Ok(shown.join("\n").replace("own.toml", ""))
}

/// How a sweep takes an axis over two values: whether results differ, and whether it names the axis as idle.
pub fn axis(path: &str, values: [&str; 2], base: &[String]) -> Result<(bool, bool), String> {
    let quote = |value: &str| if value.parse::<f64>().is_ok() { value.to_owned() } else { format!("\"{value}\"") };
    let names: Vec<String> = Metric::all()
        .into_iter()
        .map(|metric| metric.name)
        .filter(|name| !name.starts_with("program."))
        .map(|name| format!("\"{name}\""))
        .collect();
    let set: String = base
        .iter()
        .map(|change| {
            let (path, value) = change.split_once('=').expect("a change has a value");
            format!("\"{path}\" = {}\n", quote(value))
        })
        .collect();
    let text = format!(
        "results = [{}]\n[set]\n{set}[axes]\n\"{path}\" = [{}, {}]\n",
        names.join(", "),
        quote(values[0]),
        quote(values[1])
    );
    let plan = sweep::read::plan("audit.toml", &text, &load::no_files).map_err(|problems| problems.to_string())?;
    let mut worker = Worker::new(&plan);
    let rows: Vec<Outcome> = (0..2).map(|i| worker.evaluate(&plan.values(i), Fidelity::Analytic)).collect();
    if let Some(Outcome::Failed(reason)) = rows.iter().find(|row| matches!(row, Outcome::Failed(_))) {
        return Err(reason.clone());
    }
    let bits = |outcome: &Outcome| match outcome {
        Outcome::Row(row) => row.iter().map(|number| number.to_bits()).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    Ok((bits(&rows[0]) != bits(&rows[1]), sweep::idle(&plan).iter().any(|name| name == path)))
}
