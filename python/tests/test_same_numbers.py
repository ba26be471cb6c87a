"""Python and the command give the same answers to random requests."""

import random
from pathlib import Path
from typing import Any

import pytest

import hardwire
from conftest import Command

SEED = 20
CHANGES = {
    "chip.clock": ["0.8 GHz", "1.2 GHz"],
    "interconnect.link_bandwidth": ["64 GB/s", "256 GB/s"],
    "mapping.collective": ["two-phase", "ring"],
    "hbm.stack_bandwidth": ["130 GB/s"],
}


def option(options: dict[str, Any]) -> list[str]:
    arguments = []
    for name, value in options.items():
        if name == "set":
            arguments += [part for path, change in value.items() for part in ("--set", f"{path}={change}")]
        elif name == "against":
            arguments += [part for machine in value for part in ("--against", machine)]
        else:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    return arguments


def changes(draw: random.Random) -> dict[str, str]:
    paths = draw.sample(sorted(CHANGES), draw.randint(0, 2))
    return {path: draw.choice(CHANGES[path]) for path in paths}


def some(draw: random.Random, choices: dict[str, list[Any]]) -> dict[str, Any]:
    chosen = [name for name in choices if draw.random() < 0.5]
    return {name: draw.choice(choices[name]) for name in chosen}


def outcome(call: Any) -> Any:
    """The answer, or the messages of the refusal."""
    try:
        return call().to_dict()
    except hardwire.HardwireError as error:
        return [problem.message for problem in error.problems]


def asked(command: Command, arguments: list[str]) -> Any:
    try:
        return command(*arguments)
    except AssertionError as refused:
        return str(refused)


def same(python: Any, command: Any) -> None:
    if isinstance(python, list):
        assert isinstance(command, str), f"Python refuses ({python}), the command answers"
        assert all(message in command for message in python), (python, command)
    else:
        assert python == command


@pytest.mark.parametrize("case", range(32))
def test_simulate(case: int, command: Command) -> None:
    draw = random.Random(SEED * 1000 + case)
    options = some(
        draw,
        {
            "model": ["qwq-32b", "llama-3-1-8b", "qwen3-30b-a3b"],
            "context": [1, 777, 8192, 65536, "8K", "1024,4096,777"],
            "routing": ["uniform", "zipf:1.2"],
            "sequences": [1, 40, 216],
            "phase": ["prefill"],
            "discipline": ["serial", "lockstep"],
            "weights": ["fp8", "bf16"],
            "seed": [3],
        },
    )
    options |= {"set": changes(draw), "fidelity": "analytic"}
    same(outcome(lambda: hardwire.simulate("hnlpu", **options)), asked(command, ["simulate", "hnlpu", *option(options)]))


@pytest.mark.parametrize("case", range(24))
def test_estimate(case: int, command: Command) -> None:
    draw = random.Random(SEED * 2000 + case)
    options = some(
        draw,
        {
            "systems": [1, 7, 50],
            "years": [1.5, 3.0, 10.0],
            "respins_per_year": [0.0, 2.0],
            "weights": ["fp8"],
            "area": ["structure"],
            "discipline": ["serial"],
            "monte_carlo": [200],
            "seed": [9],
            "against": [["h100"], ["h100", "b200"]],
            "model": ["qwq-32b"],
        },
    )
    options["set"] = changes(draw)
    same(outcome(lambda: hardwire.estimate("hnlpu", **options)), asked(command, ["estimate", "hnlpu", *option(options)]))


def test_values_and_texts_are_the_same(command: Command, tmp_path: Path) -> None:
    counts = [[1 + expert % 7 for expert in range(128)]]
    file = tmp_path / "counts.json"
    file.write_text(str(counts[0]))
    options: dict[str, Any] = {"fidelity": "analytic", "sequences": 6}
    listed = hardwire.simulate("hnlpu", context=[1024, 4096], routing=counts, **options)
    assert listed == hardwire.simulate("hnlpu", context="1K,4K", routing=f"@{file}", **options)
    arguments = ["simulate", "hnlpu", "--context", "1K,4K", "--routing", f"@{file}", *option(options)]
    assert listed.to_dict() == command(*arguments)


def test_a_precision_and_a_timeline(command: Command, tmp_path: Path) -> None:
    options: dict[str, Any] = {"context": 256, "sequences": 2, "max_tokens": 2000}
    mine, theirs = tmp_path / "mine.json", tmp_path / "theirs.json"
    run = hardwire.simulate("hnlpu", precision=0.05, trace=mine, trace_tokens=1, **options)
    arguments = ["simulate", "hnlpu", "--precision", "5%", "--trace", str(theirs), "--trace-tokens", "1", *option(options)]
    assert run.to_dict() == command(*arguments)
    assert mine.read_bytes() == theirs.read_bytes()


