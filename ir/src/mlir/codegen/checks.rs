//! Checks of labels against facts that do not depend on how labels are made.
//!
//! - A loop nest around an opaque call must be labelled with exactly the calls that its bounds imply.
//! - A matrix product with in-order additions cannot take less time than its chain of additions.
//! - Labelling again with another labeller and other batches must give equal labels.

use super::Labeller;
use crate::labels::{Batch, Failure, Job, Labels, Outcome, Phase, Settings, Target};

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is checked, and on which target.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// The values compared.
    pub detail: String,
}

/// Loop nests around one call: name, bounds of the loops from the outermost, and the calls that they imply.
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

/// Rows, columns and summands of the matrix product.
const PRODUCT: u64 = 24;

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
        let bound = PRODUCT.pow(3) as f64 * target.processor().addition_cycles;
        checks.push(Check {
            name: format!("the chain of additions of a matrix product on {target}"),
            passed: labels.cycles >= bound,
            detail: format!("{} cycles, at least {bound} expected", labels.cycles),
        });
    }
    // A new labeller, each module in a batch of its own, in reverse order.
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
