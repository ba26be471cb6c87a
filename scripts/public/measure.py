#!/usr/bin/env python3
"""Acceptance of MLIR's own tests, with upstream's parser as the judge.

The tests are split at `// -----`. A text counts if `mlir-opt` verifies it without running a pass, with
`--allow-unregistered-dialect` where the file's RUN lines have it. For each dialect the table shows how many of those
texts are read without an error, how many operations of the dialect are read by its own syntax, whether upstream
accepts what is printed of them, and whether printing it again changes nothing.

usage: measure.py --tool target/release/examples/read_texts --work target/public [--verbose N] FOLDER...
"""

import argparse
import bisect
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys

# Dialects whose operations are read by their own syntax.
LISTED = (
    "func arith math tensor linalg affine scf memref vector cf tosa bufferization complex index gpu llvm ub builtin"
).split()
SPLIT = re.compile(r"^[ \t]*// -----.*$", re.MULTILINE)
UNREGISTERED = "allow-unregistered-dialect"
# Texts whose prints one process of upstream reads.
BATCH = 100


def texts(folders: list[str]):
    """Name, text and options for upstream of every piece of every file."""
    for folder in folders:
        for file in sorted(pathlib.Path(folder).rglob("*.mlir")):
            try:
                whole = file.read_text()
            except UnicodeDecodeError:
                continue
            unregistered = any(UNREGISTERED in line for line in whole.splitlines() if "RUN:" in line)
            for number, piece in enumerate(SPLIT.split(whole)):
                if piece.strip():
                    yield f"{file}#{number}", piece, unregistered


class Judge:
    """Upstream's answers, kept in a file by the hash of the text."""

    def __init__(self, program: str, file: pathlib.Path):
        self.program, self.file, self.known = program, file, {}
        if file.exists():
            self.known = dict(line.split() for line in file.read_text().splitlines())

    def key(self, text: str, unregistered: bool) -> str:
        return hashlib.sha256(f"{unregistered}\0{text}".encode()).hexdigest()

    def run(self, batch: list[str], unregistered: bool) -> tuple[bool, set[int]]:
        """Whether upstream verifies all texts of a batch, and which ones it has errors for."""
        options = [f"--{UNREGISTERED}"] if unregistered else []
        command = [self.program, "--split-input-file", "-o", "/dev/null", *options, "-"]
        whole, starts = "", []
        for text in batch:
            starts.append(whole.count("\n") + 1)
            whole += text + "\n// -----\n"
        try:
            run = subprocess.run(command, input=whole.encode(), capture_output=True, check=False, timeout=120)
        except subprocess.TimeoutExpired:
            return False, set()
        lines = re.findall(r"^<stdin>:(\d+):\d+: error", run.stderr.decode(errors="replace"), re.MULTILINE)
        return run.returncode == 0, {bisect.bisect_right(starts, int(line)) - 1 for line in lines}

    def judge(self, all_texts: list[tuple[str, bool]]):
        """Whether upstream verifies each text."""
        for unregistered in (False, True):
            todo = sorted({text for text, flag in all_texts if flag == unregistered})
            todo = [text for text in todo if self.key(text, unregistered) not in self.known]
            for start in range(0, len(todo), BATCH):
                self.some(todo[start : start + BATCH], unregistered)
                if start // BATCH % 16 == 15:
                    print(f"  judged {start} of {len(todo)}", file=sys.stderr)
                    self.save()
        self.save()
        return [self.known[self.key(text, flag)] == "1" for text, flag in all_texts]

    def some(self, batch: list[str], unregistered: bool):
        """Judge a batch: texts with errors are taken out until upstream verifies the rest."""
        while batch:
            good, bad = self.run(batch, unregistered)
            if not good and not bad and len(batch) > 1:
                # A crash, or an error elsewhere than in the text.
                half = len(batch) // 2
                self.some(batch[:half], unregistered)
                self.some(batch[half:], unregistered)
                return
            bad = bad if bad or good else {0}
            for number, text in enumerate(batch):
                if good or number in bad:
                    self.known[self.key(text, unregistered)] = str(int(number not in bad))
            batch = [] if good else [text for number, text in enumerate(batch) if number not in bad]

    def save(self):
        part = self.file.with_suffix(".part")
        part.write_text("".join(f"{key} {value}\n" for key, value in self.known.items()))
        part.rename(self.file)


