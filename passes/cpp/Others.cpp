//===- Others.cpp - What no decision is about -----------------------------===//

#include "Others.h"

#include "Nest.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace mlir;
using mlir::affine::AffineForOp;

namespace hardwire {

/// Why an operation is passed over; empty if it is not, or if it is nothing
/// that a decision could be about.
static StringRef reasonOf(Operation *op) {
  if (!op->isRegistered())
    return "its dialect is not known";
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return structured.hasPureBufferSemantics()
               ? "a structured operation is no loop (convert-linalg-to-affine-"
                 "loops makes it one)"
               : "it works on tensors";
  if (isa<AffineForOp>(op)) {
    // A loop inside a nest is part of the nest's decision.
    Operation *parent = op->getParentOp();
    bool isInner = isa<AffineForOp>(parent);
    while (isa<AffineForOp, affine::AffineIfOp>(parent)) {
      isInner |= isa<AffineForOp>(parent);
      parent = parent->getParentOp();
    }
    return isInner || isa<func::FuncOp>(parent)
               ? ""
               : "it does not stand at the top level of a func.func";
  }
  if (isa<LoopLikeOpInterface>(op))
    return "only affine.for is transformed";
  return "";
}

std::vector<PassedOver> passedOver(Operation *root) {
  std::vector<PassedOver> list;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    StringRef why = reasonOf(op);
    if (why.empty())
      return;
    StringRef name = op->getName().getStringRef();
    auto known = llvm::find_if(list, [&](const PassedOver &one) {
      return one.name == name && one.why == why;
    });
    if (known != list.end())
      ++known->count;
    else
      list.push_back({name.str(), why.str(), op->getLoc()});
  });
  return list;
}

std::string describe(const PassedOver &one) {
  std::string times =
      one.count > 1 ? " (" + std::to_string(one.count) + " times)" : "";
  return "hardwire: passed over: " + one.name + times + ": " + one.why;
}

llvm::json::Array toJson(ArrayRef<PassedOver> list) {
  llvm::json::Array array;
  for (const PassedOver &one : list) {
    unsigned line = 0, column = 0;
    if (auto file = dyn_cast<FileLineColLoc>(one.loc)) {
      line = file.getLine();
      column = file.getColumn();
    }
    array.push_back(llvm::json::Object{{"operation", one.name},
                                       {"count", one.count},
                                       {"line", line},
                                       {"column", column},
                                       {"why", one.why}});
  }
  return array;
}

} // namespace hardwire
