#!/usr/bin/env bash
# Installs what builds and tests need if it is missing: a C compiler, a Rust toolchain of at least 1.90, and Python 3,
# which the tests of the C library use. Uses apt on Debian and Ubuntu, and rustup for Rust.
set -euo pipefail
# shellcheck source=scripts/apt.sh
. "$(dirname "$0")/apt.sh"

minimum=90 # minor version of Rust, as `rust-version` in Cargo.toml
rust_minor() { cargo --version 2>/dev/null | sed -nE 's/^cargo 1\.([0-9]+)\..*/\1/p'; }
PATH="$HOME/.cargo/bin:$PATH"
minor=$(rust_minor || true)

packages=()
command -v cc >/dev/null || packages+=(build-essential)
command -v python3 >/dev/null || packages+=(python3)
need_rustup=no
[ -n "$minor" ] || command -v rustup >/dev/null || need_rustup=yes

if [ ${#packages[@]} -gt 0 ] || [ "$need_rustup" = yes ]; then
  apt_update deps "a C compiler, Python 3, and Rust 1.$minimum or newer with rustup"
  if [ "$need_rustup" = yes ]; then
    # Newer releases of Debian and Ubuntu package rustup; on older ones curl fetches its installer.
    if apt_available rustup; then
      packages+=(rustup)
    elif ! command -v curl >/dev/null; then
      packages+=(curl ca-certificates)
    fi
  fi
  [ ${#packages[@]} -eq 0 ] || apt_install deps "${packages[@]}"
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
