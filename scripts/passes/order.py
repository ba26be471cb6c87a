"""How well labels and predictions order native times: order.py PLUGIN COMMAND NESTS FILE... [--journal FILE] [--document FILE].

NESTS is what the example `regret` writes with --nests: the candidates of every nest, with the cycles that LLVM's back end gives them
(labels) and those that the model predicts. Some of them are compiled to native code and run in turns, as native.py does; their
shortest times are compared with labels, with predictions, and with the greater of either and of the cycles of the simulated caches
(`hardwire caches`). Times are kept in the journal, so an interrupted run goes on where it ended.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile

import native
import semantics
import tools

GROUP = "all, one step"
# Pairs that differ by less are not counted; the second is about the noise of a shared machine.
LEAST = (1.1, 1.3)
ORDERS = ("labels", "labels and caches", "predictions", "predictions and caches")


def kind(steps):
    """The kind of the last step."""
    return re.split(r"[:+]", steps.split("+")[-1])[0]


def predictions(nest):
    """Predicted cycles by steps."""
    return {one["steps"]: one["predicted"] for one in nest["candidates"] if one["predicted"] is not None}


def cache_cycles(command, texts, target, folder):
    """Cycles that the simulated caches give to the first function of each text; None where they cannot say."""
    found = []
    for number, text in enumerate(texts):
        path = os.path.join(folder, f"caches{number}.mlir")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        done = subprocess.run([command, "caches", path, "--target", target, "--format", "json"], capture_output=True, text=True)
        answers = json.loads(done.stdout) if done.returncode == 0 else []
        found.append(answers[0]["memory_cycles"] if answers else None)
    return found


def measured(text, nest, given):
    """Native seconds and cycles of some candidates of a nest, the original first."""
    cycles = {steps: cost[0] for steps, cost in nest["measured"].items()}
    predicted = predictions(nest)
    steps = sorted((step for step in cycles if step != "keep" and step in predicted), key=lambda step: (cycles[step], step))
    steps = ["keep", *native.spread(steps, given.candidates)]
    with tempfile.TemporaryDirectory() as folder:
        texts = {"keep": tools.opt("func.func(canonicalize)", text)[0]}
        for step in steps[1:]:
            texts[step], _ = tools.opt(f"func.func(hardwire-optimize{{apply={step} remarks=false}})", text, given.plugin)
        libraries = {"original" if step == "keep" else step: native.build(other, folder, f"form{number}", as_labelled=True)
                     for number, (step, other) in enumerate(texts.items())}
        times = native.shortest(libraries, text, given.rounds)
        times["keep"] = times.pop("original")
        caches = cache_cycles(given.command, list(texts.values()), given.target, folder)
    return [{"steps": step, "seconds": times[step], "label": cycles[step], "caches": memory} for step, memory in zip(texts, caches)]


def values(row, predicted, order):
    """What an order compares of a candidate."""
    value = row["label"] if order.startswith("labels") else predicted[row["steps"]]
    return max(value, row["caches"] or 0.0) if order.endswith("caches") else value


def geometric(numbers):
    return math.exp(sum(map(math.log, numbers)) / len(numbers)) if numbers else math.nan


def table(results, nests):
    """Order and regret, by kind of step."""
    lines = ["| steps | compared by | nests | pairs over 10 % | tau | pairs over 30 % | tau | regret | worst |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    kinds = sorted({kind(row["steps"]) for rows in results.values() for row in rows if row["steps"] != "keep"})
    for name in ["all", *kinds]:
        for order in ORDERS:
            taus = {least: [] for least in LEAST}
            pairs = {least: 0 for least in LEAST}
            regrets = []
            for function, rows in results.items():
                nest = nests[function]
                predicted = predictions(nest)
                rows = [row for row in rows if row["steps"] in predicted and (name == "all" or kind(row["steps"]) in (name, "keep"))]
                if len(rows) < 2:
                    continue
                value = [values(row, predicted, order) for row in rows]
                for least in LEAST:
                    signs = [math.copysign(1, (value[j] - value[i]) * (rows[j]["seconds"] - rows[i]["seconds"]))
                             if value[i] != value[j] else 0
                             for i in range(len(rows)) for j in range(i)
                             if max(rows[i]["seconds"] / rows[j]["seconds"], rows[j]["seconds"] / rows[i]["seconds"]) > least]
                    if signs:
                        pairs[least] += len(signs)
                        taus[least].append(sum(signs) / len(signs))
                chosen = rows[min(range(len(rows)), key=value.__getitem__)]
                regrets.append(chosen["seconds"] / min(row["seconds"] for row in rows))
            if not regrets:
                continue
            cells = " | ".join(f"{pairs[least]} | {sum(taus[least]) / max(len(taus[least]), 1):.2f}" for least in LEAST)
            lines.append(f"| {name} | {order} | {len(regrets)} | {cells} | {geometric(regrets):.2f} | {max(regrets):.1f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plugin")
    parser.add_argument("command", help="the command hardwire")
    parser.add_argument("nests", help="what regret --nests wrote, for the target")
    parser.add_argument("files", nargs="+", metavar="FILE", help="the files that regret was given")
    parser.add_argument("--target", default="znver4")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--candidates", type=int, default=10, help="of a nest, evenly over their labels")
    parser.add_argument("--journal", help="file of finished nests")
    parser.add_argument("--document", help="file whose table is replaced")
    given = parser.parse_args()

    texts = {re.search(r"func\.func @(\w+)", text).group(1): text for file in given.files for text in semantics.functions(file)}
    with open(given.nests, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    count = {}
    for line in lines:
        if line["group"] == GROUP:
            count[line["function"]] = count.get(line["function"], 0) + 1
    # Steps are applied to all nests of a function: only functions of one nest are compared.
    nests = {line["function"]: line for line in lines if line["group"] == GROUP and count[line["function"]] == 1}
    journal = tools.Journal(given.journal)
    known = {row["text"]: row["rows"] for row in journal.rows}
    results = {}
    for place, (function, nest) in enumerate(nests.items()):
        text = texts[function]
        if "tensor" in text:
            continue
        if text not in known:
            print(f"{place + 1} of {len(nests)}: @{function}", file=sys.stderr, flush=True)
            known[text] = measured(text, nest, given)
            journal.append({"text": text, "rows": known[text]})
        results[function] = known[text]
    written = f"{len(results)} nests, {sum(map(len, results.values()))} forms, {given.target}.\n\n" + table(results, nests)
    print(written, end="")
    if given.document:
        tools.into_document(given.document, "order", "measure-order", written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
