"""Checks the structure of the sources: no import cycles between files, no names of MLIR operations outside the
operation registry. `make lint` runs it; it prints what is wrong and exits with 1.

usage: check.py [ROOT]
"""

import glob
import os
import sys

import cycles
import operations


def main():
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", ".."))
    manifests = glob.glob("Cargo.toml") + glob.glob("*/Cargo.toml") + glob.glob("*/*/Cargo.toml")
    sources = sorted(os.path.join(os.path.dirname(m), "src") for m in manifests)
    sources = [s for s in sources if os.path.isdir(s) and not s.startswith(("target", "fuzz"))]
    problems = [line for source in sources for line in cycles.report(source)]
    problems += operations.report(sources)
    print("\n".join(problems) if problems else f"structure: {len(sources)} crates, no cycles, no stray operation names")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
