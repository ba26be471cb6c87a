"""Writes the fixture of the metamorphic tests: texts that mlir-opt turns into other texts of the same function.

usage: cargo test -q -p costmodel --test metamorphic -- --ignored --nocapture | python3 scripts/metamorphic/pairs.py >
       costmodel/tests/metamorphic/pairs.txt

Standard input has generated kernels behind lines `// ==== NAME FORM`. Named operations of linalg are written from
`ir/src/registry/linalg_named_structured_ops.txt`, arithmetic on tensors from the lists below. Each pair is written as
`// ==== KIND NAME`, the first text, `// ----`, the second text. The first line of the fixture has mlir-opt's version.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MLIR_OPT = os.environ.get("MLIR_OPT", "mlir-opt-22")

# Kind of pair to passes.
GENERIC = ["--mlir-print-op-generic"]
LOCATIONS = ["--mlir-print-debuginfo"]
NAMED = ["--linalg-generalize-named-ops"]
ELEMENTS = ["--convert-elementwise-to-linalg"]
CANONICAL = ["--canonicalize", "--cse"]
SCF = ["--lower-affine"]

# Longest kernel that is taken, in bytes; in the kinds that change more than the syntax.
LONGEST = 1800
LONGEST_REWRITTEN = 1200


def mlir_opt(text, passes):
    done = subprocess.run([MLIR_OPT, *passes, "-"], input=text, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{MLIR_OPT} {' '.join(passes)}: {done.stderr}\n{text}")
    return done.stdout


def kernels(text):
    """(family, form) to the shortest kernel of the form."""
    found = {}
    text = text.split("// ==== end")[0]
    for part in re.split(r"^// ==== ", text, flags=re.M)[1:]:
        head, body = part.split("\n", 1)
        name, form = head.split()
        key = (name.rsplit("-", 1)[0], form)
        if len(body) <= LONGEST and (key not in found or len(body) < len(found[key][1])):
            found[key] = (name, body)
    return found


def tensor(shape, element):
    return f"tensor<{''.join(f'{n}x' for n in shape)}{element}>"


def operation(name, inputs, output, attributes=""):
    """A function with one structured operation."""
    values = [f"%{chr(97 + i)}" for i in range(len(inputs))]
    arguments = ", ".join(f"{v}: {t}" for v, t in zip(values, inputs))
    return f"""func.func @f({arguments}, %o: {output}) -> {output} {{
  %r = {name}{attributes} ins({', '.join(values)} : {', '.join(inputs)}) outs(%o : {output}) -> {output}
  return %r : {output}
}}
"""


def structured():
    """Named operations with loops of their own."""
    path = os.path.join(ROOT, "ir", "src", "registry", "linalg_named_structured_ops.txt")
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            # Operations that LLVM 22 no longer has.
            if "LLVM 20" in line:
                return
            continue
        name, iterators, rest = line.split(None, 2)
        operands = [part.strip() for part in rest.split("|")]
        if name == "linalg.fill_rng_2d":
            continue
        extents = [3 + 2 * (d % 4) if kind == "p" else 2 + d % 3 for d, kind in enumerate(iterators)]
        strides, dilations = [2, 1, 3], [1, 2, 1]
        used = {"s": 0, "t": 0}

        def extent(subscript):
            total = 1
            for term in subscript.split("+"):
                loop, _, factor = term.strip().partition("*")
                scale = 1
                if factor:
                    scale = (strides if factor[0] == "s" else dilations)[int(factor[1:])]
                    used[factor[0]] = max(used[factor[0]], int(factor[1:]) + 1)
                total += scale * (extents[int(loop[1:])] - 1)
            return total

        quantized = name.endswith("_q") or "quantized" in name
        inside, outside = ("i8", "i32") if quantized else ("i32", "i32") if name.endswith("unsigned") else ("f32", "f32")
        types = []
        for place, operand in enumerate(operands):
            last = place == len(operands) - 1
            if operand == "-" and not last:
                types.append("i32")
                continue
            shape = [] if operand == "-" else [extent(s) for s in operand.split(",")]
            types.append(tensor(shape, outside if last else inside))
        attributes = ""
        if used["s"]:
            n = used["s"]
            dense = lambda all: f"dense<[{', '.join(map(str, all[:n]))}]> : tensor<{n}xi64>"
            attributes = f" {{dilations = {dense(dilations)}, strides = {dense(strides)}}}"
        yield name, operation(name, types[:-1], types[-1], attributes)


UNARY = "exp log abs ceil floor negf reciprocal round sqrt rsqrt square tanh erf copy".split()
BINARY = "add sub mul div max min powf".split()
SHORT = {
    "map": """func.func @f(%a: tensor<16x33xf32>, %b: tensor<16x33xf32>, %o: tensor<16x33xf32>) -> tensor<16x33xf32> {
  %r = linalg.map { arith.addf } ins(%a, %b : tensor<16x33xf32>, tensor<16x33xf32>) outs(%o : tensor<16x33xf32>)
  return %r : tensor<16x33xf32>
}
""",
    "reduce": """func.func @f(%a: tensor<16x33x5xf32>, %o: tensor<16x5xf32>) -> tensor<16x5xf32> {
  %r = linalg.reduce { arith.addf } ins(%a : tensor<16x33x5xf32>) outs(%o : tensor<16x5xf32>) dimensions = [1]
  return %r : tensor<16x5xf32>
}
""",
    "transpose": """func.func @f(%a: tensor<16x33x5xf32>, %o: tensor<5x16x33xf32>) -> tensor<5x16x33xf32> {
  %r = linalg.transpose ins(%a : tensor<16x33x5xf32>) outs(%o : tensor<5x16x33xf32>) permutation = [2, 0, 1]
  return %r : tensor<5x16x33xf32>
}
""",
    "broadcast": """func.func @f(%a: tensor<16x5xf32>, %o: tensor<16x33x5xf32>) -> tensor<16x33x5xf32> {
  %r = linalg.broadcast ins(%a : tensor<16x5xf32>) outs(%o : tensor<16x33x5xf32>) dimensions = [1]
  return %r : tensor<16x33x5xf32>
}
""",
    "memory": """func.func @f(%a: memref<16x33xf32>, %b: memref<33x8xf32>, %o: memref<16x8xf32>, %t: memref<8x16xf32>) {
  %z = arith.constant 0.0 : f32
  linalg.fill ins(%z : f32) outs(%o : memref<16x8xf32>)
  linalg.matmul ins(%a, %b : memref<16x33xf32>, memref<33x8xf32>) outs(%o : memref<16x8xf32>)
  linalg.transpose ins(%o : memref<16x8xf32>) outs(%t : memref<8x16xf32>) permutation = [1, 0]
  linalg.exp ins(%t : memref<8x16xf32>) outs(%t : memref<8x16xf32>)
  linalg.copy ins(%t : memref<8x16xf32>) outs(%t : memref<8x16xf32>)
  return
}
""",
}


def named():
    yield from structured()
    matrix = tensor([16, 33], "f32")
    whole = tensor([16, 33], "i32")
    for name in UNARY:
        yield f"linalg.{name}", operation(f"linalg.{name}", [matrix], matrix)
    for name in BINARY:
        yield f"linalg.{name}", operation(f"linalg.{name}", [matrix] * 2, matrix)
    yield "linalg.div_unsigned", operation("linalg.div_unsigned", [whole] * 2, whole)
    yield "linalg.select", operation("linalg.select", [tensor([16, 33], "i1"), matrix, matrix], matrix)
    yield "linalg.fill", operation("linalg.fill", ["f32"], matrix)
    maps = "[affine_map<(i, j, k) -> (k, i)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (j, i)>]"
    yield "linalg.contract", operation(
        "linalg.contract", [tensor([33, 16], "bf16"), tensor([8, 33], "bf16")], tensor([8, 16], "f32"), f" indexing_maps = {maps}"
    )
    kind = " kind=#linalg.elementwise_kind<"
    yield "linalg.elementwise exp", operation("linalg.elementwise", [matrix], matrix, f"{kind}exp>")
    yield "linalg.elementwise mul", operation("linalg.elementwise", [matrix] * 2, matrix, f"{kind}mul>")
    for name, text in SHORT.items():
        yield f"linalg {name}", text


FLOATS = "arith.addf arith.subf arith.mulf arith.divf arith.remf arith.maximumf arith.minnumf math.powf math.atan2".split()
INTEGERS = "arith.addi arith.muli arith.divsi arith.remui arith.andi arith.shli arith.maxsi".split()
FUNCTIONS = "math.exp math.tanh math.sqrt math.rsqrt math.log1p math.absf math.erf arith.negf".split()
CASTS = [("arith.extf", "f16", "f32"), ("arith.sitofp", "i32", "f32"), ("arith.trunci", "i32", "i8"), ("arith.fptosi", "f32", "i64")]
SHAPES = [[1, 3, 40, 50], [4096]]


def elements():
    for shape in SHAPES:
        label = "x".join(map(str, shape))

        def function(name, operands, result, use):
            values = [f"%{chr(97 + i)}" for i in range(len(operands))]
            arguments = ", ".join(f"{v}: {t}" for v, t in zip(values, operands))
            return f"{name} {label}", f"""func.func @f({arguments}) -> {result} {{
  %r = {use(name, values)}
  return %r : {result}
}}
"""

        for name in FLOATS + INTEGERS:
            ty = tensor(shape, "f32" if name in FLOATS else "i32")
            yield function(name, [ty] * 2, ty, lambda n, v: f"{n} {v[0]}, {v[1]} : {ty}")
        for name in FUNCTIONS:
            ty = tensor(shape, "f32")
            yield function(name, [ty], ty, lambda n, v: f"{n} {v[0]} : {ty}")
        for name, source, target in CASTS:
            old, new = tensor(shape, source), tensor(shape, target)
            yield function(name, [old], new, lambda n, v: f"{n} {v[0]} : {old} to {new}")
        ty, flag = tensor(shape, "f32"), tensor(shape, "i1")
        yield function("arith.cmpf", [ty] * 2, flag, lambda n, v: f"{n} olt, {v[0]}, {v[1]} : {ty}")
        yield function("arith.select", [flag, ty, ty], ty, lambda n, v: f"{n} {v[0]}, {v[1]}, {v[2]} : {flag}, {ty}")
        yield function("math.fma", [ty] * 3, ty, lambda n, v: f"{n} {v[0]}, {v[1]}, {v[2]} : {ty}")


def main():
    version = re.search(r"LLVM version \S+", subprocess.run([MLIR_OPT, "--version"], capture_output=True, text=True).stdout)
    print(f"// mlir-opt, {version.group(0)}; written by scripts/metamorphic/pairs.py")

    def pair(kind, name, first, second):
        print(f"// ==== {kind} {name}\n{first.strip()}\n// ----\n{second.strip()}")

    for (family, form), (name, text) in sorted(kernels(sys.stdin.read()).items()):
        pair("generic", f"{name} {form}", text, mlir_opt(text, GENERIC))
        pair("locations", f"{name} {form}", text, mlir_opt(text, LOCATIONS))
        if len(text) <= LONGEST_REWRITTEN:
            pair("canonical", f"{name} {form}", text, mlir_opt(text, CANONICAL))
            if form == "affine":
                pair("scf", f"{name} {form}", text, mlir_opt(text, SCF))
    for name, text in named():
        pair("named", name, text, mlir_opt(text, NAMED))
    for name, text in elements():
        pair("elements", name, text, mlir_opt(text, ELEMENTS))


if __name__ == "__main__":
    main()
