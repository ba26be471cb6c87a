#!/usr/bin/env python3
"""A labelling worker without LLVM, for tests of what carries its labels: they are numbers made from the text.

It speaks the lines of `hardwire dataset worker`. A text whose hash starts with 0 ends it, as a fatal error in LLVM would; one with
1 has no labels. The environment variable LABELLER_VERSION replaces its version.
"""

import hashlib
import json
import os
import sys
from typing import Any


def labels(number: int) -> dict[str, Any]:
    count, share = number % 1000, number / 2**64
    registers = {"general": count % 31, "vector": count % 7, "float": None, "mask": 1}
    return {
        "pressure": registers,
        "registers_used": registers,
        "live_across_call": registers,
        "spills": count,
        "reloads": count,
        "spills_dynamic": count / 3,
        "reloads_dynamic": count / 7,
        "spill_bytes": 8 * count,
        "stack_bytes": 8 * count,
        "instructions_static": count,
        "instructions_dynamic": count * share,
        "cycles": number / 1e3,
        "ipc": share,
        "busiest_port": "P0",
        "port_utilization": share,
        "ports": [{"name": "P0", "utilization": share}],
        "calls": 0,
        "calls_dynamic": 0.1 + share,
        "frequencies": {"exact": False, "source": "data_dependent", "estimated_share": share / 3},
        "instructions_unmodelled": 0,
    }


def reply(job: dict[str, Any], targets: list[str]) -> dict[str, Any]:
    digest = hashlib.sha256(job["text"].encode()).hexdigest()
    if digest.startswith("0"):
        os._exit(3)
    if digest.startswith("1"):
        return {"id": job["id"], "functions": [], "failure": {"phase": "lower", "reason": "its hash starts with 1"}}
    number = int(digest[:16], 16)
    of = [{"target": target, "outcome": {"labels": labels(number + at)}} for at, target in enumerate(targets)]
    return {"id": job["id"], "functions": [{"function": "f", "targets": of}], "failure": None}


def main() -> None:
    assert sys.argv[1:] == ["dataset", "worker"], sys.argv
    for line in sys.stdin:
        batch = json.loads(line)
        answer: dict[str, Any] = {"replies": [reply(job, batch["targets"]) for job in batch["jobs"]]}
        if not batch["jobs"]:
            answer["toolchain"] = {
                "llvm_version": os.environ.get("LABELLER_VERSION", "0"),
                "mlir_pipelines": [],
                "llvm_pipeline": "",
                "codegen_options": [],
                "targets": [],
                "simulator": "none",
                "settings": batch["settings"],
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
