"""Counts the cache misses of compiled MLIR functions with cachegrind.

usage: cachegrind.py KERNELS.mlir OUT.csv [--work FOLDER] [--functions NAME,...]

Each function of the file is lowered (mlir-opt-22, mlir-translate-22), optimised with arguments that do not alias (opt-22 -O3
without unrolling and without memcpy idioms), compiled (llc-22), linked with a driver whose buffers start at pages, one behind the
other in the order of the arguments, and called once under cachegrind with the caches of CACHES: as scalar code, and vectorised for
AVX2. A line of the result has the misses of loads and stores of the function in each level. Cachegrind counts an access that spans two
lines as one miss even if both lines miss, which happens in vectorised code only.
"""

import concurrent.futures
import csv
import os
import re
import subprocess
import sys
import tempfile

CACHES = ["--D1=32768,8,64", "--LL=1048576,16,64", "--I1=32768,8,64"]
PASSES = (
    "builtin.module(convert-linalg-to-loops,convert-vector-to-scf{full-unroll=true},lower-affine,convert-scf-to-cf,"
    "expand-strided-metadata,lower-affine,convert-vector-to-llvm,convert-arith-to-llvm,finalize-memref-to-llvm,convert-index-to-llvm,"
    "convert-cf-to-llvm,convert-func-to-llvm{use-bare-ptr-memref-call-conv=1},reconcile-unrealized-casts)"
)
CODE = {"scalar": ["-vectorize-loops=false", "-vectorize-slp=false"], "avx2": []}
BYTES = {"f32": 4, "f64": 8, "i32": 4, "i8": 1, "i16": 2, "i64": 8}

DRIVER = """
#include <stdint.h>
#include <sys/mman.h>
void %(name)s(%(types)s);
int main(void) {
  static const unsigned long bytes[] = {%(bytes)s};
  unsigned long total = 1 << 22;
  for (int i = 0; i < %(count)d; i++) total += (bytes[i] + 4095) & ~4095ul;
  char *at = mmap(0, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return 1;
  at = (char *)(((uintptr_t)at + (1 << 21) - 1) & ~(uintptr_t)((1 << 21) - 1));
  char *buffers[%(count)d];
  for (int i = 0; i < %(count)d; i++) { buffers[i] = at; at += (bytes[i] + 4095) & ~4095ul; }
  %(name)s(%(values)s);
  return 0;
}
"""


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options)


def split(text):
    """The aliases before the functions, and the functions by name."""
    parts = re.split(r"(?m)^(?=func\.func @)", text)
    names = [re.match(r"func\.func @(\w+)", part).group(1) for part in parts[1:]]
    return parts[0], dict(zip(names, parts[1:]))


def size(ty):
    extents = ty.split("<")[1].split(">")[0].split("x")
    total = BYTES[extents[-1]]
    for extent in extents[:-1]:
        total *= int(extent)
    return total


def measure(name, text, code, folder):
    """Misses of one function: D1 of loads and stores, LL of loads and stores."""
    path = lambda end: os.path.join(folder, f"{name}.{code}.{end}")
    signature = text[text.index("(") + 1 : text.index(") {")]
    arguments = re.findall(r"%(\w+): (memref<[^>]*>)", signature)
    restrict = re.sub(r"(%\w+: memref<[^>]*>)", r"\1 {llvm.noalias}", signature)
    with open(path("mlir"), "w") as file:
        file.write(text.replace(signature, restrict, 1))
    run("mlir-opt-22", f"--pass-pipeline={PASSES}", path("mlir"), "-o", path("llvm.mlir"))
    run("mlir-translate-22", "--mlir-to-llvmir", path("llvm.mlir"), "-o", path("ll"))
    run("opt-22", "-O3", "-mtriple=x86_64-unknown-linux-gnu", "-mcpu=haswell", "-disable-loop-unrolling",
        "-disable-loop-idiom-all", *CODE[code], path("ll"), "-o", path("bc"))
    run("llc-22", "-O3", "-mcpu=haswell", "-relocation-model=pic", "-filetype=obj", path("bc"), "-o", path("o"))
    with open(path("c"), "w") as file:
        file.write(DRIVER % {
            "name": name,
            "types": ", ".join("void *" for _ in arguments),
            "values": ", ".join(f"buffers[{i}]" for i in range(len(arguments))),
            "bytes": ", ".join(str(size(ty)) for _, ty in arguments),
            "count": len(arguments),
        })
    run("gcc", "-O1", path("c"), path("o"), "-o", path("exe"), "-lm")
    out = path("cachegrind")
    run("valgrind", "--tool=cachegrind", "--cache-sim=yes", *CACHES, f"--cachegrind-out-file={out}", path("exe"))
    return sums(out, name)


def sums(path, name):
    """Counts of one function in cachegrind's file."""
    totals, inside = [0] * 9, False
    with open(path) as file:
        for line in file:
            if line.startswith("fn="):
                inside = line.strip() == f"fn={name}"
            elif inside and line[0].isdigit():
                for at, number in enumerate(line.split()[1:]):
                    totals[at] += int(number)
    _, _, _, _, d1_load, ll_load, _, d1_store, ll_store = totals
    return [totals[0], d1_load, d1_store, ll_load, ll_store]


def main():
    options = sys.argv[1:]
    work = options[options.index("--work") + 1] if "--work" in options else tempfile.mkdtemp()
    only = options[options.index("--functions") + 1].split(",") if "--functions" in options else None
    if len(options) < 2:
        sys.exit(__doc__)
    with open(options[0]) as file:
        head, functions = split(file.read())
    wanted = [name for name in functions if only is None or name in only]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = lambda job: [*job, *measure(job[0], head + functions[job[0]], job[1], work)]
        rows = list(pool.map(measured, [(name, code) for name in wanted for code in CODE]))
    with open(options[1], "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["function", "code", "instructions", "d1_load_misses", "d1_store_misses", "ll_load_misses", "ll_store_misses"])
        writer.writerows(rows)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}\n{error.stderr}")
