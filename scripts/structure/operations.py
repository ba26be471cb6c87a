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
    "ir/src/parse/dialects": "irregular readers build the operations that a custom form implies (terminators, named bodies)",
    "ir/src/tokenizer/mod.rs": "a sample text that resets the reader",
    "ir/src/mlir": "text handed to upstream MLIR, pass pipelines, and upstream's own operations and intrinsics",
    "sim/workload/src/emit": "writes MLIR",
    "sim/workload/src/program.rs": "an error message that says what is accepted",
    "costmodel/corpus/src": "writes and varies MLIR; which operations a split leaves out",
    "costmodel/src/predictor/explain.rs": "writes the cast that stands for an operation made free",
    "costmodel/training/src/corpus_rows.rs": "finds the public function in a corpus text",
    "passes/src/execute.rs": "a pass pipeline",
    "passes/src/optimize.rs": "a pass pipeline",
    "src/cli": "examples in help texts",
    "src/commands/dataset/passes.rs": "a pass pipeline",
    "src/commands/optimize.rs": "an error message that says what is accepted",
    "src/commands/workload/mod.rs": "an error message that says what is accepted",
    "src/commands/workload/place.rs": "an error message that says what is accepted",
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
