//===- Legality.cpp - Which reorderings keep the result -------------------===//

#include "Legality.h"

#include "Fusion.h"

#include "mlir/Dialect/Affine/Analysis/LoopAnalysis.h"
#include "mlir/Dialect/Affine/Analysis/Utils.h"
#include "mlir/Dialect/Affine/IR/AffineValueMap.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::affine;

namespace hardwire {

/// Most loads and stores of a nest whose dependences are computed: the pairs
/// grow with the square.
static constexpr unsigned maxAccesses = 64;

/// A dependence: `src` runs before `dst` and both touch the same element. The
/// components are distances along the common loops, from outside.
struct Dependence {
  Operation *src;
  Operation *dst;
  SmallVector<DependenceComponent, 2> components;
  /// Number of loops around both.
  unsigned common;
};

/// The loads and stores below a loop, or why they are not all known.
static Refusal accessesOf(AffineForOp loop, SmallVectorImpl<Operation *> &found) {
  Refusal refusal;
  loop.getBody()->walk([&](Operation *op) {
    if (isa<AffineLoadOp, AffineStoreOp>(op)) {
      Value memref = isa<AffineLoadOp>(op) ? cast<AffineLoadOp>(op).getMemRef()
                                           : cast<AffineStoreOp>(op).getMemRef();
      auto type = cast<MemRefType>(memref.getType());
      auto argument = dyn_cast<BlockArgument>(memref);
      if (!argument || !isa<func::FuncOp>(argument.getOwner()->getParentOp()))
        refusal = "a buffer is made inside the nest";
      else if (!type.getLayout().isIdentity())
        refusal = "a buffer has a layout in which elements may overlap";
      found.push_back(op);
    } else if (isa<AffineForOp, AffineYieldOp>(op)) {
      // Their bodies are walked.
    } else if (isa<AffineIfOp>(op)) {
      // Upstream's domain of an access in an else region has the condition
      // of the then region.
      refusal = "accesses depend on a condition";
    } else if (op->getNumRegions() != 0 || !isMemoryEffectFree(op)) {
      refusal = "the effects of `" + op->getName().getStringRef().str() +
                "` on memory are not analysed";
    }
    return refusal ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!refusal && found.size() > maxAccesses)
    refusal = "the nest has more than " + std::to_string(maxAccesses) +
              " loads and stores";
  return refusal;
}

static Value memrefOf(Operation *op) {
  if (auto load = dyn_cast<AffineLoadOp>(op))
    return load.getMemRef();
  return cast<AffineStoreOp>(op).getMemRef();
}

/// Whether two different memref arguments of a nest may overlap.
static bool mayAlias(const Root &a, const Root &b,
                     const LegalityOptions &options) {
  if (a.kind == Root::Unknown || b.kind == Root::Unknown)
    return true;
  if (a.identity == b.identity)
    return true;
  if (a.kind == Root::Allocation || b.kind == Root::Allocation)
    return false;
  if (a.kind == Root::Global && b.kind == Root::Global)
    return false;
  return !options.assumeNoAlias;
}

/// Whether two accesses to different memref arguments may overlap.
static bool mayAlias(Operation *src, Operation *dst, ArrayRef<Root> roots,
                     const LegalityOptions &options) {
  auto root = [&](Operation *access) -> const Root & {
    return roots[cast<BlockArgument>(memrefOf(access)).getArgNumber()];
  };
  return mayAlias(root(src), root(dst), options);
}

/// The number of affine loops around an operation, itself not counted.
static unsigned depthOf(Operation *op) {
  unsigned depth = 0;
  for (op = op->getParentOp(); op && !isa<func::FuncOp>(op);
       op = op->getParentOp())
    depth += isa<AffineForOp>(op);
  return depth;
}

/// The dependences below `loop` that are carried by it or by a loop inside,
/// at most `deepest` levels below it, or by none of them. Dependences that are
/// carried by a loop around `loop` hold in any order of what is inside.
static Refusal dependencesOf(AffineForOp loop, unsigned deepest,
                             ArrayRef<Root> roots,
                             const LegalityOptions &options,
                             SmallVectorImpl<Dependence> &found) {
  SmallVector<Operation *> accesses;
  if (Refusal refusal = accessesOf(loop, accesses))
    return refusal;
  unsigned outer = depthOf(loop);
  for (Operation *src : accesses) {
    for (Operation *dst : accesses) {
      if (isa<AffineLoadOp>(src) && isa<AffineLoadOp>(dst))
        continue;
      if (memrefOf(src) != memrefOf(dst)) {
        if (mayAlias(src, dst, roots, options))
          return "buffers may overlap";
        continue;
      }
      unsigned common =
          getNumCommonSurroundingLoops(*src, *dst);
      unsigned last = std::min(common, outer + deepest);
      for (unsigned depth = outer + 1; depth <= last; ++depth) {
        Dependence dependence{src, dst, {}, common};
        DependenceResult result = checkMemrefAccessDependence(
            MemRefAccess(src), MemRefAccess(dst), depth,
            /*dependenceConstraints=*/nullptr, &dependence.components);
        if (result.value == DependenceResult::NoDependence)
          continue;
        if (result.value == DependenceResult::Failure ||
            dependence.components.size() < common)
          return "a dependence cannot be computed";
        found.push_back(std::move(dependence));
      }
    }
  }
  return std::nullopt;
}

/// The ends of a component; unbounded ones are the ends of the range.
static std::pair<int64_t, int64_t> ends(const DependenceComponent &component) {
  return {component.lb.value_or(std::numeric_limits<int64_t>::min()),
          component.ub.value_or(std::numeric_limits<int64_t>::max())};
}

/// A reordered band must not carry values from iteration to iteration.
static Refusal checkBand(ArrayRef<AffineForOp> band) {
  llvm::SmallPtrSet<Value, 4> variables;
  for (AffineForOp loop : band) {
    if (loop.getNumIterOperands() != 0)
      return "a loop of the band carries values";
    variables.insert(loop.getInductionVar());
  }
  for (AffineForOp loop : band)
    for (Value operand : loop->getOperands()) {
      if (variables.contains(operand))
        return "the bounds of a loop depend on another loop of the band";
      // A bound that is computed in the band from its variables.
      Operation *op = operand.getDefiningOp();
      if (op && band.front()->isProperAncestor(op))
        return "the bounds of a loop are computed inside the band";
    }
  return std::nullopt;
}

/// Checks the band and adds the dependences that its loops carry.
static Refusal dependencesOfBand(ArrayRef<AffineForOp> band,
                                 ArrayRef<Root> roots,
                                 const LegalityOptions &options,
                                 SmallVectorImpl<Dependence> &dependences) {
  if (Refusal refusal = checkBand(band))
    return refusal;
  return dependencesOf(band.front(), band.size(), roots, options, dependences);
}

Refusal checkPermutable(ArrayRef<AffineForOp> band, ArrayRef<Root> roots,
                        const LegalityOptions &options) {
  SmallVector<Dependence> dependences;
  if (Refusal refusal = dependencesOfBand(band, roots, options, dependences))
    return refusal;
  unsigned outer = depthOf(band.front());
  for (const Dependence &dependence : dependences)
    for (unsigned i = 0; i < band.size(); ++i)
      if (ends(dependence.components[outer + i]).first < 0)
        return "a dependence goes backwards along a loop of the band";
  return std::nullopt;
}

Refusal checkInterchange(ArrayRef<AffineForOp> band, ArrayRef<unsigned> order,
                         ArrayRef<Root> roots,
                         const LegalityOptions &options) {
  SmallVector<Dependence> dependences;
  if (Refusal refusal = dependencesOfBand(band, roots, options, dependences))
    return refusal;
  unsigned outer = depthOf(band.front());
  for (const Dependence &dependence : dependences) {
    // The first component that is not zero must be positive.
    for (unsigned loop : order) {
      auto [low, high] = ends(dependence.components[outer + loop]);
      if (low > 0)
        break;
      if (low < 0)
        return "a dependence would go backwards";
    }
  }
  return std::nullopt;
}

Refusal checkFusion(AffineForOp first, AffineForOp second, unsigned depth,
                    ArrayRef<Root> roots, const LegalityOptions &options) {
  if (depth == 0 || depth > fusableDepth(first, second))
    return "the loops do not run over the same iterations";
  if (!areNeighbours(first, second))
    return "something between the nests has effects";
  // The check is on a fused copy: there both bodies have common loops.
  IRMapping map;
  OwningOpRef<func::FuncOp> copy = cast<func::FuncOp>(
      first->getParentOfType<func::FuncOp>()->clone(map));
  auto one = cast<AffineForOp>(map.lookup(first.getOperation()));
  auto other = cast<AffineForOp>(map.lookup(second.getOperation()));
  SmallVector<Operation *> before, after;
  for (auto [loop, found] : {std::pair(one, &before), std::pair(other, &after)})
    if (Refusal refusal = accessesOf(loop, *found))
      return refusal;
  if (before.size() + after.size() > maxAccesses)
    return "the nests have more than " + std::to_string(maxAccesses) +
           " loads and stores";
  fuseNests(one, other, depth);
  // All of the first nest ran before the second one, so what the second one
  // does before the first one, along a shared loop, would come too early.
  for (Operation *src : after)
    for (Operation *dst : before) {
      if (isa<AffineLoadOp>(src) && isa<AffineLoadOp>(dst))
        continue;
      if (memrefOf(src) != memrefOf(dst)) {
        if (mayAlias(src, dst, roots, options))
          return "buffers may overlap";
        continue;
      }
      for (unsigned level = 1; level <= depth; ++level) {
        DependenceResult result = checkMemrefAccessDependence(
            MemRefAccess(src), MemRefAccess(dst), level);
        if (result.value == DependenceResult::Failure)
          return "a dependence cannot be computed";
        if (hasDependence(result))
          return "the second nest would use an element before the first one "
                 "has";
      }
    }
  return std::nullopt;
}

/// The position in `block` of the part that holds `op`: a loop is a part, and
/// so is what stands between two loops. Unroll-and-jam keeps the order of
/// parts and puts the copies of each one together.
static unsigned partOf(Block *block, Operation *op) {
  Operation *ancestor = block->findAncestorOpInBlock(*op);
  unsigned part = 0;
  for (Operation &other : *block) {
    bool isLoop = isa<AffineForOp>(other);
    part += isLoop;
    if (&other == ancestor)
      return part;
    part += isLoop;
  }
  return part;
}

Refusal checkJam(AffineForOp loop, int64_t factor, ArrayRef<Root> roots,
                 const LegalityOptions &options) {
  if (loop.getNumIterOperands() != 0)
    return "the loop carries values";
  Refusal variant;
  loop.getBody()->walk([&](AffineForOp inner) {
    for (Value operand : inner.getControlOperands()) {
      Operation *op = operand.getDefiningOp();
      if (operand == loop.getInductionVar() ||
          (op && loop->isProperAncestor(op)))
        variant = "the bounds of an inner loop depend on the loop";
    }
  });
  if (variant)
    return variant;
  SmallVector<Dependence> dependences;
  // Iterations of loops inside stay in order, so only dependences that the
  // loop itself carries can break.
  if (Refusal refusal = dependencesOf(loop, 1, roots, options, dependences))
    return refusal;
  unsigned outer = depthOf(loop);
  int64_t reach = factor * loop.getStepAsInt();
  for (const Dependence &dependence : dependences) {
    // Iterations further apart are not merged.
    if (ends(dependence.components[outer]).first >= reach)
      continue;
    bool holds = false;
    for (unsigned i = outer + 1; i < dependence.common && !holds; ++i) {
      auto [low, high] = ends(dependence.components[i]);
      if (low < 0)
        return "a dependence would go backwards along an inner loop";
      holds = low > 0;
    }
    if (holds)
      continue;
    // The same iteration of the common inner loops: the order of parts decides.
    Block *block = loop.getBody();
    Operation *src = dependence.src, *dst = dependence.dst;
    while (true) {
      Operation *ancestor = block->findAncestorOpInBlock(*src);
      auto inner = dyn_cast<AffineForOp>(ancestor);
      if (!inner || block->findAncestorOpInBlock(*dst) != ancestor)
        break;
      block = inner.getBody();
    }
    if (partOf(block, src) > partOf(block, dst))
      return "a dependence would go from a later part of the body to an "
             "earlier one";
  }
  return std::nullopt;
}

/// Whether an access moves by one element, or not at all, with each iteration.
static Refusal checkStride(Operation *access, AffineForOp loop) {
  AffineValueMap map;
  MemRefAccess(access).getAccessMap(&map);
  std::vector<SmallVector<int64_t, 8>> rows;
  if (failed(getFlattenedAffineExprs(map.getAffineMap(), &rows)))
    return "a subscript is not affine";
  unsigned operands = map.getNumOperands();
  for (auto [index, row] : llvm::enumerate(rows)) {
    // Columns: operands, variables for mod and div, constant.
    for (unsigned column = operands; column + 1 < row.size(); ++column)
      if (row[column] != 0)
        return "a subscript has a division";
    int64_t step = 0;
    for (unsigned column = 0; column < operands; ++column)
      if (map.getOperand(column) == loop.getInductionVar())
        step += row[column];
    bool isLast = index + 1 == rows.size();
    if (step != 0 && !(isLast && step == 1))
      return "an access does not move along its rows by one element";
  }
  return std::nullopt;
}

/// Whether a reduction gives the same bits in any order.
static bool isExact(arith::AtomicRMWKind kind) {
  switch (kind) {
  case arith::AtomicRMWKind::addf:
  case arith::AtomicRMWKind::mulf:
  case arith::AtomicRMWKind::maxnumf:
  case arith::AtomicRMWKind::minnumf:
    return false;
  default:
    return true;
  }
}

Refusal checkVectorize(AffineForOp loop, int64_t width, ArrayRef<Root> roots,
                       const LegalityOptions &options,
                       SmallVectorImpl<LoopReduction> &reductions) {
  if (loop.getStepAsInt() != 1)
    return "the step is not 1";
  std::optional<uint64_t> trips = getConstantTripCount(loop);
  // Upstream's vectors would run over the end of the loop.
  if (!trips || *trips % width != 0 || !loop.hasConstantLowerBound())
    return "the trip count is not a known multiple of the width";
  SmallVector<Operation *> accesses;
  if (Refusal refusal = accessesOf(loop, accesses))
    return refusal;
  for (Operation *access : accesses)
    if (Refusal refusal = checkStride(access, loop))
      return refusal;
  for (Operation &op : loop.getBody()->without_terminator()) {
    if (isa<AffineForOp>(op))
      return "the loop is not innermost";
    // Upstream would use the first element's value for all of them.
    if (!isa<AffineLoadOp, AffineStoreOp, AffineApplyOp>(op) &&
        llvm::is_contained(op.getOperands(), loop.getInductionVar()))
      return "the loop's variable is used as a value";
    for (Value operand : op.getOperands())
      if (auto apply = operand.getDefiningOp<AffineApplyOp>();
          apply && !isa<AffineLoadOp, AffineStoreOp, AffineApplyOp>(op) &&
          loop->isProperAncestor(apply))
        return "a subscript is used as a value";
  }
  getSupportedReductions(loop, reductions);
  if (reductions.size() != loop.getNumIterOperands())
    return "the loop carries a value that is no reduction";
  for (const LoopReduction &reduction : reductions)
    if (!isExact(reduction.kind) && !options.reassociate)
      return "a floating-point reduction would be reassociated";
  SmallVector<Dependence> dependences;
  if (Refusal refusal = dependencesOf(loop, 1, roots, options, dependences))
    return refusal;
  if (!dependences.empty())
    return "the loop carries a dependence";
  return std::nullopt;
}

} // namespace hardwire
