"""Designs, models, results, tables, threads and signals."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import hardwire

SWEEP = "docs/sweep-example.toml"


def test_a_design_has_fields() -> None:
    design = hardwire.Design("hnlpu")
    assert design["grid.rows"] == 4 and design.grid.rows == 4
    design.chip.clock = "1.2 GHz"
    assert design["chip.clock"] == "1.2 GHz" and design.changes == ["chip.clock=1.2 GHz"]
    changed = hardwire.simulate(design, fidelity="analytic")
    assert changed == hardwire.simulate("hnlpu", fidelity="analytic", set={"chip.clock": "1.2 GHz"})
    assert changed != hardwire.simulate("hnlpu", fidelity="analytic")
    assert pickle.loads(pickle.dumps(design)) == design
    del design["chip.clock"]
    assert design == hardwire.Design()
    origin = design.origin("chip.clock")
    assert origin is not None and origin["grade"]
    assert "rows" in dir(design.grid) and design.doc("chip.clock")


def test_a_model_has_keys() -> None:
    model = hardwire.Model("qwq-32b")
    layers = model["num_hidden_layers"]
    whole = hardwire.simulate("hnlpu", model=model, fidelity="analytic")
    assert whole == hardwire.simulate("hnlpu", model="qwq-32b", fidelity="analytic")
    model["num_hidden_layers"] = layers // 2
    half = hardwire.simulate("hnlpu", model=model, fidelity="analytic")
    assert half.token_latency_us < whole.token_latency_us
    copied = hardwire.Model(model.to_dict())
    again = hardwire.simulate("hnlpu", model=copied, fidelity="analytic")
    assert again.token_latency_us == half.token_latency_us


def test_results_are_records() -> None:
    run = hardwire.simulate("hnlpu", fidelity="analytic")
    assert abs(sum(run.breakdown_pct.values()) - 100) < 1e-9
    assert run["chips"] == run.chips == 16 and "chips" in run
    with pytest.raises(AttributeError, match="throughput_tokens_per_s"):
        run.throughput_token_per_s
    with pytest.raises(AttributeError):
        run.chips = 3
    assert pickle.loads(pickle.dumps(run)) == run
    assert "<table>" in run._repr_html_() and "throughput_tokens_per_s" in repr(run)
    copy = run.to_dict()
    copy["grid"]["rows"] = 99
    assert run.grid.rows == 4


def test_a_sweep_is_the_same_on_threads_processes_and_in_the_command(root: Path, tmp_path: Path) -> None:
    sweep = hardwire.Sweep(root / SWEEP)
    calls: list[tuple[str, int, int]] = []
    one = sweep.run(threads=1, progress=lambda *call: calls.append(call), out=tmp_path / "one")
    assert calls[-1][1] == calls[-1][2] and {stage for stage, _, _ in calls} >= {"screen"}
    assert len(one.results) == sweep.points
    with ProcessPoolExecutor(2) as executor:
        two = sweep.run(executor=executor, out=tmp_path / "two")
    with ThreadPoolExecutor(2) as executor:
        three = sweep.run(executor=executor)
    assert one.results.to_dict() == two.results.to_dict() == three.results.to_dict()
    assert one.summary.frontier == two.summary.frontier
    out = tmp_path / "command"
    arguments = ["sweep", str(root / SWEEP), "--out", str(out)]
    subprocess.run([os.environ["HARDWIRE_COMMAND"], *arguments], check=True, capture_output=True)
    names = {path.name for path in out.iterdir()} - {"journal"}
    assert names == {path.name for path in (tmp_path / "one").iterdir()} - {"journal"}
    for name in names:
        expected = (out / name).read_bytes()
        assert (tmp_path / "one" / name).read_bytes() == expected, name
        assert (tmp_path / "two" / name).read_bytes() == expected, name
    assert one.plots and all(svg.startswith("<svg") for svg in one.plots.values())
    assert "<table>" in one._repr_html_()


def test_tables_are_arrow(root: Path, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet")

    result = hardwire.Sweep(root / SWEEP).run(out=tmp_path)
    table = result.results.to_arrow()
    table.validate(full=True)
    assert table.to_pydict() == result.results.to_dict()
    stored = pyarrow.parquet.read_table(tmp_path / "results.parquet")
    assert stored.to_pydict() == table.to_pydict()
    frame = result.results.to_pandas()
    assert len(frame) == len(result.results) and list(frame.columns) == result.results.columns
    first = table.column(result.results.columns[-1]).chunk(0)
    assert any(buffer is not None for buffer in first.buffers())


def test_threads_share_a_predictor(root: Path) -> None:
    predictor = hardwire.Predictor()
    texts = [path.read_text() for path in sorted((root / "tests/fixtures/mlir").glob("*.mlir"))]
    single = [predictor.predict(text) for text in texts]
    fresh = hardwire.Predictor(cache=0)
    assert [[row.predictions for row in rows] for rows in single] == [
        [row.predictions for row in rows or []] for rows in fresh.predict_batch(texts, threads=2)
    ]
    found: list[list[hardwire.Prediction]] = []
    workers = [threading.Thread(target=lambda: found.extend(map(predictor.predict, texts))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 4 * len(texts)


def test_reasons_and_assumptions() -> None:
    text = """func.func @f(%n: index, %m: memref<?xf32>, %c: f32) {
  %z = arith.constant 0 : index
  %o = arith.constant 1 : index
  scf.for %i = %z to %n step %o {
    memref.store %c, %m[%i] : memref<?xf32>
  }
  return
}
"""
    predictor = hardwire.Predictor()
    (row,) = predictor.predict(text, targets=["skylake-avx512"])
    assert row.value("cycles") is None and row.reasons[0].line == 4
    (row,) = predictor.predict(text, targets=["skylake-avx512"], assume=[row.reasons[0]["assume"].replace("_", "64")])
    with pytest.raises(KeyError, match="cycles"):
        row.value("cyles")


def test_a_signal_ends_a_simulation() -> None:
    code = (
        "import hardwire, signal, sys\n"
        # A job in the background of a shell ignores the signal.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    while True: hardwire.simulate('hnlpu', context=65536)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted'); sys.exit(7)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert (process.returncode, output) == (7, "interrupted\n")


def test_memory_stays_flat() -> None:
    import resource

    predictor = hardwire.Predictor(cache=16)
    text = "func.func @f(%a: f32) -> f32 {\n  return %a : f32\n}\n"
    for index in range(2_000):
        predictor.predict(text.replace("@f", f"@f{index % 50}"), targets=["znver4"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for index in range(20_000):
        predictor.predict(text.replace("@f", f"@f{index % 50}"), targets=["znver4"])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 4_096, f"{after - before} KiB more"
