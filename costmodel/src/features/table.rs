//! The declaration of every number that a model sees of a function, besides its words.
//!
//! Each feature is one row: its name in files, its documentation, the [`Collector`] that fills it, its [`Unit`] and its
//! [`Scale`]. Order and index of the vector follow from the order of rows. The counts of work, which follow the
//! features, are products of the enumerations below: a count for each [`LoopClass`] and [`WorkKind`], two for each
//! kind of explicit vector work, then [`LoopCount`] and [`TensorCount`]. To add a feature, add a row and fill it in its
//! collector; a trained model then no longer fits, so the model has to be trained again.

use names::named;

/// Declares [`Feature`] and [`WorkKind`]: features before those by kind of work, the kinds (each is two features,
/// executed in all and in one iteration of the hottest loop), and the remaining features.
macro_rules! features {
    (
        $($(#[doc = $doc:literal])+ $name:ident = $text:literal, $collector:ident, $unit:ident, $scale:ident;)*
        kinds {
            $($(#[doc = $kind_doc:literal])+ $kind:ident = $kind_text:literal: $executed:ident, $hottest:ident;)*
        }
        $($(#[doc = $last_doc:literal])+ $last:ident = $last_text:literal,
            $last_collector:ident, $last_unit:ident, $last_scale:ident;)*
    ) => {
        named! {
            /// One number about a function.
            pub enum Feature {
                $($(#[doc = $doc])+ $name = $text,)*
                $(#[doc = concat!("Executed, after optimisation:", $($kind_doc),+)] $executed = concat!("kept_", $kind_text),)*
                $(#[doc = concat!("In one iteration of the hottest loop:", $($kind_doc),+)] $hottest = concat!("hot_", $kind_text),)*
                $($(#[doc = $last_doc])+ $last = $last_text,)*
            }
        }

        named! {
            /// Kinds of machine work: operations of one kind cost about the same.
            pub enum WorkKind {
                $($(#[doc = $kind_doc])+ $kind = $kind_text,)*
            }
        }

        impl Feature {
            /// The collector that fills it.
            #[must_use]
            pub const fn collector(self) -> Collector {
                match self {
                    $(Self::$name => Collector::$collector,)*
                    $(Self::$executed | Self::$hottest => Collector::LoopWork,)*
                    $(Self::$last => Collector::$last_collector,)*
                }
            }

            /// Its unit.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self {
                    $(Self::$name => Unit::$unit,)*
                    $(Self::$executed | Self::$hottest => Unit::Operations,)*
                    $(Self::$last => Unit::$last_unit,)*
                }
            }

            /// The scale on which differences are comparable.
            #[must_use]
            pub const fn scale(self) -> Scale {
                match self {
                    $(Self::$name => Scale::$scale,)*
                    $(Self::$executed | Self::$hottest => Scale::Logarithmic,)*
                    $(Self::$last => Scale::$last_scale,)*
                }
            }
        }

        impl WorkKind {
            /// The feature that counts executed work of this kind.
            pub const fn executed(self) -> Feature {
                match self {
                    $(Self::$kind => Feature::$executed,)*
                }
            }

            /// The feature that counts work of this kind in one iteration of the hottest loop.
            pub const fn hottest(self) -> Feature {
                match self {
                    $(Self::$kind => Feature::$hottest,)*
                }
            }
        }
    };
}

named! {
    /// The part of this module that fills a number.
    pub enum Collector {
        /// Operations as written, dead code included: `text`.
        Text = "text",
        /// The signature and the analyses of `ir` (work, traffic, liveness): `function`.
        Function = "function",
        /// Quotients of other features: `function`.
        Ratio = "ratio",
        /// Loops after dead code elimination, common subexpression elimination and hoisting: `loop_work`.
        LoopWork = "loop work",
        /// Tensor steps of `ir::steps`: `tensor`.
        TensorSteps = "tensor steps",
    }
}

named! {
    /// What a number counts.
    pub enum Unit {
        /// Operations, in the text or executed.
        Operations = "operations",
        /// Words of the shaped tokenizer scheme.
        Words = "words",
        /// SSA values of the function.
        Values = "values",
        /// Elements of tensors and memrefs.
        Elements = "elements",
        /// Bytes of memory.
        Bytes = "bytes",
        /// Width of a type, or of several values, in bits.
        Bits = "bits",
        /// Loops of the text or of the optimised function.
        Loops = "loops",
        /// Iterations of loops.
        Iterations = "iterations",
        /// Times that control enters a loop.
        Entries = "entries",
        /// Memory buffers.
        Buffers = "buffers",
        /// Estimated machine instructions.
        Instructions = "instructions",
        /// Tensor steps, see `ir::steps`.
        Steps = "steps",
        /// Multiplications that are added up.
        MultiplyAccumulates = "multiply-accumulates",
        /// Percent, 0 to 100.
        Percent = "%",
        /// 1 if it holds, else 0.
        Flag = "0 or 1",
    }
}

named! {
    /// The scale on which differences of a number are comparable.
    pub enum Scale {
        /// Spreads over many orders of magnitude: `ln(1 + x)`.
        Logarithmic = "logarithmic",
        /// As it is.
        Linear = "linear",
        /// No scale: 0 or 1.
        Flag = "flag",
        /// As it is, because counts of work are summed with fitted coefficients.
        Additive = "additive",
    }
}

features! {
    /// Operations in the text.
    Operations = "operations", Text, Operations, Logarithmic;
    /// Words of the shaped tokenizer scheme.
    Length = "length", Function, Words, Logarithmic;
    /// Arguments of the function.
    Arguments = "arguments", Function, Values, Linear;
    /// Bytes of the function's shaped arguments.
    ArgumentBytes = "argument_bytes", Function, Bytes, Logarithmic;
    /// Additions, multiplications and comparisons of floating-point numbers in the text.
    Floats = "floats", Text, Operations, Logarithmic;
    /// The same, executed, each vector lane counted.
    FloatsExecuted = "floats_executed", Text, Operations, Logarithmic;
    /// Floating-point divisions and square roots in the text.
    Divisions = "divisions", Text, Operations, Logarithmic;
    /// The same, executed, each vector lane counted.
    DivisionsExecuted = "divisions_executed", Text, Operations, Logarithmic;
    /// Exponentials, logarithms and other functions that become library calls, in the text.
    Transcendentals = "transcendentals", Text, Operations, Logarithmic;
    /// The same, executed, each vector lane counted.
    TranscendentalsExecuted = "transcendentals_executed", Text, Operations, Logarithmic;
    /// Integer and index arithmetic in the text.
    Integers = "integers", Text, Operations, Logarithmic;
    /// The same, executed, each vector lane counted.
    IntegersExecuted = "integers_executed", Text, Operations, Logarithmic;
    /// Conversions between types in the text.
    Casts = "casts", Text, Operations, Logarithmic;
    /// The same, executed, each vector lane counted.
    CastsExecuted = "casts_executed", Text, Operations, Logarithmic;
    /// Reads of memory or of a tensor's elements, in the text.
    Loads = "loads", Text, Operations, Logarithmic;
    /// The same, executed.
    LoadsExecuted = "loads_executed", Text, Operations, Logarithmic;
    /// Writes of memory or of a tensor's elements, in the text.
    Stores = "stores", Text, Operations, Logarithmic;
    /// The same, executed.
    StoresExecuted = "stores_executed", Text, Operations, Logarithmic;
    /// Branches, and selections by a condition, in the text.
    Branches = "branches", Text, Operations, Logarithmic;
    /// The same, executed, each vector lane counted.
    BranchesExecuted = "branches_executed", Text, Operations, Logarithmic;
    /// Calls in the text.
    Calls = "calls", Text, Operations, Logarithmic;
    /// The same, executed.
    CallsExecuted = "calls_executed", Text, Operations, Logarithmic;
    /// Operations on explicit vectors in the text.
    Vectors = "vectors", Text, Operations, Logarithmic;
    /// The same, executed.
    VectorsExecuted = "vectors_executed", Text, Operations, Logarithmic;
    /// Structured operations in the text: each is a loop nest.
    Structured = "structured", Text, Operations, Logarithmic;
    /// Operations on whole tensors or memrefs that move, reshape, view or allocate them.
    Reshapes = "reshapes", Text, Operations, Logarithmic;
    /// Operations that are not registered.
    Unknown = "unknown", Text, Operations, Logarithmic;
    /// Arithmetic executed; a multiply-add counts twice.
    Work = "work", Function, Operations, Logarithmic;
    /// Bytes read.
    BytesLoaded = "bytes_loaded", Function, Bytes, Logarithmic;
    /// Bytes written.
    BytesStored = "bytes_stored", Function, Bytes, Logarithmic;
    /// Loops in the text; a structured operation is one.
    Loops = "loops", Text, Loops, Logarithmic;
    /// Deepest loop nesting; a structured operation counts one level for each iterator.
    LoopDepth = "loop_depth", Text, Loops, Linear;
    /// Innermost loops.
    InnermostLoops = "innermost_loops", Text, Loops, Logarithmic;
    /// Loops whose trip count is not constant.
    UnknownLoops = "unknown_loops", Text, Loops, Logarithmic;
    /// Iterations of innermost loops, over all entries.
    InnermostTrips = "innermost_trips", Text, Iterations, Logarithmic;
    /// Smallest mean trip count of an innermost loop.
    InnermostTripsLeast = "innermost_trips_least", Text, Iterations, Logarithmic;
    /// Most operations in the body of an innermost loop.
    InnermostBody = "innermost_body", Text, Operations, Logarithmic;
    /// Most reads in the body of an innermost loop.
    InnermostLoads = "innermost_loads", Text, Operations, Logarithmic;
    /// Most floating-point operations in the body of an innermost loop.
    InnermostFloats = "innermost_floats", Text, Operations, Logarithmic;
    /// Floating-point operations executed in innermost loops that carry a value.
    ReductionFloats = "reduction_floats", Text, Operations, Logarithmic;
    /// Iterations of innermost loops that carry a value.
    ReductionTrips = "reduction_trips", Text, Iterations, Logarithmic;
    /// Reads executed whose last subscript, and no other, varies with the innermost loop.
    ContiguousLoads = "contiguous_loads", Text, Operations, Logarithmic;
    /// Writes executed whose last subscript, and no other, varies with the innermost loop.
    ContiguousStores = "contiguous_stores", Text, Operations, Logarithmic;
    /// Most floating-point, vector and tensor-element values live at once.
    MaxLiveData = "max_live_data", Function, Values, Logarithmic;
    /// Most indices, integers and pointers live at once.
    MaxLiveIndices = "max_live_indices", Function, Values, Logarithmic;
    /// Width of the widest vector.
    VectorBits = "vector_bits", Text, Bits, Logarithmic;
    /// Width of the widest element that is computed on.
    ElementBits = "element_bits", Text, Bits, Logarithmic;
    /// Longest chain of dependent operations, loop-carried dependences left out.
    CriticalPath = "critical_path", Text, Operations, Logarithmic;
    /// Entries of innermost loops.
    InnermostEntries = "innermost_entries", Text, Entries, Logarithmic;
    /// Arithmetic per iteration of the innermost loops.
    WorkPerIteration = "work_per_iteration", Ratio, Operations, Logarithmic;
    /// Reads per iteration of the innermost loops.
    LoadsPerIteration = "loads_per_iteration", Ratio, Operations, Logarithmic;
    /// Writes per iteration of the innermost loops.
    StoresPerIteration = "stores_per_iteration", Ratio, Operations, Logarithmic;
    /// Mean trip count of the innermost loops.
    TripsPerEntry = "trips_per_entry", Ratio, Iterations, Logarithmic;
    /// Bits of the floating-point and vector values live at once.
    LiveBits = "live_bits", Function, Bits, Logarithmic;
    /// Share of the innermost loops' iterations that belong to loops that carry a value.
    CarriedShare = "carried_share", Ratio, Percent, Linear;
    /// Floating-point operations executed per iteration of the innermost loops.
    FloatsPerIteration = "floats_per_iteration", Ratio, Operations, Logarithmic;
    /// Divisions and square roots executed per iteration of the innermost loops.
    DivisionsPerIteration = "divisions_per_iteration", Ratio, Operations, Logarithmic;
    /// Functions that become library calls executed per iteration of the innermost loops.
    TranscendentalsPerIteration = "transcendentals_per_iteration", Ratio, Operations, Logarithmic;
    /// Integer and index arithmetic executed per iteration of the innermost loops.
    IntegersPerIteration = "integers_per_iteration", Ratio, Operations, Logarithmic;
    /// Conversions executed per iteration of the innermost loops.
    CastsPerIteration = "casts_per_iteration", Ratio, Operations, Logarithmic;
    /// Branches and selections executed per iteration of the innermost loops.
    BranchesPerIteration = "branches_per_iteration", Ratio, Operations, Logarithmic;
    /// Operations on explicit vectors executed per iteration of the innermost loops.
    VectorsPerIteration = "vectors_per_iteration", Ratio, Operations, Logarithmic;
    /// Contiguous reads as a share of all reads executed.
    ContiguousLoadShare = "contiguous_load_share", Ratio, Percent, Linear;
    /// Contiguous writes as a share of all writes executed.
    ContiguousStoreShare = "contiguous_store_share", Ratio, Percent, Linear;
    kinds {
        /// floating-point additions, multiplications and fused multiply-adds.
        Float = "float": KeptFloat, HotFloat;
        /// floating-point minima and maxima that propagate NaN.
        MinMax = "min_max": KeptMinMax, HotMinMax;
        /// comparisons and selections.
        Select = "select": KeptSelect, HotSelect;
        /// floating-point divisions and square roots.
        Divide = "divide": KeptDivide, HotDivide;
        /// calls of functions of the text, and of library functions that LLVM has no intrinsic for.
        Call = "call": KeptCall, HotCall;
        /// mathematical functions and floating-point remainders, called for each lane of a vector.
        MathCall = "math_call": KeptMathCall, HotMathCall;
        /// arithmetic on `f16`, which most processors convert to `f32` and back.
        F16 = "half": KeptF16, HotF16;
        /// arithmetic on `bf16`, whose rounding is a call on processors without an instruction for it.
        Bf16 = "brain": KeptBf16, HotBf16;
        /// minima and maxima of `bf16`, which most processors compute in `f32`, and selections of it, which they make of scalars.
        Bf16MinMax = "brain_min_max": KeptBf16MinMax, HotBf16MinMax;
        /// integer arithmetic on data.
        Integer = "integer": KeptInteger, HotInteger;
        /// integer divisions and remainders by a constant.
        ConstantDivide = "constant_divide": KeptConstantDivide, HotConstantDivide;
        /// other integer divisions and remainders.
        IntegerDivide = "integer_divide": KeptIntegerDivide, HotIntegerDivide;
        /// arithmetic on indices.
        Address = "address": KeptAddress, HotAddress;
        /// conversions between types.
        Cast = "cast": KeptCast, HotCast;
        /// reads at consecutive or loop-invariant addresses.
        Load = "load": KeptLoad, HotLoad;
        /// reads with a stride other than one element.
        StridedLoad = "strided_load": KeptStridedLoad, HotStridedLoad;
        /// reads at addresses that depend on data (gathers).
        IndirectLoad = "indirect_load": KeptIndirectLoad, HotIndirectLoad;
        /// writes at consecutive or loop-invariant addresses.
        Store = "store": KeptStore, HotStore;
        /// writes with any other stride, or at addresses that depend on data (scatters).
        StridedStore = "strided_store": KeptStridedStore, HotStridedStore;
        /// moves of vector lanes: shuffles, broadcasts, extractions, reductions of one vector.
        Shuffle = "shuffle": KeptShuffle, HotShuffle;
        /// vector reads and writes that may be partly out of bounds.
        Masked = "masked": KeptMasked, HotMasked;
        /// branches.
        Branch = "branch": KeptBranch, HotBranch;
        /// allocations and other calls of the run-time library, and unknown operations.
        Runtime = "runtime": KeptRuntime, HotRuntime;
    }
    /// Iterations of all loops, the function's body counted as one.
    KeptIterations = "kept_iterations", LoopWork, Iterations, Logarithmic;
    /// Estimated instructions without vectorisation.
    InstructionsScalar = "instructions_scalar", LoopWork, Instructions, Logarithmic;
    /// Estimated instructions if loops without floating-point reductions are vectorised to 256 bits.
    InstructionsVector = "instructions_vector", LoopWork, Instructions, Logarithmic;
    /// The same, loops with strided or indirect accesses left scalar.
    InstructionsContiguous = "instructions_contiguous", LoopWork, Instructions, Logarithmic;
    /// The same, loops with floating-point reductions vectorised.
    InstructionsOrdered = "instructions_ordered", LoopWork, Instructions, Logarithmic;
    /// Estimated instructions if all vectorisable loops are vectorised to 512 bits.
    InstructionsLong = "instructions_long", LoopWork, Instructions, Logarithmic;
    /// The hottest loop's share of the scalar instructions.
    HotShare = "hot_share", LoopWork, Percent, Linear;
    /// Iterations of the hottest loop over all its entries.
    HotIterations = "hot_iterations", LoopWork, Iterations, Logarithmic;
    /// Mean trip count of the hottest loop.
    HotTrips = "hot_trips", LoopWork, Iterations, Logarithmic;
    /// The remainder of that trip count that does not fill a vector of 256 bits.
    HotRest = "hot_rest", LoopWork, Iterations, Linear;
    /// Whether the hottest loop can be vectorised with floating-point reductions kept in order.
    HotVectorizable = "hot_vectorizable", LoopWork, Flag, Flag;
    /// Whether the hottest loop can be vectorised if floating-point reductions may be reordered.
    HotOrdered = "hot_ordered", LoopWork, Flag, Flag;
    /// Whether the hottest loop contains explicit vector operations.
    HotVectors = "hot_vectors", LoopWork, Flag, Flag;
    /// Whether the hottest loop has a memory dependence between iterations less than 16 apart.
    HotConflicts = "hot_conflicts", LoopWork, Flag, Flag;
    /// Whether the hottest loop only copies or fills memory.
    HotCopy = "hot_copy", LoopWork, Flag, Flag;
    /// Whether the hottest loop contains other loops.
    HotInner = "hot_inner", LoopWork, Flag, Flag;
    /// Width of the narrowest elements that the hottest loop reads or writes; 0 if none.
    HotNarrowest = "hot_narrowest", LoopWork, Bits, Logarithmic;
    /// Width of the widest elements that the hottest loop reads or writes; 0 if none.
    HotWidest = "hot_widest", LoopWork, Bits, Logarithmic;
    /// Longest run of writes to adjacent elements in one iteration of the hottest loop.
    HotNeighbours = "hot_neighbours", LoopWork, Elements, Linear;
    /// Most adjacent elements that one iteration of the hottest loop accesses with a stride between iterations; 1 without.
    HotInterleave = "hot_interleave", LoopWork, Elements, Linear;
    /// Floating-point sums and products on the longest chain from one iteration of the hottest loop to the next.
    HotChainFloats = "hot_chain_floats", LoopWork, Operations, Linear;
    /// Operations other than floating-point sums and products on the longest chain from one iteration of the hottest loop to the next.
    HotChainOthers = "hot_chain_others", LoopWork, Operations, Linear;
    /// Stores of the hottest loop that loads of the next iterations wait for, each over the distance in iterations.
    HotForwarded = "hot_forwarded", LoopWork, Operations, Linear;
    /// Loop-invariant values that the hottest loop uses.
    HotInvariants = "hot_invariants", LoopWork, Values, Linear;
    /// Buffers that the hottest loop reads or writes.
    HotBuffers = "hot_buffers", LoopWork, Buffers, Linear;
    /// Reductions of the hottest loop that may be reordered: integer sums, products and extremes.
    HotCarriedIntegers = "hot_carried_integers", LoopWork, Values, Linear;
    /// Floating-point minimum and maximum reductions of the hottest loop.
    HotCarriedExtremes = "hot_carried_extremes", LoopWork, Values, Linear;
    /// Ordered floating-point sums and products of the hottest loop.
    HotCarriedFloats = "hot_carried_floats", LoopWork, Values, Linear;
    /// Other loop-carried values of the hottest loop: recurrences.
    HotCarriedOthers = "hot_carried_others", LoopWork, Values, Linear;
    /// Most loop-invariant values that a loop uses.
    MostInvariants = "most_invariants", LoopWork, Values, Linear;
    /// Most buffers that a loop reads or writes.
    MostBuffers = "most_buffers", LoopWork, Buffers, Linear;
    /// Most values that a loop carries.
    MostCarried = "most_carried", LoopWork, Values, Linear;
    /// Most machine work in one iteration of a loop.
    MostWork = "most_work", LoopWork, Operations, Logarithmic;
    /// Loops, the function's body counted as one, each dimension of a structured operation as one.
    Levels = "levels", LoopWork, Loops, Logarithmic;
    /// Share of the scalar instructions in vectorisable loops, floating-point reductions kept in order.
    VectorizableShare = "vectorizable_share", LoopWork, Percent, Linear;
    /// The same if floating-point reductions may be reordered.
    OrderedShare = "ordered_share", LoopWork, Percent, Linear;
    /// Share of the scalar instructions in innermost loops.
    InnermostShare = "innermost_share", LoopWork, Percent, Linear;
    /// Share of the scalar instructions in loops that call functions.
    CallShare = "call_share", LoopWork, Percent, Linear;
    /// Share of the scalar instructions in loops that only copy or fill memory.
    CopyShare = "copy_share", LoopWork, Percent, Linear;
    /// Elements of the function's shaped arguments.
    ArgumentElements = "argument_elements", Function, Elements, Logarithmic;
    /// Elements of its largest argument.
    LargestArgument = "largest_argument", Function, Elements, Logarithmic;
    /// Most registers with floating-point, vector and tensor-element values at once, vector registers of 512 bits.
    LiveRegisters = "live_registers", Function, Values, Logarithmic;
    /// Most registers that a loop needs at once for data, loops vectorised in registers of 256 bits and interleaved, each load as late as
    /// possible, or part of an arithmetic instruction as on x86; explicit vectors in registers of 512 bits.
    LateRegisters = "late_registers", LoopWork, Values, Logarithmic;
    /// The same, each load where the text has it.
    EarlyRegisters = "early_registers", LoopWork, Values, Logarithmic;
    /// The same with constants in registers, each load as late as possible and explicit vectors in registers of 128 bits.
    PartRegisters = "part_registers", LoopWork, Values, Logarithmic;
    /// Most registers that a loop needs at once for data if none is vectorised.
    ScalarRegisters = "scalar_registers", LoopWork, Values, Logarithmic;
    /// Most vector registers that a loop needs at once if loops are vectorised in groups of two registers of 512 bits, and scalars are in
    /// registers of their own.
    LongRegisters = "long_registers", LoopWork, Values, Logarithmic;
    /// Most registers that a loop needs at once for integers, addresses and counters if none is vectorised.
    IntegerRegisters = "integer_registers", LoopWork, Values, Logarithmic;
}

named! {
    /// Classes of loops by what a vectoriser makes of them; work of each class has counts of its own.
    pub enum LoopClass {
        /// all loops that stay scalar, neighbouring operations packed into vectors
        Scalar = "scalar",
        /// the function's body, loops around others, and loops with explicit vector operations
        Plain = "plain",
        /// loops with a memory dependence between near iterations, or with scalars of which no vectors are made
        Conflict = "conflict",
        /// loops that carry a recurrence
        Recurrent = "recurrent",
        /// loops with calls or other work that has no vector instructions
        Calling = "calling",
        /// loops that compute on `bf16`, if they have contiguous accesses and no floating-point reduction
        Bf16 = "brain",
        /// loops that stay scalar because of an operation or of how they accumulate floating-point numbers, or because they have fewer iterations than vector lanes: less than 4, or not as many in each entry
        Unvectorised = "unvectorised",
        /// loops with fewer iterations than vector lanes, as many in each entry
        Short = "short",
        /// loops with fewer iterations than vector lanes, if one vector holds all iterations, per entry
        Brief = "brief",
        /// vectorised loops with contiguous accesses and no floating-point reduction, per vector of 256 bits
        Vector = "vector",
        /// the same if their iterations compute several adjacent elements alike (unrolled loops), as vectors of all of these elements that may be longer, per vector of 256 bits
        Copies = "copies",
        /// loops whose iterations access several adjacent elements each (unrolled loops), if moves between lanes make vectors of iterations dear, neighbouring operations packed into vectors
        Copied = "copied",
        /// other loops whose iterations access several adjacent elements each, vectorised, per vector of 256 bits
        Interleaved = "interleaved",
        /// loops with strided or indirect accesses, if they stay scalar
        Apart = "apart",
        /// loops with strided or indirect accesses, if they are vectorised with gathers, per vector of 256 bits
        Gathered = "gathered",
        /// loops with strided or indirect accesses to elements of less than 32 bits, if they stay scalar
        NarrowApart = "narrow_apart",
        /// loops with strided or indirect accesses to elements of less than 32 bits, if they are vectorised, per vector of 256 bits
        NarrowGathered = "narrow_gathered",
        /// loops with calls of mathematical functions, if they stay scalar
        CalledApart = "called_apart",
        /// loops with calls of mathematical functions, if they are vectorised, per vector of 256 bits
        Called = "called",
        /// loops that divide integers by variables, or integers of 64 bits, if they stay scalar
        Dividing = "dividing",
        /// loops that divide integers by variables, or integers of 64 bits, if they are vectorised, per vector of 256 bits
        Divided = "divided",
        /// loops with floating-point reductions, if they stay scalar
        Ordered = "ordered",
        /// loops with floating-point reductions, if these are reordered and vectorised, per vector of 256 bits
        Reordered = "reordered",
    }
}

named! {
    /// Counts of loops that belong to no class.
    pub enum LoopCount {
        /// Entries of loops, without single ones.
        Entries = "entries",
        /// Entries of vectorised loops with one vector iteration, of which nothing but the body is left if the length of vectors is known.
        SingleEntries = "single_entries",
        /// Scalar instructions of remainder iterations that fill no vector.
        RestInstructions = "rest_instructions",
        /// Entries of vectorised loops that have remainder iterations.
        RestEntries = "rest_entries",
        /// Iterations of vectorised loops in vectors of 1024 bits, as groups of registers of a set of scalable vectors (RISC-V) are; the last ones are shorter.
        LongIterations = "long_iterations",
        /// Instructions of these iterations.
        LongInstructions = "long_instructions",
        /// Vector instructions of vectorised loops on elements wider than those in memory, without the first register of each.
        WidenedInstructions = "widened_instructions",
        /// Loads and stores of scalar loops that x86 makes part of an arithmetic instruction.
        FoldedAccesses = "folded_accesses",
        /// Loads of vectorised loops, as many of 256 bits, that x86 makes part of an arithmetic instruction.
        FoldedVectors = "folded_vectors",
        /// The same in vectorised loops whose iterations compute several adjacent elements alike.
        FoldedCopies = "folded_copies",
        /// Instructions of scalar loops some of whose neighbouring operations are packed into vectors.
        PackedInstructions = "packed_instructions",
        /// Instructions of the loops of class `copied`.
        CopiedInstructions = "copied_instructions",
        /// Entries of loops that only copy or fill memory.
        CopyEntries = "copy_entries",
        /// Iterations of loops that only copy or fill memory.
        CopyIterations = "copy_iterations",
        /// Iterations of scalar loops that carry a value whose order is fixed.
        ChainedIterations = "chained_iterations",
        /// Floating-point sums and products on the longest chain from one iteration of a scalar loop to the next, times the iterations.
        ChainedFloats = "chained_floats",
        /// Floating-point minima and maxima on the longest chain from one iteration of a scalar loop to the next, times the iterations.
        ChainedExtremes = "chained_extremes",
        /// Divisions, square roots and calls on the longest chain from one iteration of a scalar loop to the next, times the iterations.
        ChainedSlow = "chained_slow",
        /// Other operations on the longest chain from one iteration of a scalar loop to the next, times the iterations.
        ChainedOthers = "chained_others",
        /// Cycles that an iteration of a loop waits for the longest chain from the one before, beyond those that issue its instructions, times the iterations.
        ChainWait = "chain_wait",
        /// The same of loops with floating-point reductions, if they stay scalar.
        OrderedWait = "ordered_wait",
        /// The same on a processor that adds floating-point numbers in 2 cycles and has an instruction for extremes.
        ShortChainWait = "short_chain_wait",
        /// Cycles that an iteration of a loop waits for the ports of its loads, stores, floating-point operations or moves between lanes, beyond those that issue its instructions, times the iterations.
        PortWait = "port_wait",
        /// Cycles that an iteration of a loop waits for the longest chain within it, because only so many instructions are in flight, times the iterations.
        WindowWait = "window_wait",
        /// Cycles that an iteration of a loop waits for the unit that divides, beyond those that issue its instructions, times the iterations.
        DividerWait = "divider_wait",
        /// Cycles that an iteration of a loop waits for the longest chain within it if instructions are issued in order, times the iterations.
        InOrderWait = "in_order_wait",
        /// Stores that loads of later iterations of a scalar loop wait for, each divided by the distance in iterations, times the iterations.
        Forwarded = "forwarded",
        /// Estimated instructions of reductions of explicit vectors that combine the lanes one after another, where no instruction reduces a vector: ordered floating-point sums, and extremes that propagate NaN.
        LaneSteps = "lane_steps",
        /// Instructions of loops that update elements at addresses that depend on data: their iterations rarely wait for each other.
        UpdatingInstructions = "updating_instructions",
        /// Instructions of loops over elements that are aligned to less than their size, if they stay scalar because of that.
        MisalignedInstructions = "misaligned_instructions",
        /// Accesses of scalar loops to elements that are aligned to less than their size, as several parts where that is not allowed.
        MisalignedAccesses = "misaligned_accesses",
        /// Registers for data that a loop needs beyond 16, times its iterations, see [`Feature::LateRegisters`].
        DataBeyond16 = "data_beyond_16",
        /// The same beyond 32.
        DataBeyond32 = "data_beyond_32",
        /// The same beyond 32 if explicit vectors are in registers of 128 bits, see [`Feature::PartRegisters`].
        PartsBeyond32 = "parts_beyond_32",
        /// General registers that a loop needs beyond 14, times its iterations, see [`Feature::IntegerRegisters`].
        IndicesBeyond14 = "indices_beyond_14",
        /// The same beyond 28.
        IndicesBeyond28 = "indices_beyond_28",
    }
}

named! {
    /// Counts of the tensor steps of a function.
    pub enum TensorCount {
        /// Longest chain of dependent steps.
        StepChain = "step_chain",
        /// Longest chain of dependent steps, counted in element-wise functions.
        FunctionChain = "function_chain",
        /// Longest chain, passes over matrices counted in full from 32 inputs on, in proportion below.
        PassChain32 = "pass_chain_32",
        /// Longest chain, passes over matrices counted in full from 64 inputs on, in proportion below.
        PassChain64 = "pass_chain_64",
        /// Element-wise functions executed.
        Functions = "functions",
        /// Elements that element-wise functions are applied to.
        FunctionElements = "function_elements",
        /// Products of two tensors that both change between calls.
        Products = "products",
        /// Multiply-accumulates of those products.
        ProductMacs = "product_macs",
        /// Vectors of one side times vectors of the other in those products.
        ProductVectors = "product_vectors",
        /// Elements of the stationary side of those products.
        KeptElements = "kept_elements",
        /// Tensors written in another layout.
        Moves = "moves",
        /// Their elements.
        MovedElements = "moved_elements",
        /// Elements read of arguments that change between calls.
        ChangingElements = "changing_elements",
    }
}
