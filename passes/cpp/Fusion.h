//===- Fusion.h - Merging two neighbouring nests ------------------*- C++ -*-===//
//
// Two nests whose outer loops run over the same iterations become one nest: in
// each iteration the first one's body comes before the second one's.
//
//===----------------------------------------------------------------------===//

#ifndef HARDWIRE_PASSES_FUSION_H
#define HARDWIRE_PASSES_FUSION_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hardwire {

/// The number of loops, from outside, that two nests could share: perfectly
/// nested ones with the same bounds and steps that carry no values.
unsigned fusableDepth(mlir::affine::AffineForOp first,
                      mlir::affine::AffineForOp second);

/// Whether nothing between two nests of a block prevents that the first one
/// moves to the second one.
bool areNeighbours(mlir::affine::AffineForOp first,
                   mlir::affine::AffineForOp second);

/// Merges `depth` loops of two neighbouring nests, at most `fusableDepth`. The
/// second loop is erased, the first one stands in its place.
void fuseNests(mlir::affine::AffineForOp first,
               mlir::affine::AffineForOp second, unsigned depth);

} // namespace hardwire

#endif // HARDWIRE_PASSES_FUSION_H
