//===- Schedule.h - Decisions as a transform script ---------------*- C++ -*-===//
//
// Writes decisions as a script of the transform dialect that stock mlir-opt
// runs. Only steps for which upstream has an operation that addresses one loop
// are written, and a script is kept only if running it gives the functions that
// the decisions gave.
//
//===----------------------------------------------------------------------===//

#ifndef HARDWIRE_PASSES_SCHEDULE_H
#define HARDWIRE_PASSES_SCHEDULE_H

#include "Search.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

namespace hardwire {

/// A decision that a script does not have.
struct Omitted {
  std::string function;
  unsigned nest;
  std::string steps;
  std::string why;
};

/// A script and what it does not have.
struct Schedule {
  std::string text;
  std::vector<Omitted> omitted;
  /// Number of decisions that it has.
  unsigned taken = 0;
};

/// The script of decisions about a module, which is still as it was before
/// them.
Schedule scheduleOf(mlir::ModuleOp original,
                    llvm::ArrayRef<Decision> decisions,
                    const mlir::FrozenRewritePatternSet &patterns);

/// As JSON.
llvm::json::Object toJson(const Schedule &schedule);

} // namespace hardwire

#endif // HARDWIRE_PASSES_SCHEDULE_H
