//===- Nest.cpp - A loop nest as a function of its own --------------------===//

#include "Nest.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using mlir::affine::AffineForOp;

namespace hardwire {

SmallVector<AffineForOp> topLevelNests(func::FuncOp func) {
  SmallVector<AffineForOp> nests;
  for (Block &block : func.getBody())
    for (auto loop : block.getOps<AffineForOp>())
      nests.push_back(loop);
  return nests;
}

/// Follows views and casts to the memory behind a memref.
static Root rootOf(Value value) {
  if (!isa<BaseMemRefType>(value.getType()))
    return {Root::Scalar, nullptr};
  while (Operation *op = value.getDefiningOp()) {
    if (auto view = dyn_cast<ViewLikeOpInterface>(op)) {
      value = view.getViewSource();
      continue;
    }
    if (isa<memref::AllocOp, memref::AllocaOp>(op))
      return {Root::Allocation, value.getAsOpaquePointer()};
    if (auto global = dyn_cast<memref::GetGlobalOp>(op))
      return {Root::Global,
              global.getNameAttr().getAttr().getAsOpaquePointer()};
    return {Root::Unknown, nullptr};
  }
  // A block that is not the entry gets its arguments from branches.
  auto argument = cast<BlockArgument>(value);
  bool isEntry = argument.getOwner()->isEntryBlock() &&
                 isa<func::FuncOp>(argument.getOwner()->getParentOp());
  if (!isEntry)
    return {Root::Unknown, nullptr};
  return {Root::Argument, value.getAsOpaquePointer()};
}

Nest extractNest(ArrayRef<AffineForOp> loops) {
  Nest nest;
  llvm::SetVector<Value> used;
  SmallVector<Type> results;
  for (AffineForOp loop : loops) {
    used.insert(loop->operand_begin(), loop->operand_end());
    getUsedValuesDefinedAbove(loop.getRegion(), used);
    llvm::append_range(results, loop->getResultTypes());
  }
  for (Value value : used) {
    Operation *op = value.getDefiningOp();
    if (op && matchPattern(op, m_Constant()) && op->getNumOperands() == 0 &&
        op->getNumResults() == 1) {
      nest.constants.push_back(op);
      continue;
    }
    nest.captured.push_back(value);
    nest.roots.push_back(rootOf(value));
  }
  // The name does not matter: the model does not see it.
  AffineForOp first = loops.front();
  OpBuilder builder(first.getContext());
  auto type = builder.getFunctionType(TypeRange(ValueRange(nest.captured)),
                                      results);
  nest.func = func::FuncOp::create(first.getLoc(), "nest", type);
  Block *body = nest.func->addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping map;
  map.map(nest.captured, body->getArguments());
  for (Operation *constant : nest.constants)
    builder.clone(*constant, map);
  SmallVector<Value> returned;
  for (AffineForOp loop : loops)
    llvm::append_range(returned, builder.clone(*loop, map)->getResults());
  func::ReturnOp::create(builder, first.getLoc(), returned);
  return nest;
}

LogicalResult replaceNest(ArrayRef<AffineForOp> loops, const Nest &nest,
                          func::FuncOp func) {
  AffineForOp last = loops.back();
  OpBuilder builder(last);
  IRMapping map;
  Block &body = func.getBody().front();
  map.map(body.getArguments(), ValueRange(nest.captured));
  SmallVector<Operation *> inserted;
  for (Operation &op : body.without_terminator()) {
    Attribute value;
    if (op.getNumResults() == 1 && op.getNumOperands() == 0 &&
        matchPattern(&op, m_Constant(&value))) {
      // A constant that the function has already is used again.
      auto *same = llvm::find_if(nest.constants, [&](Operation *constant) {
        Attribute other;
        return constant->getResult(0).getType() == op.getResult(0).getType() &&
               matchPattern(constant, m_Constant(&other)) && other == value;
      });
      if (same != nest.constants.end()) {
        map.map(op.getResult(0), (*same)->getResult(0));
        continue;
      }
    }
    inserted.push_back(builder.clone(op, map));
  }
  SmallVector<Value> results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(map.lookup(value));
  SmallVector<Value> before;
  for (AffineForOp loop : loops)
    llvm::append_range(before, loop->getResults());
  for (auto [old, now] : llvm::zip(before, results))
    old.replaceAllUsesWith(now);
  // The originals stay until the result has verified.
  SmallVector<std::pair<Operation *, Operation *>> removed;
  Block *block = builder.getInsertionBlock();
  for (AffineForOp loop : loops) {
    removed.push_back({loop, loop->getNextNode()});
    loop->remove();
  }
  if (succeeded(verify(cast<func::FuncOp>(block->getParentOp())))) {
    for (auto [original, next] : removed)
      original->destroy();
    return success();
  }
  for (auto [original, next] : llvm::reverse(removed))
    block->getOperations().insert(Block::iterator(next), original);
  for (auto [old, now] : llvm::zip(before, results))
    now.replaceUsesWithIf(old, [&](OpOperand &use) {
      return !llvm::any_of(inserted, [&](Operation *op) {
        return op->isAncestor(use.getOwner());
      });
    });
  for (Operation *op : llvm::reverse(inserted))
    op->erase();
  return failure();
}

SmallVector<AffineForOp> loopsOf(func::FuncOp func) {
  SmallVector<AffineForOp> loops;
  func.walk<WalkOrder::PreOrder>(
      [&](AffineForOp loop) { loops.push_back(loop); });
  return loops;
}

OwningOpRef<func::FuncOp> cloneFunc(func::FuncOp func) {
  return cast<func::FuncOp>(func->clone());
}

std::string textOf(func::FuncOp func) {
  std::string text;
  llvm::raw_string_ostream os(text);
  func->print(os, OpPrintingFlags().useLocalScope());
  return text;
}

} // namespace hardwire
