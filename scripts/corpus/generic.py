"""Adds the generic form, printed by StableHLO's own printer, to the StableHLO texts of a corpus.

    generic.py IN.jsonl OUT.jsonl

Only StableHLO lines are written: upstream MLIR has no parser for StableHLO's custom form, so parsers are compared on
the generic form. The order of lines is kept; OUT is replaced atomically.
"""

import json
import os
import sys

from jax.interpreters import mlir as jax_mlir
from jaxlib.mlir import ir


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = sys.argv[1:]
    written = 0
    with open(source, encoding="utf-8") as lines, open(target + ".part", "w", encoding="utf-8") as out:
        for line in lines:
            row = json.loads(line)
            if row["dialect"] != "stablehlo":
                continue
            with jax_mlir.make_ir_context():
                module = ir.Module.parse(row["text"])
                row["generic"] = module.operation.get_asm(print_generic_op_form=True)
            out.write(json.dumps(row, sort_keys=True) + "\n")
            written += 1
    os.replace(target + ".part", target)
    print(f"{written} StableHLO texts with their generic form", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
