//! Numbers that analysis reads off a function, for trees, ridge regression and the analytical baselines.
//!
//! Counts come twice: in the text, and executed (times the trips of the loops around). A loop whose trips are not
//! constant counts as 32 trips, LLVM's own guess, and is counted in [`Feature::UnknownLoops`].

mod class;
mod extract;
mod loops;
pub mod steps;

pub use extract::{Numbers, numbers};
use names::named;

/// Numbers of [`Numbers::work`].
pub const WORK: usize = loops::work::COUNT + steps::COUNT;

/// Those that tell of a design's work, or else of a processor's.
pub fn work_of(design: bool) -> std::ops::Range<usize> {
    if design { loops::work::COUNT..WORK } else { 0..loops::work::COUNT }
}

/// Their names, in their order.
pub fn work_names() -> impl Iterator<Item = String> {
    loops::work::names().chain(steps::NAMES.map(str::to_owned))
}

named! {
    /// One number about a function.
    pub enum Feature {
        /// Operations in the text.
        Operations = "operations",
        /// Words of the full scheme.
        Length = "length",
        /// Arguments of the function.
        Arguments = "arguments",
        /// Bytes of the function's shaped arguments and results.
        ArgumentBytes = "argument_bytes",
        /// Additions, multiplications and comparisons of floating-point numbers in the text.
        Floats = "floats",
        /// The same, executed, each lane of a vector counted.
        FloatsExecuted = "floats_executed",
        /// Divisions and square roots.
        Divisions = "divisions",
        /// The same, executed.
        DivisionsExecuted = "divisions_executed",
        /// Exponentials, logarithms and other functions that become calls.
        Transcendentals = "transcendentals",
        /// The same, executed.
        TranscendentalsExecuted = "transcendentals_executed",
        /// Integer and index arithmetic.
        Integers = "integers",
        /// The same, executed.
        IntegersExecuted = "integers_executed",
        /// Conversions between types.
        Casts = "casts",
        /// The same, executed.
        CastsExecuted = "casts_executed",
        /// Reads of memory, or of a tensor's elements.
        Loads = "loads",
        /// The same, executed.
        LoadsExecuted = "loads_executed",
        /// Writes of memory, or of a tensor's elements.
        Stores = "stores",
        /// The same, executed.
        StoresExecuted = "stores_executed",
        /// Branches and selections on data.
        Branches = "branches",
        /// The same, executed.
        BranchesExecuted = "branches_executed",
        /// Calls in the text.
        Calls = "calls",
        /// The same, executed.
        CallsExecuted = "calls_executed",
        /// Operations on explicit vectors.
        Vectors = "vectors",
        /// The same, executed.
        VectorsExecuted = "vectors_executed",
        /// Structured operations: each is a loop nest.
        Structured = "structured",
        /// Operations on whole tensors that move or reshape them.
        Reshapes = "reshapes",
        /// Operations of dialects that are not known.
        Unknown = "unknown",
        /// Arithmetic executed, multiply and add counted apart.
        Work = "work",
        /// Bytes read.
        BytesLoaded = "bytes_loaded",
        /// Bytes written.
        BytesStored = "bytes_stored",
        /// Loops, those of structured operations included.
        Loops = "loops",
        /// Deepest nesting of loops.
        LoopDepth = "loop_depth",
        /// Innermost loops.
        InnermostLoops = "innermost_loops",
        /// Loops whose trips are not constant.
        UnknownLoops = "unknown_loops",
        /// Iterations of innermost loops, all executions together.
        InnermostTrips = "innermost_trips",
        /// Fewest trips of an innermost loop.
        InnermostTripsLeast = "innermost_trips_least",
        /// Most operations in an innermost loop's body.
        InnermostBody = "innermost_body",
        /// Most reads in an innermost loop's body.
        InnermostLoads = "innermost_loads",
        /// Most floating-point operations in an innermost loop's body.
        InnermostFloats = "innermost_floats",
        /// Floating-point operations executed in innermost loops that carry a sum: a chain through all iterations.
        ReductionFloats = "reduction_floats",
        /// Iterations of innermost loops that carry a value.
        ReductionTrips = "reduction_trips",
        /// Reads executed whose last subscript moves with the innermost loop.
        ContiguousLoads = "contiguous_loads",
        /// Writes executed whose last subscript moves with the innermost loop.
        ContiguousStores = "contiguous_stores",
        /// Most floating-point, vector and tensor-element values live at once.
        MaxLiveData = "max_live_data",
        /// Most indices, integers and pointers live at once.
        MaxLiveIndices = "max_live_indices",
        /// Bits of the widest vector.
        VectorBits = "vector_bits",
        /// Bits of the widest element that is computed on.
        ElementBits = "element_bits",
        /// Longest chain of dependent operations in a loop body or block.
        CriticalPath = "critical_path",
        /// Times that innermost loops are entered.
        InnermostEntries = "innermost_entries",
        /// Arithmetic per iteration of the innermost loops.
        WorkPerIteration = "work_per_iteration",
        /// Reads per iteration of the innermost loops.
        LoadsPerIteration = "loads_per_iteration",
        /// Writes per iteration of the innermost loops.
        StoresPerIteration = "stores_per_iteration",
        /// Iterations of an innermost loop each time it is entered, the mean.
        TripsPerEntry = "trips_per_entry",
        /// Bits of the floating-point and vector values live at once, each kind at its most and its widest.
        LiveBits = "live_bits",
        /// Share of the innermost loops' iterations that carry a value, in %.
        CarriedShare = "carried_share",
        /// Floating-point operations executed per iteration of the innermost loops.
        FloatsPerIteration = "floats_per_iteration",
        /// Divisions and square roots executed per iteration of the innermost loops.
        DivisionsPerIteration = "divisions_per_iteration",
        /// Functions that become calls executed per iteration of the innermost loops.
        TranscendentalsPerIteration = "transcendentals_per_iteration",
        /// Integer and index arithmetic executed per iteration of the innermost loops.
        IntegersPerIteration = "integers_per_iteration",
        /// Conversions executed per iteration of the innermost loops.
        CastsPerIteration = "casts_per_iteration",
        /// Branches and selections executed per iteration of the innermost loops.
        BranchesPerIteration = "branches_per_iteration",
        /// Operations on explicit vectors executed per iteration of the innermost loops.
        VectorsPerIteration = "vectors_per_iteration",
        /// Share of the reads whose last subscript moves with the innermost loop, in %.
        ContiguousLoadShare = "contiguous_load_share",
        /// Share of the writes whose last subscript moves with the innermost loop, in %.
        ContiguousStoreShare = "contiguous_store_share",
        /// Executed floating-point additions and multiplications, of what optimisation keeps.
        KeptFloat = "kept_float",
        /// Executed floating-point minima and maxima, of what optimisation keeps.
        KeptMinMax = "kept_min_max",
        /// Executed comparisons and selections, of what optimisation keeps.
        KeptSelect = "kept_select",
        /// Executed floating-point divisions and square roots, of what optimisation keeps.
        KeptDivide = "kept_divide",
        /// Executed calls of functions, of what optimisation keeps.
        KeptCall = "kept_call",
        /// Executed operations on `f16`, of what optimisation keeps.
        KeptHalf = "kept_half",
        /// Executed operations on `bf16`, of what optimisation keeps.
        KeptBrain = "kept_brain",
        /// Executed integer operations on data, of what optimisation keeps.
        KeptInteger = "kept_integer",
        /// Executed integer divisions by constants, of what optimisation keeps.
        KeptConstantDivide = "kept_constant_divide",
        /// Executed other integer divisions, of what optimisation keeps.
        KeptIntegerDivide = "kept_integer_divide",
        /// Executed operations on indices, of what optimisation keeps.
        KeptAddress = "kept_address",
        /// Executed conversions, of what optimisation keeps.
        KeptCast = "kept_cast",
        /// Executed reads at consecutive or fixed places, of what optimisation keeps.
        KeptLoad = "kept_load",
        /// Executed reads at places apart, of what optimisation keeps.
        KeptStridedLoad = "kept_strided_load",
        /// Executed reads at places that depend on data, of what optimisation keeps.
        KeptIndirectLoad = "kept_indirect_load",
        /// Executed writes at consecutive or fixed places, of what optimisation keeps.
        KeptStore = "kept_store",
        /// Executed other writes, of what optimisation keeps.
        KeptStridedStore = "kept_strided_store",
        /// Executed moves of lanes, of what optimisation keeps.
        KeptShuffle = "kept_shuffle",
        /// Executed reads and writes of vectors that may reach beyond the end, of what optimisation keeps.
        KeptMasked = "kept_masked",
        /// Executed branches, of what optimisation keeps.
        KeptBranch = "kept_branch",
        /// Executed calls of the run time, of what optimisation keeps.
        KeptRuntime = "kept_runtime",
        /// In an iteration of the hottest loop: floating-point additions and multiplications.
        HotFloat = "hot_float",
        /// In an iteration of the hottest loop: floating-point minima and maxima.
        HotMinMax = "hot_min_max",
        /// In an iteration of the hottest loop: comparisons and selections.
        HotSelect = "hot_select",
        /// In an iteration of the hottest loop: floating-point divisions and square roots.
        HotDivide = "hot_divide",
        /// In an iteration of the hottest loop: calls of functions.
        HotCall = "hot_call",
        /// In an iteration of the hottest loop: operations on `f16`.
        HotHalf = "hot_half",
        /// In an iteration of the hottest loop: operations on `bf16`.
        HotBrain = "hot_brain",
        /// In an iteration of the hottest loop: integer operations on data.
        HotInteger = "hot_integer",
        /// In an iteration of the hottest loop: integer divisions by constants.
        HotConstantDivide = "hot_constant_divide",
        /// In an iteration of the hottest loop: other integer divisions.
        HotIntegerDivide = "hot_integer_divide",
        /// In an iteration of the hottest loop: operations on indices.
        HotAddress = "hot_address",
        /// In an iteration of the hottest loop: conversions.
        HotCast = "hot_cast",
        /// In an iteration of the hottest loop: reads at consecutive or fixed places.
        HotLoad = "hot_load",
        /// In an iteration of the hottest loop: reads at places apart.
        HotStridedLoad = "hot_strided_load",
        /// In an iteration of the hottest loop: reads at places that depend on data.
        HotIndirectLoad = "hot_indirect_load",
        /// In an iteration of the hottest loop: writes at consecutive or fixed places.
        HotStore = "hot_store",
        /// In an iteration of the hottest loop: other writes.
        HotStridedStore = "hot_strided_store",
        /// In an iteration of the hottest loop: moves of lanes.
        HotShuffle = "hot_shuffle",
        /// In an iteration of the hottest loop: reads and writes of vectors that may reach beyond the end.
        HotMasked = "hot_masked",
        /// In an iteration of the hottest loop: branches.
        HotBranch = "hot_branch",
        /// In an iteration of the hottest loop: calls of the run time.
        HotRuntime = "hot_runtime",
        /// Iterations of all loops.
        KeptIterations = "kept_iterations",
        /// Instructions without vectors, roughly.
        InstructionsScalar = "instructions_scalar",
        /// Instructions if loops become vectors of 256 bits, floating-point sums left out.
        InstructionsVector = "instructions_vector",
        /// The same, loops left out that read or write places apart.
        InstructionsContiguous = "instructions_contiguous",
        /// The same, floating-point sums included.
        InstructionsOrdered = "instructions_ordered",
        /// Instructions if all such loops become vectors of 512 bits.
        InstructionsLong = "instructions_long",
        /// The hottest loop's share of the scalar instructions, in %.
        HotShare = "hot_share",
        /// Iterations of the hottest loop.
        HotIterations = "hot_iterations",
        /// Iterations of the hottest loop each time it is entered.
        HotTrips = "hot_trips",
        /// Of these, those that fill no vector of 256 bits.
        HotRest = "hot_rest",
        /// Whether its iterations can share vectors.
        HotVectorizable = "hot_vectorizable",
        /// Whether they can where floating-point sums stay in order.
        HotOrdered = "hot_ordered",
        /// Whether the text itself computes on vectors in it.
        HotVectors = "hot_vectors",
        /// Whether it reads what an iteration shortly before has written.
        HotConflicts = "hot_conflicts",
        /// Whether it only copies or fills.
        HotCopy = "hot_copy",
        /// Whether there are loops in it.
        HotInner = "hot_inner",
        /// Bits of the narrowest elements that it reads or writes.
        HotNarrowest = "hot_narrowest",
        /// Bits of the widest.
        HotWidest = "hot_widest",
        /// Most writes of an iteration to neighbouring places.
        HotNeighbours = "hot_neighbours",
        /// Values from outside that it uses.
        HotInvariants = "hot_invariants",
        /// Buffers that it reads or writes.
        HotBuffers = "hot_buffers",
        /// Integer sums and extremes that it carries.
        HotCarriedIntegers = "hot_carried_integers",
        /// Floating-point extremes that it carries.
        HotCarriedExtremes = "hot_carried_extremes",
        /// Floating-point sums and products that it carries.
        HotCarriedFloats = "hot_carried_floats",
        /// Other values that it carries.
        HotCarriedOthers = "hot_carried_others",
        /// Most values from outside that a loop uses.
        MostInvariants = "most_invariants",
        /// Most buffers that a loop reads or writes.
        MostBuffers = "most_buffers",
        /// Most values that a loop carries.
        MostCarried = "most_carried",
        /// Most machine work in an iteration.
        MostWork = "most_work",
        /// Loops, one a dimension of structured operations, and the body.
        Levels = "levels",
        /// Share of the scalar instructions in loops whose iterations can share vectors, in %.
        VectorizableShare = "vectorizable_share",
        /// The same, floating-point sums included.
        OrderedShare = "ordered_share",
        /// Share in innermost loops, in %.
        InnermostShare = "innermost_share",
        /// Share in loops that call functions, in %.
        CallShare = "call_share",
        /// Share in loops that only copy or fill, in %.
        CopyShare = "copy_share",
        /// Elements of the function's shaped arguments and results.
        ArgumentElements = "argument_elements",
        /// Elements of its largest.
        LargestArgument = "largest_argument",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_order_is_the_enum() {
        let names: std::collections::BTreeSet<&str> = Feature::ALL.iter().map(|f| f.name()).collect();
        assert_eq!(names.len(), Feature::COUNT);
        assert!(Feature::ALL.iter().enumerate().all(|(i, f)| *f as usize == i));
    }
}
