"""Checks the framework corpus: every line has the schema, and the generator passes its unit tests.

Usage: check.py [CORPUS.jsonl ...]. Checks the files first, then runs the unit tests.
"""

import collections
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

DIALECTS = {"linalg", "stablehlo", "stablehlo-generic"}
KEYS = {"family", "kernel", "variant", "whole_block", "dialect", "source", "shape_class", "text", "id"}
MOST_TEXT_BYTES = 64 * 1024
MOST_WHOLE_SHARE = 0.08


def problems(lines):
    """The schema violations of a corpus as messages, each with its line number."""
    seen, kernels, texts = {}, {}, {}
    for number, line in enumerate(lines, 1):
        twinned = line.get("dialect") != "linalg"
        if set(line) != KEYS | ({"twin"} if twinned else set()):
            yield f"line {number}: keys {sorted(line)}"
            continue
        text, name = line["text"], line["id"]
        if line["dialect"] not in DIALECTS:
            yield f"line {number}: dialect {line['dialect']}"
        if line["shape_class"] not in {"small", "medium", "large"}:
            yield f"line {number}: shape class {line['shape_class']}"
        if name != f"{line['kernel']}/{line['variant']}" or not line["kernel"].startswith(line["family"] + "/"):
            yield f"line {number}: id {name} is not family, kernel and variant"
        if name in seen:
            yield f"line {number}: id {name} already on line {seen[name]}"
        if seen and name <= next(reversed(seen)):
            yield f"line {number}: id {name} is out of order"
        seen[name] = number
        if kernels.setdefault(line["kernel"], line["whole_block"]) != line["whole_block"]:
            yield f"line {number}: kernel {line['kernel']} is both a whole block and not"
        if len(text.encode()) > MOST_TEXT_BYTES:
            yield f"line {number}: {len(text.encode())} bytes of text"
        if len(re.findall(r"func\.func\b", text)) != 1:
            yield f"line {number}: not exactly one function"
        if line["dialect"] == "linalg":
            if re.search(r"\b(stablehlo|chlo|mhlo)\.", text):
                yield f"line {number}: StableHLO in a linalg line"
            if text in texts:
                yield f"line {number}: same text as line {texts[text]}"
            texts[text] = number
    for number, line in enumerate(lines, 1):
        if "twin" in line and line["twin"] not in seen:
            yield f"line {number}: no line {line['twin']}, its twin"
    linalg = [l for l in lines if l["dialect"] == "linalg"]
    if sum(l["whole_block"] for l in linalg) > MOST_WHOLE_SHARE * len(linalg):
        yield f"more than {MOST_WHOLE_SHARE:.0%} whole blocks"


class Draws(unittest.TestCase):
    def test_same_seed_same_plan(self):
        import families
        import registry

        first = registry.plan(families.FAMILIES, 1, 0.05)
        self.assertEqual(first, registry.plan(families.FAMILIES, 1, 0.05))
        self.assertNotEqual([g.id for g in first], [g.id for g in registry.plan(families.FAMILIES, 2, 0.05)])

    def test_a_kernel_name_fixes_the_arguments(self):
        import families
        import registry

        shapes = collections.defaultdict(set)
        for graph in registry.plan(families.FAMILIES, 1):
            shapes[graph.kernel].add(str(graph.realise()[1]))
        self.assertEqual([k for k, v in shapes.items() if len(v) > 1], [])

    def test_every_family_has_its_share(self):
        import families
        import registry

        counts = collections.Counter(g.family for g in registry.plan(families.FAMILIES, 1))
        for family in families.FAMILIES:
            self.assertGreaterEqual(counts[family.name], 0.6 * family.graphs, family.name)
        self.assertGreaterEqual(len(counts), 20)


class Loops(unittest.TestCase):
    def test_a_while_becomes_an_scf_while_that_counts_as_before(self):
        import loops
        import tools

        counted = """
        func.func @main(%a: tensor<i32>) -> tensor<i32> {
          %0 = stablehlo.while(%i = %a) : tensor<i32> cond {
            %c = stablehlo.constant dense<9> : tensor<i32>
            %1 = stablehlo.compare LT, %i, %c, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %c = stablehlo.constant dense<1> : tensor<i32>
            %1 = stablehlo.add %i, %c : tensor<i32>
            stablehlo.return %1 : tensor<i32>
          }
          return %0 : tensor<i32>
        }"""
        module = tools.named("g0", "module {\n" + counted + "\n}\n")
        options = ["--stablehlo-legalize-to-linalg", "--mlir-print-op-generic"]
        generic, failed = tools.run(tools.torch_mlir_opt(), options, {"g0": module})
        self.assertEqual(failed, {})
        self.assertIn("stablehlo.while", generic["g0"])
        rewritten = loops.rewrite(generic["g0"])
        self.assertNotIn("stablehlo", rewritten)
        printed, failed = tools.run(tools.torch_mlir_opt(), ["--canonicalize"], {"g0": rewritten})
        self.assertEqual(failed, {})
        self.assertEqual(printed["g0"].count("scf.while"), 1)
        self.assertEqual(printed["g0"].count("scf.condition"), 1)
        self.assertEqual(printed["g0"].count("linalg.copy"), 1)

    def test_text_without_loops_is_kept(self):
        import loops

        text = '"builtin.module"() ({\n}) : () -> ()\n'
        self.assertEqual(loops.rewrite(text), text)


