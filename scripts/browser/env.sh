#!/usr/bin/env bash
# Installs what the browser test needs where it is missing: Chromium and Python's venv from Debian's packages, and the pinned
# Python packages in a virtual environment. Says what is missing where it cannot, and fails.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=$1
wanted="$here/requirements.txt"

need=()
command -v chromium >/dev/null || need+=(chromium)
python3 -c 'import ensurepip, venv' 2>/dev/null || need+=(python3-venv)
# A page without any font has no text to look at.
if ! fc-list 2>/dev/null | grep -q .; then need+=(fontconfig fonts-dejavu-core); fi
if [ ${#need[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "test-browser: cannot install ${need[*]}: this machine has no apt; install them and run again" >&2
    exit 1
  fi
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "test-browser: run as root, or install ${need[*]}" >&2; exit 1; }
    as_root=sudo
  fi
  echo "test-browser: installing ${need[*]} with apt" >&2
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >&2 ||
    { echo "test-browser: apt could not install ${need[*]}, so the report was not looked at in a browser" >&2; exit 1; }
fi

"$here/../venv.sh" python3 "$venv" "$wanted" --no-deps ||
  { echo "test-browser: pip could not install the packages of $wanted" >&2; exit 1; }
