//! Execution counts of blocks that branch to each other: counted loops, and branches that join again.
//!
//! A loop is counted if its header compares one of its block arguments with a bound, and every back edge adds the same
//! constant to that argument. If a branch depends on data, the blocks between it and its post-dominator are executed
//! at most as often as the branch. Blocks must be in an order in which only back edges lead backwards, as lowering
//! leaves them. Anything else (exits from the middle of a loop, switches) is unknown.

use std::cmp::Ordering;

use petgraph::algo::dominators::simple_fast;
use petgraph::graph::{DiGraph, NodeIndex};

use super::elements::{self, element};
use super::evaluate::{Environment, Interval};
use super::induction::{Variable, all_values, trips};
use super::range::Range;
use super::renamed::Renamed;
use crate::registry::facts::Evaluation;
use crate::tree::{AttributeValue, BlockId, Definition, OpId, Tree, ValueId};

/// Regions with more blocks are not analysed.
const MAX_BLOCKS: usize = 1024;

/// A loop made of branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchLoop {
    /// The header: the block that tests the condition.
    pub header: BlockId,
    /// The blocks of the loop, its header first.
    pub blocks: Vec<BlockId>,
    /// The induction variable: a block argument of the header.
    pub variable: ValueId,
    /// The constant added to the induction variable in each iteration.
    pub step: i128,
    /// Entries into the loop, per call of the function.
    pub entries: Range,
    /// Iterations in all, per call of the function.
    pub iterations: Range,
}

/// Executions of the blocks of a region, in their order, and its loops, outer ones first.
pub(super) fn count(
    tree: &Tree,
    blocks: &[BlockId],
    executions: Range,
    environment: &mut Environment<'_>,
) -> Option<(Vec<Range>, Vec<BranchLoop>)> {
    if blocks.len() > MAX_BLOCKS {
        return None;
    }
    let flow = Flow::of(tree, blocks)?;
    let renamed = Renamed::of(tree, blocks);
    let joins = flow.joins();
    let mut counts = vec![Range::ZERO; blocks.len()];
    // For each block, the join blocks ahead of it whose executions are counted already.
    let mut settled: Vec<Option<Vec<usize>>> = vec![None; blocks.len()];
    let mut loops = Vec::new();
    counts[0] = executions;
    settled[0] = Some(Vec::new());
    for at in 0..blocks.len() {
        let Some(open) = settled[at].clone() else { continue };
        let open: Vec<usize> = open.into_iter().filter(|&join| join != at).collect();
        let entries = counts[at];
        for &argument in &tree.block(blocks[at]).arguments {
            if let Some(source) = renamed.get(argument) {
                environment.set(argument, environment.value(source));
            }
        }
        if let Some(body) = flow.loop_of(at)? {
            let counted = counted(tree, blocks, &flow, &renamed, at, &body)?;
            let [inside, outside] = flow.next[at][..] else { return None };
            if !body.contains(&inside) || body.contains(&outside) {
                return None;
            }
            let variable = Variable {
                value: Some(counted.variable),
                lower: environment.value(counted.first),
                upper: environment.value(counted.bound),
                step: Some(Interval::exact(counted.step)),
            };
            let turns = trips(&variable);
            environment.set(counted.variable, all_values(&variable, turns));
            let iterations = entries * turns;
            counts[at] = iterations;
            counts[at] += entries;
            loops.push(BranchLoop {
                header: blocks[at],
                blocks: body.iter().map(|&b| blocks[b]).collect(),
                variable: counted.variable,
                step: counted.step,
                entries,
                iterations,
            });
            add(&mut counts, &mut settled, inside, iterations, &open);
            add(&mut counts, &mut settled, outside, entries, &open);
            continue;
        }
        let forward: Vec<usize> = flow.next[at].iter().copied().filter(|&next| next > at).collect();
        match forward[..] {
            [] => {}
            [next] => add(&mut counts, &mut settled, next, entries, &open),
            _ => {
                let join = joins[at];
                let mut inside = open.clone();
                inside.extend(join);
                for next in forward {
                    if Some(next) != join {
                        add(&mut counts, &mut settled, next, entries.at_most(), &inside);
                    }
                }
                if let Some(join) = join {
                    add(&mut counts, &mut settled, join, entries, &open);
                }
            }
        }
    }
    Some((counts, loops))
}

fn add(counts: &mut [Range], settled: &mut [Option<Vec<usize>>], to: usize, flow: Range, open: &[usize]) {
    // Flow into a join block was already counted at the branch.
    if !open.contains(&to) {
        counts[to] += flow;
        settled[to].get_or_insert_with(|| open.to_vec());
    }
}

/// The control-flow graph of a region, by block index.
struct Flow {
    next: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    last: Vec<OpId>,
}

