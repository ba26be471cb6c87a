#!/usr/bin/env bash
# Installs what builds and tests need where it is missing: a C compiler, a Rust toolchain of at least 1.90, and Python 3,
# by which the tests call the C library.
# On Debian and Ubuntu it uses apt, as root or through sudo; elsewhere it says what to install.
set -euo pipefail

minimum=90 # the minor version of Rust that Cargo.toml names
rust_minor() { cargo --version 2>/dev/null | sed -nE 's/^cargo 1\.([0-9]+)\..*/\1/p'; }
PATH="$HOME/.cargo/bin:$PATH"
minor=$(rust_minor || true)
need_cc=$(command -v cc >/dev/null && echo no || echo yes)
need_python=$(command -v python3 >/dev/null && echo no || echo yes)
need_rustup=$([ -n "$minor" ] || command -v rustup >/dev/null && echo no || echo yes)

if [ "$need_cc$need_python$need_rustup" != nonono ]; then
  if ! command -v apt-get >/dev/null; then
    echo "deps: please install a C compiler, Python 3, and Rust 1.$minimum or newer by rustup" >&2
    exit 1
  fi
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "deps: run as root, or install a C compiler, Python 3 and rustup" >&2; exit 1; }
    as_root=sudo
  fi
  echo "deps: looking for packages with apt" >&2
  $as_root apt-get update -qq
  packages=()
  [ "$need_cc" = no ] || packages+=(build-essential)
  [ "$need_python" = no ] || packages+=(python3)
  if [ "$need_rustup" = yes ]; then
    # Newer releases package rustup; older ones need its own installer, fetched with curl.
    if apt-cache policy rustup | grep -qE 'Candidate: [0-9]'; then
      packages+=(rustup)
    elif ! command -v curl >/dev/null; then
      packages+=(curl ca-certificates)
    fi
  fi
  if [ ${#packages[@]} -gt 0 ]; then
    echo "deps: installing ${packages[*]} with apt" >&2
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}"
  fi
fi

if [ -z "$minor" ]; then
  echo "deps: installing the stable Rust toolchain with rustup" >&2
  if command -v rustup >/dev/null; then
    rustup default stable
  else
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile default
  fi
  minor=$(rust_minor || true)
fi
if [ -z "$minor" ] || [ "$minor" -lt "$minimum" ]; then
  echo "deps: Rust 1.$minimum or newer is needed, found 1.${minor:-none}; run: rustup update stable" >&2
  exit 1
fi
