//! Which loops carry no dependence from one iteration to the next.
//!
//! A loop is parallel if its text says so (`scf.parallel`, `scf.forall`, `affine.parallel`), or if it is counted by constants,
//! arguments and counters around it, passes no value on, and no two of its iterations access one element of which one writes. The
//! test looks at one subscript at a time: the loop's own multiple must exceed what the inner loops and constants can make up for.
//! It sees what upstream's `affine-parallelize` sees: subscripts of affine accesses, and steps from constant bounds on.

use std::collections::{BTreeMap, BTreeSet};

use ir::analysis::{FunctionAnalysis, Range, size};
use ir::registry::facts::{Dialect, LoopForm};
use ir::registry::features::InstructionClass as Class;
use ir::tree::{AttributeValue, BlockId, Definition, OpId, Tree, Type, ValueId};

use crate::features::{buffer as root, form, is_shaped};
use crate::linear::{Linear, expression, linear, subscripts};

/// Most pairs of accesses of a loop that are compared; a loop with more is taken to be sequential.
const MOST_PAIRS: usize = 1 << 16;

/// Most bounds that are followed to outer loops.
const DEEPEST: usize = 32;

/// The index of the tensor or memref that a load or store accesses, among its operands.
pub(super) fn memory_operand(tree: &Tree, operation: OpId) -> Option<usize> {
    let operands = &tree.operation(operation).operands;
    operands.iter().rposition(|&value| is_shaped(tree, value))
}

/// A loop counted by one variable.
struct Counted {
    operation: OpId,
    step: i64,
    /// Iterations of one entry; the most where they differ.
    trips: Option<u64>,
    /// Lower bound; none if it is the greatest of several, or no sum of multiples.
    lower: Option<Linear>,
}

impl Counted {
    /// Distance between the variable's values as upstream's analysis knows it: it sees steps only from constant bounds on.
    fn stride(&self) -> i64 {
        if self.is_strided() { self.step } else { 1 }
    }

    fn is_strided(&self) -> bool {
        self.lower.as_ref().is_some_and(|lower| lower.terms.is_empty())
    }

    /// Most by which two values of the variable differ.
    fn reach(&self) -> Option<i64> {
        let trips = i64::try_from(self.trips?).ok()?;
        if self.is_strided() {
            (trips - 1).max(0).checked_mul(self.step)
        } else {
            Some((trips.checked_mul(self.step)? - 1).max(0))
        }
    }
}

/// A multiple of the difference of a variable in two iterations: its least value that is not zero, and its largest.
struct Difference {
    is_own: bool,
    stride: i64,
    reach: i64,
}

/// A load or store inside a loop.
struct Access {
    buffer: ValueId,
    is_store: bool,
    subscripts: Vec<Option<Linear>>,
    /// Further elements along the last subscript: lanes of a vector.
    lanes: i64,
}

/// The loops of a function.
pub(super) struct Loops<'a> {
    tree: &'a Tree,
    entry: BlockId,
    /// Loops that dependence analysis sees, by their variable.
    counted: BTreeMap<ValueId, Counted>,
    raised: BTreeSet<OpId>,
    trips: BTreeMap<OpId, Option<u64>>,
}

impl<'a> Loops<'a> {
    /// The loops of a function with this entry block.
    pub fn of(tree: &'a Tree, function: OpId, entry: BlockId, counts: &FunctionAnalysis) -> Self {
        let most = |range: Range| range.high.and_then(|high| u64::try_from(high).ok());
        let trips = counts.trip_counts.loops().iter().map(|one| (one.operation, most(one.trips))).collect();
        let mut loops = Self { tree, entry, counted: BTreeMap::new(), raised: BTreeSet::new(), trips };
        for operation in tree.walk_inside(function) {
            loops.raise(operation);
        }
        loops
    }

    /// Iterations of one entry of a loop, the most where they differ; `None` where they are not known.
    pub fn trips(&self, operation: OpId) -> Option<u64> {
        self.trips.get(&operation).copied().flatten()
    }

