"""Runs the `// RUN:` lines of tests for the plugin: filecheck.py PLUGIN FILE..."""

import os
import shlex
import subprocess
import sys

import tools


def main():
    plugin, files = os.path.abspath(sys.argv[1]), sys.argv[2:]
    opt = f"{tools.tool('mlir-opt')} --load-pass-plugin={shlex.quote(plugin)}"
    failed = ran = 0
    for path in files:
        lines = [line[len("// RUN:"):].strip() for line in open(path, encoding="utf-8") if line.startswith("// RUN:")]
        if not lines:
            sys.exit(f"{path} has no RUN line")
        for line in lines:
            # `not` is for the tool before the pipe: it must fail, and FileCheck must not.
            wanted = 0
            first, _, rest = line.partition(" | ")
            if first.startswith("not "):
                first, wanted = first[len("not "):], 1
            command = first.replace("%opt", opt).replace("%s", shlex.quote(os.path.abspath(path)))
            check = rest.replace("FileCheck", tools.tool("FileCheck"), 1).replace("%s", shlex.quote(path))
            joined = command.endswith(" 2>&1")
            done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True,
                                  stderr=None if joined else subprocess.DEVNULL)
            ran += 1
            found = subprocess.run(check, shell=True, input=done.stdout, text=True)
            if (done.returncode != 0) != bool(wanted) or found.returncode != 0:
                failed += 1
                print(f"FAILED: {path}: {line}\n  mlir-opt ended with {done.returncode}")
    print(f"{ran} RUN lines, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
