//! Lowers the upstream dialects to the LLVM dialect with one pipeline.
//!
//! TOSA and element-wise tensor arithmetic become linalg, tensors become buffers, linalg becomes affine loops, loops
//! become branches, and everything becomes the LLVM dialect with bare pointers for buffers. Tensor results become
//! out-parameters. Passes for dialects that do not occur cost almost nothing. The pipeline does not lower dynamic
//! shapes at a function's boundary (bare pointers carry no sizes) and dialects that are not upstream's.

use melior::ir::Module;

use super::super::bridge::{Bridge, Diagnostic, ParseOptions, Severity};
use crate::labels::{Failure, Phase};

/// The pipeline up to buffers, as `mlir-opt --pass-pipeline` takes it.
pub(in crate::mlir) const TO_BUFFERS: &str = "\
func.func(tosa-infer-shapes,tosa-make-broadcastable,tosa-to-linalg-named,canonicalize,tosa-to-linalg,tosa-to-arith,\
tosa-to-tensor,convert-elementwise-to-linalg,linalg-generalize-named-ops),\
one-shot-bufferize{bufferize-function-boundaries=1 function-boundary-type-conversion=identity-layout-map},\
buffer-results-to-out-params{hoist-static-allocs=1 modify-public-functions=1},drop-equivalent-buffer-results,\
func.func(promote-buffers-to-stack{max-alloc-size-in-bytes=4096})";

/// Frees buffers; works on structured control flow only.
const FREE: &str = "buffer-deallocation-pipeline";

/// The pipeline from buffers to the LLVM dialect.
const TO_LLVM: &str = "\
func.func(convert-linalg-to-affine-loops,affine-scalrep),canonicalize,cse,\
func.func(lower-vector-multi-reduction,convert-vector-to-scf),\
lower-affine,convert-scf-to-cf,expand-strided-metadata,lower-affine,\
func.func(arith-expand),convert-math-to-llvm,convert-math-to-libm,convert-vector-to-llvm,convert-ub-to-llvm,\
convert-arith-to-llvm,convert-index-to-llvm,finalize-memref-to-llvm{use-aligned-alloc=1},\
convert-func-to-llvm{use-bare-ptr-memref-call-conv=1},convert-cf-to-llvm,canonicalize,cse,reconcile-unrealized-casts";

/// The pipeline for modules with structured control flow, and the one for modules with branches of the `cf` dialect,
/// which does not free buffers.
#[must_use]
pub fn pipelines() -> [String; 2] {
    [format!("builtin.module({TO_BUFFERS},{FREE},{TO_LLVM})"), format!("builtin.module({TO_BUFFERS},{TO_LLVM})")]
}

/// A module in the LLVM dialect with the names of the functions to label.
pub struct Lowered<'b> {
    /// The module.
    pub module: Module<'b>,
    /// Defined functions that are visible from outside, in the order of the text.
    pub public: Vec<String>,
    /// Defined functions that are private to the module.
    pub private: Vec<String>,
}

/// Parses, verifies and lowers a module.
///
/// # Errors
/// The phase that failed and upstream's messages.
pub fn lower<'b>(bridge: &'b Bridge, text: &str) -> Result<Lowered<'b>, Failure> {
    let mut module =
        bridge.parse(text, ParseOptions::default()).map_err(|diagnostics| failure(Phase::Parse, &diagnostics))?;
    let (public, private) = functions(&module);
    if public.is_empty() {
        return Err(Failure { phase: Phase::Parse, reason: "the module defines no public function".into() });
    }
    let [structured, branches] = pipelines();
    let pipeline = if has_branches(text) { branches } else { structured };
    bridge.run_passes(&mut module, &pipeline).map_err(|diagnostics| failure(Phase::Lower, &diagnostics))?;
    Ok(Lowered { module, public, private })
}

/// Whether a text has operations of the `cf` dialect.
fn has_branches(text: &str) -> bool {
    ["cf.br", "cf.cond_br", "cf.switch"].iter().any(|name| text.contains(name))
}

/// Names of the functions with a body: the public ones, then the private ones.
fn functions(module: &Module<'_>) -> (Vec<String>, Vec<String>) {
    use melior::ir::RegionLike;
    use melior::ir::attribute::StringAttribute;
    use melior::ir::block::BlockLike;
    use melior::ir::operation::OperationLike;

    let (mut public, mut private) = (Vec::new(), Vec::new());
    let mut next = module.body().first_operation();
    while let Some(operation) = next {
        next = operation.next_in_block();
        let has_body = operation.region(0).is_ok_and(|region| region.first_block().is_some());
        if operation.name().as_string_ref().as_str() != Ok("func.func") || !has_body {
            continue;
        }
        let text = |name| {
            let attribute = operation.attribute(name).ok()?;
            Some(StringAttribute::try_from(attribute).ok()?.value().to_owned())
        };
        let Some(name) = text("sym_name") else { continue };
        if text("sym_visibility").as_deref() == Some("private") { private.push(name) } else { public.push(name) }
    }
    (public, private)
}

/// A failure with the first errors of a phase, on one line.
pub(in crate::mlir) fn failure(phase: Phase, diagnostics: &[Diagnostic]) -> Failure {
    const MOST: usize = 3;
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .take(MOST)
        .map(|diagnostic| diagnostic.to_string().replace('\n', "; ").chars().take(500).collect())
        .collect();
    let reason = if errors.is_empty() { "no reason is given".to_owned() } else { errors.join("; ") };
    Failure { phase, reason }
}
