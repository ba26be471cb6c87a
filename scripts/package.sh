#!/usr/bin/env bash
# Copies the Python package with a built library as its native half: package.sh FOLDER-OF-BUILD. Prints the folder.
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
# A copy, so that the source folder stays as it is.
package=target/python/package
rm -rf "$package"
mkdir -p "$package"
cp -r python/hardwire "$package/"
cp "$build/lib_native.so" "$package/hardwire/_native.abi3.so"
echo "$PWD/$package"