class Tools(unittest.TestCase):
    GOOD = "module {\n  func.func @main() {\n    return\n  }\n}\n"

    def test_one_bad_module_costs_only_itself(self):
        import tools

        modules = {
            "g0": tools.named("g0", self.GOOD),
            "g1": tools.named("g1", self.GOOD.replace("return", "retrun")),
            "g2": tools.named("g2", self.GOOD),
        }
        done, failed = tools.run(tools.mlir_opt(), [], modules)
        self.assertEqual(sorted(done), ["g0", "g2"])
        self.assertIn("error:", failed["g1"])
        self.assertIn("module {", tools.unnamed(done["g0"]))

    def test_a_name_replaces_what_jax_wrote(self):
        import tools

        text = "module @jit_f attributes {mhlo.num_partitions = 1 : i32} {\n}\n"
        self.assertEqual(tools.named("g7", text), "module @g7 {\n}\n")


class Texts(unittest.TestCase):
    def test_shape_classes(self):
        import chunk

        self.assertEqual(chunk.shape_class("tensor<4x32xf32> tensor<f32>"), "small")
        self.assertEqual(chunk.shape_class("tensor<64x64xbf16>"), "medium")
        self.assertEqual(chunk.shape_class("tensor<8xf32> tensor<512x512xf32>"), "large")

    def test_what_is_refused(self):
        import chunk

        function = "module {\n  func.func public @main() {\n%s  }\n}\n"
        self.assertIsNone(chunk.refusal(function % ""))
        self.assertIn("left over", chunk.refusal(function % "    chlo.erf\n"))
        self.assertIn("constant", chunk.refusal(function % "    arith.constant dense<1.0> : tensor<200x200xf32>\n"))
        self.assertIn("one function", chunk.refusal("module {\n}\n"))
        self.assertIn("longer", chunk.refusal(function % ("// " + "x" * MOST_TEXT_BYTES)))


class Runs(unittest.TestCase):
    """Small complete runs: in one process, in two, and resumed after a chunk was lost."""

    @classmethod
    def setUpClass(cls):
        import tempfile

        cls.folder = tempfile.TemporaryDirectory()
        cls.outputs = [cls.generate("one", "--processes", "1"), cls.generate("two", "--processes", "2")]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def generate(cls, name, *options):
        path = Path(cls.folder.name) / name / "c.jsonl"
        path.parent.mkdir(exist_ok=True)
        command = [sys.executable, str(HERE / "framework.py"), str(path), "--share", "0.2"]
        for family in ("loop", "softmax", "quantized"):
            command += ["--family", family]
        subprocess.run([*command, *options], check=True, capture_output=True)
        return path

    def test_same_bytes_whatever_the_processes(self):
        self.assertEqual(*(p.read_bytes() for p in self.outputs))

    def test_lines_obey_the_schema(self):
        lines = [json.loads(l) for l in self.outputs[0].read_text().splitlines()]
        self.assertGreater(len(lines), 20)
        self.assertEqual(list(problems(lines)), [])

    def test_a_lost_chunk_is_made_again(self):
        before = self.outputs[1].read_bytes()
        parts = sorted(self.outputs[1].parent.glob("c.parts/*/*.json"))
        parts[0].unlink()
        self.assertEqual(self.generate("two").read_bytes(), before)


def check_file(path):
    """Exits with the schema violations of a corpus file, if it has any."""
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    found = list(problems(lines))
    for problem in found[:50]:
        print(f"{path}: {problem}", file=sys.stderr)
    if found:
        sys.exit(f"error: {len(found)} problems in {len(lines)} lines of {path}")
    print(f"{path}: {len(lines)} lines obey the schema", file=sys.stderr)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        check_file(name)
    unittest.main(argv=sys.argv[:1])
