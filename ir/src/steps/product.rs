//! Sums of products in scalar code.
//!
//! The term of a sum is flattened to its factors. Two of them are loaded from memrefs by the loops: the sides of the
//! contraction. Functions of a factor and scaling by a smaller operand or a scalar count as functions of the elements
//! of a side before the product, wherever they are in the text.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::registry::facts::SumTerm;
use crate::tree::{BlockId, Definition, OpId, Tree, ValueId};

use super::access::{Access, Enclosing, MAX_CHAIN, Variables, access, all_variables, computes, variables};
use super::contraction::{self, through};
use super::shape::{extents, product};
use super::step::{Contraction, Side};

/// A contraction with the operations it consists of.
pub(super) struct Product {
    pub(super) contraction: Contraction,
    pub(super) operations: Vec<OpId>,
    /// Memories that scale a factor.
    pub(super) others: Vec<ValueId>,
}

/// Stores of a statement's results.
pub(super) struct Stores<'a> {
    tree: &'a Tree,
    run: &'a [OpId],
    /// For every value, the index in `run` of the last store of a value computed from it; computed once.
    last: OnceCell<BTreeMap<ValueId, usize>>,
}

impl<'a> Stores<'a> {
    pub(super) fn new(tree: &'a Tree, run: &'a [OpId]) -> Self {
        Self { tree, run, last: OnceCell::new() }
    }

    /// The last store of a value computed from `value`.
    fn of(&self, value: ValueId) -> Option<Access<'a>> {
        let last = self.last.get_or_init(|| {
            let mut last: BTreeMap<ValueId, usize> = BTreeMap::new();
            // Users come after definitions: in reverse order, the stores of each result are known.
            for (place, &op) in self.run.iter().enumerate().rev() {
                let operation = self.tree.operation(op);
                let stored = match access(self.tree, op, true) {
                    Some(_) => Some(place),
                    None => operation.results.iter().filter_map(|r| last.get(r).copied()).max(),
                };
                if let Some(stored) = stored {
                    for &operand in &operation.operands {
                        let known = last.entry(operand).or_insert(stored);
                        *known = stored.max(*known);
                    }
                }
            }
            last
        });
        last.get(&value).and_then(|&place| access(self.tree, self.run[place], true))
    }
}

/// A factor of a product: its memref, and the functions applied to it.
struct Factor<'t> {
    load: OpId,
    access: Access<'t>,
    variables: Variables,
    /// Functions between the memory and the product.
    functions: Vec<OpId>,
    others: Vec<ValueId>,
}

/// The factors that a value is a product of (`None`: a loop-invariant scalar), in the order of the text;
/// `operations` gets the multiplications. `None` where it is not a product of functions of memories.
fn factors<'t>(
    tree: &'t Tree,
    loops: &[Enclosing],
    value: ValueId,
    operations: &mut Vec<OpId>,
) -> Option<Vec<Option<Factor<'t>>>> {
    let mut factors = Vec::new();
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match product_of(tree, value) {
            Some(product) if operations.len() < MAX_CHAIN => {
                operations.push(product);
                left.extend(tree.operation(product).operands.iter().rev());
            }
            Some(_) => return None,
            None => factors.push(factor(tree, loops, value)?),
        }
    }
    Some(factors)
}