def read(tool: str, folder: pathlib.Path, pieces: list[str]) -> list[dict]:
    """What our parser makes of each text."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, piece in enumerate(pieces):
        path = folder / f"{number}.mlir"
        path.write_text(piece)
        paths.append(str(path))
    run = subprocess.run([tool], input="\n".join(paths), capture_output=True, check=True, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def upstream_prints(judge: Judge, tool: str, folder: pathlib.Path, pieces: list[str], flags: list[bool], count: int):
    """How many of the texts are read as upstream prints them: as they are, with locations, in generic form."""
    for kind, options in (("plain", []), ("with locations", ["--mlir-print-debuginfo"]), ("generic", ["--mlir-print-op-generic"])):
        printed = []
        for unregistered in (False, True):
            chosen = [piece for piece, flag in zip(pieces, flags) if flag == unregistered]
            command = [judge.program, "--split-input-file", *options, *([f"--{UNREGISTERED}"] if unregistered else []), "-"]
            for start in range(0, len(chosen), BATCH):
                whole = "\n// -----\n".join(chosen[start : start + BATCH])
                run = subprocess.run(command, input=whole.encode(), capture_output=True, check=False)
                printed += [text for text in SPLIT.split(run.stdout.decode(errors="replace")) if text.strip()]
        answers = read(tool, folder / kind.replace(" ", "-"), printed)
        wrong = [answer for answer in answers if answer["errors"]]
        warned = sum(bool(answer["warnings"]) for answer in answers)
        print(f"printed by upstream, {kind}: {share(len(answers) - len(wrong), len(answers))} of {len(answers)} read, {warned} with warnings")
        for answer in wrong[:count]:
            print(f"  {answer['path']}:{answer['errors'][0]['line']}: {answer['errors'][0]['message']}")


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


class Row:
    """Counts of one dialect, or of all."""

    def __init__(self):
        self.texts = self.read = self.operations = self.own = self.printed = self.taken = self.stable = 0

    def add(self, answer: dict, operations: int, guessed: int, taken: bool):
        self.texts += 1
        self.read += not answer["errors"]
        self.operations += operations
        self.own += operations - guessed
        if not answer["errors"]:
            self.printed += 1
            self.taken += taken
            self.stable += answer["idempotent"]

    def show(self, name: str) -> str:
        cells = [
            str(self.texts),
            share(self.read, self.texts),
            str(self.operations),
            share(self.own, self.operations),
            share(self.taken, self.printed),
            share(self.stable, self.printed),
        ]
        return f"{name:16}" + "".join(f"{cell:>14}" for cell in cells)


def table(answers, taken) -> str:
    """Rows by dialect: a text counts for every dialect that it has operations of."""
    rows, listed, everything = collections.defaultdict(Row), Row(), Row()
    for answer, accepted in zip(answers, taken):
        operations, guessed = answer["operations"], answer["guessed"]
        by_dialect = collections.Counter()
        for name, count in guessed.items():
            by_dialect[name.split(".")[0]] += count
        for dialect, count in operations.items():
            rows[dialect].add(answer, count, by_dialect[dialect], accepted)
        total = (sum(operations.values()), sum(by_dialect.values()))
        everything.add(answer, *total, accepted)
        if operations and all(dialect in LISTED for dialect in operations):
            listed.add(answer, *total, accepted)
    head = ["texts", "read", "operations", "own syntax", "print taken", "print stable"]
    lines = [f"{'dialect':16}" + "".join(f"{cell:>14}" for cell in head)]
    lines += [rows[name].show(name) for name in LISTED if name in rows]
    others = [name for name in sorted(rows, key=lambda n: -rows[n].texts) if name not in LISTED]
    lines += ["", *[rows[name].show(name[:15]) for name in others[:24]]]
    lines += ["", listed.show("only listed"), everything.show("all")]
    return "\n".join(lines)


def problems(names, pieces, answers, taken, count: int):
    """The most common messages, texts with unstable prints, and prints that upstream refuses."""
    warnings = [
        f"{name}:{warning['line']}: {warning['message']}"
        for name, answer in zip(names, answers)
        for warning in answer["warnings"]
    ]
    print(f"{len(warnings)} warnings")
    for warning in warnings[:count]:
        print(f"  {warning}")
    messages, examples = collections.Counter(), {}
    guessed = collections.Counter()
    for name, answer in zip(names, answers):
        for error in answer["errors"][:1]:
            message = re.sub(r"`[^`]*`", "`_`", error["message"])
            messages[message] += 1
            examples.setdefault(message, []).append(f"{name}:{error['line']}: {error['message']}")
        for operation, number in answer["guessed"].items():
            if operation.split(".")[0] in LISTED:
                guessed[operation] += number
    for message, number in messages.most_common(count):
        print(f"{number:6} {message}")
        for example in examples[message][:3]:
            print(f"         {example}")
    print("\nlisted operations that were not read by their own syntax:")
    print("  " + ", ".join(f"{name} {number}" for name, number in guessed.most_common(count)))
    for what, bad in (
        ("upstream refuses the print", [i for i, a in enumerate(answers) if not a["errors"] and not taken[i]]),
        ("print is not stable", [i for i, a in enumerate(answers) if not a["errors"] and not a["idempotent"]]),
    ):
        print(f"\n{what}: {len(bad)}")
        for i in bad[:count]:
            print(f"  {names[i]} ({answers[i]['path']})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="folders with tests, searched for *.mlir")
    parser.add_argument("--tool", required=True, help="the example read_texts of crate ir")
    parser.add_argument("--work", required=True, help="folder for the pieces and upstream's answers")
    parser.add_argument("--judge", default="mlir-opt-22", help="upstream's tool")
    parser.add_argument("--verbose", type=int, default=0, help="show this many of the most common problems")
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work)
    judge = Judge(arguments.judge, work / "judged.txt")
    everything = list(texts(arguments.folders))
    verified = judge.judge([(piece, flag) for _, piece, flag in everything])
    kept = [text for text, good in zip(everything, verified) if good]
    print(f"{len(everything)} texts, {len(kept)} verified by upstream")
    names, pieces, flags = (list(column) for column in zip(*kept))
    answers = read(arguments.tool, work / "pieces", pieces)
    prints = [pathlib.Path(answer["path"] + ".printed").read_text() for answer in answers]
    taken = judge.judge(list(zip(prints, flags)))
    print(table(answers, taken))
    print()
    upstream_prints(judge, arguments.tool, work / "prints", pieces, flags, arguments.verbose)
    if arguments.verbose:
        print()
        problems(names, pieces, answers, taken, arguments.verbose)


if __name__ == "__main__":
    main()