    /// Notes a loop that dependence analysis sees: one of `affine`, or an `scf.for` with a constant step whose bounds are
    /// constants, arguments of the function, or variables of such loops. Loops come outer before inner.
    fn raise(&mut self, operation: OpId) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let Some(form) = form(tree, operation) else { return };
        let step = match form {
            LoopForm::AffineFor => match tree.attribute(operation, "step") {
                Some(AttributeValue::Integer(step, _)) => i64::try_from(*step).ok(),
                _ => Some(1),
            },
            LoopForm::For => {
                let constant = node.operands.get(2).map(|&step| linear(tree, step));
                let step = constant.filter(|step| step.terms.is_empty()).map(|step| step.constant);
                step.filter(|_| node.operands[..2].iter().all(|&bound| self.is_bound(bound)))
            }
            _ => None,
        };
        let (Some(step), Some(body)) = (step.filter(|&step| step > 0), tree.entry(operation, 0)) else { return };
        let Some(&variable) = tree.block(body).arguments.first() else { return };
        let trips = self.trips(operation);
        let lower = self.lower_bound(operation, form);
        self.counted.insert(variable, Counted { operation, step, trips, lower });
        self.raised.insert(operation);
    }

    fn lower_bound(&self, operation: OpId, form: LoopForm) -> Option<Linear> {
        let tree = self.tree;
        let operands = &tree.operation(operation).operands;
        if form == LoopForm::For {
            return operands.first().map(|&lower| linear(tree, lower));
        }
        let Some(AttributeValue::AffineMap(map)) = tree.attribute(operation, "lowerBoundMap") else { return None };
        let names = (map.dimensions + map.symbols) as usize;
        let names: Vec<Linear> = operands.get(..names)?.iter().map(|&value| linear(tree, value)).collect();
        let [only] = &map.results[..] else { return None };
        expression(only, map.dimensions, &names)
    }

    fn is_bound(&self, value: ValueId) -> bool {
        linear(self.tree, value).terms.keys().all(|&value| self.is_index(value))
    }

    /// Whether a value may stand in a subscript of dependence analysis.
    fn is_index(&self, value: ValueId) -> bool {
        let block = match self.tree.value(value).definition {
            Definition::Argument { block, .. } => block,
            Definition::Result { operation, .. } => self.tree.operation(operation).block,
            Definition::Missing => return false,
        };
        block == self.entry || self.counted.contains_key(&value)
    }

    /// Whether the iterations of a loop may run at once.
    pub fn is_parallel(&self, operation: OpId) -> bool {
        let tree = self.tree;
        match form(tree, operation) {
            Some(LoopForm::Parallel | LoopForm::AffineParallel) => tree.operation(operation).results.is_empty(),
            Some(LoopForm::Forall) => true,
            _ => self.raised.contains(&operation) && self.is_independent(operation),
        }
    }

    /// Whether no two iterations of a counted loop access one element of which one writes.
    fn is_independent(&self, operation: OpId) -> bool {
        let tree = self.tree;
        if !tree.operation(operation).results.is_empty() {
            return false;
        }
        let Some(variable) = tree.entry(operation, 0).and_then(|b| tree.block(b).arguments.first().copied()) else {
            return false;
        };
        let inside: BTreeSet<OpId> = tree.walk_inside(operation).collect();
        let Some(accesses) = self.accesses(operation, &inside) else { return false };
        let stores: Vec<&Access> = accesses.iter().filter(|access| access.is_store).collect();
        if stores.len() * accesses.len() > MOST_PAIRS {
            return false;
        }
        let pairs = stores.iter().flat_map(|store| accesses.iter().map(move |other| (store, other)));
        pairs
            .filter(|(store, other)| store.buffer == other.buffer)
            .all(|(store, other)| self.differ(variable, store, other, &inside))
    }

    /// The accesses inside a loop to memory from outside it; `None` if dependence analysis cannot see one.
    fn accesses(&self, operation: OpId, inside: &BTreeSet<OpId>) -> Option<Vec<Access>> {
        let tree = self.tree;
        let is_local = |buffer: ValueId| tree.definer(buffer).is_some_and(|definer| inside.contains(&definer));
        let mut accesses = Vec::new();
        for inner in tree.walk_inside(operation) {
            let record = tree.record(inner);
            let node = tree.operation(inner);
            match record.features.class {
                Class::Load | Class::Store => {
                    let memory = memory_operand(tree, inner)?;
                    if record.dialect == Dialect::Vector {
                        return None;
                    }
                    let buffer = node.operands[memory];
                    if is_local(root(tree, buffer)) {
                        continue;
                    }
                    let subscripts = subscripts(tree, inner, memory);
                    let is_affine = record.dialect == Dialect::Affine
                        || subscripts.iter().all(|subscript| {
                            subscript.as_ref().is_some_and(|s| s.terms.keys().all(|&value| self.is_index(value)))
                        });
                    if !is_affine {
                        return None;
                    }
                    let is_store = record.features.class == Class::Store;
                    let data = if is_store { node.operands.first() } else { node.results.first() };
                    let lanes = data.map_or(1, |&v| lanes(tree, v));
                    accesses.push(Access { buffer, is_store, subscripts, lanes });
                }
                Class::Loop if !self.raised.contains(&inner) => return None,
                Class::Structured => return None,
                Class::Call | Class::Unknown => return None,
                Class::Branch if record.dialect != Dialect::Affine && self.touches_memory(inner) => return None,
                _ if record.is_call => return None,
                _ => {}
            }
        }
        Some(accesses)
    }

    fn touches_memory(&self, operation: OpId) -> bool {
        let class = |inner: OpId| self.tree.record(inner).features.class;
        self.tree.walk_inside(operation).any(|inner| matches!(class(inner), Class::Load | Class::Store))
    }

    /// Whether two accesses never meet in different iterations of the loop with this variable, all loops around it being in the same
    /// iteration.
    fn differ(&self, variable: ValueId, a: &Access, b: &Access, inside: &BTreeSet<OpId>) -> bool {
        let last = a.subscripts.len().saturating_sub(1);
        let lanes = a.lanes.max(b.lanes) - 1;
        let (mut left, mut right) = (None, None);
        for (at, pair) in a.subscripts.iter().zip(&b.subscripts).enumerate() {
            let (Some(a), Some(b)) = pair else { continue };
            let slack = if at == last { lanes } else { 0 };
            if self.subscripts_differ(variable, a, b, slack, inside).unwrap_or(false) {
                return true;
            }
            if slack == 0 {
                // `a[i, j]` and `a[j, i]`: one subscript states the variable of the one access, another that of the other.
                left = left.or_else(|| self.stated(variable, a, b, inside));
                right = right.or_else(|| self.stated(variable, b, a, inside));
            }
        }
        left.is_some() && left == right
    }

    /// The test of one subscript: whether it is equal for no two different values of the variable. `None` if it decides nothing.
    ///
    /// The difference of both subscripts is a sum of multiples of differences of variables. The largest multiple has to be zero if
    /// the others cannot make up for it; then the next one.
    fn subscripts_differ(
        &self,
        variable: ValueId,
        a: &Linear,
        b: &Linear,
        slack: i64,
        inside: &BTreeSet<OpId>,
    ) -> Option<bool> {
        let (a, b) = (self.counted_from_bounds(a, inside)?, self.counted_from_bounds(b, inside)?);
        let constant = a.constant.checked_sub(b.constant)?.checked_abs()?;
        let mut differences = Vec::new();
        let values: BTreeSet<ValueId> = a.terms.keys().chain(b.terms.keys()).copied().collect();
        for value in values {
            let multiple = a.coefficient(value);
            if multiple != b.coefficient(value) {
                return None;
            }
            let is_own = value == variable;
            let counted = self.counted.get(&value).filter(|inner| is_own || inside.contains(&inner.operation));
            match counted {
                Some(counted) => {
                    let multiple = multiple.checked_abs()?;
                    let stride = multiple.checked_mul(counted.stride())?;
                    let reach = match counted.reach() {
                        Some(reach) => reach.checked_mul(multiple)?,
                        None => i64::MAX / 4,
                    };
                    differences.push(Difference { is_own, stride, reach });
                }
                None if self.varies_inside(value, inside) => return None,
                None => {}
            }
        }
        if differences.is_empty() {
            return Some(constant > slack);
        }
        differences.sort_by_key(|difference| std::cmp::Reverse(difference.stride));
        let mut rest = differences.iter().try_fold(constant.checked_add(slack)?, |sum, d| sum.checked_add(d.reach))?;
        for difference in &differences {
            rest -= difference.reach;
            if difference.stride <= rest {
                let alone = difference.is_own && differences.len() == 1 && slack == 0;
                return Some(alone && (constant % difference.stride != 0 || constant > difference.reach));
            }
            if difference.is_own {
                return Some(true);
            }
        }
        Some(false)
    }

    /// A subscript with the variables of inner loops counted from their lower bounds, where these are not constant.
    fn counted_from_bounds(&self, subscript: &Linear, inside: &BTreeSet<OpId>) -> Option<Linear> {
        let mut all = subscript.clone();
        let mut done = BTreeSet::new();
        for _ in 0..DEEPEST {
            let next = all.terms.keys().copied().find(|value| {
                let inner = self.counted.get(value).filter(|inner| inside.contains(&inner.operation));
                inner.is_some_and(|inner| !inner.is_strided()) && !done.contains(value)
            });
            let Some(value) = next else { return Some(all) };
            done.insert(value);
            let multiple = all.coefficient(value);
            all = all.plus(self.counted[&value].lower.as_ref()?, multiple)?;
        }
        None
    }

    /// The expression that the loop variable equals in access `a` where the subscripts `a` and `b` are equal; `None` unless `a` is the
    /// variable alone and `b` does not change inside the loop.
    fn stated(&self, variable: ValueId, a: &Linear, b: &Linear, inside: &BTreeSet<OpId>) -> Option<Linear> {
        let alone = a.terms.len() == 1 && a.coefficient(variable) == 1 && a.constant == 0;
        let fixed = b.terms.keys().all(|&value| value != variable && !self.varies_inside(value, inside));
        (alone && fixed).then(|| b.clone())
    }

    /// Whether a value is defined inside the loop.
    fn varies_inside(&self, value: ValueId, inside: &BTreeSet<OpId>) -> bool {
        match self.tree.value(value).definition {
            Definition::Result { operation, .. } => inside.contains(&operation),
            Definition::Argument { block, .. } => {
                let owner = self.tree.region(self.tree.block(block).region).operation;
                owner.is_some_and(|owner| inside.contains(&owner))
            }
            Definition::Missing => true,
        }
    }
}

/// Elements of a vector; 1 for other values.
fn lanes(tree: &Tree, value: ValueId) -> i64 {
    let elements = size::elements(tree, tree.value(value).ty);
    let is_vector = matches!(tree.value_type(value), Type::Vector { .. });
    if is_vector { elements.high.and_then(|n| i64::try_from(n).ok()).unwrap_or(i64::MAX / 4) } else { 1 }
}
