//===- Schedule.cpp - Decisions as a transform script ---------------------===//

#include "Schedule.h"

#include "mlir/Dialect/Affine/Analysis/LoopAnalysis.h"
#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/Dialect/Transform/Transforms/TransformInterpreterUtils.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using mlir::affine::AffineForOp;

namespace hardwire {

/// Marks the outer loop of a nest while steps are replayed.
static constexpr StringRef mark = "hardwire.nest";

namespace {

/// Writes the part of a script that is about one function, while it replays
/// the steps on a copy to know how many loops there are at each of them.
class FunctionScript {
public:
  FunctionScript(func::FuncOp func, const FrozenRewritePatternSet &patterns)
      : copy(cloneFunc(func)), patterns(patterns), os(text) {
    // The positions of nests are those before anything is canonicalised.
    OpBuilder builder(func.getContext());
    for (auto [number, loop] : llvm::enumerate(topLevelNests(*copy)))
      loop->setAttr(mark, builder.getIndexAttr(number));
    os << "    %f = transform.structured.match ops{[\"func.func\"]} "
          "attributes{sym_name = \""
       << func.getSymName()
       << "\"} in %m : (!transform.any_op) -> !transform.any_op\n";
    simplifyAll();
  }

  /// Writes a step of a nest; why it cannot, or nothing.
  Refusal write(unsigned nest, const Step &step);

  std::string take() { return std::move(text); }

private:
  void simplifyAll();
  SmallVector<AffineForOp> loopsOfNest(unsigned nest);
  std::string handle(AffineForOp loop);
  void runPass(StringRef pass, StringRef options);

