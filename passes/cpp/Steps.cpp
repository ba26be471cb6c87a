//===- Steps.cpp - Transformations of a nest ------------------------------===//

#include "Steps.h"

#include "Fusion.h"

#include "mlir/Dialect/Affine/Analysis/LoopAnalysis.h"
#include "mlir/Dialect/Affine/LoopUtils.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Threading.h"

using namespace mlir;
using namespace mlir::affine;

namespace hardwire {

/// Longest band of loops that is tiled or permuted.
static constexpr unsigned maxBand = 4;

static constexpr StringRef kindNames[] = {
    "fuse", "hoist", "interchange", "tile", "jam", "vectorize", "unroll"};

StringRef nameOf(Kind kind) { return kindNames[unsigned(kind)]; }

std::string spell(const Step &step) {
  std::string text = nameOf(step.kind).str();
  if (step.kind == Kind::Hoist)
    return text;
  text += ":" + std::to_string(step.loop) + ":";
  if (step.kind == Kind::Unroll && step.numbers.front() == 0)
    return text + "full";
  for (auto [index, number] : llvm::enumerate(step.numbers))
    text += (index ? "x" : "") + std::to_string(number);
  return text;
}

std::string spell(ArrayRef<Step> sequence) {
  if (sequence.empty())
    return "keep";
  return llvm::join(
      llvm::map_range(sequence, [](const Step &step) { return spell(step); }),
      "+");
}

static std::optional<Step> parseStep(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ':');
  const auto *name = llvm::find(kindNames, parts.front());
  if (name == std::end(kindNames))
    return std::nullopt;
  Step step{Kind(name - std::begin(kindNames)), 0, {}};
  if (step.kind == Kind::Hoist)
    return parts.size() == 1 ? std::optional(step) : std::nullopt;
  if (parts.size() != 3 || parts[1].getAsInteger(10, step.loop))
    return std::nullopt;
  if (step.kind == Kind::Unroll && parts[2] == "full") {
    step.numbers.push_back(0);
    return step;
  }
  SmallVector<StringRef> numbers;
  parts[2].split(numbers, 'x');
  for (StringRef number : numbers) {
    int64_t value;
    int64_t least = step.kind == Kind::Interchange ? 0
                    : step.kind == Kind::Tile || step.kind == Kind::Fuse ? 1
                                                                         : 2;
    if (number.getAsInteger(10, value) || value < least || value > 4096)
      return std::nullopt;
    step.numbers.push_back(value);
  }
  bool isList = step.kind == Kind::Tile || step.kind == Kind::Interchange;
  if (step.numbers.size() > (isList ? maxBand : 1u))
    return std::nullopt;
  if (step.kind == Kind::Interchange) {
    SmallVector<int64_t, 4> sorted(step.numbers);
    llvm::sort(sorted);
    for (auto [index, value] : llvm::enumerate(sorted))
      if (value != int64_t(index))
        return std::nullopt;
  }
  return step;
}

std::optional<Sequence> parseSequence(StringRef text) {
  Sequence sequence;
  if (text == "keep")
    return sequence;
  SmallVector<StringRef> parts;
  text.split(parts, '+');
  for (StringRef part : parts) {
    std::optional<Step> step = parseStep(part);
    if (!step)
      return std::nullopt;
    sequence.push_back(*step);
  }
  return sequence;
}

/// The perfectly nested loops from `loop` on, at most `maxBand`.
static SmallVector<AffineForOp, 4> bandAt(AffineForOp loop) {
  SmallVector<AffineForOp, 4> band;
  getPerfectlyNestedLoops(band, loop);
  if (band.size() > maxBand)
    band.truncate(maxBand);
  return band;
}

static bool isInnermost(AffineForOp loop) {
  bool innermost = true;
  loop.getBody()->walk([&](Operation *op) {
    if (isa<AffineForOp>(op))
      innermost = false;
  });
  return innermost;
}

