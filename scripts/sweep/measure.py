"""Time and memory of sweeps: a million closed-form points, a thousand simulated points, and a decode grid against GenZ.

    measure.py HARDWIRE million events genz

`genz` needs the package genz-llm in this Python. Each sweep runs in a process of its own and is timed from an empty
folder to its last file. GenZ runs in this process after one call that is not timed, so that its imports do not count.
Processor time is printed beside wall time, because other work on the machine affects wall time only.
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))


def sweep(hardwire, name, folder):
    """Runs a sweep; returns wall seconds, processor seconds, and the largest resident set of all sweeps so far in MB."""
    out = os.path.join(folder, name)
    command = [hardwire, "sweep", os.path.join(HERE, f"{name}.toml"), "--out", out, "--no-plots", "--format", "json"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, busy, after.ru_maxrss / 1024, out


def rows(out):
    with open(os.path.join(out, "results.csv"), newline="") as file:
        return list(csv.DictReader(file))


def genz(hardwire, folder):
    from GenZ import decode_moddeling

    def point(context, sequences):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return decode_moddeling(
                model="meta-llama/Llama-3.1-8B", batch_size=sequences, input_tokens=context, output_tokens=0, Bb=1,
                system_name="H100_GPU", bits="bf16",
            )["Throughput"]

    seconds, busy, _, out = sweep(hardwire, "decode", folder)
    grid = rows(out)
    point(512, 1)
    start, before = time.monotonic(), time.process_time()
    theirs = [point(int(row["workload.context"]), int(row["workload.sequences"])) for row in grid]
    other, other_busy = time.monotonic() - start, time.process_time() - before
    print("decode grid of Llama-3.1-8B, tokens/s: hardwire on HNLPU's chips (weights hardwired, KV cache in SRAM and")
    print("HBM, grid sized to the model), GenZ on one H100 at full efficiency (bf16 weights and KV cache read from HBM)")
    print(f"{'context':>8} {'sequences':>9} {'hardwire':>10} {'GenZ':>10}")
    for row, their in zip(grid, theirs):
        own = float(row["throughput_tokens_per_s"])
        print(f"{row['workload.context']:>8} {row['workload.sequences']:>9} {own:>10,.0f} {their:>10,.0f}")
    count = len(grid)
    print(f"hardwire: {count} points in {seconds:.3f} s ({busy:.3f} s of processor), {count / seconds:,.0f}/s, with start and files")
    print(f"GenZ:     {count} points in {other:.3f} s ({other_busy:.3f} s of processor), {count / other:,.1f}/s, start not counted")


def main():
    hardwire, wanted = sys.argv[1], sys.argv[2:]
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        # The maximum over all child processes is that of `million`, so it has to run first or alone.
        for name in [name for name in ("million", "events") if name in wanted]:
            seconds, busy, memory, out = sweep(hardwire, name, folder)
            count = len(rows(out)) if name == "events" else 1_000_000
            shown = f", {memory:,.0f} MB at most" if name == wanted[0] else ""
            rate = f"{count / seconds:,.0f}/s"
            print(f"{name}: {count:,} points in {seconds:.1f} s on {cores} cores ({busy:.1f} s of processor), {rate}{shown}", flush=True)
        if "genz" in wanted:
            genz(hardwire, folder)


if __name__ == "__main__":
    main()
