"""Reductions over drawn axes, arg-reductions, statistics, prefix sums and pooling."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import nn
from registry import Family, i32

reduction = Family("reduction", 125)
pooling = Family("pooling", 75)
prefix = Family("prefix_scan", 45)
FAMILIES = (reduction, pooling, prefix)

FOLDS = {
    "sum": jnp.sum,
    "mean": jnp.mean,
    "max": jnp.max,
    "min": jnp.min,
    "prod": jnp.prod,
    "absmax": lambda x, axis: jnp.max(jnp.abs(x), axis),
    "sumsq": lambda x, axis: jnp.sum(x * x, axis),
    "l2": lambda x, axis: jnp.sqrt(jnp.sum(x * x, axis)),
    "l1": lambda x, axis: jnp.sum(jnp.abs(x), axis),
    "var": lambda x, axis: jnp.var(x, axis),
    "std": lambda x, axis: jnp.std(x, axis),
    "count": lambda x, axis: jnp.sum(x > 0, axis, dtype=jnp.int32),
    "any": lambda x, axis: jnp.any(x > 3.0, axis),
    "all": lambda x, axis: jnp.all(jnp.isfinite(x), axis),
    "sumexp": lambda x, axis: jnp.sum(jnp.exp(x), axis),
}


@reduction.piece(weight=9)
def fold(d):
    operation = FOLDS[d.pick("op", tuple(FOLDS))]
    shape = d.shape((1, 2, 3, 4))
    axes = {1: (0,), 2: (0, 1, (0, 1)), 3: (0, 1, 2, (0, 1), (1, 2)), 4: ((1, 2), 3, (0, 1, 2), 1)}[len(shape)]
    axis = d.pick("axis", axes)
    return lambda x: operation(x, axis), [shape]


@reduction.piece(weight=3)
def arg_fold(d):
    operation = jnp.argmax if d.flag("max") else jnp.argmin
    shape = d.shape((2, 3))
    axis = d.pick("axis", (0, 1))
    return lambda x: operation(x, axis).astype(jnp.int32), [shape]


@reduction.piece(weight=3)
def map_then_fold(d):
    shape = d.shape((2, 3))
    act = nn.ACTIVATIONS[d.pick("act", nn.ALL)]
    operation = FOLDS[d.pick("op", ("sum", "mean", "max", "sumsq"))]
    axis = d.pick("axis", (0, 1, -1))
    return lambda x, y: operation(act(x * y), axis), [shape, shape]


@reduction.piece(weight=2)
def mean_and_variance(d):
    shape = d.shape((2, 3))
    axis = d.pick("axis", (0, -1))

    def run(x):
        mean = jnp.mean(x, axis)
        return mean, jnp.mean(x * x, axis) - mean * mean

    return run, [shape]


@reduction.piece(weight=2)
def dot(d):
    shape = d.shape((1, 2, 3))
    return lambda x, y: jnp.sum(x * y, -1), [shape, shape]


@reduction.piece(weight=2)
def masked_mean(d):
    b, s, n = d.batch(), d.sequence(), d.width()

    def run(x, m):
        return jnp.sum(x * m[..., None], 1) / jnp.maximum(jnp.sum(m, 1), 1.0)[:, None]

    return run, [(b, s, n), (b, s)]


@reduction.piece(weight=2)
def min_max_range(d):
    shape = d.shape((2, 3))

    def run(x):
        low, high = jnp.min(x, -1, keepdims=True), jnp.max(x, -1, keepdims=True)
        return (x - low) / (high - low + 1e-6)

    return run, [shape]


@reduction.piece(weight=1)
def wide_sum(d):
    shape = d.shape((2, 3))
    return lambda x: jnp.sum(x.astype(jnp.float32), -1), [shape]


@reduction.piece(weight=1)
def histogram(d):
    n, bins = d.sequence("n"), d.pick("bins", (8, 16, 32, 64))

    def run(x):
        edges = lax.broadcasted_iota(jnp.int32, (n, bins), 1)
        index = jnp.clip((x * bins).astype(jnp.int32), 0, bins - 1)
        return jnp.sum((index[:, None] == edges).astype(jnp.int32), 0)

    return run, [(n,)]


@reduction.piece(weight=1, dtypes=("i32",))
def segment_sum(d):
    n, k, w = d.sequence("n"), d.pick("k", (4, 8, 16, 32)), d.width("w", 512)

    def run(x, ids):
        member = (ids[None, :] == lax.broadcasted_iota(jnp.int32, (k, n), 0)).astype(jnp.int32)
        return member @ x

    return run, [(n, w), i32(n)]


def pool_size(d):
    w = d.pick("w", (2, 3, 5))
    return w, d.pick("st", (1, 2, 3)), d.pick("pad", ("SAME", "VALID"))


@pooling.piece(weight=3)
def max_pool(d):
    b, s, c = d.batch(), d.image(least=7, most=112), d.channels()
    w, st, pad = pool_size(d)
    return lambda x: nn.max_pool(x, w, st, pad), [(b, s, s, c)]


@pooling.piece(weight=1, dtypes=("f32",))
def max_pool_gradient(d):
    b, s, c = d.pick("b", (1, 2)), d.pick("hw", (8, 16, 28)), d.channels(most=64)
    return jax.grad(lambda x: jnp.sum(jnp.square(nn.max_pool(x, 2, 2)))), [(b, s, s, c)]


@pooling.piece(weight=3, backward=True)
def average_pool(d):
    b, s, c = d.batch(), d.image(least=7, most=112), d.channels()
    w, st, pad = pool_size(d)
    return lambda x: nn.sum_pool(x, w, st, pad) / (w * w), [(b, s, s, c)]


@pooling.piece(weight=2)
def channels_first_pool(d):
    b, s, c, w = d.batch(), d.image(least=7, most=112), d.channels(), d.pick("w", (2, 3))
    if d.flag("max"):
        return lambda x: lax.reduce_window(
            x, np.array(-np.inf, x.dtype), lax.max, (1, 1, w, w), (1, 1, 2, 2), "VALID"
        ), [(b, c, s, s)]
    return lambda x: lax.reduce_window(
        x, np.zeros((), x.dtype), lax.add, (1, 1, w, w), (1, 1, 2, 2), "VALID"
    ) / (w * w), [(b, c, s, s)]


@pooling.piece(weight=2)
def reshape_pool(d):
    b, s, c, k = d.batch(), d.pick("hw", (4, 8, 16, 28, 56)), d.channels(), d.pick("k", (2, 4))
    fold = jnp.max if d.flag("max") else jnp.mean
    return lambda x: fold(x.reshape(b, s // k, k, s // k, k, c), (2, 4)), [(b, s, s, c)]


@pooling.piece(weight=2)
def global_pool(d):
    b, s, c = d.batch(), d.image(), d.channels()
    fold = FOLDS[d.pick("op", ("mean", "max", "sum", "l2"))]
    return lambda x: fold(x, (1, 2)), [(b, s, s, c)]


@pooling.piece(weight=1, backward=True)
def generalized_mean_pool(d):
    b, s, c = d.batch(), d.image(most=56), d.channels()
    p = d.pick("p", (2, 3, 4))
    return lambda x: nn.power(jnp.mean(nn.power(jnp.maximum(x, 1e-6), p), (1, 2)), 1.0 / p), [(b, s, s, c)]


@pooling.piece(weight=1)
def pool_1d(d):
    b, s, c, w = d.batch(), d.sequence(), d.channels(), d.pick("w", (2, 3, 4))
    return lambda x: lax.reduce_window(
        x, np.array(-np.inf, x.dtype), lax.max, (1, w, 1), (1, w, 1), "VALID"
    ), [(b, s, c)]


@pooling.piece(weight=2)
def attention_pool(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    return lambda x, q: jnp.einsum("bs,bsn->bn", nn.softmax(x @ q * n**-0.5), x), [(b, s, n), (n,)]


def shifted(x, by, fill):
    """`x` shifted right by `by` along the last axis and filled with `fill`."""
    return jnp.pad(x, ((0, 0),) * (x.ndim - 1) + ((by, 0),), constant_values=fill)[..., : x.shape[-1]]


@prefix.piece(weight=3)
def doubling_scan(d):
    b, n = d.batch(), d.pick("n", (8, 16, 32, 50, 64, 128))
    kind = d.pick("op", ("sum", "max", "prod"))
    join, fill = {"sum": (jnp.add, 0.0), "max": (jnp.maximum, -3e4), "prod": (jnp.multiply, 1.0)}[kind]

    def run(x):
        by = 1
        while by < n:
            x = join(x, shifted(x, by, fill))
            by *= 2
        return x

    return run, [(b, n)]


@prefix.piece(weight=2)
def window_scan(d):
    b, n = d.batch(), d.pick("n", (16, 64, 100, 256, 512))
    return lambda x: lax.reduce_window(
        x, np.zeros((), x.dtype), lax.add, (1, n), (1, 1), ((0, 0), (n - 1, 0))
    ), [(b, n)]


@prefix.piece(weight=2)
def triangular_scan(d):
    b, s, n = d.batch(), d.sequence(most=512), d.width(most=512)
    return lambda x: jnp.einsum("ts,bsn->btn", nn.causal(s, s).astype(x.dtype), x), [(b, s, n)]


@prefix.piece(weight=2)
def moving_average(d):
    b, n, w = d.batch(), d.sequence("n"), d.pick("w", (3, 5, 7))

    def run(x):
        return sum(x[:, i : i + n - w + 1] for i in range(w)) / w

    return run, [(b, n)] if n >= w else [(b, w)]


@prefix.piece(weight=2)
def discounted_return(d):
    b, t = d.batch(), d.pick("t", (4, 6, 8, 12))
    gamma = d.pick("g", (0.9, 0.95, 0.99))

    def run(r):
        out, acc = [], jnp.zeros((b,), r.dtype)
        for step in reversed(range(t)):
            acc = r[:, step] + gamma * acc
            out.append(acc)
        return jnp.stack(out[::-1], 1)

    return run, [(b, t)]


@prefix.piece(weight=1)
def segmented_counter(d):
    b, n = d.batch(), d.pick("n", (16, 32, 64))

    def run(x):
        hit = (x > 0).astype(jnp.int32)
        by = 1
        while by < n:
            hit = hit + shifted(hit, by, 0)
            by *= 2
        return hit

    return run, [(b, n)]
