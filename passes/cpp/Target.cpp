//===- Target.cpp - The processor that a module is for --------------------===//

#include "Target.h"

#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace hardwire {

static std::string fromDlti(Attribute attribute) {
  auto system = dyn_cast_or_null<TargetSystemSpecAttr>(attribute);
  if (!system)
    return "";
  for (DataLayoutEntryInterface device : system.getEntries()) {
    auto spec = dyn_cast<TargetDeviceSpecAttr>(device.getValue());
    if (!spec)
      continue;
    for (DataLayoutEntryInterface entry : spec.getEntries()) {
      auto key = dyn_cast<StringAttr>(entry.getKey());
      auto value = dyn_cast<StringAttr>(entry.getValue());
      if (key && value &&
          (key == "chip" || key == "cpu" || key == "llvm.target_cpu"))
        return value.str();
    }
  }
  return "";
}

std::string targetOf(Operation *op) {
  for (; op; op = op->getParentOp()) {
    for (StringRef name : {"hardwire.target", "llvm.target_cpu", "target_cpu"})
      if (auto value = op->getAttrOfType<StringAttr>(name))
        return value.str();
    if (auto target = op->getAttrOfType<LLVM::TargetAttr>("llvm.target"))
      return target.getChip().str();
    std::string device = fromDlti(op->getAttr("dlti.target_system_spec"));
    if (!device.empty())
      return device;
  }
  return "";
}

} // namespace hardwire
