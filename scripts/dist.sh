#!/usr/bin/env bash
# Packs a build as archives: dist.sh FOLDER-OF-BUILD OUT. The folder holds the command and libhardwire with debug information.
#
# OUT gets hardwire-VERSION-TARGET.tar.gz (command, shared and static library, header, completions, manual pages, cost model,
# licences), the debug information of command and shared library as hardwire-VERSION-TARGET-debug.tar.gz, and their SHA-256. A C
# program is linked with both libraries first. The bytes depend on the files and SOURCE_DATE_EPOCH only.
set -euo pipefail
build=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=hardwire-$version-$(rustc -vV | sed -n 's/^host: //p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

# stripped FILE TO MODE: copies without debug information, which goes to a file of its own that debuggers find by name.
debug=$work/$name-debug
mkdir -p "$debug"
stripped() {
  local part
  part=$(basename "$2").debug
  install -D -m "$3" "$1" "$2"
  objcopy --only-keep-debug "$2" "$debug/$part"
  strip --strip-unneeded "$2"
  objcopy --add-gnu-debuglink="$debug/$part" "$2"
}

root=$work/$name
mkdir -p "$root"
./scripts/install.sh "$build/hardwire" "$root" >/dev/null
stripped "$build/hardwire" "$root/bin/hardwire" 755
stripped "$build/libhardwire.so" "$root/lib/libhardwire.so" 644
# Debug information of a static library would have to travel inside it.
install -D -m 644 "$build/libhardwire.a" "$root/lib/libhardwire.a"
strip --strip-debug --enable-deterministic-archives "$root/lib/libhardwire.a"
install -D -m 644 capi/include/hardwire.h "$root/include/hardwire.h"
for model in costmodel/model/*.safetensors; do
  install -D -m 644 "$model" "$root/share/hardwire/$(basename "$model")"
done
install -m 644 README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$root"
find "$work" -type d -exec chmod 755 {} +
find "$work" -type f ! -path '*/bin/*' -exec chmod 644 {} +

# answers LIBRARY: what the example in C prints when it is linked with the library.
answers() {
  ${CC:-cc} -I "$root/include" -o "$work/client" capi/examples/client.c "$1" -lpthread -lm -ldl
  LD_LIBRARY_PATH=$root/lib "$work/client" docs/costmodel-example.mlir
}
shared=$(answers "$root/lib/libhardwire.so")
static=$(answers "$root/lib/libhardwire.a")
[ "$shared" = "$static" ] || { echo "dist: the static library answers otherwise than the shared one" >&2; exit 1; }

pack() {
  tar --create --directory="$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$epoch" "$1" |
    gzip -9 --no-name >"$2"
}
for archive in "$name" "$name-debug"; do
  pack "$archive" "$out/$archive.tar.gz"
done
(cd "$out" && sha256sum "$name.tar.gz" "$name-debug.tar.gz" >"$name.sha256")
for file in "$root/bin/hardwire" "$root/lib/libhardwire.so" "$root/lib/libhardwire.a" "$out/$name.tar.gz" "$out/$name-debug.tar.gz"; do
  echo "$(du --apparent-size --block-size=1000 "$file" | cut -f1) kB  ${file#"$work"/}"
done