/// The memref that a factor is a function of; `Some(None)` for a loop-invariant scalar.
fn factor<'t>(tree: &'t Tree, loops: &[Enclosing], value: ValueId) -> Option<Option<Factor<'t>>> {
    let (mut functions, mut accesses) = (Vec::new(), Vec::new());
    let mut left = vec![through(tree, value)];
    let mut seen = 0;
    while let Some(value) = left.pop() {
        seen += 1;
        if seen > MAX_CHAIN {
            return None;
        }
        let Definition::Result { operation, .. } = tree.value(value).definition else {
            if carried_or_indexed(tree, loops, value) { return None } else { continue }
        };
        if let Some(access) = access(tree, operation, false) {
            accesses.push((operation, access));
        } else if computes(tree, operation) {
            functions.push(operation);
            left.extend(tree.operation(operation).operands.iter().map(|&o| through(tree, o)));
        } else if !tree.operation(operation).operands.is_empty() && inside(tree, loops, operation) {
            return None;
        }
    }
    let mut all: Vec<_> =
        accesses.into_iter().map(|(load, access)| (load, all_variables(tree, access), access)).collect();
    // The load that depends on the most variables is the factor; the variables of others must be a subset.
    let Some(most) = (0..all.len()).rev().max_by_key(|&i| all[i].1.len()) else { return Some(None) };
    let (load, variables, access) = all.swap_remove(most);
    all.iter().all(|(_, v, _)| v.is_subset(&variables)).then(|| {
        let others = all.into_iter().map(|(_, _, a)| a.memory).collect();
        Some(Factor { load, access, variables, functions, others })
    })
}

/// Whether an operation stands in the body of one of `loops`.
fn inside(tree: &Tree, loops: &[Enclosing], op: OpId) -> bool {
    let block = tree.operation(op).block;
    loops.iter().any(|l| tree.operation(l.op).regions.iter().any(|&r| tree.region(r).blocks.contains(&block)))
}

fn carried_or_indexed(tree: &Tree, loops: &[Enclosing], value: ValueId) -> bool {
    loops.iter().any(|l| tree.entry(l.op, 0).is_some_and(|body| tree.block(body).arguments.contains(&value)))
}

/// The contraction that the sum `op` of a statement is part of.
pub(super) fn of_sum(
    tree: &Tree,
    stores: &Stores<'_>,
    loops: &[Enclosing],
    op: OpId,
    times: u64,
    lanes: u64,
) -> Option<Product> {
    let operands = &tree.operation(op).operands;
    let mut operations = vec![op];
    let (found, accumulator) = match tree.record(op).sum {
        SumTerm::Sum => {
            let &[a, b] = operands.as_slice() else { return None };
            let (product, accumulator) = if product_of(tree, b).is_some() { (b, a) } else { (a, b) };
            product_of(tree, product)?;
            (factors(tree, loops, product, &mut operations)?, accumulator)
        }
        SumTerm::FusedProduct => {
            let &[x, y, accumulator] = operands.as_slice() else { return None };
            let mut found = factors(tree, loops, x, &mut operations)?;
            found.extend(factors(tree, loops, y, &mut operations)?);
            (found, accumulator)
        }
        _ => return None,
    };
    let around: Variables = loops.iter().flat_map(|l| l.variables.iter().copied()).collect();
    let kept = kept_variables(tree, stores, loops, op, accumulator)?;
    let summed: Variables = around.iter().filter(|&v| !kept.contains(v)).collect();
    if summed.is_empty() {
        return None;
    }
    let scalars = found.iter().any(Option::is_none);
    let mut sides: Vec<Factor> = found.into_iter().flatten().collect();
    let mut scales = Vec::new();
    // The two factors that depend on the most variables are the sides; others scale one of them.
    while sides.len() > 2 {
        let least = (0..sides.len()).rev().min_by_key(|&i| sides[i].variables.len())?;
        scales.push(sides.remove(least));
    }
    let Ok([mut a, mut b]) = <[Factor; 2]>::try_from(sides) else { return None };
    if a.load == b.load {
        // A sum of squares reads one operand only.
        return None;
    }
    for scale in scales {
        let scaled = [&mut a, &mut b].into_iter().find(|f| scale.variables.is_subset(&f.variables))?;
        scaled.others.push(scale.access.memory);
        scaled.others.extend(scale.others);
        scaled.functions.extend(scale.functions);
    }
    let side = |factor: &Factor| -> Option<(Side, bool)> {
        let extents = extents(tree, factor.access.memory)?;
        let dims = variables(tree, factor.access);
        let sums = |vars: &Variables| vars.iter().any(|v| summed.contains(v));
        // A dimension with a constant subscript is not walked over.
        let walked: Vec<(u64, bool)> = extents
            .iter()
            .zip(&dims)
            .filter(|(_, vars)| vars.iter().any(|v| around.contains(v)))
            .map(|(&extent, vars)| (extent, sums(vars)))
            .collect();
        let (rank, inner) = (extents.len(), extents.last().copied().unwrap_or(1));
        let fan_in = product(walked.iter().filter(|(_, s)| *s).map(|(e, _)| *e))?;
        let elements = product(walked.iter().map(|(e, _)| *e))?;
        let window = dims.iter().any(|vars| sums(vars) && vars.iter().any(|v| kept.contains(v)));
        Some((Side { value: factor.access.memory, elements, rank, inner, fan_in }, window))
    };
    let ((x, x_window), (y, y_window)) = (side(&a)?, side(&b)?);
    let batched = kept.iter().any(|v| a.variables.contains(v) && b.variables.contains(v));
    let macs = product([times, lanes])?;
    let filter = contraction::filter(x_window, y_window);
    let mut contraction = Contraction { macs, sides: [x, y], batched, slots: 1, filter, before: [0; 2] };
    let matrix = contraction.matrix();
    for (at, factor) in [&a, &b].into_iter().enumerate() {
        if !factor.functions.is_empty() || !factor.others.is_empty() || (scalars && at != matrix) {
            contraction.before[at] = contraction.sides[at].elements;
        }
    }
    let mut others = Vec::new();
    for factor in [a, b] {
        operations.extend(factor.functions);
        others.extend(factor.others);
    }
    Some(Product { contraction, operations, others })
}

