"""Runs `torch-mlir-opt` and `mlir-opt` over many modules in one process.

Modules are joined with `// -----` and identified by their names, because a module that fails has no output. A module
without output is run again alone, once, for its error message; so a crash does not lose the rest of the batch.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SEPARATOR = "\n// -----\n"
TIME_LIMIT_SECONDS = 300
NAME = re.compile(r'module @(g\d+)|sym_name = "(g\d+)"')


class ToolMissing(Exception):
    """A program that the corpus needs is not installed."""


def torch_mlir_opt():
    """Path of `torch-mlir-opt` in the virtual environment of this process."""
    for folder in map(Path, sys.path):
        path = folder / "torch_mlir" / "_mlir_libs" / "torch-mlir-opt"
        if path.is_file():
            return str(path)
    raise ToolMissing("torch-mlir-opt is not in this environment; run `make corpus-env`")


def mlir_opt():
    """Path of upstream's `mlir-opt`, of the version that labels are made with."""
    wanted = os.environ.get("MLIR_OPT", "mlir-opt-22")
    path = shutil.which(wanted)
    if path is None:
        raise ToolMissing(f"{wanted} is not on the path; install mlir-22-tools or set MLIR_OPT")
    return path


def version(binary):
    """The line of `--version` that names the LLVM release."""
    text = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"LLVM version (\S+)", text).group(1)


def named(name, text):
    """The module with a batch name in place of its name and attributes."""
    return re.sub(r"^module( @[\w$.]+)?( attributes \{[^\n]*\})? \{$", f"module @{name} {{", text, count=1, flags=re.M)


def unnamed(text):
    """The module without its batch name."""
    text = re.sub(r"^module @g\d+ \{$", "module {", text, count=1, flags=re.M)
    return re.sub(r'<\{sym_name = "g\d+"\}> ', "", text, count=1)


def _run(binary, arguments, text):
    command = [binary, "--split-input-file", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS)


def _reason(result):
    for line in result.stderr.splitlines():
        if "error:" in line:
            return re.sub(r"^\S*?:\d+:\d+: ", "", line)[:300]
    return f"exit code {result.returncode}"


def _collect(output):
    found = {}
    for part in output.split("// -----"):
        match = NAME.search(part)
        if match:
            found[match.group(1) or match.group(2)] = part.strip("\n") + "\n"
    return found


def run(binary, arguments, modules):
    """Runs the tool over `modules` (name to text, names as in `named`); returns results and reasons for failure."""
    if not modules:
        return {}, {}
    try:
        done = _collect(_run(binary, arguments, SEPARATOR.join(modules.values())).stdout)
    except subprocess.TimeoutExpired:
        done = {}
    failed = {}
    for name in modules.keys() - done.keys():
        try:
            alone = _run(binary, arguments, modules[name])
        except subprocess.TimeoutExpired:
            failed[name] = f"no result after {TIME_LIMIT_SECONDS} s"
            continue
        results = _collect(alone.stdout) if alone.returncode == 0 else {}
        if name in results:
            done[name] = results[name]
        else:
            failed[name] = _reason(alone)
    return done, failed
