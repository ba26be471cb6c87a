//! Generated kernels: families of loop nests and linalg operations, each kernel in several forms and schedules.
//!
//! A kernel is what is computed: its family, element types, shapes, fused steps and constants, drawn from a stream
//! that the seed, the family and the kernel's number name. Its sources differ in form (affine, scf, linalg) and in
//! schedule (loop order, register tile, accumulators in memory or registers, unrolling), drawn from further streams.
//! The text is valid MLIR, but nothing here checks it and nothing is executed: index arrays and in-place updates
//! are shaped like the real kernels, their results are not meant to be used.

mod chain;
mod contraction;
mod control;
mod convolution;
mod dense;
mod draw;
mod elementwise;
mod family;
mod graphs;
mod integer;
mod layout;
mod linalg;
mod loops;
mod paths;
mod reductions;
mod solvers;
mod stencils;
mod straight;
mod types;
mod vector;
mod writer;

use names::named;

pub use draw::Draw;
pub use writer::Form;

use family::{ALL, Family, LOOPS, family};
use writer::Writer;

named! {
    /// Families that are drawn together. A set's kernels do not change when another set gains families.
    pub enum FamilySet {
        /// Loop nests, linear algebra and explicit vectors: most of the corpus.
        Core = "core",
        /// Named operations of `linalg` and arithmetic on whole tensors.
        Graphs = "graphs",
        /// Conditions, parallel loops, calls, masks, tiles of vectors and long straight-line code.
        Control = "control",
    }
}

impl FamilySet {
    /// Its families, and the number of the first one. A family's number and a seed give the streams of its kernels, so neither
    /// changes once kernels were drawn: new families come last in their set.
    fn families(self) -> (u64, &'static [Family]) {
        match self {
            Self::Core => (0, CORE),
            Self::Graphs => (1000, graphs::FAMILIES),
            Self::Control => (2000, control::FAMILIES),
        }
    }
}

const CORE: &[Family] = &[
    family("gemm", 110, ALL, dense::gemm),
    family("batched-matmul", 100, ALL, dense::batched_matmul),
    family("matmul-chain", 90, ALL, dense::matmul_chain),
    family("matvec", 110, ALL, dense::matvec),
    family("rank-update", 100, LOOPS, dense::rank_update),
    family("contraction", 130, ALL, dense::contraction),
    family("convolution", 110, ALL, convolution::convolution),
    family("depthwise-convolution", 90, ALL, convolution::depthwise),
    family("pooling", 90, ALL, convolution::pooling),
    family("factorisation", 80, LOOPS, solvers::factorisation),
    family("triangular-solve", 80, LOOPS, solvers::triangular_solve),
    family("statistics", 90, LOOPS, solvers::statistics),
    family("all-pairs", 80, LOOPS, paths::all_pairs),
    family("alignment", 80, LOOPS, paths::alignment),
    family("interval-table", 80, LOOPS, paths::interval_table),
    family("stencil-1d", 100, ALL, stencils::stencil_1d),
    family("stencil-2d", 120, ALL, stencils::stencil_2d),
    family("stencil-3d", 110, ALL, stencils::stencil_3d),
    family("time-stepping", 100, LOOPS, stencils::time_stepping),
    family("image", 100, LOOPS, stencils::image),
    family("reduction", 130, ALL, reductions::reduction),
    family("arg-extreme", 80, LOOPS, reductions::arg_extreme),
    family("segmented", 90, LOOPS, reductions::segmented),
    family("scan", 100, LOOPS, reductions::scan),
    family("softmax", 90, ALL, reductions::softmax),
    family("normalisation", 100, LOOPS, reductions::normalisation),
    family("histogram", 80, LOOPS, reductions::histogram),
    family("expression", 150, ALL, elementwise::expression),
    family("many-live", 120, LOOPS, elementwise::many_live),
    family("activation", 110, ALL, elementwise::activation),
    family("math-function", 110, ALL, elementwise::math_function),
    family("optimizer", 80, LOOPS, elementwise::optimizer),
    family("mixed-precision", 110, ALL, elementwise::mixed_precision),
    family("loss", 90, LOOPS, elementwise::loss),
    family("bitwise", 100, ALL, integer::bitwise),
    family("random-numbers", 90, LOOPS, integer::random_numbers),
    family("quantised-matmul", 100, ALL, integer::quantised_matmul),
    family("transpose", 80, ALL, layout::transpose),
    family("rearrange", 80, LOOPS, layout::rearrange),
    family("gather-scatter", 100, LOOPS, layout::gather_scatter),
    family("sparse", 90, LOOPS, layout::sparse),
    family("small-matrix", 100, LOOPS, straight::small_matrix),
    family("sorting-network", 100, LOOPS, straight::sorting_network),
    family("butterfly", 100, LOOPS, straight::butterfly),
    family("integrator", 100, LOOPS, straight::integrator),
    family("particles", 110, LOOPS, straight::particles),
    family("filter", 100, LOOPS, straight::filter),
    family("vector-gemm", 130, LOOPS, vector::vector_gemm),
    family("vector-rows", 100, LOOPS, vector::vector_rows),
    family("attention", 90, LOOPS, vector::attention),
];