/// The multiplication that defines a value.
fn product_of(tree: &Tree, value: ValueId) -> Option<OpId> {
    tree.definer(through(tree, value)).filter(|&operation| tree.record(operation).sum == SumTerm::Product)
}

/// Initial value of the carried `argument` of the loop `op` with body `block`.
fn initial(tree: &Tree, op: OpId, block: BlockId, argument: ValueId) -> Option<ValueId> {
    let arguments = &tree.block(block).arguments;
    let from_end = arguments.len() - arguments.iter().position(|&a| a == argument)?;
    let operands = &tree.operation(op).operands;
    operands.get(operands.len().checked_sub(from_end)?).copied()
}

/// Loop variables that index the result of a sum: the sum is not over these.
fn kept_variables(
    tree: &Tree,
    stores: &Stores<'_>,
    loops: &[Enclosing],
    sum: OpId,
    accumulator: ValueId,
) -> Option<Variables> {
    // A loop-carried sum is indexed by the loops around the carrying loop.
    let mut at = through(tree, accumulator);
    for _ in 0..MAX_CHAIN {
        match tree.value(at).definition {
            Definition::Argument { block, .. } => {
                let carrier = loops.iter().position(|l| tree.entry(l.op, 0) == Some(block))?;
                let outer = initial(tree, loops[carrier].op, block, at).map(|v| through(tree, v));
                match outer.map(|v| (v, tree.value(v).definition)) {
                    // The outer loop can carry the same sum.
                    Some((value, Definition::Argument { block, .. }))
                        if loops[..carrier]
                            .iter()
                            .any(|l| tree.entry(l.op, 0) == Some(block) && !l.variables.contains(&value)) =>
                    {
                        at = value;
                    }
                    _ => return Some(loops[..carrier].iter().flat_map(|l| l.variables.iter().copied()).collect()),
                }
            }
            Definition::Result { operation, .. } if access(tree, operation, false).is_some() => break,
            // Unrolled sums are chained.
            Definition::Result { operation, .. } => {
                let operands = &tree.operation(operation).operands;
                at = match tree.record(operation).sum {
                    SumTerm::Sum => {
                        let &[a, b] = operands.as_slice() else { return None };
                        through(tree, if product_of(tree, a).is_some() { b } else { a })
                    }
                    SumTerm::FusedProduct => through(tree, *operands.get(2)?),
                    _ => return None,
                };
            }
            Definition::Missing => return None,
        }
    }
    // A sum in memory is indexed by the variables of its address.
    let result = *tree.operation(sum).results.first()?;
    stores.of(result).map(|store| all_variables(tree, store))
}
