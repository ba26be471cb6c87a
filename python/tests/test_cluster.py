"""Sweeps on executors: the files of the command, whatever happens to workers and drivers."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

import hardwire
from hardwire.cluster import ExecutorEngine

GRID = """
confirm = 2
[set]
model = "llama-3-1-8b"
[axes]
interconnect.link_bandwidth = { from = "32 GB/s", to = "512 GB/s", points = 40, scale = "log" }
workload.sequences = [1, 2, 3, 4, 5]
grid = ["1x2", "2x1"]
[objectives]
maximise = ["throughput_tokens_per_s"]
minimise = ["system_power_kw"]
"""
NSGA2 = GRID + '[sample]\nmethod = "nsga2"\npoints = 120\nseed = 3\n'
SPAWN = multiprocessing.get_context("spawn")


def pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=SPAWN)


def files(folder: Path) -> dict[str, bytes]:
    """All files but the journal, which has the points in the order in which they were computed."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "journal"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, command: Command) -> tuple[Path, dict[str, bytes]]:
    """A sweep file and the files that the command writes."""
    folder = tmp_path_factory.mktemp("whole")
    file = folder / "a.toml"
    file.write_text(GRID)
    command("sweep", str(file), "--out", str(folder / "out"))
    return file, files(folder / "out")


def test_the_files_are_the_commands(whole: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    file, wanted = whole
    assert {"results.parquet", "results.csv", "confirmed.csv", "summary.json", "sweep.toml", "parallel.png"} <= wanted.keys()
    sweep = hardwire.Sweep(file)
    with pool() as executor:
        sweep.run(executor=executor, out=tmp_path / "processes")
    assert files(tmp_path / "processes") == wanted
    sweep.run(threads=2, out=tmp_path / "threads")
    assert files(tmp_path / "threads") == wanted


def test_an_optimiser_runs_on_workers(tmp_path: Path, command: Command) -> None:
    file = tmp_path / "n.toml"
    file.write_text(NSGA2)
    command("sweep", str(file), "--out", str(tmp_path / "command"))
    with ThreadPoolExecutor(2) as executor:
        hardwire.Sweep(file).run(executor=executor, out=tmp_path / "workers")
    assert files(tmp_path / "workers") == files(tmp_path / "command")


def test_a_worker_dies(whole: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    file, wanted = whole
    pools: list[ProcessPoolExecutor] = []

    def make() -> Executor:
        pools.append(pool())
        return pools[-1]

    def kill_one(stage: str, done: int, total: int) -> None:
        if len(pools) == 1 and (workers := list(pools[0]._processes)):
            # The pool notices a death later than the next report may come.
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[0], signal.SIGKILL)

    hardwire.Sweep(file).run(executor=make, in_flight=4, progress=kill_one, out=tmp_path / "out")
    assert len(pools) > 1, "the pool was replaced"
    assert files(tmp_path / "out") == wanted


def test_an_executor_that_breaks_keeps_what_was_finished(whole: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    file, wanted = whole
    sweep, executor, counts = hardwire.Sweep(file), pool(), list[int]()

    def kill_all(stage: str, done: int, total: int) -> None:
        counts.append(done)
        for worker in list(executor._processes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    with pytest.raises(hardwire.WorkersLost, match="give a function that makes executors"):
        sweep.run(executor=executor, in_flight=4, progress=kill_all, out=tmp_path / "out")
    executor.shutdown()
    again: list[tuple[str, int, int]] = []
    sweep.run(progress=lambda *at: again.append(at), out=tmp_path / "out")
    assert again[0][1] > counts[-1] > 0, "what was finished is not computed again"
    assert files(tmp_path / "out") == wanted
    with pytest.raises(hardwire.RequestError, match="fresh=True"):
        hardwire.Sweep("b.toml", text=GRID.replace("40", "39")).run(out=tmp_path / "out")


def end() -> None:
    os._exit(1)


def test_a_task_that_always_loses_its_worker_ends_the_run(whole: tuple[Path, dict[str, bytes]]) -> None:
    def make() -> Executor:
        return ProcessPoolExecutor(1, mp_context=SPAWN, initializer=end)

    with pytest.raises(hardwire.WorkersLost, match="2 times with the same task"):
        hardwire.Sweep(whole[0]).run(executor=make, retries=1)


DRIVER = """
import multiprocessing, os, signal, sys
import hardwire
from concurrent.futures import ProcessPoolExecutor

def pool():
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))

def progress(stage, done, total):
    if done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    hardwire.Sweep(sys.argv[1]).run(executor=pool, in_flight=4, progress=progress, out=sys.argv[2])
"""


def test_the_driver_is_killed_and_goes_on(
    whole: tuple[Path, dict[str, bytes]], tmp_path: Path, command: Command
) -> None:
    file, wanted = whole
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    for points in (1, 200):
        driver = subprocess.run([sys.executable, script, file, tmp_path / "out", str(points)], timeout=120)
        assert driver.returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "summary.json").exists()
    found: list[int] = []
    with ThreadPoolExecutor(2) as executor:
        sweep = hardwire.Sweep(file)
        sweep.run(executor=executor, progress=lambda stage, done, total: found.append(done), out=tmp_path / "out")
    assert found[0] > 200
    assert files(tmp_path / "out") == wanted
    # The command goes on from a journal of the package as well.
    subprocess.run([sys.executable, script, file, tmp_path / "other", "100"], timeout=120)
    command("sweep", str(file), "--out", str(tmp_path / "other"))
    assert files(tmp_path / "other") == wanted


def test_forked_workers_do_not_hold_the_journal(whole: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    seen: list[str] = []
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:

        def look(stage: str, done: int, total: int) -> None:
            for worker in list(executor._processes):
                seen.extend(os.readlink(file) for file in Path(f"/proc/{worker}/fd").iterdir())

        hardwire.Sweep(whole[0]).run(executor=executor, progress=look, out=tmp_path / "out", plots=False)
    assert seen and not [file for file in seen if file.endswith("/journal")], "the lock would outlive a killed driver"


class Counting(ThreadPoolExecutor):
    """An executor that counts tasks which are not finished."""

    def __init__(self) -> None:
        super().__init__(2)
        self.lock, self.running, self.most = threading.Lock(), 0, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        future = super().submit(fn, *args, **kwargs)
        future.add_done_callback(self._finished)
        return future

    def _finished(self, _: Future[Any]) -> None:
        with self.lock:
            self.running -= 1


def test_tasks_in_flight_are_bounded_and_made_when_there_is_room(whole: tuple[Path, dict[str, bytes]]) -> None:
    sweep, taken, sizes = hardwire.Sweep(whole[0]), list[bytes](), list[int]()
    executor = Counting()
    inner = ExecutorEngine(sweep, executor, in_flight=3)

    def engine(tasks: Any) -> Any:
        finished = 0
        for outcome in inner(taken.append(task) or task for task in tasks):  # type: ignore[func-returns-value]
            finished += 1
            sizes.append(len(taken) - finished)
            yield outcome
        taken.clear()

    sweep.run(engine=engine, plots=False)
    assert 1 < executor.most <= 3
    assert max(sizes) <= 3, "no task is made before there is room"
    executor.shutdown()
    with pytest.raises(ValueError, match="in_flight is 0"):
        sweep.run(executor=executor, in_flight=0)
    with pytest.raises(TypeError, match="either"):
        sweep.run(executor=executor, engine=inner)
