"""Writes a small slice of the framework corpus for tests: a linalg line of every family, some StableHLO with its twin.

Takes short texts, because tests read all of them, and another variant and type for each family.
"""

import json
import sys
from pathlib import Path

from framework import write

MOST_BYTES = 4500
STABLEHLO_EVERY = 5
GENERIC = 4


def pick(lines):
    """The lines of the slice, in the corpus's order."""
    by_id = {l["id"]: l for l in lines}
    families = sorted({l["family"] for l in lines})
    kept = {}

    def keep(line):
        kept[line["id"]] = line
        if "twin" in line:
            keep(by_id[line["twin"]])

    def short(family, dialect):
        return [
            l for l in lines
            if l["family"] == family and l["dialect"] == dialect and len(l["text"].encode()) <= MOST_BYTES
        ]

    for number, family in enumerate(families):
        candidates = short(family, "linalg")
        # Every third family gets a variant other than the base, if it has a short one.
        other = [l for l in candidates if not l["variant"].endswith("/base")]
        candidates = other if number % 3 == 0 and other else candidates
        keep(candidates[(number * 7) % len(candidates)])
        if number % STABLEHLO_EVERY == 0:
            for line in short(family, "stablehlo")[:1]:
                keep(line)
    wholes = [l for l in lines if l["whole_block"] and l["dialect"] == "linalg"]
    for line in sorted(wholes, key=lambda l: (len(l["text"]), l["id"]))[:3]:
        keep(line)
    generic = [l for l in lines if l["dialect"] == "stablehlo-generic" and len(l["text"].encode()) <= MOST_BYTES]
    for line in generic[:: max(1, len(generic) // GENERIC)][:GENERIC]:
        keep(line)
        keep(by_id[line["id"].removesuffix("-generic")])
    return [kept[name] for name in sorted(kept)]


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: fixture.py CORPUS.jsonl FIXTURE.jsonl")
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    write(Path(sys.argv[2]), pick(lines))


if __name__ == "__main__":
    main()
