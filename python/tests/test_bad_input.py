"""Bad input is an exception with places and suggestions, never the end of the interpreter."""

import math
from pathlib import Path
from typing import Any

import pytest

import hardwire


def refused(call: Any) -> hardwire.HardwireError:
    with pytest.raises(hardwire.HardwireError) as caught:
        call()
    assert caught.value.problems and str(caught.value)
    return caught.value


def test_a_design_that_does_not_exist_has_a_suggestion() -> None:
    error = refused(lambda: hardwire.simulate("hnlpo"))
    assert isinstance(error, hardwire.DesignError)
    assert "hnlpu" in str(error)
    assert "hnlpu" in str(refused(lambda: hardwire.compare("hnlpo", "h100")))


def test_a_wrong_change_has_its_place() -> None:
    error = refused(lambda: hardwire.simulate("hnlpu", set={"chip.clokc": "1 GHz"}))
    (problem,) = error.problems
    assert problem.start is not None and problem.source is not None and "chip.clokc" in problem.source
    assert problem.help is not None and "clock" in problem.help


def test_every_problem_of_a_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "design.toml"
    path.write_text('extends = "hnlpu"\n[chip]\nclock = "fast"\n[hbm]\nstakcs = 3\n')
    error = refused(lambda: hardwire.simulate(path))
    places = {(problem.source, problem.start[0]) for problem in error.problems if problem.start}
    assert (str(path), 3) in places and (str(path), 5) in places


def test_a_text_that_does_not_parse_has_line_and_column() -> None:
    error = refused(lambda: hardwire.Predictor().predict("func.func @f() {\n  return %x : f32\n"))
    assert isinstance(error, hardwire.TextError)
    start = error.problems[0].start
    assert start is not None and start[0] >= 2
    assert str(error).startswith("<text>:")


@pytest.mark.parametrize("text", ["", "\0", "{" * 10_000, "func.func @f(", '"' * 999, "%0 = \udcff".encode("utf-8", "replace").decode()])
def test_texts_that_are_no_mlir(text: str) -> None:
    predictor = hardwire.Predictor()
    refused(lambda: predictor.predict(text))
    assert predictor.predict_batch([text], skip_refused=True) == [None]


def test_a_batch_names_the_text_that_is_wrong() -> None:
    good = "func.func @f() {\n  return\n}\n"
    error = refused(lambda: hardwire.Predictor().predict_batch([good, "func.func"]))
    assert "<text 1>" in str(error)


def test_names_have_suggestions() -> None:
    predictor = hardwire.Predictor()
    assert "znver4" in str(refused(lambda: predictor.predict("func.func @f() { return }", targets=["zen4"])))
    assert "lockstep" in str(refused(lambda: hardwire.simulate("hnlpu", discipline="lokstep")))
    assert "bf16" in str(refused(lambda: hardwire.estimate("hnlpu", weights="bf61")))
    assert "known here" in str(refused(lambda: hardwire.presets("designs")))


@pytest.mark.parametrize(
    "options",
    [
        {"context": 0},
        {"context": -1},
        {"context": 2**70},
        {"context": 1.5},
        {"context": "8192 tokens"},
        {"context": "@no-such-file"},
        {"context": []},
        {"context": [1024, -1]},
        {"context": True},
        {"routing": "zipf"},
        {"routing": "zipf:-3"},
        {"routing": [[1, 2]]},
        {"routing": [1, 2]},
        {"precision": 0.01},
        {"fidelity": "event", "precision": 2.0},
        {"trace": "run.json"},
        {"fidelity": "event", "trace": "run.json", "trace_tokens": 0},
        {"fidelity": "event", "trace": "/no-such-folder/run.json", "sequences": 1, "context": 16},
        {"sequences": 0},
        {"seed": -1},
        {"set": {"chip.clock": math.nan}},
        {"set": {"chip.clock": "1e-9 Hz"}},
        {"set": {"": "1"}},
        {"set": {"grid.rows": 10**30}},
        {"weights": 4},
        {"explain": "yes"},
        {"model": "/dev/zero"},
        {"model": "x" * 100_000},
    ],
)
def test_options_out_of_range(options: dict[str, Any]) -> None:
    refused(lambda: hardwire.simulate("hnlpu", **{"fidelity": "analytic"} | options))


@pytest.mark.parametrize("options", [{"years": math.nan}, {"years": math.inf}, {"systems": 0}, {"monte_carlo": 10**12}])
def test_terms_out_of_range(options: dict[str, Any]) -> None:
    refused(lambda: hardwire.estimate("hnlpu", **options))


@pytest.mark.parametrize("wrong", [None, 3, [], object(), b"hnlpu"])
def test_wrong_types(wrong: Any) -> None:
    with pytest.raises(TypeError):
        hardwire.simulate(wrong)
    with pytest.raises(TypeError):
        hardwire.Predictor().predict(wrong)
    with pytest.raises(TypeError):
        hardwire.Predictor().predict("", targets="znver4")
    with pytest.raises(TypeError):
        hardwire.simulate("hnlpu", set={"chip.clock": object()})  # type: ignore[dict-item]


def test_a_huge_text_without_a_function_is_refused() -> None:
    error = refused(lambda: hardwire.Predictor().predict("//" + "x" * (80 << 20)))
    assert "no function" in str(error)


def test_a_field_that_cannot_be_set_leaves_the_design_as_it_was() -> None:
    design = hardwire.Design()
    before = design.to_dict()
    refused(lambda: design.__setitem__("chip.clock", "fast"))
    with pytest.raises(hardwire.DesignError):
        design.chip.clokc = "1 GHz"
    with pytest.raises(AttributeError):
        design.chip.clokc
    assert design.to_dict() == before and design.changes == []


def test_a_model_that_makes_no_sense() -> None:
    model = hardwire.Model("qwq-32b")
    before = model.to_dict()
    refused(lambda: model.__setitem__("num_hidden_layers", -3))
    refused(lambda: hardwire.Model({"model_type": "unheard-of"}))
    assert model.to_dict() == before


def test_sweeps_that_are_wrong(tmp_path: Path) -> None:
    error = refused(lambda: hardwire.Sweep("s.toml", text='[axes]\nchip.clokc = ["1 GHz"]\n'))
    assert error.problems[0].start == (2, 1) or error.problems[0].start is not None
    sweep = hardwire.Sweep("s.toml", text='[axes]\nchip.clock = ["1 GHz", "2 GHz"]\n')
    with pytest.raises(ValueError):
        sweep.run(threads=0)
    refused(lambda: sweep.evaluate(b"nonsense"))
    refused(lambda: sweep.run(engine=lambda tasks: []))
    refused(lambda: sweep.run(engine=lambda tasks: [b"nonsense"]))
    file = tmp_path / "file"
    file.write_text("")
    refused(lambda: sweep.run(out=file / "below"))
    with pytest.raises(ZeroDivisionError):
        sweep.run(engine=lambda tasks: 1 // 0)  # type: ignore[arg-type,return-value]
