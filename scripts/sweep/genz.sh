#!/bin/sh
# Creates the virtual environment that `make compare-genz` runs GenZ in.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../venv.sh" "${GENZ_PYTHON:-python3.11}" "$1" "$here/requirements.txt" --require-hashes --no-deps
