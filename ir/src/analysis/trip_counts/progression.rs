//! Closed-form counts of loops whose bounds depend on outer loops: counts are polynomials, piece by piece.
//!
//! The number of iterations of a loop is linear in the counters of the loops around it if its bounds are, and its step divides
//! what depends on them. Then each count inside is a polynomial in the outer counter, whose degree is at most the
//! number of loops inside with a trip count that varies. A few values determine it, and Newton's forward differences
//! sum it exactly: `sum of f(k) for k < n = sum over j of D^j f(0) * C(n, j + 1)`.
//!
//! Quotients, remainders and steps are linear on every residue class of a counter by a suitable period, so the iterations
//! are taken class by class. Where it depends on the counter which of several bounds holds, whether a loop is entered at
//! all, or which side of a branch is taken, the iterations are cut in halves until each half is of one piece; pieces
//! of a few iterations are enumerated. Where nothing of this applies the result is `None`, and all iterations are
//! enumerated.

use super::nest::{Nest, Obstacle};
use super::{Interval, MAX_VISITS, NOT_YET, Range, Variable, Walk};
use crate::tree::{BlockId, OpId};

/// Fewer iterations are enumerated.
const FEW: i128 = 12;

/// Counts of a loop's body: executions of blocks, then entries and iterations of loops.
type Added = Vec<Range>;

/// Iterations `start + stride * k` for `k < count` of a loop.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: i128,
    stride: i128,
    count: i128,
}

impl Piece {
    /// The iterations before and from the one at `at`, or two halves.
    fn parts(self, at: Option<i128>) -> [Self; 2] {
        let first = at.filter(|&at| at > 0 && at < self.count).unwrap_or(self.count / 2);
        let second = Self { start: self.start + self.stride * first, count: self.count - first, ..self };
        [Self { count: first, ..self }, second]
    }

    /// The residue classes by a period.
    fn classes(self, period: i128) -> impl Iterator<Item = Self> {
        (0..period.min(self.count)).map(move |class| Self {
            start: self.start + self.stride * class,
            stride: self.stride * period,
            count: (self.count - class + period - 1) / period,
        })
    }
}

/// A loop whose variable is summed over.
struct Summed<'v> {
    operation: OpId,
    variable: &'v Variable,
    rest: &'v [Variable],
    first: i128,
    step: i128,
    executions: Range,
    blocks: Vec<BlockId>,
    loops: Vec<OpId>,
}

