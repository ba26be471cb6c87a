//! The findings that a walk reports, and the trait of their collectors.

use ir::registry::features::InstructionClass as Class;
use ir::tree::{Tree, ValueId};

use super::access::{Access, Motion};
use super::chain::Chain;
use super::lanes::MachineCost;
use super::loop_nest::Loop;
use super::packing::Finding;
use super::reduction::Reduction;
use super::registers::RegisterValue;
use crate::features::table::WorkKind;

/// The loops around an operation, and its executions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    /// Executions per call of the function.
    pub executions: f64,
    /// Loops around it.
    pub depth: usize,
    /// Index of the innermost loop of the text around it.
    pub innermost: Option<usize>,
    /// Where it executes in the optimised function; `None` inside operations that are counted as a whole.
    pub placement: Option<Placement>,
}

/// Where an operation executes in the optimised function.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// Index of the loop whose body contains it.
    pub loop_index: usize,
    /// Executions in each iteration of that loop: less than 1 on one side of a branch.
    pub weight: f64,
}

/// An operation of the text, dead or live.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Its instruction class.
    pub class: Class,
    /// Its results, in order.
    pub results: &'a [ValueId],
    /// Longest chain of dependent operations that ends with it.
    pub chain: u32,
    /// The loops around it.
    pub context: Context,
}

/// A load or store of the text, dead or live.
#[derive(Debug, Clone, Copy)]
pub struct TextAccess {
    /// Whether it writes.
    pub is_store: bool,
    /// Whether it accesses memory, not the elements of a tensor.
    pub is_memory: bool,
    /// How it moves with the innermost loop around it; `None` outside loops.
    pub motion: Option<Motion>,
    /// The loops around it.
    pub context: Context,
}

/// A loop of the text: a loop operation or a structured operation.
#[derive(Debug, Clone, Copy)]
pub struct TextLoop {
    /// Index of the loop around it.
    pub outer: Option<usize>,
    /// Nesting depth of its body.
    pub depth: usize,
    /// Entries per call of the function.
    pub entries: f64,
    /// Iterations per call of the function.
    pub iterations: f64,
    /// Whether it carries a value from iteration to iteration.
    pub carries: bool,
    /// Its body.
    pub body: TextBody,
}

/// The body of a loop of the text.
#[derive(Debug, Clone, Copy)]
pub enum TextBody {
    /// The operations of a loop.
    Operations {
        /// Whether its trip count is constant.
        is_counted: bool,
    },
    /// Operations, executed once for each element of a structured operation.
    Structured {
        /// Whether its trip count is constant.
        is_counted: bool,
        /// Operands read in each iteration.
        reads: usize,
        /// Results written in each iteration.
        writes: usize,
    },
    /// No body: an operation on whole tensors.
    Whole(WholeTensors),
}

/// Work of an operation on whole tensors, over all its executions.
#[derive(Debug, Clone, Copy)]
pub struct WholeTensors {
    /// Floating-point operations.
    pub flops: f64,
    /// The same and operations on integers.
    pub simple: f64,
    /// Calls of mathematical functions.
    pub transcendentals: f64,
    /// Iterations of its loop nest.
    pub iterations: f64,
    /// Whether it reduces.
    pub reduces: bool,
}

/// The innermost loop of an operation on whole tensors.
#[derive(Debug, Clone, Copy)]
pub struct WholeLoop {
    /// Index of the loop.
    pub loop_index: usize,
    /// Width of the narrowest element that it accesses, in bits.
    pub narrowest: f64,
    /// Width of the widest element that it accesses, in bits.
    pub widest: f64,
    /// Whether elements do not fill whole bytes.
    pub is_sub_byte: bool,
    /// Whether the bytes of the elements of its first operand differ, or may differ.
    pub is_pattern: bool,
    /// Loops, the innermost first, that it goes through adjacent memory with.
    pub contiguous: usize,
    /// How it combines the value that it carries.
    pub carried: Option<Reduction>,
}

/// Machine work of an operation in the optimised function.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Index of the loop in whose body it executes.
    pub loop_index: usize,
    /// Kind of work.
    pub kind: WorkKind,
    /// Cost of one execution.
    pub cost: MachineCost,
    /// Executions in each iteration of the loop.
    pub weight: f64,
    /// Width of the elements that it computes on, in bits; 0 if it has none.
    pub bits: f64,
}

/// A collector of findings. The default of each method ignores them. Loops of the text and of the optimised
/// function have separate indices, each in the order in which they are reported.
pub trait Collect {
    /// An operation of the text, before the operations of its regions.
    fn operation(&mut self, _tree: &Tree, _visit: &Visit<'_>) {}
    /// A load or store of the text, after its [`operation`](Self::operation).
    fn text_access(&mut self, _access: &TextAccess) {}
    /// A loop of the text, before its body.
    fn text_loop(&mut self, _new: &TextLoop) {}
    /// A loop of the optimised function, before its contents.
    fn optimised_loop(&mut self, _new: &Loop) {}
    /// Machine work, without loads and stores.
    fn work(&mut self, _work: &Work) {}
    /// A live load or store. A repeated load is reported once.
    fn access(&mut self, _access: &Access) {}
    /// What a vectoriser makes of a block, after its operations.
    fn packed(&mut self, _placement: Placement, _finding: Finding) {}
    /// An explicit vector operation in a loop's body.
    fn explicit_vector(&mut self, _loop_index: usize) {}
    /// Steps of reductions that combine the lanes of a vector one after another, in each iteration of a loop.
    fn lane_steps(&mut self, _loop_index: usize, _steps: f64) {}
    /// A value that is computed so many cycles after the start of an iteration of a loop, as far as operands limit that.
    fn ready(&mut self, _loop_index: usize, _cycles: f64) {}
    /// A value that a loop carries in a register, and the chain through one iteration.
    fn carried(&mut self, _loop_index: usize, _how: Reduction, _chain: Chain) {}
    /// A value that a loop carries in an element of a buffer that it does not change.
    fn carried_in_memory(&mut self, _access: &Access, _how: Reduction, _chain: Chain) {}
    /// A use of a value in a loop that does not change it.
    fn invariant(&mut self, _loop_index: usize, _value: ValueId) {}
    /// An operation in a loop's body; the values that it reads and writes are reported next.
    fn step(&mut self, _loop_index: usize) {}
    /// A value that the last operation, in loop `at`, leaves in a register.
    fn writes(&mut self, _own: &RegisterValue, _at: usize) {}
    /// A value in a register that the last operation, in loop `at`, reads.
    fn reads(&mut self, _value: ValueId, _at: usize) {}
    /// A value that a loop keeps in a register to its end.
    fn reads_at_end(&mut self, _value: ValueId, _loop_index: usize) {}
    /// The innermost loop of an operation on whole tensors, whose work is reported apart.
    fn whole_tensors(&mut self, _own: &WholeLoop) {}
}
