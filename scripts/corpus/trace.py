"""Traces a planned graph to StableHLO text with JAX on the CPU. No weights are made and nothing is executed."""

import re

import jax
import jax.numpy as jnp
from jaxlib.mlir.dialects import stablehlo
from jaxlib.mlir.passmanager import PassManager

from registry import Arg

DTYPES = {
    "f32": jnp.float32,
    "bf16": jnp.bfloat16,
    "f16": jnp.float16,
    "i32": jnp.int32,
    "i8": jnp.int8,
    "i1": jnp.bool_,
}

_registered = False


def _struct(argument, dtype):
    argument = argument if isinstance(argument, Arg) else Arg(tuple(argument))
    return jax.ShapeDtypeStruct(argument.shape, DTYPES[argument.dtype or dtype])


def _is_float(struct):
    return jnp.issubdtype(struct.dtype, jnp.floating)


def _backward(function, structs):
    """The vector-Jacobian product with respect to the floating-point arguments, as its own graph."""
    results = jax.tree.leaves(jax.eval_shape(function, *structs))
    wanted = [i for i, s in enumerate(structs) if _is_float(s)]

    def pulled_back(*arguments):
        cotangents, inputs = arguments[: len(results)], list(arguments[len(results) :])

        def of_floats(*floats):
            for index, value in zip(wanted, floats):
                inputs[index] = value
            return jax.tree.leaves(function(*inputs))

        _, pullback = jax.vjp(of_floats, *(inputs[i] for i in wanted))
        return pullback(list(cotangents))

    return pulled_back, [jax.ShapeDtypeStruct(r.shape, r.dtype) for r in results] + list(structs)


def _legalize_chlo(lowered):
    """Expands CHLO operations (erf, sinh, ...), which the conversion to linalg does not support."""
    global _registered
    if not _registered:
        stablehlo.register_stablehlo_passes()
        _registered = True
    module = lowered.compiler_ir("stablehlo")
    with module.context:
        PassManager.parse("builtin.module(func.func(chlo-legalize-to-stablehlo))").run(module.operation)
        return str(module)


def stablehlo_text(graph):
    """The graph's StableHLO as JAX prints it, without JAX's result names."""
    function, arguments = graph.realise()
    structs = [_struct(a, graph.dtype) for a in arguments]
    if graph.piece.backward:
        function, structs = _backward(function, structs)
    lowered = jax.jit(function, keep_unused=True).lower(*structs)
    text = lowered.as_text()
    if "chlo." in text:
        text = _legalize_chlo(lowered)
    return re.sub(r' \{jax\.result_info = "[^"]*"\}', "", text)