impl Flow {
    fn of(tree: &Tree, blocks: &[BlockId]) -> Option<Self> {
        let mut places: Vec<(BlockId, usize)> = blocks.iter().copied().zip(0..).collect();
        places.sort_unstable();
        let place =
            |block: &BlockId| places.binary_search_by_key(block, |entry| entry.0).ok().map(|found| places[found].1);
        let (mut next, mut last) = (Vec::new(), Vec::new());
        for &block in blocks {
            let end = *tree.block(block).operations.last()?;
            let mut to: Vec<usize> =
                tree.operation(end).successors.iter().map(|(b, _)| place(b)).collect::<Option<_>>()?;
            if to.len() > 2 {
                return None;
            }
            if to.len() == 2 && to[0] == to[1] {
                to.pop();
            }
            next.push(to);
            last.push(end);
        }
        let mut before = vec![Vec::new(); next.len()];
        for (at, to) in next.iter().enumerate() {
            to.iter().for_each(|&to: &usize| before[to].push(at));
        }
        Some(Self { next, before, last })
    }

    /// The blocks of the loop with this header, in order: `Some(None)` if no back edge leads to it, `None` if the loop has
    /// other entries or exits.
    fn loop_of(&self, header: usize) -> Option<Option<Vec<usize>>> {
        let latches: Vec<usize> = self.before[header].iter().copied().filter(|&b| b >= header).collect();
        if latches.is_empty() {
            return Some(None);
        }
        let mut inside = vec![false; self.next.len()];
        inside[header] = true;
        // Walk backwards from the sources of the back edges; inner loops belong to the loop.
        let mut open = latches;
        while let Some(block) = open.pop() {
            if !std::mem::replace(&mut inside[block], true) {
                open.extend(self.before[block].iter().filter(|&&b| !inside[b]));
            }
        }
        let body: Vec<usize> = (0..self.next.len()).filter(|&b| inside[b]).collect();
        // The header is the only entry and the only exit.
        let tight = body.iter().all(|&b| b >= header && (b == header || self.next[b].iter().all(|n| inside[*n])));
        tight.then_some(Some(body))
    }

    /// Immediate post-dominator of each block, ignoring back edges; `None` where it is the end of the region.
    fn joins(&self) -> Vec<Option<usize>> {
        let exit = NodeIndex::new(self.next.len());
        let mut reversed: DiGraph<(), (), u32> = DiGraph::new();
        (0..=exit.index()).for_each(|_| _ = reversed.add_node(()));
        for (at, next) in self.next.iter().enumerate() {
            let at = NodeIndex::new(at);
            let forward = next.iter().map(|&to| NodeIndex::new(to)).filter(|&to| to > at);
            let mut is_last = true;
            for to in forward {
                reversed.add_edge(to, at, ());
                is_last = false;
            }
            if is_last {
                reversed.add_edge(exit, at, ());
            }
        }
        let dominators = simple_fast(&reversed, exit);
        let join = |at| dominators.immediate_dominator(NodeIndex::new(at)).filter(|&join| join != exit);
        (0..exit.index()).map(|at| join(at).map(NodeIndex::index)).collect()
    }
}

struct Counted {
    variable: ValueId,
    first: ValueId,
    bound: ValueId,
    step: i128,
}

/// The induction variable of a loop, its first value, bound and step.
fn counted(
    tree: &Tree,
    blocks: &[BlockId],
    flow: &Flow,
    renamed: &Renamed,
    header: usize,
    body: &[usize],
) -> Option<Counted> {
    let decision = tree.operation(flow.last[header]);
    let (variable, bound) = below(tree, *decision.operands.first()?)?;
    let Definition::Argument { block, index } = tree.value(variable).definition else { return None };
    if block != blocks[header] {
        return None;
    }
    let (mut first, mut step) = (None, None);
    for (at, &last) in flow.last.iter().enumerate() {
        for (to, passed) in &tree.operation(last).successors {
            if *to != block {
                continue;
            }
            let value = renamed.source(*passed.get(index as usize)?);
            if body.contains(&at) {
                let own = added_to(tree, value, |operand| renamed.source(operand) == variable)?;
                if step.replace(own).is_some_and(|other| other != own) {
                    return None;
                }
            } else if first.replace(value).is_some_and(|other| other != value) {
                return None;
            }
        }
    }
    Some(Counted { variable, first: first?, bound, step: step? })
}

