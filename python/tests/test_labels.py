"""Labelling of a corpus on workers: the file of the command, whatever happens to workers and drivers."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from conftest import ROOT, Command

import hardwire

LABELLER = Path(__file__).with_name("labeller.py")
SPAWN = multiprocessing.get_context("spawn")
TEXTS = 400


def pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=SPAWN)


def rows(folder: Path) -> Path:
    """A folder as `hardwire dataset build` writes it, with the first rows of the repository's corpus."""
    folder.mkdir()
    table = pyarrow.parquet.read_table(ROOT / "corpus" / "hardwire-corpus-v2.parquet")
    kept = [name for name in table.column_names if table.column_names.index(name) <= table.column_names.index("text")]
    table = table.select(kept).slice(0, TEXTS)
    pyarrow.parquet.write_table(table, folder / "rows.parquet", compression="zstd")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A folder of rows, and the corpus that processes of this machine make of it."""
    folder = rows(tmp_path_factory.mktemp("labels") / "rows")
    done = folder.with_name("whole")
    shutil.copytree(folder, done)
    found = hardwire.label(done, labeller=LABELLER, workers=2)
    assert found.rows == TEXTS and found.without_outcome == 0 and found.labelled > found.failed > 0
    reasons = found.failures_by_reason.to_dict()
    assert any("crash" in reason for reason in reasons) and any("lower" in reason for reason in reasons)
    return folder, (done / "corpus.parquet").read_bytes()


@pytest.fixture
def folder(whole: tuple[Path, bytes], tmp_path: Path) -> Path:
    """A folder of rows that are not labelled."""
    shutil.copytree(whole[0], tmp_path / "rows")
    return tmp_path / "rows"


def corpus(folder: Path) -> bytes:
    return (folder / "corpus.parquet").read_bytes()


def test_processes_and_threads_make_the_same_corpus(whole: tuple[Path, bytes], folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with pool() as executor:
        found = hardwire.label(folder, labeller=LABELLER, executor=executor, progress=lambda *at: seen.append(at))
    assert corpus(folder) == whole[1]
    assert seen[0][:2] == ("label", 0) and seen[-1][1] == seen[-1][2] == found.labelled_this_time
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    again = hardwire.label(folder, labeller="/no/such/file")
    assert again.labelled_this_time == 0 and corpus(folder) == whole[1], "nothing is left to label"


def test_the_corpus_is_the_commands(whole: tuple[Path, bytes], folder: Path, command: Command) -> None:
    hardwire.label(folder, labeller=LABELLER, workers=1)
    (folder / "corpus.parquet").unlink()
    # Needs no LLVM: it writes what the journal has.
    found = command("dataset", "label", "--dir", str(folder), "--minutes", "0")
    assert found["rows"] == TEXTS and corpus(folder) == whole[1]


def test_labels_of_llvm_are_the_commands(whole: tuple[Path, bytes], folder: Path, tmp_path: Path) -> None:
    labeller = os.environ.get("HARDWIRE_LABELLER")
    if not labeller:
        pytest.skip("HARDWIRE_LABELLER names no command of a build with LLVM")
    shutil.copytree(folder, tmp_path / "command")
    subprocess.run([labeller, "dataset", "label", "--dir", tmp_path / "command", "--rows", "60"], check=True, timeout=300)
    with pool() as executor:
        found = hardwire.label(folder, rows=60, labeller=labeller, executor=executor)
    assert found.labelled > 0 and corpus(folder) == corpus(tmp_path / "command")


def test_a_worker_dies(whole: tuple[Path, bytes], folder: Path) -> None:
    pools: list[ProcessPoolExecutor] = []

    def make() -> Executor:
        pools.append(pool())
        return pools[-1]

    def kill_one(stage: str, done: int, total: int) -> None:
        if done and len(pools) == 1 and (workers := list(pools[0]._processes)):
            # The pool notices a death later than the next report may come.
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[0], signal.SIGKILL)

    hardwire.label(folder, labeller=LABELLER, executor=make, in_flight=3, progress=kill_one)
    assert len(pools) > 1, "the pool was replaced"
    assert corpus(folder) == whole[1]


DRIVER = """
import os, signal, sys
import hardwire
from concurrent.futures import ThreadPoolExecutor

def progress(stage, done, total):
    if done >= 100:
        os.kill(os.getpid(), signal.SIGKILL)

