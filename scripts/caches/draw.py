"""Draws MLIR kernels whose cache traffic is compared with cachegrind.

usage: draw.py SEED [--large]

Writes one text with a function for each kernel: triangular loops, several nests, tiles, strides, stencils, column walks,
vectors, structured operations, views, remainders. Sizes come from the seed. --large draws kernels of 2e7 to 4e8 accesses, for which the
command takes shortcuts.
"""

import random
import sys

BYTES = {"f32": 4, "f64": 8, "i32": 4, "i8": 1, "i16": 2}


class Draw:
    def __init__(self, seed, large):
        self.random = random.Random(seed)
        self.large = large

    def size(self, low, high):
        """A size, one time in three a power of two."""
        if self.random.random() < 0.34:
            powers = [1 << n for n in range(3, 24) if low <= 1 << n <= high]
            if powers:
                return self.random.choice(powers)
        return self.random.randint(low, high)

    def element(self):
        return self.random.choice(["f32", "f32", "f32", "f64", "i32", "i8"])


def add(element):
    return "arith.addf" if element[0] == "f" else "arith.addi"


def mul(element):
    return "arith.mulf" if element[0] == "f" else "arith.muli"


def memref(element, *shape):
    return f"memref<{'x'.join(map(str, shape))}x{element}>"


def function(name, arguments, body):
    listed = ", ".join(f"%{a}: {ty}" for a, ty in arguments)
    return f"func.func @{name}({listed}) {{\n{body.strip()}\n  return\n}}\n"


def loops(bounds, body, steps=None):
    """Nested affine loops: (variable, lower, upper) outermost first."""
    head = ""
    for at, (variable, lower, upper) in enumerate(bounds):
        step = f" step {steps[at]}" if steps and steps[at] > 1 else ""
        head += "  " * (at + 1) + f"affine.for %{variable} = {lower} to {upper}{step} {{\n"
    inside = "".join("  " * (len(bounds) + 1) + line.strip() + "\n" for line in body.strip().splitlines())
    return head + inside + "".join("  " * (at + 1) + "}\n" for at in reversed(range(len(bounds))))


def triangular(d, name):
    n = d.size(900, 1500) if d.large else d.size(90, 190)
    e = d.element()
    kind = d.random.choice(["syrk", "trmv", "solve", "upper"])
    m = memref(e, n, n)
    if kind == "syrk":
        body = f"""%x = affine.load %a[%i, %k] : {m}
        %y = affine.load %a[%j, %k] : {m}
        %z = affine.load %c[%i, %j] : {m}
        %p = {mul(e)} %x, %y : {e}
        %s = {add(e)} %z, %p : {e}
        affine.store %s, %c[%i, %j] : {m}"""
        nest = loops([("i", 0, n), ("j", 0, "#next(%i)"), ("k", 0, n)], body)
        return function(name, [("a", m), ("c", m)], nest)
    if kind == "trmv":
        n = d.size(4000, 6000) if d.large else d.size(500, 1100)
        m, v = memref(e, n, n), memref(e, n)
        body = f"""%x = affine.load %a[%i, %j] : {m}
        %y = affine.load %x[%j] : {v}
        %z = affine.load %y[%i] : {v}
        %p = {mul(e)} %x, %y : {e}
        %s = {add(e)} %z, %p : {e}
        affine.store %s, %y[%i] : {v}"""
        body = body.replace("%x[", "%v[").replace("%y[", "%w[")
        nest = loops([("i", 0, n), ("j", 0, "#next(%i)")], body)
        return function(name, [("a", m), ("v", v), ("w", v)], nest)
    if kind == "solve":
        body = f"""%x = affine.load %a[%i, %k] : {m}
        %y = affine.load %b[%k, %j] : {m}
        %z = affine.load %b[%i, %j] : {m}
        %p = {mul(e)} %x, %y : {e}
        %s = {add(e)} %z, %p : {e}
        affine.store %s, %b[%i, %j] : {m}"""
        nest = loops([("i", 0, n), ("k", 0, "#id(%i)"), ("j", 0, n)], body)
        return function(name, [("a", m), ("b", m)], nest)
    n = d.size(4000, 6000) if d.large else d.size(600, 1100)
    m = memref(e, n, n)
    body = f"""%x = affine.load %a[%i, %j] : {m}
    affine.store %x, %b[%j, %i] : {m}"""
    return function(name, [("a", m), ("b", m)], loops([("i", 0, n), ("j", "#id(%i)", n)], body))


