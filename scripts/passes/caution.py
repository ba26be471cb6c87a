"""How the default of --caution was chosen: caution.py CORPUS.parquet FITS

FITS is the folder where `make evaluate` keeps its fits (target/costmodel). A decision is one over the affine source text of a kernel:
to keep it, or to take a variant of one step or another schedule. Predictions are by the shipped model fitted without the kernel's
family; intervals of ratios are calibrated on the other folds, as `costmodel/training/src/ratios.rs` does. Prints, for each caution and for a
constant margin on the ratio instead, the regret against the best variant and how often the choice is slower than the source text by
over 2 %. Needs numpy and pyarrow.
"""

import collections
import json
import re
import sys

import numpy as np
import pyarrow.parquet

TARGETS = ["skylake_avx512", "znver4", "neoverse_v1", "sifive_x280"]
OUTPUTS, SPILLS, CYCLES = 34, 8, 20  # Quantities in the order of `costmodel::quantity`, four targets each.
FOLDS = 5
# Executed quantities that training leaves out: `costmodel/training/src/corpus_rows.rs`.
FEWEST_INSTRUCTIONS, MOST_GUESSED = 10, 0.1
SOURCE = "affine-s0"
CANDIDATE = re.compile(r"affine-s\d(-(unroll[248]|jam[24]|tile(8|16|32)|vectorize(4|8|16)))?$")
# As in `costmodel/training`: variants of a kernel that are paired, and the floor of a doubt.
MOST_VARIANTS, FLOOR_SHARE, FLOOR, NOMINAL = 12, 0.3, 0.01, 0.9
SLOWER = np.log(1.02)


def read(corpus, fits):
    """Columns of the corpus, and prediction and doubt of each row and output by the fit that left its family out."""
    names = ["source", "family", "kernel", "variant", "family_fold", "hnlpu_unplaced_operations"]
    for target in TARGETS:
        names += [f"{target}_{name}" for name in ("cycles", "spills", "instructions_executed", "estimated_cycles_share")]
    table = pyarrow.parquet.read_table(corpus, columns=names).to_pydict()
    columns = {name: np.array(values, dtype=float) for name, values in table.items() if name.startswith(tuple(TARGETS))}
    columns |= {name: np.array(table[name]) for name in names if name not in columns}
    # Rows without any label have no prediction.
    labelled = (columns["hnlpu_unplaced_operations"] == 0) | ~np.isnan([columns[f"{one}_spills"] for one in TARGETS]).all(axis=0)
    folds = columns["family_fold"].astype(int) % FOLDS
    answers = np.full((len(folds), OUTPUTS, 2), np.nan)
    for fold in range(FOLDS):
        header, body = open(f"{fits}/families-{fold}-shipped.answers", "rb").read().split(b"\n", 1)
        rows = np.flatnonzero((folds == fold) & labelled)
        expected = (len(rows), OUTPUTS)
        found = json.loads(header)
        if (found["rows"], found["outputs"]) != expected:
            sys.exit(f"{fits}: fold {fold} has {found['rows']} rows of {found['outputs']} outputs, the corpus {expected}")
        answers[rows] = np.frombuffer(body, "<f4").reshape(*expected, 2)
    return columns, folds, answers


def calibrated(families, errors, doubts):
    """Floor and factor of the half width of a logarithm; families have equal weight, and one more is never covered."""
    floor = max(FLOOR_SHARE * np.median(doubts), FLOOR)
    scores = errors / (floor + doubts)
    _, place, count = np.unique(families, return_inverse=True, return_counts=True)
    order = np.argsort(scores)
    covered = np.cumsum(1 / (count[place] * (len(count) + 1))[order])
    return floor, scores[order][min(np.searchsorted(covered, NOMINAL), len(scores) - 1)]


def decisions(columns, folds, answers, at):
    """The decisions for a target: predicted gains, half widths and true gains as logarithms, which candidates spill more, and the row
    of the source text."""
    target = TARGETS[at]
    cycles = columns[f"{target}_cycles"].copy()
    cycles[columns[f"{target}_instructions_executed"] < FEWEST_INSTRUCTIONS] = np.nan
    cycles[columns[f"{target}_estimated_cycles_share"] > MOST_GUESSED] = np.nan
    truth = np.log(cycles)
    predicted = np.log(np.maximum(np.expm1(answers[:, CYCLES + at, 0]), 1e-9))
    doubt = answers[:, CYCLES + at, 1]
    spills = np.floor(np.maximum(np.expm1(answers[:, SPILLS + at, 0]), 0))
    kernels = collections.defaultdict(list)
    for row, kernel in enumerate(zip(columns["source"], columns["kernel"])):
        if np.isfinite(truth[row]) and np.isfinite(predicted[row]):
            kernels[kernel].append(row)
    first, second = [], []
    for rows in kernels.values():
        some = rows[:: -(-len(rows) // MOST_VARIANTS)]
        above = np.triu_indices(len(some), 1)
        first.append(np.array(some)[above[0]])
        second.append(np.array(some)[above[1]])
    first, second = np.concatenate(first), np.concatenate(second)
    errors = np.abs(predicted[second] - predicted[first] - truth[second] + truth[first])
    widths = []
    for fold in range(FOLDS):
        other = folds[first] != fold
        widths.append(calibrated(columns["family"][first[other]], errors[other], (doubt[first] + doubt[second])[other]))
    for rows in kernels.values():
        source = [row for row in rows if columns["variant"][row] == SOURCE]
        others = np.array([row for row in rows if row not in source and CANDIDATE.match(columns["variant"][row])])
        if not source or len(others) < 3:
            continue
        source = source[0]
        floor, factor = widths[folds[source]]
        half = factor * (floor + doubt[source] + doubt[others])
        gains, true = predicted[source] - predicted[others], truth[source] - truth[others]
        yield gains, half, true, spills[others] > spills[source], source


def choice(gains, halves, spilling, certain):
    """The place of the choice or None, as `Search::predict` decides."""
    free = np.flatnonzero(certain & ~spilling)
    chosen = free[np.argmax(gains[free])] if len(free) else None
    bar = gains[chosen] if len(free) else 0.0
    spills = np.flatnonzero(certain & spilling & (gains - halves > bar))
    return spills[np.argmax(gains[spills])] if len(spills) else chosen


def main():
    columns, folds, answers = read(*sys.argv[1:])
    every = [one for at in range(len(TARGETS)) for one in decisions(columns, folds, answers, at)]
    sources = {one[4] for one in every}
    families = {columns["family"][row] for row in sources}
    print(f"{len(every)} decisions over {len(sources)} kernels of {len(families)} families\n")
    print("| rule | regret | changed, % | slower by over 2 %, % |\n| --- | ---: | ---: | ---: |")
    rules = [(f"caution {part:.2f}", lambda gain, half, part=part: gain > part * half) for part in np.arange(0, 1.51, 0.05)]
    rules += [(f"margin {least}", lambda gain, half, least=least: gain >= np.log(least)) for least in (1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0)]
    for name, rule in rules:
        chosen = [choice(gains, halves, spilling, rule(gains, halves)) for gains, halves, _, spilling, _ in every]
        gain = np.array([0.0 if place is None else one[2][place] for place, one in zip(chosen, every)])
        best = np.array([max(0.0, one[2].max()) for one in every])
        changed = np.mean([place is not None for place in chosen])
        print(f"| {name} | {np.exp(np.mean(best - gain)):.4f} | {100 * changed:.1f} | {100 * np.mean(gain < -SLOWER):.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
