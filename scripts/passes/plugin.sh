#!/usr/bin/env bash
# Builds the pass plugin: plugin.sh LIBHARDWIRE.a OUT.so. Objects are kept beside the result and compiled again if a
# source or a header is newer. CXX, CXXFLAGS and LLVM_CONFIG choose the tools.
set -euo pipefail
archive=$1
out=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
config=${LLVM_CONFIG:-llvm-config-22}
prefix=$("$config" --prefix)
objects=$(dirname "$out")/objects
mkdir -p "$objects"

# As LLVM itself is built by the distribution: without exceptions, without assertions (which change the layout of
# statistics), and without the type information of its classes.
flags=(-std=c++17 -O2 -fPIC -fno-rtti -fno-exceptions -DNDEBUG -D_GNU_SOURCE -Wall -Wextra -Werror -isystem "$prefix/include"
  -I "$root/capi/include")
newest=$(ls -t "$root"/passes/cpp/*.h "$root"/passes/cpp/*.cpp "$root"/capi/include/hardwire.h | head -1)
all=()
# The boundary to Rust belongs to the command; Core includes the other files.
for name in Core Model Plugin; do
  source=$root/passes/cpp/$name.cpp
  object=$objects/$name.o
  if [ ! "$object" -nt "$newest" ]; then
    # shellcheck disable=SC2086
    ${CXX:-g++} "${flags[@]}" ${CXXFLAGS:-} -c "$source" -o "$object.new"
    mv "$object.new" "$object"
  fi
  all+=("$object")
done

# A process may hold another libhardwire, so only the entry point is exported, and the identifiers of types: they must be
# those of libMLIR. Without that a trait is looked up by its name, which compilers spell differently.
map=$objects/exports.map
ids='_ZZN4mlir6detail14TypeIDResolver* _ZGVZN4mlir6detail14TypeIDResolver*'
echo "{ global: mlirGetPassPluginInfo; ${ids// /; }; local: *; };" >"$map"
${CXX:-g++} -shared "${all[@]}" -o "$out.new" "$archive" -Wl,--version-script="$map" -Wl,--gc-sections -Wl,-z,defs \
  -Wl,-rpath,"$prefix/lib" -L"$prefix/lib" -lMLIR -lLLVM-22 -lm -lpthread -ldl
mv "$out.new" "$out"
