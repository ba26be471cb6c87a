"""The plugin and the command decide alike: same.py PLUGIN HARDWIRE FILE. Compares the steps of every nest and the result."""

import json
import os
import subprocess
import sys
import tempfile

import tools


def main():
    plugin, command, path = sys.argv[1:]
    failed = 0
    for options, flags in (
        ("target=skylake-avx512", ["--target", "skylake-avx512"]),
        ("target=znver4 depth=1 margin=1.02 reassociate=true",
         ["--target", "znver4", "--depth", "1", "--margin", "1.02", "--reassociate"]),
        ("target=hnlpu depth=1 decisions=interchange,unroll", ["--design", "hnlpu", "--depth", "1", "--decisions", "interchange,unroll"]),
    ):
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report.jsonl")
            pipeline = f"func.func(hardwire-optimize{{{options} remarks=false report={report}}})"
            text, _ = tools.opt(pipeline, open(path, encoding="utf-8").read(), plugin)
            # Functions are decided on several threads: their order in the report is not fixed.
            own = {(one["function"], one["nest"]): one["steps"] for one in map(json.loads, open(report, encoding="utf-8"))}
        done = subprocess.run([command, "optimize", path, *flags, "--format", "json"], capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        other = {(one["function"], one["nest"]): one["steps"] for one in answer["nests"]}
        different = sorted(key for key in own.keys() | other.keys() if own.get(key) != other.get(key))
        for key in different:
            print(f"{key}: plugin {own.get(key)}, command {other.get(key)} ({options})")
        failed += len(different) + (text.strip() != answer["module"].strip())
        changed = sum(steps != "keep" for steps in own.values())
        print(f"{len(own)} nests, {changed} changed, {len(different)} decided differently, "
              f"modules {'equal' if text.strip() == answer['module'].strip() else 'DIFFERENT'} ({options})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
