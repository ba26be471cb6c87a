#!/bin/sh
# Creates a virtual environment of pinned Python packages, and recreates it when the list of packages changes.
# venv.sh PYTHON FOLDER REQUIREMENTS [PIP-OPTION...]
set -eu
python=$1
venv=$2
wanted=$3
shift 3
if cmp -s "$wanted" "$venv/requirements.txt"; then
  exit 0
fi
# The hashes are of wheels for CPython 3.11.
case " $* " in *" --require-hashes "*)
  if ! "$python" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "error: $wanted needs Python 3.11 with venv, and $python is not; set CORPUS_PYTHON or GENZ_PYTHON to one" >&2
    exit 2
  fi
esac
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$@" -r "$wanted"
# Copied last, so that an interrupted installation starts again.
cp "$wanted" "$venv/requirements.txt"
