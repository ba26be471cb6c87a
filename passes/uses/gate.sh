#!/usr/bin/env bash
# A gate for continuous integration: kernels state what they may cost, in comments such as
#   // hardwire-check(znver4): cycles < 2e5
#   // hardwire-check(znver4): spills == 0
# and the gate fails if what the compiler makes of them is predicted to cost more. gate.sh HARDWIRE PLUGIN FILE.mlir...
set -euo pipefail
hardwire=${1:?usage: gate.sh HARDWIRE PLUGIN FILE.mlir...}
plugin=$(realpath "${2:?usage: gate.sh HARDWIRE PLUGIN FILE.mlir...}")
shift 2
failed=0
for file in "$@"; do
  # mlir-opt drops comments, so the conditions are put before its output; a condition names its function (`@name`).
  if ! { grep '^// hardwire-check' "$file"; "${MLIR_OPT:-mlir-opt-22}" --load-pass-plugin="$plugin" \
    --pass-pipeline='builtin.module(func.func(hardwire-optimize{remarks=false}))' "$file"; } | "$hardwire" predict --check -; then
    echo "gate: $file" >&2
    failed=1
  fi
done
exit $failed
