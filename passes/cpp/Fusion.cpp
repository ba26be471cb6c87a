//===- Fusion.cpp - Merging two neighbouring nests ------------------------===//

#include "Fusion.h"

#include "mlir/Dialect/Affine/LoopUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using mlir::affine::AffineForOp;

namespace hardwire {

/// Whether two lists of operands of bounds are the same values, where the
/// variables of the second nest's outer loops count as those of the first's.
static bool sameOperands(OperandRange a, OperandRange b,
                         ArrayRef<AffineForOp> first,
                         ArrayRef<AffineForOp> second) {
  if (a.size() != b.size())
    return false;
  for (auto [x, y] : llvm::zip(a, b)) {
    bool same = x == y;
    for (size_t i = 0; i < first.size(); ++i) {
      AffineForOp outer = first[i], other = second[i];
      same |= x == outer.getInductionVar() && y == other.getInductionVar();
    }
    if (!same)
      return false;
  }
  return true;
}

static bool sameIterations(AffineForOp a, AffineForOp b,
                           ArrayRef<AffineForOp> first,
                           ArrayRef<AffineForOp> second) {
  return a.getNumIterOperands() == 0 && b.getNumIterOperands() == 0 &&
         a.getStep() == b.getStep() &&
         a.getLowerBoundMap() == b.getLowerBoundMap() &&
         a.getUpperBoundMap() == b.getUpperBoundMap() &&
         sameOperands(a.getLowerBoundOperands(), b.getLowerBoundOperands(),
                      first, second) &&
         sameOperands(a.getUpperBoundOperands(), b.getUpperBoundOperands(),
                      first, second);
}

unsigned fusableDepth(AffineForOp first, AffineForOp second) {
  SmallVector<AffineForOp, 4> a, b;
  affine::getPerfectlyNestedLoops(a, first);
  affine::getPerfectlyNestedLoops(b, second);
  unsigned depth = 0;
  while (depth < std::min(a.size(), b.size()) &&
         sameIterations(a[depth], b[depth], ArrayRef(a).take_front(depth),
                        ArrayRef(b).take_front(depth)))
    ++depth;
  return depth;
}

bool areNeighbours(AffineForOp first, AffineForOp second) {
  if (first->getBlock() != second->getBlock() || first.getNumResults() != 0)
    return false;
  for (Operation *op = first->getNextNode(); op != second;
       op = op->getNextNode()) {
    // A buffer that is made in between is not one that the first nest uses.
    if (!op || (!isMemoryEffectFree(op) &&
                !hasSingleEffect<MemoryEffects::Allocate>(op)))
      return false;
  }
  return true;
}

void fuseNests(AffineForOp first, AffineForOp second, unsigned depth) {
  SmallVector<AffineForOp, 4> a, b;
  affine::getPerfectlyNestedLoops(a, first);
  affine::getPerfectlyNestedLoops(b, second);
  for (unsigned level = 0; level < depth; ++level)
    b[level].getInductionVar().replaceAllUsesWith(a[level].getInductionVar());
  // The bodies of the deepest shared loops; what is around them in the second
  // nest is nothing but loops.
  auto &from = b[depth - 1].getBody()->getOperations();
  auto &to = a[depth - 1].getBody()->getOperations();
  to.splice(std::prev(to.end()), from, from.begin(), std::prev(from.end()));
  first->moveBefore(second);
  second.erase();
}

} // namespace hardwire
