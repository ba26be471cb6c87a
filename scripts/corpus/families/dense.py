"""Multi-layer perceptrons, mixers, batched products, experts, recommenders and low-rank adapters."""

import jax
import jax.numpy as jnp
from jax import lax

import nn
from registry import Family, i32

mlp = Family("mlp", 140)
mixer = Family("mlp_mixer", 60)
einsum = Family("batched_matmul", 95)
moe = Family("mixture_of_experts", 80)
recommender = Family("recommender", 50)
lora = Family("low_rank_adapter", 45)
FAMILIES = (mlp, mixer, einsum, moe, recommender, lora)


@mlp.piece(weight=5, backward=True)
def matmul_bias_activation(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")
    act = nn.ACTIVATIONS[d.pick("act", nn.COMMON)]
    return lambda x, w, c: act(x @ w + c), [(b, i), (i, o), (o,)]


@mlp.piece(weight=4)
def matmul(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")
    form = d.pick("form", ("nn", "nt", "tn"))
    if form == "nn":
        return lambda x, w: x @ w, [(b, i), (i, o)]
    if form == "nt":
        return lambda x, w: x @ w.T, [(b, i), (o, i)]
    return lambda x, w: x.T @ w, [(i, b), (i, o)]


@mlp.piece(weight=2)
def matmul_bias(d):
    b, s, i, o = d.batch(), d.sequence(), d.width("i"), d.width("o")
    return lambda x, w, c: x @ w + c, [(b, s, i), (i, o), (o,)]


@mlp.piece(weight=3, backward=True)
def gated_linear(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")
    act = nn.ACTIVATIONS[d.pick("act", ("silu", "gelu", "relu", "sigmoid", "quickgelu"))]
    return lambda x, g, u: act(x @ g) * (x @ u), [(b, i), (i, o), (i, o)]


@mlp.piece(weight=2)
def matrix_vector(d):
    i, o = d.width("i"), d.width("o")
    act = nn.ACTIVATIONS[d.pick("act", nn.COMMON)]
    return lambda w, x, c: act(w @ x + c), [(o, i), (i,), (o,)]


@mlp.piece(weight=2, backward=True)
def residual_linear(d):
    b, n = d.batch(), d.width()
    scale = d.pick("scale", (1, 2, 4))
    return lambda x, w, c: x + (x @ w + c) / scale, [(b, n), (n, n), (n,)]


@mlp.piece(weight=2)
def two_layers(d):
    b, i, h, o = d.batch(), d.width("i"), d.width("h"), d.pick("o", (1, 10, 64, 100, 1000))
    act = nn.ACTIVATIONS[d.pick("act", nn.COMMON)]
    return lambda x, w, c, v: act(x @ w + c) @ v, [(b, i), (i, h), (h,), (h, o)]


@mlp.piece(weight=2, whole=True)
def network(d):
    b, i, h, layers = d.batch(), d.width("i"), d.width("h"), d.pick("l", (3, 4, 5, 6))
    act = nn.ACTIVATIONS[d.pick("act", nn.COMMON)]
    o = d.pick("o", (1, 10, 100, 1000))

    def run(x, first, *rest):
        x = act(x @ first)
        for index in range(0, len(rest) - 1, 2):
            x = act(x @ rest[index] + rest[index + 1])
        return x @ rest[-1]

    hidden = [shape for _ in range(layers - 2) for shape in ((h, h), (h,))]
    return run, [(b, i), (i, h), *hidden, (h, o)]


@mlp.piece(weight=2)
def dropout_linear(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")
    keep = d.pick("keep", (0.5, 0.8, 0.9))
    return lambda x, w, m: jnp.where(m > keep, 0.0, x / keep) @ w, [(b, i), (i, o), (b, i)]


@mixer.piece(weight=3, backward=True)
def token_mixing(d):
    b, s, n, h = d.batch(), d.sequence(most=256), d.width(most=1024), d.width("h", most=1024)
    act = nn.ACTIVATIONS[d.pick("act", ("gelu", "relu", "silu"))]
    return lambda x, w: act(jnp.einsum("bsn,sh->bhn", x, w)), [(b, s, n), (s, h)]


@mixer.piece(weight=2)
def channel_mixing(d):
    b, s, n, h = d.batch(), d.sequence(most=256), d.width(most=1024), d.width("h", most=4096)
    act = nn.ACTIVATIONS[d.pick("act", ("gelu", "relu", "silu"))]
    return lambda x, w, c: act(x @ w + c), [(b, s, n), (n, h), (h,)]


@mixer.piece(weight=2)
def token_residual(d):
    b, s, n = d.batch(), d.sequence(most=256), d.width(most=1024)
    return lambda x, y: x + y.transpose(0, 2, 1), [(b, s, n), (b, n, s)]


@mixer.piece(weight=2)
def spatial_gate(d):
    b, s, n = d.batch(), d.sequence(most=256), 2 * d.width(most=1024)

    def run(x, w, c):
        u, v = x[..., : n // 2], x[..., n // 2 :]
        return u * (jnp.einsum("bsn,st->btn", v, w) + c[:, None])

    return run, [(b, s, n), (s, s), (s,)]


@mixer.piece(weight=2)
def affine_transform(d):
    b, s, n = d.batch(), d.sequence(), d.width()
    return lambda x, g, c, y: x + g * y + c, [(b, s, n), (n,), (n,), (b, s, n)]


@mixer.piece(weight=2, whole=True)
def mixer_block(d):
    b, s, n = d.batch(), d.pick("s", (16, 49, 64, 196)), d.width(most=1024)
    ts, cs = d.width("ts", most=512), d.width("cs", most=4096)
    act = nn.ACTIVATIONS[d.pick("act", ("gelu", "relu"))]

    def run(x, g1, b1, w1, w2, g2, b2, w3, w4):
        y = nn.layer_norm(x, g1, b1).transpose(0, 2, 1)
        x = x + (act(y @ w1) @ w2).transpose(0, 2, 1)
        return x + act(nn.layer_norm(x, g2, b2) @ w3) @ w4

    return run, [(b, s, n), (n,), (n,), (s, ts), (ts, s), (n,), (n,), (n, cs), (cs, n)]


CONTRACTIONS = (
    "bij,bjk->bik", "bij,bkj->bik", "bji,bjk->bik", "bij,jk->bik", "bhid,bhjd->bhij", "bihd,bjhd->bhij",
    "bhij,bhjd->bihd", "bhij,bjhd->bhid", "bn,nm->bm", "bsn,nhd->bshd", "bshd,hdn->bsn", "bi,bj->bij", "bij,bij->bi",
    "i,ij,j->", "bij,bj->bi", "ij,kj->ik", "ijk,ijl->kl", "bsh,bst->bth", "gbi,gio->gbo", "bik,kj,jl->bil", "ii->",
    "bii->bi", "ijk,kl->ijl", "ij,jk,kl->il", "abc,acd->bd", "hqd,hkd->qk",
)


@einsum.piece(weight=9)
def contraction(d):
    pattern = d.pick("e", CONTRACTIONS)
    sizes = {}
    for letter in sorted(set(pattern) - set(",->")):
        options = (1, 2, 4, 8, 16) if letter in "bhga" else (16, 32, 49, 64, 77, 100, 128, 197, 256, 512, 768)
        sizes[letter] = d.pick(letter, options)
    shapes = [tuple(sizes[x] for x in part) for part in pattern.split("->")[0].split(",")]
    return lambda *xs: jnp.einsum(pattern, *xs), shapes


@einsum.piece(weight=3, backward=True)
def batched_product_scaled(d):
    b, m, k, n = d.batch(), d.sequence("m", 512), d.width("k", 512), d.width("n", 512)
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "tanh", "sigmoid", "silu"))]
    return lambda x, y: act(jnp.matmul(x, y) * k**-0.5), [(b, m, k), (b, k, n)]


@einsum.piece(weight=2)
def wide_accumulation(d):
    b, i, o = d.batch(), d.width("i"), d.width("o")

    def run(x, w):
        wide = lax.dot_general(x, w, (((1,), (0,)), ((), ())), preferred_element_type=jnp.float32)
        return wide.astype(x.dtype)

    return run, [(b, i), (i, o)]


@einsum.piece(weight=2)
def gram_matrix(d):
    b, s, n = d.batch(), d.sequence(most=1024), d.width(most=1024)
    return lambda x: jnp.einsum("bsn,bsm->bnm", x, x) / s, [(b, s, n)]


@einsum.piece(weight=2)
def outer_accumulate(d):
    b, n, m = d.batch(), d.width("n", 1024), d.width("m", 1024)
    return lambda s, k, v: s + k[:, :, None] * v[:, None, :], [(b, n, m), (b, n), (b, m)]


@einsum.piece(weight=2)
def bilinear(d):
    b, n, m, o = d.batch(), d.width("n", 512), d.width("m", 512), d.pick("o", (1, 2, 5, 16, 32))
    return lambda x, w, y, c: jnp.einsum("bn,nom,bm->bo", x, w, y) + c, [(b, n), (n, o, m), (b, m), (o,)]


def gates(x, router, keep):
    """Routing weights of the `keep` best experts, found by repeated masked maximum."""
    logits = x @ router
    left, kept = logits, jnp.zeros(logits.shape, bool)
    for _ in range(keep):
        best = jnp.max(left, axis=-1, keepdims=True)
        kept = kept | (left >= best)
        left = jnp.where(left >= best, -3e4, left)
    return nn.softmax(jnp.where(kept, logits, -3e4))


@moe.piece(weight=3)
def router(d):
    b, n, e, k = d.sequence("b", 1024), d.width(), d.pick("e", (4, 8, 16, 32, 64, 128)), d.pick("k", (1, 2, 4))
    return lambda x, w: gates(x, w, k), [(b, n), (n, e)]


@moe.piece(weight=3, backward=True)
def expert_product(d):
    b, n, e, h = d.batch(), d.width(most=2880), d.pick("e", (2, 4, 8, 16)), d.width("h", 2880)
    act = nn.ACTIVATIONS[d.pick("act", ("silu", "gelu", "relu"))]
    return lambda x, w: act(jnp.einsum("bn,enh->ebh", x, w)), [(b, n), (e, n, h)]


@moe.piece(weight=2)
def gated_experts(d):
    b, n, e, h = d.batch(), d.width(most=2880), d.pick("e", (2, 4, 8)), d.width("h", 2880)
    limit = d.pick("limit", (7, 10))

    def run(x, up, gate):
        u = jnp.clip(jnp.einsum("bn,enh->ebh", x, up), -limit, limit)
        g = jnp.minimum(jnp.einsum("bn,enh->ebh", x, gate), limit)
        return (u + 1) * g * jax.nn.sigmoid(1.702 * g)

    return run, [(b, n), (e, n, h), (e, n, h)]


@moe.piece(weight=2)
def combine(d):
    b, n, e = d.batch(), d.width(), d.pick("e", (2, 4, 8, 16))
    return lambda g, y: jnp.einsum("be,ebn->bn", g, y), [(b, e), (e, b, n)]


@moe.piece(weight=2)
def load_balance(d):
    b, e = d.sequence("b"), d.pick("e", (4, 8, 16, 32, 64))

    def run(logits):
        p = nn.softmax(logits)
        chosen = (logits >= jnp.max(logits, -1, keepdims=True)).astype(p.dtype)
        return e * jnp.sum(jnp.mean(p, 0) * jnp.mean(chosen, 0))

    return run, [(b, e)]


@moe.piece(weight=1)
def router_z_loss(d):
    b, e = d.sequence("b"), d.pick("e", (4, 8, 16, 32, 64))
    return lambda x: jnp.mean(jnp.square(jax.nn.logsumexp(x, axis=-1))), [(b, e)]


@moe.piece(weight=2, whole=True)
def feed_forward(d):
    b, n, e, h = d.batch(), d.width(most=2880), d.pick("e", (4, 8, 16)), d.width("h", 2880)
    k = d.pick("k", (1, 2, 4))
    act = nn.ACTIVATIONS[d.pick("act", ("silu", "gelu"))]

    def run(x, w, up, gate, down):
        inner = act(jnp.einsum("bn,enh->ebh", x, gate)) * jnp.einsum("bn,enh->ebh", x, up)
        return jnp.einsum("be,ebh,ehn->bn", gates(x, w, k), inner, down)

    return run, [(b, n), (n, e), (e, n, h), (e, n, h), (e, h, n)]


@recommender.piece(weight=2)
def embedding_bag(d):
    b, k, v, n = d.batch(), d.pick("k", (4, 10, 26, 50)), d.vocabulary(), d.width(most=256)
    mean = d.flag("mean")

    def run(table, index):
        rows = jnp.take(table, index, axis=0, mode="clip")
        return jnp.mean(rows, 1) if mean else jnp.sum(rows, 1)

    return run, [(v, n), i32(b, k)]


@recommender.piece(weight=3, backward=True)
def dot_interaction(d):
    b, f, n = d.batch(), d.pick("f", (8, 13, 26, 27)), d.width(most=256)
    return lambda x: jnp.einsum("bfn,bgn->bfg", x, x), [(b, f, n)]


@recommender.piece(weight=3, backward=True)
def factorization_machine(d):
    b, f, n = d.batch(), d.pick("f", (10, 26, 39, 50)), d.width(most=256)
    return lambda x: 0.5 * jnp.sum(jnp.square(jnp.sum(x, 1)) - jnp.sum(x * x, 1), -1), [(b, f, n)]


@recommender.piece(weight=2, backward=True)
def cross_layer(d):
    b, n = d.batch(), d.width()
    return lambda x0, x, w, c: x0 * (x @ w)[:, None] + c + x, [(b, n), (b, n), (n,), (n,)]


@recommender.piece(weight=2)
def two_tower_score(d):
    b, n, h = d.batch(), d.width(most=1024), d.width("h", 512)
    return lambda u, w, i, z: jax.nn.sigmoid(jnp.sum((u @ w) * (i @ z), -1)), [(b, n), (n, h), (b, n), (n, h)]


@lora.piece(weight=3, backward=True)
def adapted_linear(d):
    b, i, o, r = d.batch(), d.width("i"), d.width("o"), d.pick("r", (1, 2, 4, 8, 16, 32, 64))
    return lambda x, w, a, c: x @ w + (x @ a) @ c * (16.0 / r), [(b, i), (i, o), (i, r), (r, o)]


@lora.piece(weight=2)
def merge_weights(d):
    i, o, r = d.width("i"), d.width("o"), d.pick("r", (1, 2, 4, 8, 16, 32, 64))
    return lambda w, a, c: w + (a @ c) * (16.0 / r), [(i, o), (i, r), (r, o)]


@lora.piece(weight=2)
def adapter_bottleneck(d):
    b, s, n, r = d.batch(), d.sequence(most=512), d.width(), d.pick("r", (8, 16, 48, 64))
    act = nn.ACTIVATIONS[d.pick("act", ("relu", "gelu", "tanh"))]
    return lambda x, a, c: x + act(x @ a) @ c, [(b, s, n), (n, r), (r, n)]


@lora.piece(weight=2)
def magnitude_direction(d):
    i, o = d.width("i"), d.width("o")
    return lambda v, g: v * (g / jnp.sqrt(jnp.sum(v * v, axis=0) + 1e-6)), [(i, o), (o,)]