def nests(d, name):
    n = d.size(4_000_000, 12_000_000) if d.large else d.size(60_000, 300_000)
    e = d.element()
    v = memref(e, n)
    count = d.random.randint(2, 4)
    names = ["a", "b", "c", "d"][: count + 1] if count < 4 else ["a", "b", "c", "d"]
    text = ""
    for k in range(count):
        source, target = names[k % len(names)], names[(k + 1) % len(names)]
        body = f"""%x{k} = affine.load %{source}[%i{k}] : {v}
        %y{k} = affine.load %{target}[%i{k}] : {v}
        %s{k} = {add(e)} %x{k}, %y{k} : {e}
        affine.store %s{k}, %{target}[%i{k}] : {v}"""
        text += loops([(f"i{k}", 0, n)], body)
    if not d.large:
        times = d.random.randint(1, 3)
        text = f"  affine.for %t = 0 to {times} {{\n{text}  }}\n"
    return function(name, [(a, v) for a in names], text)


def tiled(d, name):
    e = d.element()
    if d.random.random() < 0.5:
        n, m, k = [d.size(400, 640) if d.large else d.size(60, 150) for _ in range(3)]
        t = d.random.choice([8, 16, 24, 32, 64])
        a, b, c = memref(e, n, k), memref(e, k, m), memref(e, n, m)
        order = d.random.choice([["i", "k", "j"], ["i", "j", "k"], ["k", "i", "j"]])
        extent = {"i": n, "j": m, "k": k}
        bounds = [(v + v, 0, extent[v]) for v in order]
        bounds += [(v, f"#id(%{v}{v})", f"min #tile{t}_{extent[v]}(%{v}{v})") for v in order]
        body = f"""%x = affine.load %a[%i, %k] : {a}
        %y = affine.load %b[%k, %j] : {b}
        %z = affine.load %c[%i, %j] : {c}
        %p = {mul(e)} %x, %y : {e}
        %s = {add(e)} %z, %p : {e}
        affine.store %s, %c[%i, %j] : {c}"""
        return function(name, [("a", a), ("b", b), ("c", c)], loops(bounds, body, [t] * 3 + [1] * 3))
    n, m = (d.size(4000, 6000), d.size(4000, 6000)) if d.large else (d.size(400, 1100), d.size(400, 1100))
    t = d.random.choice([8, 16, 32, 48])
    a, b = memref(e, n, m), memref(e, m, n)
    bounds = [("ii", 0, n), ("jj", 0, m), ("i", "#id(%ii)", f"min #tile{t}_{n}(%ii)"), ("j", "#id(%jj)", f"min #tile{t}_{m}(%jj)")]
    body = f"""%x = affine.load %a[%i, %j] : {a}
    affine.store %x, %b[%j, %i] : {b}"""
    return function(name, [("a", a), ("b", b)], loops(bounds, body, [t, t, 1, 1]))


def strided(d, name):
    e = d.element()
    s = d.random.choice([2, 3, 4, 5, 8, 16, 17, 32])
    n = d.size(2_000_000, 6_000_000) if d.large else d.size(30_000, 120_000)
    t = d.random.randint(8, 12) if d.large else d.random.randint(1, 4)
    a, b = memref(e, n * s), memref(e, n)
    text = f"""  affine.for %t = 0 to {t} {{
    affine.for %i = 0 to {n} {{
      %x = affine.load %a[%i * {s} + {d.random.randrange(s)}] : {a}
      %y = affine.load %b[%i] : {b}
      %s = {add(e)} %x, %y : {e}
      affine.store %s, %b[%i] : {b}
    }}
  }}
"""
    return function(name, [("a", a), ("b", b)], text)


