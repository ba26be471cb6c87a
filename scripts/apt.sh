# Functions by which the other scripts install Debian packages. Sourced by bash; runs nothing by itself.

# apt_missing PACKAGE...: prints those of the packages that are not installed.
apt_missing() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep '^install ok installed' >/dev/null || echo "$package"
  done
}

# apt_update CALLER WHAT: refreshes the package lists. Fails on a machine without apt, and for a user who is neither
# root nor has sudo; the message starts with CALLER and names WHAT to install by hand.
apt_update() {
  if ! command -v apt-get >/dev/null; then
    echo "$1: this machine has no apt-get; install $2, then run this again" >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "$1: run as root, or install $2" >&2
    return 1
  fi
  apt_as_root apt-get update -qq
}

# apt_available PACKAGE: succeeds if a configured package source has it. Call apt_update first.
apt_available() {
  local policy
  policy=$(apt-cache policy "$1")
  [[ $policy == *"Candidate: "[0-9]* ]]
}

# apt_install CALLER [APT-OPTION...] PACKAGE...: installs packages and says so. Call apt_update first.
apt_install() {
  local caller=$1
  shift
  echo "$caller: installing with apt: $*" >&2
  apt_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >&2
}

apt_as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
