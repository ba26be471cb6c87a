"""Results: the keys of the command's JSON as attributes, with units in their names.

A part that is a JSON object is a :class:`Record`, so that ``simulation.breakdown_pct.comm`` works. Unknown values are ``None``.
"""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from . import _display

__all__ = ["Comparison", "Estimate", "Explanation", "Prediction", "Ratio", "Record", "Reproduction", "Simulation"]


class Record(Mapping[str, Any]):
    """A JSON object whose keys are attributes, and which is a mapping as well. It cannot be changed."""

    __slots__ = ("_values",)
    _values: dict[str, Any]

    def __init__(self, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_values", dict(values))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return _wrapped(self._values[name])
        except KeyError:
            near = difflib.get_close_matches(name, self._values, n=1)
            help = f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(self._values)}"
            raise AttributeError(f"{type(self).__name__} has no `{name}`{help}") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"results cannot be changed: {name}")

    def __getitem__(self, key: str) -> Any:
        return _wrapped(self._values[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Record], tuple[dict[str, Any]]]:
        return type(self), (self._values,)

    def to_dict(self) -> dict[str, Any]:
        """The values as plain dicts and lists, a copy."""
        return copy.deepcopy(self._values)

    def to_json(self) -> str:
        """The values as the command's ``--format json`` prints them."""
        return json.dumps(self._values, indent=2, ensure_ascii=False)

    def __repr__(self) -> str:
        return _display.text(type(self).__name__, self._values)

    def _repr_html_(self) -> str:
        return _display.html(type(self).__name__, self._values)


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return Record(value)
    if isinstance(value, list):
        return [_wrapped(item) for item in value]
    return value


class Simulation(Record):
    """Result of :func:`hardwire.simulate`."""

    __slots__ = ()

    design: str
    model: str
    released_format: str
    """Format in which the weights were released."""
    released_weights: str
    """The same in words, with bits by part."""
    hardwired_weights: str
    """Format in which the machine carries them."""
    weights_are_narrowed: bool
    grid: Record
    """``rows`` and ``columns`` of chips."""
    chips: int
    phase: str
    discipline: str
    fidelity: str
    context_tokens: int
    sequences: int
    in_flight_limit: int
    throughput_tokens_per_s: float
    """Tokens per second of all sequences."""
    confidence: Record | None
    """How sure the figures from events are: 95 % intervals, warm-up, batches; with a reason where there is none."""
    closed_form_flag: str | None
    """Why the closed form may be off by more than 2 %."""
    tokens_per_s_per_sequence: float
    token_latency_us: float
    prompt_latency_us: float | None
    """Prefill only."""
    breakdown_pct: Record
    """Shares of a token's time, in percent; they add up to 100."""
    stall_pct: Record
    chip_power: Record
    system_power_kw: float
    dram_traffic_w: float
    energy_per_token_mj: float
    tokens_per_kj: float
    utilization: Record
    units: list[Record]
    kv_cache: Record
    activity_per_token: Record
    links: list[Record]
    cycle: Record | None
    """What links, memory and buffer did in their own cycles (fidelity ``cycle``)."""
    bound: Record | None
    weights_per_chip: int
    events: int
    notes: list[str]
    machine: Record
    """Node, areas and capacities of the machine as settled."""


class Estimate(Record):
    """Result of :func:`hardwire.estimate`. A figure has ``low`` and ``high``, or ``p10``, ``p50`` and ``p90``."""

    __slots__ = ()

    design: str
    model: str
    node: str
    mask_stack: str
    economics: str
    embedding: str
    weights: str
    discipline: str
    systems: int
    years: float
    respins: float
    monte_carlo_samples: int | None
    chips: int
    grid: Record
    weights_per_chip: int
    um2_per_weight: float
    throughput: Record | None
    area_mm2: Record
    structure: Record | None
    power_w: Record | None
    masks: Record
    mask_usd: Record
    mask_group_usd: Record
    dies: Record
    recurring_usd: Record
    design_usd: Record
    nre_usd: Record
    build_usd: Record
    respin_usd: Record
    running: Record
    capex_usd: Record
    tco_static_usd: Record
    tco_usd: Record
    usd_per_million_tokens: Record | None
    carbon_static_t: Record
    carbon_t: Record
    act_kg_per_chip: Record | None
    tornado: list[Record]
    against: list[Record]
    unconfirmed: list[str]
    notes: list[str]
    provenance: Record
    """Range, source, grade and year of every input, by path."""


