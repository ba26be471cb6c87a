"""Writes the framework corpus: one JSON line per graph, variant and dialect, the same bytes for the same seed.

The plan is divided into chunks for worker processes. A finished chunk is stored as a file, so a run that was killed
resumes with the missing chunks; the corpus is assembled once all chunks exist.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHUNK_GRAPHS = 48


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="example: framework.py target/corpus/framework.jsonl --seed 1"
    )
    parser.add_argument("output", type=Path, help="JSON-lines file to write; failures go beside it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="worker processes; does not change the output")
    parser.add_argument("--share", type=float, default=1.0, help="share of every family's graphs, 0 to 1")
    parser.add_argument("--family", action="append", default=[], help="only this family (may be repeated)")
    parser.add_argument("--fresh", action="store_true", help="do not use chunks of an earlier run")
    arguments = parser.parse_args()
    if not 0.0 < arguments.share <= 1.0:
        parser.error(f"--share must be above 0 and at most 1, not {arguments.share}")
    if arguments.processes < 1:
        parser.error(f"--processes must be at least 1, not {arguments.processes}")
    return arguments


def refuse(message):
    """Exits with an error message about the arguments."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def make_plan(seed, share, names):
    """The graphs of the chosen families."""
    import families
    import registry

    known = [f.name for f in families.FAMILIES]
    unknown = sorted(set(names) - set(known))
    if unknown:
        refuse(f"no family {', '.join(unknown)}; there are: {', '.join(known)}")
    chosen = [f for f in families.FAMILIES if not names or f.name in names]
    return registry.plan(chosen, seed, share)


def source():
    """The tools that made the texts, with versions."""
    from importlib import metadata

    import tools

    return (
        f"jax {metadata.version('jax')} -> torch-mlir-opt {metadata.version('torch-mlir')} "
        f"--stablehlo-legalize-to-linalg -> mlir-opt {tools.version(tools.mlir_opt())}"
    )


def fingerprint(seed, share, names, versions):
    """A hash over everything that a chunk depends on."""
    digest = hashlib.sha256(f"{seed} {share} {sorted(names)} {CHUNK_GRAPHS} {versions}".encode())
    for path in sorted(HERE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def write(path, lines):
    """Writes a file atomically, through a temporary file."""
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
    os.replace(temporary, path)


_worker = {}


def start_worker(seed, share, names, versions):
    """Sets up a worker process: JAX on the CPU, and the same plan as the parent process."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    sys.path.insert(0, str(HERE))
    _worker.update(graphs=make_plan(seed, share, names), seed=seed, source=versions)


def do_chunk(task):
    """Computes one chunk and stores it."""
    number, path = task
    from chunk import Chunk

    graphs = _worker["graphs"][number * CHUNK_GRAPHS : (number + 1) * CHUNK_GRAPHS]
    lines, failures = Chunk(graphs, _worker["seed"], _worker["source"]).run()
    write(Path(path), [{"lines": lines, "failures": failures}])
    return number, len(lines), len(failures)


def assemble(paths):
    """All lines in the order of their identifiers, without repeated linalg texts."""
    lines, failures = [], []
    for path in paths:
        part = json.loads(path.read_text(encoding="utf-8"))
        lines.extend(part["lines"])
        failures.extend(part["failures"])
    lines.sort(key=lambda l: l["id"])
    # Bases first, so that a variant that equals another graph's base is dropped as the repeat.
    order = sorted(range(len(lines)), key=lambda i: (not lines[i]["id"].endswith("/base"), i))
    owners, repeats = {}, set()
    for index in order:
        line = lines[index]
        if line["dialect"] != "linalg":
            continue
        owner = owners.setdefault(line["text"], line["id"])
        if owner != line["id"]:
            repeats.add(line["id"])
            failures.append(
                {"id": line["id"], "family": line["family"], "stage": "repeat", "reason": f"same text as {owner}"}
            )
    kept = [l for l in lines if l["id"] not in repeats and l.get("twin") not in repeats]
    failures.sort(key=lambda f: (f["id"], f["stage"]))
    return kept, failures


def summary(planned, lines, failures):
    """A readable summary: one count a line."""
    linalg = [l for l in lines if l["dialect"] == "linalg"]
    sizes = sorted(len(l["text"].encode()) for l in linalg)
    broken = [f for f in failures if f["stage"] != "repeat"]
    whole = sum(l["whole_block"] for l in linalg)
    yield f"graphs planned: {planned}"
    yield f"linalg lines: {len(linalg)}, of {sum(l['id'].endswith('/base') for l in linalg)} distinct graphs"
    yield f"kernels: {len({l['kernel'] for l in linalg})}, families: {len({l['family'] for l in linalg})}"
    yield f"stablehlo lines: {sum(l['dialect'] == 'stablehlo' for l in lines)}"
    yield f"stablehlo-generic lines: {sum(l['dialect'] == 'stablehlo-generic' for l in lines)}"
    if linalg:
        yield f"whole blocks: {whole} ({100 * whole / len(linalg):.1f} % of linalg lines)"
        yield f"text bytes: median {sizes[len(sizes) // 2]}, largest {sizes[-1]}, all {sum(sizes)}"
    yield f"repeats dropped: {len(failures) - len(broken)}"
    yield f"failures: {len(broken)} ({100 * len(broken) / max(1, len(broken) + len(lines)):.2f} %)"
    for (stage, reason), count in Counter((f["stage"], f["reason"][:100]) for f in broken).most_common(12):
        yield f"  {count} x {stage}: {reason}"


def main():
    arguments = parse_arguments()
    os.environ["JAX_PLATFORMS"] = "cpu"
    sys.path.insert(0, str(HERE))
    import tools

    started = time.monotonic()
    try:
        versions = source()
        tools.torch_mlir_opt()
    except tools.ToolMissing as missing:
        refuse(str(missing))
    graphs = make_plan(arguments.seed, arguments.share, arguments.family)
    parts = arguments.output.with_name(arguments.output.stem + ".parts")
    folder = parts / fingerprint(arguments.seed, arguments.share, arguments.family, versions)
    if arguments.fresh and parts.is_dir():
        shutil.rmtree(parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"cannot write beside {arguments.output}: {error.strerror}")
    for stale in parts.iterdir():
        if stale != folder:
            shutil.rmtree(stale)
    paths = [folder / f"{n:05}.json" for n in range(-(-len(graphs) // CHUNK_GRAPHS))]
    left = [(n, str(p)) for n, p in enumerate(paths) if not p.is_file()]
    print(f"{len(graphs)} graphs, {len(left)} of {len(paths)} chunks to do", file=sys.stderr)
    done = len(paths) - len(left)
    if left:
        context = multiprocessing.get_context("spawn")
        setting = (arguments.seed, arguments.share, arguments.family, versions)
        with context.Pool(arguments.processes, start_worker, setting) as pool:
            for _, lines, failed in pool.imap_unordered(do_chunk, left):
                done += 1
                seconds = time.monotonic() - started
                print(f"chunk {done}/{len(paths)}: {lines} lines, {failed} failures, {seconds:.0f} s", file=sys.stderr)
    lines, failures = assemble(paths)
    write(arguments.output, lines)
    write(arguments.output.with_name(arguments.output.stem + ".failures.jsonl"), failures)
    for text in summary(len(graphs), lines, failures):
        print(text)
    print(f"{time.monotonic() - started:.0f} s, wrote {arguments.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
