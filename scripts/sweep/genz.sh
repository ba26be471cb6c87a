#!/bin/sh
# Makes the virtual environment of GenZ, once; a changed requirements.txt makes it anew.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$1
if cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
  exit 0
fi
rm -rf "$venv"
"${GENZ_PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
# Copied last: an installation that was cut short is started again.
cp "$here/requirements.txt" "$venv/requirements.txt"
