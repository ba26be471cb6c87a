#!/usr/bin/env bash
# Installs what the browser test needs if it is missing: Chromium, fonts and Python's venv with apt, and the pinned
# Python packages in a virtual environment. Fails with a message if something cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/apt.sh
. "$here/../apt.sh"
venv=$1
wanted="$here/requirements.txt"

packages=()
command -v chromium >/dev/null || packages+=(chromium)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
# Without any font Chromium renders no text.
if ! fc-list 2>/dev/null | grep . >/dev/null; then packages+=(fontconfig fonts-dejavu-core); fi
if [ ${#packages[@]} -gt 0 ]; then
  apt_update test-browser "${packages[*]}"
  apt_install test-browser --no-install-recommends "${packages[@]}" ||
    { echo "test-browser: apt could not install ${packages[*]}; the report was not tested in a browser" >&2; exit 1; }
fi

"$here/../venv.sh" python3 "$venv" "$wanted" --no-deps ||
  { echo "test-browser: pip could not install the packages of $wanted" >&2; exit 1; }
