"""Names of MLIR operations outside the operation registry.

A file that spells an operation's name to decide what the operation does holds a fact that belongs into
`ir/src/registry`. `ALLOWED` lists the files that spell names for other reasons.
"""

import os
import re

import rust_source

DIALECTS = (
    "affine|arith|bufferization|builtin|cf|chlo|complex|func|gpu|index|linalg|llvm|math|memref|mhlo|ml_program|scf|"
    "stablehlo|tensor|tosa|ub|vector"
)
NAME = re.compile(rf"(?<![\w.!#])(?:{DIALECTS})\.(?!html|toml|json|rs\b)[a-z][\w.]*")

# Folder or file to the reason why it may spell names.
ALLOWED = {
    "ir/src/registry": "the registry itself",
}


def allowed(file):
    return any(file == place or file.startswith(place + "/") for place in ALLOWED)


def report(sources):
    """Lines `file:line: name`, one for each name that a string literal outside tests spells."""
    lines = []
    for source in sources:
        for file in sorted(rust_source.modules(source).values()):
            if allowed(file) or os.path.basename(file) in ("tests.rs",) or "/tests/" in file:
                continue
            text = open(file, encoding="utf-8").read()
            code, strings = rust_source.scan(text)
            tests = rust_source.test_modules(code)
            for offset, content in strings:
                if not any(start <= offset < end for start, end in tests):
                    line = text.count("\n", 0, offset) + 1
                    lines += [f"{file}:{line}: {name} outside the operation registry" for name in NAME.findall(content)]
    return lines
