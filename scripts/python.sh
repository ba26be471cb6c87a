#!/usr/bin/env bash
# Tests the Python package: python.sh VENV FOLDER-OF-BUILD. The folder holds the command and lib_native.so.
set -euo pipefail
venv=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
# A copy of the package with the library as the module, so that the source folder stays as it is.
package=target/python/package
rm -rf "$package"
mkdir -p "$package"
cp -r python/hardwire "$package/"
cp "$build/lib_native.so" "$package/hardwire/_native.abi3.so"
export PYTHONPATH="$PWD/$package" HARDWIRE_COMMAND="$build/hardwire" PYTHONDONTWRITEBYTECODE=1
"$venv/bin/python" -m pytest -q -p no:cacheprovider python/tests
"$venv/bin/mypy" --config-file python/pyproject.toml --strict --cache-dir target/python/mypy "$package/hardwire" python/tests
# The stubs of the native half against the module itself.
"$venv/bin/python" -m mypy.stubtest --mypy-config-file python/pyproject.toml hardwire._native
