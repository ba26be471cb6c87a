"""Attention and its pieces: plain, grouped-query, cached decoding, linear, windowed; rotary position embedding."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, i32

attention = Family("attention", 110)
gqa = Family("gqa_attention", 80)
rotary = Family("rotary_embedding", 50)
linear = Family("linear_attention", 50)
FAMILIES = (attention, gqa, rotary, linear)


def qkv(d):
    return d.batch(), d.heads(most=16), d.sequence(most=1024), d.head_width()


@attention.piece(weight=3, backward=True)
def scores(d):
    b, h, s, n = qkv(d)
    return lambda q, k: jnp.einsum("bhqd,bhkd->bhqk", q, k) * n**-0.5, [(b, h, s, n)] * 2


@attention.piece(weight=3)
def scores_softmax(d):
    b, h, s, n = qkv(d)
    mask = d.pick("mask", ("none", "causal", "bias"))

    def run(q, k, *bias):
        x = jnp.einsum("bhqd,bhkd->bhqk", q, k) * n**-0.5
        if mask == "causal":
            x = jnp.where(nn.causal(s, s), x, -3e4)
        return nn.softmax(x + bias[0] if bias else x)

    return run, [(b, h, s, n)] * 2 + ([(h, s, s)] if mask == "bias" else [])


@attention.piece(weight=2)
def weighted_values(d):
    b, h, s, n = qkv(d)
    return lambda p, v: jnp.einsum("bhqk,bhkd->bqhd", p, v), [(b, h, s, s), (b, h, s, n)]


@attention.piece(weight=3)
def fused_attention(d):
    b, h, s, n = qkv(d)
    mask = d.flag("causal")
    return lambda q, k, v: nn.attend(q, k, v, n**-0.5, nn.causal(s, s) if mask else None), [(b, h, s, n)] * 3


@attention.piece(weight=1)
def attention_gradient(d):
    b, h, s, n = d.batch(), d.heads(most=8), d.sequence(most=256), d.head_width()

    def run(p, ct, v):
        inner = jnp.einsum("bhqd,bhkd->bhqk", ct, v)
        return p * (inner - jnp.sum(inner * p, -1, keepdims=True)) * n**-0.5

    return run, [(b, h, s, s), (b, h, s, n), (b, h, s, n)]


@attention.piece(weight=2)
def project_heads(d):
    b, s, h, n = d.batch(), d.sequence(most=1024), d.heads(most=16), d.head_width()
    w = h * n
    return lambda x, p, c: nn.split_heads(x @ p + c, h), [(b, s, w), (w, w), (w,)]


@attention.piece(weight=2)
def project_joint(d):
    b, s, h, n = d.batch(), d.sequence(most=1024), d.heads(most=16), d.head_width()
    w = h * n

    def run(x, p):
        y = (x @ p).reshape(b, s, 3, h, n).transpose(2, 0, 3, 1, 4)
        return y[0], y[1], y[2]

    return run, [(b, s, w), (w, 3 * w)]


@attention.piece(weight=2)
def output_projection(d):
    b, s, h, n = d.batch(), d.sequence(most=1024), d.heads(most=16), d.head_width()
    return lambda x, w, y: y + nn.merge_heads(x) @ w, [(b, h, s, n), (h * n, h * n), (b, s, h * n)]


@attention.piece(weight=2)
def cross_attention(d):
    b, h, n = d.batch(), d.heads(most=16), d.head_width()
    q, k = d.sequence("q", 512), d.sequence("k", 512)
    return lambda x, y, v: nn.attend(x, y, v, n**-0.5), [(b, h, q, n), (b, h, k, n), (b, h, k, n)]


@attention.piece(weight=2)
def position_bias(d):
    b, h, s = d.batch(), d.heads(most=16), d.sequence(most=1024)

    def run(x, slope):
        row = lax.broadcasted_iota(jnp.float32, (s, s), 0)
        column = lax.broadcasted_iota(jnp.float32, (s, s), 1)
        return x + (slope[:, None, None] * (column - row)).astype(x.dtype)

    return run, [(b, h, s, s), (h,)]


@attention.piece(weight=2)
def window_mask(d):
    b, h, s, w = d.batch(), d.heads(most=16), d.sequence(most=1024), d.pick("w", (4, 16, 64, 128, 512))

    def run(x):
        row = lax.broadcasted_iota(jnp.int32, (s, s), 0)
        column = lax.broadcasted_iota(jnp.int32, (s, s), 1)
        return jnp.where((row >= column) & (row - column < w), x, -3e4)

    return run, [(b, h, s, s)]


@attention.piece(weight=1)
def window_partition(d):
    b, w, k, c = d.batch(), d.pick("w", (4, 7, 8)), d.pick("k", (2, 4, 8)), d.channels()

    def run(x):
        return x.reshape(b, k, w, k, w, c).transpose(0, 1, 3, 2, 4, 5).reshape(b * k * k, w * w, c)

    return run, [(b, k * w, k * w, c)]


@attention.piece(weight=1, whole=True)
def attention_layer(d):
    b, s, h, n = d.batch(), d.sequence(most=512), d.heads(most=16), d.head_width()
    w = h * n
    mask = d.flag("causal")

    def run(x, wq, wk, wv, wo):
        q, k, v = (nn.split_heads(x @ p, h) for p in (wq, wk, wv))
        return nn.merge_heads(nn.attend(q, k, v, n**-0.5, nn.causal(s, s) if mask else None)) @ wo

    return run, [(b, s, w)] + [(w, w)] * 4


def grouped(d):
    kv, g = d.pick("kv", (1, 2, 4, 8)), d.pick("g", (2, 4, 7, 8))
    return d.batch(), kv, g, d.head_width()


@gqa.piece(weight=3)
def grouped_scores(d):
    b, kv, g, n = grouped(d)
    q, k = d.pick("q", (1, 1, 16, 64, 128)), d.sequence("k")
    return lambda x, y: jnp.einsum("bqhgd,bkhd->bhgqk", x, y) * n**-0.5, [(b, q, kv, g, n), (b, k, kv, n)]


@gqa.piece(weight=3)
def decode_attention(d):
    b, kv, g, n = grouped(d)
    k = d.sequence("k")

    def run(q, key, value):
        p = nn.softmax(jnp.einsum("bhgd,bkhd->bhgk", q, key) * n**-0.5)
        return jnp.einsum("bhgk,bkhd->bhgd", p, value)

    return run, [(b, kv, g, n), (b, k, kv, n), (b, k, kv, n)]


@gqa.piece(weight=2)
def repeat_heads(d):
    b, kv, g, n = grouped(d)
    s = d.sequence()

    def run(x):
        return jnp.broadcast_to(x[:, :, :, None, :], (b, s, kv, g, n)).reshape(b, s, kv * g, n)

    return run, [(b, s, kv, n)]


@gqa.piece(weight=2)
def cache_append(d):
    b, kv, _, n = grouped(d)
    s = d.sequence()

    def run(cache, new, position):
        return lax.dynamic_update_slice(cache, new, (0, position, 0, 0))

    return run, [(b, s, kv, n), (b, 1, kv, n), i32()]


@gqa.piece(weight=2)
def cache_masked_scores(d):
    b, kv, g, n = grouped(d)
    s = d.sequence()

    def run(q, key, length):
        x = jnp.einsum("bhgd,bkhd->bhgk", q, key) * n**-0.5
        valid = lax.broadcasted_iota(jnp.int32, (b, s), 1) < length[:, None]
        return jnp.where(valid[:, None, None, :], x, -3e4)

    return run, [(b, kv, g, n), (b, s, kv, n), i32(b)]


@gqa.piece(weight=2)
def query_key_norm(d):
    b, kv, g, n = grouped(d)
    s = d.sequence(most=512)
    return lambda q, k, a, c: (nn.rms_norm(q, a), nn.rms_norm(k, c)), [(b, s, kv * g, n), (b, s, kv, n), (n,), (n,)]


@gqa.piece(weight=1)
def latent_expand(d):
    b, s, r, h, n = d.batch(), d.sequence(most=512), d.pick("r", (64, 128, 512)), d.heads(most=16), d.head_width()
    return lambda c, g, wk, wv: (
        jnp.einsum("bsr,rhd->bhsd", nn.rms_norm(c, g), wk), jnp.einsum("bsr,rhd->bhsd", nn.rms_norm(c, g), wv),
    ), [(b, s, r), (r,), (r, h, n), (r, h, n)]


@gqa.piece(weight=2, whole=True)
def gqa_layer(d):
    b, kv, g, n = grouped(d)
    s, w = d.sequence(most=512), d.width("w", 2880)
    h = kv * g

    def run(x, wq, wk, wv, wo):
        q = (x @ wq).reshape(b, s, kv, g, n)
        k, v = (x @ wk).reshape(b, s, kv, n), (x @ wv).reshape(b, s, kv, n)
        y = jnp.einsum("bqhgd,bkhd->bhgqk", q, k) * n**-0.5
        p = nn.softmax(jnp.where(nn.causal(s, s), y, -3e4))
        return jnp.einsum("bhgqk,bkhd->bqhgd", p, v).reshape(b, s, h * n) @ wo

    return run, [(b, s, w), (w, h * n), (w, kv * n), (w, kv * n), (h * n, w)]


@rotary.piece(weight=3, backward=True)
def rotate_half(d):
    b, h, s, n = qkv(d)
    return lambda x, c, t: x * c + nn.rotate_half(x) * t, [(b, h, s, n), (s, n), (s, n)]


@rotary.piece(weight=3)
def rotate_interleaved(d):
    b, h, s, n = qkv(d)

    def run(x, c, t):
        pairs = x.reshape(b, h, s, n // 2, 2)
        even, odd = pairs[..., 0], pairs[..., 1]
        return jnp.stack([even * c - odd * t, odd * c + even * t], -1).reshape(x.shape)

    return run, [(b, h, s, n), (s, n // 2), (s, n // 2)]


@rotary.piece(weight=2)
def rotate_partial(d):
    b, h, s, n = qkv(d)
    r = n // 2

    def run(x, c, t):
        turned = x[..., :r] * c + nn.rotate_half(x[..., :r]) * t
        return jnp.concatenate([turned, x[..., r:]], -1)

    return run, [(b, h, s, n), (s, r), (s, r)]


@rotary.piece(weight=2)
def tables(d):
    s, n, base = d.sequence(), d.head_width(), d.pick("base", (10000, 150000, 500000, 1000000))

    def run(scale):
        position = lax.broadcasted_iota(jnp.float32, (s, n // 2), 0)
        index = lax.broadcasted_iota(jnp.float32, (s, n // 2), 1)
        angle = position * jnp.power(float(base), -2.0 * index / n)
        return (nn.cos(angle) * scale).astype(scale.dtype), (nn.sin(angle) * scale).astype(scale.dtype)

    return run, [()]


@rotary.piece(weight=2)
def rotate_at_position(d):
    b, h, n = d.batch(), d.heads(), d.head_width()

    def run(x, frequency, position):
        angle = position.astype(jnp.float32)[:, None, None] * frequency.astype(jnp.float32)
        c, t = nn.cos(angle).astype(x.dtype), nn.sin(angle).astype(x.dtype)
        half = n // 2
        first, second = x[..., :half], x[..., half:]
        return jnp.concatenate([first * c - second * t, second * c + first * t], -1)

    return run, [(b, h, n), (n // 2,), i32(b)]


@rotary.piece(weight=2)
def sinusoidal_position(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    n += n % 2

    def run(x):
        position = lax.broadcasted_iota(jnp.float32, (s, n // 2), 0)
        index = lax.broadcasted_iota(jnp.float32, (s, n // 2), 1)
        angle = position * jnp.exp(index * (-2.0 * 9.210340 / n))
        return x + jnp.concatenate([nn.sin(angle), nn.cos(angle)], -1).astype(x.dtype)

    return run, [(b, s, n)]


FEATURES = {
    "elu": lambda x: jnp.where(x > 0, x + 1.0, jnp.exp(x)),
    "relu": lambda x: jnp.maximum(x, 0.0) + 1e-3,
    "exp": lambda x: jnp.exp(x - jnp.max(x, -1, keepdims=True)),
    "silu": lambda x: x * jax.nn.sigmoid(x),
    "square": lambda x: x * x,
}


@linear.piece(weight=2)
def feature_map(d):
    b, h, s, n = qkv(d)
    return FEATURES[d.pick("f", tuple(FEATURES))], [(b, h, s, n)]


@linear.piece(weight=3)
def key_value_state(d):
    b, h, s, n = qkv(d)
    f = FEATURES[d.pick("f", tuple(FEATURES))]
    return lambda k, v: (jnp.einsum("bhsd,bhse->bhde", f(k), v), jnp.sum(f(k), 2)), [(b, h, s, n)] * 2


@linear.piece(weight=3)
def read_state(d):
    b, h, s, n = qkv(d)
    f = FEATURES[d.pick("f", tuple(FEATURES))]

    def run(q, state, total):
        y = jnp.einsum("bhsd,bhde->bhse", f(q), state)
        return y / (jnp.einsum("bhsd,bhd->bhs", f(q), total)[..., None] + 1e-3)

    return run, [(b, h, s, n), (b, h, n, n), (b, h, n)]


@linear.piece(weight=2)
def recurrent_step(d):
    b, h, n = d.batch(), d.heads(), d.head_width()
    return lambda state, k, v, decay: state * decay[:, :, None, None] + k[..., None] * v[..., None, :], [
        (b, h, n, n), (b, h, n), (b, h, n), (b, h),
    ]


@linear.piece(weight=2)
def delta_rule_step(d):
    b, h, n = d.batch(), d.heads(), d.head_width()

    def run(state, k, v, beta):
        seen = jnp.einsum("bhde,bhd->bhe", state, k)
        return state + (beta[..., None] * k)[..., None] * (v - seen)[..., None, :]

    return run, [(b, h, n, n), (b, h, n), (b, h, n), (b, h)]


@linear.piece(weight=2)
def retention_chunk(d):
    b, h, n, s = d.batch(), d.heads(most=8), d.head_width(), d.pick("s", (16, 32, 64, 128))

    def run(q, k, v, log_decay):
        row = lax.broadcasted_iota(jnp.float32, (s, s), 0)
        column = lax.broadcasted_iota(jnp.float32, (s, s), 1)
        decay = jnp.where(row >= column, jnp.exp(log_decay[:, None, None] * (row - column).astype(q.dtype)), 0.0)
        return jnp.einsum("bhqk,bhkd->bhqd", jnp.einsum("bhqd,bhkd->bhqk", q, k) * decay, v)

    return run, [(b, h, s, n)] * 3 + [(h,)]
