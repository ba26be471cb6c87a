#!/bin/sh
# Makes a virtual environment of pinned packages, once; a changed list of them makes it anew.
# venv.sh PYTHON FOLDER REQUIREMENTS [options of pip]
set -eu
python=$1
venv=$2
wanted=$3
shift 3
if cmp -s "$wanted" "$venv/requirements.txt"; then
  exit 0
fi
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$@" -r "$wanted"
# Copied last: an installation that was cut short is started again.
cp "$wanted" "$venv/requirements.txt"
