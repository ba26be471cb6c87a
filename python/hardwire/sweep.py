"""Sweeps of a design space: points, frontier, sensitivities."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from concurrent.futures import Executor
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from . import _display, _native, cluster
from .cluster import IN_FLIGHT, RETRIES, Engine, ExecutorEngine
from .predictor import _threads
from .results import Record

__all__ = ["Sweep", "SweepResult", "Table"]

Progress = Callable[[str, int, int], object]


class Sweep:
    """A sweep file that was read: which fields vary, which results are wanted. It can be pickled.

    Args:
        file: Path of a sweep file.
        text: The text itself; `file` is then its name for messages.
    """

    def __init__(self, file: str | PathLike[str], *, text: str | None = None) -> None:
        self.name = fspath(file)
        self.text = Path(self.name).read_text(encoding="utf-8") if text is None else text
        self._native = _native.Plan(self.name, self.text, {})

    @property
    def points(self) -> int:
        """Number of points."""
        return self._native.points()

    @property
    def axes(self) -> dict[str, int | None]:
        """Column of every axis with its number of values, ``None`` for an interval."""
        return dict(self._native.axes())

    @property
    def results(self) -> list[str]:
        """Names of the results, with their units."""
        return self._native.columns()

    @property
    def identity(self) -> str:
        """Hash of file, design and version: equal hashes mean equal results."""
        return self._native.identity()

    def evaluate(self, task: bytes) -> bytes:
        """Computes the points of a task. Engines call this on their workers."""
        return self._native.evaluate(task)

    def run(
        self,
        *,
        threads: int | None = None,
        executor: Executor | Callable[[], Executor] | None = None,
        in_flight: int = IN_FLIGHT,
        retries: int = RETRIES,
        engine: Engine | None = None,
        progress: Progress | None = None,
        out: str | PathLike[str] | None = None,
        fresh: bool = False,
        plots: bool = True,
    ) -> SweepResult:
        """Computes every point, confirms the best from events, and finds frontier and sensitivities.

        The results do not depend on where points are computed.

        Args:
            threads: Threads of this process; all cores by default.
            executor: Computes the points instead: a ``ProcessPoolExecutor``, Dask's ``client.get_executor()``, or another of the
                interface of :mod:`concurrent.futures`; or a function that makes one, so that one whose workers have died is replaced.
            in_flight: Most tasks that the executor has at a time, of at most 2,048 points each.
            retries: How often a task is computed again after its worker has died.
            engine: Computes the points instead: takes tasks, returns their outcomes in any order, by :meth:`evaluate`.
            progress: Called with the stage (``screen`` or ``confirm``), points done, and points in all.
            out: Folder of the sweep: the files that ``hardwire sweep`` writes, byte for byte the same, and its journal. A sweep that
                was interrupted goes on from there, by this call or by the command.
            fresh: Discard earlier results in `out`.
            plots: Draw plots.

        Raises:
            RequestError: An engine that lost points, or a folder that holds something else or cannot be written.
            WorkersLost: Workers died more often than allowed.
        """
        if executor is not None:
            if engine is not None:
                raise TypeError("give either an executor or an engine")
            engine = ExecutorEngine(self, executor, in_flight=in_flight, retries=retries)
        folder = None if out is None else fspath(out)
        with cluster.journals() as opened:
            found = self._native.run(_threads(threads), engine, progress, opened, folder, fresh, plots)
        summary, tables, drawn = found
        return SweepResult(json.loads(summary), {name: Table(rows, columns) for name, rows, columns in tables}, dict(drawn))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.name, self.text, self._native.files(), self.identity)

    def __repr__(self) -> str:
        return f"Sweep({self.name}, {self.points} points)"


def _restored(name: str, text: str, files: dict[str, str], identity: str) -> Sweep:
    sweep = object.__new__(Sweep)
    sweep.name, sweep.text = name, text
    sweep._native = _native.Plan(name, text, files)
    if sweep.identity != identity:
        raise RuntimeError(f"the sweep `{name}` is of another version of hardwire than this one, {_native.__version__}")
    return sweep


class Table:
    """Columns of equal length, in Arrow's layout; missing cells are null."""

    def __init__(self, rows: int, columns: list[tuple[str, str, list[bytes], int]]) -> None:
        self._rows = rows
        self._columns = {name: (kind, buffers, nulls) for name, kind, buffers, nulls in columns}

    @property
    def columns(self) -> list[str]:
        """Names, with units."""
        return list(self._columns)

    def __len__(self) -> int:
        return self._rows

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table`` over the same memory."""
        import pyarrow

        types = {
            "int64": pyarrow.int64(),
            "float64": pyarrow.float64(),
            "bool": pyarrow.bool_(),
            "large_string": pyarrow.large_string(),
        }
        arrays = []
        for kind, buffers, nulls in self._columns.values():
            shared = [pyarrow.py_buffer(buffer) for buffer in buffers]
            if nulls == 0:
                shared[0] = None
            arrays.append(pyarrow.Array.from_buffers(types[kind], self._rows, shared, nulls))
        return pyarrow.Table.from_arrays(arrays, names=self.columns)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``."""
        return self.to_arrow().to_pandas()

    def __getitem__(self, name: str) -> list[Any]:
        """The cells of a column, ``None`` where they are missing."""
        try:
            kind, buffers, _ = self._columns[name]
        except KeyError:
            raise KeyError(f"no column `{name}`; there are {', '.join(self._columns)}") from None
        cells: list[Any]
        if kind == "large_string":
            ends = memoryview(buffers[1]).cast("q")
            cells = [buffers[2][ends[row] : ends[row + 1]].decode() for row in range(self._rows)]
        elif kind == "bool":
            cells = [bool(buffers[1][row // 8] >> (row % 8) & 1) for row in range(self._rows)]
        else:
            cells = list(memoryview(buffers[1]).cast("q" if kind == "int64" else "d"))
        valid = buffers[0]
        return [cell if valid[row // 8] >> (row % 8) & 1 else None for row, cell in enumerate(cells)]

    def to_dict(self) -> dict[str, list[Any]]:
        """Every column as a list."""
        return {name: self[name] for name in self._columns}

    def __repr__(self) -> str:
        return f"Table({self._rows} rows: {', '.join(self._columns)})"

    def _repr_html_(self) -> str:
        cells = self.to_dict()
        return _display.html_table(self.columns, list(zip(*cells.values(), strict=True)))


class SweepResult:
    """What a sweep found."""

    def __init__(self, summary: dict[str, Any], tables: dict[str, Table], plots: dict[str, str]) -> None:
        self.summary = Record(summary)
        """Counts, frontier, knee, sensitivities: the keys of ``summary.json``."""
        self.tables = tables
        """``results``, and where the sweep asks for them ``confirmed`` and ``frontier``."""
        self.plots = plots
        """SVG texts by name."""

    @property
    def results(self) -> Table:
        """Every point."""
        return self.tables["results"]

    @property
    def frontier(self) -> Table | None:
        """The Pareto frontier, if the sweep has objectives."""
        return self.tables.get("frontier")

    def __repr__(self) -> str:
        counts = self.summary.to_dict()
        return f"SweepResult({counts['sweep']}: {len(self.results)} points, {len(counts['frontier'])} on the frontier)"

    def _repr_html_(self) -> str:
        shown = self.frontier if self.frontier is not None else self.results
        first = next(iter(self.plots.values()), "")
        return f"<p>{html.escape(repr(self))}</p>{shown._repr_html_()}{first}"
