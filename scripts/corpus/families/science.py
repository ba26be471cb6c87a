"""Models for data other than text and images: graphs, neural ODEs, kernels and clustering, signals, physics, control."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, i32

graph = Family("graph_network", 60)
ode = Family("neural_ode", 35)
kernel = Family("kernel_method", 65)
signal = Family("signal_processing", 60)
FAMILIES = (graph, ode, kernel, signal)


def nodes(d):
    return d.pick("v", (16, 34, 64, 100, 256, 500)), d.width("f", 512)


@graph.piece(weight=2, backward=True)
def aggregate(d):
    v, f = nodes(d)
    norm = d.pick("norm", ("none", "degree"))

    def run(a, x):
        y = a @ x
        return y / (jnp.sum(a, 1, keepdims=True) + 1.0) if norm == "degree" else y

    return run, [(v, v), (v, f)]


@graph.piece(weight=2)
def graph_convolution(d):
    v, f = nodes(d)
    o = d.width("o", 512)
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "elu", "tanh"))]
    return lambda a, x, w: act(a @ (x @ w)), [(v, v), (v, f), (f, o)]


@graph.piece(weight=2)
def symmetric_normalize(d):
    v, _ = nodes(d)

    def run(a):
        degree = lax.rsqrt(jnp.sum(a, 1) + 1.0)
        return a * degree[:, None] * degree[None, :]

    return run, [(v, v)]


@graph.piece(weight=2)
def graph_attention(d):
    v, h = d.pick("v", (16, 34, 64, 100, 256)), d.pick("h", (1, 4, 8))

    def run(left, right, edge):
        e = left[:, None, :] + right[None, :, :]
        e = jnp.where(e > 0, e, 0.2 * e)
        return nn.softmax(jnp.where(edge[..., None] > 0, e, -3e4), 1)

    return run, [(v, h), (v, h), (v, v)]


@graph.piece(weight=2)
def edge_messages(d):
    v, f = nodes(d)
    e = d.pick("e", (32, 100, 256, 1000))

    def run(x, source, target, w):
        pair = jnp.take(x, source, axis=0, mode="clip") - jnp.take(x, target, axis=0, mode="clip")
        return jnp.maximum(pair * w, 0.0)

    return run, [(v, f), i32(e), i32(e), (f,)]


@graph.piece(weight=2)
def read_out(d):
    v, f = nodes(d)
    k = d.pick("k", (1, 2, 10))
    return lambda x, w: jnp.concatenate([jnp.mean(x, 0), jnp.max(x, 0)]) @ w, [(v, f), (2 * f, k)]


@graph.piece(weight=2)
def pairwise_distance_basis(d):
    v, k = d.pick("v", (8, 16, 34, 64)), d.pick("k", (8, 16, 50))

    def run(x, centre):
        delta = x[:, None] - x[None]
        r = jnp.sqrt(jnp.sum(delta * delta, -1) + 1e-6)
        return jnp.exp(-10.0 * jnp.square(r[..., None] - centre))

    return run, [(v, 3), (k,)]


@graph.piece(weight=1, whole=True)
def message_passing_block(d):
    v, f = nodes(d)

    def run(a, x, w1, w2, g, k):
        y = jnp.maximum(a @ (x @ w1) / (jnp.sum(a, 1, keepdims=True) + 1.0), 0.0)
        return nn.layer_norm(x + y @ w2, g, k)

    return run, [(v, v), (v, f), (f, f), (f, f), (f,), (f,)]


@ode.piece(weight=2)
def euler_step(d):
    b, n = d.batch(), d.width(most=512)
    act = nn.ACTIVATIONS[d.pick("act", ("tanh", "softplus", "silu"))]
    return lambda x, w, c, h: x + h * act(x @ w + c), [(b, n), (n, n), (n,), ()]


@ode.piece(weight=2)
def runge_kutta_combine(d):
    b, n = d.batch(), d.width()
    return lambda x, k1, k2, k3, k4, h: x + h / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4), [(b, n)] * 5 + [()]


@ode.piece(weight=2)
def midpoint_step(d):
    b, n = d.batch(), d.width(most=512)

    def run(x, w, h):
        return x + h * jnp.tanh((x + 0.5 * h * jnp.tanh(x @ w)) @ w)

    return run, [(b, n), (n, n), ()]


@ode.piece(weight=1)
def oscillators(d):
    n, k = d.width(most=1024), d.pick("k", (0.1, 0.5, 1.0))

    def run(p, w, h):
        pull = jnp.mean(nn.sin(p[None] - p[:, None]), 1)
        return p + h * (w + k * pull)

    return run, [(n,), (n,), ()]


@ode.piece(weight=2)
def heat_step(d):
    s, a = d.image(least=7), d.pick("a", (0.1, 0.2, 0.25))

    def run(x):
        inner = x[1:-1, 1:-1]
        return inner + a * (x[2:, 1:-1] + x[:-2, 1:-1] + x[1:-1, 2:] + x[1:-1, :-2] - 4.0 * inner)

    return run, [(s, s)]


@ode.piece(weight=2)
def lorenz_batch(d):
    b = d.sequence("b")

    def run(s, h):
        x, y, z = s[:, 0], s[:, 1], s[:, 2]
        return s + h * jnp.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 2.6667 * z], 1)

    return run, [(b, 3), ()]


@ode.piece(weight=1)
def coupling_layer(d):
    b, n = d.batch(), 2 * d.width(most=512)

    def run(x, w, v):
        a, c = x[:, : n // 2], x[:, n // 2 :]
        s = jnp.tanh(a @ w)
        return jnp.concatenate([a, c * jnp.exp(s) + a @ v], 1), jnp.sum(s, 1)

    return run, [(b, n), (n // 2, n // 2), (n // 2, n // 2)]


@ode.piece(weight=1, whole=True)
def runge_kutta_network(d):
    b, n, h = d.batch(), d.width(most=256), d.width("h", 256)

    def run(x, w1, c1, w2, step):
        f = lambda y: jnp.tanh(y @ w1 + c1) @ w2
        k1 = f(x)
        k2 = f(x + 0.5 * step * k1)
        k3 = f(x + 0.5 * step * k2)
        return x + step / 6.0 * (k1 + 2 * k2 + 2 * k3 + f(x + step * k3))

    return run, [(b, n), (n, h), (h,), (h, n), ()]


def points(d):
    return d.sequence("n", 512), d.pick("m", (4, 10, 16, 64, 100)), d.width("f", 512)


@kernel.piece(weight=2, backward=True)
def squared_distances(d):
    n, m, f = points(d)
    if d.flag("expanded"):
        return lambda x, y: jnp.sum(x * x, 1)[:, None] + jnp.sum(y * y, 1) - 2.0 * (x @ y.T), [(n, f), (m, f)]
    return lambda x, y: jnp.sum(jnp.square(x[:, None] - y[None]), -1), [(n, f), (m, f)]


@kernel.piece(weight=2)
def kernel_matrix(d):
    n, m, f = points(d)
    kind = d.pick("k", ("rbf", "laplace", "poly", "sigmoid", "rational"))

    def run(x, y):
        if kind == "laplace":
            return jnp.exp(-0.1 * jnp.sum(jnp.abs(x[:, None] - y[None]), -1))
        s = x @ y.T
        if kind == "poly":
            return (0.1 * s + 1.0) ** 3
        if kind == "sigmoid":
            return jnp.tanh(0.1 * s + 1.0)
        r = jnp.sum(x * x, 1)[:, None] + jnp.sum(y * y, 1) - 2.0 * s
        return jnp.exp(-0.5 * r) if kind == "rbf" else 1.0 / (1.0 + r)

    return run, [(n, f), (m, f)]


@kernel.piece(weight=2)
def nearest_centre(d):
    n, m, f = points(d)

    def run(x, c):
        r = jnp.sum(c * c, 1) - 2.0 * (x @ c.T)
        return jnp.argmin(r, 1).astype(jnp.int32), jnp.min(r, 1)

    return run, [(n, f), (m, f)]


@kernel.piece(weight=2)
def centre_update(d):
    n, m, f = points(d)

    def run(x, label):
        member = (label[None] == lax.broadcasted_iota(jnp.int32, (m, n), 0)).astype(x.dtype)
        return (member @ x) / jnp.maximum(jnp.sum(member, 1), 1.0)[:, None]

    return run, [(n, f), i32(n)]


@kernel.piece(weight=2)
def mixture_responsibility(d):
    n, m, f = points(d)

    def run(x, mean, precision, weight):
        r = jnp.sum(jnp.square(x[:, None] - mean) * precision, -1)
        return nn.softmax(weight - 0.5 * r)

    return run, [(n, f), (m, f), (m, f), (m,)]


@kernel.piece(weight=2)
def cosine_similarity(d):
    n, m, f = points(d)

    def run(x, y):
        return (x @ y.T) * lax.rsqrt(jnp.sum(x * x, 1) + 1e-6)[:, None] * lax.rsqrt(jnp.sum(y * y, 1) + 1e-6)

    return run, [(n, f), (m, f)]


@kernel.piece(weight=2)
def covariance(d):
    n, _, f = points(d)

    def run(x):
        y = x - jnp.mean(x, 0)
        return y.T @ y / (n - 1.0)

    return run, [(n, f)]


@kernel.piece(weight=2)
def random_features(d):
    n, _, f = points(d)
    k = d.width("k", 1024)
    return lambda x, w, c: nn.cos(x @ w + c) * (2.0 / k) ** 0.5, [(n, f), (f, k), (k,)]


@kernel.piece(weight=1)
def conjugate_gradient_step(d):
    n = d.width(most=1024)

    def run(a, x, r, p):
        ap = a @ p
        rr = jnp.sum(r * r)
        alpha = rr / (jnp.sum(p * ap) + 1e-6)
        r2 = r - alpha * ap
        return x + alpha * p, r2, r2 + jnp.sum(r2 * r2) / (rr + 1e-6) * p

    return run, [(n, n), (n,), (n,), (n,)]


@kernel.piece(weight=1)
def soft_threshold_step(d):
    n, m = d.width("n", 1024), d.width("m", 1024)

    def run(a, x, y, t):
        z = x - t * (a.T @ (a @ x - y))
        return jnp.sign(z) * jnp.maximum(jnp.abs(z) - t, 0.0)

    return run, [(m, n), (n,), (m,), ()]


@signal.piece(weight=2)
def frames_window(d):
    b, f, n = d.batch(), d.pick("f", (4, 10, 50, 100)), d.pick("n", (64, 128, 256, 400))
    return lambda x, w: x.reshape(b, f, n) * w, [(b, f * n), (n,)]


@signal.piece(weight=2)
def power_spectrum(d):
    b, f, n = d.batch(), d.pick("f", (4, 10, 50, 100)), d.pick("n", (64, 128, 256, 400))
    k = n // 2 + 1

    def run(x, c, s):
        re, im = x @ c, x @ s
        return re * re + im * im

    return run, [(b, f, n), (n, k), (n, k)]


@signal.piece(weight=2)
def mel_features(d):
    b, f, k, m = d.batch(), d.pick("f", (4, 10, 50, 100)), d.pick("k", (33, 65, 129, 201)), d.pick("m", (40, 80, 128))
    return lambda p, w: jnp.log(jnp.maximum(p @ w, 1e-5)), [(b, f, k), (k, m)]


@signal.piece(weight=2)
def cosine_transform(d):
    b, f, m, k = d.batch(), d.pick("f", (4, 10, 50, 100)), d.pick("m", (40, 80, 128)), d.pick("k", (12, 13, 20))
    return lambda x, w, l: (x @ w) * l, [(b, f, m), (m, k), (k,)]


@signal.piece(weight=2)
def pre_emphasis(d):
    b, n, a = d.batch(), d.pick("n", (400, 1600, 4000, 16000)), d.pick("a", (0.95, 0.97))
    return lambda x: x[:, 1:] - a * x[:, :-1], [(b, n)]


@signal.piece(weight=2)
def complex_multiply(d):
    shape = d.shape((1, 2, 3))
    return lambda a, b, c, s: (a * c - b * s, a * s + b * c), [shape] * 4


@signal.piece(weight=2)
def butterfly(d):
    b, n = d.batch(), d.pick("n", (8, 16, 64, 256))

    def run(re, im, c, s):
        ar, br, ai, bi = re[:, :n], re[:, n:], im[:, :n], im[:, n:]
        tr, ti = br * c - bi * s, br * s + bi * c
        return jnp.concatenate([ar + tr, ar - tr], 1), jnp.concatenate([ai + ti, ai - ti], 1)

    return run, [(b, 2 * n), (b, 2 * n), (n,), (n,)]


@signal.piece(weight=2)
def fir_filter(d):
    b, n, k = d.batch(), d.pick("n", (64, 256, 1000, 4000)), d.pick("k", (3, 5, 8))
    e = n - k + 1
    return lambda x, w: sum(x[:, i : i + e] * w[i] for i in range(k)), [(b, n), (k,)]


@signal.piece(weight=1)
def companding(d):
    shape, mu = d.shape((1, 2)), d.pick("mu", (15.0, 255.0))
    return lambda x: jnp.sign(x) * jnp.log1p(mu * jnp.abs(x)) / jnp.log1p(mu), [shape]


@signal.piece(weight=1)
def hadamard(d):
    b, k = d.batch(), d.pick("k", (2, 3, 4, 5))
    n = 2**k

    def run(x):
        for level in range(k):
            y = x.reshape(b, n >> (level + 1), 2, 1 << level)
            x = jnp.concatenate([y[:, :, :1] + y[:, :, 1:], y[:, :, :1] - y[:, :, 1:]], 2).reshape(b, n)
        return x

    return run, [(b, n)]
