#!/usr/bin/env bash
# Installs what a build needs where it is missing: a C linker and a Rust toolchain of at least 1.90.
# On Debian and Ubuntu it uses apt, as root or through sudo; elsewhere it says what to install.
set -euo pipefail

minimum=90 # the minor version of Rust that Cargo.toml names
packages=()
command -v cc >/dev/null || packages+=(build-essential)

rust_minor() { cargo --version 2>/dev/null | sed -nE 's/^cargo 1\.([0-9]+)\..*/\1/p'; }
PATH="$HOME/.cargo/bin:$PATH"
minor=$(rust_minor || true)
if [ -z "$minor" ]; then
  command -v rustup >/dev/null || packages+=(rustup)
fi

if [ ${#packages[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "deps: please install: ${packages[*]} (a C compiler, and Rust 1.$minimum or newer by rustup)" >&2
    exit 1
  fi
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "deps: run as root, or install: ${packages[*]}" >&2; exit 1; }
    as_root=sudo
  fi
  echo "deps: installing ${packages[*]} with apt" >&2
  $as_root apt-get update -qq
  if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}"; then
    echo "deps: apt could not install ${packages[*]}; a release without a rustup package needs rustup from the Rust project" >&2
    exit 1
  fi
fi

if [ -z "$minor" ]; then
  echo "deps: installing the stable Rust toolchain with rustup" >&2
  rustup default stable
  minor=$(rust_minor || true)
fi
if [ -z "$minor" ] || [ "$minor" -lt "$minimum" ]; then
  echo "deps: Rust 1.$minimum or newer is needed, found 1.${minor:-none}; run: rustup update stable" >&2
  exit 1
fi
