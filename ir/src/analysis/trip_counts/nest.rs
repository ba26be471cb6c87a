//! Loop nests with bounds that are linear in the counters of the loops around, piece by piece.

use super::{Variable, Walk};
use crate::registry::facts::{BranchForm, Evaluation, LoopForm, RegionExecution};
use crate::tree::{AffineExpr, AffineMap, AffineSet, AttributeValue, Definition, OpId, RegionId, ValueId};

/// Most steps for the analysis of one nest.
const FUEL: u32 = 1 << 14;

/// Largest period of an inner loop.
const MAX_PERIOD: i128 = 64;

/// Why counts are no polynomial of the outermost counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// For some other reason.
    Never,
    /// They are polynomials on parts of the range of the counter of this level: below and from the value given, if one is.
    Split(usize, Option<i128>),
    /// They are polynomials on the residue classes of the counter of this level by this period.
    Period(usize, i128),
}

type Result<T> = std::result::Result<T, Obstacle>;

fn checked<T>(value: Option<T>) -> Result<T> {
    value.ok_or(Obstacle::Never)
}

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

    /// Checks that `by` divides the factor of every counter. The error has the period after which the remainders of a counter
    /// repeat.
    fn is_divided(&self, by: i128) -> Result<()> {
        if by <= 0 {
            return Err(Obstacle::Never);
        }
        // Inner levels first: their periods are of fewer iterations.
        match self.factors.iter().enumerate().rev().find(|(_, factor)| *factor % by != 0) {
            Some((level, factor)) => Err(Obstacle::Period(level, by / greatest_divisor(by, *factor))),
            None => Ok(()),
        }
    }

    /// The quotient, rounded down.
    fn divided(mut self, by: i128) -> Result<Self> {
        self.is_divided(by)?;
        self.constant = self.constant.div_euclid(by);
        self.factors.iter_mut().for_each(|factor| *factor /= by);
        Ok(self)
    }

    /// The quotient, rounded up.
    fn divided_up(self, by: i128) -> Result<Self> {
        checked(self.plus(1, &Self::exact(by - 1)))?.divided(by)
    }

    /// The remainder, never negative.
    fn modulo(self, by: i128) -> Result<Self> {
        self.is_divided(by)?;
        Ok(Self::exact(self.constant.rem_euclid(by)))
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

fn greatest_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

/// A variable of a loop.
struct Bounds {
    variable: Option<ValueId>,
    lower: Linear,
    upper: Linear,
    step: i128,
}

/// A variable of a loop, and the others of the same loop inside it.
struct Part<'b> {
    operation: OpId,
    variable: Option<ValueId>,
    lower: &'b Linear,
    step: i128,
    rest: &'b [Bounds],
}

/// The loops inside a loop.
pub(super) struct Nest<'w, 'a> {
    walk: &'w Walk<'a>,
    fuel: u32,
    /// Variables of the loops around.
    names: Vec<(ValueId, Linear)>,
    /// Iterations of the counters around, outermost first.
    iterations: Vec<Linear>,
}

impl<'w, 'a> Nest<'w, 'a> {
    /// The degree of the counts in a loop's body as polynomials of the counter k < `count` of its variable `first + k *
    /// step`.
    pub(super) fn degree(
        walk: &'w Walk<'a>,
        operation: OpId,
        variable: &Variable,
        rest: &[Variable],
        [first, step, count]: [i128; 3],
    ) -> Result<usize> {
        let mut nest = Self { walk, fuel: FUEL, names: Vec::new(), iterations: vec![Linear::exact(count)] };
        nest.names.push((checked(variable.value)?, Linear { constant: first, factors: vec![step] }));
        let exact = |v: &Variable| {
            let [lower, upper, step] = [v.lower?, v.upper?, v.step?].map(super::Interval::value);
            Some(Bounds { variable: v.value, lower: Linear::exact(lower?), upper: Linear::exact(upper?), step: step? })
        };
        let rest: Vec<Bounds> = checked(rest.iter().map(exact).collect())?;
        nest.turn(operation, &rest)
    }

