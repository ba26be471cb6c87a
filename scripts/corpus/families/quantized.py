"""Integer and low-precision arithmetic: int8 products, requantisation, packed weights, small floats, fixed point."""

import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, f32, i8, i32

quantized = Family("quantized", 110)
integer = Family("integer_arithmetic", 50)
FAMILIES = (quantized, integer)

INT = ("i8",)


def product(x, w):
    return lax.dot_general(x, w, (((x.ndim - 1,), (0,)), ((), ())), preferred_element_type=jnp.int32)


def to_int8(x):
    return jnp.clip(jnp.round(x), -128, 127).astype(jnp.int8)


@quantized.piece(weight=3, dtypes=INT)
def int8_matmul(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")
    if d.flag("bias"):
        return lambda x, w, c: product(x, w) + c, [i8(b, i), i8(i, o), i32(o)]
    return product, [i8(b, i), i8(i, o)]


@quantized.piece(weight=3, dtypes=INT)
def int8_linear(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "relu6", "hardswish", "silu"))]

    def run(x, w, c, s):
        return act((product(x, w) + c).astype(jnp.float32) * s)

    return run, [i8(b, i), i8(i, o), i32(o), f32(o)]


@quantized.piece(weight=2, dtypes=INT)
def requantize(d):
    shape = d.shape((2, 3))
    zero = d.pick("z", (0, -3, 7))
    return lambda x, s: to_int8(x.astype(jnp.float32) * s + zero), [i32(*shape), f32(shape[-1])]


@quantized.piece(weight=2, dtypes=INT)
def requantize_fixed_point(d):
    shape = d.shape((2, 3))
    shift = d.pick("sh", (8, 12, 15))

    def run(x, m):
        return jnp.clip((x * m + (1 << (shift - 1))) >> shift, -128, 127).astype(jnp.int8)

    return run, [i32(*shape), i32(shape[-1])]


@quantized.piece(weight=3)
def quantize(d):
    shape = d.shape((1, 2, 3))
    per_row = d.flag("row") and len(shape) > 1

    def run(x, s):
        return to_int8(x / (s[..., None] if per_row else s))

    return run, [shape, shape[:-1] if per_row else ()]


@quantized.piece(weight=3)
def dequantize(d):
    i, o = d.width("i"), d.width("o")
    axis = d.pick("axis", ("row", "column", "all"))
    scale = {"row": (i, 1), "column": (o,), "all": ()}[axis]
    return lambda w, s: w.astype(s.dtype) * s, [i8(i, o), scale]


@quantized.piece(weight=2)
def dynamic_quantize(d):
    b, n = d.batch(), d.width()

    def run(x):
        scale = jnp.max(jnp.abs(x), -1, keepdims=True) / 127.0 + 1e-6
        return to_int8(x / scale), scale

    return run, [(b, n)]


