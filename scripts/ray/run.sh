#!/usr/bin/env bash
# Sweeps and labels on a Ray cluster of two worker processes: run.sh VENV FOLDER-OF-BUILD.
#
# Ray listens on all interfaces, so it runs where only loopback exists, with a token, and in a namespace of processes that ends
# with this script. Nothing is written to the home folder.
set -euo pipefail
venv=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
cd "$(dirname "$0")/../.."
isolate=(unshare --net --pid --fork --kill-child --mount-proc)
[ "$(id -u)" = 0 ] || isolate=(unshare --map-root-user --net --pid --fork --kill-child --mount-proc)
if ! "${isolate[@]}" ip link set lo up 2>/dev/null; then
  echo "test-ray: SKIPPED: this machine allows no namespaces (unshare --net --pid) or has no iproute2; Ray was not tested" >&2
  exit 0
fi
package=$(scripts/package.sh "$build")
# Paths of sockets are limited to 107 bytes.
work=$(mktemp -d /tmp/hw-ray.XXXXXX)
trap 'rm -rf "$work"' EXIT
token=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export HOME="$work" RAY_TMPDIR="$work" RAY_AUTH_MODE=token RAY_AUTH_TOKEN="$token" RAY_USAGE_STATS_ENABLED=0
export PYTHONPATH="$package" HARDWIRE_COMMAND="$build/hardwire" PYTHONDONTWRITEBYTECODE=1 PATH="$venv/bin:$PATH"
timeout --kill-after=10 900 "${isolate[@]}" bash -c 'ip link set lo up && exec python scripts/ray/check.py "$1"' - "$work"
