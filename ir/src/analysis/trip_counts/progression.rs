//! Closed-form counts of loops whose bounds depend on outer loops: with linear bounds, counts are polynomials.
//!
//! The number of iterations of a loop is linear in the counters of the loops around it if its bounds are, its step
//! divides what depends on them, and it is nowhere negative (which would be cut off at zero). Then each count
//! inside is a polynomial in the outer counter, of a degree bounded by the depth of the nest. A few values determine it,
//! and Newton's forward differences sum it exactly: `sum of f(k) for k < n = sum over j of D^j f(0) * C(n, j + 1)`.
//! Where a condition is not met the result is `None`, and iterations are enumerated. Closed forms add the visits that
//! enumeration would have made, so that counts are the same either way.

use super::{Interval, MAX_VISITS, NOT_YET, Range, Variable, Walk};
use crate::analysis::evaluate::ceil_div;
use crate::registry::facts::{BranchForm, Evaluation, LoopForm, RegionExecution};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, BlockId, Definition, OpId, RegionId, ValueId};

/// Loops with fewer iterations are enumerated.
const FEW: u128 = 12;

/// Most steps for the analysis of one nest.
const FUEL: u32 = 4096;

/// A whole number that depends on counters, each of which runs from 0: `constant + sum of factors[i] * counter i`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Linear {
    constant: i128,
    factors: Vec<i128>,
}

impl Linear {
    fn exact(constant: i128) -> Self {
        Self { constant, factors: Vec::new() }
    }

    fn value(&self) -> Option<i128> {
        self.factors.iter().all(|&factor| factor == 0).then_some(self.constant)
    }

    /// `self + factor * other`.
    fn plus(mut self, times: i128, other: &Self) -> Option<Self> {
        self.constant = self.constant.checked_add(other.constant.checked_mul(times)?)?;
        self.factors.resize(self.factors.len().max(other.factors.len()), 0);
        for (factor, other) in self.factors.iter_mut().zip(&other.factors) {
            *factor = factor.checked_add(other.checked_mul(times)?)?;
        }
        Some(self)
    }

    fn times(&self, other: &Self) -> Option<Self> {
        match (self.value(), other.value()) {
            (Some(times), _) => Self::exact(0).plus(times, other),
            (_, Some(times)) => Self::exact(0).plus(times, self),
            _ => None,
        }
    }

    /// The quotient, rounded up, where the divisor divides what depends on counters.
    fn divided(mut self, by: i128) -> Option<Self> {
        if self.factors.iter().any(|factor| factor % by != 0) {
            return None;
        }
        self.constant = ceil_div(self.constant, by)?;
        self.factors.iter_mut().for_each(|factor| *factor /= by);
        Some(self)
    }

    /// A lower bound while each counter runs over its iterations, inner ones first.
    fn least(mut self, iterations: &[Self]) -> Option<i128> {
        while let Some(factor) = self.factors.pop() {
            // Counters with a negative factor are at their last value, others at their first.
            if factor < 0 {
                let last = iterations.get(self.factors.len())?.clone().plus(-1, &Self::exact(1))?;
                let depth = self.factors.len();
                self = self.plus(factor, &last)?;
                self.factors.truncate(depth);
            }
        }
        Some(self.constant)
    }
}

/// The linear loops inside a loop.
struct Nest<'w, 'a> {
    walk: &'w Walk<'a>,
    fuel: u32,
    /// Variables of the loops around.
    names: Vec<(ValueId, Linear)>,
    /// Iterations of the loops around, outermost first.
    iterations: Vec<Linear>,
    blocks: Vec<BlockId>,
    loops: Vec<OpId>,
}

impl Nest<'_, '_> {
    /// How deep loops are nested in a region; `None` where something in it is not linear.
    fn region(&mut self, region: RegionId) -> Option<usize> {
        let tree = self.walk.tree;
        let &[block] = tree.region(region).blocks.as_slice() else { return None };
        self.blocks.push(block);
        let mut depth = 0;
        for &operation in &tree.block(block).operations {
            let regions = &tree.operation(operation).regions;
            if regions.is_empty() {
                continue;
            }
            self.fuel = self.fuel.checked_sub(1)?;
            let looped = match tree.record(operation).regions {
                RegionExecution::Loop(LoopForm::AffineFor | LoopForm::For) => {
                    self.enter(operation)?;
                    true
                }
                // The condition does not depend on the counters, or is never evaluated.
                RegionExecution::Branch(BranchForm::AffineIf) => false,
                RegionExecution::Branch(BranchForm::If)
                    if !self.depends(*tree.operation(operation).operands.first()?)? =>
                {
                    false
                }
                RegionExecution::Loop(_) | RegionExecution::Branch(_) => return None,
                _ => {
                    self.walk.points(operation)?.value()?;
                    false
                }
            };
            for &region in regions {
                depth = depth.max(self.region(region)? + usize::from(looped));
            }
            if looped {
                self.names.pop();
                self.iterations.pop();
            }
        }
        Some(depth)
    }

