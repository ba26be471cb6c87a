//===- Model.cpp - Scores by libhardwire ----------------------------------===//

#include "Model.h"

#include "hardwire.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <memory>
#include <mutex>

using namespace mlir;

namespace hardwire {

const Model &modelAt(StringRef path) {
  static std::mutex mutex;
  static llvm::StringMap<std::unique_ptr<Model>> models;
  std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<Model> &slot = models[path];
  if (slot)
    return *slot;
  slot = std::make_unique<Model>();
  // One provider for all candidates: costs of two providers do not compare.
  hardwire_choice choice = HARDWIRE_CHOICE_LEARNED;
  hardwire_status status;
  if (path.empty()) {
    status = hardwire_model_open(choice, &slot->handle);
  } else {
    auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
    if (!file) {
      slot->error = path.str() + ": " + file.getError().message();
      return *slot;
    }
    status = hardwire_model_from_bytes(
        reinterpret_cast<const uint8_t *>((*file)->getBufferStart()),
        (*file)->getBufferSize(), choice, &slot->handle);
  }
  if (status != HARDWIRE_STATUS_OK)
    slot->error = (path.empty() ? "" : path.str() + ": ") +
                  std::string(hardwire_last_error());
  return *slot;
}

bool findQuantity(const Model &model, const std::string &target,
                  StringRef name, unsigned &quantity, std::string &error) {
  SmallVector<unsigned> wanted;
  if (name.empty()) {
    wanted = {HARDWIRE_QUANTITY_CYCLES, HARDWIRE_QUANTITY_XPU_LATENCY_CYCLES};
  } else {
    for (unsigned q = 0; const char *known = hardwire_quantity_name(q); ++q)
      if (name == known)
        wanted.push_back(q);
    if (wanted.empty()) {
      error = "no quantity is called `" + name.str() + "`";
      return false;
    }
  }
  // A function whose every quantity is known shows what is predicted at all.
  StringRef probe = "func.func @f(%a: f32) -> f32 { return %a : f32 }";
  hardwire_answer *answer = nullptr;
  if (hardwire_predict(model.handle, probe.data(), probe.size(), &answer) !=
      HARDWIRE_STATUS_OK) {
    error = hardwire_last_error();
    return false;
  }
  bool found = false;
  for (unsigned q : wanted) {
    hardwire_estimate estimate;
    if (hardwire_answer_estimate(answer, 0, target.c_str(), q, &estimate) ==
        HARDWIRE_STATUS_OK) {
      quantity = q;
      found = true;
      break;
    }
    error = hardwire_last_error();
  }
  hardwire_answer_free(answer);
  return found;
}

bool isOfDesign(unsigned quantity) {
  return quantity == HARDWIRE_QUANTITY_XPU_UTILIZATION ||
         quantity == HARDWIRE_QUANTITY_XPU_LATENCY_CYCLES;
}

Scorer modelScorer(const Model &model, std::string target, unsigned quantity) {
  hardwire_model *handle = model.handle;
  return [=](ArrayRef<std::string> texts, MutableArrayRef<Score> scores) {
    SmallVector<hardwire_text> views;
    for (const std::string &text : texts)
      views.push_back({text.data(), text.size()});
    SmallVector<hardwire_answer *> answers(texts.size(), nullptr);
    SmallVector<hardwire_status> statuses(texts.size(), HARDWIRE_STATUS_OK);
    // Failures are kept by text: one that is not read is not chosen.
    hardwire_predict_batch(handle, views.data(), views.size(), /*threads=*/1,
                           answers.data(), statuses.data());
    for (auto [i, answer] : llvm::enumerate(answers)) {
      Score &score = scores[i];
      if (!answer) {
        score.why = hardwire_status_name(statuses[i]);
        continue;
      }
      hardwire_estimate estimate;
      if (hardwire_answer_estimate(answer, 0, target.c_str(), quantity,
                                   &estimate) == HARDWIRE_STATUS_OK) {
        score.known = true;
        score.cost = {estimate.value, estimate.low, estimate.high};
      } else {
        score.why = hardwire_last_error();
      }
      (void)hardwire_answer_provider(answer, 0, nullptr, &score.novelty);
      if (hardwire_answer_estimate(answer, 0, target.c_str(),
                                   HARDWIRE_QUANTITY_SPILLS, &estimate) ==
          HARDWIRE_STATUS_OK)
        score.spills = std::floor(estimate.value);
      hardwire_ratio ratio;
      if (answers.front() &&
          hardwire_compare(handle, answer, 0, answers.front(), 0,
                           target.c_str(), quantity,
                           &ratio) == HARDWIRE_STATUS_OK)
        score.ratio = {ratio.value, ratio.low, ratio.high};
    }
    llvm::for_each(answers, hardwire_answer_free);
    return true;
  };
}

/// What is known of a function, as the attribute `hardwire.cost`.
static Attribute costOf(hardwire_answer *answer, size_t function,
                        const Model &model, ArrayRef<std::string> targets,
                        Builder &builder) {
  SmallVector<NamedAttribute> perTarget;
  for (const std::string &target : targets) {
    SmallVector<NamedAttribute> known;
    for (unsigned q = 0; const char *name = hardwire_quantity_name(q); ++q) {
      hardwire_estimate e;
      if (hardwire_answer_estimate(answer, function, target.c_str(), q, &e) ==
          HARDWIRE_STATUS_OK)
        known.push_back(builder.getNamedAttr(
            name, builder.getDenseF64ArrayAttr({e.value, e.low, e.high})));
    }
    perTarget.push_back(
        builder.getNamedAttr(target, builder.getDictionaryAttr(known)));
  }
  SmallVector<Attribute> reasons;
  for (size_t i = 0; i < hardwire_answer_reason_count(answer, function); ++i) {
    hardwire_reason reason;
    if (hardwire_answer_reason(answer, function, i, &reason) !=
        HARDWIRE_STATUS_OK)
      continue;
    std::string text;
    for (unsigned q = 0; const char *name = hardwire_quantity_name(q); ++q)
      if (reason.quantities & (1u << q))
        text += (text.empty() ? "" : ", ") + std::string(name);
    reasons.push_back(builder.getStringAttr(text + ": " + reason.message));
  }
  hardwire_provider provider = HARDWIRE_PROVIDER_LEARNED;
  double novelty = 0;
  (void)hardwire_answer_provider(answer, function, &provider, &novelty);
  SmallVector<NamedAttribute> all = {
      builder.getNamedAttr(
          "model", builder.getStringAttr(hardwire_model_name(model.handle))),
      builder.getNamedAttr("ood_score", builder.getF64FloatAttr(novelty)),
      builder.getNamedAttr("provider",
                           builder.getStringAttr(
                               provider == HARDWIRE_PROVIDER_LEARNED
                                   ? "learned"
                                   : "analytical")),
      builder.getNamedAttr("targets", builder.getDictionaryAttr(perTarget))};
  if (!reasons.empty())
    all.push_back(
        builder.getNamedAttr("reasons", builder.getArrayAttr(reasons)));
  return builder.getDictionaryAttr(all);
}

bool annotateModule(const Model &model, ArrayRef<std::string> targets,
                    ModuleOp module, std::string &error) {
  SmallVector<func::FuncOp> functions;
  module.walk<WalkOrder::PreOrder>([&](func::FuncOp func) {
    // What an earlier run wrote is no part of the text.
    func->removeAttr("hardwire.cost");
    functions.push_back(func);
  });
  if (functions.empty())
    return true;
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, OpPrintingFlags().useLocalScope());
  hardwire_answer *answer = nullptr;
  if (hardwire_predict(model.handle, text.data(), text.size(), &answer) !=
      HARDWIRE_STATUS_OK) {
    error = hardwire_last_error();
    return false;
  }
  Builder builder(module.getContext());
  // Other kinds of functions have answers too: names tell them apart.
  size_t next = 0, count = hardwire_answer_function_count(answer);
  for (func::FuncOp func : functions) {
    while (next < count &&
           func.getSymName() != hardwire_answer_function(answer, next))
      ++next;
    if (next == count)
      break;
    if (!func.isExternal())
      func->setAttr("hardwire.cost",
                    costOf(answer, next, model, targets, builder));
    ++next;
  }
  hardwire_answer_free(answer);
  return true;
}

} // namespace hardwire
