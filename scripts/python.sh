#!/usr/bin/env bash
# Tests the Python package: python.sh VENV FOLDER-OF-BUILD. The folder holds the command and lib_native.so.
set -euo pipefail
venv=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
package=$(scripts/package.sh "$build")
export PYTHONPATH="$package" HARDWIRE_COMMAND="$build/hardwire" PYTHONDONTWRITEBYTECODE=1
"$venv/bin/python" -m pytest -q -p no:cacheprovider python/tests
# The notebooks, each from the first cell to the last.
JUPYTER_CONFIG_DIR=$PWD/target/python/jupyter IPYTHONDIR=$PWD/target/python/ipython JUPYTER_PLATFORM_DIRS=1 \
  "$venv/bin/python" -m pytest -q -p no:cacheprovider --nbmake --nbmake-timeout=120 python/notebooks
"$venv/bin/mypy" --config-file python/pyproject.toml --strict --cache-dir target/python/mypy "$package/hardwire" python/tests
# The stubs of the native half against the module itself.
"$venv/bin/python" -m mypy.stubtest --mypy-config-file python/pyproject.toml hardwire._native
