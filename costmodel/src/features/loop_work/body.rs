//! One loop of the optimised function with the machine work of an iteration.

use crate::features::table::WorkKind;
use crate::features::walk::Loop;
use crate::features::walk::access::Access;
use crate::features::walk::chain::Chain;
use crate::features::walk::lanes::MachineCost;
use crate::features::walk::reduction::Reduction;

/// Widths of scalars above a byte, in bits.
const WIDTHS: [f64; 3] = [16.0, 32.0, 64.0];

/// Mean share of the longest entry's iterations, 0 to 1, from which on most entries are as long.
const MOSTLY_FULL: f64 = 0.7;

/// Explicit vector operations of one kind in an iteration.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExplicitWork {
    /// Machine operations, which count among the work, too.
    pub units: f64,
    /// Operations, those on several rows counted for each row.
    pub operations: f64,
    /// Their parts, see [`MachineCost`].
    pub parts: f64,
}

/// Accesses of one iteration that are members of interleaved groups: a vectoriser loads or stores all elements of a group and
/// moves those of each member between lanes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Groups {
    /// Members that are loads.
    pub loads: f64,
    /// Members that are stores.
    pub stores: f64,
    /// Vectors of elements that no member loads.
    pub gaps: f64,
    /// Moves between lanes.
    pub moves: f64,
}

impl Groups {
    /// Whether an access is a member of one.
    pub fn is_any(&self) -> bool {
        self.loads + self.stores > 0.0
    }
}

/// Registers that a loop needs at once, with those of values of loops around it. Loops are vectorised in registers of 256 bits and
/// interleaved.
#[derive(Debug, Clone, Copy)]
pub struct Registers {
    /// For numbers and vectors in registers of 512 bits, each load as late as possible, or part of the instruction that uses it on x86.
    pub late: f64,
    /// The same, each load where the text has it.
    pub early: f64,
    /// Each load as late as possible, vectors in registers of 128 bits, loops with gathers not vectorised.
    pub parts: f64,
    /// Of floating-point numbers and vectors, each load where the text has it, no loop vectorised.
    pub scalar: f64,
    /// Of vectors, in groups of two registers of 512 bits if the loop is vectorised.
    pub long: f64,
    /// Of integers, addresses and counters of loops, no loop vectorised.
    pub integers: f64,
    /// Scalar iterations in one iteration of the vectorised and interleaved loop; 1 if the loop stays scalar.
    pub together: f64,
}

impl Registers {
    /// Of a loop without values.
    pub const NONE: Self =
        Self { late: 0.0, early: 0.0, parts: 0.0, scalar: 0.0, long: 0.0, integers: 0.0, together: 1.0 };
}