class Comparison(Record):
    """Result of :func:`hardwire.compare`. A cell is a value with its origin, a word, or ``missing`` with the reason."""

    __slots__ = ()

    model: str
    released_weights: str
    released_bits: Record
    input_tokens: int
    output_tokens: int
    per_user_tokens_per_s: float
    systems: int
    years: float
    respins_per_year: float
    discipline: str
    reference: str | None
    designs: list[Record]
    metrics: list[Record]

    def table(self) -> dict[str, dict[str, Any]]:
        """Metric by design: the number, the range as a pair, the word, or ``None`` where it is missing.

        Whether a number is a bound is in ``designs[i].values[metric].bound``.
        """
        keys = [metric["key"] for metric in self._values["metrics"]]
        columns = {column["design"]: column["values"] for column in self._values["designs"]}
        return {key: {name: _plain(values.get(key)) for name, values in columns.items()} for key in keys}

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame`` with a row for each metric."""
        import pandas

        return pandas.DataFrame.from_dict(self.table(), orient="index")

    def _repr_html_(self) -> str:
        table = self.table()
        names = [column["design"] for column in self._values["designs"]]
        rows = [[key, *(row[name] for name in names)] for key, row in table.items()]
        return _display.html_table(["metric", *names], rows)


def _plain(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    if "low" in cell:
        return cell["low"] if cell["low"] == cell["high"] else (cell["low"], cell["high"])
    return cell.get("word")


class Reproduction(Record):
    """Result of :func:`hardwire.reproduce`."""

    __slots__ = ()

    rows: list[Record]
    """Figures: ``id``, ``published``, ``ours``, ``deviation_pct``, ``tolerance_pct``, ``kind``, ``within``."""
    events: int
    analytic_deviation_pct: float
    analytic_ok: bool
    calibration: list[Record]


class Prediction(Record):
    """The cost of one function on one processor or design."""

    __slots__ = ()

    function: str
    target: str
    predictions: Record
    """Quantity to ``value``, ``low``, ``high`` (a 90 % interval) and ``unit``; all ``None`` where the text leaves a count open."""
    reasons: list[Record]
    """Why values are ``None``, with operation, line, column, and the assumption that would close the count."""
    warnings: list[Record]
    in_distribution: bool
    ood_score: float
    provider: str
    model: str

    def value(self, quantity: str) -> float | None:
        """The value of a quantity in its unit, ``None`` if it is unknown."""
        quantities = self._values["predictions"]
        if quantity not in quantities:
            raise KeyError(f"no quantity `{quantity}` on {self.target}; there are {', '.join(quantities)}")
        value: float | None = quantities[quantity]["value"]
        return value

    def _repr_html_(self) -> str:
        cells = self._values["predictions"].items()
        rows = [[name, p["value"], p["low"], p["high"], p["unit"]] for name, p in cells]
        title = f"{self.function} on {self.target}"
        return _display.html_table([title, "value", "low", "high", "unit"], rows)


class Ratio(Record):
    """What one quantity of the second function is of that of the first one."""

    __slots__ = ()

    first: Record
    """``function`` and ``in_distribution``."""
    second: Record
    target: str
    quantity: str
    ratio: float | None
    low: float | None
    """Lower end of the 90 % interval; ``None`` with a reason where the model has none."""
    high: float | None
    verdict: str | None
    """``faster``, ``slower`` or ``within_interval``."""
    reason: str | None
    model: str


class Explanation(Record):
    """What each operation adds to a prediction."""

    __slots__ = ()

    function: str
    target: str
    quantity: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    reasons: list[Record]
    warnings: list[Record]
    in_distribution: bool
    ood_score: float
    provider: str
    model: str
    operations: list[Record]
    """``operation``, ``line``, ``depth``, ``value_without``, ``adds``; largest effect first."""
    operations_left_out: int

    def _repr_html_(self) -> str:
        rows = [[o["line"], o["operation"], o["value_without"], o["adds"]] for o in self._values["operations"]]
        return _display.html_table(["line", "operation", f"without it, {self.unit}", f"adds, {self.unit}"], rows)