    fn burn(&mut self) -> Result<()> {
        self.fuel = checked(self.fuel.checked_sub(1))?;
        Ok(())
    }

    /// The sign of a number over all iterations: `Some(true)` where it is nowhere negative, `Some(false)` where it is
    /// negative everywhere.
    fn is_natural(&self, number: &Linear) -> Result<bool> {
        if checked(number.clone().least(&self.iterations))? >= 0 {
            return Ok(true);
        }
        let opposite = checked(Linear::exact(-1).plus(-1, number))?;
        if checked(opposite.least(&self.iterations))? >= 0 {
            return Ok(false);
        }
        // The innermost counter that it depends on; where that is the only one, its sign changes there.
        let level = checked(number.factors.iter().rposition(|&factor| factor != 0))?;
        let factor = number.factors[level];
        let is_only = number.factors[..level].iter().all(|&factor| factor == 0);
        let change = |factor: i128| match factor > 0 {
            true => (-number.constant).div_euclid(factor) + i128::from((-number.constant).rem_euclid(factor) != 0),
            false => number.constant.div_euclid(-factor) + 1,
        };
        Err(Obstacle::Split(level, is_only.then(|| change(factor))))
    }

    /// The largest (or smallest) of some numbers, which is the same one over all iterations.
    fn extreme(&self, all: Vec<Linear>, largest: bool) -> Result<Linear> {
        let mut all = all.into_iter();
        let first = checked(all.next())?;
        all.try_fold(first, |best, next| {
            let is_above = self.is_natural(&checked(next.clone().plus(-1, &best))?)?;
            Ok(if is_above == largest { next } else { best })
        })
    }

    /// The degree of the counts in a region.
    fn region(&mut self, region: RegionId) -> Result<usize> {
        let tree = self.walk.tree;
        let blocks = tree.region(region).blocks.as_slice();
        if blocks.is_empty() {
            return Ok(0);
        }
        let &[block] = blocks else { return Err(Obstacle::Never) };
        let mut degree = 0;
        for &operation in &tree.block(block).operations {
            if !tree.operation(operation).regions.is_empty() {
                self.burn()?;
                degree = degree.max(self.control(operation)?);
            }
        }
        Ok(degree)
    }

    fn regions(&mut self, operation: OpId) -> Result<usize> {
        let regions = &self.walk.tree.operation(operation).regions;
        regions.iter().try_fold(0, |degree, &region| Ok(self.region(region)?.max(degree)))
    }

    fn control(&mut self, operation: OpId) -> Result<usize> {
        let tree = self.walk.tree;
        match tree.record(operation).regions {
            RegionExecution::Loop(form) if form.is_while() => Err(Obstacle::Never),
            RegionExecution::Loop(_) if self.walk.known.trips.contains_key(&operation) => Err(Obstacle::Never),
            RegionExecution::Loop(form) => match self.bounds(operation, form)? {
                Some(bounds) => self.turn(operation, &bounds),
                // Its bounds are known in no iteration.
                None => self.regions(operation),
            },
            RegionExecution::Branch(BranchForm::If) => {
                let condition = checked(tree.operation(operation).operands.first().copied())?;
                match self.condition(condition)? {
                    Some(holds) => {
                        let regions = &tree.operation(operation).regions;
                        regions.get(usize::from(!holds)).map_or(Ok(0), |&region| self.region(region))
                    }
                    None => self.regions(operation),
                }
            }
            RegionExecution::Branch(BranchForm::AffineIf) => {
                let Some(AttributeValue::AffineSet(set)) = tree.attribute(operation, "condition") else {
                    return self.regions(operation);
                };
                let holds = self.contains(set, &tree.operation(operation).operands)?;
                let regions = &tree.operation(operation).regions;
                regions.get(usize::from(!holds)).map_or(Ok(0), |&region| self.region(region))
            }
            // Never evaluated.
            RegionExecution::Branch(BranchForm::Other) => self.regions(operation),
            _ => {
                checked(self.walk.points(operation).and_then(super::Range::value))?;
                self.regions(operation)
            }
        }
    }

