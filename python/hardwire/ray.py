"""Sweeps, and labels of a corpus, on a Ray cluster.

Ray is not installed with this package: ``pip install "ray==2.*"``. Every node needs the same versions of Python, Ray and this package, and no
files of the sweep or corpus. Nodes that label need the command `hardwire` of a build with LLVM.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import Any

from . import cluster, labels
from .labels import LABELLER, TIMEOUT_S, Labeller
from .results import Record
from .sweep import Progress, Sweep, SweepResult

__all__ = ["RayEngine", "label", "sweep"]

RETRIES = 5
"""How often Ray computes a task again after its worker or node has died."""

PER_CPU = 2
"""Tasks in flight for each processor of the cluster, so that workers do not wait for the driver."""


def sweep(
    path_or_plan: str | PathLike[str] | Sweep,
    address: str | None = None,
    *,
    out: str | PathLike[str] | None = None,
    in_flight: int | None = None,
    retries: int = RETRIES,
    progress: Progress | None = None,
    fresh: bool = False,
    plots: bool = True,
) -> SweepResult:
    """Runs a sweep on a Ray cluster. The results and files are those of :meth:`hardwire.Sweep.run`, byte for byte.

    Workers and nodes may die: Ray computes their tasks again. The driver may be killed if `out` is given: the same call goes on
    from there.

    Args:
        path_or_plan: A sweep file, or a sweep that was read.
        address: Address of the cluster, as :func:`ray.init` takes it: ``auto`` for the running one, ``ray://host:10001`` for a client.
            Without it, the cluster that is connected, the one of ``RAY_ADDRESS``, or a new one on this machine.
        out: Folder of the sweep, on the driver's machine.
        in_flight: Most tasks that the cluster has at a time; two for each processor by default. Each has at most 2,048 points.
        retries: How often a task is computed again after its worker has died.
        progress: Called with the stage (``screen`` or ``confirm``), points done, and points in all.
        fresh: Discard earlier results in `out`.
        plots: Draw plots.

    Raises:
        ImportError: Ray is not installed.
        WorkersLost: A task lost its worker more often than allowed.
    """
    plan = path_or_plan if isinstance(path_or_plan, Sweep) else Sweep(path_or_plan)
    with _connected(address):
        engine = RayEngine(plan, in_flight=in_flight, retries=retries)
        return plan.run(engine=engine, progress=progress, out=out, fresh=fresh, plots=plots)


def label(
    folder: str | PathLike[str],
    address: str | None = None,
    *,
    rows: int | None = None,
    timeout_s: int = TIMEOUT_S,
    labeller: str | PathLike[str] = LABELLER,
    in_flight: int | None = None,
    retries: int = RETRIES,
    progress: Progress | None = None,
) -> Record:
    """Labels the rows of a corpus on a Ray cluster. The file is that of :func:`hardwire.label`, byte for byte.

    Workers and nodes may die: Ray computes their tasks again. The driver may be killed: the same call goes on from the folder's journal.

    Args:
        folder: Folder written by ``hardwire dataset build``, on the driver's machine.
        address: Address of the cluster, as for :func:`sweep`.
        rows: Label at most this many rows, balanced over families; the others are left out of the corpus.
        timeout_s: Longest time for one text, in seconds.
        labeller: The command `hardwire` of a build with the feature `mlir`: a name that is looked up on each node, or a path there.
        in_flight: Most tasks that the cluster has at a time; two for each processor by default. Each has at most 256 texts.
        retries: How often a task is computed again after its worker has died.
        progress: Called with the stage (``label``), texts done, and texts in all.

    Raises:
        ImportError: Ray is not installed.
        RequestError: A folder that holds something else, or a node whose labeller is missing or has no LLVM.
        WorkersLost: A task lost its worker more often than allowed.
    """
    with _connected(address):
        engine = RayEngine(Labeller(labeller), in_flight=in_flight, retries=retries)
        return labels.label(folder, rows=rows, timeout_s=timeout_s, labeller=labeller, engine=engine, progress=progress)


class RayEngine:
    """Computes tasks on the connected Ray cluster, a bounded number at a time."""

    def __init__(self, work: cluster.Work, *, in_flight: int | None = None, retries: int = RETRIES) -> None:
        if (in_flight is not None and in_flight < 1) or retries < 0:
            raise ValueError(f"in_flight is {in_flight} and retries is {retries}; they must be at least 1 and 0")
        self._work = pickle.dumps(work)
        self._in_flight, self._retries = in_flight, retries

    def __call__(self, tasks: Iterable[bytes]) -> Iterator[bytes]:
        """Outcomes of tasks, as they finish."""
        import ray

        compute = ray.remote(num_cpus=1, max_retries=self._retries)(cluster.evaluate)
        work = ray.put(self._work)
        processors = int(ray.cluster_resources().get("CPU", 1))
        most = self._in_flight if self._in_flight is not None else max(PER_CPU * processors, 4)
        waiting = iter(tasks)
        running: list[Any] = []
        try:
            while True:
                while len(running) < most and (task := next(waiting, None)) is not None:
                    running.append(compute.remote(work, task))
                if not running:
                    return
                done, running = ray.wait(running, num_returns=1, fetch_local=True)
                for outcome in done:
                    yield ray.get(outcome)
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
            raise cluster.WorkersLost(f"workers died {self._retries + 1} times with the same task: {error}") from error
        finally:
            for left in running:
                ray.cancel(left, force=False)


@contextlib.contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """The connected cluster, or a connection for the time of a call."""
    try:
        import ray
    except ImportError as error:
        raise ImportError('Ray is not installed: pip install "ray==2.*"') from error
    if ray.is_initialized():
        if address is not None:
            raise RuntimeError("a Ray cluster is connected already: leave out address, or disconnect with ray.shutdown()")
        yield
        return
    ray.init(address=address, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()