impl Walk<'_> {
    /// Counts a loop's body for all values of its first variable, `rest` being the others; returns the iterations of one
    /// entry. `None`, with nothing counted, if counts inside are not polynomials.
    pub(super) fn progression(
        &mut self,
        operation: OpId,
        variable: &Variable,
        rest: &[Variable],
        trips: Range,
        executions: Range,
    ) -> Option<Range> {
        let count = i128::try_from(trips.value()?).ok()?;
        let (first, step) = (variable.lower?.value()?, variable.step?.value()?);
        // The last value is within 127 bits.
        count.checked_mul(step)?.checked_add(first)?;
        if count < FEW || self.worked >= MAX_VISITS {
            return None;
        }
        let (blocks, loops) = self.inside(operation);
        let summed = Summed { operation, variable, rest, first, step, executions, blocks, loops };
        let (trips_before, loose) = (self.trips(&summed.loops), self.loose);
        let mut total = self.take(&summed);
        let before = total.clone();
        let mut iterations = Range::ZERO;
        let whole = Piece { start: 0, stride: 1, count };
        let done = self.piece(&summed, whole, &mut total, &mut iterations);
        if done.is_none() || self.loose != loose {
            self.put(&summed, before);
            self.put_trips(&summed.loops, trips_before);
            self.loose = loose;
            return None;
        }
        self.put(&summed, total);
        Some(iterations)
    }

    /// Adds the counts of a piece of a loop.
    fn piece(&mut self, summed: &Summed<'_>, piece: Piece, total: &mut Added, iterations: &mut Range) -> Option<()> {
        if self.worked >= MAX_VISITS {
            return None;
        }
        if piece.count < FEW {
            return self.enumerate(summed, piece, total, iterations);
        }
        self.worked += 1;
        let value = |k: i128| summed.step.checked_mul(k)?.checked_add(summed.first);
        let (first, step) = (value(piece.start)?, summed.step.checked_mul(piece.stride)?);
        match Nest::degree(self, summed.operation, summed.variable, summed.rest, [first, step, piece.count]) {
            Ok(degree) if piece.count < degree as i128 + FEW => self.enumerate(summed, piece, total, iterations),
            Ok(degree) => self.interpolate(summed, piece, degree, total, iterations),
            Err(Obstacle::Split(_, at)) => {
                piece.parts(at).into_iter().try_for_each(|part| self.piece(summed, part, total, iterations))
            }
            Err(Obstacle::Period(_, period)) => {
                piece.classes(period).try_for_each(|class| self.piece(summed, class, total, iterations))
            }
            Err(Obstacle::Never) => None,
        }
    }

    fn enumerate(
        &mut self,
        summed: &Summed<'_>,
        piece: Piece,
        total: &mut Added,
        iterations: &mut Range,
    ) -> Option<()> {
        for k in 0..piece.count {
            let (added, own) = self.execute(summed, piece, k);
            total.iter_mut().zip(added).for_each(|(total, added)| *total += added);
            *iterations += own;
        }
        (self.worked < MAX_VISITS).then_some(())
    }

    /// Sums polynomials of at most this degree.
    fn interpolate(
        &mut self,
        summed: &Summed<'_>,
        piece: Piece,
        degree: usize,
        total: &mut Added,
        iterations: &mut Range,
    ) -> Option<()> {
        let some: Vec<(Added, Range)> = (0..=degree as i128).map(|k| self.execute(summed, piece, k)).collect();
        let sum = |of: &dyn Fn(&(Added, Range)) -> Range| {
            let low = sum(some.iter().map(|some| Some(of(some).low)), piece.count)?;
            let bounded = some.iter().all(|some| of(some).high.is_some());
            let high = if bounded { Some(sum(some.iter().map(|some| of(some).high), piece.count)?) } else { None };
            Some(Range { low, high })
        };
        let sums = (0..total.len()).map(|at| sum(&|some| some.0[at])).collect::<Option<Vec<Range>>>()?;
        let own = sum(&|some| some.1)?;
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        *iterations += own;
        // Trip counts of inner loops are smallest or largest at the first or last iteration; nothing is counted for these.
        for k in [piece.count - 2, piece.count - 1] {
            self.execute(summed, piece, k);
        }
        Some(())
    }

    /// Counts of iteration `k` of a piece, and the iterations of the other variables in it.
    fn execute(&mut self, summed: &Summed<'_>, piece: Piece, k: i128) -> (Added, Range) {
        let value = summed.first + summed.step * (piece.start + piece.stride * k);
        self.assign(summed.variable, Some(Interval::exact(value)));
        let own = self.iterate(summed.operation, summed.rest, summed.executions, Range::ONE);
        (self.take(summed), own)
    }

    /// Blocks and loops inside an operation, each once.
    fn inside(&self, operation: OpId) -> (Vec<BlockId>, Vec<OpId>) {
        let tree = self.tree;
        let (mut blocks, mut loops) = (Vec::new(), Vec::new());
        for op in std::iter::once(operation).chain(tree.walk_inside(operation)) {
            let regions = &tree.operation(op).regions;
            blocks.extend(regions.iter().flat_map(|&region| &tree.region(region).blocks).copied());
            if op != operation && !regions.is_empty() {
                loops.push(op);
            }
        }
        (blocks, loops)
    }

    fn known_loop(&mut self, operation: OpId) -> Option<&mut super::Loop> {
        let index = self.loop_of.get(operation.index()).copied().flatten()?;
        Some(&mut self.counts.loops[index])
    }

    fn trips(&mut self, loops: &[OpId]) -> Vec<Range> {
        loops.iter().map(|&operation| self.known_loop(operation).map_or(NOT_YET, |this| this.trips)).collect()
    }

    fn put_trips(&mut self, loops: &[OpId], trips: Vec<Range>) {
        for (&operation, trips) in loops.iter().zip(trips) {
            if let Some(this) = self.known_loop(operation) {
                this.trips = trips;
            }
        }
    }

    /// Takes the counts so far and resets them.
    fn take(&mut self, Summed { blocks, loops, .. }: &Summed<'_>) -> Added {
        let mut taken = Vec::with_capacity(blocks.len() + 2 * loops.len());
        for block in blocks {
            let count = self.counts.blocks.get_mut(block.index()).expect("blocks inside the function are covered");
            taken.push(std::mem::replace(count, Range::ZERO));
        }
        for &operation in loops {
            taken.extend(self.known_loop(operation).map_or([Range::ZERO; 2], |this| {
                [&mut this.entries, &mut this.iterations].map(|count| std::mem::replace(count, Range::ZERO))
            }));
        }
        taken
    }

    fn put(&mut self, Summed { blocks, loops, .. }: &Summed<'_>, counts: Added) {
        let mut counts = counts.into_iter();
        for block in blocks {
            let count = self.counts.blocks.get_mut(block.index()).expect("blocks inside the function are covered");
            *count = counts.next().expect("a count a block");
        }
        for &operation in loops {
            let (entries, iterations) = (counts.next().expect("entries"), counts.next().expect("iterations"));
            if let Some(this) = self.known_loop(operation) {
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

        /// Where enumeration stops early, the exact counts are within its ranges.
        #[test]
        fn counts_are_those_of_counting_one_by_one(loops in loops(4000)) {
            let text = loops.text();
            let parsed = crate::parse(&text, &crate::Limits::default());
            let function = parsed.tree.functions().next().unwrap();
            let known = Known::default();
            let [at_once, one_by_one] = [true, false].map(|closed| Walk::run(&parsed.tree, function, &known, closed));
            prop_assert!(at_once.worked <= 2 * MAX_VISITS);
            let is_within = |exact: Range, range: Range| {
                exact.value().is_some_and(|n| range.low <= n && range.high.is_none_or(|high| n <= high))
            };
            for (exact, range) in at_once.counts.loops().iter().zip(one_by_one.counts.loops()) {
                prop_assert!(is_within(exact.entries, range.entries) && is_within(exact.iterations, range.iterations));
                prop_assert!(range.trips.low <= exact.trips.low && exact.trips.high <= range.trips.high);
            }
        }
    }

    #[test]
    fn a_large_triangle_takes_a_few_visits() {
        let n = 1 << 30;
        let loops = Loops { n, j: [0, 0, 1, 0], step: 1, k: [0, 1, 0, 1, 0, 0] };
        let parsed = crate::parse(&loops.text(), &crate::Limits::default());
        let known = Known::default();
        let walk = Walk::run(&parsed.tree, parsed.tree.functions().next().unwrap(), &known, true);
        let n = n as u128;
        let iterations: Vec<_> = walk.counts.loops().iter().map(|this| this.iterations.value()).collect();
        assert_eq!(iterations, [Some(n), Some(n * (n - 1) / 2), Some((n - 1) * n * (n + 1) / 6)]);
        assert_eq!(walk.counts.loops()[2].trips, Range { low: 1, high: Some(n - 1) });
        assert!(walk.worked < 1000, "{} visits", walk.worked);
    }

    /// Iterations of each loop of a function.
    fn iterations(body: &str) -> Vec<Option<u128>> {
        let text = format!("func.func @f() {{\n{body}\nreturn\n}}");
        let parsed = crate::parse(&text, &crate::Limits::default());
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let counts = TripCounts::of(&parsed.tree, parsed.tree.functions().next().unwrap());
        counts.loops().iter().map(|this| this.iterations.value()).collect()
    }

    #[test]
    fn tiles_are_exact_at_any_size() {
        let n = 1u128 << 40;
        let tiles = iterations(&format!(
            "affine.for %i = 0 to {n} step 2 {{
              affine.for %j = affine_map<(d0) -> (d0)>(%i) to affine_map<(d0) -> (d0 + 2)>(%i) {{ }}
            }}"
        ));
        assert_eq!(tiles, [Some(n / 2), Some(n)]);
        // The last tile is cut off.
        let cut = iterations(&format!(
            "affine.for %i = 0 to {} step 32 {{
              affine.for %j = 0 to {} step 16 {{
                affine.for %k = affine_map<(d0) -> (d0)>(%i) to min affine_map<(d0) -> (d0 + 32, {})>(%i) {{
                  affine.for %l = affine_map<(d0) -> (d0)>(%j) to min affine_map<(d0) -> (d0 + 16, {})>(%j) {{ }}
                }}
              }}
            }}",
            n + 7,
            n + 3,
            n + 7,
            n + 3
        ));
        let tiles = |n: u128, by: u128| n.div_ceil(by);
        let (rows, columns) = (tiles(n + 7, 32), tiles(n + 3, 16));
        assert_eq!(cut, [rows, rows * columns, columns * (n + 7), (n + 7) * (n + 3)].map(Some));
    }

    #[test]
    fn quotients_and_remainders_are_exact_at_any_size() {
        let n = 1u128 << 30;
        let found = iterations(&format!(
            "affine.for %i = 0 to {n} {{
              affine.for %j = 0 to affine_map<(d0) -> ((d0 floordiv 3) floordiv 2 + d0 mod 4)>(%i) {{ }}
            }}"
        ));
        // Full periods of 12 and a remainder.
        let each = |i: u128| i / 3 / 2 + i % 4;
        let (periods, rest) = (n / 12, n % 12);
        let first: u128 = (0..12).map(each).sum();
        let sum = first * periods
            + 12 * 2 * periods * (periods - 1) / 2
            + (12 * periods..12 * periods + rest).map(each).sum::<u128>();
        assert_eq!(found, [Some(n), Some(sum)]);
    }

    /// `for i < n { for j = low to high step s { for k < j floordiv d + (i + j) mod m { if i < j { for l < 3 } } } }`
    /// with bounds of two results.
    #[derive(Debug, Clone)]
    struct Ragged {
        n: i64,
        low: [i64; 4],
        high: [i64; 4],
        step: i64,
        divisors: [i64; 2],
    }

    impl Ragged {
        fn text(&self) -> String {
            let Self { n, low: [a, b, c, d], high: [e, f, g, h], step, divisors: [p, m] } = self;
            format!(
                "affine.for %i = 0 to {n} {{
                  affine.for %j = max affine_map<(x) -> (x * {a} + {b}, x * {c} + {d})>(%i)
                      to min affine_map<(x) -> (x * {e} + {f}, x * {g} + {h})>(%i) step {step} {{
                    affine.for %k = 0 to affine_map<(x, y) -> (y floordiv {p} + (x + y) mod {m})>(%i, %j) {{
                      %c = arith.cmpi slt, %i, %j : index
                      scf.if %c {{ affine.for %l = 0 to 3 {{ }} }}
                    }}
                  }}
                }}"
            )
        }

        fn run(&self) -> [u128; 4] {
            let Self { n, low: [a, b, c, d], high: [e, f, g, h], step, divisors: [p, m] } = *self;
            let mut counts = [n as u128, 0, 0, 0];
            for i in 0..n {
                let mut j = (a * i + b).max(c * i + d);
                while j < (e * i + f).min(g * i + h) {
                    counts[1] += 1;
                    let k = (j.div_euclid(p) + (i + j).rem_euclid(m)).max(0);
                    counts[2] += k as u128;
                    counts[3] += if i < j { 3 * k as u128 } else { 0 };
                    j += step;
                }
            }
            counts
        }
    }

    fn ragged(most: i64) -> impl Strategy<Value = Ragged> {
        let bound = |most: i64| [-1..=2i64, -3..=most, -1..=2i64, -3..=most];
        (0..most, bound(9), bound(60), 1..=4i64, [1..=4i64, 1..=4i64])
            .prop_map(|(n, low, high, step, divisors)| Ragged { n, low, high, step, divisors })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

        #[test]
        fn ragged_nests_are_those_of_running_the_loops(loops in ragged(70)) {
            let mut found = iterations(&loops.text());
            // A loop that is never entered is not listed.
            found.resize(4, Some(0));
            prop_assert_eq!(found, loops.run().map(Some).to_vec());
        }
    }
}
