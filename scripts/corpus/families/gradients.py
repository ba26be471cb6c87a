"""Training: losses with their gradients, backward pieces of common layers, optimizer updates, loss scaling."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, f32, i32

loss = Family("loss", 125)
optimizer = Family("optimizer", 95)
scaling = Family("loss_scaling", 45)
FAMILIES = (loss, optimizer, scaling)


def cross_entropy(x, labels):
    log = nn.log_softmax(x)
    chosen = labels[..., None] == lax.broadcasted_iota(jnp.int32, x.shape, x.ndim - 1)
    return -jnp.mean(jnp.sum(jnp.where(chosen, log, 0.0), -1))


@loss.piece(weight=3, backward=True)
def softmax_cross_entropy(d):
    b, v = d.sequence("b", 512), d.vocabulary()
    return cross_entropy, [(b, v), i32(b)]


@loss.piece(weight=2, backward=True)
def label_smoothing(d):
    b, v, e = d.sequence("b", 512), d.vocabulary(), d.pick("e", (0.05, 0.1, 0.2))
    return lambda x, y: -jnp.mean(jnp.sum(nn.log_softmax(x) * (y * (1 - e) + e / v), -1)), [(b, v), (b, v)]


@loss.piece(weight=1)
def cross_entropy_with_gradient(d):
    b, v = d.sequence("b", 512), d.vocabulary()

    def run(x, labels):
        p = nn.softmax(x)
        chosen = (labels[:, None] == lax.broadcasted_iota(jnp.int32, (b, v), 1)).astype(x.dtype)
        return -jnp.mean(jnp.log(jnp.sum(p * chosen, -1) + 1e-6)), (p - chosen) / b

    return run, [(b, v), i32(b)]


POINT = {
    "mse": lambda x, y: jnp.square(x - y),
    "mae": lambda x, y: jnp.abs(x - y),
    "huber": lambda x, y: jnp.where(jnp.abs(x - y) < 1.0, 0.5 * jnp.square(x - y), jnp.abs(x - y) - 0.5),
    "logcosh": lambda x, y: jnp.abs(x - y) + jnp.log1p(jnp.exp(-2.0 * jnp.abs(x - y))) - 0.6931,
    "bce": lambda x, y: jnp.maximum(x, 0.0) - x * y + jnp.log1p(jnp.exp(-jnp.abs(x))),
    "hinge": lambda x, y: jnp.maximum(0.0, 1.0 - x * y),
    "poisson": lambda x, y: jnp.exp(x) - x * y,
    "quantile": lambda x, y: jnp.maximum(0.9 * (y - x), -0.1 * (y - x)),
    "kl": lambda x, y: y * (jnp.log(y + 1e-6) - x),
    "charbonnier": lambda x, y: jnp.sqrt(jnp.square(x - y) + 1e-3),
    "focal": lambda x, y: -y * jnp.square(1.0 - jax.nn.sigmoid(x)) * jax.nn.log_sigmoid(x),
    "exponential": lambda x, y: jnp.exp(-x * y),
}


@loss.piece(weight=5, backward=True)
def pointwise_loss(d):
    f = POINT[d.pick("f", tuple(POINT))]
    shape = d.shape((1, 2, 3))
    return lambda x, y: jnp.mean(f(x, y)), [shape, shape]


@loss.piece(weight=2)
def weighted_loss(d):
    f = POINT[d.pick("f", tuple(POINT))]
    b, n = d.batch(), d.width()
    return lambda x, y, w: jnp.sum(f(x, y) * w) / jnp.maximum(jnp.sum(w), 1.0), [(b, n)] * 3


@loss.piece(weight=2, backward=True)
def contrastive(d):
    b, n, t = d.pick("b", (4, 8, 16, 32, 64)), d.width(most=1024), d.pick("t", (0.05, 0.07, 0.5))

    def run(x, y):
        s = x @ y.T / t
        eye = lax.broadcasted_iota(jnp.int32, (b, b), 0) == lax.broadcasted_iota(jnp.int32, (b, b), 1)
        return -jnp.mean(jnp.sum(jnp.where(eye, nn.log_softmax(s, 0) + nn.log_softmax(s, 1), 0.0), 1)) / 2

    return run, [(b, n), (b, n)]


@loss.piece(weight=2, backward=True)
def triplet(d):
    b, n, m = d.batch(), d.width(), d.pick("m", (0.2, 0.5, 1.0))
    return lambda a, p, q: jnp.mean(
        jnp.maximum(jnp.sum(jnp.square(a - p), -1) - jnp.sum(jnp.square(a - q), -1) + m, 0.0)
    ), [(b, n)] * 3


@loss.piece(weight=1, backward=True)
def dice(d):
    b, s = d.batch(), d.image()
    return lambda x, y: 1.0 - jnp.mean(
        (2 * jnp.sum(x * y, (1, 2)) + 1.0) / (jnp.sum(x, (1, 2)) + jnp.sum(y, (1, 2)) + 1.0)
    ), [(b, s, s), (b, s, s)]


@loss.piece(weight=1, backward=True)
def gaussian_likelihood(d):
    b, n = d.batch(), d.width()
    return lambda m, s, y: jnp.mean(0.5 * (s + jnp.square(y - m) * jnp.exp(-s))), [(b, n)] * 3


@loss.piece(weight=1, backward=True)
def variational(d):
    b, n = d.batch(), d.width(most=512)
    return lambda m, s: -0.5 * jnp.sum(1 + s - m * m - jnp.exp(s)), [(b, n), (b, n)]


@loss.piece(weight=1, backward=True)
def policy_clip(d):
    b, e = d.sequence("b"), d.pick("e", (0.1, 0.2, 0.3))

    def run(new, old, gain):
        ratio = jnp.exp(new - old)
        return -jnp.mean(jnp.minimum(ratio * gain, jnp.clip(ratio, 1 - e, 1 + e) * gain))

    return run, [(b,)] * 3


def preference_loss(beta):
    return lambda a, c, ra, rc: jnp.mean(nn.softplus(-beta * ((a - ra) - (c - rc))))


@loss.piece(weight=1)
def preference(d):
    b, beta = d.sequence("b"), d.pick("beta", (0.05, 0.1, 0.5))
    return preference_loss(beta), [(b,)] * 4


@loss.piece(weight=1)
def preference_gradient(d):
    b, beta = d.sequence("b"), d.pick("beta", (0.05, 0.1, 0.5))
    return jax.grad(preference_loss(beta), (0, 1)), [(b,)] * 4


@loss.piece(weight=1)
def distillation(d):
    b, v, t = d.batch(), d.vocabulary(), d.pick("t", (1, 2, 4))

    def run(student, teacher):
        log = nn.log_softmax(teacher / t)
        return t * t * jnp.mean(jnp.sum(jnp.exp(log) * (log - nn.log_softmax(student / t)), -1))

    return run, [(b, v), (b, v)]


@loss.piece(weight=1)
def accuracy(d):
    b, v = d.sequence("b", 512), d.vocabulary()
    return lambda x, y: jnp.mean((jnp.argmax(x, -1).astype(jnp.int32) == y).astype(jnp.float32)), [(b, v), i32(b)]


@loss.piece(weight=2)
def linear_regression_step(d):
    b, n = d.sequence("b", 512), d.width()

    def run(w, c, x, y):
        value, grads = jax.value_and_grad(lambda p, q: jnp.mean(jnp.square(x @ p + q - y)), (0, 1))(w, c)
        return value, w - 0.01 * grads[0], c - 0.01 * grads[1]

    return run, [(n,), (), (b, n), (b,)]


@loss.piece(weight=2, whole=True)
def classifier_gradient(d):
    b, i, h, k = d.batch(), d.width("i", 1024), d.width("h", 1024), d.pick("k", (10, 100))
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "tanh", "gelu"))]

    def run(w1, c1, w2, x, labels):
        def cost(w1, c1, w2):
            return cross_entropy(act(x @ w1 + c1) @ w2, labels)

        return jax.grad(cost, (0, 1, 2))(w1, c1, w2)

    return run, [(i, h), (h,), (h, k), (b, i), i32(b)]


def parameter(d):
    kind = d.pick("p", ("vector", "matrix", "matrix", "kernel"))
    if kind == "vector":
        return (d.width(),)
    if kind == "matrix":
        return (d.width("i"), d.width("o"))
    k = d.pick("k", (1, 3, 5))
    return (k, k, d.channels("i"), d.channels("o"))


@optimizer.piece(weight=2)
def sgd(d):
    p = parameter(d)
    decay = d.pick("wd", (0.0, 1e-4, 0.01))
    return lambda w, g, lr: w - lr * (g + decay * w), [p, p, ()]


@optimizer.piece(weight=2)
def momentum(d):
    p, m, nesterov = parameter(d), d.pick("m", (0.9, 0.95, 0.99)), d.flag("nesterov")

    def run(w, g, v, lr):
        v = m * v + g
        return w - lr * (g + m * v if nesterov else v), v

    return run, [p, p, p, ()]


@optimizer.piece(weight=3)
def adam(d):
    p, b2, decay = parameter(d), d.pick("b2", (0.95, 0.98, 0.999)), d.pick("wd", (0.0, 0.01, 0.1))

    def run(w, g, m, v, lr, c1, c2):
        m = 0.9 * m + 0.1 * g
        v = b2 * v + (1 - b2) * g * g
        return w - lr * ((m / c1) / (jnp.sqrt(v / c2) + 1e-8) + decay * w), m, v

    return run, [p, p, p, p, (), (), ()]


@optimizer.piece(weight=2)
def adam_mixed(d):
    p = parameter(d)

    def run(w, g, m, v, lr):
        g = g.astype(jnp.float32)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w = w - lr * m / (jnp.sqrt(v) + 1e-8)
        return w, w.astype(jnp.bfloat16), m, v

    return run, [f32(*p), p, f32(*p), f32(*p), f32()]


@optimizer.piece(weight=1)
def rmsprop(d):
    p, r = parameter(d), d.pick("r", (0.9, 0.99))

    def run(w, g, v, lr):
        v = r * v + (1 - r) * g * g
        return w - lr * g * lax.rsqrt(v + 1e-6), v

    return run, [p, p, p, ()]


@optimizer.piece(weight=1)
def adagrad(d):
    p = parameter(d)

    def run(w, g, v, lr):
        v = v + g * g
        return w - lr * g / (jnp.sqrt(v) + 1e-6), v

    return run, [p, p, p, ()]


@optimizer.piece(weight=1)
def lion(d):
    p = parameter(d)

    def run(w, g, m, lr):
        return w - lr * (jnp.sign(0.9 * m + 0.1 * g) + 0.1 * w), 0.99 * m + 0.01 * g

    return run, [p, p, p, ()]


@optimizer.piece(weight=1)
def trust_ratio(d):
    p = parameter(d)

    def run(w, u, lr):
        ratio = jnp.sqrt(jnp.sum(w * w)) / (jnp.sqrt(jnp.sum(u * u)) + 1e-6)
        return w - lr * jnp.clip(ratio, 0.0, 10.0) * u

    return run, [p, p, ()]


@optimizer.piece(weight=1)
def factored_moment(d):
    i, o = d.width("i"), d.width("o")

    def run(g, r, c):
        sq = g * g + 1e-6
        r = 0.99 * r + 0.01 * jnp.mean(sq, 1)
        c = 0.99 * c + 0.01 * jnp.mean(sq, 0)
        return g * lax.rsqrt(r / jnp.mean(r))[:, None] * lax.rsqrt(c), r, c

    return run, [(i, o), (i,), (o,)]


@optimizer.piece(weight=1)
def orthogonalize_step(d):
    n, m = d.width("n", 1024), d.width("m", 1024)

    def run(x):
        a = x @ x.T
        return 3.4445 * x + (-4.775 * a + 2.0315 * (a @ a)) @ x

    return run, [(n, m)]


@optimizer.piece(weight=1)
def clip_by_norm(d):
    p, limit = parameter(d), d.pick("c", (0.5, 1.0, 5.0))

    def run(g):
        norm = jnp.sqrt(jnp.sum(jnp.square(g.astype(jnp.float32))))
        return g * jnp.minimum(1.0, limit / (norm + 1e-6)).astype(g.dtype), norm

    return run, [p]


@optimizer.piece(weight=1)
def moving_weights(d):
    p, r = parameter(d), d.pick("r", (0.99, 0.999, 0.9999))
    return lambda e, w: e + (1 - r) * (w - e), [p, p]


@optimizer.piece(weight=1)
def accumulate_gradients(d):
    p, k = parameter(d), d.pick("k", (2, 3, 4, 8))
    return lambda *gs: sum(gs[1:], gs[0]) / k, [p] * k


@optimizer.piece(weight=1)
def schedule(d):
    warm, total = d.pick("warm", (100, 500, 2000)), d.pick("total", (10000, 50000))

    def run(step, peak):
        t = step.astype(jnp.float32)
        rising = t / warm
        falling = 0.5 * (1.0 + nn.cos(3.14159265 * jnp.clip((t - warm) / (total - warm), 0.0, 1.0)))
        return peak * jnp.where(t < warm, rising, falling).astype(peak.dtype)

    return run, [i32(), ()]


@scaling.piece(weight=3)
def unscale_and_check(d):
    p = parameter(d)

    def run(g, scale):
        g = g.astype(jnp.float32) / scale
        return g, jnp.all(jnp.isfinite(g))

    return run, [p, f32()]


@scaling.piece(weight=2)
def guarded_update(d):
    p = parameter(d)
    return lambda w, g, lr: jnp.where(jnp.all(jnp.isfinite(g)), w - lr * g, w), [p, p, ()]


@scaling.piece(weight=1, dtypes=("f32",))
def adjust_scale(d):
    period, grow = d.pick("period", (100, 1000, 2000)), d.pick("grow", (1.5, 2.0, 4.0))

    def run(scale, good, clean):
        good = jnp.where(clean > 0, good + 1, 0)
        up = good >= period
        scale = jnp.where(clean > 0, jnp.where(up, scale * grow, scale), scale * 0.5)
        return jnp.clip(scale, 1.0, 2.0**24), jnp.where(up, 0, good)

    return run, [(), i32(), i32()]


@scaling.piece(weight=2)
def cast_weights(d):
    p, to = parameter(d), d.pick("to", ("bfloat16", "float16"))
    return lambda w: w.astype(getattr(jnp, to)), [f32(*p)]


@scaling.piece(weight=2)
def mixed_linear(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")

    def run(x, w, c):
        y = lax.dot_general(
            x.astype(jnp.bfloat16), w.astype(jnp.bfloat16), (((1,), (0,)), ((), ())),
            preferred_element_type=jnp.float32,
        )
        return (y + c).astype(x.dtype)

    return run, [(b, i), f32(i, o), f32(o)]


@scaling.piece(weight=2)
def scaled_loss(d):
    b, n = d.batch(), d.width()
    f = POINT[d.pick("f", tuple(POINT))]

    def run(x, y, s):
        return jax.value_and_grad(lambda a: jnp.mean(f(a, y).astype(jnp.float32)) * s)(x)

    return run, [(b, n), (b, n), f32()]


@scaling.piece(weight=1)
def stochastic_round(d):
    p = parameter(d)

    def run(w, noise):
        bits = lax.bitcast_convert_type(w, jnp.int32) + (noise & 0xFFFF)
        return lax.bitcast_convert_type(bits & -65536, jnp.float32).astype(jnp.bfloat16)

    return run, [f32(*p), i32(*p)]