    /// The degree of the counts in a loop over `variables`, outermost first.
    fn turn(&mut self, operation: OpId, variables: &[Bounds]) -> Result<usize> {
        let Some((Bounds { variable, lower, upper, step }, rest)) = variables.split_first() else {
            return self.regions(operation);
        };
        let distance = checked(upper.clone().plus(-1, lower))?;
        // Positive wherever the loop is entered.
        if !self.is_natural(&distance)? {
            return Ok(0);
        }
        let iterations = distance.divided_up(*step)?;
        let varies = usize::from(iterations.value().is_none());
        let own = Part { operation, variable: *variable, lower, step: *step, rest };
        Ok(self.part(&own, 0, 1, &iterations)? + varies)
    }

    /// The iterations `start + stride * k` for `k < count` of a loop.
    fn part(&mut self, own: &Part<'_>, start: i128, stride: i128, count: &Linear) -> Result<usize> {
        self.burn()?;
        let last = checked(count.clone().plus(-1, &Linear::exact(1)))?;
        if count.value() == Some(0)
            || (count.value().is_some() && !self.is_natural(&last)?)
            || !self.is_natural(count)?
        {
            return Ok(0);
        }
        let level = self.iterations.len();
        let mut counter = Linear { constant: start, factors: vec![0; level + 1] };
        counter.factors[level] = stride;
        let value = checked(own.lower.clone().plus(own.step, &counter))?;
        let names = self.names.len();
        self.names.extend(own.variable.map(|variable| (variable, value)));
        self.iterations.push(count.clone());
        let inside = self.turn(own.operation, own.rest);
        self.iterations.pop();
        self.names.truncate(names);
        match inside {
            Err(Obstacle::Period(of, period)) if of == level => {
                if checked(stride.checked_mul(period))? > MAX_PERIOD {
                    return Err(Obstacle::Never);
                }
                (0..period).try_fold(0, |degree, class| {
                    let left = checked(count.clone().plus(-1, &Linear::exact(class)))?.divided_up(period)?;
                    Ok(self.part(own, start + stride * class, stride * period, &left)?.max(degree))
                })
            }
            Err(Obstacle::Split(of, at)) if of == level => match count.value() {
                Some(count) if count > 1 => {
                    let cut = at.filter(|&at| at > 0 && at < count).unwrap_or(count / 2);
                    let first = self.part(own, start, stride, &Linear::exact(cut))?;
                    let from = checked(stride.checked_mul(cut).and_then(|moved| moved.checked_add(start)))?;
                    Ok(self.part(own, from, stride, &Linear::exact(count - cut))?.max(first))
                }
                // The outer loops decide where to cut.
                _ => Err(Obstacle::Split(level - 1, None)),
            },
            inside => inside,
        }
    }