/// The function's body or one loop.
#[derive(Debug, Clone)]
pub struct LoopBody {
    /// Index of the loop around it; 0 for the function's body.
    pub parent: usize,
    /// Iterations per call of the function, over all entries.
    pub iterations: f64,
    /// Entries per call of the function.
    pub entries: f64,
    /// Iterations of its longest entry, see [`Loop::longest`].
    pub longest: f64,
    /// Machine operations of one iteration by kind; an explicit vector operation counts once for every 256 bits.
    pub work: [f64; WorkKind::COUNT],
    /// The part of it that computes on scalars of 16, 32 and 64 bits, in operations on vectors.
    pub wide: [[f64; 3]; WorkKind::COUNT],
    /// What one vector iteration of the vectorised loop has more of it than a scalar iteration, which expands some operations
    /// differently and executes one side of a branch only.
    pub expanded: [f64; WorkKind::COUNT],
    /// Whether it has an operation that is not vectorised.
    pub is_scalar_only: bool,
    /// What packing neighbouring operations into vectors saves of it; negative for moves between lanes that this adds.
    pub saved: [f64; WorkKind::COUNT],
    /// The part of it that is accesses of scalars that x86 makes part of an arithmetic instruction.
    pub folded: [f64; WorkKind::COUNT],
    /// Loads of an iteration that it makes part of a vector instruction if the loop is vectorised.
    pub folded_vectors: f64,
    /// Elements that it loads and stores, which are the same in each iteration of the loop around but for one, and the chain from what
    /// it loads of them to what it stores.
    pub kept: (f64, Chain),
    /// Loads whose value the previous iteration has already loaded.
    pub reused: f64,
    /// Adjacent elements that one iteration computes alike, without any other work; 1 if there is other work.
    pub copies: f64,
    /// The part of it that is explicit vector operations.
    pub explicit: [ExplicitWork; WorkKind::COUNT],
    /// Steps of reductions that combine the lanes of a vector one after another.
    pub lane_steps: f64,
    /// Loops directly inside.
    pub inner: usize,
    /// Values that it carries from iteration to iteration, by [`Reduction`].
    pub carried: [f64; Reduction::COUNT],
    /// The longest chain that an iteration passes to the next.
    pub chain: Chain,
    /// Cycles of the longest chain of dependent operations within one iteration.
    pub path: f64,
    /// Stores to memory that loads of the next iterations wait for, each divided by the distance in iterations.
    pub forwarded: f64,
    /// Elements that one iteration accesses of the widest interleaved group; 1 without one.
    pub interleave: f64,
    /// Accesses of interleaved groups.
    pub groups: Groups,
    /// Whether a load or store at consecutive addresses goes backwards.
    pub has_reversed: bool,
    /// Whether it contains explicit vector operations.
    pub has_vectors: bool,
    /// Accesses to scalars that are aligned to less than their size.
    pub misaligned: f64,
    /// Whether it accesses elements that do not fill whole bytes.
    pub has_sub_byte: bool,
    /// Loops, itself first, with which all of its accesses go through adjacent memory.
    pub contiguous: usize,
    /// Whether it stores a loop-invariant number whose bytes differ.
    pub has_pattern: bool,
    /// Whether a load may depend on a store of a near iteration.
    pub has_conflict: bool,
    /// Width of the narrowest element that it accesses, in bits; 0 if none.
    pub narrowest: f64,
    /// Width of the widest element that it accesses, in bits; 0 if none.
    pub widest: f64,
    /// Longest run of stores to adjacent elements in one iteration, in elements.
    pub store_run: f64,
    /// Loop-invariant values that it uses.
    pub invariants: f64,
    /// Buffers that it accesses.
    pub buffers: f64,
    /// Registers that it needs at once.
    pub registers: Registers,
}

impl LoopBody {
    /// A loop without work. The function's body has no loop around it.
    pub fn new(parent: usize, iterations: f64, entries: f64) -> Self {
        Self {
            parent,
            iterations,
            entries,
            longest: iterations / entries.max(1.0),
            work: [0.0; WorkKind::COUNT],
            wide: [[0.0; 3]; WorkKind::COUNT],
            expanded: [0.0; WorkKind::COUNT],
            is_scalar_only: false,
            saved: [0.0; WorkKind::COUNT],
            folded: [0.0; WorkKind::COUNT],
            folded_vectors: 0.0,
            kept: (0.0, Chain::default()),
            reused: 0.0,
            copies: 1.0,
            explicit: [ExplicitWork::default(); WorkKind::COUNT],
            lane_steps: 0.0,
            inner: 0,
            carried: [0.0; Reduction::COUNT],
            chain: Chain::default(),
            path: 0.0,
            forwarded: 0.0,
            interleave: 1.0,
            groups: Groups::default(),
            has_reversed: false,
            has_vectors: false,
            misaligned: 0.0,
            has_sub_byte: false,
            contiguous: usize::MAX,
            has_pattern: false,
            has_conflict: false,
            narrowest: 0.0,
            widest: 0.0,
            store_run: 0.0,
            invariants: 0.0,
            buffers: 0.0,
            registers: Registers::NONE,
        }
    }

    /// Adds work of a kind, executed `weight` times in each iteration.
    pub fn add(&mut self, kind: WorkKind, cost: MachineCost, weight: f64) {
        self.work[kind as usize] += cost.units * weight;
        if cost.is_explicit() {
            let own = &mut self.explicit[kind as usize];
            own.units += cost.units * weight;
            own.operations += cost.vectors * weight;
            own.parts += cost.parts * weight;
        } else if cost.vectorised.is_finite() {
            // Vectors execute both sides of a branch.
            self.expanded[kind as usize] += cost.vectorised * weight.ceil() - cost.units * weight;
        } else {
            self.is_scalar_only = true;
        }
    }

    /// Adds an access to the interleaved groups. Its group is `stride` elements wide and has `members`, as many if it has no gaps.
    pub fn add_to_group(&mut self, access: &Access, stride: f64, members: f64) {
        let weight = access.weight;
        self.interleave = self.interleave.max(members);
        // LLVM's cost model of AVX-512: the group fills half as many registers of 512 bits as members of 256, and each move takes lanes out
        // of two registers.
        let registers = libm::ceil(stride / 2.0);
        if access.is_store {
            self.groups.stores += weight;
            self.groups.moves += registers * (stride - 1.0) / stride * weight;
        } else {
            self.groups.loads += weight;
            self.groups.moves += (registers - 1.0).max(1.0) * weight;
            self.groups.gaps += (stride / members - 1.0) * weight;
        }
    }