def test_events_and_mapping(command: Command) -> None:
    options: dict[str, Any] = {"context": 512, "sequences": 4}
    run = hardwire.simulate("hnlpu", explain=True, **options)
    assert run.to_dict() == command("simulate", "hnlpu", "--explain", *option(options))
    assert run.explanation[0].operations[0].stage


@pytest.mark.parametrize("options", [{}, {"per_user": 50.0, "systems": 3}, {"input": 1, "output": 4096}])
def test_compare(options: dict[str, Any], command: Command) -> None:
    compared = hardwire.compare("hnlpu", "h100", "b200", **options)
    assert compared.to_dict() == command("compare", "hnlpu", "h100", "b200", *option(options))
    table = compared.table()
    for design in compared.to_dict()["designs"]:
        for key, cell in design["values"].items():
            shown = table[key][design["design"]]
            if "missing" in cell:
                assert shown is None
            elif "word" in cell:
                assert shown == cell["word"]
            else:
                assert shown == (cell["low"] if cell["low"] == cell["high"] else (cell["low"], cell["high"]))
    assert sum(isinstance(cell, float | tuple) for row in table.values() for cell in row.values()) > 20


def test_reproduce(command: Command) -> None:
    assert hardwire.reproduce().to_dict() == command("reproduce", "hnlpu")


@pytest.mark.parametrize("name", ["resnet.scf", "lstm.linalg", "mlp.affine", "matmul_clamp.tosa", "transformer.stablehlo"])
def test_predict(name: str, command: Command, root: Path) -> None:
    path = f"tests/fixtures/mlir/{name}.mlir"
    rows = hardwire.Predictor().predict((root / path).read_text())
    expected = command("predict", path)
    for row in expected:
        del row["file"]
    assert [row.to_dict() for row in rows] == expected


def test_predict_for_gpus(command: Command, root: Path) -> None:
    path = "tests/fixtures/mlir/mlp.affine.mlir"
    predictor = hardwire.Predictor(gpus=True)
    assert predictor.targets == ["gfx942", "gfx1100", "sm_90"] and predictor.designs == []
    rows = predictor.predict((root / path).read_text())
    expected = command("predict", path, *(f"--target={gpu}" for gpu in predictor.targets))
    for row in expected:
        del row["file"]
    assert [row.to_dict() for row in rows] == expected
    with pytest.raises(hardwire.RequestError, match="gpus"):
        hardwire.Predictor("model.safetensors", gpus=True)


def test_ratios(command: Command, root: Path) -> None:
    paths = ["docs/costmodel-example.mlir", "docs/costmodel-vector.mlir"]
    first, second = ((root / path).read_text() for path in paths)
    rows = hardwire.Predictor().compare(first, second, targets=["znver4"])
    expected = command("predict", "--compare", *paths, "--target", "znver4")
    for row in expected:
        del row["first"]["file"], row["second"]["file"]
    assert [row.to_dict() for row in rows] == expected
    with pytest.raises(hardwire.RequestError, match="the second text must have one function"):
        hardwire.Predictor().compare(first, first + second.replace("@scale", "@other"))


@pytest.mark.parametrize("name", ["resnet.scf", "mlp.affine"])
def test_explain(name: str, command: Command, root: Path) -> None:
    path = f"tests/fixtures/mlir/{name}.mlir"
    predictor = hardwire.Predictor()
    text = (root / path).read_text()
    function = predictor.predict(text)[0].function
    explained = predictor.explain(text, function=function, target="znver4").to_dict()
    expected = command("explain", path, "--function", function, "--target", "znver4")
    del explained["file"], expected["file"]
    assert explained == expected


def test_results_have_the_keys_that_their_types_declare() -> None:
    run = hardwire.simulate("hnlpu", fidelity="analytic")
    price = hardwire.estimate("hnlpu")
    compared = hardwire.compare("hnlpu", "h100")
    predictor = hardwire.Predictor()
    text = "func.func @f(%a: f32) -> f32 {\n  return %a : f32\n}\n"
    explained = predictor.explain(text)
    predicted, ratio = predictor.predict(text)[0], predictor.compare(text, text)[0]
    for result in [run, price, compared, hardwire.reproduce(), predicted, explained, ratio]:
        declared = set(type(result).__annotations__)
        assert declared == set(result) - {"file"}, type(result).__name__
