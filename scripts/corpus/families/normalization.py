"""Normalisations and softmax, forward and backward, alone and with the operations that are fused with them."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, f32

normalization = Family("normalization", 155)
softmax = Family("softmax", 90)
FAMILIES = (normalization, softmax)


def rows(d):
    if d.flag("seq"):
        return (d.batch(), d.sequence(), d.width())
    return (d.batch(), d.width())


@normalization.piece(weight=4, backward=True)
def layer_norm(d):
    shape = rows(d)
    return nn.layer_norm, [shape, shape[-1:], shape[-1:]]


@normalization.piece(weight=4, backward=True)
def rms_norm(d):
    shape = rows(d)
    return nn.rms_norm, [shape, shape[-1:]]


@normalization.piece(weight=2)
def rms_norm_upcast(d):
    shape = rows(d)
    plus = d.flag("plus1")

    def run(x, g):
        wide = x.astype(jnp.float32)
        y = wide * lax.rsqrt(jnp.mean(wide * wide, -1, keepdims=True) + 1e-6)
        return (y * (1.0 + g if plus else g)).astype(x.dtype)

    return run, [shape, f32(shape[-1])]


@normalization.piece(weight=3)
def residual_norm(d):
    shape = rows(d)
    layer = d.flag("layer")

    def run(x, y, g, c):
        z = x + y
        return z, (nn.layer_norm(z, g, c) if layer else nn.rms_norm(z, g) + c)

    return run, [shape, shape, shape[-1:], shape[-1:]]


@normalization.piece(weight=2)
def norm_then_linear(d):
    b, n, o = d.batch(), d.width(), d.width("o")
    if d.flag("layer"):
        return lambda x, g, c, w: nn.layer_norm(x, g, c) @ w, [(b, n), (n,), (n,), (n, o)]
    return lambda x, g, w: nn.rms_norm(x, g) @ w, [(b, n), (n,), (n, o)]


@normalization.piece(weight=3)
def batch_norm_inference(d):
    b, s, c = d.batch(), d.image(), d.channels()
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "relu6", "silu", "hardswish", "leaky"))]
    order = d.pick("order", ("nhwc", "nchw"))
    if order == "nhwc":
        return lambda x, m, v, g, k: act(nn.batch_norm(x, m, v, g, k)), [(b, s, s, c)] + [(c,)] * 4

    def run(x, *stats):
        return act(nn.batch_norm(x, *(t[:, None, None] for t in stats)))

    return run, [(b, c, s, s)] + [(c,)] * 4


@normalization.piece(weight=3, backward=True)
def batch_norm_training(d):
    b, s, c = d.batch(), d.image(most=64), d.channels()

    def run(x, g, k):
        mean = jnp.mean(x, (0, 1, 2))
        variance = jnp.mean(jnp.square(x - mean), (0, 1, 2))
        return nn.batch_norm(x, mean, variance, g, k)

    return run, [(b, s, s, c), (c,), (c,)]


@normalization.piece(weight=1)
def running_statistics(d):
    b, c = d.sequence("b"), d.channels()
    m = d.pick("m", (0.9, 0.99, 0.999))

    def run(x, mean, variance):
        new = jnp.mean(x, 0)
        return m * mean + (1 - m) * new, m * variance + (1 - m) * jnp.mean(jnp.square(x - new), 0)

    return run, [(b, c), (c,), (c,)]


@normalization.piece(weight=3, backward=True)
def group_norm(d):
    b, s, g = d.batch(), d.image(most=64), d.pick("g", (2, 4, 8, 16, 32))
    c = g * d.pick("per", (1, 2, 4, 5, 10))
    return lambda x, w, k: nn.group_norm(x, w, k, g), [(b, s, s, c), (c,), (c,)]


@normalization.piece(weight=1)
def instance_norm(d):
    b, s, c = d.batch(), d.image(), d.channels()

    def run(x):
        mean = jnp.mean(x, (1, 2), keepdims=True)
        return (x - mean) * lax.rsqrt(jnp.mean(jnp.square(x - mean), (1, 2), keepdims=True) + 1e-5)

    return run, [(b, s, s, c)]


@normalization.piece(weight=2, backward=True)
def l2_normalize(d):
    shape = rows(d)
    return lambda x: x * lax.rsqrt(jnp.maximum(jnp.sum(x * x, -1, keepdims=True), 1e-12)), [shape]


@normalization.piece(weight=1)
def adaptive_norm(d):
    b, s, n = d.batch(), d.sequence(), d.width()

    def run(x, scale, shift):
        mean = jnp.mean(x, -1, keepdims=True)
        y = (x - mean) * lax.rsqrt(jnp.mean(jnp.square(x - mean), -1, keepdims=True) + 1e-6)
        return y * (1 + scale[:, None]) + shift[:, None]

    return run, [(b, s, n), (b, n), (b, n)]


@normalization.piece(weight=1)
def weight_standardization(d):
    k, i, o = d.pick("k", (1, 3, 5)), d.channels("i"), d.channels("o")

    def run(w):
        mean = jnp.mean(w, (0, 1, 2))
        return (w - mean) / jnp.sqrt(jnp.mean(jnp.square(w - mean), (0, 1, 2)) + 1e-5)

    return run, [(k, k, i, o)]


@normalization.piece(weight=1)
def local_response(d):
    b, s, c, r = d.batch(), d.image(most=56), d.channels(), d.pick("r", (1, 2))

    def run(x):
        padded = jnp.pad(x * x, ((0, 0), (0, 0), (0, 0), (r, r)))
        total = sum(padded[..., i : i + c] for i in range(2 * r + 1))
        return x / nn.power(2.0 + 1e-4 * total, 0.75)

    return run, [(b, s, s, c)]


@softmax.piece(weight=4, backward=True)
def softmax_rows(d):
    return nn.softmax, [d.shape((1, 2, 3))]


@softmax.piece(weight=3, backward=True)
def log_softmax_rows(d):
    return nn.log_softmax, [d.shape((1, 2, 3))]


@softmax.piece(weight=2)
def framework_softmax(d):
    shape = d.shape((1, 2, 3))
    log = d.flag("log")
    return (jax.nn.log_softmax if log else jax.nn.softmax), [shape]


@softmax.piece(weight=2)
def softmax_axis(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    axis = d.pick("axis", (0, 1))
    return lambda x: nn.softmax(x, axis), [(b, s, n)]


@softmax.piece(weight=2)
def masked_softmax(d):
    b, h, s = d.batch(), d.heads(), d.sequence()
    scale = d.pick("scale", (0.125, 0.0884, 0.25))
    soft_cap = d.flag("cap")

    def run(x, m):
        y = x * scale
        if soft_cap:
            y = 50.0 * jnp.tanh(y / 50.0)
        return nn.softmax(y + m)

    return run, [(b, h, s, s), (s, s)]


@softmax.piece(weight=1)
def softmax_with_sink(d):
    b, h, q, k = d.batch(), d.heads(), d.pick("q", (1, 16, 64)), d.sequence("k")

    def run(x, sink):
        sink = jnp.broadcast_to(sink[None, :, None, None], (b, h, q, 1))
        top = jnp.maximum(jnp.max(x, -1, keepdims=True), sink)
        e = jnp.exp(x - top)
        return e / (jnp.sum(e, -1, keepdims=True) + jnp.exp(sink - top))

    return run, [(b, h, q, k), (h,)]


@softmax.piece(weight=1)
def online_update(d):
    b, q, n = d.batch(), d.sequence("q", 512), d.head_width()

    def run(top, total, acc, new_top, new_total, new_acc):
        m = jnp.maximum(top, new_top)
        a, c = jnp.exp(top - m), jnp.exp(new_top - m)
        return m, a * total + c * new_total, a[..., None] * acc + c[..., None] * new_acc

    return run, [(b, q), (b, q), (b, q, n)] * 2


@softmax.piece(weight=1)
def temperature(d):
    b, v = d.batch(), d.vocabulary()
    return lambda x, t: nn.softmax(x / t), [(b, v), ()]


@softmax.piece(weight=1)
def log_sum_exp(d):
    return lambda x: jax.nn.logsumexp(x, axis=-1), [d.shape((1, 2, 3))]


@softmax.piece(weight=1)
def entropy(d):
    b, v = d.batch(), d.vocabulary()

    def run(x):
        log = nn.log_softmax(x)
        return -jnp.sum(jnp.exp(log) * log, -1)

    return run, [(b, v)]


@softmax.piece(weight=1)
def sparsemax_like(d):
    b, n = d.batch(), d.width()
    rounds = d.pick("r", (1, 2, 3))

    def run(x):
        threshold = (jnp.sum(x, -1, keepdims=True) - 1.0) / n
        for _ in range(rounds):
            inside = x > threshold
            count = jnp.maximum(jnp.sum(inside, -1, keepdims=True), 1).astype(x.dtype)
            threshold = (jnp.sum(jnp.where(inside, x, 0.0), -1, keepdims=True) - 1.0) / count
        return jnp.maximum(x - threshold, 0.0)

    return run, [(b, n)]
