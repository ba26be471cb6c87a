"""100,000 points on a Ray cluster: undisturbed, with a worker killed, with the driver killed and resumed. All files must equal
those of `hardwire sweep` to the byte. Prints times.

usage: check.py FOLDER        (run.sh calls it in a namespace of its own)
       check.py --drive SWEEP OUT WHAT
"""

import os
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
LIMIT = 300
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


def drive(sweep, out, what):
    """A driver. `what`: `whole`, `worker` (kills a worker in the middle), `driver` (kills itself in the middle)."""
    import ray

    import hardwire.ray

    ray.init(address="auto", log_to_driver=False)
    seen, killed = [], []

    def progress(stage, done, total):
        seen.append(done)
        if stage == "screen" and done >= total // 3 and not killed:
            if what == "driver":
                os.kill(os.getpid(), signal.SIGKILL)
            if what == "worker" and (running := workers()):
                os.kill(running[0], signal.SIGKILL)
                killed.append(running[0])

    start = time.monotonic()
    hardwire.ray.sweep(sweep, out=out, progress=progress, plots=False)
    seconds = time.monotonic() - start
    assert what != "worker" or killed, "no worker was found"
    print(f"\n{RESULT}{seconds:.2f} {seen[0]}")


def run(sweep, out, what):
    """Seconds of a driver's sweep and points after its first batch; `None` if it was killed."""
    arguments = [sys.executable, __file__, "--drive", sweep, out, what]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode == -signal.SIGKILL:
        return None
    if done.returncode != 0:
        sys.exit(f"the driver ({what}) ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    # Ray writes there as well.
    line = next(line for line in done.stdout.splitlines() if line.startswith(RESULT))
    seconds, first = line.removeprefix(RESULT).split()
    return float(seconds), int(first)


def main(work):
    sweep = work / "links.toml"
    sweep.write_text(SWEEP)
    start = time.monotonic()
    options = ["--include-dashboard=false", "--disable-usage-stats", "--object-store-memory=100000000"]
    head = ["ray", "start", "--head", "--num-cpus=2", *options]
    subprocess.run(head, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    started = time.monotonic() - start
    start = time.monotonic()
    native = [os.environ["HARDWIRE_COMMAND"], "sweep", sweep, "--out", work / "native", "--threads", "2", "--no-plots"]
    subprocess.run(native, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
    alone = time.monotonic() - start
    wanted = files(work / "native")
    assert len(wanted) == 8 and wanted["results.csv"].count(b"\n") == POINTS + 1, sorted(wanted)

    lines = [("hardwire sweep --threads 2", alone, ""), ("start of Ray", started, "")]
    whole, _ = run(sweep, work / "whole", "whole")
    lines.append(("Ray, 2 workers", whole, f"{(whole / alone - 1) * 100:+.0f} %"))
    seconds, _ = run(sweep, work / "worker", "worker")
    lines.append(("Ray, a worker killed", seconds, f"{(seconds / alone - 1) * 100:+.0f} %"))
    assert run(sweep, work / "driver", "driver") is None, "the driver was not killed"
    seconds, first = run(sweep, work / "driver", "whole")
    assert first > POINTS // 3, f"the driver began again: {first} points after its first batch"
    lines.append((f"Ray, driver killed: rest after {first:,} points", seconds, ""))
    for folder in ("whole", "worker", "driver"):
        assert files(work / folder) == wanted, f"{folder}: other files than hardwire sweep"
    print(f"{POINTS:,} points, files equal to the byte:")
    for what, seconds, overhead in lines:
        print(f"  {what:<50} {seconds:7.2f} s  {overhead}")


if __name__ == "__main__":
    if sys.argv[1] == "--drive":
        drive(*sys.argv[2:])
    else:
        main(Path(sys.argv[1]))
