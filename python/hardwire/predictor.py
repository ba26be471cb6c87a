"""Predictions of the cost of MLIR functions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from os import PathLike

from . import _native
from ._request import Request
from .results import Explanation, Prediction, Ratio

__all__ = ["Predictor"]


class Predictor:
    """A cost model. Threads may share one; calls do not hold the interpreter lock.

    Args:
        model: Path of a model file; the built-in model by default.
        gpus: Whether the built-in model is that of GPUs instead of processors and designs.
        provider: ``auto`` (default), ``learned`` or ``analytical``.
        cache: Functions whose answers are kept; 4,096 by default, 0 for none.
    """

    def __init__(
        self,
        model: str | PathLike[str] | None = None,
        *,
        gpus: bool = False,
        provider: str | None = None,
        cache: int | None = None,
    ) -> None:
        request = Request()
        request.option(provider=provider, kept=cache, gpus=gpus or None)
        self._native = _native.Predictor(model, request.options())

    @property
    def version(self) -> str:
        """Name of the model and hash of its training set."""
        return self._native.version()[0]

    @property
    def checksum(self) -> str:
        """Checksum of the model file, in hexadecimal."""
        return self._native.version()[1]

    @property
    def targets(self) -> list[str]:
        """Processors or GPUs that the model predicts for."""
        return list(dict.fromkeys(target for target, _, _, design in self._native.outputs() if not design))

    @property
    def designs(self) -> list[str]:
        """Designs that the model predicts for."""
        return list(dict.fromkeys(target for target, _, _, design in self._native.outputs() if design))

    def predict(
        self,
        text: str,
        *,
        targets: Sequence[str] = (),
        designs: Sequence[str] = (),
        assume: Sequence[str] = (),
    ) -> list[Prediction]:
        """The cost of every function of a text, a row for each function and target, in the order of the text.

        Args:
            text: MLIR.
            targets, designs: What to predict for; everything by default.
            assume: What the text leaves open, e.g. ``"trip=%n:1024"`` or ``"shape=?:512"``.

        Raises:
            TextError: The text does not parse; with places.
            RequestError: An unknown target, or an assumption that fits nothing.
        """
        rows = json.loads(self._native.predict(_text(text), self._asked(targets, designs, assume)))
        return [Prediction(row) for row in rows]

    def predict_batch(
        self,
        texts: Iterable[str],
        *,
        targets: Sequence[str] = (),
        designs: Sequence[str] = (),
        assume: Sequence[str] = (),
        threads: int | None = None,
        skip_refused: bool = False,
    ) -> list[list[Prediction] | None]:
        """The same for many texts, which is faster than one by one. The answers are the same bit for bit.

        A text without an answer is an exception; with `skip_refused` its place holds ``None``.
        """
        asked = self._asked(targets, designs, assume)
        count = _threads(threads)
        answers = self._native.predict_batch([_text(text) for text in texts], count, skip_refused, asked)
        return [None if rows is None else [Prediction(row) for row in json.loads(rows)] for rows in answers]

    def compare(
        self,
        first: str,
        second: str,
        *,
        targets: Sequence[str] = (),
        designs: Sequence[str] = (),
        assume: Sequence[str] = (),
    ) -> list[Ratio]:
        """The cost of the second text's function over that of the first one's, with an interval on the ratio.

        A row for each target and each of cycles, instructions and latency. The interval is calibrated on variants of one
        kernel; ``verdict`` is ``faster``, ``slower`` or ``within_interval``, where the model cannot tell.

        Args:
            first, second: MLIR with one function each.
            targets, designs, assume: As for :meth:`predict`.
        """
        asked = self._asked(targets, designs, assume)
        rows = json.loads(self._native.compare(_text(first), _text(second), asked))
        return [Ratio(row) for row in rows]

    def explain(
        self,
        text: str,
        *,
        function: str | None = None,
        target: str | None = None,
        quantity: str | None = None,
        assume: Sequence[str] = (),
    ) -> Explanation:
        """How much each operation adds to a prediction.

        Args:
            text: MLIR.
            function: Name of the function; needed if the text has several.
            target: Processor or design; the first processor of the model by default.
            quantity: ``cycles`` by default, ``xpu_latency_cycles`` for a design.
            assume: As for :meth:`predict`.
        """
        request = Request()
        request.option(function=function, target=target, quantity=quantity, assume=_list("assume", assume))
        return Explanation(json.loads(self._native.explain(_text(text), request.options())))

    def _asked(self, targets: Sequence[str], designs: Sequence[str], assume: Sequence[str]) -> str:
        request = Request()
        request.option(targets=_list("targets", targets), designs=_list("designs", designs))
        request.option(assume=_list("assume", assume))
        return request.options()

    def __repr__(self) -> str:
        return f"Predictor({self.version})"


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"a text is a str, not {type(text).__name__}")
    return text


def _list(name: str, values: Sequence[str]) -> list[str]:
    if isinstance(values, str):
        raise TypeError(f"{name} is a list of names, not one name: write {name}=[{values!r}]")
    return list(values)


def _threads(threads: int | None, name: str = "threads") -> int:
    if threads is None:
        return os.cpu_count() or 1
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"{name} is {threads!r}; it must be a whole number of at least 1")
    return min(threads, 1024)
