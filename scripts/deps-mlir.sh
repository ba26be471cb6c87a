#!/usr/bin/env bash
# Installs LLVM and MLIR 22 if they are missing: the libraries that the feature `mlir` links, and the tools that its
# tests run. Uses apt on Debian and Ubuntu; elsewhere it says what to install.
set -euo pipefail
# shellcheck source=scripts/apt.sh
. "$(dirname "$0")/apt.sh"

packages=(libmlir-22-dev mlir-22-tools llvm-22 llvm-22-dev libclang-22-dev libpolly-22-dev
  libzstd-dev zlib1g-dev libxml2-dev libz3-dev build-essential)
by_hand="LLVM and MLIR 22 with headers, static libraries and tools (llvm-config-22, mlir-opt-22 and llvm-mca-22 on the path)"

if command -v dpkg-query >/dev/null; then
  mapfile -t missing < <(apt_missing "${packages[@]}")
  [ ${#missing[@]} -gt 0 ] || exit 0
elif command -v llvm-config-22 >/dev/null; then
  exit 0
fi
apt_update deps-mlir "$by_hand"
if ! apt_available libmlir-22-dev; then
  echo "deps-mlir: no configured package source has libmlir-22-dev. Debian 12 has it in its security archive, newer" >&2
  echo "deps-mlir: releases in the main archive. On other versions of Debian and Ubuntu add the LLVM project's apt" >&2
  echo "deps-mlir: repository for LLVM 22, then run this again." >&2
  exit 1
fi
echo "deps-mlir: LLVM and MLIR take about 2 GB" >&2
apt_install deps-mlir "${missing[@]}"
