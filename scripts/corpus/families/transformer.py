"""Transformer encoder and decoder blocks, vision transformers, and the operations between their matrix products."""

import jax
import jax.numpy as jnp

import nn
from registry import Family, i32

encoder = Family("transformer_encoder", 65)
decoder = Family("transformer_decoder", 75)
vision = Family("vision_transformer", 45)
FAMILIES = (encoder, decoder, vision)


@encoder.piece(weight=3, backward=True)
def feed_forward(d):
    b, s, n = d.batch(), d.sequence(most=512), d.width(most=1280)
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "gelu", "quickgelu"))]
    return lambda x, w1, c1, w2, c2: act(x @ w1 + c1) @ w2 + c2, [(b, s, n), (n, 4 * n), (4 * n,), (4 * n, n), (n,)]


@encoder.piece(weight=3)
def add_and_norm(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    return lambda x, y, c, g, k: nn.layer_norm(x + y + c, g, k), [(b, s, n), (b, s, n), (n,), (n,), (n,)]


@encoder.piece(weight=2)
def bias_gelu(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    return lambda x, c: nn.gelu_tanh(x + c), [(b, s, n), (n,)]


@encoder.piece(weight=2)
def input_embedding(d):
    b, s, v, n = d.batch(), d.sequence(most=512), d.vocabulary(), d.width(most=1280)

    def run(table, position, tokens):
        return jnp.take(table, tokens, axis=0, mode="clip") * n**0.5 + position

    return run, [(v, n), (s, n), i32(b, s)]


@encoder.piece(weight=2)
def pooler(d):
    b, s, n = d.batch(), d.sequence(most=512), d.width()
    return lambda x, w, c: jnp.tanh(x[:, 0] @ w + c), [(b, s, n), (n, n), (n,)]


@encoder.piece(weight=2, whole=True)
def encoder_block(d):
    b, s, h, n = d.batch(), d.sequence(most=512), d.heads(most=12), d.head_width()
    w = h * n
    post = d.flag("post")
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "gelu"))]

    def run(x, wqkv, wo, g1, c1, w1, k1, w2, k2, g2, c2):
        inner = x if post else nn.layer_norm(x, g1, c1)
        y = (inner @ wqkv).reshape(b, s, 3, h, n).transpose(2, 0, 3, 1, 4)
        x = x + nn.merge_heads(nn.attend(y[0], y[1], y[2], n**-0.5)) @ wo
        if post:
            x = nn.layer_norm(x, g1, c1)
            return nn.layer_norm(x + act(x @ w1 + k1) @ w2 + k2, g2, c2)
        return x + act(nn.layer_norm(x, g2, c2) @ w1 + k1) @ w2 + k2

    return run, [
        (b, s, w), (w, 3 * w), (w, w), (w,), (w,), (w, 4 * w), (4 * w,), (4 * w, w), (w,), (w,), (w,),
    ]


@decoder.piece(weight=3, backward=True)
def gated_feed_forward(d):
    b, n, h = d.batch(), d.width(most=4096), d.width("h", 8192)
    act = nn.ACTIVATIONS[d.pick("act", ("silu", "gelu"))]
    return lambda x, g, u, w: (act(x @ g) * (x @ u)) @ w, [(b, n), (n, h), (n, h), (h, n)]


@decoder.piece(weight=2)
def norm_project(d):
    b, n, h = d.batch(), d.width(), d.width("h")
    return lambda x, g, w: nn.rms_norm(x, g) @ w, [(b, n), (n,), (n, h)]


@decoder.piece(weight=2)
def language_head(d):
    b, n, v = d.batch(), d.width(most=2048), d.vocabulary()
    cap = d.flag("cap")

    def run(x, g, table):
        y = jnp.einsum("bn,vn->bv", nn.rms_norm(x, g), table)
        return 30.0 * jnp.tanh(y / 30.0) if cap else y

    return run, [(b, n), (n,), (v, n)]


