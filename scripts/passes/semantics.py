"""Runs every candidate of the plugin against its original on random inputs: semantics.py PLUGIN [--full].

Each function of the kernels is run with its candidates: single steps and sequences of two, with and without overlapping
buffers, with several seeds. Prints the cases by kind and exits with 1 if one differs. Then it shows that the comparison can
fail: without the legality check, and for upstream's own passes, some results must differ.
"""

import argparse
import collections
import os
import sys
import tempfile

import tools

KERNELS = os.path.join(os.path.dirname(__file__), "..", "..", "passes", "kernels")


def functions(path):
    """The functions of a file as texts of one function each."""
    parts = open(path, encoding="utf-8").read().split("\nfunc.func ")
    return ["func.func " + part[: part.rindex("\n}") + 2] for part in parts[1:]]


def run(plugin, text, options):
    """Differing elements by candidate: (function, nest, steps, count)."""
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as names:
        pipeline = f"hardwire-test-candidates{{{options} list={names.name}}},{tools.LOWERING}"
        lowered, _ = tools.opt(pipeline, text, plugin)
        steps = [line.split() for line in names.read().splitlines()]
    counts = [int(line) for line in tools.execute(lowered)] if steps else []
    if len(counts) != len(steps):
        sys.exit(f"{len(steps)} candidates, but {len(counts)} results")
    return [(*step, count) for step, count in zip(steps, counts)]


def compared(original, changed, plugin):
    """Differing elements between a text and what upstream's passes made of it, by the same program."""
    pipeline = f"hardwire-test-candidates{{decisions=hoist}},{tools.LOWERING}"
    outputs = []
    for text in (original, changed):
        program, _ = tools.opt("canonicalize", text, extra=("--mlir-print-local-scope",))
        outputs.append(program)
    body = outputs[1].replace("func.func @", "func.func @changed_", 1)
    joined = outputs[0].rstrip().rstrip("}") + body[body.index("func.func"):]
    lowered, _ = tools.opt(pipeline.replace("decisions=hoist", "pair=true"), joined, plugin)
    return sum(int(line) for line in tools.execute(lowered))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plugin")
    parser.add_argument("--full", action="store_true", help="also sequences of two steps, more seeds, larger kernels")
    arguments = parser.parse_args()
    plugin = arguments.plugin

    small = functions(os.path.join(KERNELS, "semantics.mlir"))
    sets = ["depth=1 seed=1", "depth=1 seed=2 alias=true"]
    if arguments.full:
        sets += ["depth=2 seed=3 max-candidates=60", "depth=1 seed=4 reassociate=true", "depth=2 seed=5 alias=true max-candidates=60"]
    cases, wrong = collections.Counter(), []
    texts = ["\n".join(small)]
    if arguments.full:
        # One program each: together they would be compiled for minutes.
        texts = small
    for options in sets:
        for text in texts:
            for function, nest, steps, count in run(plugin, text, options):
                for step in steps.split("+"):
                    cases[step.split(":")[0]] += 1
                cases["all"] += 1
                if count:
                    wrong.append(f"@{function}, nest {nest}, {steps} ({options}): {count} elements differ")
    for kind, count in sorted(cases.items()):
        print(f"{kind:12} {count:5} cases")

    # What the check is for. A comparison that cannot fail shows nothing.
    skew = next(text for text in small if "@skew(" in text)
    unchecked = {steps: count for _, _, steps, count in run(plugin, skew, "unchecked=true decisions=tile,jam")}
    checked = [steps for _, _, steps, _ in run(plugin, skew, "decisions=tile,jam")]
    for steps in ("tile:0:8x8", "jam:0:2"):
        if not unchecked.get(steps):
            wrong.append(f"@skew, {steps} without the legality check: nothing differs")
        if steps in checked:
            wrong.append(f"@skew, {steps} is not refused")
    for name, nest in (("fuse_shifts", 1), ("fuse_overwrite", 0)):
        text = next(text for text in small if f"@{name}(" in text)
        one = (name, str(nest), "fuse:0:1")
        if not sum(count for *which, count in run(plugin, text, "unchecked=true decisions=fuse") if tuple(which) == one):
            wrong.append(f"@{name}, nest {nest}, fused without the legality check: nothing differs")
        if one in [tuple(which) for *which, _ in run(plugin, text, "decisions=fuse")]:
            wrong.append(f"@{name}, nest {nest}: the fusion is not refused")
    for name, pipeline in (
        ("affine-loop-tile", "func.func(affine-loop-tile{tile-size=8})"),
        ("affine-loop-unroll-jam", "func.func(affine-loop-unroll-jam{unroll-jam-factor=2})"),
    ):
        # The jam pass wants the loop to be the first operation of its function.
        moved = skew.replace("  %c = arith.constant 5.000000e-01 : f32\n", "").replace(
            "      %1 = arith.mulf %0, %c : f32\n", "      %1 = arith.addf %0, %0 : f32\n")
        changed, _ = tools.opt(pipeline, moved)
        count = compared(moved, changed, plugin)
        print(f"upstream's {name} on @skew: {count} elements differ")
        if not count:
            wrong.append(f"upstream's {name} does not change the result of @skew any more: the document says that it does")
    for line in wrong:
        print("WRONG:", line)
    print(f"{cases['all']} cases, {len(wrong)} wrong")
    return 1 if wrong or not cases["all"] else 0


if __name__ == "__main__":
    sys.exit(main())
