"""Data movement: transposes, reshapes, concatenation, slicing, padding, type changes; broadcasting over them."""

import jax.numpy as jnp
from jax import lax

import nn
from registry import Family

layout = Family("layout", 110)
FAMILIES = (layout,)


@layout.piece(weight=3)
def transpose(d):
    shape = d.shape((2, 3, 4))
    orders = {
        2: ((1, 0),),
        3: ((0, 2, 1), (1, 0, 2), (2, 0, 1), (2, 1, 0), (1, 2, 0)),
        4: ((0, 3, 1, 2), (0, 2, 1, 3), (3, 1, 2, 0), (0, 2, 3, 1), (1, 2, 3, 0)),
    }[len(shape)]
    order = d.pick("o", orders)
    return lambda x: jnp.transpose(x, order), [shape]


@layout.piece(weight=2)
def split_heads(d):
    b, s, h, n = d.batch(), d.sequence(), d.heads(), d.head_width()
    if d.flag("merge"):
        return nn.merge_heads, [(b, h, s, n)]
    return lambda x: nn.split_heads(x, h), [(b, s, h * n)]


@layout.piece(weight=3)
def concatenate(d):
    count = d.pick("k", (2, 3, 4))
    b, s = d.batch(), d.sequence(most=512)
    axis = d.pick("axis", (1, 2))
    if axis == 2:
        return lambda *xs: jnp.concatenate(xs, 2), [(b, s, d.width(f"n{i}", 1024)) for i in range(count)]
    n = d.width(most=1024)
    return lambda *xs: jnp.concatenate(xs, 1), [(b, d.sequence(f"s{i}", 512), n) for i in range(count)]


@layout.piece(weight=2)
def split_and_apply(d):
    b, n, k = d.batch(), d.width(), d.pick("k", (2, 3, 4))
    act = nn.ACTIVATIONS[d.pick("act", nn.ALL)]

    def run(x):
        parts = jnp.split(x, k, -1)
        return tuple([act(parts[0]), *parts[1:]])

    return run, [(b, k * n)]


@layout.piece(weight=2)
def strided_slice(d):
    s, n = d.sequence(), d.width()
    st, start = d.pick("st", (1, 2, 3, 4)), d.pick("start", (0, 1, 3))
    return lambda x: x[start::st, ::2] if n % 2 else x[start::st, n // 4 : n // 2], [(s, n)]


@layout.piece(weight=2)
def pad_rows(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    low, high = d.pick("low", (0, 1, 3)), d.pick("high", (1, 2, 7))
    return lambda x, f: lax.pad(x, f, ((0, 0, 0), (low, high, 0), (0, 0, 0))), [(b, s, n), ()]


@layout.piece(weight=2)
def tile_rows(d):
    b, n, k = d.batch(), d.width(), d.pick("k", (2, 3, 8))
    if d.flag("interleave"):
        return lambda x: jnp.broadcast_to(x[:, None], (b, k, n)).reshape(b * k, n), [(b, n)]
    return lambda x: jnp.broadcast_to(x[None], (k, b, n)).reshape(b * k, n), [(b, n)]


@layout.piece(weight=2)
def roll(d):
    b, s, n, k = d.batch(), d.sequence(), d.width(most=2048), d.pick("k", (1, 3, -2))
    return lambda x: jnp.concatenate([x[:, -k:], x[:, :-k]], 1), [(b, s, n)]


@layout.piece(weight=2)
def shifted_window(d):
    b, s, c, k = d.batch(), d.image(least=7, most=64), d.channels(), d.pick("k", (1, 3))
    return lambda x: jnp.roll(x, (-k, -k), (1, 2)), [(b, s, s, c)]


@layout.piece(weight=2)
def space_to_depth(d):
    b, s, r, c = d.batch(), d.pick("hw", (2, 4, 7, 14, 28)), d.pick("r", (2, 4)), d.channels(most=64)

    def run(x):
        return x.reshape(b, s, r, s, r, c).transpose(0, 1, 3, 2, 4, 5).reshape(b, s, s, r * r * c)

    return run, [(b, s * r, s * r, c)]


@layout.piece(weight=2)
def blocked_transpose(d):
    m, n, t = d.pick("m", (2, 4, 8, 16)), d.pick("n", (2, 4, 8, 16)), d.pick("t", (8, 16, 32))

    def run(x):
        return x.reshape(m, t, n, t).transpose(0, 2, 1, 3)

    return run, [(m * t, n * t)]


@layout.piece(weight=2)
def unfold_windows(d):
    b, s, n, w = d.batch(), d.sequence(most=512), d.width(most=512), d.pick("w", (2, 3, 4))
    return lambda x: jnp.stack([x[:, i : s - w + 1 + i] for i in range(w)], 2), [(b, s, n)]


@layout.piece(weight=2)
def convert(d):
    shape = d.shape((1, 2, 3))
    to = d.pick("to", ("float32", "bfloat16", "float16", "int32"))
    return lambda x: (x * 2.0).astype(getattr(jnp, to)), [shape]


@layout.piece(weight=2)
def upper_triangle(d):
    b, n = d.batch(), d.width(most=1024)
    keep = d.pick("keep", ("upper", "lower", "band"))

    def run(x):
        row = lax.broadcasted_iota(jnp.int32, (n, n), 0)
        column = lax.broadcasted_iota(jnp.int32, (n, n), 1)
        inside = {"upper": row <= column, "lower": row >= column, "band": jnp.abs(row - column) < 3}[keep]
        return jnp.where(inside, x, 0.0)

    return run, [(b, n, n)]


@layout.piece(weight=2)
def add_broadcast_axes(d):
    b, h, w, c = d.batch(), d.image("h", most=64), d.image("w", most=64), d.channels()
    return lambda x, r, k: x + r[:, None, :] + k[None, :, :], [(b, h, w, c), (h, c), (w, c)]


@layout.piece(weight=2)
def flatten_linear(d):
    b, s, c, o = d.batch(), d.pick("hw", (2, 4, 7)), d.channels(), d.width("o", 1024)
    return lambda x, w: x.reshape(b, s * s * c) @ w, [(b, s, s, c), (s * s * c, o)]


@layout.piece(weight=1)
def reverse_sequence(d):
    b, s, n = d.batch(), d.sequence(), d.width(most=1024)
    return lambda x: x + jnp.flip(x, 1), [(b, s, n)]


@layout.piece(weight=1)
def stack_results(d):
    n, k = d.width(), d.pick("k", (2, 3, 4, 6))
    return lambda *xs: jnp.stack([x * (i + 1.0) for i, x in enumerate(xs)], -1), [(n,)] * k
