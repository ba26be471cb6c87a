//! Numbers that analysis reads off a function, for trees, ridge regression and the analytical baselines.
//!
//! Counts come twice: in the text, and executed (times the trips of the loops around). A loop whose trips are not
//! constant counts as 32 trips, LLVM's own guess, and is counted in [`Feature::UnknownLoops`].

mod class;
mod extract;

pub use extract::features;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One number about a function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(usize)]
        pub enum Feature {
            $($(#[$doc])* $name,)*
        }

        impl Feature {
            /// All features, in the order of an input.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// Its name in files and explanations.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

features! {
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
