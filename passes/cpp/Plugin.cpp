//===- Plugin.cpp - Passes for the distribution's mlir-opt ----------------===//
//
// mlir-opt-22 --load-pass-plugin=./libHardwirePasses.so
//   --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4}))'
//
//===----------------------------------------------------------------------===//

#include "hardwire.h"

#include "Fusion.h"
#include "Harness.h"
#include "Model.h"
#include "Others.h"
#include "Search.h"
#include "Target.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"

#include <chrono>
#include <mutex>

using namespace mlir;

namespace hardwire {

static SmallVector<Kind> kindsOf(ArrayRef<std::string> names,
                                 std::string &error) {
  SmallVector<Kind> kinds;
  for (const std::string &name : names) {
    const Kind *kind = llvm::find_if(
        allKinds, [&](Kind one) { return nameOf(one) == name; });
    if (kind == std::end(allKinds))
      error = "no transformation is called `" + name +
              "`; there are fuse, hoist, interchange, tile, jam, vectorize, unroll";
    else
      kinds.push_back(*kind);
  }
  return kinds;
}

/// What a pass appends to its report; passes run on several threads.
static bool append(StringRef path, ArrayRef<Decision> decisions,
                   std::string &error) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  std::error_code code;
  llvm::raw_fd_ostream os(path, code, llvm::sys::fs::OF_Append);
  if (code) {
    error = path.str() + ": " + code.message();
    return false;
  }
  for (llvm::json::Value &line : toJson(decisions))
    os << line << "\n";
  return true;
}

namespace {

/// A pass that decides about the nests of a function by some kinds of steps.
template <typename Self>
struct DecisionPass : PassWrapper<Self, OperationPass<func::FuncOp>> {
  using Base = PassWrapper<Self, OperationPass<func::FuncOp>>;
  template <typename T>
  using Option = Pass::Option<T>;
  template <typename T>
  using ListOption = Pass::ListOption<T>;

  DecisionPass() = default;
  DecisionPass(const DecisionPass &other) : Base(other) {}

  Option<std::string> target{
      *this, "target",
      llvm::cl::desc("Processor or design; default: what the module names")};
  Option<std::string> quantity{
      *this, "quantity",
      llvm::cl::desc("What is minimised; default: cycles, or for a design "
                     "xpu_latency_cycles")};
  Option<std::string> model{
      *this, "model", llvm::cl::desc("Model file; default: the built-in one")};
  Option<double> caution{
      *this, "caution",
      llvm::cl::desc("Part of the ratio's interval that must be a gain for a "
                     "change, from 0 (the prediction decides) to 10"),
      llvm::cl::init(SearchOptions().caution)};
  Option<double> maxOod{*this, "max-ood",
                        llvm::cl::desc("Largest novelty score of a candidate"),
                        llvm::cl::init(1.0)};
  Option<bool> allowSpills{
      *this, "allow-spills",
      llvm::cl::desc("Spills count by their predicted cost only"),
      llvm::cl::init(false)};
  Option<bool> reassociate{
      *this, "reassociate",
      llvm::cl::desc("Allow floating-point reductions in another order"),
      llvm::cl::init(false)};
  Option<bool> noAlias{
      *this, "assume-no-alias",
      llvm::cl::desc("Different memref arguments do not overlap"),
      llvm::cl::init(true)};
  Option<unsigned> maxCandidates{*this, "max-candidates",
                                 llvm::cl::desc("Most candidates of a nest"),
                                 llvm::cl::init(128)};
  Option<unsigned> budget{
      *this, "budget-ms",
      llvm::cl::desc("Milliseconds for a function; results then depend on the "
                     "speed of the machine"),
      llvm::cl::init(unsigned(-1))};
  Option<std::string> steps{
      *this, "apply",
      llvm::cl::desc("Take these steps, e.g. interchange:0:1x0+unroll:1:4; "
                     "refused if illegal")};
  Option<bool> remarks{*this, "remarks",
                       llvm::cl::desc("Emit a remark for each nest"),
                       llvm::cl::init(true)};
  Option<std::string> report{
      *this, "report",
      llvm::cl::desc("Append decisions to a file, one JSON object a line")};
  ListOption<int64_t> factors{
      *this, "factors",
      llvm::cl::desc("Factors, sizes or widths that are tried")};