    /// The variables of a loop; `None` where a bound is known in no iteration.
    fn bounds(&mut self, operation: OpId, form: LoopForm) -> Result<Option<Vec<Bounds>>> {
        let tree = self.walk.tree;
        let node = tree.operation(operation);
        let arguments = tree.entry(operation, 0).map_or(&[][..], |b| &tree.block(b).arguments);
        let map = |name: &str| match tree.attribute(operation, name) {
            Some(AttributeValue::AffineMap(map)) => Ok(map),
            _ => Err(Obstacle::Never),
        };
        let integer = |value: &AttributeValue| match value {
            AttributeValue::Integer(step, _) => Ok(*step),
            _ => Err(Obstacle::Never),
        };
        match form {
            LoopForm::AffineFor | LoopForm::AffineParallel => {
                let several = form == LoopForm::AffineParallel;
                let [lower, upper] = if several {
                    [map("lowerBoundsMap")?, map("upperBoundsMap")?]
                } else {
                    [map("lowerBoundMap")?, map("upperBoundMap")?]
                };
                let split = (lower.dimensions + lower.symbols) as usize;
                let (low, high) = checked(node.operands.split_at_checked(split))?;
                let all = |map: &AffineMap, operands: &[ValueId]| {
                    let used = (map.dimensions + map.symbols) as usize;
                    operands.iter().take(used).all(|&operand| self.follows(operand, &mut { FUEL }))
                };
                if !all(lower, low) || !all(upper, high) {
                    return Ok(None);
                }
                let (lows, highs) = (self.results(lower, low)?, self.results(upper, high)?);
                if several {
                    let Some(AttributeValue::Array(steps)) = tree.attribute(operation, "steps") else {
                        return Err(Obstacle::Never);
                    };
                    if lows.len() != steps.len() || highs.len() != steps.len() {
                        // Several bounds for one variable.
                        return Err(Obstacle::Never);
                    }
                    let bounds =
                        lows.into_iter().zip(highs).zip(steps).enumerate().map(|(at, ((lower, upper), step))| {
                            Ok(Bounds { variable: arguments.get(at).copied(), lower, upper, step: integer(step)? })
                        });
                    return bounds.collect::<Result<_>>().map(Some);
                }
                let lower = self.extreme(lows, true)?;
                let upper = self.extreme(highs, false)?;
                let step = integer(checked(tree.attribute(operation, "step"))?)?;
                Ok(Some(vec![Bounds { variable: arguments.first().copied(), lower, upper, step }]))
            }
            LoopForm::For | LoopForm::Parallel => {
                let count = if form == LoopForm::For { 1 } else { arguments.len() };
                let operands = checked(node.operands.get(..3 * count))?;
                if !operands.iter().all(|&operand| self.follows(operand, &mut { FUEL })) {
                    return Ok(None);
                }
                let bounds = (0..count).map(|at| {
                    Ok(Bounds {
                        variable: arguments.get(at).copied(),
                        lower: self.linear(operands[at])?,
                        upper: self.linear(operands[count + at])?,
                        step: checked(self.linear(operands[2 * count + at])?.value())?,
                    })
                });
                bounds.collect::<Result<_>>().map(Some)
            }
            LoopForm::Forall | LoopForm::While | LoopForm::GraphWhile => Err(Obstacle::Never),
        }
    }

    /// Whether a number is known in each iteration.
    fn follows(&self, value: ValueId, fuel: &mut u32) -> bool {
        let Some(left) = fuel.checked_sub(1) else { return false };
        *fuel = left;
        if self.names.iter().any(|(name, _)| *name == value) || self.walk.environment.value(value).is_some() {
            return true;
        }
        let tree = self.walk.tree;
        let Definition::Result { operation, .. } = tree.value(value).definition else { return false };
        tree.record(operation).evaluation != Evaluation::None
            && tree.operation(operation).operands.iter().all(|&operand| self.follows(operand, fuel))
    }

    /// Whether a condition holds in all iterations or in none; `None` if it is known in none.
    fn condition(&mut self, condition: ValueId) -> Result<Option<bool>> {
        let tree = self.walk.tree;
        let Definition::Result { operation, .. } = tree.value(condition).definition else { return Ok(None) };
        if tree.record(operation).evaluation == Evaluation::Constant {
            return Ok(self.walk.environment.condition(condition));
        }
        let &[a, b] = tree.operation(operation).operands.as_slice() else { return Ok(None) };
        if tree.record(operation).evaluation != Evaluation::Compare
            || ![a, b].iter().all(|&operand| self.follows(operand, &mut { FUEL }))
        {
            return Ok(None);
        }
        let Some(AttributeValue::Integer(predicate, _)) = tree.attribute(operation, "predicate") else {
            return Ok(None);
        };
        let (a, b) = (self.linear(a)?, self.linear(b)?);
        if *predicate >= 6 && !(self.is_natural(&a)? && self.is_natural(&b)?) {
            return Err(Obstacle::Never);
        }
        let at_least = |a: &Linear, b: &Linear| self.is_natural(&checked(a.clone().plus(-1, b))?);
        let equal = |a: &Linear, b: &Linear| self.is_equal(&checked(a.clone().plus(-1, b))?);
        Ok(Some(match predicate {
            0 => equal(&a, &b)?,
            1 => !equal(&a, &b)?,
            2 | 6 => !at_least(&a, &b)?,
            3 | 7 => at_least(&b, &a)?,
            4 | 8 => !at_least(&b, &a)?,
            5 | 9 => at_least(&a, &b)?,
            _ => return Err(Obstacle::Never),
        }))
    }

