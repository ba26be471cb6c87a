//! Machine work of a function as counts that add up: what an instruction of each kind costs can be fitted to them.
//!
//! Loops are told apart by what a vectoriser makes of them, because their work then costs differently: those whose
//! iterations share vectors, those that do so if places apart are gathered, those that do so if floating-point sums may
//! change their order, and those that stay as they are, by what forbids it. Work of loops that share vectors is counted once
//! for every [`REGISTER_BITS`] of them; the iterations that fill no vector are counted apart.

use names::named;

use super::estimate::{LONG, can_vectorise, instructions, is_copy, scalar};
use super::kind::{Carried, Kind};
use super::level::{Level, REGISTER_BITS};

named! {
    /// What a vectoriser makes of a loop.
    enum Loops {
        /// All that stay as they are: what their kinds of work cost alike.
        Scalar = "scalar",
        /// The body of the function, loops around others, and loops that compute on vectors themselves.
        Plain = "plain",
        /// Reads what an iteration before has written.
        Conflict = "conflict",
        /// Hands on a value that is no sum or extreme.
        Recurrent = "recurrent",
        /// Calls functions, or does what machines have no vectors for.
        Calling = "calling",
        /// Computes on `bf16`, which is rounded by a sequence of instructions or a call.
        Brain = "brain",
        /// Turns too few times to fill a vector.
        Short = "short",
        Vector = "vector",
        /// Reads or writes places apart: if it stays as it is.
        Apart = "apart",
        /// The same: if it gathers.
        Gathered = "gathered",
        /// Carries floating-point sums or extremes: if it stays as it is.
        Ordered = "ordered",
        /// The same: if their order may change.
        Reordered = "reordered",
    }
}

impl Loops {
    /// Whether iterations share vectors.
    fn shares(self) -> bool {
        matches!(self, Self::Vector | Self::Gathered | Self::Reordered)
    }

    fn of(level: &Level) -> Self {
        let strided = [Kind::StridedLoad, Kind::StridedStore, Kind::IndirectLoad];
        if level.has_inner || level.vectors {
            Self::Plain
        } else if level.conflicts {
            Self::Conflict
        } else if level.carried[Carried::Recurrence as usize] > 0.0 {
            Self::Recurrent
        } else if level.of(Kind::Brain) > 0.0 {
            Self::Brain
        } else if !can_vectorise(level, LONG) {
            Self::Calling
        } else if level.iterations < level.entries.max(1.0) * level.lanes(REGISTER_BITS) {
            Self::Short
        } else if level.carried[Carried::Floats as usize] + level.carried[Carried::Extreme as usize] > 0.0 {
            Self::Reordered
        } else if strided.iter().any(|&kind| level.of(kind) > 0.0) {
            Self::Gathered
        } else {
            Self::Vector
        }
    }
}

/// Counts of one class of loops: its work by kind, and its iterations.
const EACH: usize = Kind::COUNT + 1;

/// Counts of operations on vectors that stand in the text, by kind: how many, and their parts.
const EXPLICIT: usize = 2 * Kind::COUNT;

named! {
    /// Counts that belong to no class.
    enum Other {
        /// Loops entered.
        Entries = "entries",
        /// Scalar instructions of iterations that fill no vector, and loops entered that have such.
        RestInstructions = "rest_instructions",
        RestEntries = "rest_entries",
        /// Instructions of loops that write neighbouring places together.
        PackedInstructions = "packed_instructions",
        /// Loops entered that only copy or fill, and their iterations.
        CopyEntries = "copy_entries",
        CopyIterations = "copy_iterations",
        /// Iterations of loops without vectors that hand something on, and how much they hand on.
        ChainedIterations = "chained_iterations",
        ChainedFloats = "chained_floats",
        ChainedExtremes = "chained_extremes",
        ChainedOthers = "chained_others",
        /// Iterations of the loop that does most, for each value that finds no register among so many.
        DataBeyond16 = "data_beyond_16",
        DataBeyond32 = "data_beyond_32",
        IndicesBeyond14 = "indices_beyond_14",
        IndicesBeyond28 = "indices_beyond_28",
    }
}

/// Where the counts of explicit vectors, and those of no class, begin.
const FIRST_EXPLICIT: usize = Loops::COUNT * EACH;
/// See [`FIRST_EXPLICIT`].
const FIRST_OTHER: usize = FIRST_EXPLICIT + EXPLICIT;

/// How many counts there are.
pub const COUNT: usize = FIRST_OTHER + Other::COUNT;