/// One generated kernel.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// Its family.
    pub family: &'static str,
    /// Its name, unique within a seed.
    pub name: String,
    /// The forms it can be written in.
    pub forms: &'static [Form],
    /// Passes of its family, tried before those of the form: names and pipelines on the module.
    pub passes: &'static [(&'static str, &'static str)],
    /// Whether its texts are long on purpose.
    pub long: bool,
    write: fn(&mut Writer, &mut Draw, &mut Draw),
    seed: u64,
    stream: u64,
}

/// Streams of a kernel: what it computes, then the choices of variants, then schedules.
const STREAMS: u64 = 64;

impl Kernel {
    /// The kernel as a module with one function, `kernel`, in one of its forms and in a numbered schedule (below 60).
    pub fn source(&self, form: Form, schedule: u64) -> String {
        let mut what = Draw::new(self.seed, self.stream);
        let mut how = Draw::new(self.seed, self.stream + 2 + schedule);
        let fast_math = match what.below(20) {
            0..=3 => Some("fast"),
            4..=6 => Some("contract"),
            _ => None,
        };
        let mut writer = Writer::new(form, fast_math);
        (self.write)(&mut writer, &mut what, &mut how);
        writer.finish()
    }

    /// The stream from which variants of this kernel are chosen.
    pub fn choices(&self) -> Draw {
        Draw::new(self.seed, self.stream + 1)
    }
}

/// Names of all families, in the order of generation.
pub fn families() -> impl Iterator<Item = &'static str> {
    FamilySet::ALL.iter().flat_map(|set| set.families().1).map(|family| family.name)
}

/// About `count` kernels of a set, in shares by family, family by family.
pub fn kernels(set: FamilySet, seed: u64, count: usize) -> Vec<Kernel> {
    let (first, families) = set.families();
    let total: usize = families.iter().map(|family| family.weight).sum();
    let of_family = |(number, family): (u64, &'static Family)| {
        let share = (count * family.weight).div_ceil(total);
        (0..share).map(move |index| Kernel {
            family: family.name,
            name: format!("{}-{index:04}", family.name),
            forms: family.forms,
            passes: family.passes,
            long: family.long,
            write: family.write,
            seed,
            stream: (number << 32 | index as u64) * STREAMS,
        })
    };
    (first..).zip(families).flat_map(of_family).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::normal::content_hash;

    fn every(seed: u64, count: usize) -> impl Iterator<Item = Kernel> {
        FamilySet::ALL.into_iter().flat_map(move |set| kernels(set, seed, count))
    }

    #[test]
    fn the_seed_and_the_number_decide_a_kernel_alone() {
        let all = |seed, count| every(seed, count).collect::<Vec<_>>();
        let (few, many, other) = (all(1, 100), all(1, 200), all(2, 100));
        let text = |k: &Kernel| k.source(k.forms[0], 1);
        for kernel in &few {
            let twin = many.iter().find(|k| k.name == kernel.name).expect("more kernels include fewer");
            assert_eq!(text(kernel), text(twin));
        }
        assert!(few.iter().zip(&other).all(|(a, b)| text(a) != text(b)));
    }

    #[test]
    fn forms_schedules_and_kernels_differ() {
        let mut hashes = BTreeSet::new();
        let kernels: Vec<_> = every(1, 400).collect();
        for kernel in &kernels {
            for &form in kernel.forms {
                let text = kernel.source(form, 0);
                assert_eq!(text.matches("func.func @").count(), 1, "one public function");
                hashes.insert(content_hash(&text));
            }
        }
        let texts: usize = kernels.iter().map(|k| k.forms.len()).sum();
        assert!(hashes.len() * 100 >= texts * 98, "{} distinct of {texts}", hashes.len());
        let names: BTreeSet<_> = families().collect();
        assert_eq!(names.len(), families().count(), "a name occurs twice");
    }

    #[test]
    fn every_kernel_parses() {
        for kernel in every(5, 250) {
            for &form in kernel.forms {
                let text = kernel.source(form, 2);
                let parsed = ir::parse(&text, &ir::Limits::default());
                assert!(parsed.diagnostics.is_empty(), "{} {form:?}: {:?}\n{text}", kernel.name, parsed.diagnostics);
            }
        }
    }
}
