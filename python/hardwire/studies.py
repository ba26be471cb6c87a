"""Simulation, price, comparison and reproduction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike, fspath

from . import _native
from ._request import DesignLike, ModelLike, Request, Value, refuse
from .results import Comparison, Estimate, Reproduction, Simulation

__all__ = ["compare", "estimate", "reproduce", "simulate"]


def simulate(
    design: DesignLike,
    *,
    model: ModelLike | None = None,
    node: str | None = None,
    weights: str | None = None,
    area: str | None = None,
    context: int | str | Sequence[int] | None = None,
    routing: str | Sequence[Sequence[int]] | None = None,
    sequences: int | None = None,
    phase: str | None = None,
    discipline: str | None = None,
    fidelity: str | None = None,
    effects: Sequence[str] | None = None,
    causes: bool | None = None,
    layers: int | None = None,
    measured: bool | None = None,
    allow_beyond_model_context: bool | None = None,
    sliding_windows: str | None = None,
    seed: int | None = None,
    precision: float | None = None,
    max_tokens: int | None = None,
    explain: bool | None = None,
    trace: str | PathLike[str] | None = None,
    trace_tokens: int = 4,
    trace_spans: int = 200_000,
    set: Mapping[str, Value] | None = None,
) -> Simulation:
    """Simulates a model on a design.

    Args:
        design: Preset name, path of a design file, or :class:`Design`.
        model: Preset name, path of a ``config.json``, or :class:`Model`; the design's own by default.
        node: Process node; the design's own by default.
        weights: Number format of the weights: ``fp4`` (default), ``fp8``, ``bf16``, ``int3``, ...
        area: Source of the block areas: ``design`` (default) or ``structure``.
        context: Context of every sequence, or length of the prompt, in tokens; 2,048 by default. Several that sequences take in turn as a
            list, or as the command writes them: ``"8K"``, ``"1024,4096"``, ``"@FILE"``.
        routing: How often routers choose each expert: ``uniform`` (default), ``zipf:S``, ``@FILE``, or counts, a row for all layers
            or for each layer with experts.
        sequences: Sequences (decode) or prompt tokens (prefill) in flight; as many as fill the pipeline by default.
        phase: ``decode`` (default) or ``prefill``.
        discipline: ``dataflow`` (default), ``lockstep`` or ``serial``.
        fidelity: ``event`` (default), ``cycle`` or ``analytic``.
        effects: What fidelity ``cycle`` simulates in its own cycles: ``flits``, ``credits``, ``adders``, ``dram``, ``banks``, ``issue``,
            ``staging``; all by default.
        causes: Also add the effects one after the other to fidelity ``event``, as ``causes``.
        layers: Simulate the first layers only, with their share of sequences and buffer, and extrapolate to the whole machine as ``part``.
        measured: Measure rates of links, HBM and attention buffer in cycles, and use them in fidelity ``event`` or ``analytic``.
        allow_beyond_model_context: Allow a context longer than the model's maximum.
        sliding_windows: ``honoured`` or ``ignored``; the design's setting by default.
        seed: Seed of the random choice of experts; 1 by default.
        precision: Measure until the 95 % interval of throughput is +- this share of it, e.g. 0.01 (decode, dataflow, events).
        max_tokens: Most tokens that a run may take to reach the precision.
        explain: Add the mapping as ``explanation``.
        trace: Also write a timeline of the run to this file, in Chrome's trace event format.
        trace_tokens: Tokens that finish within the timeline.
        trace_spans: Spans at which the timeline ends early.
        set: Changes of the design, e.g. ``{"chip.clock": "1.2GHz"}``.

    Raises:
        DesignError: Problems of design, model or changes, with places.
        RequestError: The machine cannot be built, or the model does not fit.
    """
    request = Request()
    name = request.design(design)
    request.set(set)
    request.set({"mapping.sliding_windows": sliding_windows} if sliding_windows is not None else None)
    request.model(model)
    request.option(node=node, weights=weights, area=area, sequences=sequences, phase=phase)
    request.option(discipline=discipline, fidelity=fidelity, seed=seed, explain=explain)
    request.option(effects=None if effects is None else list(effects), causes=causes, layers=layers, measured=measured)
    request.option(allow_beyond_model_context=allow_beyond_model_context, precision=precision, max_tokens=max_tokens)
    several = [context] if isinstance(context, int) and not isinstance(context, bool) else context
    request.option(context=several, routing=routing)
    if trace is not None:
        request.option(trace={"file": fspath(trace), "tokens": trace_tokens, "spans": trace_spans})
    return Simulation(json.loads(_native.simulate(name, request.changes, request.options(), request.texts)))


def estimate(
    design: DesignLike,
    *,
    model: ModelLike | None = None,
    node: str | None = None,
    mask_stack: str | None = None,
    embedding: str | None = None,
    area: str | None = None,
    weights: str | None = None,
    systems: int | None = None,
    years: float | None = None,
    respins_per_year: float | None = None,
    yield_model: str | None = None,
    discipline: str | None = None,
    economics: str | None = None,
    monte_carlo: int | None = None,
    seed: int | None = None,
    against: Sequence[str] | None = None,
    allow_unconfirmed: bool | None = None,
    set: Mapping[str, Value] | None = None,
) -> Estimate:
    """Prices a design: area, masks, dies, build, total cost of ownership and carbon.

    Args:
        design, model, node, area, weights: As for :func:`simulate`.
        mask_stack: Mask stack; the one with the name of the node by default.
        embedding: Layers that encode the weights: ``published`` (default), ``one-via``, ``two-metal``, ``all``, or a list.
        systems: Number of systems built; 1 by default.
        years: Years of operation; 3 by default.
        respins_per_year: Re-spins of the weight masks per year; 1 by default.
        yield_model: Yield model; that of the economics file by default.
        discipline: Accounting of time; ``dataflow`` by default, ``serial`` is the publication's.
        economics: Prices and cost rules.
        monte_carlo: Number of samples; figures are then percentiles ``p10``, ``p50``, ``p90`` instead of ``low`` and ``high``.
        seed: Seed of the samples; 1 by default.
        against: Machines to compare with.
        allow_unconfirmed: Use unconfirmed values and mark them.
        set: Changes of design and prices.

    Raises:
        DesignError: Problems of design, model, prices or changes, with places.
        RequestError: The machine cannot be built, simulated or priced.
    """
    request = Request()
    name = request.design(design)
    request.set(set)
    request.model(model)
    request.option(node=node, mask_stack=mask_stack, embedding=embedding, area=area, weights=weights, systems=systems)
    request.option(years=years, respins_per_year=respins_per_year, yield_model=yield_model, discipline=discipline)
    request.option(economics=economics, monte_carlo=monte_carlo, seed=seed, allow_unconfirmed=allow_unconfirmed)
    request.option(against=None if against is None else list(against))
    return Estimate(json.loads(_native.estimate(name, request.changes, request.options(), request.texts)))


def compare(
    *designs: str,
    model: ModelLike | None = None,
    metrics: Sequence[str] | None = None,
    per_user: float | None = None,
    input: int | None = None,
    output: int | None = None,
    systems: int | None = None,
    discipline: str | None = None,
) -> Comparison:
    """Compares designs and other machines at equal interactivity.

    Args:
        designs: Names or paths; the others are scaled to the first hardwired one.
        model: The model; that of the hardwired designs by default.
        metrics: Keys of rows; all by default.
        per_user: Least output tokens per second of each user; 100 by default.
        input: Prompt length in tokens; 1,024 by default.
        output: Generated tokens per prompt; 1,024 by default.
        systems: Systems of the first hardwired design; 1 by default.
        discipline: Scheduling discipline of hardwired designs; ``serial`` by default.

    Raises:
        DesignError: Problems of a design or model.
        RequestError: An unknown name, or terms out of range.
    """
    if not designs:
        raise TypeError("compare needs at least one design")
    request = Request()
    names = [request.design(design) for design in designs]
    if request.changes:
        raise refuse("compare takes designs without changes", "write the changes to a design file that `extends` the other")
    request.model(model)
    request.option(per_user=per_user, input=input, output=output, systems=systems, discipline=discipline)
    request.option(metrics=None if metrics is None else list(metrics))
    return Comparison(json.loads(_native.compare(names, request.options(), request.texts)))


def reproduce(design: str = "hnlpu") -> Reproduction:
    """Sets the published machine beside its published figures."""
    return Reproduction(json.loads(_native.reproduce(design)))