  Pass::Statistic nests{this, "nests", "Nests looked at"};
  Pass::Statistic changed{this, "changed", "Nests changed"};
  Pass::Statistic asked{this, "candidates", "Candidates scored"};

  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<affine::AffineDialect, arith::ArithDialect,
                    memref::MemRefDialect, vector::VectorDialect>();
  }

  /// Fills in the kinds and their numbers.
  virtual void configure(SearchOptions &options, std::string &error) = 0;

  void runOnOperation() override {
    func::FuncOp func = this->getOperation();
    std::string error;
    if (remarks)
      for (const PassedOver &one : passedOver(func))
        emitRemark(one.loc) << describe(one);
    if (!decide(func, error)) {
      emitError(func.getLoc()) << "hardwire: " << error;
      this->signalPassFailure();
    }
  }

private:
  bool decide(func::FuncOp func, std::string &error) {
    if (topLevelNests(func).empty()) {
      if (remarks && !func.isExternal())
        emitRemark(func.getLoc())
            << "hardwire: kept: no affine loop at the top level";
      return true;
    }
    SearchOptions options;
    if (!(caution >= 0 && caution <= 10)) {
      error = "caution is a number from 0 to 10";
      return false;
    }
    options.caution = caution;
    options.maxNovelty = maxOod;
    options.allowSpills = allowSpills;
    options.legality.reassociate = reassociate;
    options.legality.assumeNoAlias = noAlias;
    options.maxCandidates = maxCandidates;
    configure(options, error);
    if (!error.empty())
      return false;
    Scorer scorer;
    if (!steps.empty()) {
      options.forced = parseSequence(steps);
      if (!options.forced) {
        error = "`" + steps + "` is no sequence of steps, e.g. "
                "interchange:0:1x0+unroll:1:4";
        return false;
      }
    } else {
      std::string cpu = target.empty() ? targetOf(func) : std::string(target);
      if (cpu.empty()) {
        error = "no target: give the option target=NAME, or the module an "
                "attribute llvm.target_cpu";
        return false;
      }
      const Model &opened = modelAt(model);
      unsigned number = 0;
      if (!opened.handle) {
        error = opened.error;
        return false;
      }
      if (!findQuantity(opened, cpu, quantity, number, error))
        return false;
      options.ofDesign = isOfDesign(number);
      scorer = modelScorer(opened, cpu, number);
    }
    auto start = std::chrono::steady_clock::now();
    std::function<bool()> expired;
    if (budget != unsigned(-1))
      expired = [=] {
        return std::chrono::steady_clock::now() - start >=
               std::chrono::milliseconds(budget);
      };
    FrozenRewritePatternSet patterns = canonicalPatterns(func.getContext());
    Scorer none;
    Search search{options, scorer, none, expired, patterns};
    std::vector<Decision> decisions;
    search.run(func, decisions, remarks);
    for (const Decision &decision : decisions) {
      ++nests;
      changed += decision.changed();
      asked += llvm::count_if(decision.candidates, [](const Candidate &one) {
        return one.score.known;
      });
    }
    return report.empty() || append(report, decisions, error);
  }
};

/// One decision: one kind, one step.
template <Kind kind>
struct KindPass : DecisionPass<KindPass<kind>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(KindPass<kind>)
  StringRef getArgument() const override {
    static const std::string name = "hardwire-" + nameOf(kind).str();
    return name;
  }
  StringRef getDescription() const override {
    return "Decide about one transformation of affine loop nests by predicted "
           "cost";
  }
  void configure(SearchOptions &options, std::string &error) override {
    options.choices.kinds = {kind};
    // Loops of one nest are decided one after the other.
    options.depth = kind == Kind::Unroll || kind == Kind::Vectorize ? 2 : 1;
    if (this->factors.empty())
      return;
    SmallVector<int64_t> numbers(this->factors.begin(), this->factors.end());
    for (int64_t number : numbers)
      if (number < 2 || number > 4096)
        error = "factors are from 2 to 4096";
    (kind == Kind::Unroll ? options.choices.unroll
     : kind == Kind::Jam  ? options.choices.jam
     : kind == Kind::Tile ? options.choices.tile
                          : options.choices.widths) = numbers;
  }
};

