"""A sweep of 100,000 points and the labelling of 1,500 texts on a Ray cluster: undisturbed, with a worker killed, with the driver
killed and resumed. All files must equal those of the command to the byte. Prints times.

The texts are labelled by the worker of python/tests, which has no LLVM. With HARDWIRE_LABELLER, a command of a build with LLVM, 300
are labelled by it as well.

usage: check.py FOLDER        (run.sh calls it in a namespace of its own)
       check.py --drive CALL WHAT        (CALL: function of hardwire.ray and its arguments, as JSON)
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

SWEEP = """
confirm = 4
[set]
model = "llama-3-1-8b"
[axes]
interconnect.link_bandwidth = { from = "32 GB/s", to = "512 GB/s", points = 250, scale = "log" }
chip.clock = { from = "0.5 GHz", to = "1.4 GHz", points = 10 }
workload.sequences = [1, 2, 3, 4, 5]
hbm.stacks = [1, 2, 4, 8]
grid = ["1x2", "2x1"]
[objectives]
maximise = ["throughput_tokens_per_s"]
minimise = ["system_power_kw"]
"""
POINTS = 100_000
TEXTS = 1500
LIMIT = 300
ROOT = Path(__file__).resolve().parents[2]
LABELLER = ROOT / "python" / "tests" / "labeller.py"
RESULT = "result of the driver: "


def files(folder):
    """All files but the journal, whose order depends on the workers."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "journal"}


def workers():
    """Process ids of Ray workers that compute a task."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(b"ray::evaluate"):
            found.append(int(folder.name))
    return found


def drive(call, what):
    """A driver. `what`: `whole`, `worker` (kills a worker in the middle), `driver` (kills itself in the middle)."""
    import ray

    import hardwire.ray

    ray.init(address="auto", log_to_driver=False)
    function, path, options = json.loads(call)
    seen, killed = [], []

    def progress(stage, done, total):
        seen.append(done)
        if stage != "confirm" and done >= total // 3 and not killed:
            if what == "driver":
                os.kill(os.getpid(), signal.SIGKILL)
            if what == "worker" and (running := workers()):
                os.kill(running[0], signal.SIGKILL)
                killed.append(running[0])

    start = time.monotonic()
    getattr(hardwire.ray, function)(path, progress=progress, **options)
    seconds = time.monotonic() - start
    assert what != "worker" or killed, "no worker was found"
    print(f"\n{RESULT}{seconds:.2f} {seen[0]} {seen[-1]}")


def driver(call, what):
    """A driver's process, which has ended."""
    arguments = [sys.executable, __file__, "--drive", json.dumps(call, default=str), what]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT)


