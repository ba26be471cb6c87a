//! Sums of products over index letters: matrix products, convolutions and their kin, in every form and schedule.

use super::chain::Chain;
use super::draw::Draw;
use super::linalg::Access;
use super::types::{Buffer, Scalar, Subscript, Value, at};
use super::writer::{Form, Writer};

/// `out[parallel] = finish(combine over reductions of term(inputs))`.
pub struct Contraction<'a> {
    /// Extents of all loops, the parallel ones first.
    pub extents: Vec<u64>,
    /// How many loops are parallel; at least one.
    pub parallel: usize,
    /// Inputs and how they are indexed.
    pub inputs: Vec<(Buffer, Access)>,
    /// How the output is indexed, by parallel loops.
    pub output: Access,
    /// Element type of the output.
    pub scalar: Scalar,
    /// Start of the accumulation.
    pub start: Start,
    /// The accumulator after one more element of each input.
    pub combine: &'a dyn Fn(&mut Writer, Value, &[Value]) -> Value,
    /// Steps applied to every result.
    pub finish: Chain,
}

/// Where an accumulation starts.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// At a number.
    Number(f64),
    /// At the lowest value of the type.
    Lowest,
    /// At the highest value of the type.
    Highest,
}

impl Start {
    fn value(self, w: &mut Writer, scalar: Scalar) -> Value {
        match self {
            Self::Number(number) => w.number(scalar, number),
            Self::Lowest => w.extreme(scalar, true),
            Self::Highest => w.extreme(scalar, false),
        }
    }
}