@decoder.piece(weight=2)
def gate_multiply(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    act = nn.ACTIVATIONS[d.pick("act", ("silu", "gelu", "relu2"))]
    return lambda g, u: act(g) * u, [(b, s, n), (b, s, n)]


@decoder.piece(weight=2)
def parallel_residual(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    return lambda x, a, m, c: x + a + m + c, [(b, s, n)] * 3 + [(n,)]


@decoder.piece(weight=2, whole=True)
def decoder_block(d):
    b, s, h, n = d.batch(), d.sequence(most=512), d.heads(most=12), d.head_width()
    w, f = h * n, h * n * d.pick("f", (2, 3, 4))

    def run(x, g1, wq, wk, wv, wo, c, t, g2, gate, up, down):
        y = nn.rms_norm(x, g1)
        q, k, v = (nn.split_heads(y @ p, h) for p in (wq, wk, wv))
        q, k = (z * c + nn.rotate_half(z) * t for z in (q, k))
        x = x + nn.merge_heads(nn.attend(q, k, v, n**-0.5, nn.causal(s, s))) @ wo
        y = nn.rms_norm(x, g2)
        return x + (jax.nn.silu(y @ gate) * (y @ up)) @ down

    return run, [(b, s, w), (w,)] + [(w, w)] * 4 + [(s, n), (s, n), (w,), (w, f), (w, f), (f, w)]


@decoder.piece(weight=2, whole=True)
def decode_step(d):
    b, s, h, n = d.batch(), d.sequence(), d.heads(most=16), d.head_width()
    w = h * n

    def run(x, g, wqkv, key, value, position, wo):
        q, k, v = ((nn.rms_norm(x, g) @ wqkv).reshape(b, 3, h, n)[:, i] for i in range(3))
        key = jax.lax.dynamic_update_slice(key, k[:, :, None], (0, 0, position, 0))
        value = jax.lax.dynamic_update_slice(value, v[:, :, None], (0, 0, position, 0))
        y = jnp.einsum("bhd,bhkd->bhk", q, key) * n**-0.5
        seen = jax.lax.broadcasted_iota(jnp.int32, (s,), 0) <= position
        p = nn.softmax(jnp.where(seen, y, -3e4))
        return x + jnp.einsum("bhk,bhkd->bhd", p, value).reshape(b, w) @ wo, key, value

    return run, [(b, w), (w,), (w, 3 * w), (b, h, s, n), (b, h, s, n), i32(), (w, w)]


@vision.piece(weight=3, backward=True)
def patch_embedding(d):
    p, k, n, b = d.pick("p", (4, 8, 14, 16)), d.pick("k", (2, 4, 7, 14)), d.width(most=1280), d.batch()

    def run(x, w, c):
        return jax.lax.conv_general_dilated(x, w, (p, p), "VALID", dimension_numbers=nn.NHWC).reshape(b, k * k, n) + c

    return run, [(b, p * k, p * k, 3), (p, p, 3, n), (n,)]


@vision.piece(weight=2)
def patchify(d):
    p, k, b, c = d.pick("p", (2, 4, 8, 16)), d.pick("k", (2, 4, 7, 14)), d.batch(), d.pick("c", (1, 3, 4))
    n = d.width(most=1280)

    def run(x, w):
        y = x.reshape(b, k, p, k, p, c).transpose(0, 1, 3, 2, 4, 5).reshape(b, k * k, p * p * c)
        return y @ w

    return run, [(b, k * p, k * p, c), (p * p * c, n)]


@vision.piece(weight=2)
def class_token(d):
    b, s, n = d.batch(), d.pick("s", (16, 49, 64, 196, 256)), d.width(most=1280)

    def run(x, token, position):
        return jnp.concatenate([jnp.broadcast_to(token, (b, 1, n)), x], 1) + position

    return run, [(b, s, n), (n,), (s + 1, n)]


@vision.piece(weight=2)
def layer_scale(d):
    b, s, n = d.batch(), d.sequence(most=577), d.width()
    return lambda x, y, g: x + g * y, [(b, s, n), (b, s, n), (n,)]


@vision.piece(weight=1)
def adaptive_modulation(d):
    b, s, n = d.batch(), d.sequence(most=577), d.width(most=1280)

    def run(x, c, w):
        shift, scale, gate = jnp.split(jax.nn.silu(c) @ w, 3, -1)
        return x + gate[:, None] * (x * (1 + scale[:, None]) + shift[:, None])

    return run, [(b, s, n), (b, n), (n, 3 * n)]


@vision.piece(weight=1, whole=True)
def vit_block(d):
    b, s, h, n = d.batch(), d.pick("s", (17, 50, 65, 197)), d.heads(most=12), d.head_width()
    w = h * n

    def run(x, g1, c1, wqkv, bq, wo, g2, c2, w1, w2, s1, s2):
        y = (nn.layer_norm(x, g1, c1) @ wqkv + bq).reshape(b, s, 3, h, n).transpose(2, 0, 3, 1, 4)
        x = x + s1 * (nn.merge_heads(nn.attend(y[0], y[1], y[2], n**-0.5)) @ wo)
        return x + s2 * (nn.gelu_tanh(nn.layer_norm(x, g2, c2) @ w1) @ w2)

    return run, [
        (b, s, w), (w,), (w,), (w, 3 * w), (3 * w,), (w, w), (w,), (w,), (w, 4 * w), (4 * w, w), (w,), (w,),
    ]
