//! Collects the features of a function as it is written: dead code and repeated operations count.

use ir::registry::features::InstructionClass as Class;
use ir::tree::{Tree, Type};

use super::table::{Collector, Feature};
use super::vector::FeatureVector;
use super::walk::access::Motion;
use super::walk::lanes::{element_bits_or_default, lanes};
use super::walk::{Collect, TextAccess, TextBody, TextLoop, Visit};

/// Counts of one loop of the text.
#[derive(Debug, Clone, Default)]
struct LoopCounts {
    /// Entries per call of the function.
    entries: f64,
    /// Iterations per call of the function.
    iterations: f64,
    /// Whether it contains another loop.
    has_inner: bool,
    /// Whether it carries a value from iteration to iteration.
    carries: bool,
    /// Operations in its body; those of inner loops belong to these.
    operations: f64,
    /// Loads in its body.
    loads: f64,
    /// Floating-point operations in its body.
    floats: f64,
    /// The same, executed.
    floats_executed: f64,
}

/// The collector.
pub(super) struct TextCounts {
    features: FeatureVector,
    loops: Vec<LoopCounts>,
}

impl TextCounts {
    pub fn new() -> Self {
        Self { features: FeatureVector::new(Collector::Text), loops: Vec::new() }
    }

    /// The features, once the walk is done.
    pub fn finish(mut self) -> FeatureVector {
        let features = &mut self.features;
        let mut least = f64::INFINITY;
        for one in &self.loops {
            features.add(Feature::Loops, 1.0);
            if one.has_inner {
                continue;
            }
            features.add(Feature::InnermostLoops, 1.0);
            features.add(Feature::InnermostTrips, one.iterations);
            features.add(Feature::InnermostEntries, one.entries);
            least = least.min(one.iterations / one.entries.max(1.0));
            features.raise(Feature::InnermostBody, one.operations);
            features.raise(Feature::InnermostLoads, one.loads);
            features.raise(Feature::InnermostFloats, one.floats);
            if one.carries {
                features.add(Feature::ReductionFloats, one.floats_executed);
                features.add(Feature::ReductionTrips, one.iterations);
            }
        }
        features.set(Feature::InnermostTripsLeast, if least.is_finite() { least } else { 0.0 });
        self.features
    }

    /// Counts an operation in the text, and its executions times its lanes.
    fn count(&mut self, text: Feature, executed: Feature, executions: f64, lanes: f64) {
        self.features.add(text, 1.0);
        self.features.add(executed, executions * lanes);
    }

    /// Lanes of an operation's first result, 1 if it is no vector. Raises the features of widths.
    fn lanes(&mut self, tree: &Tree, visit: &Visit<'_>) -> f64 {
        let Some(&result) = visit.results.first() else { return 1.0 };
        let is_computed_on = || {
            let ty = tree.value_type(result);
            matches!(ty, Type::Float(_) | Type::Integer(..) | Type::Tensor { .. })
        };
        let lanes = lanes(tree, result);
        if lanes.is_some() || is_computed_on() {
            let bits = element_bits_or_default(tree, result);
            self.features.raise(Feature::ElementBits, bits);
            if let Some(lanes) = lanes {
                self.features.raise(Feature::VectorBits, lanes * bits);
            }
        }
        lanes.unwrap_or(1.0)
    }
}

impl Collect for TextCounts {
    fn operation(&mut self, tree: &Tree, visit: &Visit<'_>) {
        let lanes = self.lanes(tree, visit);
        let (class, executions) = (visit.class, visit.context.executions);
        self.features.raise(Feature::CriticalPath, f64::from(visit.chain));
        if class != Class::Free {
            self.features.add(Feature::Operations, 1.0);
            if let Some(inner) = visit.context.innermost {
                self.loops[inner].operations += 1.0;
            }
        }
        if lanes > 1.0 || class == Class::Vector {
            self.count(Feature::Vectors, Feature::VectorsExecuted, executions, 1.0);
        }
        let (text, executed) = match class {
            Class::Float => {
                if let Some(inner) = visit.context.innermost {
                    self.loops[inner].floats += 1.0;
                    self.loops[inner].floats_executed += executions;
                }
                (Feature::Floats, Feature::FloatsExecuted)
            }
            Class::Division => (Feature::Divisions, Feature::DivisionsExecuted),
            Class::Transcendental => (Feature::Transcendentals, Feature::TranscendentalsExecuted),
            Class::Integer => (Feature::Integers, Feature::IntegersExecuted),
            Class::Cast => (Feature::Casts, Feature::CastsExecuted),
            Class::Branch => (Feature::Branches, Feature::BranchesExecuted),
            Class::Call => return self.count(Feature::Calls, Feature::CallsExecuted, executions, 1.0),
            Class::Reshape => return self.features.add(Feature::Reshapes, 1.0),
            Class::Unknown => return self.features.add(Feature::Unknown, 1.0),
            Class::Structured => return self.features.add(Feature::Structured, 1.0),
            Class::Load | Class::Store | Class::Loop | Class::Vector | Class::Free => return,
        };
        self.count(text, executed, executions, lanes);
    }

    fn text_access(&mut self, access: &TextAccess) {
        let executions = access.context.executions;
        let (text, executed, contiguous) = if access.is_store {
            (Feature::Stores, Feature::StoresExecuted, Feature::ContiguousStores)
        } else {
            (Feature::Loads, Feature::LoadsExecuted, Feature::ContiguousLoads)
        };
        self.count(text, executed, executions, 1.0);
        let (Some(inner), Some(motion)) = (access.context.innermost, access.motion) else { return };
        let inner = &mut self.loops[inner];
        inner.loads += f64::from(u8::from(!access.is_store));
        // A value stored to one element goes through all iterations.
        inner.carries |= access.is_store && access.is_memory && motion == Motion::Invariant;
        if motion == Motion::AlongRow {
            self.features.add(contiguous, executions);
        }
    }

    fn text_loop(&mut self, new: &TextLoop) {
        if let Some(outer) = new.outer {
            self.loops[outer].has_inner = true;
        }
        self.features.raise(Feature::LoopDepth, new.depth as f64);
        let &TextLoop { entries, iterations, carries, .. } = new;
        let mut counts = LoopCounts { entries, iterations, carries, ..LoopCounts::default() };
        match new.body {
            TextBody::Operations { is_counted } => self.unknown_loop(is_counted),
            TextBody::Structured { is_counted, reads, writes } => {
                self.unknown_loop(is_counted);
                let (reads, writes) = (reads as f64, writes as f64);
                counts.loads = reads;
                self.features.add(Feature::Loads, reads);
                self.features.add(Feature::LoadsExecuted, reads * iterations);
                self.features.add(Feature::Stores, writes);
                self.features.add(Feature::StoresExecuted, writes * iterations);
            }
            TextBody::Whole(work) => {
                self.features.add(Feature::FloatsExecuted, work.flops);
                self.features.add(Feature::TranscendentalsExecuted, work.transcendentals);
                counts = LoopCounts { operations: 1.0, floats: 1.0, floats_executed: work.flops, ..counts };
            }
        }
        self.loops.push(counts);
    }
}

impl TextCounts {
    fn unknown_loop(&mut self, is_counted: bool) {
        self.features.add(Feature::UnknownLoops, f64::from(u8::from(!is_counted)));
    }
}