def stencil(d, name):
    e = d.random.choice(["f32", "f64"])
    rank = d.random.choice([1, 2, 2, 3])
    if rank == 1:
        n = d.size(2_000_000, 4_000_000) if d.large else d.size(60_000, 300_000)
        t = d.random.randint(12, 16) if d.large else d.random.randint(1, 4)
        shape = (n,)
    elif rank == 2:
        shape = (d.size(2000, 4000), d.size(2000, 4000)) if d.large else (d.size(200, 600), d.size(200, 900))
        t = d.random.randint(3, 6) if d.large else d.random.randint(1, 3)
    else:
        shape = tuple(d.size(200, 260) if d.large else d.size(30, 90) for _ in range(3))
        t = 2 if d.large else 1
    m = memref(e, *shape)
    variables = ["i", "j", "k"][: len(shape)]
    offsets = [(0,) * rank] + [tuple(o if q == at else 0 for q in range(rank)) for at in range(rank) for o in (-1, 1)]
    lines = []
    for at, offset in enumerate(offsets):
        subscripts = ", ".join(f"%{v} + {o}" if o >= 0 else f"%{v} - {-o}" for v, o in zip(variables, offset))
        lines.append(f"%x{at} = affine.load %a[{subscripts}] : {m}")
        if at:
            previous = "x0" if at == 1 else f"s{at - 1}"
            lines.append(f"%s{at} = {add(e)} %{previous}, %x{at} : {e}")
    lines.append(f"affine.store %s{len(offsets) - 1}, %b[{', '.join('%' + v for v in variables)}] : {m}")
    bounds = [("t", 0, t)] + [(v, 1, n - 1) for v, n in zip(variables, shape)]
    return function(name, [("a", m), ("b", m)], loops(bounds, "\n".join(lines)))


def columns(d, name):
    e = d.element()
    n, m = (d.size(3000, 5000), d.size(3000, 5000)) if d.large else (d.size(150, 1200), d.size(150, 1200))
    a, v = memref(e, n, m), memref(e, m)
    kind = d.random.choice(["sum", "scale", "transpose"])
    if kind == "sum":
        body = f"""%x = affine.load %a[%i, %j] : {a}
        %y = affine.load %v[%j] : {v}
        %s = {add(e)} %x, %y : {e}
        affine.store %s, %v[%j] : {v}"""
        return function(name, [("a", a), ("v", v)], loops([("j", 0, m), ("i", 0, n)], body))
    if kind == "scale":
        body = f"""%x = affine.load %a[%i, %j] : {a}
        %y = affine.load %v[%j] : {v}
        %s = {mul(e)} %x, %y : {e}
        affine.store %s, %a[%i, %j] : {a}"""
        return function(name, [("a", a), ("v", v)], loops([("j", 0, m), ("i", 0, n)], body))
    b = memref(e, m, n)
    body = f"""%x = affine.load %a[%i, %j] : {a}
    affine.store %x, %b[%j, %i] : {b}"""
    return function(name, [("a", a), ("b", b)], loops([("i", 0, n), ("j", 0, m)], body))


