//! Counts of loop nests against block-by-block execution and closed forms.

use proptest::prelude::*;

use super::execution::Run;
use super::flow::{Assignment, Block, Comparison, ControlFlow, Exit, Operand, Operation, Phi};
use super::loops::Loops;
use super::run;

/// The counter of one loop of a nest.
#[derive(Debug, Clone, Copy)]
struct Level {
    start: u64,
    step: i64,
    bound: u64,
    /// Adds the counter of the loop around it to the bound.
    triangular: bool,
    comparison: Comparison,
    /// Compares the counter after the step rather than before.
    after: bool,
}

/// A nest of bottom-tested loops, each a header that is its own latch around the next one:
/// `enter, header0, header1, ..., latch1, latch0, end`.
fn nest(levels: &[Level]) -> ControlFlow {
    let depth = levels.len();
    let mut flow = ControlFlow { blocks: vec![Block::default(); 2 * depth + 2], values: 0, widths: Vec::new() };
    let mut value = |width: u32| {
        flow.widths.push(width);
        flow.values += 1;
        flow.values - 1
    };
    let names: Vec<[usize; 4]> = levels.iter().map(|_| [value(64), value(64), value(64), value(1)]).collect();
    flow.blocks[0].exit = Exit::Jump(1);
    for (index, level) in levels.iter().enumerate() {
        let [counter, next, bound, condition] = names[index];
        let (header, latch) = (1 + index, 2 * depth - index);
        let incoming = vec![(header - 1, Operand::Constant(level.start)), (latch, Operand::Value(next))];
        flow.blocks[header].phis.push(Phi { result: counter, incoming });
        let around = index.checked_sub(1).filter(|_| level.triangular).map(|outer| Operand::Value(names[outer][0]));
        flow.blocks[header].operations.push(Assignment {
            result: bound,
            width: 64,
            operation: Operation::Add,
            operands: vec![Operand::Constant(level.bound), around.unwrap_or(Operand::Constant(0))],
        });
        flow.blocks[header].exit = Exit::Jump(header + 1);
        let compared = if level.after { next } else { counter };
        flow.blocks[latch].operations = vec![
            Assignment {
                result: next,
                width: 64,
                operation: Operation::Add,
                operands: vec![Operand::Value(counter), Operand::Constant(level.step as u64)],
            },
            Assignment {
                result: condition,
                width: 1,
                operation: Operation::Compare(level.comparison, 64),
                operands: vec![Operand::Value(compared), Operand::Value(bound)],
            },
        ];
        flow.blocks[latch].exit = Exit::Branch(Operand::Value(condition), [header, latch + 1]);
    }
    flow
}

fn up(bound: u64) -> Level {
    Level { start: 0, step: 1, bound, triangular: false, comparison: Comparison::NotEqual, after: true }
}

#[test]
fn a_rectangular_nest_multiplies() {
    let flow = nest(&[up(1000), up(2000), up(30_000)]);
    let counts = run(&flow, 100).expect("a nest that counts takes few steps");
    assert_eq!(counts.blocks[3], 1000.0 * 2000.0 * 30_000.0);
    assert_eq!(counts.blocks[7], 1.0);
    assert!(counts.exact.iter().all(|&exact| exact) && !counts.data_dependent);
}

#[test]
fn a_triangular_nest_sums() {
    let inner = Level { triangular: true, ..up(1) };
    let counts = run(&nest(&[up(500), inner]), 10_000).unwrap();
    assert_eq!(counts.blocks[2], 500.0 * 501.0 / 2.0);
}

#[test]
fn a_branch_on_data_is_taken_half_of_the_time() {
    // enter -> loop { if data { then } } -> end
    let mut flow = nest(&[up(10)]);
    flow.blocks.push(Block { exit: Exit::Jump(2), ..Block::default() });
    flow.blocks[1].exit = Exit::Branch(Operand::Unknown, [4, 2]);
    let counts = run(&flow, 1000).unwrap();
    assert!(counts.data_dependent);
    assert_eq!((counts.blocks[4], counts.exact[4]), (5.0, false));
    assert_eq!((counts.blocks[2], counts.exact[2]), (10.0, true));
    assert_eq!(counts.edges[1], [5.0, 5.0]);
}

#[test]
fn a_function_without_blocks_has_no_counts() {
    let counts = run(&ControlFlow::default(), 10).expect("there is nothing to run");
    assert!(counts.blocks.is_empty() && counts.edges.is_empty());
}

#[test]
fn an_endless_loop_has_no_counts() {
    let mut flow = nest(&[up(10)]);
    flow.blocks[2].exit = Exit::Jump(1);
    assert_eq!(run(&flow, 1000), None);
}

fn level() -> impl Strategy<Value = Level> {
    let comparison = prop_oneof![
        Just(Comparison::NotEqual),
        Just(Comparison::LessUnsigned),
        Just(Comparison::LessEqualSigned),
        Just(Comparison::LessSigned),
        Just(Comparison::GreaterSigned),
        Just(Comparison::GreaterEqualUnsigned),
    ];
    (0..6_u64, prop_oneof![-3..0_i64, 1..4_i64], 0..12_u64, any::<bool>(), comparison, any::<bool>()).prop_map(
        |(start, step, bound, triangular, comparison, after)| Level {
            start,
            step,
            bound,
            triangular,
            comparison,
            after,
        },
    )
}

proptest! {
    /// The shortcuts give the same counts as block-by-block execution.
    #[test]
    fn shortcuts_count_as_execution_does(levels in prop::collection::vec(level(), 1..4)) {
        let flow = nest(&levels);
        let plain = Run::new(&flow, &Loops::none(&flow), 0, 5_000).whole();
        // Loops that wrap around or never end exceed the fuel of the plain run.
        if let Some((edges, _)) = plain {
            let (quick, data_dependent) = Run::new(&flow, &Loops::find(&flow), 0, 10_000).whole().unwrap();
            prop_assert_eq!(edges, quick);
            prop_assert!(!data_dependent);
        }
    }
}
