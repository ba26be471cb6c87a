"""Labels of a corpus: the compiler's answers that the cost model learns from.

LLVM is needed where texts are labelled only: there is the command `hardwire` of a build with the feature `mlir`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor
from os import PathLike, fspath

from . import _native, cluster
from .cluster import IN_FLIGHT, RETRIES, Engine, ExecutorEngine
from .predictor import _threads
from .results import Record

__all__ = ["LABELLER", "TIMEOUT_S", "Labeller", "label"]

Progress = Callable[[str, int, int], object]

LABELLER = "hardwire"
"""The command that labels: a name that is looked up on the worker, or a path there."""

TIMEOUT_S = 60
"""Longest time for one text, in seconds."""

MOST_ROWS = 1 << 40
LONGEST_S = 86_400


class Labeller:
    """Labels tasks by processes of a command. It can be pickled: what is looked up is looked up where it runs.

    Args:
        command: The command `hardwire` of a build with the feature `mlir`.
    """

    def __init__(self, command: str | PathLike[str] = LABELLER) -> None:
        self.command = fspath(command)

    def evaluate(self, task: bytes) -> bytes:
        """Labels the texts of a task. Engines call this on their workers."""
        return _native.label_task(self.command, task)

    def __repr__(self) -> str:
        return f"Labeller({self.command})"


def label(
    folder: str | PathLike[str],
    *,
    rows: int | None = None,
    timeout_s: int = TIMEOUT_S,
    labeller: str | PathLike[str] = LABELLER,
    workers: int | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    in_flight: int = IN_FLIGHT,
    retries: int = RETRIES,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Record:
    """Labels the rows of a corpus and writes `corpus.parquet`, byte for byte the file of ``hardwire dataset label``.

    Outcomes are kept in the folder's journal as they arrive. After an interruption the same call, or the command, goes on from there.
    Labels do not depend on where they are made; whether a text takes longer than `timeout_s` may.

    Args:
        folder: Folder written by ``hardwire dataset build``, with `rows.parquet`.
        rows: Label at most this many rows, balanced over families; the others are left out of the corpus.
        timeout_s: Longest time for one text, in seconds.
        labeller: The command that labels, built with the feature `mlir`: a name that is looked up on the worker, or a path there.
        workers: Processes of this machine; one for each core by default.
        executor: Labels elsewhere instead: an executor of :mod:`concurrent.futures`, or a function that makes one.
        in_flight: Most tasks that the executor has at a time, of at most 256 texts each.
        retries: How often a task is computed again after its worker has died.
        engine: Labels elsewhere instead: takes tasks, returns their outcomes in any order, by :meth:`Labeller.evaluate`.
        progress: Called with the stage (``label``), texts done, and texts in all.

    Returns:
        Counts of rows with and without labels, failures by reason, and the file; the keys of the command's JSON.

    Raises:
        RequestError: A folder that holds something else, or a labeller without LLVM.
        WorkersLost: Workers died more often than allowed.
    """
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int)):
        raise TypeError(f"rows is an int, not {type(rows).__name__}")
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int):
        raise TypeError(f"timeout_s is an int, not {type(timeout_s).__name__}")
    if rows is not None and not 1 <= rows <= MOST_ROWS:
        raise ValueError(f"rows is {rows}; it must be from 1 to {MOST_ROWS}")
    if not 1 <= timeout_s <= LONGEST_S:
        raise ValueError(f"timeout_s is {timeout_s}; it must be from 1 to {LONGEST_S}")
    if executor is not None:
        if engine is not None:
            raise TypeError("give either an executor or an engine")
        engine = ExecutorEngine(Labeller(labeller), executor, in_flight=in_flight, retries=retries)
    with cluster.journals() as opened:
        found = _native.label_folder(
            fspath(folder), rows, timeout_s, fspath(labeller), _threads(workers, "workers"), engine, progress, opened
        )
    return Record(json.loads(found))
