//! The machine, its workload and what it is built from, and every field of them that a sweep can vary.
//!
//! A field has a dotted path. `chip.clock` and its like are fields of the design file, `wafer.usd` and its like of the prices;
//! `grid` is rows and columns together; `model` is whose weights are hardwired and `model.*` changes its shape;
//! `workload.*` is what `hardwire simulate` takes as options, `build.*` what `hardwire estimate` takes.

use designs::edit::{Field, Refusal, design_fields, economics_fields, set_design, set_economics};
use designs::{Design, Economics, Grid, Measure};
use names::number::separated;
use sim::economics::area::WeightFormat;
use sim::settle::{AreaSource, GridChoice, Stated};
use sim::{Discipline, Phase};

use crate::shape::{SHAPES, Shape};
use crate::value::{Reason, Value, between, count, word};

/// What `hardwire simulate` takes as options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Context of every sequence, or length of the prompt, in tokens.
    pub context: u64,
    /// Sequences or prompt tokens in the machine; fills the pipeline unless given.
    pub sequences: Option<u64>,
    /// Decode or prefill.
    pub phase: Phase,
    /// Accounting of time.
    pub discipline: Discipline,
    /// Whether contexts beyond the model's maximum are simulated.
    pub beyond_model_context: bool,
    /// Seed of the router's choices.
    pub seed: u64,
}

/// What `hardwire estimate` takes as options.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// Process node; the design's own unless given.
    pub node: Option<String>,
    /// Mask stack; the one named as the node unless given.
    pub mask_stack: Option<String>,
    /// Layers that carry the weights.
    pub embedding: String,
    /// Format of the weights.
    pub weights: WeightFormat,
    /// Systems built.
    pub systems: u64,
    /// Years of operation.
    pub years: f64,
    /// Updates of the weights per year.
    pub respins_per_year: f64,
    /// Source of the areas of the blocks.
    pub area: AreaSource,
    /// Whether unconfirmed values are used.
    pub allow_unconfirmed: bool,
}

/// All values that can differ between points.
#[derive(Debug, Clone)]
pub struct State {
    /// Design with the changes of the point.
    pub design: Design,
    /// Its grid.
    pub grid: GridChoice,
    /// Which of the values that follow from others are stated instead.
    pub stated: Stated,
    /// Prices and rules.
    pub economics: Economics,
    /// Model whose weights are hardwired: a preset or the path of a config.json.
    pub model: String,
    /// Changes of its shape.
    pub shape: Shape,
    /// Workload.
    pub workload: Workload,
    /// Build.
    pub build: Build,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Design(usize),
    Economics(usize),
    Grid,
    Model,
    Shape(usize),
    Own(usize),
}

/// A field that a sweep can vary.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// Dotted path.
    pub path: String,
    /// Documentation.
    pub doc: &'static str,
    /// Unit of its numbers.
    pub measure: Measure,
    /// Its value in the base state, where it is one number.
    pub number: Option<f64>,
    /// Its value in the base state as a file would state it.
    pub shown: Option<String>,
    target: Target,
}

impl Name {
    /// Name of a column of its numbers: the path and the unit.
    #[must_use]
    pub fn column(&self) -> String {
        match self.measure {
            Measure::Word | Measure::Count | Measure::Number => self.path.clone(),
            Measure::Whole(unit) | Measure::Quantity(unit) => format!("{}_{}", self.path, suffix(unit)),
        }
    }

    /// Formats a number of the field with its unit, or with commas between thousands.
    #[must_use]
    pub fn show(&self, number: f64) -> String {
        match self.measure {
            Measure::Whole(unit) | Measure::Quantity(unit) => designs::edit::show(number, unit),
            _ => separated(&number.to_string()),
        }
    }

    /// Whether its numbers are whole.
    #[must_use]
    pub fn whole(&self) -> bool {
        matches!(self.measure, Measure::Count | Measure::Whole(_))
    }

    /// Whether it affects prices only, not the simulation.
    #[must_use]
    pub fn prices(&self) -> bool {
        matches!(self.target, Target::Economics(_)) || self.path.starts_with("build.")
    }
}

/// A unit as it ends a column's name.
#[must_use]
pub fn suffix(unit: &str) -> String {
    match unit {
        "B" => "bytes".to_owned(),
        "B/s" => "bytes_per_s".to_owned(),
        other => other.to_lowercase(),
    }
}

