"""Embedding and gathering, sampling filters without sorting, and steps of text generation."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, i1, i32

embedding = Family("embedding", 65)
selection = Family("masked_selection", 60)
generation = Family("text_generation", 45)
FAMILIES = (embedding, selection, generation)


@embedding.piece(weight=3)
def lookup(d):
    b, s, v, n = d.batch(), d.sequence(most=512), d.vocabulary(), d.width()
    scale = d.flag("scale")
    return lambda t, i: jnp.take(t, i, axis=0, mode="clip") * (n**0.5 if scale else 1.0), [(v, n), i32(b, s)]


@embedding.piece(weight=2)
def lookup_fill(d):
    b, v, n = d.sequence("b"), d.vocabulary(), d.width()
    return lambda t, i: jnp.take(t, i, axis=0), [(v, n), i32(b)]


@embedding.piece(weight=2)
def sum_of_three(d):
    b, s, v, n = d.batch(), d.sequence(most=512), d.vocabulary(), d.width(most=1280)

    def run(word, kind, position, tokens, kinds):
        return jnp.take(word, tokens, axis=0, mode="clip") + jnp.take(kind, kinds, axis=0, mode="clip") + position

    return run, [(v, n), (2, n), (s, n), i32(b, s), i32(b, s)]


@embedding.piece(weight=2)
def one_hot(d):
    b, k = d.sequence("b"), d.pick("k", (10, 64, 100, 1000, 8192))
    return lambda i, on: (i[:, None] == lax.broadcasted_iota(jnp.int32, (b, k), 1)).astype(on.dtype) * on, [i32(b), ()]


@embedding.piece(weight=2)
def one_hot_product(d):
    b, v, n = d.sequence("b"), d.pick("v", (32, 101, 256, 1000)), d.width(most=1024)

    def run(i, table):
        return (i[:, None] == lax.broadcasted_iota(jnp.int32, (b, v), 1)).astype(table.dtype) @ table

    return run, [i32(b), (v, n)]


@embedding.piece(weight=2)
def table_gradient(d):
    b, v, n = d.sequence("b"), d.pick("v", (32, 101, 256, 1000)), d.width(most=1024)

    def run(i, ct):
        return (i[None, :] == lax.broadcasted_iota(jnp.int32, (v, b), 0)).astype(ct.dtype) @ ct

    return run, [i32(b), (b, n)]


@embedding.piece(weight=2)
def pick_along_axis(d):
    b, v = d.sequence("b"), d.vocabulary()
    return lambda x, i: jnp.take_along_axis(x, i[:, None], axis=1, mode="clip")[:, 0], [(b, v), i32(b)]


@embedding.piece(weight=2)
def gather_rows_then_dot(d):
    b, v, n = d.sequence("b"), d.vocabulary(), d.width(most=1024)

    def run(t, i, x):
        return jnp.sum(jnp.take(t, i, axis=0, mode="clip") * x, -1)

    return run, [(v, n), i32(b), (b, n)]


@embedding.piece(weight=1)
def gather_pages(d):
    p, k, size = d.pick("p", (16, 64, 256)), d.pick("k", (2, 4, 8)), d.pick("size", (16, 32))
    h, n = d.heads(), d.head_width()
    return lambda pool, i: jnp.take(pool, i, axis=0, mode="clip").reshape(k * size, h, n), [(p, size, h, n), i32(k)]


@embedding.piece(weight=1)
def slice_at(d):
    s, n, k = d.sequence(), d.width(), d.pick("k", (1, 4, 8))
    return lambda x, i: lax.dynamic_slice(x, (i, 0), (k, n)), [(s, n), i32()]


@selection.piece(weight=3)
def greedy(d):
    b, v = d.batch(), d.vocabulary()
    return lambda x: (jnp.argmax(x, -1).astype(jnp.int32), jnp.max(nn.log_softmax(x), -1)), [(b, v)]


@selection.piece(weight=3)
def keep_best(d):
    b, v, k = d.batch(), d.vocabulary(), d.pick("k", (1, 2, 3, 4, 5))

    def run(x):
        left = x
        for _ in range(k - 1):
            left = jnp.where(left >= jnp.max(left, -1, keepdims=True), -3e4, left)
        return jnp.where(x >= jnp.max(left, -1, keepdims=True), x, -3e4)

    return run, [(b, v)]


@selection.piece(weight=2)
def minimum_probability(d):
    b, v, p = d.batch(), d.vocabulary(), d.pick("p", (0.02, 0.05, 0.1))

    def run(x):
        q = nn.softmax(x)
        return jnp.where(q >= p * jnp.max(q, -1, keepdims=True), x, -3e4)

    return run, [(b, v)]


@selection.piece(weight=2)
def nucleus_by_ranks(d):
    b, v, p = d.batch(), d.pick("v", (16, 32, 64, 101, 256)), d.pick("p", (0.8, 0.9, 0.95))

    def run(x):
        q = nn.softmax(x)
        above = q[:, None, :] > q[:, :, None]
        mass = jnp.sum(jnp.where(above, q[:, None, :], 0.0), -1)
        return jnp.where(mass < p, x, -3e4)

    return run, [(b, v)]


@selection.piece(weight=2)
def nucleus_by_bisection(d):
    b, v, p, rounds = d.batch(), d.vocabulary(), d.pick("p", (0.8, 0.9, 0.95)), d.pick("r", (2, 3, 4))

    def run(q):
        low, high = jnp.zeros((b, 1), q.dtype), jnp.max(q, -1, keepdims=True)
        for _ in range(rounds):
            middle = 0.5 * (low + high)
            enough = jnp.sum(jnp.where(q >= middle, q, 0.0), -1, keepdims=True) >= p
            low, high = jnp.where(enough, middle, low), jnp.where(enough, high, middle)
        return jnp.where(q >= low, q, 0.0)

    return run, [(b, v)]


@selection.piece(weight=2)
def rank_of_each(d):
    b, n = d.batch(), d.pick("n", (8, 16, 32, 64, 100, 128))
    return lambda x: jnp.sum((x[:, None, :] > x[:, :, None]).astype(jnp.int32), -1), [(b, n)]


@selection.piece(weight=2)
def gumbel_pick(d):
    b, v = d.batch(), d.vocabulary()

    def run(x, u):
        return jnp.argmax(x - jnp.log(-jnp.log(u)), -1).astype(jnp.int32)

    return run, [(b, v), (b, v)]


@selection.piece(weight=2)
def non_maximum_step(d):
    n, limit = d.pick("n", (16, 32, 64, 100, 256)), d.pick("iou", (0.3, 0.5, 0.7))

    def run(box, score):
        x1, y1, x2, y2 = (box[:, i] for i in range(4))
        area = (x2 - x1) * (y2 - y1)
        w = jnp.minimum(x2[:, None], x2) - jnp.maximum(x1[:, None], x1)
        h = jnp.minimum(y2[:, None], y2) - jnp.maximum(y1[:, None], y1)
        both = jnp.maximum(w, 0.0) * jnp.maximum(h, 0.0)
        overlap = both / (area[:, None] + area - both + 1e-6)
        beaten = (overlap > limit) & (score[None, :] > score[:, None])
        return jnp.where(jnp.any(beaten, 1), 0.0, score)

    return run, [(n, 4), (n,)]


@generation.piece(weight=2)
def repetition_penalty(d):
    b, v, p = d.batch(), d.vocabulary(), d.pick("p", (1.1, 1.2, 1.3))
    return lambda x, seen: jnp.where(seen, jnp.where(x > 0, x / p, x * p), x), [(b, v), i1(b, v)]


@generation.piece(weight=2)
def beam_scores(d):
    b, k, v = d.batch(), d.pick("k", (2, 4, 5, 8)), d.vocabulary()

    def run(total, x, done):
        log = nn.log_softmax(x)
        return total[..., None] + jnp.where(done[..., None], 0.0, log)

    return run, [(b, k), (b, k, v), i1(b, k)]


@generation.piece(weight=2)
def length_penalty(d):
    b, k, alpha = d.batch(), d.pick("k", (2, 4, 5, 8)), d.pick("a", (0.6, 0.8, 1.0))

    def run(score, length):
        return score / nn.power((5.0 + length.astype(score.dtype)) / 6.0, alpha)

    return run, [(b, k), i32(b, k)]


@generation.piece(weight=2)
def append_token(d):
    b, s = d.batch(), d.sequence()

    def run(tokens, new, position, done):
        column = lax.broadcasted_iota(jnp.int32, (b, s), 1)
        value = jnp.where(done, 0, new)
        return jnp.where(column == position, value[:, None], tokens), done | (new == 2)

    return run, [i32(b, s), i32(b), i32(), i1(b)]


@generation.piece(weight=2)
def speculative_accept(d):
    b, k = d.batch(), d.pick("k", (2, 4, 5, 8))

    def run(p, q, u):
        ok = (u * q <= p).astype(jnp.int32)
        run_length = ok[:, 0]
        total = run_length
        for i in range(1, k):
            run_length = run_length * ok[:, i]
            total = total + run_length
        return total

    return run, [(b, k)] * 3


@generation.piece(weight=2)
def contrastive_logits(d):
    b, v, alpha = d.batch(), d.vocabulary(), d.pick("a", (0.1, 0.5, 1.0))

    def run(strong, weak):
        log, other = nn.log_softmax(strong), nn.log_softmax(weak)
        good = log >= jnp.max(log, -1, keepdims=True) - 2.3
        return jnp.where(good, (1 + alpha) * log - alpha * other, -3e4)

    return run, [(b, v), (b, v)]


@generation.piece(weight=2)
def guided_logits(d):
    b, v, g = d.batch(), d.vocabulary(), d.pick("g", (1.5, 3.0, 7.5))
    return lambda c, u: u + g * (c - u), [(b, v), (b, v)]


@generation.piece(weight=2)
def padding_mask(d):
    b, s = d.batch(), d.sequence(most=1024)

    def run(tokens, like):
        real = (tokens != 0).astype(like.dtype)
        return (1.0 - real[:, None, None, :]) * -3e4 + like

    return run, [i32(b, s), ()]