/// The permutations of a band: all of three loops, of four the swaps.
static SmallVector<SmallVector<int64_t, 4>> ordersOf(unsigned loops) {
  SmallVector<SmallVector<int64_t, 4>> orders;
  auto order = llvm::to_vector<4>(llvm::seq<int64_t>(0, loops));
  SmallVector<int64_t, 4> identity(order);
  while (std::next_permutation(order.begin(), order.end())) {
    unsigned moved = 0;
    for (unsigned i = 0; i < loops; ++i)
      moved += order[i] != identity[i];
    if (loops <= 3 || moved == 2)
      orders.push_back(order);
  }
  return orders;
}

/// The first nest of a function that has nothing but nests.
static AffineForOp firstNest(func::FuncOp nest) {
  auto nests = nest.getBody().front().getOps<AffineForOp>();
  return nests.empty() ? AffineForOp() : *nests.begin();
}

/// The nest after another one of the same block, or null.
static AffineForOp nextNest(AffineForOp first) {
  Operation *op = first ? first->getNextNode() : nullptr;
  while (op && !isa<AffineForOp>(op))
    op = op->getNextNode();
  return cast_if_present<AffineForOp>(op);
}

SmallVector<Step> proposals(func::FuncOp nest, const Choices &choices,
                            ArrayRef<Step> before) {
  SmallVector<Step> found;
  auto wanted = [&](Kind kind) {
    if (!llvm::is_contained(choices.kinds, kind))
      return false;
    if (before.empty())
      return true;
    // Kinds follow each other in their order; innermost loops that differ may
    // be unrolled or vectorised one after the other.
    Kind last = before.back().kind;
    bool repeats = kind == Kind::Unroll || kind == Kind::Vectorize;
    return kind > last || (kind == last && repeats);
  };
  auto after = [&](Kind kind, unsigned loop) {
    return before.empty() || before.back().kind != kind ||
           loop > before.back().loop;
  };
  if (AffineForOp first = firstNest(nest), second = nextNest(first); second) {
    // The nests of a pair are decided one by one when it is not fused.
    unsigned depth = fusableDepth(first, second);
    for (unsigned shared = depth; shared > 0 && wanted(Kind::Fuse); --shared)
      found.push_back({Kind::Fuse, 0, {int64_t(shared)}});
    return found;
  }
  if (wanted(Kind::Hoist))
    found.push_back({Kind::Hoist, 0, {}});
  for (auto [position, loop] : llvm::enumerate(loopsOf(nest))) {
    unsigned index = position;
    std::optional<uint64_t> trips = getConstantTripCount(loop);
    SmallVector<AffineForOp, 4> band = bandAt(loop);
    // A band is permuted as a whole, from its outermost loop.
    auto parent = dyn_cast<AffineForOp>(loop->getParentOp());
    bool isHead = !parent || bandAt(parent).size() < 2;
    if (wanted(Kind::Interchange) && isHead && band.size() > 1)
      for (auto &order : ordersOf(band.size()))
        found.push_back({Kind::Interchange, index, order});
    if (wanted(Kind::Tile) && isHead && band.size() > 1)
      for (int64_t size : choices.tile) {
        bool fits = llvm::any_of(band, [&](AffineForOp one) {
          auto count = getConstantTripCount(one);
          return !count || *count > uint64_t(size);
        });
        if (fits)
          found.push_back({Kind::Tile, index,
                           SmallVector<int64_t, 4>(band.size(), size)});
      }
    bool innermost = isInnermost(loop);
    if (wanted(Kind::Jam) && !innermost && after(Kind::Jam, index))
      for (int64_t factor : choices.jam)
        if (!trips || *trips >= uint64_t(factor))
          found.push_back({Kind::Jam, index, {factor}});
    if (!innermost)
      continue;
    if (wanted(Kind::Vectorize) && after(Kind::Vectorize, index))
      for (int64_t width : choices.widths)
        if (trips && *trips % width == 0)
          found.push_back({Kind::Vectorize, index, {width}});
    if (wanted(Kind::Unroll) && after(Kind::Unroll, index)) {
      for (int64_t factor : choices.unroll)
        if (!trips || *trips > uint64_t(factor))
          found.push_back({Kind::Unroll, index, {factor}});
      int64_t ops = llvm::range_size(loop.getBody()->getOperations());
      if (trips && *trips > 1 && *trips <= uint64_t(choices.fullUnrollOps) &&
          int64_t(*trips) * ops <= choices.fullUnrollOps)
        found.push_back({Kind::Unroll, index, {0}});
    }
  }
  return found;
}

