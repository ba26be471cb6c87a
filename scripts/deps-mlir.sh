#!/usr/bin/env bash
# Installs LLVM and MLIR 22 where they are missing: what the feature `mlir` builds with, and the tools that its
# tests compare with. Debian and Ubuntu by apt, as root or through sudo; elsewhere it says what to install.
set -euo pipefail

packages=(libmlir-22-dev mlir-22-tools llvm-22 llvm-22-dev libclang-22-dev libpolly-22-dev
  libzstd-dev zlib1g-dev libxml2-dev libz3-dev build-essential)

missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
  done
elif command -v llvm-config-22 >/dev/null; then
  exit 0
else
  echo "deps-mlir: please install LLVM and MLIR 22 with headers, static libraries and tools, so that llvm-config-22," >&2
  echo "deps-mlir: mlir-opt-22 and llvm-mca-22 are found; this script knows Debian's packages only" >&2
  exit 1
fi
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps-mlir: run as root, or install ${missing[*]}" >&2; exit 1; }
  as_root=sudo
fi
$as_root apt-get update -qq
if ! apt-cache policy libmlir-22-dev | grep -qE 'Candidate: [0-9]'; then
  echo "deps-mlir: no configured source of packages has libmlir-22-dev. Debian 12 has it in its security archive," >&2
  echo "deps-mlir: newer releases in the main one; for other versions of Debian and Ubuntu add the LLVM project's own" >&2
  echo "deps-mlir: apt repository for LLVM 22, then run this again" >&2
  exit 1
fi
echo "deps-mlir: installing ${missing[*]} with apt (about 2 GB)" >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"