type Setter = fn(&mut State, &Value) -> Result<(), Reason>;

const FLAG: [(&str, bool); 2] = [("true", true), ("false", false)];

/// Fields of workload and build: path, meaning, measure, value at first, setter.
const OWN: [(&str, &str, Measure, &str, Setter); 15] = [
    (
        "workload.context",
        "Context of every sequence (decode) or length of the prompt (prefill), tokens",
        Measure::Count,
        "2048",
        |s, v| {
            s.workload.context = count(v, 1, sim::MAX_CONTEXT)?;
            Ok(())
        },
    ),
    (
        "workload.sequences",
        "Sequences (decode) or prompt tokens (prefill) in the machine; `full` fills the pipeline",
        Measure::Count,
        "full",
        |s, v| {
            s.workload.sequences = match v {
                Value::Word(word) if word.as_ref() == "full" => None,
                other => Some(count(other, 1, sim::MAX_SEQUENCES)?),
            };
            Ok(())
        },
    ),
    ("workload.phase", "decode or prefill", Measure::Word, "decode", |s, v| {
        s.workload.phase = word(v, &names::choices())?;
        Ok(())
    }),
    ("workload.discipline", "dataflow, lockstep or serial", Measure::Word, "dataflow", |s, v| {
        s.workload.discipline = word(v, &names::choices())?;
        Ok(())
    }),
    (
        "workload.beyond_model_context",
        "Whether contexts beyond the model's maximum are simulated",
        Measure::Word,
        "false",
        |s, v| {
            s.workload.beyond_model_context = word(v, &FLAG)?;
            Ok(())
        },
    ),
    ("workload.seed", "Seed of the router's choices of experts", Measure::Count, "1", |s, v| {
        s.workload.seed = count(v, 0, 1 << 53)?;
        Ok(())
    }),
    ("build.node", "Process node to build on; the design's own unless given", Measure::Word, "", |s, v| {
        s.build.node = Some(v.show());
        Ok(())
    }),
    ("build.mask_stack", "Mask stack; the one named as the node unless given", Measure::Word, "", |s, v| {
        s.build.mask_stack = Some(v.show());
        Ok(())
    }),
    (
        "build.embedding",
        "Layers that carry the weights: published, one-via, two-metal, all, or a list",
        Measure::Word,
        "published",
        |s, v| {
            s.build.embedding = v.show();
            Ok(())
        },
    ),
    (
        "build.weights",
        "Format of the weights: ternary, int3, int4, fp4, mxfp4, int6, fp8, bf16",
        Measure::Word,
        "fp4",
        |s, v| {
            s.build.weights = word(v, &names::choices())?;
            Ok(())
        },
    ),
    ("build.systems", "Systems built", Measure::Count, "1", |s, v| {
        s.build.systems = count(v, 1, sim::economics::MAX_SYSTEMS)?;
        Ok(())
    }),
    ("build.years", "Years of operation", Measure::Number, "3", |s, v| {
        s.build.years = between(v, 0.01, 100.0)?;
        Ok(())
    }),
    ("build.respins_per_year", "Updates of the weights per year", Measure::Number, "1", |s, v| {
        s.build.respins_per_year = between(v, 0.0, 52.0)?;
        Ok(())
    }),
    (
        "build.area",
        "design: areas of the design, in proportion to what the axes change; structure: from bits, cells and references",
        Measure::Word,
        "design",
        |s, v| {
            s.build.area = word(v, &names::choices())?;
            Ok(())
        },
    ),
    ("build.allow_unconfirmed", "Whether unconfirmed values are used", Measure::Word, "false", |s, v| {
        s.build.allow_unconfirmed = word(v, &FLAG)?;
        Ok(())
    }),
];

impl State {
    /// The design with its own model and everything else as the commands have it without options.
    #[must_use]
    pub fn new(design: Design, economics: Economics) -> Self {
        let workload = Workload {
            context: 2048,
            sequences: None,
            phase: Phase::Decode,
            discipline: Discipline::Dataflow,
            beyond_model_context: false,
            seed: 1,
        };
        let build = Build {
            node: None,
            mask_stack: None,
            embedding: "published".to_owned(),
            weights: WeightFormat::Fp4,
            systems: 1,
            years: 3.0,
            respins_per_year: 1.0,
            area: AreaSource::Design,
            allow_unconfirmed: false,
        };
        let model = design.model.clone();
        Self {
            design,
            grid: GridChoice::Natural,
            stated: Stated::default(),
            economics,
            model,
            shape: Shape::default(),
            workload,
            build,
        }
    }

