"""All families of the framework corpus, in the order they are planned."""

from families import (
    attention,
    convolution,
    decoding,
    dense,
    elementwise,
    gradients,
    image,
    layout,
    normalization,
    quantized,
    recurrent,
    reduction,
    science,
    transformer,
)

MODULES = (
    attention,
    convolution,
    decoding,
    dense,
    elementwise,
    gradients,
    image,
    layout,
    normalization,
    quantized,
    recurrent,
    reduction,
    science,
    transformer,
)

FAMILIES = tuple(family for module in MODULES for family in module.FAMILIES)