  OwningOpRef<func::FuncOp> copy;
  const FrozenRewritePatternSet &patterns;
  std::string text;
  llvm::raw_string_ostream os;
  unsigned values = 0;
  std::string function = "%f";
};

} // namespace

void FunctionScript::simplifyAll() {
  simplify(*copy, patterns);
  os << "    transform.apply_patterns to " << function
     << " {\n      transform.apply_patterns.canonicalization\n    } : "
        "!transform.any_op\n    transform.apply_cse to "
     << function << " : !transform.any_op\n";
}

/// The loops of a nest in preorder; a nest may have become several.
SmallVector<AffineForOp> FunctionScript::loopsOfNest(unsigned nest) {
  SmallVector<AffineForOp> loops;
  for (AffineForOp root : topLevelNests(*copy)) {
    auto number = root->getAttrOfType<IntegerAttr>(mark);
    if (!number || number.getValue() != nest)
      continue;
    root->walk<WalkOrder::PreOrder>(
        [&](AffineForOp loop) { loops.push_back(loop); });
  }
  return loops;
}

/// Writes how a loop is found; returns its value. Handles do not outlive a
/// transformation, so each step asks again.
std::string FunctionScript::handle(AffineForOp loop) {
  unsigned count = 0, place = 0;
  // Upstream's match walks from inside.
  (*copy).walk([&](AffineForOp other) {
    if (other == loop)
      place = count;
    ++count;
  });
  std::string all = "%l" + std::to_string(values++);
  os << "    " << all << " = transform.structured.match ops{[\"affine.for\"]} in "
     << function << " : (!transform.any_op) -> !transform.any_op\n";
  if (count == 1)
    return all;
  std::string split = "%l" + std::to_string(values++);
  os << "    " << split << ":" << count << " = transform.split_handle " << all
     << " : (!transform.any_op) -> (";
  for (unsigned i = 0; i < count; ++i)
    os << (i ? ", " : "") << "!transform.any_op";
  os << ")\n";
  return split + "#" + std::to_string(place);
}

void FunctionScript::runPass(StringRef pass, StringRef options) {
  std::string result = "%f" + std::to_string(values++);
  os << "    " << result << " = transform.apply_registered_pass \"" << pass
     << "\" with options = {" << options << "} to " << function
     << " : (!transform.any_op) -> !transform.any_op\n";
  function = result;
}

Refusal FunctionScript::write(unsigned nest, const Step &step) {
  SmallVector<AffineForOp> loops = loopsOfNest(nest);
  // A pass of upstream works on all nests of a function.
  bool isAlone = topLevelNests(*copy).size() == 1;
  if (step.kind != Kind::Hoist && step.loop >= loops.size())
    return "the loop has another place in the function";
  // Written before the operation that uses it.
  std::string value;
  switch (step.kind) {
  case Kind::Fuse:
    return "no operation of the transform dialect fuses two affine loops";
  case Kind::Interchange:
    return "no operation of the transform dialect permutes affine loops";
  case Kind::Hoist:
    for (AffineForOp loop : llvm::reverse(loops)) {
      value = handle(loop);
      os << "    transform.apply_licm to " << value << " : !transform.any_op\n";
    }
    break;
  case Kind::Jam:
    value = handle(loops[step.loop]);
    os << "    transform.loop.unroll_and_jam " << value << " {factor = " << step.numbers.front() << "} : !transform.any_op\n";
    break;
  case Kind::Unroll: {
    // A larger factor than the trip count is a full unroll.
    int64_t factor = step.numbers.front();
    std::optional<uint64_t> trips = getConstantTripCount(loops[step.loop]);
    if (factor == 0 && !trips)
      return "the trip count is not known";
    value = handle(loops[step.loop]);
    os << "    transform.loop.unroll " << value << " {factor = " << (factor ? factor : int64_t(*trips))
       << "} : !transform.any_op\n";
    break;
  }
  case Kind::Tile: {
    if (!isAlone)
      return "affine-loop-tile would tile all nests of the function";
    std::string sizes;
    for (auto [index, size] : llvm::enumerate(step.numbers))
      sizes += (index ? ", " : "") + std::to_string(size);
    runPass("affine-loop-tile", "\"tile-sizes\" = [" + sizes + "]");
    break;
  }
  case Kind::Vectorize:
    if (!isAlone)
      return "affine-super-vectorize would change all nests of the function";
    runPass("affine-super-vectorize",
            "\"virtual-vector-size\" = [" +
                std::to_string(step.numbers.front()) +
                "], \"test-fastest-varying\" = [0], "
                "\"vectorize-reductions\" = true");
    break;
  }
  // The replay: what is legal was checked when it was decided.
  if (step.kind == Kind::Hoist) {
    for (AffineForOp loop : llvm::reverse(loops))
      moveLoopInvariantCode(cast<LoopLikeOpInterface>(loop.getOperation()));
  } else {
    Step placed = step;
    SmallVector<AffineForOp> every = loopsOf(*copy);
    placed.loop = llvm::find(every, loops[step.loop]) - every.begin();
    SmallVector<Root> roots;
    for (BlockArgument argument : copy->getArguments())
      roots.push_back({Root::Argument, argument.getAsOpaquePointer()});
    LegalityOptions options{/*assumeNoAlias=*/true, /*reassociate=*/true};
    if (failed(takeStep(placed, *copy, roots, options)))
      return "the step cannot be replayed on the whole function";
  }
  simplifyAll();
  return std::nullopt;
}

/// The text of a function after canonicalisation, without locations or marks.
static std::string canonicalText(func::FuncOp func,
                                 const FrozenRewritePatternSet &patterns) {
  OwningOpRef<func::FuncOp> copy = cloneFunc(func);
  simplify(*copy, patterns);
  return textOf(*copy);
}

/// The function that the decisions of a list give.
static OwningOpRef<func::FuncOp> expected(func::FuncOp func,
                                          ArrayRef<const Decision *> decisions) {
  OwningOpRef<func::FuncOp> copy = cloneFunc(func);
  SmallVector<AffineForOp> nests = topLevelNests(*copy);
  for (const Decision *decision : decisions) {
    AffineForOp loop = nests[decision->nest];
    const Candidate &chosen = decision->candidates[decision->chosen];
    auto module = parseSourceString<ModuleOp>(chosen.text, func.getContext());
    if (!module || failed(replaceNest(loop, extractNest(loop),
                                      *module->getOps<func::FuncOp>().begin())))
      return nullptr;
  }
  return copy;
}

static std::string wholeScript(ArrayRef<std::string> parts) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "module attributes {transform.with_named_sequence} {\n";
  for (auto [number, part] : llvm::enumerate(parts))
    os << "  transform.named_sequence @function_" << number
       << "(%m: !transform.any_op {transform.readonly}) {\n"
       << part << "    transform.yield\n  }\n";
  os << "  transform.named_sequence @__transform_main(%m: !transform.any_op "
        "{transform.readonly}) {\n";
  for (unsigned number = 0; number < parts.size(); ++number)
    os << "    transform.include @function_" << number
       << " failures(propagate) (%m) : (!transform.any_op) -> ()\n";
  os << "    transform.yield\n  }\n}\n";
  return text;
}

