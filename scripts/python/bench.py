"""Overhead of the Python package: `predict` against the C interface, threads on two cores, memory over 100,000 calls.

usage: bench.py FOLDER-OF-BUILD        (`make bench-python` sets PYTHONPATH)

Fails if 100,000 calls leave memory behind, or Python and C do not agree on the value. Times are printed only; those of single calls are processor time.
"""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hardwire

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs/costmodel-example.mlir"
TARGET = "znver4"
CALLS = 100_000
LEAK_KB = 4096


def resident_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def through_c(build):
    """Microseconds of a call and its value through libhardwire."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "overhead"
        source, include = ROOT / "scripts/python/overhead.c", ROOT / "capi/include"
        link = ["-L", build, "-lhardwire", f"-Wl,-rpath,{build}"]
        subprocess.run(["cc", "-O2", source, "-I", include, *link, "-o", program], check=True)
        done = subprocess.run([program, FILE, str(CALLS), TARGET], check=True, capture_output=True, text=True)
    nanoseconds, value = map(float, done.stdout.split())
    return nanoseconds / 1000, value


def through_python(predictor, text):
    """Microseconds of a call and its value, and kilobytes that the calls left behind."""

    def call():
        return predictor.predict(text, targets=[TARGET])[0].predictions.cycles.value

    for _ in range(CALLS // 10):
        value = call()
    before, start = resident_kb(), time.process_time()
    for _ in range(CALLS):
        call()
    seconds = time.process_time() - start
    return seconds / CALLS * 1e6, value, resident_kb() - before


def uncached(texts, threads):
    """Texts per second on threads that share a predictor without a cache."""
    predictor = hardwire.Predictor(cache=0)
    predictor.predict(texts[0])
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        for _ in pool.map(predictor.predict, texts):
            pass
        return len(texts) / (time.perf_counter() - start)


def main():
    build = Path(sys.argv[1]).resolve()
    text = FILE.read_text()
    in_c, expected = through_c(build)
    in_python, value, left = through_python(hardwire.Predictor(), text)
    assert abs(value - expected) <= 0.001, (value, expected)
    print(f"predict, cached, one value     C {in_c:6.2f} us   Python {in_python:6.2f} us")
    texts = [(ROOT / "tests/fixtures/mlir/resnet.scf.mlir").read_text()] * 400
    one, two = uncached(texts, 1), uncached(texts, 2)
    print(f"predict, uncached, 400 texts   1 thread {one:,.0f}/s   2 threads {two:,.0f}/s   x {two / one:.2f}")
    print(f"resident memory after {CALLS:,} calls: {left:+,} kB")
    if left > LEAK_KB:
        sys.exit(f"{CALLS:,} calls left {left:,} kB behind")


if __name__ == "__main__":
    main()
