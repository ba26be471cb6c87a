"""Layers that several families use, as functions of arrays."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

NHWC = ("NHWC", "HWIO", "NHWC")
NCHW = ("NCHW", "OIHW", "NCHW")


def widened(function):
    """`function` computed in single precision whatever its first argument's type, as frameworks do. LLVM 22 cannot
    select bfloat16 sine, cosine and power on scalable vectors."""

    def run(x, *others):
        return function(x.astype(jnp.float32), *others).astype(x.dtype)

    return run


sin, cos, power = widened(jnp.sin), widened(jnp.cos), widened(jnp.power)


def gelu_tanh(x):
    return 0.5 * x * (1.0 + jnp.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


def gelu_sigmoid(x):
    return x * jax.nn.sigmoid(1.702 * x)


def softplus(x):
    return jnp.maximum(x, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def hard_sigmoid(x):
    return jnp.clip(x / 6.0 + 0.5, 0.0, 1.0)


ACTIVATIONS = {
    "relu": lambda x: jnp.maximum(x, 0.0),
    "relu6": lambda x: jnp.clip(x, 0.0, 6.0),
    "leaky": lambda x: jnp.where(x > 0, x, 0.01 * x),
    "elu": lambda x: jnp.where(x > 0, x, jnp.expm1(x)),
    "selu": lambda x: 1.0507 * jnp.where(x > 0, x, 1.67326 * jnp.expm1(x)),
    "celu": lambda x: jnp.maximum(x, 0.0) + jnp.minimum(0.0, 1.5 * jnp.expm1(x / 1.5)),
    "gelu": gelu_tanh,
    "quickgelu": gelu_sigmoid,
    "silu": lambda x: x * jax.nn.sigmoid(x),
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "softplus": softplus,
    "softsign": lambda x: x / (1.0 + jnp.abs(x)),
    "mish": lambda x: x * jnp.tanh(softplus(x)),
    "hardswish": lambda x: x * hard_sigmoid(x),
    "hardsigmoid": hard_sigmoid,
    "hardtanh": lambda x: jnp.clip(x, -1.0, 1.0),
    "relu2": lambda x: jnp.square(jnp.maximum(x, 0.0)),
    "tanhshrink": lambda x: x - jnp.tanh(x),
    "softshrink": lambda x: jnp.where(x > 0.5, x - 0.5, jnp.where(x < -0.5, x + 0.5, 0.0)),
    "logsigmoid": lambda x: -softplus(-x),
    "gaussian": lambda x: jnp.exp(-x * x),
    "sine": lambda x: sin(30.0 * x),
    "snake": lambda x: x + jnp.square(sin(x)),
    "threshold": lambda x: jnp.where(x > 0.1, x, 0.0),
}
COMMON = ("relu", "gelu", "silu", "quickgelu", "tanh", "sigmoid", "leaky", "elu", "hardswish", "relu6", "relu2", "mish")
ALL = tuple(ACTIVATIONS)


def softmax(x, axis=-1):
    e = jnp.exp(x - jnp.max(x, axis=axis, keepdims=True))
    return e / jnp.sum(e, axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    shifted = x - jnp.max(x, axis=axis, keepdims=True)
    return shifted - jnp.log(jnp.sum(jnp.exp(shifted), axis=axis, keepdims=True))


def layer_norm(x, gain, bias, epsilon=1e-5):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    centred = x - mean
    variance = jnp.mean(centred * centred, axis=-1, keepdims=True)
    return centred * lax.rsqrt(variance + epsilon) * gain + bias


def rms_norm(x, gain, epsilon=1e-6):
    return x * lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + epsilon) * gain


def batch_norm(x, mean, variance, gain, bias, epsilon=1e-5):
    return (x - mean) * (gain * lax.rsqrt(variance + epsilon)) + bias


def group_norm(x, gain, bias, groups, epsilon=1e-5):
    """Over NHWC."""
    b, h, w, c = x.shape
    y = x.reshape(b, h * w, groups, c // groups)
    mean = jnp.mean(y, axis=(1, 3), keepdims=True)
    variance = jnp.mean(jnp.square(y - mean), axis=(1, 3), keepdims=True)
    return ((y - mean) * lax.rsqrt(variance + epsilon)).reshape(x.shape) * gain + bias


def conv(x, w, stride=1, padding="SAME", groups=1, dilation=1):
    """Two-dimensional, NHWC by HWIO."""
    return lax.conv_general_dilated(
        x, w, (stride, stride), padding, rhs_dilation=(dilation, dilation), dimension_numbers=NHWC,
        feature_group_count=groups,
    )


def conv1d(x, w, stride=1, padding="SAME", groups=1, dilation=1):
    """One-dimensional, NWC by WIO."""
    return lax.conv_general_dilated(
        x, w, (stride,), padding, rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC"),
        feature_group_count=groups,
    )


def max_pool(x, window=2, stride=2, padding="VALID"):
    low = np.array(-np.inf, x.dtype)
    return lax.reduce_window(x, low, lax.max, (1, window, window, 1), (1, stride, stride, 1), padding)


def sum_pool(x, window=2, stride=2, padding="VALID"):
    zero = np.zeros((), x.dtype)
    return lax.reduce_window(x, zero, lax.add, (1, window, window, 1), (1, stride, stride, 1), padding)


def attend(q, k, v, scale, mask=None):
    """Scaled dot-product attention over (batch, heads, sequence, width)."""
    scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) * scale
    if mask is not None:
        scores = jnp.where(mask, scores, -1e9 if scores.dtype == jnp.float32 else -3e4)
    return jnp.einsum("bhqk,bhkd->bhqd", softmax(scores), v)


def split_heads(x, heads):
    b, s, n = x.shape
    return x.reshape(b, s, heads, n // heads).transpose(0, 2, 1, 3)


def merge_heads(x):
    b, h, s, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, s, h * d)


def causal(rows, columns, shift=0):
    """Mask of the positions that each row may attend to."""
    return (lax.broadcasted_iota(jnp.int32, (rows, columns), 0) + shift) >= lax.broadcasted_iota(
        jnp.int32, (rows, columns), 1
    )


def rotate_half(x):
    half = x.shape[-1] // 2
    return jnp.concatenate([-x[..., half:], x[..., :half]], axis=-1)


def upsample_nearest(x):
    b, h, w, c = x.shape
    return jnp.broadcast_to(x[:, :, None, :, None, :], (b, h, 2, w, 2, c)).reshape(b, 2 * h, 2 * w, c)
