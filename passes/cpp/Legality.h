//===- Legality.h - Which reorderings keep the result ------------*- C++ -*-===//
//
// Upstream's tiling and unroll-and-jam accept nests with a dependence of
// distance (1, -1) and change their results. Every transformation that changes
// the order of memory accesses is therefore decided here, from the dependence
// polyhedra of `checkMemrefAccessDependence`, and refused wherever the analysis
// is not exact enough.
//
//===----------------------------------------------------------------------===//

#ifndef HARDWIRE_PASSES_LEGALITY_H
#define HARDWIRE_PASSES_LEGALITY_H

#include "Nest.h"

#include "mlir/Dialect/Affine/Analysis/AffineAnalysis.h"

#include <optional>
#include <string>

namespace hardwire {

struct LegalityOptions {
  /// Different memref arguments and globals do not overlap.
  bool assumeNoAlias = true;
  /// Floating-point reductions may be computed in another order.
  bool reassociate = false;
};

/// Why a transformation is refused; nothing if it is legal.
using Refusal = std::optional<std::string>;

/// Whether the loops of a perfect band may run in any order and be tiled:
/// no dependence goes backwards along any of them.
Refusal checkPermutable(llvm::ArrayRef<mlir::affine::AffineForOp> band,
                        llvm::ArrayRef<Root> roots,
                        const LegalityOptions &options);

/// Whether the loops of a perfect band may run in the order `order`, where
/// `order[i]` is the band's loop that becomes the i-th from outside.
Refusal checkInterchange(llvm::ArrayRef<mlir::affine::AffineForOp> band,
                         llvm::ArrayRef<unsigned> order,
                         llvm::ArrayRef<Root> roots,
                         const LegalityOptions &options);

/// Whether two neighbouring nests may share their outer `depth` loops: no
/// iteration of the second one needs a later iteration of the first one.
Refusal checkFusion(mlir::affine::AffineForOp first,
                    mlir::affine::AffineForOp second, unsigned depth,
                    llvm::ArrayRef<Root> roots,
                    const LegalityOptions &options);

/// Whether `factor` iterations of a loop may be merged into its inner loops.
Refusal checkJam(mlir::affine::AffineForOp loop, int64_t factor,
                 llvm::ArrayRef<Root> roots, const LegalityOptions &options);

/// Whether the iterations of an innermost loop may run as vectors of `width`
/// elements. `reductions` receives the reductions that the loop carries.
Refusal checkVectorize(
    mlir::affine::AffineForOp loop, int64_t width, llvm::ArrayRef<Root> roots,
    const LegalityOptions &options,
    llvm::SmallVectorImpl<mlir::affine::LoopReduction> &reductions);

} // namespace hardwire

#endif // HARDWIRE_PASSES_LEGALITY_H
