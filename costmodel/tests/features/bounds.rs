//! Bounds that no processor can beat, against the labels of the corpus.

use std::collections::BTreeMap;

use corpus::labels::prefix;
use corpus::table::{Reader, read};
use costmodel::bounds::{AtLeast, Bound, of_issue, of_work};
use costmodel::input::{Input, Scheme};
use costmodel::quantity::Quantity;
use costmodel::query::QueryReader;
use ir::Limits;
use ir::labels::Target;
use ir::vocabulary::Counts;
use storage::columnar::Column;

use crate::pinned::{CORPUS, root};

/// Functions that execute fewer instructions than this have had their loops replaced by a call of `memset` or `memcpy`, whose work the
/// labels do not count, or by a constant.
const FEWEST_INSTRUCTIONS: f64 = 20.0;

/// Every row whose index is a multiple of this is compared.
const STRIDE: usize = 10;

#[test]
fn no_label_is_beyond_a_bound() {
    let frame = read(std::fs::read(root().join(CORPUS)).unwrap()).unwrap();
    let texts = Reader { frame: &frame }.text("text").unwrap();
    let column = |target: Target, name: &str| -> Vec<Option<f64>> {
        match frame.column(&format!("{}_{name}", prefix(target))).unwrap() {
            Column::Int(values) => values.iter().map(|v| v.map(|n| n as f64)).collect(),
            Column::Float(values) => values.clone(),
            _ => panic!("labels are numbers"),
        }
    };
    let labels: Vec<_> = Target::ALL
        .iter()
        .map(|&target| (target, column(target, "cycles"), column(target, "instructions_executed")))
        .collect();
    let vocabulary = Counts::new(Scheme::Shaped).vocabulary(1);
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let mut compared: BTreeMap<(Target, Bound), (usize, usize, f64)> = BTreeMap::new();
    for (row, text) in texts.iter().enumerate().step_by(STRIDE) {
        let Ok(queries) = reader.read(text, |_| &vocabulary) else { continue };
        let [query] = &queries[..] else { continue };
        for (target, cycles, instructions) in &labels {
            let (Some(cycles), Some(instructions)) = (cycles[row], instructions[row]) else { continue };
            if !query.exact || instructions < FEWEST_INSTRUCTIONS {
                continue;
            }
            for limit in limits(*target, &query.input, instructions) {
                let label = if limit.quantity == Quantity::Cycles { cycles } else { instructions };
                let entry = compared.entry((*target, limit.bound)).or_default();
                entry.0 += 1;
                if label < limit.value * 0.999 {
                    entry.1 += 1;
                    entry.2 = entry.2.max(limit.value / label);
                    if std::env::var_os("HARDWIRE_SHOW").is_some() {
                        println!("{row} {target} {} {label} < {}", limit.bound, limit.value);
                    }
                }
            }
        }
    }
    for ((target, bound), (rows, beyond, most)) in &compared {
        println!("{target} {bound}: {beyond} of {rows}, by a factor of {most:.2}");
    }
    // LLVM also simplifies algebra (`x - x` under fast-math), which the counts do not see.
    assert!(compared.values().all(|(rows, beyond, _)| beyond * 1000 <= *rows), "{compared:?}");
    assert!(compared.values().all(|(rows, ..)| *rows > 500), "{compared:?}");
}

fn limits(target: Target, input: &Input, instructions: f64) -> impl Iterator<Item = AtLeast> {
    let processor = target.processor();
    of_work(processor, input).into_iter().chain([of_issue(processor, instructions)])
}