/// The loop of a step, or null.
static AffineForOp loopAt(const Step &step, func::FuncOp nest) {
  SmallVector<AffineForOp> loops = loopsOf(nest);
  return step.loop < loops.size() ? loops[step.loop] : AffineForOp();
}

/// The band that a tile or an interchange works on; empty if it is too short.
static SmallVector<AffineForOp, 4> bandOf(const Step &step, AffineForOp loop) {
  SmallVector<AffineForOp, 4> band = bandAt(loop);
  if (band.size() < step.numbers.size())
    return {};
  band.truncate(step.numbers.size());
  return band;
}

static SmallVector<unsigned> unsignedOf(ArrayRef<int64_t> numbers) {
  return SmallVector<unsigned>(numbers.begin(), numbers.end());
}

/// Whether unrolling leaves a remainder that upstream gets wrong (LLVM 22.1.8): its
/// loop for the remainder finds what it goes on with by the value that the
/// unrolled loop starts from, so two that start alike become one.
static bool mixesRemainder(AffineForOp loop, int64_t factor) {
  std::optional<uint64_t> trips = getConstantTripCount(loop);
  if (trips && *trips % factor == 0)
    return false;
  return llvm::any_of(loop.getInits(), [&](Value init) {
    return llvm::count(loop->getOperands(), init) > 1;
  });
}

static constexpr StringRef mixedRemainder =
    "upstream's remainder would mix values that start alike";

Refusal check(const Step &step, func::FuncOp nest, ArrayRef<Root> roots,
              const LegalityOptions &options) {
  if (step.kind == Kind::Hoist)
    return std::nullopt;
  AffineForOp loop = loopAt(step, nest);
  if (!loop)
    return "the nest has no loop " + std::to_string(step.loop);
  SmallVector<AffineForOp, 4> band = bandOf(step, loop);
  switch (step.kind) {
  case Kind::Hoist:
    return std::nullopt;
  case Kind::Fuse: {
    AffineForOp second = nextNest(loop);
    if (!second)
      return "there is no nest after it";
    return checkFusion(loop, second, step.numbers.front(), roots, options);
  }
  case Kind::Unroll:
    if (step.numbers.front() == 0) {
      if (!getConstantTripCount(loop))
        return "the trip count is not known";
    } else if (mixesRemainder(loop, step.numbers.front())) {
      return mixedRemainder.str();
    }
    return std::nullopt;
  case Kind::Jam:
    if (isInnermost(loop))
      return "the loop has no inner loop";
    if (mixesRemainder(loop, step.numbers.front()))
      return mixedRemainder.str();
    return checkJam(loop, step.numbers.front(), roots, options);
  case Kind::Tile:
    if (band.empty())
      return "the loops are not perfectly nested";
    for (AffineForOp one : band)
      if (one.getStepAsInt() != 1)
        return "a step is not 1";
    return checkPermutable(band, roots, options);
  case Kind::Interchange:
    if (band.empty())
      return "the loops are not perfectly nested";
    return checkInterchange(band, unsignedOf(step.numbers), roots, options);
  case Kind::Vectorize: {
    SmallVector<LoopReduction> reductions;
    return checkVectorize(loop, step.numbers.front(), roots, options,
                          reductions);
  }
  }
  llvm_unreachable("every kind is checked");
}