    /// Whether all points lie in a set.
    fn contains(&mut self, set: &AffineSet, operands: &[ValueId]) -> Result<bool> {
        for (constraint, is_equal) in self.results(&set.constraints, operands)?.iter().zip(&set.is_equal) {
            let holds = if *is_equal { self.is_equal(constraint)? } else { self.is_natural(constraint)? };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a number is 0: constant where the number is, or where it has one sign.
    fn is_equal(&self, number: &Linear) -> Result<bool> {
        let opposite = checked(Linear::exact(0).plus(-1, number))?;
        match number.value() {
            Some(value) => Ok(value == 0),
            None if !self.is_natural(number)? || !self.is_natural(&opposite)? => Ok(false),
            None => {
                let level = number.factors.iter().rposition(|&factor| factor != 0);
                Err(Obstacle::Split(checked(level)?, None))
            }
        }
    }

    /// Whether a value depends on a variable of a loop around.
    fn depends(&mut self, value: ValueId) -> Result<bool> {
        self.burn()?;
        if self.names.iter().any(|(name, _)| *name == value) {
            return Ok(true);
        }
        let Definition::Result { operation, .. } = self.walk.tree.value(value).definition else { return Ok(false) };
        let node = self.walk.tree.operation(operation);
        if !node.regions.is_empty() {
            // Results of regions are not followed.
            return Err(Obstacle::Never);
        }
        for &operand in &node.operands {
            if self.depends(operand)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn linear(&mut self, value: ValueId) -> Result<Linear> {
        if let Some((_, linear)) = self.names.iter().find(|(name, _)| *name == value) {
            return Ok(linear.clone());
        }
        if !self.depends(value)? {
            return checked(self.walk.environment.value(value).and_then(super::Interval::value)).map(Linear::exact);
        }
        let tree = self.walk.tree;
        let Definition::Result { operation, .. } = tree.value(value).definition else { return Err(Obstacle::Never) };
        let operands = tree.operation(operation).operands.as_slice();
        let evaluation = tree.record(operation).evaluation;
        match (evaluation, operands) {
            (Evaluation::IndexCast | Evaluation::Extend, &[a]) => self.linear(a),
            (Evaluation::AffineApply | Evaluation::AffineMin | Evaluation::AffineMax, operands) => {
                let AttributeValue::AffineMap(map) = checked(tree.attribute(operation, "map"))? else {
                    return Err(Obstacle::Never);
                };
                let results = self.results(map, operands)?;
                self.extreme(results, evaluation == Evaluation::AffineMax)
            }
            (evaluation, &[a, b]) => {
                let (a, b) = (self.linear(a)?, self.linear(b)?);
                self.binary(evaluation, a, &b)
            }
            _ => Err(Obstacle::Never),
        }
    }

    fn binary(&self, evaluation: Evaluation, a: Linear, b: &Linear) -> Result<Linear> {
        // Signed and unsigned operations, and roundings, agree on operands that are not negative.
        let natural = |a: Linear| if self.is_natural(&a)? { Ok(a) } else { Err(Obstacle::Never) };
        let by = || checked(b.value());
        match evaluation {
            Evaluation::Add => checked(a.plus(1, b)),
            Evaluation::Sub => checked(a.plus(-1, b)),
            Evaluation::Mul => checked(a.times(b)),
            Evaluation::FloorDiv => a.divided(by()?),
            Evaluation::CeilDiv => a.divided_up(by()?),
            Evaluation::DivSigned | Evaluation::DivUnsigned => natural(a)?.divided(by()?),
            Evaluation::CeilDivUnsigned => natural(a)?.divided_up(by()?),
            Evaluation::Remainder | Evaluation::RemainderUnsigned => natural(a)?.modulo(by()?),
            Evaluation::MinSigned => self.extreme(vec![a, b.clone()], false),
            Evaluation::MaxSigned => self.extreme(vec![a, b.clone()], true),
            Evaluation::MinUnsigned => self.extreme(vec![natural(a)?, natural(b.clone())?], false),
            Evaluation::MaxUnsigned => self.extreme(vec![natural(a)?, natural(b.clone())?], true),
            _ => Err(Obstacle::Never),
        }
    }

    fn results(&mut self, map: &AffineMap, operands: &[ValueId]) -> Result<Vec<Linear>> {
        map.results.iter().map(|e| self.expression(e, map, operands)).collect()
    }

    fn expression(&mut self, e: &AffineExpr, map: &AffineMap, operands: &[ValueId]) -> Result<Linear> {
        self.burn()?;
        let operand = |index: u32| checked(operands.get(index as usize).copied());
        let mut both = |a: &AffineExpr, b: &AffineExpr| {
            Ok((self.expression(a, map, operands)?, self.expression(b, map, operands)?))
        };
        match e {
            AffineExpr::Constant(c) => Ok(Linear::exact((*c).into())),
            AffineExpr::Dimension(d) => {
                let value = operand(*d)?;
                self.linear(value)
            }
            AffineExpr::Symbol(s) => {
                let value = operand(map.dimensions + s)?;
                self.linear(value)
            }
            AffineExpr::Add(a, b) => both(a, b).and_then(|(a, b)| checked(a.plus(1, &b))),
            AffineExpr::Mul(a, b) => both(a, b).and_then(|(a, b)| checked(a.times(&b))),
            AffineExpr::Mod(a, b) => both(a, b).and_then(|(a, b)| a.modulo(checked(b.value())?)),
            AffineExpr::FloorDiv(a, b) => both(a, b).and_then(|(a, b)| a.divided(checked(b.value())?)),
            AffineExpr::CeilDiv(a, b) => both(a, b).and_then(|(a, b)| a.divided_up(checked(b.value())?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(constant: i128, factors: &[i128]) -> Linear {
        Linear { constant, factors: factors.to_vec() }
    }

    #[test]
    fn the_least_value_is_at_the_counters_ends() {
        // i < 10, j < i + 1.
        let iterations = [linear(10, &[]), linear(1, &[1])];
        assert_eq!(linear(5, &[2, 3]).least(&iterations), Some(5));
        assert_eq!(linear(5, &[1, -1]).least(&iterations), Some(5));
        assert_eq!(linear(5, &[0, -2]).least(&iterations), Some(-13));
    }

    #[test]
    fn quotients_are_linear_by_a_period() {
        assert_eq!(linear(4, &[2]).divided(3), Err(Obstacle::Period(0, 3)));
        assert_eq!(linear(4, &[6, 4]).divided(6), Err(Obstacle::Period(1, 3)));
        assert_eq!(linear(4, &[6]).divided(3), Ok(linear(1, &[2])));
        assert_eq!(linear(4, &[6]).divided_up(3), Ok(linear(2, &[2])));
        assert_eq!(linear(-4, &[6]).modulo(3), Ok(linear(2, &[])));
        assert_eq!(linear(4, &[6]).divided(0), Err(Obstacle::Never));
    }
}
