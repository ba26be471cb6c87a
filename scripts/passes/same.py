"""The plugin, the command and its schedules decide alike: same.py PLUGIN HARDWIRE FILE...

Compares the steps of every nest and the modules; then runs schedules with stock mlir-opt and compares what they give.
"""

import collections
import json
import os
import subprocess
import sys
import tempfile

import tools


def key(decision):
    return decision["function"], decision["nest"], decision["nests"], decision["steps"]


def main():
    plugin, command, *paths = sys.argv[1:]
    return 1 if sum(decisions(plugin, command, path) + schedules(command, path) for path in paths) else 0


def canonical(text, schedule=None):
    """A module after a script and canonicalisation, without comments."""
    script = f"transform-preload-library{{transform-library-paths={schedule}}},transform-interpreter," if schedule else ""
    return tools.opt(f"{script}func.func(canonicalize,cse,canonicalize)", text, extra=("--mlir-print-local-scope",))[0]


def schedules(command, path):
    """Schedules of steps that upstream has, by stock mlir-opt against the command's module."""
    failed = taken = 0
    for flags in (["--decisions", "jam,unroll", "--depth", "1", "--caution", "0"], ["--decisions", "hoist,unroll", "--caution", "0.1"]):
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "schedule.mlir")
            run = [command, "optimize", path, "--target", "znver4", *flags, "--emit-schedule", script, "--format", "json"]
            answer = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
            changed = sum(one["steps"] != "keep" for one in answer["nests"])
            omitted = {one["function"] for one in answer["not_in_schedule"]}
            given = functions(canonical(open(path, encoding="utf-8").read(), script))
            wanted = functions(canonical(answer["module"]))
        # A function with a part that upstream cannot do is another one.
        different = [name for name in wanted if name not in omitted and wanted[name] != given.get(name)]
        for name in different:
            print(f"{name}: the schedule gives another function ({' '.join(flags)})")
        failed += len(different)
        taken += changed - len(answer["not_in_schedule"])
        print(f"{path}: {changed} nests changed, {len(answer['not_in_schedule'])} not in the schedule, "
              f"{len(different)} functions differ ({' '.join(flags)})")
    # A comparison of nothing shows nothing.
    return failed + (taken == 0)


def functions(text):
    """The text of each function by name."""
    parts = text.split("func.func @")[1:]
    return {part[: part.index("(")]: part for part in parts}


def decisions(plugin, command, path):
    """How many decisions and modules differ between plugin and command."""
    failed = 0
    for options, flags in (
        ("target=skylake-avx512", ["--target", "skylake-avx512"]),
        ("target=znver4 depth=1 caution=0 reassociate=true",
         ["--target", "znver4", "--depth", "1", "--caution", "0", "--reassociate"]),
        ("target=hnlpu depth=1 decisions=interchange,unroll", ["--design", "hnlpu", "--depth", "1", "--decisions", "interchange,unroll"]),
    ):
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report.jsonl")
            pipeline = f"func.func(hardwire-optimize{{{options} remarks=false report={report}}})"
            text, _ = tools.opt(pipeline, open(path, encoding="utf-8").read(), plugin)
            # Functions are decided on several threads: their order in the report is not fixed.
            own = collections.Counter(map(key, map(json.loads, open(report, encoding="utf-8"))))
        done = subprocess.run([command, "optimize", path, *flags, "--format", "json"], capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        other = collections.Counter(map(key, answer["nests"]))
        different = sorted((own - other).keys() | (other - own).keys())
        for one in different:
            print(f"{one}: {own[one]} times by the plugin, {other[one]} by the command ({options})")
        failed += len(different) + (text.strip() != answer["module"].strip())
        changed = sum(count for one, count in own.items() if one[-1] != "keep")
        print(f"{own.total()} decisions, {changed} changed, {len(different)} decided differently, "
              f"modules {'equal' if text.strip() == answer['module'].strip() else 'DIFFERENT'} ({options})")
    return failed


if __name__ == "__main__":
    sys.exit(main())
