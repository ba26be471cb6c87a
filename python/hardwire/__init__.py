"""Simulate and price hardwired-weight language processing units, and predict the cost of MLIR functions.

>>> import hardwire
>>> hardwire.simulate("hnlpu", fidelity="analytic").chips
16

Options have the names and meanings of the command's. Results have the keys of its JSON, with units in their names. Mistakes are
exceptions of :mod:`hardwire.errors` with places and suggestions. Calls do not hold the interpreter lock while they compute.
"""

from ._native import __version__
from .cluster import WorkersLost
from .design import Design, Model, presets
from .errors import DesignError, HardwireError, Problem, RequestError, TextError
from .labels import Labeller, label
from .predictor import Predictor
from .results import Comparison, Estimate, Explanation, Prediction, Ratio, Record, Reproduction, Simulation
from .studies import compare, estimate, reproduce, simulate
from .sweep import Sweep, SweepResult, Table

__all__ = [
    "Comparison",
    "Design",
    "DesignError",
    "Estimate",
    "Explanation",
    "HardwireError",
    "Labeller",
    "Model",
    "Prediction",
    "Ratio",
    "Predictor",
    "Problem",
    "Record",
    "Reproduction",
    "RequestError",
    "Simulation",
    "Sweep",
    "SweepResult",
    "Table",
    "TextError",
    "WorkersLost",
    "__version__",
    "compare",
    "estimate",
    "label",
    "presets",
    "reproduce",
    "simulate",
]
