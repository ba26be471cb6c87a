//! Checks of labels by means that do not depend on how they are obtained.
//!
//! Loop nests with a call that no optimiser can remove must be labelled with exactly the calls that the bounds
//! imply. A matrix product that adds in order can be no faster than its chain of additions. Labelling again, in
//! another labeller and in another batch, must give the same bytes.

use super::Labeller;
use crate::labels::{Batch, Failure, Job, Labels, Outcome, Phase, Settings, Target};

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is checked.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// The values compared.
    pub detail: String,
}

/// Loop nests around one call, innermost last, and the calls that their bounds imply.
const NESTS: [(&str, &[&str], u64); 6] = [
    ("a loop of step 7 below 100", &["0 to 100 step 7"], 15),
    ("a rectangular nest", &["0 to 3", "0 to 5", "0 to 7"], 105),
    ("a large rectangular nest", &["0 to 1000", "0 to 1024", "0 to 777"], 1000 * 1024 * 777),
    ("a triangular nest", &["0 to 20", "0 to affine_map<(d0) -> (d0)>(%i0)"], 190),
    (
        "a pyramid",
        &["0 to 30", "0 to affine_map<(d0) -> (d0 + 1)>(%i0)", "0 to affine_map<(d0) -> (d0 + 1)>(%i1)"],
        4960,
    ),
    (
        "a band",
        &["0 to 50", "max affine_map<(d0) -> (0, d0 - 2)>(%i0) to min affine_map<(d0) -> (50, d0 + 3)>(%i0)"],
        244,
    ),
];

/// Matrices of the product: rows, columns and summands.
const PRODUCT: u64 = 24;

/// Fewest cycles from one scalar or in-order vector addition to the next that depends on it.
fn addition_cycles(target: Target) -> f64 {
    match target {
        // Intel's and AMD's optimisation guides: 4 and 3 cycles.
        Target::SkylakeAvx512 => 4.0,
        Target::Znver4 => 3.0,
        // Arm Neoverse V1 software optimization guide: 2 cycles.
        Target::NeoverseV1 => 2.0,
        // In-order vector reductions take at least one cycle an element.
        Target::SifiveX280 => 1.0,
    }
}

fn nest(loops: &[&str]) -> String {
    let mut text = String::from("func.func private @opaque()\nfunc.func @nest() {\n");
    for (index, bounds) in loops.iter().enumerate() {
        text.push_str(&format!("affine.for %i{index} = {bounds} {{\n"));
    }
    text.push_str("func.call @opaque() : () -> ()\n");
    text.push_str(&"}\n".repeat(loops.len()));
    text.push_str("return\n}\n");
    text
}

fn product() -> String {
    let n = PRODUCT;
    format!(
        "func.func @product(%a: memref<{n}x{n}xf32>, %b: memref<{n}x{n}xf32>, %c: memref<{n}x{n}xf32>) {{
  linalg.matmul ins(%a, %b : memref<{n}x{n}xf32>, memref<{n}x{n}xf32>) outs(%c : memref<{n}x{n}xf32>)
  return
}}"
    )
}

/// Runs all checks.
///
/// # Errors
/// The toolchain is incomplete, or a module of the checks cannot be labelled.
pub fn run() -> Result<Vec<Check>, Failure> {
    let texts: Vec<String> = NESTS.iter().map(|nest_of| nest(nest_of.1)).chain([product()]).collect();
    let batch = |texts: &[String]| Batch {
        jobs: texts.iter().zip(0..).map(|(text, id)| Job { id, text: text.clone() }).collect(),
        targets: Target::ALL.to_vec(),
        settings: Settings::default(),
    };
    let mut labeller = Labeller::new()?;
    let reply = labeller.label(&batch(&texts));
    let mut checks = Vec::new();
    for ((name, _, calls), reply) in NESTS.iter().zip(&reply.replies) {
        for (target, labels) in labels(reply)? {
            checks.push(Check {
                name: format!("{name} on {target}"),
                passed: labels.calls_dynamic == *calls as f64 && labels.frequencies.exact,
                detail: format!("{} calls, {calls} expected", labels.calls_dynamic),
            });
        }
    }
    for (target, labels) in labels(&reply.replies[NESTS.len()])? {
        let bound = PRODUCT.pow(3) as f64 * addition_cycles(target);
        checks.push(Check {
            name: format!("the chain of additions of a matrix product on {target}"),
            passed: labels.cycles >= bound,
            detail: format!("{} cycles, at least {bound} expected", labels.cycles),
        });
    }
    // Another labeller, other neighbours.
    let mut again = Labeller::new()?;
    for (text, reply) in texts.iter().zip(&reply.replies).rev() {
        let once_more = again.label(&batch(std::slice::from_ref(text)));
        checks.push(Check {
            name: format!("module {} labelled again", reply.id),
            passed: once_more.replies[0].functions == reply.functions,
            detail: "labels compared bit by bit".into(),
        });
    }
    Ok(checks)
}

/// The labels of the one function of a module.
fn labels(reply: &crate::labels::Reply) -> Result<Vec<(Target, Labels)>, Failure> {
    if let Some(failure) = &reply.failure {
        return Err(failure.clone());
    }
    let outcomes = reply.functions.iter().flat_map(|function| &function.targets);
    outcomes
        .map(|one| match &one.outcome {
            Outcome::Labels(labels) => Ok((one.target, (**labels).clone())),
            Outcome::Failure(failure) => {
                Err(Failure { phase: failure.phase, reason: format!("{}: {}", one.target, failure.reason) })
            }
        })
        .collect::<Result<Vec<_>, _>>()
        .and_then(|all| {
            let missing = Failure { phase: Phase::Parse, reason: "no function was labelled".into() };
            if all.is_empty() { Err(missing) } else { Ok(all) }
        })
}
