//! A compiler driver that runs `annotate-cost` after its pipeline: reads MLIR, simplifies it, and writes the predicted
//! cost of each function as an attribute; on request also what each operation adds.
//!
//! ```sh
//! cargo run -p costmodel --features mlir --example annotate_cost -- docs/costmodel-example.mlir --operations cycles
//! ```

use std::error::Error;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use costmodel::annotate::{CostAnnotations, PASS};
use costmodel::predictor::{Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::CostModel;
use ir::mlir::bridge::{Bridge, Diagnostic, Form, ParseOptions, print};

const USAGE: &str = "usage: annotate_cost FILE|- [--target NAME] [--operations QUANTITY] [--pipeline PIPELINE]

  --target NAME          processor or design (default: skylake-avx512)
  --operations QUANTITY  also write what each operation adds to this quantity, e.g. cycles
  --pipeline PIPELINE    passes to run before (default: builtin.module(canonicalize,cse))";

struct Request {
    file: String,
    target: String,
    operations: Option<Quantity>,
    pipeline: String,
}

fn main() -> ExitCode {
    match request(std::env::args().skip(1)).and_then(|request| run(&request)) {
        Ok(annotated) => {
            print!("{annotated}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn request(mut arguments: impl Iterator<Item = String>) -> Result<Request, Box<dyn Error>> {
    let mut file = None;
    let mut request = Request {
        file: String::new(),
        target: "skylake-avx512".to_owned(),
        operations: None,
        pipeline: "builtin.module(canonicalize,cse)".to_owned(),
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{USAGE}"));
        match argument.as_str() {
            "--target" => request.target = value()?,
            "--pipeline" => request.pipeline = value()?,
            "--operations" => {
                let name = value()?;
                let quantity = Quantity::from_name(&name).ok_or_else(|| format!("no quantity `{name}`\n\n{USAGE}"))?;
                request.operations = Some(quantity);
            }
            other if other != "-" && other.starts_with('-') => {
                return Err(format!("unknown option {other}\n\n{USAGE}").into());
            }
            _ if file.is_some() => return Err(format!("one file at a time\n\n{USAGE}").into()),
            _ => file = Some(argument),
        }
    }
    request.file = file.ok_or_else(|| USAGE.to_owned())?;
    Ok(request)
}

fn run(request: &Request) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let read = match request.file.as_str() {
        "-" => std::io::stdin().read_to_string(&mut text).map(drop),
        file => std::fs::read_to_string(file).map(|read| text = read),
    };
    read.map_err(|error| format!("{}: {error}", request.file))?;

    let model = CostModel::shipped()?;
    let predictor = Arc::new(Predictor::new(model, Settings::default()));
    let target = request.target.clone();
    let operations = request.operations.map(|quantity| Output { target: target.clone(), quantity });
    let costs = Arc::new(CostAnnotations { predictor, targets: vec![target], operations });

    let all = |diagnostics: Vec<Diagnostic>| {
        let lines: Vec<String> = diagnostics
            .iter()
            .map(|d| format!("{}{}{d}", request.file, if d.place.is_some() { ":" } else { ": " }))
            .collect();
        lines.join("\nerror: ")
    };
    let bridge = Bridge::new();
    let mut module = bridge.parse(&text, ParseOptions::default()).map_err(all)?;
    bridge.run_passes(&mut module, &request.pipeline).map_err(all)?;
    bridge.annotate(&mut module, PASS, costs).map_err(all)?;
    Ok(print(&module, Form::Custom).map_err(all)?)
}
