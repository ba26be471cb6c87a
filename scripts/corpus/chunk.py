"""One chunk of the plan, from JAX to finished lines: trace, convert, generate variants, lower to LLVM as a check.

Every line was parsed by upstream's `mlir-opt` and lowered to the LLVM dialect with the pipeline that labels are made
with. A graph that fails at any stage becomes a failure record with its reason.
"""

import math
import re

import jax

import registry
import tools
import trace
import loops

MOST_TEXT_BYTES = 64 * 1024
# Most elements of a dense constant; larger ones would make large object files.
MOST_CONSTANT_ELEMENTS = 16 * 1024
SMALL_BELOW_ELEMENTS = 4096
LARGE_FROM_ELEMENTS = 262_144

SHARE_WITH_VARIANT = 0.28
SHARE_STABLEHLO = 0.21
SHARE_GENERIC = 0.03

INLINE = ["--inline", "--symbol-dce"]
TIDY = ["--canonicalize", "--cse"]

TO_LINALG = "--stablehlo-legalize-to-linalg"

# Name of the variant, name of the program that makes it, options of that program.
VARIANTS = {
    # Not canonicalised: that would fold broadcasts of scalars into constants of the full shape.
    "primitive": ("torch", INLINE + [f"{TO_LINALG}=enable-primitive-ops=1", "--cse"]),
    "simplified": ("torch", INLINE + ["--stablehlo-aggressive-simplification", TO_LINALG] + TIDY),
    "generalized": ("upstream", ["--linalg-generalize-named-ops"] + TIDY),
    "fused-elementwise": ("upstream", ["--linalg-fuse-elementwise-ops"] + TIDY),
    "fused-generalized": ("upstream", ["--linalg-generalize-named-ops", "--linalg-fuse-elementwise-ops"] + TIDY),
    "unit-dims-folded": ("upstream", ["--linalg-fold-unit-extent-dims", "--linalg-fuse-elementwise-ops"] + TIDY),
    "named": ("upstream", ["--linalg-fuse-elementwise-ops", "--linalg-specialize-generic-ops"] + TIDY),
}
# Fusion has the largest share: compilers apply it first.
VARIANT_CHOICES = (
    ["fused-elementwise"] * 5 + ["fused-generalized"] * 3 + ["generalized"] + ["unit-dims-folded"] * 2
    + ["primitive"] * 2 + ["simplified"] + ["named"]
)

LOWERING = (
    "builtin.module(func.func(linalg-generalize-named-ops),one-shot-bufferize{bufferize-function-boundaries=1 "
    "function-boundary-type-conversion=identity-layout-map},buffer-results-to-out-params{hoist-static-allocs=1 "
    "modify-public-functions=1},drop-equivalent-buffer-results,func.func(promote-buffers-to-stack{"
    "max-alloc-size-in-bytes=4096}),buffer-deallocation-pipeline,func.func(convert-linalg-to-affine-loops,"
    "affine-scalrep),canonicalize,cse,lower-affine,convert-scf-to-cf,expand-strided-metadata,lower-affine,"
    "convert-math-to-llvm,convert-math-to-libm,convert-arith-to-llvm,convert-index-to-llvm,finalize-memref-to-llvm,"
    "convert-func-to-llvm{use-bare-ptr-memref-call-conv=1},convert-cf-to-llvm,canonicalize,cse,"
    "reconcile-unrealized-casts)"
)


def largest_tensor(text):
    """Elements of the largest tensor type in the text."""
    sizes = [1]
    for dims in set(re.findall(r"tensor<((?:\d+x)+)", text)):
        sizes.append(math.prod(int(d) for d in dims.split("x") if d))
    return max(sizes)


def shape_class(text):
    """`small`, `medium` or `large` by the largest tensor."""
    elements = largest_tensor(text)
    if elements < SMALL_BELOW_ELEMENTS:
        return "small"
    return "medium" if elements < LARGE_FROM_ELEMENTS else "large"


def refusal(text):
    """The reason why a linalg text is rejected, or None."""
    if len(text.encode()) > MOST_TEXT_BYTES:
        return f"text longer than {MOST_TEXT_BYTES} bytes"
    foreign = re.search(r"\b(stablehlo|chlo)\.\w+", text)
    if foreign:
        return f"left over after conversion: {foreign.group(0)}"
    if len(re.findall(r"func\.func ", text)) != 1:
        return "not exactly one function"
    if re.search(r"func\.func[^\n]*\?", text):
        return "dynamic shape in the signature"
    for line in text.splitlines():
        if "arith.constant dense" in line and largest_tensor(line) > MOST_CONSTANT_ELEMENTS:
            return f"constant of more than {MOST_CONSTANT_ELEMENTS} elements"
    return None


