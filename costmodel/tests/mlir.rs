//! The pass `annotate-cost` on upstream's modules (feature `mlir`).

use std::error::Error;
use std::sync::Arc;

use costmodel::annotate::{ADDS, COST, CostAnnotations, PASS};
use costmodel::predictor::{Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::CostModel;
use ir::mlir::annotate::{Annotate, Annotation, FunctionAnnotations};
use ir::mlir::bridge::{Bridge, Form, ParseOptions, print};

const TEXT: &str = "func.func private @outside(f32)
func.func @scale(%a: memref<1024xf32>) {
  affine.for %i = 0 to 1024 {
    %0 = affine.load %a[%i] : memref<1024xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %a[%i] : memref<1024xf32>
  }
  return
}
func.func @twice(%a: f32) -> f32 {
  %0 = arith.addf %a, %a : f32
  return %0 : f32
}";

fn costs(operations: Option<Quantity>) -> CostAnnotations {
    let model = CostModel::shipped().unwrap();
    let predictor = Arc::new(Predictor::new(model, Settings::default()));
    let target = "znver4".to_owned();
    let operations = operations.map(|quantity| Output { target: target.clone(), quantity });
    CostAnnotations { predictor, targets: vec![target, "hnlpu".into()], operations }
}

fn annotated(text: &str, asked: &Arc<CostAnnotations>) -> String {
    let bridge = Bridge::new();
    let mut module = bridge.parse(text, ParseOptions::default()).unwrap();
    bridge.annotate(&mut module, PASS, Arc::clone(asked) as Arc<dyn Annotate>).unwrap();
    // The attributes survive upstream's verifier and passes.
    bridge.run_passes(&mut module, "builtin.module(canonicalize)").unwrap();
    print(&module, Form::Custom).unwrap()
}

#[test]
fn functions_carry_their_costs_through_a_pipeline_to_the_bit() {
    let asked = Arc::new(costs(None));
    let printed = annotated(TEXT, &asked);
    let answer = asked.predictor.predict(TEXT).unwrap();
    let defined = answer.replies.iter().filter(|reply| !reply.is_without_body());
    for (reply, function) in defined.zip(["@scale", "@twice"]) {
        let line = printed.lines().find(|line| line.contains(function)).unwrap();
        assert!(line.contains(COST) && line.contains(&format!("provider = \"{}\"", reply.provider.name())), "{line}");
        for (output, estimate) in asked.predictor.outputs().iter().zip(&reply.estimates) {
            let found = line.split(&format!("{} = {{", output.target)).nth(1);
            let found = found.and_then(|rest| rest.split('}').next());
            let found = found.and_then(|rest| rest.split(&format!("{} = array<f64: ", output.quantity)).nth(1));
            match (found, estimate) {
                (Some(found), Some(e)) => {
                    let numbers = found.split('>').next().unwrap().split(", ").map(|n| n.parse::<f64>().unwrap());
                    assert_eq!(numbers.collect::<Vec<f64>>(), [e.value, e.low, e.high], "{output}: {line}");
                }
                (None, None) => {}
                (None, Some(_)) => assert!(!asked.targets.contains(&output.target), "{output}: {line}"),
                (Some(_), None) => panic!("{output} is not known: {line}"),
            }
        }
    }
    assert!(!printed.contains(ADDS));
    assert!(!printed.lines().find(|line| line.contains("@outside")).unwrap().contains(COST));
}

#[test]
fn operations_carry_what_they_add_and_a_second_run_gives_the_same() {
    let asked = Arc::new(costs(Some(Quantity::Cycles)));
    let once = annotated(TEXT, &asked);
    for operation in ["affine.load", "arith.mulf", "affine.store", "arith.addf"] {
        let line = once.lines().find(|line| line.contains(operation)).unwrap();
        assert!(line.contains(ADDS), "{line}");
    }
    // A loop's attributes are printed after its body.
    assert_eq!(once.lines().filter(|line| line.contains(ADDS)).count(), 5, "{once}");
    assert_eq!(annotated(&once, &asked), once);
}

#[test]
fn what_is_unknown_is_left_out_with_reasons() {
    let text = "func.func @f(%n: index, %a: memref<?xf32>) {
  affine.for %i = 0 to %n {
    %0 = affine.load %a[%i] : memref<?xf32>
    affine.store %0, %a[%i] : memref<?xf32>
  }
  return
}";
    let printed = annotated(text, &Arc::new(costs(Some(Quantity::Cycles))));
    let line = printed.lines().find(|line| line.contains("@f")).unwrap();
    assert!(
        line.contains(
            "reasons = [\"instructions, cycles, ipc, port_utilization, xpu_utilization, xpu_latency_cycles: "
        ),
        "{line}"
    );
    assert!(line.contains("spills = array<f64") && !line.contains("cycles = array<f64"), "{line}");
    assert!(!printed.contains(ADDS));
}

#[test]
fn a_module_without_functions_stays_as_it_is() {
    let asked = Arc::new(costs(Some(Quantity::Cycles)));
    assert_eq!(annotated("module {}", &asked), annotated("", &asked));
}

struct Fixed(Result<Vec<FunctionAnnotations>, &'static str>);

impl Annotate for Fixed {
    fn names(&self) -> &'static [&'static str] {
        &["a.b"]
    }

    fn annotations(&self, _: &str) -> Result<Vec<FunctionAnnotations>, Box<dyn Error + Send + Sync>> {
        self.0.clone().map_err(Into::into)
    }
}

#[test]
fn answers_that_do_not_fit_are_errors() {
    let bridge = Bridge::new();
    let refusal = |asked: Arc<dyn Annotate>| {
        let mut module = bridge.parse(TEXT, ParseOptions::default()).unwrap();
        bridge.annotate(&mut module, PASS, asked).unwrap_err().pop().unwrap().message
    };
    let fixed = |answers| refusal(Arc::new(Fixed(answers)));
    assert_eq!(fixed(Err("no idea")), "no idea");
    assert_eq!(fixed(Ok(vec![])), "0 answers for 2 functions");
    let on = |number: usize, value: &str| {
        let operations = vec![(number, "arith.mulf".into(), Annotation { name: "a.b", value: value.into() })];
        Ok(vec![FunctionAnnotations { own: vec![], operations }, FunctionAnnotations::default()])
    };
    assert_eq!(fixed(on(0, "1 : i32")), "operation 0 is no `arith.mulf`");
    assert!(fixed(on(2, "no attribute")).starts_with("`a.b`: no attribute"));
    let unknown = CostAnnotations { targets: vec!["z80".into()], ..costs(None) };
    assert_eq!(refusal(Arc::new(unknown)), "the model has no target or design `z80`");
    let design = Output { target: "hnlpu".into(), quantity: Quantity::Cycles };
    let unknown = CostAnnotations { operations: Some(design), ..costs(None) };
    assert_eq!(refusal(Arc::new(unknown)), "the model does not predict cycles on hnlpu");
}