/// Names of the counts, in their order.
pub fn names() -> impl Iterator<Item = String> {
    let each = |loops: &Loops| {
        let class = loops.name();
        Kind::ALL.iter().map(move |kind| format!("{class}_{}", kind.name())).chain([format!("{class}_iterations")])
    };
    let explicit = ["vectors", "parts"].into_iter().flat_map(|what| {
        let kinds = Kind::ALL.iter();
        kinds.map(move |kind| format!("explicit_{}_{what}", kind.name()))
    });
    let others = Other::ALL.iter().map(|other| other.name().to_owned());
    Loops::ALL.iter().flat_map(each).chain(explicit).chain(others)
}

/// Values that live at once, at most, in a function.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// Floating-point numbers and vectors.
    pub data: f64,
    /// Indices, integers and pointers.
    pub indices: f64,
}

/// The counts of a function's loops.
pub fn work(levels: &[Level], live: Live) -> Vec<f64> {
    let mut counts = Counts(vec![0.0; COUNT]);
    for level in levels {
        counts.level(level);
    }
    // Values without a register are taken to be needed in the loop that does most.
    let most = levels.iter().max_by(|a, b| scalar(a).total_cmp(&scalar(b))).map_or(0.0, |level| level.iterations);
    for (other, values, registers) in [
        (Other::DataBeyond16, live.data, 16.0),
        (Other::DataBeyond32, live.data, 32.0),
        (Other::IndicesBeyond14, live.indices, 14.0),
        (Other::IndicesBeyond28, live.indices, 28.0),
    ] {
        counts.put(other, most * (values - registers).max(0.0));
    }
    counts.0
}

struct Counts(Vec<f64>);

impl Counts {
    fn put(&mut self, other: Other, count: f64) {
        self.0[FIRST_OTHER + other as usize] += count;
    }

    /// Work of so many iterations of a level, as that of a class.
    fn add(&mut self, class: Loops, level: &Level, iterations: f64) {
        let own = &mut self.0[class as usize * EACH..][..EACH];
        for (kind, (work, vectors)) in level.work.iter().zip(&level.explicit).enumerate() {
            own[kind] += iterations * (work - vectors.units);
        }
        own[Kind::COUNT] += iterations;
    }

    fn level(&mut self, level: &Level) {
        for (kind, vectors) in level.explicit.iter().enumerate() {
            self.0[FIRST_EXPLICIT + kind] += level.iterations * vectors.operations;
            self.0[FIRST_EXPLICIT + Kind::COUNT + kind] += level.iterations * vectors.parts;
        }
        self.put(Other::Entries, level.entries);
        let trips = level.iterations / level.entries.max(1.0);
        let lanes = level.lanes(REGISTER_BITS).max(1.0);
        let run = level.neighbours.min(lanes);
        match Loops::of(level) {
            _ if is_copy(level) => {
                self.put(Other::CopyEntries, level.entries);
                self.put(Other::CopyIterations, level.iterations);
            }
            class if class.shares() => {
                match class {
                    Loops::Gathered => self.add(Loops::Apart, level, level.iterations),
                    Loops::Reordered => self.add(Loops::Ordered, level, level.iterations),
                    _ => {}
                }
                self.add(class, level, level.entries * libm::floor(trips / lanes));
                let rest = trips % lanes;
                self.put(Other::RestInstructions, level.entries * rest * instructions(level));
                self.put(Other::RestEntries, if rest > 0.0 { level.entries } else { 0.0 });
            }
            // Neighbouring places that are written together may become a vector.
            _ if run >= 2.0 && !level.vectors && !level.has_inner && !level.conflicts => {
                self.put(Other::PackedInstructions, level.iterations * instructions(level) / run);
            }
            class => {
                self.add(Loops::Scalar, level, level.iterations);
                self.add(class, level, level.iterations);
                if !level.vectors {
                    self.chains(level);
                }
            }
        }
    }

    /// What each iteration waits for.
    fn chains(&mut self, level: &Level) {
        let carried = |how: Carried| level.carried[how as usize];
        for (other, values) in [
            (Other::ChainedFloats, carried(Carried::Floats)),
            (Other::ChainedExtremes, carried(Carried::Extreme)),
            (Other::ChainedOthers, carried(Carried::Recurrence)),
        ] {
            self.put(other, level.iterations * values);
        }
        let chained = carried(Carried::Floats) + carried(Carried::Extreme) + carried(Carried::Recurrence) > 0.0;
        self.put(Other::ChainedIterations, if chained { level.iterations } else { 0.0 });
    }
}
