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
# Hashes are those of wheels for one version of Python.
case " $* " in *" --require-hashes "*)
  if ! "$python" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "error: $python is not Python 3.11 with venv, which $wanted is for; name one in CORPUS_PYTHON or GENZ_PYTHON" >&2
    exit 2
  fi
esac
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$@" -r "$wanted"
# Copied last: an installation that was cut short is started again.
cp "$wanted" "$venv/requirements.txt"