    /// Every field that can be varied, with its value here.
    #[must_use]
    pub fn names(&self) -> Vec<Name> {
        let of_file = |field: Field, target| Name {
            path: field.path,
            doc: field.doc,
            measure: field.measure,
            number: field.number,
            shown: field.shown,
            target,
        };
        // The node of a design says to which its areas belong; `build.node` says on which to build.
        let design = design_fields(&self.design).into_iter().enumerate();
        let design = design.filter(|(_, f)| !matches!(f.path.as_str(), "summary" | "model" | "node"));
        let mut names: Vec<Name> = design.map(|(i, field)| of_file(field, Target::Design(i))).collect();
        let own = |path: &str, doc, measure, number, shown, target| Name {
            path: path.to_owned(),
            doc,
            measure,
            number,
            shown,
            target,
        };
        let Grid { rows, columns } = self.design.grid;
        let doc = "Rows x columns, such as 4x4; `smallest`: the smallest near-square grid that holds the model";
        names.push(own("grid", doc, Measure::Word, None, Some(format!("{rows}x{columns}")), Target::Grid));
        let doc = "Model whose weights are hardwired: a preset or the path of a config.json";
        names.push(own("model", doc, Measure::Word, None, Some(self.model.clone()), Target::Model));
        for (i, (key, doc, _)) in SHAPES.iter().enumerate() {
            names.push(own(&format!("model.{key}"), doc, Measure::Count, None, None, Target::Shape(i)));
        }
        for (i, (path, doc, measure, first, _)) in OWN.iter().enumerate() {
            let shown = (!first.is_empty()).then(|| (*first).to_owned());
            names.push(own(path, doc, *measure, first.parse().ok(), shown, Target::Own(i)));
        }
        let economics = economics_fields(&self.economics).into_iter().enumerate().filter(|(_, f)| f.path != "summary");
        names.extend(economics.map(|(i, field)| of_file(field, Target::Economics(i))));
        names
    }

    /// Sets fields.
    ///
    /// # Errors
    /// The first value that its field rejects; others may have been set.
    pub fn set<'a>(&mut self, changes: impl IntoIterator<Item = (&'a Name, &'a Value)>) -> Result<(), Refusal> {
        let (mut design, mut economics) = (Vec::new(), Vec::new());
        for (name, value) in changes {
            let result = match name.target {
                Target::Design(position) => {
                    if name.path.starts_with("grid.") {
                        self.grid = GridChoice::Given;
                    }
                    self.stated.mark(&name.path);
                    design.push((position, value.scalar(name.measure)));
                    Ok(())
                }
                Target::Economics(position) => {
                    economics.push((position, value.scalar(name.measure)));
                    Ok(())
                }
                Target::Grid => self.set_grid(value),
                Target::Model => {
                    self.model = value.show();
                    Ok(())
                }
                Target::Shape(i) => self.shape.set(i, value),
                Target::Own(i) => OWN[i].4(self, value),
            };
            result.map_err(|(message, help)| Refusal { message: format!("`{}` {message}", name.path), help })?;
        }
        set_design(&mut self.design, &design)?;
        set_economics(&mut self.economics, &economics)
    }

    fn set_grid(&mut self, value: &Value) -> Result<(), Reason> {
        let wrong = || {
            let help = "write rows x columns, such as \"4x4\", or \"smallest\"";
            (format!("is \"{}\", which is no grid", designs::problem::shorten(&value.show())), Some(help.to_owned()))
        };
        let Value::Word(word) = value else { return Err(wrong()) };
        if word.as_ref() == "smallest" {
            self.grid = GridChoice::Smallest;
            return Ok(());
        }
        let side = |text: &str| text.trim().parse::<u32>().ok().filter(|n| (1..=64).contains(n));
        let sides = word.split_once('x').and_then(|(rows, columns)| side(rows).zip(side(columns)));
        let (rows, columns) = sides.ok_or_else(wrong)?;
        self.design.grid = Grid { rows, columns };
        self.grid = GridChoice::Given;
        Ok(())
    }
}
