//===- Target.h - The processor that a module is for -------------*- C++ -*-===//

#ifndef HARDWIRE_PASSES_TARGET_H
#define HARDWIRE_PASSES_TARGET_H

#include "mlir/IR/Operation.h"

#include <string>

namespace hardwire {

/// The processor that an operation or one around it names, as LLVM spells it;
/// empty if there is none. Read from, in this order, on each operation from
/// inside: `hardwire.target`, `llvm.target_cpu`, `target_cpu`, the chip of
/// `llvm.target`, and the entries `chip`, `cpu` or `llvm.target_cpu` of a DLTI
/// device in `dlti.target_system_spec`.
std::string targetOf(mlir::Operation *op);

} // namespace hardwire

#endif // HARDWIRE_PASSES_TARGET_H
