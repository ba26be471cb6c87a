#!/bin/sh
# Makes the virtual environment of the framework corpus, once; a changed requirements.txt makes it anew.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$1
wanted="$here/requirements.txt"
if cmp -s "$wanted" "$venv/requirements.txt"; then
  exit 0
fi
python=${CORPUS_PYTHON:-python3.11}
if ! "$python" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
  echo "error: $python is not Python 3.11 with venv, which the pinned packages are for; set CORPUS_PYTHON" >&2
  exit 2
fi
exec "$here/../venv.sh" "$python" "$venv" "$wanted" --require-hashes --no-deps
