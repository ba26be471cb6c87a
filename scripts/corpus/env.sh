#!/bin/sh
# Makes the virtual environment of the framework corpus.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../venv.sh" "${CORPUS_PYTHON:-python3.11}" "$1" "$here/requirements.txt" --require-hashes --no-deps
