"""Native times of what the plugin decides: native.py PLUGIN FILE[:N]... [--target CPU] [--journal FILE] [--document FILE].

Compiles each function of a file in several forms to native code (LLVM's O3, pointers that do not overlap), runs them one after the
other in many rounds, and compares the shortest times: the original, the plugin's choice, upstream's `affine-loop-tile` with its
cache model, Polly, and some legal single steps, each on all nests. Differences below 1.3 are noise on a shared machine. Rows are kept
in the journal, so an interrupted run goes on where it ended. Writes Markdown, with --document between the marks of that file.
"""

import argparse
import ctypes
import json
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

PROMOTION = "func.func(affine-scalrep),canonicalize,cse,"
LOWERING = (
    "func.func(lower-vector-multi-reduction,convert-vector-to-scf),lower-affine,"
    "convert-scf-to-cf,expand-strided-metadata,lower-affine,func.func(arith-expand),convert-math-to-llvm,convert-math-to-libm,"
    "convert-vector-to-llvm,convert-ub-to-llvm,convert-arith-to-llvm,convert-index-to-llvm,finalize-memref-to-llvm,"
    "convert-func-to-llvm{use-bare-ptr-memref-call-conv=1},convert-cf-to-llvm,canonicalize,cse,reconcile-unrealized-casts"
)
TRIPLE = "-mtriple=x86_64-unknown-linux-gnu"
C_TYPES = {"f32": ctypes.c_float, "f64": ctypes.c_double, "i32": ctypes.c_int32}


def build(text, folder, name, polly=False, as_labelled=False):
    """A shared library of a function of the affine dialect; `as_labelled`: by what labels are made of, so elements stay in memory and
    LLVM does not unroll loops."""
    lowered, _ = tools.opt(LOWERING if as_labelled else PROMOTION + LOWERING, text)
    ir = subprocess.run([tools.tool("mlir-translate"), "--mlir-to-llvmir"], input=lowered, capture_output=True, text=True,
                        check=True).stdout
    # As labels are made: pointer arguments do not overlap.
    ir = re.sub(r"ptr (%\d+)(?=[,)])", r"ptr noalias \1", "\n".join(
        line if line.startswith("define") else line.replace("ptr %", "ptr  %") for line in ir.split("\n"))).replace("ptr  %", "ptr %")
    flags = ["-polly", "-polly-vectorizer=stripmine"] if polly else ["-disable-loop-unrolling"] if as_labelled else []
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


def flush_denormals():
    """Computes with zero instead of denormal numbers, which repeated calls on the same buffers may come to and which take a hundred times
    as long."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = os.path.join(folder, "flush.c"), os.path.join(folder, "flush.so")
        with open(source, "w", encoding="utf-8") as out:
            out.write("void flush(void) {\n#ifdef __x86_64__\n__builtin_ia32_ldmxcsr(0x9fc0);\n#endif\n}\n")
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", source, "-o", library], check=True)
        ctypes.CDLL(library).flush()


def shortest(variants, text, rounds):
    """Shortest seconds of a call for each library, measured in turns."""
    name = re.search(r"func\.func @(\w+)", text).group(1)
    flush_denormals()
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
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as report:
        changed, _ = tools.opt(f"func.func(hardwire-optimize{{target={target} remarks=false report={report.name}}})", text, plugin)
        decisions = [json.loads(line) for line in report]
    # A step that is legal for one nest of a block is tried on all of them.
    steps = dict.fromkeys(one["steps"] for decision in decisions for one in decision["candidates"]
                          if one["steps"] != "keep" and "+" not in one["steps"] and one["verdict"] not in ("illegal", "unsupported"))
    return "; ".join(decision["steps"] for decision in decisions), changed, list(steps)


def spread(items, count):
    """`count` of the items, evenly."""
    count = min(count, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def measured(text, given):
    """The ratios of one function: time of the original over that of each form."""
    chosen, changed, steps = candidates(given.plugin, text, given.target)
    with tempfile.TemporaryDirectory() as folder:
        tiled, _ = tools.opt("func.func(affine-loop-tile)", text)
        variants = {"original": build(text, folder, "original"), "choice": build(changed, folder, "choice"),
                    "polly": build(text, folder, "polly", polly=True), "tile": build(tiled, folder, "tile")}
        for number, step in enumerate(spread(steps, given.steps)):
            other, _ = tools.opt(f"func.func(hardwire-optimize{{apply={step} remarks=false}})", text, given.plugin)
            variants[step] = build(other, folder, f"step{number}")
        times = shortest(variants, text, given.rounds)
    return {"chosen": chosen, "seconds": times}


def rows(results):
    """The table."""
    lines = ["| kernel | chosen | choice | `affine-loop-tile` | Polly | best measured | which |", "| --- | --- | ---: | ---: | ---: | ---: | --- |"]
    ratios = {"choice": [], "tile": [], "polly": [], "best": []}
    for name, result in results.items():
        times = result["seconds"]
        ratio = {variant: times["original"] / seconds for variant, seconds in times.items()}
        own = {variant: value for variant, value in ratio.items() if variant not in ("tile", "polly")}
        best = max(own, key=own.get)
        ratio["best"] = own[best]
        for key, values in ratios.items():
            values.append(ratio[key])
        which = {"choice": "the choice", "original": "the original"}.get(best, f"`{best}`")
        lines.append(f"| {name} | `{result['chosen']}` | {ratio['choice']:.2f} | {ratio['tile']:.2f} | {ratio['polly']:.2f} | "
                     f"{ratio['best']:.2f} | {which} |")
    mean = {key: math.exp(sum(map(math.log, values)) / len(values)) for key, values in ratios.items()}
    lines.append(f"| geometric mean of {len(results)} | | {mean['choice']:.2f} | {mean['tile']:.2f} | {mean['polly']:.2f} | {mean['best']:.2f} | |")
    below = sum(value < 1 / 1.3 for value in ratios["choice"])
    lines.append(f"\nThe best measured form is {mean['best'] / mean['choice']:.2f} times as fast as the choice (geometric mean). "
                 f"The choice is slower than the original by more than 1.3 in {below} of {len(results)}.")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plugin")
    parser.add_argument("files", nargs="+", metavar="FILE[:N]", help="with N, only so many functions, evenly over the file")
    parser.add_argument("--target", default="skylake-avx512")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=6, help="single steps that are measured as well, evenly over the legal ones")
    parser.add_argument("--journal", help="file of finished rows")
    parser.add_argument("--document", help="file whose table is replaced")
    given = parser.parse_args()

    texts = []
    for file in given.files:
        path, _, count = file.partition(":")
        every = [text for text in semantics.functions(path) if "tensor" not in text]
        texts += spread(every, int(count) if count else len(every))
    journal = tools.Journal(given.journal)
    known = {row["text"]: row["result"] for row in journal.rows if row["target"] == given.target}
    results = {}
    for text in texts:
        name = re.search(r"func\.func @(\w+)", text).group(1)
        if text not in known:
            print(f"{len(results) + 1} of {len(texts)}: @{name}", file=sys.stderr, flush=True)
            known[text] = measured(text, given)
            journal.append({"target": given.target, "text": text, "result": known[text]})
        results[name] = known[text]
    table = rows(results)
    print(table, end="")
    if given.document:
        tools.into_document(given.document, "native", "measure-native", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
