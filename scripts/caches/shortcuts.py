"""Compares the shortcuts of `hardwire caches` with exact walks on large drawn kernels.

usage: shortcuts.py HARDWIRE SEED [TARGET]

Prints a line for each kernel and the share of misses within 5 %, of functions that are answered. Exit code 1 if less than 97 % are,
or one is off by more than 15 %.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

FLOOR = 500


def walk(tool, file, target, *options):
    start = time.monotonic()
    out = subprocess.run([tool, "caches", file, "--target", target, "--format", "json", *options],
                         check=True, capture_output=True, text=True).stdout
    return {row["function"]: row for row in json.loads(out)}, time.monotonic() - start


def main():
    tool, seed = sys.argv[1], sys.argv[2]
    target = sys.argv[3] if len(sys.argv) > 3 else "skylake-avx512"
    draw = os.path.join(os.path.dirname(os.path.abspath(__file__)), "draw.py")
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as file:
        file.write(subprocess.run([sys.executable, "-B", draw, seed, "--large"], check=True, capture_output=True, text=True).stdout)
        file.flush()
        short, seconds = walk(tool, file.name, target)
        exact, exact_seconds = walk(tool, file.name, target, "--exact")
    errors, unknown = [], 0
    for name, row in short.items():
        if row["method"] is None:
            unknown += 1
            print(f"{name}: {row['reason']['message']}")
            continue
        worst = 0.0
        for near, true in zip(row["levels"], exact[name]["levels"]):
            a, b = (level["load_misses"] + level["store_misses"] for level in (near, true))
            error = abs(a - b) / max(a, b, FLOOR)
            worst = max(worst, error)
            if row["method"] != "exact":
                errors.append(error)
        print(f"{name}: {row['method']}, worst level {100 * worst:.2f} % off")
    within = sum(error <= 0.05 for error in errors) / max(len(errors), 1)
    print(f"{len(errors)} counts by shortcuts: {100 * within:.1f} % within 5 %, worst {100 * max(errors, default=0):.1f} %; {unknown} unknown")
    print(f"{seconds:.1f} s, exact {exact_seconds:.1f} s")
    sys.exit(0 if within >= 0.97 and max(errors, default=0) <= 0.15 else 1)


if __name__ == "__main__":
    main()
