"""Chooses the fastest of several texts of one kernel by prediction: choose.py TARGET ORIGINAL.mlir VARIANT.mlir...

Variants can come from anywhere: upstream's passes, a transform script, a generator. Prints the ratio of each to the original and the
choice. The original is kept unless the interval of a ratio says that a variant is faster.
"""

import sys
from pathlib import Path

import hardwire


def main() -> int:
    target, original, *variants = sys.argv[1:]
    # One provider for all texts: costs of two providers do not compare.
    model = hardwire.Predictor(provider="learned")
    text = Path(original).read_text(encoding="utf-8")
    best, chosen = 1.0, original
    for path in variants:
        rows = model.compare(text, Path(path).read_text(encoding="utf-8"), targets=[target])
        cycles = next(row for row in rows if row.quantity == "cycles")
        if cycles.ratio is None:
            print(f"{path}: unknown: {cycles.reason}")
            continue
        print(f"{path}: {cycles.ratio:.3f} times the cycles ({cycles.low:.3f} to {cycles.high:.3f}), {cycles.verdict}")
        if cycles.verdict == "faster" and cycles.ratio < best:
            best, chosen = cycles.ratio, path
    print(f"choice: {chosen}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
