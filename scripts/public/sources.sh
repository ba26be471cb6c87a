#!/usr/bin/env bash
# Unpacks MLIR's own tests from Debian's LLVM source packages: sources.sh FOLDER VERSION...
# Uses the package sources that this machine is configured for, with their source archives enabled in a copy. A version
# that they do not offer is skipped with a message; without any version the script fails.
set -euo pipefail
into=$1
shift
apt=$into/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"

# The same sources, as source packages.
for file in /etc/apt/sources.list.d/*.sources; do
  [ -e "$file" ] && sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$apt/sources/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -e "$file" ] && sed -nE 's/^deb(-src)? /deb-src /p' "$file" | sort -u >"$apt/sources/$(basename "$file" .list).list"
done
options=(-q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$(realpath "$apt/sources")"
  -o Dir::State::lists="$(realpath "$apt/lists")" -o Dir::Cache="$(realpath "$apt/cache")" -o APT::Sandbox::User=root)

found=0 updated=
for version in "$@"; do
  tests=$into/mlir-$version
  if [ ! -d "$tests" ]; then
    if [ -z "$updated" ]; then
      apt-get "${options[@]}" update >"$into/apt.log" 2>&1 || true
      updated=1
    fi
    rm -rf "$into/download"
    mkdir -p "$into/download"
    # Only the archive of the sources is needed; a source package is that, a description and patches.
    if ! (cd "$into/download" && apt-get "${options[@]}" source --download-only --tar-only "llvm-toolchain-$version") \
      >>"$into/apt.log" 2>&1; then
      echo "corpus-public: the package sources do not offer the source of LLVM $version ($into/apt.log)" >&2
      continue
    fi
    mkdir -p "$tests.part"
    tar -xf "$into"/download/*.orig.tar.* -C "$tests.part" --strip-components=1 --wildcards '*/mlir/test/*'
    rm -rf "$into/download"
    mv "$tests.part" "$tests"
  fi
  found=$((found + 1))
done
if [ "$found" -eq 0 ]; then
  echo "corpus-public: no tests: none of the versions $* can be had" >&2
  exit 1
fi
