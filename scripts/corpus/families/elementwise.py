"""Activations and element-wise chains as they are after fusion: a few operations over broadcast operands."""

import jax
import jax.numpy as jnp

import nn
from registry import Family, i1

activation = Family("activation", 125)
chain = Family("elementwise_fusion", 245)
FAMILIES = (activation, chain)


@activation.piece(weight=8, backward=True)
def pointwise(d):
    act = nn.ACTIVATIONS[d.pick("act", nn.ALL)]
    return act, [d.shape((1, 2, 3, 4))]


@activation.piece(weight=3)
def bias_activation(d):
    act = nn.ACTIVATIONS[d.pick("act", nn.ALL)]
    shape = d.shape((2, 3, 4))
    return lambda x, c: act(x + c), [shape, (shape[-1],)]


@activation.piece(weight=2, backward=True)
def gated_unit(d):
    act = nn.ACTIVATIONS[d.pick("act", ("sigmoid", "silu", "gelu", "relu", "tanh", "quickgelu"))]
    b, s, n = d.batch(), d.sequence(), d.width()

    def run(x):
        return act(x[..., :n]) * x[..., n:]

    return run, [(b, s, 2 * n)]


@activation.piece(weight=1)
def parametric_relu(d):
    shape = d.shape((2, 3, 4))
    return lambda x, a: jnp.where(x > 0, x, a * x), [shape, (shape[-1],)]


@activation.piece(weight=1)
def maxout(d):
    b, n, k = d.batch(), d.width(), d.pick("k", (2, 3, 4, 5))
    return lambda x: jnp.max(x.reshape(b, n, k), -1), [(b, n * k)]


@activation.piece(weight=1)
def gelu_exact(d):
    return lambda x: jax.nn.gelu(x, approximate=False), [d.shape((2, 3))]


@activation.piece(weight=2)
def residual_activation(d):
    act = nn.ACTIVATIONS[d.pick("act", nn.ALL)]
    shape = d.shape((2, 3, 4))
    return lambda x, y: act(x + y), [shape, shape]


UNARY = {
    "exp": jnp.exp,
    "log": lambda x: jnp.log(jnp.abs(x) + 1.0),
    "tanh": jnp.tanh,
    "neg": jnp.negative,
    "abs": jnp.abs,
    "sqrt": lambda x: jnp.sqrt(jnp.abs(x)),
    "rsqrt": lambda x: jax.lax.rsqrt(x * x + 1e-3),
    "square": jnp.square,
    "sigmoid": jax.nn.sigmoid,
    "relu": lambda x: jnp.maximum(x, 0.0),
    "sin": nn.sin,
    "cos": nn.cos,
    "floor": jnp.floor,
    "round": jnp.round,
    "sign": jnp.sign,
    "scale": lambda x: x * 0.125,
    "shift": lambda x: x - 0.5,
    "clip": lambda x: jnp.clip(x, -3.0, 3.0),
    "recip": lambda x: 1.0 / (jnp.abs(x) + 1e-2),
    "cube": lambda x: x * x * x,
    "log1p": lambda x: jnp.log1p(jnp.abs(x)),
    "expm1": jnp.expm1,
    "wide": lambda x: x.astype(jnp.float32).astype(jnp.bfloat16).astype(x.dtype),
}
BINARY = {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "div": lambda x, y: x / (jnp.abs(y) + 1e-3),
    "max": jnp.maximum,
    "min": jnp.minimum,
    "where": lambda x, y: jnp.where(x > y, x, 0.5 * y),
    "mask": lambda x, y: x * (y > 0),
    "hypot": lambda x, y: jnp.sqrt(x * x + y * y),
    "lerp": lambda x, y: x + 0.1 * (y - x),
}
REDUCE = {
    "none": lambda x: x,
    "sum": lambda x: jnp.sum(x, -1),
    "max": lambda x: jnp.max(x, -1),
    "mean": lambda x: jnp.mean(x, -1),
    "all": lambda x: jnp.sum(x),
    "rows": lambda x: jnp.sum(x, 0),
}


def random_chain(d, length, ranks, reduce):
    """`length` drawn operations over a full operand and drawn broadcast operands, then a reduction."""
    shape = d.shape(ranks)
    kinds = {"full": shape, "row": (shape[-1],), "column": shape[:-1] + (1,), "scalar": ()}
    steps, arguments = [], [shape]
    for _ in range(length):
        if d.pick("", ("u", "u", "b")) == "u":
            steps.append((UNARY[d.pick("", tuple(UNARY))], None))
            continue
        operation = BINARY[d.pick("", tuple(BINARY))]
        operand = d.pick("", ("full", "row", "column", "scalar", "first"))
        if operand == "first":
            steps.append((operation, 0))
        else:
            steps.append((operation, len(arguments)))
            arguments.append(kinds[operand])

    def run(*xs):
        y = xs[0]
        for operation, operand in steps:
            y = operation(y) if operand is None else operation(y, xs[operand])
        return REDUCE[reduce](y)

    return run, arguments


@chain.piece(weight=3)
def short(d):
    return random_chain(d, d.pick("l", (2, 3)), (1, 2, 3, 4), "none")


@chain.piece(weight=4)
def medium(d):
    return random_chain(d, d.pick("l", (4, 5, 6)), (2, 3, 4), "none")


@chain.piece(weight=2)
def long(d):
    return random_chain(d, d.pick("l", (7, 8, 10, 12)), (2, 3), "none")


@chain.piece(weight=4)
def reduced(d):
    return random_chain(d, d.pick("l", (1, 2, 3, 4)), (2, 3), d.pick("red", ("sum", "max", "mean", "all", "rows")))


@chain.piece(weight=2)
def masked_select(d):
    shape = d.shape((1, 2, 3))
    other = BINARY[d.pick("op", tuple(BINARY))]
    return lambda m, x, y: jnp.where(m, x, other(x, y)), [i1(*shape), shape, shape]


@chain.piece(weight=2)
def two_results(d):
    shape = d.shape((1, 2, 3))
    kinds = tuple(UNARY)
    a = d.pick("a", kinds)
    # The two results differ: a function that returns one value twice crashes LLVM 22's buffer-results-to-out-params.
    first, second = UNARY[a], UNARY[d.pick("b", tuple(k for k in kinds if k != a))]
    joint = BINARY[d.pick("op", tuple(BINARY))]

    def run(x, y):
        z = joint(x, y)
        return first(z), second(z)

    return run, [shape, shape]