impl Contraction<'_> {
    /// Writes the contraction: `d` drew what is computed, `s` draws how. Gives the output.
    pub fn write(&self, w: &mut Writer, s: &mut Draw) -> Buffer {
        let shape = self.output.extents(&self.extents);
        if w.form == Form::Linalg {
            return self.generic(w, &shape);
        }
        let out = w.array(self.scalar, &shape);
        self.loops(w, s, &out);
        out
    }

    /// The linalg form.
    fn generic(&self, w: &mut Writer, shape: &[u64]) -> Buffer {
        let start = self.start.value(w, self.scalar);
        let onto = w.filled(self.scalar, shape, start);
        let iterators = "p".repeat(self.parallel) + &"r".repeat(self.extents.len() - self.parallel);
        let mut inputs: Vec<(&Buffer, Access)> = self.inputs.iter().map(|(b, a)| (b, a.clone())).collect();
        // Linalg infers loops from operand shapes: a window that no operand shows gets an operand of its own.
        let reductions: Vec<usize> = (self.parallel..self.extents.len()).collect();
        let shown = |d: usize| inputs.iter().any(|(_, a)| a.0.iter().any(|(terms, _)| *terms == [(d, 1)]));
        let window = (!reductions.iter().all(|&d| shown(d))).then(|| {
            let access = Access::dims(&reductions);
            (w.empty(self.scalar, &access.extents(&self.extents)), access)
        });
        inputs.extend(window.iter().map(|(b, a)| (b, a.clone())));
        let result = w.generic(&iterators, &inputs, (&onto, self.output.clone()), |w, elements| {
            let (acc, inputs) = elements.split_last().expect("an output");
            (self.combine)(w, *acc, inputs)
        });
        self.finished(w, result)
    }

    /// The result after its steps, in linalg form.
    pub fn finished(&self, w: &mut Writer, result: Buffer) -> Buffer {
        if self.finish.is_empty() {
            return result;
        }
        w.elementwise(&[&result], self.scalar, |w, e| self.finish.apply(w, e[0]))
    }

    /// The loop forms: accumulators in memory with any loop order, or in registers, one or a tile of them.
    pub fn loops(&self, w: &mut Writer, s: &mut Draw, out: &Buffer) {
        let reductions = self.extents.len() - self.parallel;
        match s.below(10) {
            0..=3 => self.in_memory(w, &s.order(self.extents.len()), out),
            4..=5 => {
                let order = s.order(self.parallel);
                self.in_registers(w, &order, &vec![1; self.parallel], out);
            }
            _ if reductions == 0 => self.in_memory(w, &s.order(self.extents.len()), out),
            _ => {
                let tile = self.tile(s);
                let order = s.order(self.parallel);
                self.in_registers(w, &order, &tile, out);
            }
        }
    }

    /// A register tile over at most two parallel loops whose extents it divides.
    fn tile(&self, s: &mut Draw) -> Vec<u64> {
        let mut tile = vec![1; self.parallel];
        let budget = s.pick(&[4, 8, 16, 24, 32, 48, 64]);
        for dimension in s.order(self.parallel).into_iter().take(2) {
            let room = budget / tile.iter().product::<u64>();
            let fits: Vec<u64> = [2, 3, 4, 6, 8, 12, 16]
                .into_iter()
                .filter(|t| self.extents[dimension].is_multiple_of(*t) && *t <= room)
                .collect();
            if !fits.is_empty() {
                tile[dimension] = s.pick(&fits);
            }
        }
        tile
    }

    fn in_memory(&self, w: &mut Writer, order: &[usize], out: &Buffer) {
        let start = self.start.value(w, self.scalar);
        let parallel: Vec<usize> = order.iter().copied().filter(|&d| d < self.parallel).collect();
        let outer = &self.extents[..self.parallel];
        let place = |counters: &[Value]| {
            let counters: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
            self.output.subscripts(&counters)
        };
        w.nest(outer, &parallel, &mut |w, counters| w.store(start, out, &place(counters)));
        w.nest(&self.extents, order, &mut |w, counters| {
            let counters: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
            let elements: Vec<Value> = self.inputs.iter().map(|(b, a)| w.load(b, &a.subscripts(&counters))).collect();
            let place = self.output.subscripts(&counters);
            w.update(out, &place, |w, old| (self.combine)(w, old, &elements));
        });
        if !self.finish.is_empty() {
            w.nest(outer, &parallel, &mut |w, counters| {
                w.update(out, &place(counters), |w, old| self.finish.apply(w, old));
            });
        }
    }

    fn in_registers(&self, w: &mut Writer, order: &[usize], tile: &[u64], out: &Buffer) {
        let mut counters: Vec<Option<Value>> = vec![None; self.extents.len()];
        self.outer(w, order, tile, &mut counters, out);
    }

    fn outer(&self, w: &mut Writer, order: &[usize], tile: &[u64], counters: &mut Vec<Option<Value>>, out: &Buffer) {
        if let Some((&dimension, inner)) = order.split_first() {
            return w.strided(0u64, self.extents[dimension], tile[dimension], |w, counter| {
                counters[dimension] = Some(counter);
                self.outer(w, inner, tile, counters, out);
            });
        }
        let start = self.start.value(w, self.scalar);
        let elements = tile.iter().product::<u64>() as usize;
        let results = self.inner(w, self.parallel, tile, counters, vec![start; elements]);
        for (offset, result) in offsets(tile).into_iter().zip(results) {
            let place = self.output.subscripts(&shifted(counters, &offset));
            let result = self.finish.apply(w, result);
            w.store(result, out, &place);
        }
    }

    fn inner(
        &self,
        w: &mut Writer,
        dimension: usize,
        tile: &[u64],
        counters: &mut Vec<Option<Value>>,
        accumulators: Vec<Value>,
    ) -> Vec<Value> {
        if dimension < self.extents.len() {
            return w.carry(0u64, self.extents[dimension], &accumulators, |w, counter, carried| {
                counters[dimension] = Some(counter);
                self.inner(w, dimension + 1, tile, counters, carried.to_vec())
            });
        }
        // Elements that several accumulators share are loaded once.
        let mut loaded: Vec<(usize, String, Value)> = Vec::new();
        let mut results = Vec::new();
        for (offset, accumulator) in offsets(tile).into_iter().zip(accumulators) {
            let at = shifted(counters, &offset);
            let mut elements = Vec::new();
            for (which, (buffer, access)) in self.inputs.iter().enumerate() {
                let place = access.subscripts(&at);
                let key = place.iter().map(|s| s.spell(&mut |v| v.to_string())).collect::<Vec<_>>().join(",");
                let known = loaded.iter().find(|(w, k, _)| *w == which && *k == key).map(|(_, _, value)| *value);
                let value = known.unwrap_or_else(|| w.load(buffer, &place));
                if known.is_none() {
                    loaded.push((which, key, value));
                }
                elements.push(value);
            }
            results.push((self.combine)(w, accumulator, &elements));
        }
        results
    }
}

/// All offsets within a tile, the last dimension fastest.
fn offsets(tile: &[u64]) -> Vec<Vec<i64>> {
    tile.iter().fold(vec![Vec::new()], |all, &extent| {
        let longer = |offset: &Vec<i64>| {
            let offset = offset.clone();
            (0..extent as i64).map(move |i| [offset.clone(), vec![i]].concat())
        };
        all.iter().flat_map(longer).collect()
    })
}

fn shifted(counters: &[Option<Value>], offset: &[i64]) -> Vec<Subscript> {
    let offset = |d: usize| offset.get(d).copied().unwrap_or(0);
    counters.iter().enumerate().map(|(d, c)| at(c.expect("inside all loops")) + offset(d)).collect()
}