def vectors(d, name):
    e = d.random.choice(["f32", "f64", "i32"])
    w = d.random.choice([4, 8, 16])
    n, m = (d.size(1500, 3000), w * d.size(150, 400)) if d.large else (d.size(100, 500), w * d.size(20, 60))
    t = d.random.randint(8, 24) if d.large else d.random.randint(1, 4)
    a, v = memref(e, n, m), f"vector<{w}x{e}>"
    zero = "0.0" if e[0] == "f" else "0"
    kind = d.random.choice(["transfer", "vector_load", "tile"])
    if kind == "tile":
        tile = f"vector<{4}x{w}x{e}>"
        n -= n % 4
        a = memref(e, n, m)
        text = f"""  %p = arith.constant {zero} : {e}
  affine.for %t = 0 to {t} {{
    affine.for %i = 0 to {n} step 4 {{
      affine.for %j = 0 to {m} step {w} {{
        %x = vector.transfer_read %a[%i, %j], %p {{in_bounds = [true, true]}} : {a}, {tile}
        %s = {add(e)} %x, %x : {tile}
        vector.transfer_write %s, %b[%i, %j] {{in_bounds = [true, true]}} : {tile}, {a}
      }}
    }}
  }}
"""
        return function(name, [("a", a), ("b", a)], text)
    load = {
        "transfer": f"vector.transfer_read %S[%i, %j], %p {{in_bounds = [true]}} : {a}, {v}",
        "vector_load": f"affine.vector_load %S[%i, %j] : {a}, {v}",
    }[kind]
    store = {
        "transfer": f"vector.transfer_write %s, %b[%i, %j] {{in_bounds = [true]}} : {v}, {a}",
        "vector_load": f"affine.vector_store %s, %b[%i, %j] : {a}, {v}",
    }[kind]
    constant = f"  %p = arith.constant {zero} : {e}\n" if kind == "transfer" else ""
    text = f"""{constant}  affine.for %t = 0 to {t} {{
    affine.for %i = 0 to {n} {{
      affine.for %j = 0 to {m} step {w} {{
        %x = {load.replace('%S', '%a')}
        %y = {load.replace('%S', '%b')}
        %s = {add(e)} %x, %y : {v}
        {store}
      }}
    }}
  }}
"""
    return function(name, [("a", a), ("b", a)], text)


def structured(d, name):
    e = d.random.choice(["f32", "f64"])
    kind = d.random.choice(["matmul", "transpose_b", "conv", "pool", "copy"])
    if kind in ("matmul", "transpose_b"):
        n, m, k = [d.size(300, 600) if d.large else d.size(60, 150) for _ in range(3)]
        a, c = memref(e, n, k), memref(e, n, m)
        if kind == "matmul":
            b = memref(e, k, m)
            text = f"  linalg.matmul ins(%a, %b : {a}, {b}) outs(%c : {c})\n"
        else:
            b = memref(e, m, k)
            maps = "[affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>]"
            text = f"""  linalg.generic {{indexing_maps = {maps}, iterator_types = ["parallel", "parallel", "reduction"]}}
    ins(%a, %b : {a}, {b}) outs(%c : {c}) {{
  ^bb0(%x: {e}, %y: {e}, %z: {e}):
    %p = {mul(e)} %x, %y : {e}
    %s = {add(e)} %z, %p : {e}
    linalg.yield %s : {e}
  }}
"""
        return function(name, [("a", a), ("b", b), ("c", c)], text)
    if kind == "conv":
        h, w, c, f = (d.size(60, 90), d.size(60, 90), d.size(16, 32), d.size(16, 32)) if d.large else (d.size(14, 26), d.size(14, 26), d.size(4, 16), d.size(4, 16))
        a, k, o = memref(e, 1, h + 2, w + 2, c), memref(e, 3, 3, c, f), memref(e, 1, h, w, f)
        text = f"  linalg.conv_2d_nhwc_hwcf ins(%a, %k : {a}, {k}) outs(%o : {o})\n"
        return function(name, [("a", a), ("k", k), ("o", o)], text)
    if kind == "pool":
        h, w, c = (d.size(200, 300), d.size(200, 300), d.size(32, 64)) if d.large else (d.size(30, 60), d.size(30, 60), d.size(8, 40))
        a, k, o = memref(e, 1, 2 * h, 2 * w, c), memref(e, 2, 2), memref(e, 1, h, w, c)
        text = f"  linalg.pooling_nhwc_sum {{strides = dense<2> : tensor<2xi64>}} ins(%a, %k : {a}, {k}) outs(%o : {o})\n"
        return function(name, [("a", a), ("k", k), ("o", o)], text)
    n, m = (d.size(3000, 5000), d.size(3000, 5000)) if d.large else (d.size(300, 900), d.size(300, 900))
    a = memref(e, n, m)
    maps = "[affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]"
    text = f"""  linalg.generic {{indexing_maps = {maps}, iterator_types = ["parallel", "parallel"]}}
    ins(%a : {a}) outs(%b : {a}) {{
  ^bb0(%x: {e}, %z: {e}):
    %s = {add(e)} %x, %z : {e}
    linalg.yield %s : {e}
  }}
"""
    return function(name, [("a", a), ("b", a)], text)


