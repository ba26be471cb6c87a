#!/bin/sh
# Creates the virtual environment that the framework corpus is generated in.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../venv.sh" "${CORPUS_PYTHON:-python3.11}" "$1" "$here/requirements.txt" --require-hashes --no-deps
