//===- Others.h - What no decision is about ----------------------*- C++ -*-===//

#ifndef HARDWIRE_PASSES_OTHERS_H
#define HARDWIRE_PASSES_OTHERS_H

#include "mlir/IR/Operation.h"
#include "llvm/Support/JSON.h"

#include <string>
#include <vector>

namespace hardwire {

/// Operations of one name that are passed over for one reason.
struct PassedOver {
  std::string name;
  std::string why;
  /// The first one.
  mlir::Location loc;
  uint64_t count = 1;
};

/// The loops, structured operations and unknown operations below `root` that
/// no decision is about, by first appearance.
std::vector<PassedOver> passedOver(mlir::Operation *root);

/// The sentence of a remark.
std::string describe(const PassedOver &one);

/// As JSON.
llvm::json::Array toJson(llvm::ArrayRef<PassedOver> list);

} // namespace hardwire

#endif // HARDWIRE_PASSES_OTHERS_H