/// Returns `(a, b)` if the condition is `a < b` or `b > a`, of integers or of tensors of one.
pub(super) fn below(tree: &Tree, condition: ValueId) -> Option<(ValueId, ValueId)> {
    let operation = tree.definer(element(tree, condition))?;
    let &[a, b] = tree.operation(operation).operands.as_slice() else { return None };
    let (a, b) = (element(tree, a), element(tree, b));
    match order(tree, operation)? {
        Ordering::Less => Some((a, b)),
        Ordering::Greater => Some((b, a)),
        Ordering::Equal => None,
    }
}

/// How the operands of a comparison are ordered where it holds; `None` for other operations.
fn order(tree: &Tree, operation: OpId) -> Option<Ordering> {
    if elements::evaluation(tree, operation) != Evaluation::Compare {
        return None;
    }
    match tree.attribute(operation, "predicate").or_else(|| tree.attribute(operation, "comparison_direction"))? {
        AttributeValue::Integer(2 | 6, _) => Some(Ordering::Less),
        AttributeValue::Integer(4 | 8, _) => Some(Ordering::Greater),
        AttributeValue::Other(text) if text.ends_with(" LT>") => Some(Ordering::Less),
        AttributeValue::Other(text) if text.ends_with(" GT>") => Some(Ordering::Greater),
        _ => None,
    }
}

/// The constant `c` if `value` is `to + c`, of integers or of tensors of one.
#[must_use]
pub fn added(tree: &Tree, value: ValueId, to: ValueId) -> Option<i128> {
    added_to(tree, value, |operand| operand == to)
}

/// The constant `c` if `value` is a sum of `c` and a value that `is_base` accepts.
fn added_to(tree: &Tree, value: ValueId, is_base: impl Fn(ValueId) -> bool) -> Option<i128> {
    let operation = tree.definer(element(tree, value))?;
    let &[a, b] = tree.operation(operation).operands.as_slice() else { return None };
    if elements::evaluation(tree, operation) != Evaluation::Add {
        return None;
    }
    let (a, b) = (element(tree, a), element(tree, b));
    let other = if is_base(a) { b } else { is_base(b).then_some(a)? };
    let operation = tree.definer(other)?;
    super::evaluate::constant(tree, operation)?.value()
}

#[cfg(test)]
mod tests {
    use super::super::Analysis;
    use super::*;

    fn counts(text: &str) -> Vec<Range> {
        let parsed = crate::parse(text, &crate::Limits::default());
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let tree = &parsed.tree;
        let function = tree.functions().next().expect("a function");
        let analysis = Analysis::of(tree);
        let trip_counts = &analysis.function(function).expect("it has a body").trip_counts;
        let entry = tree.entry(function, 0).expect("an entry");
        tree.region(tree.block(entry).region).blocks.iter().map(|&block| trip_counts.block(block)).collect()
    }

    #[test]
    fn an_induction_variable_may_have_another_name_in_the_body() {
        let renamed = NEST
            .replace(
                "cf.cond_br %1, ^body, ^latch\n^body:",
                "cf.cond_br %1, ^body(%j : index), ^latch\n^body(%k: index):",
            )
            .replace("arith.addi %j", "arith.addi %k");
        assert_ne!(renamed, NEST);
        assert_eq!(counts(&renamed), counts(NEST));
    }

