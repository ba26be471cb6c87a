#!/usr/bin/env bash
# A compiler's pipeline with the plugin in its middle, in the order of IREE's CPU path: structured operations on tensors are fused,
# buffers are assigned, loops are made, the plugin decides about them, and the rest goes to LLVM. pipeline.sh PLUGIN [FILE.mlir]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
plugin=$(realpath "${1:?usage: pipeline.sh PLUGIN [FILE.mlir]}")
source=${2:-$here/mlp.mlir}
opt=${MLIR_OPT:-mlir-opt-22}

passes=(
  # Structured operations: element-wise ones are fused with each other.
  "linalg-fuse-elementwise-ops" "canonicalize"
  # Buffers.
  "one-shot-bufferize{bufferize-function-boundaries=true function-boundary-type-conversion=identity-layout-map}"
  "buffer-results-to-out-params{hoist-static-allocs=true}" "canonicalize"
  # Loops.
  "func.func(convert-linalg-to-affine-loops)"
  # Decisions: the processor comes from the module.
  "func.func(hardwire-optimize)"
  # LLVM.
  "func.func(lower-vector-multi-reduction,convert-vector-to-scf)" "lower-affine" "convert-scf-to-cf" "expand-strided-metadata"
  "lower-affine" "func.func(arith-expand)" "convert-math-to-llvm" "convert-vector-to-llvm" "convert-ub-to-llvm"
  "convert-arith-to-llvm" "convert-index-to-llvm" "finalize-memref-to-llvm" "convert-func-to-llvm" "convert-cf-to-llvm"
  "reconcile-unrealized-casts"
)
joined=$(IFS=,; echo "${passes[*]}")
"$opt" --load-pass-plugin="$plugin" --pass-pipeline="builtin.module($joined)" "$source"