@quantized.piece(weight=2)
def weight_only_linear(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")
    return lambda x, w, s: (x @ w.astype(x.dtype)) * s, [(b, i), i8(i, o), (o,)]


@quantized.piece(weight=2)
def group_dequantize(d):
    g, k, o = d.pick("g", (2, 4, 8, 32)), d.pick("k", (32, 64, 128)), d.width("o")
    return lambda w, s, z: ((w.astype(s.dtype) - z[:, None]) * s[:, None]).reshape(g * k, o), [
        i8(g, k, o), (g, o), (g, o),
    ]


@quantized.piece(weight=2)
def unpack_nibbles(d):
    i, o = d.width("i"), d.width("o")

    def run(w, s):
        low, high = (w << 4) >> 4, w >> 4
        return jnp.stack([low, high], 1).reshape(2 * i, o).astype(s.dtype) * s

    return run, [i8(i, o), (o,)]


@quantized.piece(weight=2)
def fake_quantize(d):
    shape = d.shape((1, 2, 3))
    levels = d.pick("q", (7, 15, 127, 255))
    return lambda x, s: jnp.clip(jnp.round(x / s), -levels, levels) * s, [shape, ()]


@quantized.piece(weight=1, dtypes=("f32",))
def small_float(d):
    shape = d.shape((1, 2, 3))
    exponent, mantissa = d.pick("e", (4, 5)), d.pick("m", (2, 3, 7, 10))
    return lambda x, s: lax.reduce_precision(x * s, exponent, mantissa) / s, [shape, ()]


@quantized.piece(weight=2, dtypes=INT)
def int8_conv(d):
    b, s, k = d.batch(), d.image(least=7, most=112), d.pick("k", (1, 3))
    i, o = d.channels("i", 128), d.channels("o", 128)

    def run(x, w):
        return lax.conv_general_dilated(
            x, w, (1, 1), "SAME", dimension_numbers=nn.NHWC, preferred_element_type=jnp.int32
        )

    return run, [i8(b, s, s, i), i8(k, k, i, o)]


@quantized.piece(weight=1, dtypes=INT)
def int8_add(d):
    shape = d.shape((2, 3, 4))

    def run(x, y, a, c):
        return to_int8(x.astype(jnp.float32) * a + y.astype(jnp.float32) * c)

    return run, [i8(*shape), i8(*shape), f32(), f32()]


@quantized.piece(weight=1)
def ternary_linear(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")

    def run(x, w):
        scale = jnp.mean(jnp.abs(w)) + 1e-6
        return (x @ jnp.clip(jnp.round(w / scale), -1, 1)) * scale

    return run, [(b, i), (i, o)]


@quantized.piece(weight=1)
def absmax_block(d):
    n, k = d.pick("n", (4, 16, 64, 256)), d.pick("k", (16, 32, 64))

    def run(x):
        y = x.reshape(n, k)
        scale = jnp.exp2(jnp.floor(jnp.log2(jnp.max(jnp.abs(y), -1, keepdims=True) + 1e-6)))
        return (jnp.clip(jnp.round(y / scale * 4.0), -7, 7) * scale * 0.25).reshape(n * k)

    return run, [(n * k,)]


I32 = ("i32",)


@integer.piece(weight=2, dtypes=I32)
def integer_polynomial(d):
    shape = d.shape((1, 2))
    a, c = d.pick("a", (3, 31, 1103515245)), d.pick("c", (7, 12345))
    return lambda x: (x * a + c) & 0x7FFFFFFF, [shape]


@integer.piece(weight=3, dtypes=I32)
def hash_rounds(d):
    shape, rounds = d.shape((1, 2)), d.pick("r", (1, 2, 3, 4))

    def run(x):
        for _ in range(rounds):
            x = (x ^ (x >> 16)) * 0x45D9F3B
        return x ^ (x >> 16)

    return run, [shape]


@integer.piece(weight=2, dtypes=("f32",))
def hashed_dropout(d):
    b, n, keep = d.batch(), d.width(), d.pick("keep", (0.5, 0.8, 0.9))

    def run(x, seed):
        i = lax.broadcasted_iota(jnp.int32, (b, n), 0) * n + lax.broadcasted_iota(jnp.int32, (b, n), 1) + seed
        i = (i ^ (i >> 16)) * 0x45D9F3B
        i = (i ^ (i >> 16)) & 0xFFFFFF
        return jnp.where(i.astype(jnp.float32) < keep * 16777216.0, x / keep, 0.0)

    return run, [(b, n), i32()]


@integer.piece(weight=2, dtypes=I32)
def index_arithmetic(d):
    shape, w = d.shape((1, 2)), d.pick("w", (7, 16, 56, 64))
    return lambda i: (i // w, i - (i // w) * w), [shape]


@integer.piece(weight=2, dtypes=I32)
def bit_population(d):
    shape = d.shape((1, 2))

    def run(x):
        x = x - ((x >> 1) & 0x55555555)
        x = (x & 0x33333333) + ((x >> 2) & 0x33333333)
        x = (x + (x >> 4)) & 0x0F0F0F0F
        return ((x * 0x01010101) >> 24) & 63

    return run, [shape]


@integer.piece(weight=2, dtypes=I32)
def saturating_add(d):
    shape = d.shape((1, 2, 3))
    low, high = d.pick("r", ((-128, 127), (0, 255), (-32768, 32767)))
    return lambda x, y: jnp.clip(x + y, low, high), [shape, shape]


@integer.piece(weight=2, dtypes=I32)
def integer_reduce(d):
    shape = d.shape((2, 3))
    fold = d.pick("op", ("sum", "max", "min"))
    return lambda x: getattr(jnp, fold)(x, -1), [shape]


@integer.piece(weight=2, dtypes=I32)
def compare_count(d):
    shape = d.shape((2, 3))
    return lambda x, y: jnp.sum((x == y).astype(jnp.int32), -1), [shape, shape]


@integer.piece(weight=1, dtypes=I32)
def integer_matmul(d):
    b, i, o = d.batch(), d.width("i", 1024), d.width("o", 1024)
    return lambda x, w: x @ w, [(b, i), (i, o)]


@integer.piece(weight=1, dtypes=I32)
def exclusive_or_fold(d):
    b, n = d.batch(), d.pick("n", (16, 32, 64, 128))

    def run(x):
        width = n
        while width > 1:
            width //= 2
            x = x[:, :width] ^ x[:, width : 2 * width]
        return x[:, 0]

    return run, [(b, n)]