    const NEST: &str = "func.func @f(%a: memref<8x5xf32>, %c: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  %z = arith.constant 0.0 : f32
  cf.br ^outer(%c0 : index)
^outer(%i: index):
  %0 = arith.cmpi slt, %i, %c8 : index
  cf.cond_br %0, ^enter, ^exit
^enter:
  cf.br ^inner(%c0 : index)
^inner(%j: index):
  %1 = arith.cmpi slt, %j, %c5 : index
  cf.cond_br %1, ^body, ^latch
^body:
  cf.cond_br %c, ^then, ^join
^then:
  memref.store %z, %a[%i, %j] : memref<8x5xf32>
  cf.br ^join
^join:
  %2 = arith.addi %j, %c1 : index
  cf.br ^inner(%2 : index)
^latch:
  %3 = arith.addi %i, %c2 : index
  cf.br ^outer(%3 : index)
^exit:
  return
}";

    #[test]
    fn a_nest_of_branches_counts_as_the_nest_of_loops_does() {
        let exact = |n: u64| Range::from(n);
        let counts = counts(NEST);
        // 4 outer iterations with 5 inner ones each; a header is executed once more than its body.
        let expected = [1, 5, 4, 24, 20].map(exact);
        assert_eq!(counts[..5], expected);
        assert_eq!(counts[5], Range { low: 0, high: Some(20) });
        assert_eq!(counts[6..], [20, 4, 1].map(exact));
    }

    #[test]
    fn what_does_not_count_stays_unknown() {
        for (from, to) in [
            // A step that is not constant, a comparison that is not a bound, an exit from the middle.
            ("arith.addi %j, %c1", "arith.addi %j, %i"),
            ("arith.cmpi slt, %j, %c5", "arith.cmpi ne, %j, %c5"),
            ("cf.cond_br %c, ^then, ^join", "cf.cond_br %c, ^then, ^exit"),
        ] {
            let text = NEST.replace(from, to);
            assert_ne!(text, NEST);
            assert!(counts(&text)[3].high.is_none(), "{to}");
        }
    }

    #[test]
    fn a_while_that_counts_is_a_loop() {
        let text = "func.func @f(%a: memref<9xf32>) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c9 = arith.constant 9 : index
  %z = arith.constant 0.0 : f32
  %0 = scf.while (%i = %c0) : (index) -> index {
    %1 = arith.cmpi slt, %i, %c9 : index
    scf.condition(%1) %i : index
  } do {
  ^bb0(%i: index):
    memref.store %z, %a[%i] : memref<9xf32>
    %1 = arith.addi %i, %c3 : index
    scf.yield %1 : index
  }
  return
}";
        let parsed = crate::parse(text, &crate::Limits::default());
        let tree = &parsed.tree;
        let function = tree.functions().next().expect("a function");
        let analysis = Analysis::of(tree);
        let own = analysis.function(function).expect("it has a body");
        let [one] = own.trip_counts.loops() else { panic!("one loop") };
        assert_eq!((one.trips, one.iterations), (Range::from(3), Range::from(3)));
        assert!(own.unknowns.is_empty());
        let condition = tree.entry(one.operation, 0).expect("it has a condition");
        assert_eq!(own.trip_counts.block(condition), Range::from(4));
    }

    /// The trip count of the only loop of a function.
    fn only_trips(text: &str) -> Range {
        let parsed = crate::parse(text, &crate::Limits::default());
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let tree = &parsed.tree;
        let analysis = Analysis::of(tree);
        let own = analysis.function(tree.functions().next().expect("a function")).expect("it has a body");
        let [one] = own.trip_counts.loops() else { panic!("one loop") };
        one.trips
    }

    #[test]
    fn a_while_may_count_in_a_tensor_of_one_element() {
        let text = "func.func @f() -> tensor<i32> {
  %c1 = arith.constant 1 : i32
  %c7 = arith.constant 7 : i32
  %first = arith.constant dense<2> : tensor<i32>
  %0 = scf.while (%i = %first) : (tensor<i32>) -> tensor<i32> {
    %e = tensor.empty() : tensor<i1>
    %1 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
        ins(%i : tensor<i32>) outs(%e : tensor<i1>) {
    ^bb0(%in: i32, %out: i1):
      %2 = arith.cmpi slt, %in, %c7 : i32
      linalg.yield %2 : i1
    } -> tensor<i1>
    %3 = tensor.extract %1[] : tensor<i1>
    scf.condition(%3) %i : tensor<i32>
  } do {
  ^bb0(%i: tensor<i32>):
    %e = tensor.empty() : tensor<i32>
    %1 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
        ins(%i : tensor<i32>) outs(%e : tensor<i32>) {
    ^bb0(%in: i32, %out: i32):
      %2 = arith.addi %in, %c1 : i32
      linalg.yield %2 : i32
    } -> tensor<i32>
    scf.yield %1 : tensor<i32>
  }
  return %0 : tensor<i32>
}";
        assert_eq!(only_trips(text), Range::from(5));
        // Of several elements, each may be another number.
        let several = text.replace("tensor<i32>", "tensor<2xi32>").replace("tensor<i1>", "tensor<2xi1>");
        let several = several.replace("affine_map<() -> ()>", "affine_map<(d) -> (d)>");
        let several = several.replace("iterator_types = []", "iterator_types = [\"parallel\"]");
        let several = several.replace("%1[]", "%1[%c0]").replace("%c1 =", "%c0 = arith.constant 0 : index\n  %c1 =");
        assert_eq!(only_trips(&several), Range::UNKNOWN);
    }

    #[test]
    fn a_while_of_stablehlo_counts_by_its_comparison() {
        let text = "func.func @f() -> tensor<i32> {
  %first = stablehlo.constant dense<2> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %bound = stablehlo.constant dense<7> : tensor<i32>
  %0 = stablehlo.while(%i = %first) : tensor<i32>
  cond {
    %1 = stablehlo.compare LT, %i, %bound, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %1 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %1 : tensor<i32>
  }
  return %0 : tensor<i32>
}";
        assert_eq!(only_trips(text), Range::from(5));
        assert_eq!(only_trips(&text.replace("LT, %i, %bound", "GT, %bound, %i")), Range::from(5));
        assert_eq!(only_trips(&text.replace("LT, %i", "NE, %i")), Range::UNKNOWN);
    }
}