/// Runs the script of one function on a copy of the module; why the function
/// is not what the decisions gave, or nothing.
static Refusal differs(StringRef part, ModuleOp original, func::FuncOp func,
                       ArrayRef<const Decision *> decisions,
                       const FrozenRewritePatternSet &patterns) {
  std::string message;
  // The first message says why.
  ScopedDiagnosticHandler handler(
      original.getContext(), [&](Diagnostic &diagnostic) {
        if (message.empty() &&
            diagnostic.getSeverity() == DiagnosticSeverity::Error)
          message = ": " + diagnostic.str();
        return success();
      });
  OwningOpRef<func::FuncOp> wanted = expected(func, decisions);
  if (!wanted)
    return "the nest cannot be put in its place" + message;
  auto script = parseSourceString<ModuleOp>(wholeScript({part.str()}),
                                            original.getContext());
  if (!script)
    return "upstream cannot read the script" + message;
  OwningOpRef<ModuleOp> copy = cast<ModuleOp>(original->clone());
  Operation *main = script->lookupSymbol("__transform_main");
  if (failed(transform::applyTransformNamedSequence(
          copy->getOperation(), main, *script, transform::TransformOptions())) ||
      failed(verify(*copy)))
    return "upstream cannot run the script" + message;
  auto result = copy->lookupSymbol<func::FuncOp>(func.getSymName());
  if (!result || canonicalText(result, patterns) !=
                     canonicalText(*wanted, patterns))
    return "upstream's operations give another function";
  return std::nullopt;
}

/// The script of some decisions about a function, or why there is none.
static std::string write(ModuleOp original, func::FuncOp func,
                         ArrayRef<const Decision *> decisions,
                         const FrozenRewritePatternSet &patterns,
                         std::string &why) {
  FunctionScript script(func, patterns);
  for (const Decision *one : decisions)
    for (const Step &step : one->candidates[one->chosen].steps)
      if (Refusal refusal = script.write(one->nest, step)) {
        why = *refusal;
        return "";
      }
  std::string text = script.take();
  if (Refusal refusal = differs(text, original, func, decisions, patterns)) {
    why = *refusal;
    return "";
  }
  return text;
}

Schedule scheduleOf(ModuleOp original, ArrayRef<Decision> decisions,
                    const FrozenRewritePatternSet &patterns) {
  Schedule schedule;
  std::vector<std::string> parts;
  llvm::StringMap<SmallVector<const Decision *>> byFunction;
  SmallVector<StringRef> order;
  for (const Decision &decision : decisions)
    if (decision.changed()) {
      auto &list = byFunction[decision.function];
      if (list.empty())
        order.push_back(decision.function);
      list.push_back(&decision);
    }
  for (StringRef name : order) {
    auto func = original.lookupSymbol<func::FuncOp>(name);
    ArrayRef<const Decision *> taken = byFunction[name];
    auto omit = [&](const Decision *decision, const std::string &why) {
      schedule.omitted.push_back(
          {decision->function, decision->nest,
           spell(decision->candidates[decision->chosen].steps), why});
    };
    std::string why;
    if (!func)
      why = "the function is in a nested module";
    // Nests after a fusion have other places than in the original.
    else if (llvm::any_of(taken, [](const Decision *one) {
               return one->nests > 1;
             }))
      why = "no operation of the transform dialect fuses affine loops, and the "
            "function has a fusion";
    if (!why.empty()) {
      for (const Decision *decision : taken)
        omit(decision, why);
      continue;
    }
    std::string text = write(original, func, taken, patterns, why);
    SmallVector<const Decision *> written(taken);
    if (text.empty()) {
      // One by one: each decision is written whole or not at all.
      written.clear();
      for (const Decision *decision : taken) {
        written.push_back(decision);
        std::string longer = write(original, func, written, patterns, why);
        if (longer.empty()) {
          written.pop_back();
          omit(decision, why);
        } else {
          text = longer;
        }
      }
    }
    if (!text.empty())
      parts.push_back(text);
    schedule.taken += written.size();
  }
  schedule.text = wholeScript(parts);
  return schedule;
}

llvm::json::Object toJson(const Schedule &schedule) {
  llvm::json::Array omitted;
  for (const Omitted &one : schedule.omitted)
    omitted.push_back(llvm::json::Object{{"function", one.function},
                                         {"nest", one.nest},
                                         {"steps", one.steps},
                                         {"why", one.why}});
  return llvm::json::Object{{"text", schedule.text},
                            {"taken", schedule.taken},
                            {"omitted", std::move(omitted)}};
}

} // namespace hardwire