def views(d, name):
    e = d.random.choice(["f32", "f64", "i32"])
    n, m = (d.size(3000, 4000), d.size(3000, 4000)) if d.large else (d.size(300, 900), d.size(300, 900))
    p, q = n // 2, m // 3
    o1, o2 = d.random.randrange(n - p), d.random.randrange(m - q)
    a, b = memref(e, n, m), memref(e, p, q)
    view = f"memref<{p}x{q}x{e}, strided<[{m}, 1], offset: {o1 * m + o2}>>"
    t = d.random.randint(8, 12) if d.large else d.random.randint(1, 4)
    text = f"""  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant {p} : index
  %m = arith.constant {q} : index
  %tt = arith.constant {t} : index
  %v = memref.subview %a[{o1}, {o2}] [{p}, {q}] [1, 1] : {a} to {view}
  scf.for %t = %c0 to %tt step %c1 {{
    scf.for %i = %c0 to %n step %c1 {{
      scf.for %j = %c0 to %m step %c1 {{
        %x = memref.load %v[%i, %j] : {view}
        %y = memref.load %b[%i, %j] : {b}
        %s = {add(e)} %x, %y : {e}
        memref.store %s, %b[%i, %j] : {b}
      }}
    }}
  }}
"""
    return function(name, [("a", a), ("b", b)], text)


def remainders(d, name):
    e = d.element()
    n = d.size(8_000_000, 16_000_000) if d.large else d.size(60_000, 400_000)
    w = d.random.choice([7, 16, 48, 100, 256])
    rows = n // w
    a, b = memref(e, rows, w), memref(e, w)
    body = f"""%x = affine.load %a[%i floordiv {w}, %i mod {w}] : {a}
    %y = affine.load %b[%i mod {w}] : {b}
    %s = {add(e)} %x, %y : {e}
    affine.store %s, %a[%i floordiv {w}, %i mod {w}] : {a}"""
    return function(name, [("a", a), ("b", b)], loops([("i", 0, rows * w)], body))


KINDS = [triangular, nests, tiled, strided, stencil, columns, vectors, structured, views, remainders]


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    if len(arguments) != 1:
        sys.exit(__doc__)
    large = "--large" in sys.argv
    d = Draw(int(arguments[0]), large)
    functions = []
    for at in range(40 if large else 100):
        kind = KINDS[at % len(KINDS)]
        functions.append(kind(d, f"k{at:02}_{kind.__name__}"))
    text = "".join(functions)
    maps = {"#id": "affine_map<(d0) -> (d0)>", "#next": "affine_map<(d0) -> (d0 + 1)>"}
    for word in {w for w in text.replace("(", " ").split() if w.startswith("#tile")}:
        tile, extent = word[5:].split("_")
        maps[word] = f"affine_map<(d0) -> (d0 + {tile}, {extent})>"
    print(f"// Drawn by scripts/caches/draw.py {arguments[0]}{' --large' if large else ''}.")
    for alias in sorted(maps):
        print(f"{alias} = {maps[alias]}")
    print()
    print("\n".join(functions), end="")


if __name__ == "__main__":
    main()
