#!/usr/bin/env python3
"""List the operations of upstream MLIR dialects, one full name a line.

Reads TableGen's own records: every definition of class `Op` with its dialect's name. Needs `llvm-tblgen` and the `.td`
files of an LLVM installation (`make deps-mlir`).

usage: scripts/mlir-operations.py [/usr/lib/llvm-22] > ir/tests/registry/mlir-22-operations.txt
"""

import json
import pathlib
import subprocess
import sys

# Dialects of programs for processors and tensor machines; other dialects belong to vendors or to tools.
DIALECTS = (
    "affine arith bufferization builtin cf complex func gpu index linalg llvm math memref ml_program quant scf shape "
    "shard sparse_tensor tensor tosa ub vector"
).split()


def records(root: pathlib.Path, file: pathlib.Path):
    """The operations that a file defines or includes."""
    command = [root / "bin/llvm-tblgen", "--dump-json", f"-I{root / 'include'}", f"-I{file.parent}", file]
    run = subprocess.run(command, capture_output=True, check=False)
    if run.returncode != 0:
        return
    tables = json.loads(run.stdout)
    for name in tables["!instanceof"].get("Op", []):
        record = tables[name]
        dialect = tables[record["opDialect"]["def"]]["name"]
        yield f"{dialect}.{record['opName']}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/lib/llvm-22")
    version = subprocess.run([root / "bin/llvm-config", "--version"], capture_output=True, check=True, text=True).stdout
    found = set()
    for file in sorted((root / "include/mlir").rglob("*.td")):
        if "def " in file.read_text() and "Ops" in file.name:
            found.update(records(root, file))
    names = sorted(name for name in found if name.split(".")[0] in DIALECTS)
    print("# Operations of upstream MLIR dialects, written by scripts/mlir-operations.py.")
    print(f"# Source: TableGen records of LLVM {version.strip()}, licence Apache-2.0 WITH LLVM-exception; names only.")
    print("\n".join(names))


if __name__ == "__main__":
    main()
