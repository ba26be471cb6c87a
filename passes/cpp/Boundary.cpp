//===- Boundary.cpp - The core for callers in C and Rust ------------------===//

#include "Boundary.h"

#include "Harness.h"
#include "Others.h"
#include "Schedule.h"
#include "Search.h"
#include "Target.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace hardwire;

static StringRef viewOf(hardwire_passes_text text) {
  return StringRef(text.data, text.length);
}

static hardwire_passes_text textFrom(StringRef text) {
  return {text.data(), text.size()};
}

static Scorer scorerFrom(hardwire_passes_scorer callback, void *user) {
  if (!callback)
    return {};
  return [=](ArrayRef<std::string> texts, MutableArrayRef<Score> scores) {
    SmallVector<hardwire_passes_text> views;
    for (const std::string &text : texts)
      views.push_back(textFrom(text));
    SmallVector<hardwire_passes_score> raw(texts.size());
    callback(user, views.data(), views.size(), raw.data());
    for (auto [score, from] : llvm::zip(scores, raw)) {
      score = {from.known,
               {from.cost.value, from.cost.low, from.cost.high},
               {from.ratio.value, from.ratio.low, from.ratio.high},
               from.novelty,
               from.spills,
               viewOf(from.why).str()};
    }
    return true;
  };
}

/// The options of a search; false with a message if one is malformed.
static bool read(const hardwire_passes_options &from, SearchOptions &options,
                 std::string &error) {
  options.caution = from.caution;
  options.maxNovelty = from.max_novelty;
  options.verifyMargin = from.verify_margin;
  options.depth = from.depth;
  options.beam = from.beam;
  options.maxCandidates = from.max_candidates;
  options.verify = from.verify;
  options.allowSpills = from.allow_spills;
  options.ofDesign = from.of_design;
  options.legality.reassociate = from.reassociate;
  options.legality.assumeNoAlias = from.assume_no_alias;
  options.choices.kinds = llvm::to_vector(ArrayRef<Kind>(allKinds));
  if (StringRef names = viewOf(from.decisions); !names.empty()) {
    options.choices.kinds.clear();
    SmallVector<StringRef> parts;
    names.split(parts, ',');
    for (StringRef part : parts) {
      const Kind *kind = llvm::find_if(
          allKinds, [&](Kind one) { return nameOf(one) == part; });
      if (kind == std::end(allKinds)) {
        error = "no transformation is called `" + part.str() + "`";
        return false;
      }
      options.choices.kinds.push_back(*kind);
    }
  }
  if (StringRef steps = viewOf(from.steps); !steps.empty()) {
    options.forced = parseSequence(steps);
    if (!options.forced) {
      error = "`" + steps.str() +
              "` is no sequence of steps, e.g. interchange:0:1x0+unroll:1:4";
      return false;
    }
  }
  return true;
}

extern "C" void hardwire_passes_prepare(void *module) {
  MLIRContext *context = static_cast<Operation *>(module)->getContext();
  context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                       memref::MemRefDialect, vector::VectorDialect>();
}

extern "C" bool
hardwire_passes_optimize(void *module, const hardwire_passes_options *from,
                         hardwire_passes_scorer scorer,
                         hardwire_passes_scorer measurer,
                         hardwire_passes_expired expired, void *user,
                         hardwire_passes_write write) {
  auto *root = static_cast<Operation *>(module);
  SearchOptions options;
  std::string text;
  if (!read(*from, options, text)) {
    write(user, textFrom(text));
    return false;
  }
  FrozenRewritePatternSet patterns = canonicalPatterns(root->getContext());
  Scorer asks = scorerFrom(scorer, user), measures = scorerFrom(measurer, user);
  std::function<bool()> over;
  if (expired)
    over = [=] { return expired(user); };
  Search search{options, asks, measures, over, patterns};
  OwningOpRef<Operation *> original =
      from->schedule && isa<ModuleOp>(root) ? root->clone() : nullptr;
  std::vector<Decision> decisions;
  SmallVector<func::FuncOp> functions;
  root->walk([&](func::FuncOp func) {
    if (!func.isExternal())
      functions.push_back(func);
  });
  for (func::FuncOp func : functions)
    search.run(func, decisions, /*remarks=*/false);
  llvm::json::Array json = toJson(decisions);
  if (from->texts)
    for (auto [value, decision] : llvm::zip(json, decisions)) {
      llvm::json::Array *list = value.getAsObject()->getArray("candidates");
      for (auto [entry, candidate] : llvm::zip(*list, decision.candidates))
        (*entry.getAsObject())["text"] = candidate.text;
    }
  llvm::json::Object result{{"decisions", std::move(json)}, {"schedule", nullptr}};
  if (original)
    result["schedule"] = toJson(
        scheduleOf(cast<ModuleOp>(*original), decisions, patterns));
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(result));
  write(user, textFrom(text));
  return true;
}

extern "C" void hardwire_passes_target(void *module, void *user,
                                       hardwire_passes_write write) {
  auto *root = static_cast<Operation *>(module);
  std::string target = targetOf(root);
  // A module often leaves it to its functions.
  if (target.empty())
    root->walk([&](func::FuncOp func) {
      target = targetOf(func);
      return target.empty() ? WalkResult::advance() : WalkResult::interrupt();
    });
  if (!target.empty())
    write(user, textFrom(target));
}

extern "C" void hardwire_passes_others(void *module, void *user,
                                       hardwire_passes_write write) {
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::json::Value(toJson(passedOver(static_cast<Operation *>(module))));
  write(user, textFrom(text));
}

extern "C" void hardwire_passes_compare(void *original, void *result,
                                        uint64_t seed, bool alias,
                                        double tolerance, void *user,
                                        hardwire_passes_write names,
                                        hardwire_passes_write program) {
  auto before = cast<ModuleOp>(static_cast<Operation *>(original));
  auto after = cast<ModuleOp>(static_cast<Operation *>(result));
  std::vector<Comparison> comparisons;
  for (auto func : before.getOps<func::FuncOp>()) {
    auto other = after.lookupSymbol<func::FuncOp>(func.getSymName());
    if (func.isExternal() || !other)
      continue;
    std::string why = whyNotRun(func);
    std::string line = func.getSymName().str() + "\t" + why;
    names(user, textFrom(line));
    if (why.empty())
      comparisons.push_back({func, {other}});
  }
  std::string text =
      harness(before, comparisons, HarnessOptions{seed, alias, tolerance});
  program(user, textFrom(text));
}