    /// Goes into a loop.
    fn enter(&mut self, operation: OpId) -> Option<()> {
        let tree = self.walk.tree;
        let node = tree.operation(operation);
        let (lower, upper, step) = if tree.record(operation).regions == RegionExecution::Loop(LoopForm::For) {
            let &[lower, upper, step, ..] = node.operands.as_slice() else { return None };
            (self.linear(lower)?, self.linear(upper)?, self.linear(step)?.value()?)
        } else {
            let bound = |name: &str| match tree.attribute(operation, name)? {
                AttributeValue::AffineMap(map) if map.results.len() == 1 => Some(map),
                _ => None,
            };
            let (lower, upper) = (bound("lowerBoundMap")?, bound("upperBoundMap")?);
            let split = (lower.dimensions + lower.symbols) as usize;
            let (low, high) = node.operands.split_at_checked(split)?;
            let AttributeValue::Integer(step, _) = tree.attribute(operation, "step")? else { return None };
            (self.expression(&lower.results[0], lower, low)?, self.expression(&upper.results[0], upper, high)?, *step)
        };
        if step <= 0 {
            return None;
        }
        let iterations = upper.plus(-1, &lower)?.divided(step)?;
        if iterations.clone().least(&self.iterations)? < 0 {
            return None;
        }
        let mut counter = Linear { constant: 0, factors: vec![0; self.iterations.len() + 1] };
        counter.factors[self.iterations.len()] = 1;
        let variable = *tree.block(tree.entry(operation, 0)?).arguments.first()?;
        self.names.push((variable, lower.plus(step, &counter)?));
        self.iterations.push(iterations);
        self.loops.push(operation);
        Some(())
    }

    /// Whether a value depends on a variable of a loop around.
    fn depends(&mut self, value: ValueId) -> Option<bool> {
        self.fuel = self.fuel.checked_sub(1)?;
        if self.names.iter().any(|(name, _)| *name == value) {
            return Some(true);
        }
        let Definition::Result { operation, .. } = self.walk.tree.value(value).definition else { return Some(false) };
        let node = self.walk.tree.operation(operation);
        if !node.regions.is_empty() {
            // Results of regions are not followed.
            return None;
        }
        for &operand in &node.operands {
            if self.depends(operand)? {
                return Some(true);
            }
        }
        Some(false)
    }

    fn linear(&mut self, value: ValueId) -> Option<Linear> {
        if let Some((_, linear)) = self.names.iter().find(|(name, _)| *name == value) {
            return Some(linear.clone());
        }
        if !self.depends(value)? {
            return self.walk.environment.value(value)?.value().map(Linear::exact);
        }
        let tree = self.walk.tree;
        let Definition::Result { operation, .. } = tree.value(value).definition else { return None };
        let operands = &tree.operation(operation).operands;
        match (tree.record(operation).evaluation, operands.as_slice()) {
            (Evaluation::IndexCast, &[a]) => self.linear(a),
            (Evaluation::Add, &[a, b]) => self.linear(a)?.plus(1, &self.linear(b)?),
            (Evaluation::Sub, &[a, b]) => self.linear(a)?.plus(-1, &self.linear(b)?),
            (Evaluation::Mul, &[a, b]) => self.linear(a)?.times(&self.linear(b)?),
            (Evaluation::AffineApply, operands) => match tree.attribute(operation, "map")? {
                AttributeValue::AffineMap(map) => self.expression(map.results.first()?, map, operands),
                _ => None,
            },
            _ => None,
        }
    }