/// All decisions, in sequences.
struct OptimizePass : DecisionPass<OptimizePass> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(OptimizePass)
  OptimizePass() = default;
  OptimizePass(const OptimizePass &other) : DecisionPass(other) {}

  ListOption<std::string> decisions{
      *this, "decisions",
      llvm::cl::desc("Kinds of steps: fuse, hoist, interchange, tile, jam, "
                     "vectorize, unroll; default: all")};
  Option<unsigned> depth{*this, "depth",
                         llvm::cl::desc("Most steps of a sequence"),
                         llvm::cl::init(2)};
  Option<unsigned> beam{*this, "beam",
                        llvm::cl::desc("Sequences that are continued"),
                        llvm::cl::init(4)};

  StringRef getArgument() const override { return "hardwire-optimize"; }
  StringRef getDescription() const override {
    return "Transform affine loop nests by predicted cost";
  }
  void configure(SearchOptions &options, std::string &error) override {
    options.choices.kinds = llvm::to_vector(ArrayRef<Kind>(allKinds));
    if (!decisions.empty())
      options.choices.kinds = kindsOf(
          SmallVector<std::string>(decisions.begin(), decisions.end()), error);
    options.depth = depth;
    options.beam = beam;
    if (!factors.empty())
      error = "hardwire-optimize takes no factors; use the pass of one kind";
  }
};

/// Predictions as attributes.
struct AnnotatePass : PassWrapper<AnnotatePass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AnnotatePass)
  AnnotatePass() = default;
  AnnotatePass(const AnnotatePass &other) : PassWrapper(other) {}

  ListOption<std::string> targets{
      *this, "targets",
      llvm::cl::desc("Processors and designs; default: what the module names, "
                     "else all of the model")};
  Option<std::string> model{
      *this, "model", llvm::cl::desc("Model file; default: the built-in one")};

  StringRef getArgument() const override { return "hardwire-annotate"; }
  StringRef getDescription() const override {
    return "Write predicted costs as attributes hardwire.cost of functions";
  }
  void runOnOperation() override;
};

/// Replaces a module by a program that compares every legal candidate of
/// every nest with the original.
struct TestCandidatesPass
    : PassWrapper<TestCandidatesPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestCandidatesPass)
  TestCandidatesPass() = default;
  TestCandidatesPass(const TestCandidatesPass &other) : PassWrapper(other) {}

  ListOption<std::string> decisions{*this, "decisions",
                                    llvm::cl::desc("Kinds of steps")};
  Option<unsigned> depth{*this, "depth", llvm::cl::desc("Most steps"),
                         llvm::cl::init(1)};
  Option<unsigned> maxCandidates{*this, "max-candidates",
                                 llvm::cl::desc("Most candidates of a nest"),
                                 llvm::cl::init(128)};
  Option<unsigned> seed{*this, "seed", llvm::cl::desc("Seed of the inputs"),
                        llvm::cl::init(1)};
  Option<bool> alias{
      *this, "alias",
      llvm::cl::desc("Arguments of one type are one buffer, and the legality "
                     "check does not assume otherwise"),
      llvm::cl::init(false)};
  Option<bool> reassociate{
      *this, "reassociate",
      llvm::cl::desc("Allow reassociation, and compare with a tolerance"),
      llvm::cl::init(false)};
  Option<bool> unchecked{*this, "unchecked",
                         llvm::cl::desc("Skip the legality check"),
                         llvm::cl::init(false)};
  Option<bool> pair{*this, "pair",
                    llvm::cl::desc("Compare each second function with the one "
                                   "before it instead"),
                    llvm::cl::init(false)};
  Option<std::string> list{
      *this, "list", llvm::cl::desc("Append the candidates to this file")};

  StringRef getArgument() const override { return "hardwire-test-candidates"; }
  StringRef getDescription() const override {
    return "Make a program that runs every candidate against the original";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<affine::AffineDialect, arith::ArithDialect,
                    memref::MemRefDialect, vector::VectorDialect,
                    scf::SCFDialect>();
  }
  void runOnOperation() override;
};

} // namespace

void AnnotatePass::runOnOperation() {
  ModuleOp module = getOperation();
  const Model &opened = modelAt(model);
  auto fail = [&](StringRef why) {
    emitError(module.getLoc()) << "hardwire: " << why;
    signalPassFailure();
  };
  if (!opened.handle)
    return fail(opened.error);
  SmallVector<std::string> known;
  for (size_t i = 0; const char *name = hardwire_model_target(opened.handle, i);
       ++i)
    known.push_back(name);
  SmallVector<std::string> wanted(targets.begin(), targets.end());
  if (std::string own = targetOf(module); wanted.empty() && !own.empty())
    wanted.push_back(own);
  if (wanted.empty())
    wanted = known;
  for (const std::string &target : wanted)
    if (!llvm::is_contained(known, target))
      return fail("the model has no target or design `" + target +
                  "`; it has " + llvm::join(known, ", "));
  std::string error;
  if (!annotateModule(opened, wanted, module, error))
    fail(error);
}

