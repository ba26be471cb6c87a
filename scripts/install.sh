#!/usr/bin/env bash
# Installs the command with its completions and manual pages: install.sh BINARY PREFIX. Removes them: install.sh --remove PREFIX.
set -euo pipefail
binary=$1
prefix=$2
completions=(
  "bash share/bash-completion/completions/hardwire"
  "zsh share/zsh/site-functions/_hardwire"
  "fish share/fish/vendor_completions.d/hardwire.fish"
)
if [ "$binary" = --remove ]; then
  rm -f "$prefix/bin/hardwire" "$prefix"/share/man/man1/hardwire{,-*}.1 "$prefix/lib/libHardwirePasses.so"
  for line in "${completions[@]}"; do
    rm -f "$prefix/${line#* }"
  done
  exit 0
fi
install -D -m 755 "$binary" "$prefix/bin/hardwire"
for line in "${completions[@]}"; do
  path="$prefix/${line#* }"
  mkdir -p "$(dirname "$path")"
  "$binary" completions "${line%% *}" >"$path"
done
"$binary" man "$prefix/share/man/man1"
echo "installed $prefix/bin/hardwire ($(du -h --apparent-size "$binary" | cut -f1)) with completions and manual pages"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) echo "note: $prefix/bin is not on PATH; add it: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
