"""Image models beyond classification: diffusion U-Nets, image preparation, detection, super-resolution."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, i8

unet = Family("diffusion_unet", 80)
preparation = Family("image_preparation", 50)
detection = Family("detection", 35)
FAMILIES = (unet, preparation, detection)


def feature(d, most=64):
    g = d.pick("g", (4, 8, 16, 32))
    return d.batch(), d.image(most=most), g, g * d.pick("per", (1, 2, 4, 10))


@unet.piece(weight=3)
def norm_activation(d):
    b, s, g, c = feature(d)
    return lambda x, w, k: jax.nn.silu(nn.group_norm(x, w, k, g)), [(b, s, s, c), (c,), (c,)]


@unet.piece(weight=3)
def conv_add_time(d):
    b, s, i, o = d.batch(), d.image(most=64), d.channels("i", 320), d.channels("o", 320)
    return lambda x, w, k, t: nn.conv(x, w) + k + t[:, None, None, :], [(b, s, s, i), (3, 3, i, o), (o,), (b, o)]


@unet.piece(weight=2)
def time_embedding(d):
    b, n = d.batch(), 2 * d.pick("n", (32, 64, 128, 160))

    def run(t, w, k):
        index = lax.broadcasted_iota(jnp.float32, (1, n // 2), 1)
        angle = t.astype(jnp.float32)[:, None] * jnp.exp(index * (-9.210340 / (n // 2)))
        e = jnp.concatenate([nn.cos(angle), nn.sin(angle)], -1).astype(t.dtype)
        return jax.nn.silu(e @ w + k)

    return run, [(b,), (n, 4 * n), (4 * n,)]


@unet.piece(weight=2, backward=True)
def upsample_conv(d):
    b, s, c = d.batch(), d.image(most=32), d.channels(most=320)
    return lambda x, w: nn.conv(nn.upsample_nearest(x), w), [(b, s, s, c), (3, 3, c, c)]


@unet.piece(weight=2)
def downsample_conv(d):
    b, s, c = d.batch(), d.image(most=64), d.channels(most=320)
    return lambda x, w, k: nn.conv(x, w, 2) + k, [(b, s, s, c), (3, 3, c, c), (c,)]


@unet.piece(weight=2)
def skip_concat(d):
    b, s, i, o = d.batch(), d.image(most=64), d.channels("i", 320), d.channels("o", 320)
    return lambda x, y, w: nn.conv(jnp.concatenate([x, y], -1), w), [(b, s, s, i), (b, s, s, o), (1, 1, i + o, o)]


@unet.piece(weight=2)
def spatial_attention(d):
    b, s, c = d.pick("b", (1, 2, 4)), d.pick("hw", (4, 8, 16, 32)), d.channels(most=320)

    def run(q, k, v, x):
        p = nn.softmax(jnp.einsum("bnc,bmc->bnm", q, k) * c**-0.5)
        return x + jnp.einsum("bnm,bmc->bnc", p, v)

    return run, [(b, s * s, c)] * 4


@unet.piece(weight=2)
def denoise_step(d):
    b, s, c = d.batch(), d.image(), d.pick("c", (3, 4, 16))
    kind = d.pick("kind", ("ddpm", "ddim", "euler"))

    def run(x, e, a, n, z):
        a, n = a[:, None, None, None], n[:, None, None, None]
        if kind == "ddpm":
            return (x - (1 - a) * lax.rsqrt(1 - n + 1e-3) * e) * lax.rsqrt(a) + 0.1 * z
        if kind == "ddim":
            clean = jnp.clip((x - jnp.sqrt(1 - a) * e) * lax.rsqrt(a), -1.0, 1.0)
            return jnp.sqrt(n) * clean + jnp.sqrt(1 - n) * e
        return x + e * (n - a) + 0.0 * z

    return run, [(b, s, s, c), (b, s, s, c), (b,), (b,), (b, s, s, c)]


@unet.piece(weight=1)
def add_noise(d):
    b, s, c = d.batch(), d.image(), d.pick("c", (3, 4, 16))
    return lambda x, e, a: (
        jnp.sqrt(a)[:, None, None, None] * x + jnp.sqrt(1 - a)[:, None, None, None] * e
    ), [(b, s, s, c), (b, s, s, c), (b,)]


@unet.piece(weight=2)
def classifier_free_guidance(d):
    b, s, c, g = d.batch(), d.image(), d.pick("c", (3, 4, 16)), d.pick("g", (1.5, 5.0, 7.5))

    def run(x):
        free, guided = x[:b], x[b:]
        return free + g * (guided - free)

    return run, [(2 * b, s, s, c)]


@unet.piece(weight=2, whole=True)
def residual_block(d):
    b, s, g, c = feature(d, 32)
    n = d.width("t", 512)

    def run(x, t, g1, k1, w1, wt, g2, k2, w2):
        y = nn.conv(jax.nn.silu(nn.group_norm(x, g1, k1, g)), w1) + (jax.nn.silu(t) @ wt)[:, None, None, :]
        return x + nn.conv(jax.nn.silu(nn.group_norm(y, g2, k2, g)), w2)

    return run, [
        (b, s, s, c), (b, n), (c,), (c,), (3, 3, c, c), (n, c), (c,), (c,), (3, 3, c, c),
    ]


@preparation.piece(weight=2, dtypes=("f32",))
def normalize_pixels(d):
    b, s = d.batch(), d.image(least=16)

    def run(x, mean, deviation):
        return (x.astype(jnp.float32) / 255.0 - mean) / deviation

    return run, [i8(b, s, s, 3), (3,), (3,)]


@preparation.piece(weight=2)
def resize_bilinear(d):
    b, s, o, c = d.batch(), d.image("i", most=64), d.image("o", most=112), d.pick("c", (1, 3, 16))
    return lambda x, r, k: jnp.einsum("os,bstc,pt->bopc", r, x, k), [(b, s, s, c), (o, s), (o, s)]


@preparation.piece(weight=2)
def grey(d):
    b, s = d.batch(), d.image()
    return lambda x: 0.299 * x[..., 0] + 0.587 * x[..., 1] + 0.114 * x[..., 2], [(b, s, s, 3)]


@preparation.piece(weight=1)
def colour_matrix(d):
    b, s = d.batch(), d.image()
    return lambda x, m, k: jnp.clip(jnp.einsum("bhwc,cd->bhwd", x, m) + k, 0.0, 1.0), [(b, s, s, 3), (3, 3), (3,)]


@preparation.piece(weight=1)
def contrast(d):
    b, s = d.batch(), d.image()

    def run(x, f):
        mean = jnp.mean(x, (1, 2, 3), keepdims=True)
        return jnp.clip((x - mean) * f + mean, 0.0, 1.0)

    return run, [(b, s, s, 3), ()]


@preparation.piece(weight=2)
def flip_and_crop(d):
    b, s, k, c = d.batch(), d.image(least=16), d.pick("k", (1, 2, 4)), d.pick("c", (1, 3))
    return lambda x: jnp.flip(x, 2)[:, k : s - k, k : s - k], [(b, s, s, c)]


@preparation.piece(weight=2)
def sobel(d):
    b, s = d.batch(), d.image(least=7)

    def run(x):
        c = x[:, 1:-1, 2:] - x[:, 1:-1, :-2]
        r = x[:, 2:, 1:-1] - x[:, :-2, 1:-1]
        return jnp.sqrt(r * r + c * c + 1e-6)

    return run, [(b, s, s)]


@preparation.piece(weight=1)
def mix_samples(d):
    b, s, c = d.batch(), d.image(), d.pick("c", (1, 3))
    return lambda x, y, m: m[:, None, None, None] * x + (1 - m[:, None, None, None]) * y, [(b, s, s, c)] * 2 + [(b,)]


@preparation.piece(weight=2)
def separable_blur(d):
    b, s, k = d.batch(), d.image(least=8), d.pick("k", (3, 5))

    def run(x, w):
        e = s - k + 1
        y = sum(x[:, i : i + e] * w[i] for i in range(k))
        return sum(y[:, :, i : i + e] * w[i] for i in range(k))

    return run, [(b, s, s), (k,)]


@preparation.piece(weight=2)
def pad_image(d):
    b, s, p, c = d.batch(), d.image(), d.pick("p", (1, 2, 4)), d.pick("c", (1, 3, 16))
    mode = d.pick("mode", ("constant", "edge"))
    return lambda x: jnp.pad(x, ((0, 0), (p, p), (p, p), (0, 0)), mode=mode), [(b, s, s, c)]


@detection.piece(weight=2)
def decode_boxes(d):
    b, n = d.batch(), d.pick("n", (64, 100, 256, 900))

    def run(t, anchor):
        size = anchor[..., 2:] - anchor[..., :2]
        centre = anchor[..., :2] + 0.5 * size + t[..., :2] * size
        half = 0.5 * size * jnp.exp(jnp.minimum(t[..., 2:], 4.135))
        return jnp.concatenate([centre - half, centre + half], -1)

    return run, [(b, n, 4), (n, 4)]


@detection.piece(weight=2)
def pairwise_overlap(d):
    n, m = d.pick("n", (16, 64, 100, 300)), d.pick("m", (5, 20, 50))

    def run(a, c):
        low = jnp.maximum(a[:, None, :2], c[None, :, :2])
        high = jnp.minimum(a[:, None, 2:], c[None, :, 2:])
        both = jnp.prod(jnp.maximum(high - low, 0.0), -1)
        area = lambda x: (x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1])
        return both / (area(a)[:, None] + area(c)[None] - both + 1e-6)

    return run, [(n, 4), (m, 4)]


@detection.piece(weight=2)
def grid_head(d):
    b, s, a, k = d.batch(), d.pick("hw", (7, 13, 20, 26)), d.pick("a", (1, 3)), d.pick("k", (5, 20, 80))

    def run(x):
        y = x.reshape(b, s, s, a, 5 + k)
        row = lax.broadcasted_iota(jnp.float32, (s, s, 1), 0).astype(x.dtype)
        column = lax.broadcasted_iota(jnp.float32, (s, s, 1), 1).astype(x.dtype)
        return (
            (jax.nn.sigmoid(y[..., 0]) + column) / s,
            (jax.nn.sigmoid(y[..., 1]) + row) / s,
            jax.nn.sigmoid(y[..., 4:5]) * jax.nn.sigmoid(y[..., 5:]),
        )

    return run, [(b, s, s, a * (5 + k))]


@detection.piece(weight=2)
def pyramid_merge(d):
    b, s, i, c = d.batch(), d.image(most=28), d.channels("i", 256), d.channels(most=256)
    return lambda x, y, w: nn.conv(y, w) + nn.upsample_nearest(x), [(b, s, s, c), (b, 2 * s, 2 * s, i), (1, 1, i, c)]


@detection.piece(weight=1)
def crop_average(d):
    n, s, k, c = d.pick("n", (4, 16, 32)), d.pick("hw", (14, 28)), d.pick("k", (2, 7)), d.channels(most=256)
    return lambda x, r, q: jnp.einsum("nks,stc,nlt->nklc", r, x, q), [(s, s, c), (n, k, s), (n, k, s)]


@detection.piece(weight=1)
def mask_logits(d):
    n, q, s, c = d.pick("b", (1, 2, 4)), d.pick("q", (10, 100, 300)), d.image(most=64), d.pick("c", (32, 64, 256))
    return lambda x, f: jax.nn.sigmoid(jnp.einsum("bqc,bhwc->bqhw", x, f)), [(n, q, c), (n, s, s, c)]