void TestCandidatesPass::runOnOperation() {
  ModuleOp module = getOperation();
  SearchOptions options;
  std::string error;
  options.choices.kinds = llvm::to_vector(ArrayRef<Kind>(allKinds));
  if (!decisions.empty())
    options.choices.kinds = kindsOf(
        SmallVector<std::string>(decisions.begin(), decisions.end()), error);
  options.depth = depth;
  options.maxCandidates = maxCandidates;
  options.unchecked = unchecked;
  options.legality.assumeNoAlias = !alias;
  options.legality.reassociate = reassociate;
  HarnessOptions run{seed, alias, reassociate ? 1e-4 : 0.0};
  FrozenRewritePatternSet patterns = canonicalPatterns(module.getContext());
  Scorer none;
  std::function<bool()> never;
  Search search{options, none, none, never, patterns};
  std::error_code code;
  llvm::raw_fd_ostream names(list.empty() ? "-" : StringRef(list), code,
                             llvm::sys::fs::OF_Append);
  if (code)
    error = list + ": " + code.message();
  if (!error.empty()) {
    module.emitError("hardwire: ") << error;
    return signalPassFailure();
  }
  std::vector<Comparison> comparisons;
  std::vector<OwningOpRef<func::FuncOp>> owned;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isExternal() || func.isPrivate() || !whyNotRun(func).empty())
      continue;
    if (pair) {
      // The first of two is compared with the second.
      if (!comparisons.empty() && comparisons.back().variants.empty())
        comparisons.back().variants.push_back(func);
      else
        comparisons.push_back({func, {}});
      continue;
    }
    Comparison comparison{func, {}};
    unsigned nests = topLevelNests(func).size();
    // Single nests, then pairs of neighbours.
    for (unsigned place = 0; place < 2 * nests; ++place) {
      unsigned number = place % nests, count = 1 + place / nests;
      auto loopsIn = [&](func::FuncOp parent) {
        return llvm::to_vector(
            ArrayRef(topLevelNests(parent)).drop_front(number).take_front(count));
      };
      SmallVector<affine::AffineForOp> loops = loopsIn(func);
      if (loops.size() < count ||
          (count == 2 && !areNeighbours(loops[0], loops[1])))
        continue;
      Nest nest = extractNest(loops);
      for (Candidate &candidate : search.enumerate(nest)) {
        if (!candidate.func || candidate.steps.empty())
          continue;
        OwningOpRef<func::FuncOp> variant = cloneFunc(func);
        SmallVector<affine::AffineForOp> same = loopsIn(*variant);
        // The same values are captured, in the copy.
        if (failed(replaceNest(same, extractNest(same), *candidate.func))) {
          func.emitError("hardwire: ")
              << spell(candidate.steps) << " does not verify in its place";
          return signalPassFailure();
        }
        if (!list.empty())
          names << func.getSymName() << " " << number << " "
                << spell(candidate.steps) << "\n";
        comparison.variants.push_back(*variant);
        owned.push_back(std::move(variant));
      }
    }
    comparisons.push_back(std::move(comparison));
  }
  std::string text = harness(module, comparisons, run);
  auto program = parseSourceString<ModuleOp>(text, module.getContext());
  if (!program)
    return signalPassFailure();
  module.getBodyRegion().takeBody(program->getBodyRegion());
}

static void registerPasses() {
  PassRegistration<KindPass<Kind::Fuse>>();
  PassRegistration<KindPass<Kind::Hoist>>();
  PassRegistration<KindPass<Kind::Interchange>>();
  PassRegistration<KindPass<Kind::Tile>>();
  PassRegistration<KindPass<Kind::Jam>>();
  PassRegistration<KindPass<Kind::Vectorize>>();
  PassRegistration<KindPass<Kind::Unroll>>();
  PassRegistration<OptimizePass>();
  PassRegistration<AnnotatePass>();
  PassRegistration<TestCandidatesPass>();
}

} // namespace hardwire

extern "C" ::mlir::PassPluginLibraryInfo LLVM_ATTRIBUTE_WEAK
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "HardwirePasses", LLVM_VERSION_STRING,
          hardwire::registerPasses};
}
