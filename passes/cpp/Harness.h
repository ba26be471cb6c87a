//===- Harness.h - Comparing functions by running them -----------*- C++ -*-===//
//
// Builds a program that runs a function and its variants on the same random
// inputs, and prints for each variant in how many elements of all buffers and
// results it differs.
//
//===----------------------------------------------------------------------===//

#ifndef HARDWIRE_PASSES_HARNESS_H
#define HARDWIRE_PASSES_HARNESS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace hardwire {

struct HarnessOptions {
  /// Seed of the inputs.
  uint64_t seed = 1;
  /// Arguments of one type are one buffer.
  bool alias = false;
  /// Largest relative difference of two floats that counts as none; 0 compares
  /// bits.
  double tolerance = 0;
};

/// A function and what it is compared with.
struct Comparison {
  mlir::func::FuncOp original;
  std::vector<mlir::func::FuncOp> variants;
};

/// Why a function cannot be run with random inputs; empty if it can.
std::string whyNotRun(mlir::func::FuncOp func);

/// The text of a module whose `@main` prints one line with a number for each
/// variant of each comparison, in order. Other operations of `module`, such as
/// globals and private functions, are copied.
std::string harness(mlir::ModuleOp module,
                    llvm::ArrayRef<Comparison> comparisons,
                    const HarnessOptions &options);

} // namespace hardwire

#endif // HARDWIRE_PASSES_HARNESS_H
