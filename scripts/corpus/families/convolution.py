"""Convolutional networks: plain blocks, residual blocks, depthwise and inverted bottlenecks, 1-D, 3-D, transposed."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family

cnn = Family("cnn_block", 95)
resnet = Family("resnet", 80)
mobilenet = Family("mobilenet", 80)
temporal = Family("convolution_1d", 65)
transposed = Family("convolution_transposed", 45)
FAMILIES = (cnn, resnet, mobilenet, temporal, transposed)

ACTS = ("relu", "relu6", "silu", "hardswish", "leaky", "gelu")


@cnn.piece(weight=4, backward=True)
def conv_bias_activation(d):
    b, s, i, o, k = d.batch(), d.image(least=7), d.channels("i"), d.channels("o"), d.pick("k", (1, 3, 5, 7))
    st = d.pick("st", (1, 1, 2))
    act = nn.ACTIVATIONS[d.pick("act", ACTS)]
    return lambda x, w, c: act(nn.conv(x, w, st) + c), [(b, s, s, i), (k, k, i, o), (o,)]


@cnn.piece(weight=3)
def conv_channels_first(d):
    b, s, i, o, k = d.batch(), d.image(least=7), d.channels("i"), d.channels("o"), d.pick("k", (1, 3, 5))
    st, pad = d.pick("st", (1, 2)), d.pick("pad", ("SAME", "VALID"))
    act = nn.ACTIVATIONS[d.pick("act", ACTS)]

    def run(x, w, c):
        y = lax.conv_general_dilated(x, w, (st, st), pad, dimension_numbers=nn.NCHW)
        return act(y + c[:, None, None])

    return run, [(b, i, s, s), (o, i, k, k), (o,)]


@cnn.piece(weight=2)
def conv_plain(d):
    b, s, i, o, k = d.batch(), d.image(least=7), d.channels("i"), d.channels("o"), d.pick("k", (1, 3, 5))
    st, pad, dilation = d.pick("st", (1, 2)), d.pick("pad", ("SAME", "VALID")), d.pick("dil", (1, 1, 2))
    if dilation * (k - 1) >= s:
        dilation = 1
    return lambda x, w: nn.conv(x, w, st, pad, 1, dilation), [(b, s, s, i), (k, k, i, o)]


@cnn.piece(weight=2)
def conv_pool(d):
    b, s, i, o = d.batch(), d.pick("hw", (8, 16, 28, 32, 64)), d.channels("i", 64), d.channels("o", 128)
    act = nn.ACTIVATIONS[d.pick("act", ACTS)]
    return lambda x, w, c: nn.max_pool(act(nn.conv(x, w) + c)), [(b, s, s, i), (3, 3, i, o), (o,)]


@cnn.piece(weight=2)
def grouped_conv(d):
    b, s, g = d.batch(), d.image(least=7, most=64), d.pick("g", (2, 4, 8))
    i, o = g * d.pick("i", (2, 4, 8, 16)), g * d.pick("o", (2, 4, 8, 16))
    return lambda x, w: nn.conv(x, w, 1, "SAME", g), [(b, s, s, i), (3, 3, i // g, o)]


@cnn.piece(weight=1)
def conv_3d(d):
    b, t, s = d.pick("b", (1, 2)), d.pick("t", (4, 8, 16)), d.image(least=7, most=56)
    i, o, k = d.channels("i", 64), d.channels("o", 64), d.pick("k", (1, 3))
    return lambda x, w: lax.conv_general_dilated(
        x, w, (1, 1, 1), "SAME", dimension_numbers=("NDHWC", "DHWIO", "NDHWC")
    ), [(b, t, s, s, i), (k, k, k, i, o)]


@cnn.piece(weight=1)
def patches_product(d):
    b, s, c, o, k = d.batch(), d.image(least=7, most=32), d.channels(most=32), d.channels("o"), d.pick("k", (2, 3))

    def run(x, w):
        e = s - k + 1
        columns = [x[:, r : r + e, q : q + e, :] for r in range(k) for q in range(k)]
        return jnp.concatenate(columns, -1).reshape(b, e * e, k * k * c) @ w

    return run, [(b, s, s, c), (k * k * c, o)]


@cnn.piece(weight=2, whole=True)
def lenet_like(d):
    b, s, i, o = d.batch(), d.pick("hw", (16, 28, 32, 64)), d.pick("i", (1, 3)), d.channels("o", 64)
    h, k = d.width("h", 512), d.pick("k", (10, 100))
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "tanh", "sigmoid"))]
    flat = (s // 4) ** 2 * 2 * o

    def run(x, w1, c1, w2, c2, w3, c3, w4):
        x = nn.max_pool(act(nn.conv(x, w1) + c1))
        x = nn.max_pool(act(nn.conv(x, w2) + c2))
        return act(x.reshape(b, flat) @ w3 + c3) @ w4

    return run, [(b, s, s, i), (5, 5, i, o), (o,), (3, 3, o, 2 * o), (2 * o,), (flat, h), (h,), (h, k)]


@resnet.piece(weight=4)
def conv_norm_activation(d):
    b, s, i, o, k = d.batch(), d.image(least=7), d.channels("i"), d.channels("o"), d.pick("k", (1, 3, 7))
    st = d.pick("st", (1, 1, 2))
    act = nn.ACTIVATIONS[d.pick("act", ACTS)]

    def run(x, w, m, v, g, c):
        return act(nn.batch_norm(nn.conv(x, w, st), m, v, g, c))

    return run, [(b, s, s, i), (k, k, i, o)] + [(o,)] * 4


@resnet.piece(weight=3)
def conv_norm_add_activation(d):
    b, s, i, k = d.batch(), d.image(least=7), d.channels("i"), d.pick("k", (1, 3))
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "silu", "leaky"))]

    def run(x, w, g, c, y):
        return act(nn.conv(x, w) * g + c + y)

    return run, [(b, s, s, i), (k, k, i, i), (i,), (i,), (b, s, s, i)]


@resnet.piece(weight=2)
def downsample_shortcut(d):
    b, s, i = d.batch(), d.image(least=7, most=112), d.channels("i", 256)
    return lambda x, w, g, c: nn.conv(x, w, 2) * g + c, [(b, s, s, i), (1, 1, i, 2 * i), (2 * i,), (2 * i,)]


@resnet.piece(weight=2)
def fold_norm_into_weights(d):
    k, i, o = d.pick("k", (1, 3, 5, 7)), d.channels("i"), d.channels("o")

    def run(w, m, v, g, c):
        scale = g * lax.rsqrt(v + 1e-5)
        return w * scale, c - m * scale

    return run, [(k, k, i, o)] + [(o,)] * 4


@resnet.piece(weight=2)
def classifier_head(d):
    b, s, n, k = d.batch(), d.pick("hw", (4, 7, 8)), d.width(most=2048), d.pick("k", (10, 100, 1000))
    return lambda x, w, c: jnp.mean(x, (1, 2)) @ w + c, [(b, s, s, n), (n, k), (k,)]


@resnet.piece(weight=2, backward=True)
def preactivation(d):
    b, s, c = d.batch(), d.image(), d.channels()
    return lambda x, g, k: jnp.maximum(x * g + k, 0.0), [(b, s, s, c), (c,), (c,)]


@resnet.piece(weight=2, whole=True)
def basic_block(d):
    b, s, c = d.batch(), d.image(least=7), d.channels(most=256)
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "silu"))]

    def run(x, w1, g1, b1, w2, g2, b2):
        y = act(nn.conv(x, w1) * g1 + b1)
        return act(nn.conv(y, w2) * g2 + b2 + x)

    return run, [(b, s, s, c), (3, 3, c, c), (c,), (c,), (3, 3, c, c), (c,), (c,)]


@resnet.piece(weight=2, whole=True)
def bottleneck_block(d):
    b, s, c = d.batch(), d.image(least=7), d.channels(most=128)

    def run(x, w1, g1, b1, w2, g2, b2, w3, g3, b3):
        y = jnp.maximum(nn.conv(x, w1) * g1 + b1, 0.0)
        y = jnp.maximum(nn.conv(y, w2) * g2 + b2, 0.0)
        return jnp.maximum(nn.conv(y, w3) * g3 + b3 + x, 0.0)

    n = 4 * c
    return run, [
        (b, s, s, n), (1, 1, n, c), (c,), (c,), (3, 3, c, c), (c,), (c,), (1, 1, c, n), (n,), (n,),
    ]


@resnet.piece(weight=1)
def stem(d):
    b, s, o = d.batch(), d.pick("hw", (64, 96, 128, 224)), d.channels("o", 96)

    def run(x, w, g, c):
        return nn.max_pool(jnp.maximum(nn.conv(x, w, 2) * g + c, 0.0), 3, 2, "SAME")

    return run, [(b, s, s, 3), (7, 7, 3, o), (o,), (o,)]


@mobilenet.piece(weight=4)
def depthwise(d):
    b, s, c, k = d.batch(), d.image(least=7), d.channels(), d.pick("k", (3, 5, 7))
    st = d.pick("st", (1, 1, 2))
    act = nn.ACTIVATIONS[d.pick("act", ACTS)]
    return lambda x, w, g: act(nn.conv(x, w, st, "SAME", c) + g), [(b, s, s, c), (k, k, 1, c), (c,)]


@mobilenet.piece(weight=1, dtypes=("f32",))
def depthwise_gradient(d):
    b, s, c = d.pick("b", (1, 2)), d.image(least=7, most=28), d.channels(most=64)
    return jax.grad(lambda x, w: jnp.sum(jnp.square(nn.conv(x, w, 1, "SAME", c)))), [(b, s, s, c), (3, 3, 1, c)]


@mobilenet.piece(weight=3)
def pointwise_conv(d):
    b, s, i, o = d.batch(), d.image(least=4), d.channels("i"), d.channels("o")
    act = nn.ACTIVATIONS[d.pick("act", ACTS)]
    return lambda x, w, g, c: act(nn.conv(x, w) * g + c), [(b, s, s, i), (1, 1, i, o), (o,), (o,)]


@mobilenet.piece(weight=3, backward=True)
def squeeze_excite(d):
    b, s, c, r = d.batch(), d.image(), d.channels(), d.pick("r", (4, 8, 16, 24))
    gate = nn.ACTIVATIONS[d.pick("gate", ("sigmoid", "hardsigmoid"))]

    def run(x, w1, c1, w2, c2):
        y = jnp.maximum(jnp.mean(x, (1, 2)) @ w1 + c1, 0.0)
        return x * gate(y @ w2 + c2)[:, None, None, :]

    return run, [(b, s, s, c), (c, r), (r,), (r, c), (c,)]


@mobilenet.piece(weight=2)
def linear_bottleneck(d):
    b, s, i, o = d.batch(), d.image(), d.channels("i"), d.channels("o", 160)
    return lambda x, w, g, c, y: nn.conv(x, w) * g + c + y, [
        (b, s, s, i), (1, 1, i, o), (o,), (o,), (b, s, s, o),
    ]


@mobilenet.piece(weight=2)
def channel_shuffle(d):
    b, s, g = d.batch(), d.image(), d.pick("g", (2, 3, 4, 8))
    c = g * d.pick("c", (4, 8, 15, 29, 58))

    def run(x):
        return x.reshape(b, s, s, g, c // g).swapaxes(3, 4).reshape(b, s, s, c)

    return run, [(b, s, s, c)]


@mobilenet.piece(weight=2, whole=True)
def inverted_bottleneck(d):
    b, s, c, e = d.batch(), d.image(least=7), d.channels(most=112), d.pick("e", (2, 4, 6))
    k, act = d.pick("k", (3, 5)), nn.ACTIVATIONS[d.pick("act", ("relu6", "silu", "hardswish"))]
    n, r = c * e, max(1, c // 4)
    excite = d.flag("se")

    def run(x, w1, b1, w2, b2, s1, s2, w3, b3):
        y = act(nn.conv(x, w1) + b1)
        y = act(nn.conv(y, w2, 1, "SAME", n) + b2)
        if excite:
            y = y * jax.nn.sigmoid(act(jnp.mean(y, (1, 2)) @ s1) @ s2)[:, None, None, :]
        return x + nn.conv(y, w3) + b3

    return run, [
        (b, s, s, c), (1, 1, c, n), (n,), (k, k, 1, n), (n,), (n, r), (r, n), (1, 1, n, c), (c,),
    ]


@mobilenet.piece(weight=1, whole=True)
def convnext_block(d):
    b, s, c = d.batch(), d.image(least=7, most=56), d.channels()

    def run(x, w, k, g, c1, up, bu, down, scale):
        y = nn.layer_norm(nn.conv(x, w, 1, "SAME", c) + k, g, c1)
        return x + scale * (nn.gelu_tanh(y @ up + bu) @ down)

    return run, [
        (b, s, s, c), (7, 7, 1, c), (c,), (c,), (c,), (c, 4 * c), (4 * c,), (4 * c, c), (c,),
    ]


@temporal.piece(weight=4, backward=True)
def conv_1d(d):
    b, s, i, o, k = d.batch(), d.sequence(), d.channels("i"), d.channels("o"), d.pick("k", (2, 3, 4, 7))
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "gelu", "tanh", "silu"))]
    return lambda x, w, c: act(nn.conv1d(x, w) + c), [(b, s, i), (k, i, o), (o,)]


@temporal.piece(weight=3)
def causal_dilated(d):
    b, s, c, k, dil = d.batch(), d.sequence(), d.channels(), d.pick("k", (2, 3)), d.pick("dil", (1, 2, 4, 8, 16))
    pad = (k - 1) * dil

    def run(x, w, v):
        a = nn.conv1d(x, w, 1, ((pad, 0),), 1, dil)
        return jnp.tanh(a) * jax.nn.sigmoid(nn.conv1d(x, v, 1, ((pad, 0),), 1, dil))

    return run, [(b, s, c), (k, c, c), (k, c, c)]


@temporal.piece(weight=3)
def causal_depthwise(d):
    b, s, c, k = d.batch(), d.sequence(), d.width("c", 2048), d.pick("k", (2, 3, 4))
    act = nn.ACTIVATIONS[d.pick("act", ("silu", "gelu", "relu"))]
    if d.flag("shifts"):

        def run(x, w, g):
            padded = jnp.pad(x, ((0, 0), (k - 1, 0), (0, 0)))
            return act(sum(padded[:, i : i + s] * w[i] for i in range(k)) + g)

        return run, [(b, s, c), (k, c), (c,)]
    return lambda x, w, g: act(nn.conv1d(x, w, 1, ((k - 1, 0),), c) + g), [(b, s, c), (k, 1, c), (c,)]


@temporal.piece(weight=2)
def strided_audio_stem(d):
    b, s, i, o = d.batch(), d.pick("s", (100, 200, 400, 1600, 3000)), d.pick("i", (1, 40, 80, 128)), d.width("o", 768)
    return lambda x, w, c: nn.gelu_tanh(nn.conv1d(x, w, 2) + c), [(b, s, i), (3, i, o), (o,)]


@temporal.piece(weight=2)
def multi_width_pool(d):
    b, s, n, o = d.batch(), d.sequence(most=512), d.width(most=512), d.channels("o", 128)

    def run(x, *ws):
        return jnp.concatenate([jnp.max(jnp.maximum(nn.conv1d(x, w), 0.0), 1) for w in ws], -1)

    return run, [(b, s, n), (2, n, o), (3, n, o), (4, n, o)]


@transposed.piece(weight=4)
def conv_transpose(d):
    b, s, i, o, k = d.batch(), d.image(most=64), d.channels("i", 256), d.channels("o", 128), d.pick("k", (2, 3, 4))
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "leaky", "tanh", "silu"))]

    def run(x, w, c):
        return act(lax.conv_transpose(x, w, (2, 2), "SAME", dimension_numbers=nn.NHWC) + c)

    return run, [(b, s, s, i), (k, k, i, o), (o,)]


@transposed.piece(weight=2)
def conv_transpose_1d(d):
    b, s, i, o, k = d.batch(), d.sequence(most=512), d.channels("i", 256), d.channels("o", 128), d.pick("k", (2, 4, 8))
    st = d.pick("st", (2, 4))
    return lambda x, w: lax.conv_transpose(x, w, (st,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")), [
        (b, s, i), (k, i, o),
    ]


@transposed.piece(weight=2)
def conv_input_gradient(d):
    b, s, i, o = d.batch(), d.image(least=7, most=56), d.channels("i", 128), d.channels("o", 128)
    st = d.pick("st", (1, 2))

    def run(ct, x, w):
        return jax.vjp(lambda a: nn.conv(a, w, st), x)[1](ct)[0]

    out = -(-s // st)
    return run, [(b, out, out, o), (b, s, s, i), (3, 3, i, o)]


@transposed.piece(weight=2)
def conv_weight_gradient(d):
    b, s, i, o = d.batch(), d.image(least=7, most=56), d.channels("i", 128), d.channels("o", 128)
    st = d.pick("st", (1, 2))

    def run(ct, x, w):
        return jax.vjp(lambda a: nn.conv(x, a, st), w)[1](ct)[0]

    out = -(-s // st)
    return run, [(b, out, out, o), (b, s, s, i), (3, 3, i, o)]


@transposed.piece(weight=1)
def pixel_shuffle(d):
    b, s, r, c = d.batch(), d.image(), d.pick("r", (2, 3, 4)), d.pick("c", (1, 3, 8, 16))

    def run(x):
        return x.reshape(b, s, s, r, r, c).transpose(0, 1, 3, 2, 4, 5).reshape(b, s * r, s * r, c)

    return run, [(b, s, s, c * r * r)]