class Chunk:
    """The graphs of one chunk, their texts and their failures."""

    def __init__(self, graphs, seed, source):
        self.graphs = {f"g{i}": g for i, g in enumerate(graphs)}
        self.seed = seed
        self.source = source
        self.torch = tools.torch_mlir_opt()
        self.upstream = tools.mlir_opt()
        self.lines = []
        self.failures = []

    def fail(self, name, variant, stage, reason):
        graph = self.graphs[name]
        self.failures.append(
            {"id": f"{graph.id}/{variant}", "family": graph.family, "stage": stage, "reason": reason}
        )

    def pick(self, names, purpose, share):
        """The names whose random number for `purpose` is below `share`."""
        return [n for n in names if registry.coin(self.seed, self.graphs[n].id, purpose) < share]

    def line(self, name, variant, dialect, text, twin=None):
        graph = self.graphs[name]
        record = {
            "family": graph.family,
            "kernel": graph.kernel,
            "variant": f"{graph.dtype}/{variant}",
            "whole_block": graph.piece.whole,
            "dialect": dialect,
            "source": self.source,
            "shape_class": shape_class(text),
            "text": text,
            "id": f"{graph.id}/{variant}",
        }
        if twin is not None:
            record["twin"] = twin
        self.lines.append(record)

    def trace_all(self):
        """StableHLO of every graph, by batch name."""
        traced = {}
        for name, graph in self.graphs.items():
            try:
                traced[name] = tools.named(name, trace.stablehlo_text(graph))
            except Exception as error:  # an error in one piece is recorded and does not end the run
                self.fail(name, "base", "trace", f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")
        jax.clear_caches()
        return traced

    def convert(self, variant, binary, arguments, modules):
        """Runs one conversion, rewrites loops, and drops texts that are rejected."""
        done, failed = tools.run(binary, arguments, modules)
        looped = {n: loops.rewrite(t) for n, t in self.with_loops(binary, arguments, modules, done).items()}
        tidied, bad = tools.run(self.torch, TIDY, looped)
        done.update(tidied)
        failed.update(bad)
        for name, reason in failed.items():
            done.pop(name, None)
            self.fail(name, variant, "convert", reason)
        return done

    def with_loops(self, binary, arguments, modules, done):
        """The generic form of the results that contain a `stablehlo.while`."""
        left = {n: modules[n] for n, t in done.items() if "stablehlo.while" in t}
        return tools.run(binary, arguments + ["--mlir-print-op-generic"], left)[0]

    def accept(self, variant, modules):
        """Parses, canonicalises and lowers with upstream; returns the texts that pass, as upstream prints them."""
        usable = {}
        for name, text in modules.items():
            reason = refusal(text)
            if reason is None:
                usable[name] = text
            else:
                self.fail(name, variant, "refuse", reason)
        read, failed = tools.run(self.upstream, ["--cse"] if variant == "primitive" else TIDY, usable)
        for name, reason in failed.items():
            self.fail(name, variant, "read", reason)
        lowered, failed = tools.run(self.upstream, [f"--pass-pipeline={LOWERING}"], read)
        for name, reason in failed.items():
            self.fail(name, variant, "lower", reason)
        for name in list(lowered):
            foreign = re.search(r"^\s*(?:%\S+ = )?\"?(?!llvm\.)([a-z_]+\.[a-z_]+)", lowered[name], flags=re.M)
            if foreign:
                del lowered[name]
                self.fail(name, variant, "lower", f"left over after lowering: {foreign.group(1)}")
        return {n: t for n, t in read.items() if n in lowered}

    def run(self):
        """All lines and failures of the chunk."""
        traced = self.trace_all()
        base_arguments = INLINE + [TO_LINALG] + TIDY
        base = self.accept("base", self.convert("base", self.torch, base_arguments, traced))
        for name, text in base.items():
            self.line(name, "base", "linalg", tools.unnamed(text))
        self.variants(traced, base)
        self.stablehlo(traced, base)
        self.lines.sort(key=lambda l: l["id"])
        self.failures.sort(key=lambda f: f["id"])
        return self.lines, self.failures

    def variants(self, traced, base):
        """Adds a variant of a share of the graphs."""
        asked = {}
        for name in self.pick(base, "variant", SHARE_WITH_VARIANT):
            number = registry.coin(self.seed, self.graphs[name].id, "which variant")
            asked.setdefault(VARIANT_CHOICES[int(number * len(VARIANT_CHOICES))], []).append(name)
        for variant, names in sorted(asked.items()):
            if "generalized" in variant:
                # Generalised copies would be folded, but loops need them to carry a single buffer.
                names = [n for n in names if "scf.while" not in base[n]]
            program, arguments = VARIANTS[variant]
            if program == "torch":
                made = self.convert(variant, self.torch, arguments, {n: traced[n] for n in names})
            else:
                made, failed = tools.run(self.upstream, arguments, {n: base[n] for n in names})
                for name, reason in failed.items():
                    self.fail(name, variant, "convert", reason)
            changed = {n: t for n, t in made.items() if t != base[n]}
            for name, text in self.accept(variant, changed).items():
                if text != base[name]:
                    self.line(name, variant, "linalg", tools.unnamed(text))

    def stablehlo(self, traced, base):
        """Adds the StableHLO text of a share of the graphs, and the generic form of a share of those."""
        names = self.pick(base, "stablehlo", SHARE_STABLEHLO)
        pretty, failed = tools.run(self.torch, INLINE, {n: traced[n] for n in names})
        generic_names = self.pick(pretty, "generic", SHARE_GENERIC / SHARE_STABLEHLO)
        arguments = INLINE + ["--mlir-print-op-generic"]
        generic, bad = tools.run(self.torch, arguments, {n: traced[n] for n in generic_names})
        for name, text in pretty.items():
            if len(text.encode()) <= MOST_TEXT_BYTES:
                self.line(name, "stablehlo", "stablehlo", tools.unnamed(text), f"{self.graphs[name].id}/base")
        readable, unread = tools.run(self.upstream, ["--allow-unregistered-dialect"], generic)
        for name in readable:
            if len(generic[name].encode()) <= MOST_TEXT_BYTES:
                self.line(
                    name, "stablehlo-generic", "stablehlo-generic", tools.unnamed(generic[name]),
                    f"{self.graphs[name].id}/base",
                )
        for name, reason in failed.items():
            self.fail(name, "stablehlo", "convert", reason)
        for name, reason in {**bad, **unread}.items():
            self.fail(name, "stablehlo-generic", "read", reason)
