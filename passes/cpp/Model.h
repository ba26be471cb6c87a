//===- Model.h - Scores by libhardwire ---------------------------*- C++ -*-===//

#ifndef HARDWIRE_PASSES_MODEL_H
#define HARDWIRE_PASSES_MODEL_H

#include "Search.h"

#include "mlir/IR/BuiltinOps.h"

struct hardwire_model;

namespace hardwire {

/// An open model; kept until the process ends.
struct Model {
  hardwire_model *handle = nullptr;
  /// Why it could not be opened.
  std::string error;
};

/// The model of a file, or the one in the library for an empty path. Opened
/// once for all passes and threads.
const Model &modelAt(llvm::StringRef path);

/// The number of a quantity's name. Empty means `cycles`, or for a design
/// `xpu_latency_cycles`. Returns false with `error` if the model does not
/// predict it for the target.
bool findQuantity(const Model &model, const std::string &target,
                  llvm::StringRef name, unsigned &quantity, std::string &error);

/// Whether a quantity belongs to a design rather than to a processor.
bool isOfDesign(unsigned quantity);

/// A scorer that asks the model for one quantity.
Scorer modelScorer(const Model &model, std::string target, unsigned quantity);

/// Writes the predictions for the functions of a module as attributes
/// `hardwire.cost`. Returns false with `error` if there are none.
bool annotateModule(const Model &model, llvm::ArrayRef<std::string> targets,
                    mlir::ModuleOp module, std::string &error);

} // namespace hardwire

#endif // HARDWIRE_PASSES_MODEL_H