FrozenRewritePatternSet canonicalPatterns(MLIRContext *context) {
  RewritePatternSet patterns(context);
  for (Dialect *dialect : context->getLoadedDialects())
    dialect->getCanonicalizationPatterns(patterns);
  for (RegisteredOperationName name : context->getRegisteredOperations())
    name.getCanonicalizationPatterns(patterns, context);
  return FrozenRewritePatternSet(std::move(patterns));
}

void simplify(func::FuncOp nest, const FrozenRewritePatternSet &patterns) {
  for (AffineForOp loop : loopsOf(nest))
    (void)promoteIfSingleIteration(loop);
  (void)applyPatternsGreedily(nest, patterns);
  IRRewriter rewriter(nest.getContext());
  DominanceInfo dominance(nest);
  eliminateCommonSubExpressions(rewriter, dominance, nest);
}

LogicalResult takeStep(const Step &step, func::FuncOp nest,
                       ArrayRef<Root> roots, const LegalityOptions &options) {
  if (step.kind == Kind::Hoist) {
    // From inside, so that what leaves an inner loop can leave the outer one.
    SmallVector<AffineForOp> loops = loopsOf(nest);
    for (AffineForOp loop : llvm::reverse(loops))
      moveLoopInvariantCode(cast<LoopLikeOpInterface>(loop.getOperation()));
    return success();
  }
  AffineForOp loop = loopAt(step, nest);
  SmallVector<AffineForOp, 4> band = bandOf(step, loop);
  switch (step.kind) {
  case Kind::Hoist:
    return success();
  case Kind::Fuse:
    fuseNests(loop, nextNest(loop), step.numbers.front());
    return success();
  case Kind::Unroll:
    return step.numbers.front() == 0
               ? loopUnrollFull(loop)
               : loopUnrollByFactor(loop, step.numbers.front());
  case Kind::Jam:
    return loopUnrollJamByFactor(loop, step.numbers.front());
  case Kind::Tile:
    return tilePerfectlyNested(band, unsignedOf(step.numbers));
  case Kind::Interchange: {
    // Upstream wants the new place of each loop.
    SmallVector<unsigned> places(band.size());
    for (auto [place, from] : llvm::enumerate(step.numbers))
      places[from] = place;
    permuteLoops(band, places);
    return success();
  }
  case Kind::Vectorize: {
    SmallVector<LoopReduction> reductions;
    if (checkVectorize(loop, step.numbers.front(), roots, options, reductions))
      return failure();
    ReductionLoopMap map;
    if (!reductions.empty())
      map[loop] = SmallVector<LoopReduction, 2>(reductions);
    llvm::DenseSet<Operation *, DenseMapInfo<Operation *>> loops = {loop};
    unsigned steps = 0;
    vectorizeAffineLoops(nest, loops, {step.numbers.front()}, {}, map);
    for (AffineForOp one : loopsOf(nest))
      steps += one.getStepAsInt() == step.numbers.front();
    // Upstream does not say whether it has changed anything.
    return success(steps != 0);
  }
  }
  llvm_unreachable("every kind is applied");
}

LogicalResult apply(const Step &step, func::FuncOp nest, ArrayRef<Root> roots,
                    const LegalityOptions &options,
                    const FrozenRewritePatternSet &patterns) {
  Silence silence(nest.getContext());
  if (failed(takeStep(step, nest, roots, options)) || failed(verify(nest)))
    return failure();
  simplify(nest, patterns);
  return verify(nest);
}

Silence::Silence(MLIRContext *context)
    : handler(context, [thread = llvm::get_threadid()](Diagnostic &) {
        // Other threads share the engine: their messages go on.
        return success(llvm::get_threadid() == thread);
      }) {}

} // namespace hardwire