    fn expression(&mut self, e: &AffineExpr, map: &AffineMap, operands: &[ValueId]) -> Option<Linear> {
        self.fuel = self.fuel.checked_sub(1)?;
        match e {
            AffineExpr::Constant(c) => Some(Linear::exact((*c).into())),
            AffineExpr::Dimension(d) => self.linear(*operands.get(*d as usize)?),
            AffineExpr::Symbol(s) => self.linear(*operands.get((map.dimensions + s) as usize)?),
            AffineExpr::Add(a, b) => self.expression(a, map, operands)?.plus(1, &self.expression(b, map, operands)?),
            AffineExpr::Mul(a, b) => self.expression(a, map, operands)?.times(&self.expression(b, map, operands)?),
            AffineExpr::Mod(..) | AffineExpr::FloorDiv(..) | AffineExpr::CeilDiv(..) => None,
        }
    }
}

/// Counts of a loop's body: executions of blocks, then entries and iterations of loops.
type Added = Vec<Range>;

impl Walk<'_> {
    /// Counts a loop's body for all values of its variable; returns the trip count. `None`, with nothing counted, if counts
    /// inside are not polynomials or if enumeration would exceed the visits left.
    pub(super) fn progression(
        &mut self,
        operation: OpId,
        variable: &Variable,
        trips: Range,
        executions: Range,
    ) -> Option<Range> {
        let count = trips.value()?;
        let left = MAX_VISITS.checked_sub(self.visits)? as u128;
        if count < FEW || count > left || self.worked >= MAX_VISITS {
            return None;
        }
        let whole = count as i128;
        let (first, step) = (variable.lower?.value()?, variable.step?.value()?);
        let mut nest = Nest {
            walk: self,
            fuel: FUEL,
            names: vec![(variable.value?, Linear { constant: first, factors: vec![step] })],
            iterations: vec![Linear::exact(whole)],
            blocks: Vec::new(),
            loops: Vec::new(),
        };
        let &[body] = nest.walk.tree.operation(operation).regions.as_slice() else { return None };
        let degree = nest.region(body)?;
        if count < degree as u128 + FEW {
            return None;
        }
        let (blocks, loops) = (nest.blocks, nest.loops);
        let (visits, trips_before) = (self.visits, self.trips(&loops));
        let mut before = self.take(&blocks, &loops);
        let execute = |walk: &mut Self, k: i128| {
            let value = step.checked_mul(k).and_then(|moved| moved.checked_add(first));
            walk.assign(variable, value.map(Interval::exact));
            walk.visits = visits;
            walk.iterate(operation, &[], executions, Range::ONE);
            let visited = Range::exact((walk.visits - visits) as u128);
            (walk.take(&blocks, &loops), visited)
        };
        let some: Vec<(Added, Range)> = (0..=degree as i128).map(|k| execute(self, k)).collect();
        let sum = |of: &dyn Fn(&(Added, Range)) -> Range| {
            let low = sum(some.iter().map(|some| Some(of(some).low)), whole)?;
            let bounded = some.iter().all(|some| of(some).high.is_some());
            let high = if bounded { Some(sum(some.iter().map(|some| of(some).high), whole)?) } else { None };
            Some(Range { low, high })
        };
        let visited = sum(&|some| some.1).filter(|visited| visited.low <= left);
        let sums: Option<Added> = visited.and_then(|_| (0..before.len()).map(|at| sum(&|some| some.0[at])).collect());
        let (Some(visited), Some(sums)) = (visited, sums) else {
            self.visits = visits;
            self.put(&blocks, &loops, before);
            self.put_trips(&loops, trips_before);
            return None;
        };
        // Trip counts of inner loops are smallest or largest at the first or last iteration; nothing is counted for these.
        for k in [whole - 2, whole - 1] {
            execute(self, k);
        }
        before.iter_mut().zip(sums).for_each(|(before, sum)| *before += sum);
        self.put(&blocks, &loops, before);
        // Add the visits of an enumeration, so that counts do not depend on the method.
        self.visits = visits + visited.low as usize;
        Some(trips)
    }

    fn known(&mut self, operation: OpId) -> Option<&mut super::Loop> {
        let index = self.loop_of.get(operation.index()).copied().flatten()?;
        Some(&mut self.counts.loops[index])
    }

    fn trips(&mut self, loops: &[OpId]) -> Vec<Range> {
        loops.iter().map(|&operation| self.known(operation).map_or(NOT_YET, |this| this.trips)).collect()
    }

    fn put_trips(&mut self, loops: &[OpId], trips: Vec<Range>) {
        for (&operation, trips) in loops.iter().zip(trips) {
            if let Some(this) = self.known(operation) {
                this.trips = trips;
            }
        }
    }

    /// Takes the counts so far and resets them.
    fn take(&mut self, blocks: &[BlockId], loops: &[OpId]) -> Added {
        let mut taken = Vec::with_capacity(blocks.len() + 2 * loops.len());
        for block in blocks {
            let count = self.counts.blocks.get_mut(block.index()).expect("blocks inside the function are covered");
            taken.push(std::mem::replace(count, Range::ZERO));
        }
        for &operation in loops {
            taken.extend(self.known(operation).map_or([Range::ZERO; 2], |this| {
                [&mut this.entries, &mut this.iterations].map(|count| std::mem::replace(count, Range::ZERO))
            }));
        }
        taken
    }

    fn put(&mut self, blocks: &[BlockId], loops: &[OpId], counts: Added) {
        let mut counts = counts.into_iter();
        for block in blocks {
            let count = self.counts.blocks.get_mut(block.index()).expect("blocks inside the function are covered");
            *count = counts.next().expect("a count a block");
        }
        for &operation in loops {
            let (entries, iterations) = (counts.next().expect("entries"), counts.next().expect("iterations"));
            if let Some(this) = self.known(operation) {
                (this.entries, this.iterations) = (entries, iterations);
            }
        }
    }
}

