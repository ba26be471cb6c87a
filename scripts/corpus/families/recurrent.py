"""Recurrent cells, unrolled a few steps or as loops, and state-space scans."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family

lstm = Family("lstm", 65)
gru = Family("gru", 60)
space = Family("state_space", 60)
loop = Family("loop", 30)
FAMILIES = (lstm, gru, space, loop)


def cell_size(d):
    return d.batch(), d.width("i", 1024), d.width("h", 1024)


def lstm_cell(x, h, c, wx, wh, k, forget=0.0):
    i, f, g, o = jnp.split(x @ wx + h @ wh + k, 4, -1)
    c = jax.nn.sigmoid(f + forget) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


@lstm.piece(weight=3)
def cell(d):
    b, i, h = cell_size(d)
    forget = d.pick("f", (0.0, 1.0))
    return lambda *a: lstm_cell(*a, forget), [(b, i), (b, h), (b, h), (i, 4 * h), (h, 4 * h), (4 * h,)]


@lstm.piece(weight=4, backward=True)
def gates(d):
    b, h = d.batch(), d.width("h")

    def run(z, c):
        i, f, g, o = jnp.split(z, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c

    return run, [(b, 4 * h), (b, h)]


@lstm.piece(weight=2)
def input_projection(d):
    b, s, i, h = d.batch(), d.sequence(most=256), d.width("i", 1024), d.width("h", 1024)
    return lambda x, w, k: x @ w + k, [(b, s, i), (i, 4 * h), (4 * h,)]


@lstm.piece(weight=2)
def peephole_gates(d):
    b, h = d.batch(), d.width("h")

    def run(z, c, pi, pf, po):
        i, f, g, o = jnp.split(z, 4, -1)
        new = jax.nn.sigmoid(f + pf * c) * c + jax.nn.sigmoid(i + pi * c) * jnp.tanh(g)
        return jax.nn.sigmoid(o + po * new) * jnp.tanh(new), new

    return run, [(b, 4 * h), (b, h), (h,), (h,), (h,)]


@lstm.piece(weight=2)
def coupled_gates(d):
    b, h = d.batch(), d.width("h")

    def run(z, c):
        f, g, o = jnp.split(z, 3, -1)
        f = jax.nn.sigmoid(f)
        new = f * c + (1 - f) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(new), new

    return run, [(b, 3 * h), (b, h)]


@lstm.piece(weight=1)
def sequence_head(d):
    b, h, k = d.batch(), d.width("h", 1024), d.pick("k", (2, 5, 10))
    return lambda f, r, w: nn.softmax(jnp.concatenate([f, r], -1) @ w), [(b, h), (b, h), (2 * h, k)]


@lstm.piece(weight=1, whole=True)
def unrolled(d):
    b, i, h, t = d.batch(), d.width("i", 512), d.width("h", 512), d.steps()

    def run(x, h0, c0, wx, wh, k):
        h1, c1 = h0, c0
        for step in range(t):
            h1, c1 = lstm_cell(x[:, step], h1, c1, wx, wh, k)
        return h1, c1

    return run, [(b, t, i), (b, h), (b, h), (i, 4 * h), (h, 4 * h), (4 * h,)]


def gru_cell(x, h, wx, wh, kx, kh):
    xr, xz, xn = jnp.split(x @ wx + kx, 3, -1)
    hr, hz, hn = jnp.split(h @ wh + kh, 3, -1)
    z = jax.nn.sigmoid(xz + hz)
    return (1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn) + z * h


@gru.piece(weight=3)
def gru_step(d):
    b, i, h = cell_size(d)
    return gru_cell, [(b, i), (b, h), (i, 3 * h), (h, 3 * h), (3 * h,), (3 * h,)]


@gru.piece(weight=4, backward=True)
def gru_gates(d):
    b, h = d.batch(), d.width("h")

    def run(a, c, state):
        xr, xz, xn = jnp.split(a, 3, -1)
        hr, hz, hn = jnp.split(c, 3, -1)
        z = jax.nn.sigmoid(xz + hz)
        return (1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn) + z * state

    return run, [(b, 3 * h), (b, 3 * h), (b, h)]


@gru.piece(weight=2)
def minimal_gated(d):
    b, i, h = cell_size(d)

    def run(x, s, w, u, v):
        f = jax.nn.sigmoid(x @ w + s @ u)
        return (1 - f) * s + f * jnp.tanh(x @ w + (f * s) @ v)

    return run, [(b, i), (b, h), (i, h), (h, h), (h, h)]


@gru.piece(weight=2, backward=True)
def elman_step(d):
    b, i, h = cell_size(d)
    act = nn.ACTIVATIONS[d.pick("act", ("tanh", "relu", "sigmoid"))]
    return lambda x, s, w, u, k: act(x @ w + s @ u + k), [(b, i), (b, h), (i, h), (h, h), (h,)]


@gru.piece(weight=2)
def highway(d):
    b, n = d.batch(), d.width(most=1024)

    def run(x, w, k, v):
        t = jax.nn.sigmoid(x @ w + k)
        return t * jnp.maximum(x @ v, 0.0) + (1 - t) * x

    return run, [(b, n), (n, n), (n,), (n, n)]


@gru.piece(weight=1, whole=True)
def gru_unrolled(d):
    b, i, h, t = d.batch(), d.width("i", 512), d.width("h", 512), d.steps()

    def run(x, s, *w):
        for step in range(t):
            s = gru_cell(x[:, step], s, *w)
        return s

    return run, [(b, t, i), (b, h), (i, 3 * h), (h, 3 * h), (3 * h,), (3 * h,)]


@space.piece(weight=3, backward=True)
def selective_step(d):
    b, n, s = d.batch(), d.width(most=2048), d.pick("state", (4, 8, 16, 32))

    def run(state, x, step, a, bb, c):
        decay = jnp.exp(step[..., None] * a)
        state = decay * state + (step * x)[..., None] * bb[:, None, :]
        return state, jnp.einsum("bns,bs->bn", state, c)

    return run, [(b, n, s), (b, n), (b, n), (n, s), (b, s), (b, s)]


@space.piece(weight=2)
def discretize(d):
    b, s, n, k = d.batch(), d.sequence(most=512), d.width(most=1024), d.pick("state", (4, 8, 16))
    return lambda step, a: jnp.exp(nn.softplus(step)[..., None] * a), [(b, s, n), (n, k)]


@space.piece(weight=2, backward=True)
def step_size(d):
    b, s, n, r = d.batch(), d.sequence(most=512), d.width(most=1024), d.pick("r", (4, 16, 48))
    return lambda x, w, k: nn.softplus(x @ w + k), [(b, s, r), (r, n), (n,)]


@space.piece(weight=2)
def gated_output(d):
    b, s, n = d.batch(), d.sequence(most=512), d.width(most=2048)
    return lambda y, x, skip, z: (y + skip * x) * jax.nn.silu(z), [(b, s, n), (b, s, n), (n,), (b, s, n)]


@space.piece(weight=2)
def diagonal_kernel(d):
    n, k, s = d.width(most=512), d.pick("state", (4, 8, 16)), d.sequence(most=512)

    def run(a, c):
        time = lax.broadcasted_iota(jnp.float32, (s,), 0).astype(a.dtype)
        return jnp.einsum("nk,nks->ns", c, jnp.exp(a[..., None] * time))

    return run, [(n, k), (n, k)]


@space.piece(weight=2)
def linear_recurrence(d):
    b, n, t = d.batch(), d.width(most=2048), d.pick("t", (2, 3, 4, 6))

    def run(x, a):
        h, out = x[:, 0], []
        for step in range(1, t):
            h = a[:, step] * h + x[:, step]
            out.append(h)
        return jnp.stack(out, 1)

    return run, [(b, t, n), (b, t, n)]


@space.piece(weight=2)
def gated_recurrence_step(d):
    b, n = d.batch(), d.width()

    def run(h, x, r, i, a):
        log_decay = -8.0 * jax.nn.sigmoid(r) * nn.softplus(a)
        decay = jnp.exp(log_decay)
        return decay * h + jnp.sqrt(1.0 - jnp.exp(2.0 * log_decay)) * (jax.nn.sigmoid(i) * x)

    return run, [(b, n), (b, n), (b, n), (b, n), (n,)]


@space.piece(weight=2)
def time_mix(d):
    b, s, n = d.batch(), d.sequence(most=512), d.width(most=2048)

    def run(x, mix):
        before = jnp.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :s]
        return x * mix + before * (1 - mix)

    return run, [(b, s, n), (n,)]


@space.piece(weight=1)
def wkv_step(d):
    b, n = d.batch(), d.width()

    def run(k, v, num, den, top, w, u):
        m = jnp.maximum(top, u + k)
        a, c = jnp.exp(top - m), jnp.exp(u + k - m)
        out = (a * num + c * v) / (a * den + c)
        m2 = jnp.maximum(top + w, k)
        a, c = jnp.exp(top + w - m2), jnp.exp(k - m2)
        return out, a * num + c * v, a * den + c, m2

    return run, [(b, n)] * 5 + [(n,), (n,)]


@loop.piece(weight=2)
def decaying_scan(d):
    b, t, n = d.batch(), d.pick("t", (8, 16, 32, 64, 100)), d.width(most=512)

    def run(x):
        def step(h, a):
            h = 0.9 * h + a
            return h, h

        return lax.scan(step, jnp.zeros((b, n), x.dtype), x)[1]

    return run, [(t, b, n)]


@loop.piece(weight=2)
def recurrent_scan(d):
    b, t, i, h = d.pick("b", (1, 4, 8)), d.pick("t", (8, 16, 32, 64)), d.width("i", 256), d.width("h", 256)

    def run(x, w, u):
        def step(s, a):
            return jnp.tanh(a @ w + s @ u), None

        return lax.scan(step, jnp.zeros((b, h), x.dtype), x)[0]

    return run, [(t, b, i), (i, h), (h, h)]


@loop.piece(weight=2)
def power_iteration(d):
    n, t = d.width(most=1024), d.pick("t", (3, 8, 20, 50))

    def run(a, v):
        def step(_, v):
            v = a @ v
            return v * lax.rsqrt(jnp.sum(v * v) + 1e-6)

        return lax.fori_loop(0, t, step, v)

    return run, [(n, n), (n,)]


@loop.piece(weight=2)
def fixed_point(d):
    b, n, t = d.pick("b", (1, 2, 8)), d.width(most=512), d.pick("t", (4, 8, 16, 30))
    act = nn.ACTIVATIONS[d.pick("act", ("tanh", "relu", "sigmoid"))]
    return lambda x, w: lax.fori_loop(0, t, lambda _, z: act(z @ w + x), x), [(b, n), (n, n)]