hardwire.label(sys.argv[1], labeller=sys.argv[2], executor=ThreadPoolExecutor(2), in_flight=3, progress=progress)
"""


def test_the_driver_is_killed_and_goes_on(whole: tuple[Path, bytes], folder: Path) -> None:
    driver = subprocess.run([sys.executable, "-c", DRIVER, folder, LABELLER], timeout=120)
    assert driver.returncode == -signal.SIGKILL and not (folder / "corpus.parquet").exists()
    found = hardwire.label(folder, labeller=LABELLER, workers=2)
    assert 0 < found.labelled_this_time <= TEXTS - 100
    assert corpus(folder) == whole[1]


def refused(*arguments: Any, **options: Any) -> str:
    with pytest.raises(hardwire.RequestError) as caught:
        hardwire.label(*arguments, **options)
    return str(caught.value)


def test_a_labeller_that_cannot_label_is_named(folder: Path) -> None:
    without = os.environ["HARDWIRE_COMMAND"]
    other = folder / "other"
    other.write_text("#!/bin/sh\nread line\necho nonsense\n")
    other.chmod(0o755)
    for how in ({}, {"executor": ThreadPoolExecutor(1)}):
        assert "No such file" in refused(folder, labeller="/no/such/file", **how)
        assert "no labeller of this version" in refused(folder, labeller=other, **how)
        assert "the worker ended: exit status: 1" in refused(folder, labeller="/bin/false", **how)
        message = refused(folder, labeller=without, **how)
        assert without in message and "this build has no LLVM" in message
    assert hardwire.label(folder, rows=1, labeller=LABELLER).labelled_this_time == 1, "nothing else was kept"


def test_workers_with_other_tools_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labeller = hardwire.Labeller(LABELLER)

    def engine(tasks: Iterable[bytes]) -> Iterable[bytes]:
        for version, task in enumerate(tasks):
            monkeypatch.setenv("LABELLER_VERSION", str(version))
            yield labeller.evaluate(task)

    assert "LLVM 0 and 1" in refused(folder, engine=engine)


def test_engines_that_are_wrong(folder: Path) -> None:
    labeller = hardwire.Labeller(LABELLER)
    assert f"no outcome of {TEXTS} texts" in refused(folder, engine=lambda tasks: [])
    assert "another version" in refused(folder, engine=lambda tasks: [b"nonsense"])
    twice = hardwire.label(folder, rows=40, engine=lambda tasks: [labeller.evaluate(t) for t in tasks for _ in range(2)])
    assert twice.labelled_this_time == 40, "a task may be answered twice"
    for task in (b"", b"{}", b'{"rows":"","timeout_s":1,"settings":{},"jobs":[{"id":-1,"text":""}]}'):
        with pytest.raises(hardwire.RequestError, match="cannot be read"):
            labeller.evaluate(task)
    jobs = ",".join('{"id":0,"text":""}' for _ in range(257))
    with pytest.raises(hardwire.RequestError, match="at most 256"):
        labeller.evaluate(f'{{"rows":"","timeout_s":1,"settings":{{}},"jobs":[{jobs}]}}'.encode())
    with pytest.raises(TypeError):
        labeller.evaluate("text")  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        hardwire.label(folder, engine=lambda tasks: 1 // 0)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="either"):
        hardwire.label(folder, engine=lambda tasks: [], executor=ThreadPoolExecutor(1))


def test_folders_and_options_that_are_wrong(folder: Path, tmp_path: Path) -> None:
    assert "rows.parquet" in refused(tmp_path / "missing")
    for contents, message in ((b"", "not a Parquet file"), (b"PAR1" + b"\0" * 99, "rows.parquet")):
        other = tmp_path / str(len(contents))
        other.mkdir()
        (other / "rows.parquet").write_bytes(contents)
        assert message in refused(other)
    (folder / "labels.journal").write_bytes(b"something else, and long enough")
    assert "not a journal" in refused(folder)
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"rows": 0}, ValueError),
        ({"rows": 2**70}, ValueError),
        ({"rows": 1.5}, TypeError),
        ({"timeout_s": 0}, ValueError),
        ({"timeout_s": 10**9}, ValueError),
        ({"timeout_s": "60"}, TypeError),
        ({"workers": 0}, ValueError),
        ({"labeller": 3}, TypeError),
        ({"progress": 3, "labeller": LABELLER}, TypeError),
    ]
    (folder / "labels.journal").unlink()
    for options, error in wrong:
        with pytest.raises(error):
            hardwire.label(folder, **options)
    with pytest.raises(TypeError):
        hardwire.label(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        hardwire.label(b"folder")  # type: ignore[arg-type]