/// The sum over `k < count` of a polynomial by its values at 0, 1, ...; `None` beyond 127 bits.
fn sum(values: impl Iterator<Item = Option<u128>>, count: i128) -> Option<u128> {
    let mut differences = values.map(|value| i128::try_from(value?).ok()).collect::<Option<Vec<i128>>>()?;
    let (mut sum, mut choices) = (0i128, count);
    let mut order = 0;
    while !differences.is_empty() {
        sum = sum.checked_add(differences[0].checked_mul(choices)?)?;
        for at in 1..differences.len() {
            differences[at - 1] = differences[at].checked_sub(differences[at - 1])?;
        }
        differences.pop();
        order += 1;
        // C(n, j + 1) from C(n, j): the product is divisible.
        choices = choices.checked_mul(count - order)? / (order + 1);
    }
    u128::try_from(sum).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Known, TripCounts};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn polynomials_are_added_up() {
        let add = |f: fn(u128) -> u128, degree: u128, count: u128| {
            (sum((0..=degree).map(|k| Some(f(k))), count as i128), Some((0..count).map(f).sum::<u128>()))
        };
        for count in [1, 2, 13, 100] {
            for (sum, expected) in [
                add(|_| 7, 0, count),
                add(|k| 3 * k + 1, 1, count),
                add(|k| k * k, 2, count),
                add(|k| k * (k + 1) * (k + 2) / 6, 3, count),
                // A higher degree than is needed is as good.
                add(|k| 5 * k, 4, count),
            ] {
                assert_eq!(sum, expected, "{count}");
            }
        }
        assert_eq!(sum([Some(1), Some(1 << 100)].into_iter(), 1 << 60), None);
    }

    #[test]
    fn the_least_value_is_at_the_counters_ends() {
        let linear = |constant, factors: &[i128]| Linear { constant, factors: factors.to_vec() };
        // i < 10, j < i + 1.
        let iterations = [linear(10, &[]), linear(1, &[1])];
        assert_eq!(linear(5, &[2, 3]).least(&iterations), Some(5));
        assert_eq!(linear(5, &[1, -1]).least(&iterations), Some(5));
        assert_eq!(linear(5, &[0, -2]).least(&iterations), Some(-13));
        assert_eq!(linear(4, &[2]).divided(3), None);
        assert_eq!(linear(4, &[6]).divided(3), Some(linear(2, &[2])));
    }

    /// Entries, iterations, least and most trips.
    type Counted = (u128, u128, Option<(u128, u128)>);

    /// `for i < n { for j = a i + b to c i + d step s { for k = e i + f j + g to h i + m j + o { } } }`.
    #[derive(Debug, Clone)]
    struct Loops {
        n: i64,
        j: [i64; 4],
        step: i64,
        k: [i64; 6],
    }

    impl Loops {
        fn text(&self) -> String {
            let Self { n, j: [a, b, c, d], step, k: [e, f, g, h, m, o] } = self;
            format!(
                "func.func @f() {{
  affine.for %i = 0 to {n} {{
    affine.for %j = affine_map<(x) -> (x * {a} + {b})>(%i) to affine_map<(x) -> (x * {c} + {d})>(%i) step {step} {{
      affine.for %k = affine_map<(x, y) -> (x * {e} + y * {f} + {g})>(%i, %j)
          to affine_map<(x, y) -> (x * {h} + y * {m} + {o})>(%i, %j) {{
      }}
    }}
  }}
  return
}}"
            )
        }

        /// What is counted of each loop, by running them.
        fn run(&self) -> Vec<Counted> {
            let mut found = vec![(0, 0, None::<(u128, u128)>); 3];
            let mut note = |at: usize, trips: u128| {
                let (entries, iterations, range) = &mut found[at];
                (*entries, *iterations) = (*entries + 1, *iterations + trips);
                *range = Some(range.map_or((trips, trips), |(low, high)| (low.min(trips), high.max(trips))));
            };
            let Self { n, j: [a, b, c, d], step, k: [e, f, g, h, m, o] } = *self;
            note(0, n as u128);
            for i in 0..n {
                let (from, to) = (a * i + b, c * i + d);
                let all: Vec<i64> = (from..to).step_by(step as usize).collect();
                note(1, all.len() as u128);
                for j in all {
                    note(2, ((h * i + m * j + o) - (e * i + f * j + g)).max(0) as u128);
                }
            }
            found
        }
    }

    fn loops(most: i64) -> impl Strategy<Value = Loops> {
        let factor = || -2..=2i64;
        let j = [factor(), -3..=9, factor(), -3..=40];
        let k = (factor(), factor(), -3..=9i64, factor(), factor(), -3..=90i64);
        (0..most, j, 1..=3i64, k).prop_map(|(n, j, step, (e, f, g, h, m, o))| Loops {
            n,
            j,
            step,
            k: [e, f, g, h, m, o],
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn counts_are_those_of_running_the_loops(loops in loops(40)) {
            let text = loops.text();
            let parsed = crate::parse(&text, &crate::Limits::default());
            prop_assert!(parsed.diagnostics.is_empty());
            let function = parsed.tree.functions().next().unwrap();
            let counts = TripCounts::of(&parsed.tree, function);
            let found: Vec<_> = counts
                .loops()
                .iter()
                .map(|this| {
                    let trips = (this.trips.low, this.trips.high.unwrap());
                    (this.entries.value().unwrap(), this.iterations.value().unwrap(), Some(trips))
                })
                .collect();
            let expected: Vec<_> = loops.run().into_iter().filter(|this| this.0 > 0).collect();
            prop_assert_eq!(found, expected);
            prop_assert!(counts.unknowns().is_empty());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        /// Also where that does not come to its end.
        #[test]
        fn counts_are_those_of_counting_one_by_one(loops in loops(4000)) {
            let text = loops.text();
            let parsed = crate::parse(&text, &crate::Limits::default());
            let function = parsed.tree.functions().next().unwrap();
            let known = Known::default();
            let [at_once, one_by_one] = [true, false].map(|closed| Walk::run(&parsed.tree, function, &known, closed));
            prop_assert_eq!(format!("{:?}", at_once.counts), format!("{:?}", one_by_one.counts));
            prop_assert!(at_once.worked <= 2 * MAX_VISITS);
        }
    }

    #[test]
    fn a_large_triangle_takes_a_few_visits() {
        let loops = Loops { n: 500, j: [0, 0, 1, 0], step: 1, k: [0, 1, 0, 1, 0, 0] };
        let parsed = crate::parse(&loops.text(), &crate::Limits::default());
        let known = Known::default();
        let walk = Walk::run(&parsed.tree, parsed.tree.functions().next().unwrap(), &known, true);
        let n = 500;
        let iterations: Vec<_> = walk.counts.loops().iter().map(|this| this.iterations.value()).collect();
        assert_eq!(iterations, [Some(n), Some(n * (n - 1) / 2), Some((n - 1) * n * (n + 1) / 6)]);
        assert_eq!(walk.counts.loops()[2].trips, Range { low: 1, high: Some(n - 1) });
        assert!(walk.visits > 200_000 && walk.worked < 1000, "{} visits, {} made", walk.visits, walk.worked);
    }
}
