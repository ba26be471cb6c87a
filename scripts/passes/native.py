"""Native times of what the plugin decides: native.py PLUGIN FILE [--functions N] [--target CPU].

Compiles each function of a file in several forms to native code (LLVM's O3, pointers that do not overlap), runs them one after the
other in many rounds, and compares the shortest times: the original, the plugin's choice, upstream's `affine-loop-tile` with its
cache model, Polly, and every single step that is legal. Differences below 1.3 are noise on a shared machine. Writes Markdown.
"""

import argparse
import ctypes
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import semantics
import tools

LOWERING = (
    "func.func(affine-scalrep),canonicalize,cse,func.func(lower-vector-multi-reduction,convert-vector-to-scf),lower-affine,"
    "convert-scf-to-cf,expand-strided-metadata,lower-affine,func.func(arith-expand),convert-math-to-llvm,convert-math-to-libm,"
    "convert-vector-to-llvm,convert-ub-to-llvm,convert-arith-to-llvm,convert-index-to-llvm,finalize-memref-to-llvm,"
    "convert-func-to-llvm{use-bare-ptr-memref-call-conv=1},convert-cf-to-llvm,canonicalize,cse,reconcile-unrealized-casts"
)
TRIPLE = "-mtriple=x86_64-unknown-linux-gnu"
C_TYPES = {"f32": ctypes.c_float, "f64": ctypes.c_double, "i32": ctypes.c_int32}


def build(text, folder, name, polly=False):
    """A shared library of a function of the affine dialect."""
    lowered, _ = tools.opt(LOWERING, text)
    ir = subprocess.run([tools.tool("mlir-translate"), "--mlir-to-llvmir"], input=lowered, capture_output=True, text=True,
                        check=True).stdout
    # As labels are made: pointer arguments do not overlap.
    ir = re.sub(r"ptr (%\d+)(?=[,)])", r"ptr noalias \1", "\n".join(
        line if line.startswith("define") else line.replace("ptr %", "ptr  %") for line in ir.split("\n"))).replace("ptr  %", "ptr %")
    flags = ["-polly", "-polly-vectorizer=stripmine"] if polly else []
    ir = subprocess.run([tools.tool("opt"), "-passes=default<O3>", TRIPLE, "-mcpu=native", *flags, "-S"], input=ir,
                        capture_output=True, text=True, check=True).stdout
    thing = os.path.join(folder, name + ".o")
    subprocess.run([tools.tool("llc"), "-O3", TRIPLE, "-mcpu=native", "-filetype=obj", "-relocation-model=pic", "-o", thing], input=ir,
                   capture_output=True, text=True, check=True)
    library = os.path.join(folder, name + ".so")
    subprocess.run(["gcc", "-shared", thing, "-o", library, "-lm"], check=True)
    return library


def arguments(text, seed):
    """Random arguments of a function, by its signature."""
    draw = random.Random(seed)
    signature = re.search(r"func\.func @\w+\(([^)]*)\)", text).group(1)
    made = []
    for type_text in re.findall(r"%\w+: (memref<[^>]*>|\w+)", signature):
        shaped = re.fullmatch(r"memref<((?:\d+x)+)(\w+)>", type_text)
        element = C_TYPES[shaped.group(2) if shaped else type_text]
        one = (lambda: draw.uniform(0.1, 0.9)) if element is not ctypes.c_int32 else (lambda: draw.randrange(16))
        if not shaped:
            made.append(element(one()))
            continue
        count = math.prod(int(extent) for extent in shaped.group(1).split("x")[:-1])
        made.append((element * count)(*(one() for _ in range(count))))
    return made


def shortest(variants, text, rounds):
    """Shortest seconds of a call for each library, measured in turns."""
    name = re.search(r"func\.func @(\w+)", text).group(1)
    calls, best = {}, {}
    given = arguments(text, 1)
    for variant, library in variants.items():
        function = getattr(ctypes.CDLL(library), name)
        function.restype = None
        calls[variant] = function
        best[variant] = math.inf
    repeats = 1
    while repeats < 1 << 16:
        start = time.perf_counter()
        for _ in range(repeats):
            calls["original"](*given)
        if time.perf_counter() - start > 1e-3:
            break
        repeats *= 2
    for _ in range(rounds):
        for variant, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats):
                call(*given)
            best[variant] = min(best[variant], (time.perf_counter() - start) / repeats)
    return best


def candidates(plugin, text, target):
    """The plugin's choice, and the legal single steps."""
    import json

    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as report:
        changed, _ = tools.opt(f"func.func(hardwire-optimize{{target={target} remarks=false report={report.name}}})", text, plugin)
        decision = json.loads(report.readline())
    steps = [one["steps"] for one in decision["candidates"]
             if one["steps"] != "keep" and "+" not in one["steps"] and one["verdict"] not in ("illegal", "unsupported")]
    return decision["steps"], changed, steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plugin")
    parser.add_argument("file")
    parser.add_argument("--functions", type=int, default=25, help="how many, evenly over the file")
    parser.add_argument("--target", default="skylake-avx512")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--steps", type=int, default=6, help="single steps that are measured as well, evenly over the legal ones")
    given = parser.parse_args()

    every = semantics.functions(given.file)
    every = [text for text in every if "tensor" not in text]
    stride = max(1, len(every) // given.functions)
    ratios = {"choice": [], "tile": [], "polly": [], "best": []}
    print("| kernel | chosen | choice | affine-loop-tile | Polly | best measured | which |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- |")
    for text in every[::stride][: given.functions]:
        name = re.search(r"func\.func @(\w+)", text).group(1)
        chosen, changed, steps = candidates(given.plugin, text, given.target)
        with tempfile.TemporaryDirectory() as folder:
            variants = {"original": build(text, folder, "original"), "choice": build(changed, folder, "choice"),
                        "polly": build(text, folder, "polly", polly=True)}
            tiled, _ = tools.opt("func.func(affine-loop-tile)", text)
            variants["tile"] = build(tiled, folder, "tile")
            for number, step in enumerate(steps[:: max(1, len(steps) // given.steps)]):
                other, _ = tools.opt(f"func.func(hardwire-optimize{{apply={step} remarks=false}})", text, given.plugin)
                variants[step] = build(other, folder, f"step{number}")
            times = shortest(variants, text, given.rounds)
        ratio = {variant: times["original"] / seconds for variant, seconds in times.items()}
        best = max((variant for variant in ratio if variant not in ("tile", "polly")), key=ratio.get)
        ratios["choice"].append(ratio["choice"])
        ratios["tile"].append(ratio["tile"])
        ratios["polly"].append(ratio["polly"])
        ratios["best"].append(ratio[best])
        which = chosen if best == "choice" else best
        print(f"| {name} | `{chosen}` | {ratio['choice']:.2f} | {ratio['tile']:.2f} | {ratio['polly']:.2f} | {ratio[best]:.2f} | `{which}` |",
              flush=True)
    mean = {key: math.exp(sum(map(math.log, values)) / len(values)) for key, values in ratios.items()}
    print(f"| geometric mean | | {mean['choice']:.2f} | {mean['tile']:.2f} | {mean['polly']:.2f} | {mean['best']:.2f} | |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