    /// Adds the part of scalar work that computes on elements of 16, 32 or 64 bits.
    pub fn add_width(&mut self, kind: WorkKind, cost: MachineCost, weight: f64, bits: f64) {
        let is_vectorised = !cost.is_explicit() && cost.vectorised.is_finite();
        if let Some(at) = WIDTHS.iter().position(|&width| width == bits).filter(|_| is_vectorised) {
            self.wide[kind as usize][at] += cost.vectorised * weight.ceil();
        }
    }

    /// Whether it divides integers as only some sets of vector instructions can: by variables, or elements of 64 bits, whose products
    /// have no high half in the others.
    pub fn has_divisions(&self) -> bool {
        let [.., wide] = self.wide[WorkKind::ConstantDivide as usize];
        self.of(WorkKind::IntegerDivide) > 0.0 || wide > 0.0
    }

    /// Work of a kind in one iteration.
    pub fn of(&self, kind: WorkKind) -> f64 {
        self.work[kind as usize]
    }

    /// Work of a kind in one iteration, neighbouring operations packed into vectors and [reused](Self::reused) loads left out.
    pub fn packed(&self, kind: WorkKind) -> f64 {
        let reused = if kind == WorkKind::Load { self.reused.min(self.of(kind)) } else { 0.0 };
        (self.work[kind as usize] - self.saved[kind as usize] - reused).max(0.0)
    }

    /// Work of a kind in one vector iteration of the vectorised loop. The vectorisation factor is that of the widest element in
    /// memory, `lanes`; operations on wider elements take several registers.
    pub fn vectorised(&self, kind: WorkKind, lanes: f64) -> f64 {
        let reused = self.reused.min(self.of(WorkKind::Load));
        match kind {
            WorkKind::Load => self.of(kind) - reused + self.groups.gaps,
            // The lanes of the vector before and of this one are put together.
            WorkKind::Shuffle => self.of(kind) + reused + self.groups.moves,
            WorkKind::MathCall => self.of(kind) * lanes,
            _ => self.of(kind) + self.expanded[kind as usize] + self.widened(kind),
        }
    }

    /// The part of the [vectorised](Self::vectorised) work that computes on all registers but the first of elements wider than those in
    /// memory.
    pub fn widened(&self, kind: WorkKind) -> f64 {
        let more = |(bits, work): (f64, f64)| work * (bits / self.widest.max(8.0) - 1.0).max(0.0);
        WIDTHS.into_iter().zip(self.wide[kind as usize]).map(more).sum()
    }

    /// Whether some of its neighbouring operations are packed into vectors.
    pub fn is_packed(&self) -> bool {
        self.saved.iter().any(|saved| *saved > 0.0)
    }

    /// Number of values that it carries in this way.
    pub fn carries(&self, how: Reduction) -> f64 {
        self.carried[how as usize]
    }

    /// Whether it carries a value whose order is fixed: an iteration waits for the one before.
    pub fn is_chained(&self) -> bool {
        [Reduction::Ordered, Reduction::Scalar, Reduction::Extreme, Reduction::Recurrence]
            .into_iter()
            .any(|how| self.carries(how) > 0.0)
    }

    /// Mean trip count.
    pub fn trips(&self) -> f64 {
        self.iterations / self.entries.max(1.0)
    }

    /// Whether all entries are known to have as many iterations.
    pub fn is_regular(&self) -> bool {
        self.longest <= self.trips()
    }

    /// Entries, and the trip count of each. Loops over the parts of a range are as long as the longest of them but for the last part,
    /// whose iterations count as a part of an entry.
    pub fn typical(&self) -> (f64, f64) {
        if self.longest > self.trips() && self.trips() >= MOSTLY_FULL * self.longest {
            (self.iterations / self.longest, self.longest)
        } else {
            (self.entries, self.trips())
        }
    }

    /// Lanes of its widest element in a vector of `bits`.
    pub fn lanes(&self, bits: f64) -> f64 {
        bits / self.widest.max(8.0)
    }
}

impl From<&Loop> for LoopBody {
    fn from(own: &Loop) -> Self {
        Self { longest: own.longest, ..Self::new(own.parent, own.iterations, own.entries) }
    }
}
