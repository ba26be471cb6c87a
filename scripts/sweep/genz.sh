#!/bin/sh
# Makes the virtual environment of GenZ.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../venv.sh" "${GENZ_PYTHON:-python3.11}" "$1" "$here/requirements.txt" --require-hashes --no-deps
