"""LLVM's and MLIR's tools, and running programs that the plugin makes. Shared by the scripts beside it."""

import json
import os
import shutil
import subprocess
import sys

# From every dialect that candidates and the comparing program use to the LLVM dialect.
LOWERING = (
    "func.func(convert-linalg-to-affine-loops),lower-affine,func.func(lower-vector-multi-reduction,convert-vector-to-scf),"
    "lower-affine,convert-scf-to-cf,expand-strided-metadata,lower-affine,func.func(arith-expand),convert-math-to-llvm,"
    "convert-math-to-libm,convert-vector-to-llvm,convert-ub-to-llvm,convert-arith-to-llvm,convert-index-to-llvm,"
    "finalize-memref-to-llvm,convert-func-to-llvm,convert-cf-to-llvm,reconcile-unrealized-casts"
)


def tool(name):
    """The path of a tool of LLVM 22, e.g. `mlir-opt`."""
    prefix = os.environ.get("MLIR_SYS_220_PREFIX", "/usr/lib/llvm-22")
    for candidate in (os.path.join(prefix, "bin", name), shutil.which(f"{name}-22")):
        if candidate and os.path.exists(candidate):
            return candidate
    sys.exit(f"{name} of LLVM 22 is not installed: make deps-mlir")


def runner_libraries():
    prefix = os.environ.get("MLIR_SYS_220_PREFIX", "/usr/lib/llvm-22")
    names = ("libmlir_runner_utils.so", "libmlir_c_runner_utils.so")
    return ",".join(os.path.join(prefix, "lib", name) for name in names)


def opt(pipeline, text, plugin=None, extra=()):
    """Runs mlir-opt on a text; returns (output, messages), or raises with its messages."""
    command = [tool("mlir-opt"), f"--pass-pipeline=builtin.module({pipeline})", *extra]
    if plugin:
        command.insert(1, f"--load-pass-plugin={os.path.abspath(plugin)}")
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"mlir-opt --pass-pipeline='{pipeline}': {done.stderr[-2000:]}")
    return done.stdout, done.stderr


def execute(lowered):
    """Runs @main of a module in the LLVM dialect; returns its lines."""
    command = [tool("mlir-runner"), "-e", "main", "--entry-point-result=void", "-O1",
               f"--shared-libs={runner_libraries()}"]
    done = subprocess.run(command, input=lowered, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"mlir-runner ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout.split()


class Journal:
    """Rows of finished work as lines of JSON; without a path they are kept in memory only."""

    def __init__(self, path):
        self.path, self.rows = path, []
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.rows = [json.loads(line) for line in file]

    def append(self, row):
        self.rows.append(row)
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def into_document(path, name, target, text):
    """Replaces what stands between the marks `name` of a document, written by a target of the Makefile."""
    first, last = f"<!-- {name}: written by make {target} -->\n", f"<!-- end of {name} -->"
    with open(path, encoding="utf-8") as file:
        document = file.read()
    start, end = document.index(first) + len(first), document.index(last)
    with open(path, "w", encoding="utf-8") as out:
        out.write(document[:start] + "\n" + text + "\n" + document[end:])
