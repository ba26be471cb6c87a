"""Tasks on executors of :mod:`concurrent.futures`: processes, Dask, or others.

Tasks are bytes of bounded size: points of a sweep, or texts to label. Outcomes are bytes as well. What computes them travels as well, so
that a worker needs this package in the same version, and no files.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import Protocol

__all__ = ["IN_FLIGHT", "RETRIES", "Engine", "ExecutorEngine", "Work", "WorkersLost"]


class Work(Protocol):
    """Computes tasks, and can be pickled: :class:`hardwire.Sweep`, :class:`hardwire.Labeller`."""

    def evaluate(self, task: bytes) -> bytes:
        """The outcomes of a task."""


Engine = Callable[[Iterable[bytes]], Iterable[bytes]]
"""Takes tasks, returns their outcomes in any order. A task may be answered twice."""

IN_FLIGHT = 64
"""Tasks that an executor has at a time: enough for its workers, and a bound of what waits."""

RETRIES = 3
"""How often a task is computed again after its worker has died."""


JOURNALS: set[int] = set()
"""Descriptors of open journals. A forked process closes them: their locks would outlive a driver that is killed."""


def _close_journals() -> None:
    for journal in JOURNALS:
        with contextlib.suppress(OSError):
            os.close(journal)
    JOURNALS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_journals)


@contextlib.contextmanager
def journals() -> Iterator[Callable[[int], None]]:
    """Takes descriptors of journals that are open until the end."""
    open_ones: list[int] = []

    def opened(journal: int) -> None:
        open_ones.append(journal)
        JOURNALS.add(journal)

    try:
        yield opened
    finally:
        JOURNALS.difference_update(open_ones)


class WorkersLost(RuntimeError):
    """Workers died more often than allowed. What was finished is kept in the folder, if there is one."""


class ExecutorEngine:
    """Computes tasks on an executor, a bounded number at a time.

    Args:
        work: What the tasks are of.
        executor: An executor, or a function that makes one. With a function an executor whose workers have died is replaced, and
            its tasks are computed again; the last one is shut down at the end.
        in_flight: Most tasks that the executor has at a time.
        retries: How often a task is computed again after workers have died. Errors of a task are raised at once.
    """

    def __init__(
        self,
        work: Work,
        executor: Executor | Callable[[], Executor],
        *,
        in_flight: int = IN_FLIGHT,
        retries: int = RETRIES,
    ) -> None:
        if in_flight < 1 or retries < 0:
            raise ValueError(f"in_flight is {in_flight} and retries is {retries}; they must be at least 1 and 0")
        self._work = pickle.dumps(work)
        self._executor, self._in_flight, self._retries = executor, in_flight, retries

    def __call__(self, tasks: Iterable[bytes]) -> Iterator[bytes]:
        """Outcomes of tasks, as they finish. Tasks are taken one by one, when there is room."""
        own = not isinstance(self._executor, Executor)
        executor = self._open()
        waiting, again = iter(tasks), deque[tuple[bytes, int]]()
        running: dict[Future[bytes], tuple[bytes, int]] = {}
        try:
            while True:
                try:
                    self._submit(executor, waiting, again, running)
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        outcome = future.result()
                        del running[future]
                        yield outcome
                except BrokenExecutor as error:
                    again = deque((task, lost + 1) for task, lost in [*running.values(), *again])
                    running.clear()
                    if not own:
                        raise WorkersLost(f"{error}; give a function that makes executors, and dead ones are replaced") from error
                    if any(lost > self._retries for _, lost in again):
                        raise WorkersLost(f"workers died {self._retries + 1} times with the same task: {error}") from error
                    executor.shutdown(wait=False, cancel_futures=True)
                    executor = self._open()
        finally:
            for future in running:
                future.cancel()
            if own:
                executor.shutdown(wait=True, cancel_futures=True)

    def _open(self) -> Executor:
        return self._executor if isinstance(self._executor, Executor) else self._executor()

    def _submit(
        self,
        executor: Executor,
        waiting: Iterator[bytes],
        again: deque[tuple[bytes, int]],
        running: dict[Future[bytes], tuple[bytes, int]],
    ) -> None:
        """Fills the executor up, tasks that were lost first."""
        while len(running) < self._in_flight:
            if not again:
                task = next(waiting, None)
                if task is None:
                    return
                again.append((task, 0))
            # A broken executor refuses tasks: they stay in line.
            future = executor.submit(evaluate, self._work, again[0][0])
            running[future] = again.popleft()


def evaluate(work: bytes, task: bytes) -> bytes:
    """Outcomes of a task, on a worker: `work` is pickled, and kept between tasks."""
    return _work(work).evaluate(task)


@functools.lru_cache(maxsize=4)
def _work(pickled: bytes) -> Work:
    found: Work = pickle.loads(pickled)
    return found