def run(call, what):
    """Seconds of a driver's call, and what was done at its first and last report; `None` if it was killed."""
    done = driver(call, what)
    if done.returncode == -signal.SIGKILL:
        return None
    if done.returncode != 0:
        sys.exit(f"the driver ({what}) ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    # Ray writes there as well.
    line = next(line for line in done.stdout.splitlines() if line.startswith(RESULT))
    seconds, first, last = line.removeprefix(RESULT).split()
    return float(seconds), int(first), int(last)


def timed(arguments):
    """Seconds of a process."""
    start = time.monotonic()
    subprocess.run(arguments, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def disturbed(call_in, alone, unit):
    """Times of a call in three folders: whole, with a worker killed, with the driver killed and resumed."""
    lines = []
    whole, _, last = run(call_in("whole"), "whole")
    lines.append(("Ray, 2 workers", whole, f"{(whole / alone - 1) * 100:+.0f} %"))
    seconds, _, _ = run(call_in("worker"), "worker")
    lines.append(("Ray, a worker killed", seconds, f"{(seconds / alone - 1) * 100:+.0f} %"))
    assert run(call_in("driver"), "driver") is None, "the driver was not killed"
    seconds, first, rest = run(call_in("driver"), "whole")
    # A sweep reports what is done in all, a labelling what is done of the rest.
    kept = first if unit == "points" else last - rest
    assert kept > last // 4, f"the driver began again: {kept} {unit} were kept"
    lines.append((f"Ray, driver killed: rest after {kept:,} {unit}", seconds, ""))
    return lines


def shown(title, lines):
    print(title)
    for what, seconds, overhead in lines:
        print(f"  {what:<50} {seconds:7.2f} s  {overhead}")


def sweeps(work):
    sweep = work / "links.toml"
    sweep.write_text(SWEEP)
    native = [os.environ["HARDWIRE_COMMAND"], "sweep", sweep, "--out", work / "native", "--threads", "2", "--no-plots"]
    alone = timed(native)
    wanted = files(work / "native")
    assert len(wanted) == 8 and wanted["results.csv"].count(b"\n") == POINTS + 1, sorted(wanted)
    lines = disturbed(lambda out: ("sweep", sweep, {"out": work / out, "plots": False}), alone, "points")
    for folder in ("whole", "worker", "driver"):
        assert files(work / folder) == wanted, f"{folder}: other files than hardwire sweep"
    shown(f"{POINTS:,} points, files equal to the byte:", [("hardwire sweep --threads 2", alone, ""), *lines])


def rows(folder):
    """A folder as `hardwire dataset build` writes it."""
    import pyarrow.parquet

    folder.mkdir()
    table = pyarrow.parquet.read_table(ROOT / "corpus" / "hardwire-corpus-v2.parquet")
    kept = table.column_names[: table.column_names.index("text") + 1]
    pyarrow.parquet.write_table(table.select(kept).slice(0, TEXTS), folder / "rows.parquet", compression="zstd")


def labels(work):
    import hardwire

    rows(work / "rows")

    def call_in(name, labeller=LABELLER, **options):
        if not (work / name).exists():
            shutil.copytree(work / "rows", work / name)
        return "label", work / name, {"labeller": labeller, **options}

    start = time.monotonic()
    hardwire.label(call_in("native-labels")[1], labeller=LABELLER, workers=2)
    alone = time.monotonic() - start
    wanted = (work / "native-labels" / "corpus.parquet").read_bytes()
    lines = disturbed(lambda name: call_in(f"{name}-labels"), alone, "texts")
    for name in ("whole", "worker", "driver"):
        assert (work / f"{name}-labels" / "corpus.parquet").read_bytes() == wanted, f"{name}: another corpus"
    refused = driver(call_in("refused", os.environ["HARDWIRE_COMMAND"]), "whole")
    assert "RequestError" in refused.stderr and "this build has no LLVM" in refused.stderr, refused.stderr
    shown(f"{TEXTS:,} texts, files equal to the byte:", [("hardwire.label, 2 processes", alone, ""), *lines])

    labeller = os.environ.get("HARDWIRE_LABELLER")
    if not labeller:
        print("labels by LLVM: SKIPPED: HARDWIRE_LABELLER names no command of a build with the feature mlir")
        return
    command = [labeller, "dataset", "label", "--dir", call_in("llvm-command")[1], "--rows", "300", "--workers", "2"]
    alone = timed(command)
    seconds, _, last = run(call_in("llvm-ray", labeller, rows=300), "whole")
    assert (work / "llvm-ray" / "corpus.parquet").read_bytes() == (work / "llvm-command" / "corpus.parquet").read_bytes()
    lines = [("hardwire dataset label --workers 2", alone, ""), ("Ray, 2 workers", seconds, "")]
    shown(f"{last} texts by LLVM, files equal to the byte:", lines)


def main(work):
    options = ["--include-dashboard=false", "--disable-usage-stats", "--object-store-memory=100000000"]
    head = ["ray", "start", "--head", "--num-cpus=2", *options]
    start = time.monotonic()
    subprocess.run(head, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    print(f"start of Ray: {time.monotonic() - start:.2f} s")
    sweeps(work)
    labels(work)


if __name__ == "__main__":
    if sys.argv[1] == "--drive":
        drive(*sys.argv[2:])
    else:
        main(Path(sys.argv[1]))
