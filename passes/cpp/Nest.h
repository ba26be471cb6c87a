//===- Nest.h - A loop nest as a function of its own ------------*- C++ -*-===//
//
// A top-level affine loop nest is copied into a detached function whose
// arguments are the values that the nest captures. Candidates are made and
// scored on such functions, so that a decision depends on the nest alone and
// costs the same in a function of one nest and in a function of hundreds.
//
//===----------------------------------------------------------------------===//

#ifndef HARDWIRE_PASSES_NEST_H
#define HARDWIRE_PASSES_NEST_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace hardwire {

/// Where the memory behind a captured value comes from.
struct Root {
  enum Kind {
    /// Not a memref.
    Scalar,
    /// An argument of the function: does not alias other arguments if the
    /// options say so.
    Argument,
    /// Allocated in the function: aliases nothing but views of itself.
    Allocation,
    /// A global, by its name.
    Global,
    /// Anything else: may alias everything.
    Unknown
  };
  Kind kind = Scalar;
  /// Equal for views of the same memory: the value or the symbol.
  const void *identity = nullptr;
};

/// A nest as a detached function.
struct Nest {
  mlir::OwningOpRef<mlir::func::FuncOp> func;
  /// The captured values, by argument of `func`.
  llvm::SmallVector<mlir::Value> captured;
  /// Their memory.
  llvm::SmallVector<Root> roots;
  /// Constants that are copied into `func`, by their original.
  llvm::SmallVector<mlir::Operation *> constants;
};

/// The loops at the top level of a function that are at the root of a nest.
llvm::SmallVector<mlir::affine::AffineForOp>
topLevelNests(mlir::func::FuncOp func);

/// Copies the nest at a loop, or neighbouring nests in their order, into a
/// function of its own.
Nest extractNest(llvm::ArrayRef<mlir::affine::AffineForOp> loops);

/// Replaces the loops by the body of `func`, a transformed copy of `nest.func`,
/// at the place of the last one. Leaves the function as it was and returns
/// failure if the result does not verify.
mlir::LogicalResult replaceNest(llvm::ArrayRef<mlir::affine::AffineForOp> loops,
                                const Nest &nest, mlir::func::FuncOp func);

/// The loops of a function in preorder: their positions address them.
llvm::SmallVector<mlir::affine::AffineForOp>
loopsOf(mlir::func::FuncOp func);

/// A copy that is attached to nothing.
mlir::OwningOpRef<mlir::func::FuncOp> cloneFunc(mlir::func::FuncOp func);

/// The text of a function by itself, without aliases.
std::string textOf(mlir::func::FuncOp func);

} // namespace hardwire

#endif // HARDWIRE_PASSES_NEST_H
