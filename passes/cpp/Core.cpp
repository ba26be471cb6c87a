//===- Core.cpp - The core as one translation unit ------------------------===//
//
// Most of the time of a compilation goes into LLVM's headers, so all files of
// the core are compiled at once.
//
//===----------------------------------------------------------------------===//

#include "Fusion.cpp"
#include "Harness.cpp"
#include "Legality.cpp"
#include "Nest.cpp"
#include "Others.cpp"
#include "Schedule.cpp"
#include "Search.cpp"
#include "Steps.cpp"
#include "Target.cpp"
