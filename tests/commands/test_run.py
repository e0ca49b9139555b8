"""The command run: what it prints and writes, and one line and exit code 2 for every mistake."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sim import Result
from tests.support.command_line import call, check_prints, check_refused
from tests.support.folders import CONFIGS, ROOT

SMALL = ["--layers", "1", "--seq-len", "40"]
CONFIG = str(CONFIGS / "hf-mamba-130m.json")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        pytest.param(["run", "mamba2", *SMALL], ["tok/s", "J/token", "mac_array", "Bounds", "Mapping"], id="run"),
        pytest.param(["run", "mamba2", *SMALL, "--hw", "edge_flexpe"], ["on edge_flexpe"], id="run-hw"),
        pytest.param(["run", "mamba2", *SMALL, "--phase", "decode", "--batch", "2"], ["decode, B = 2"], id="decode"),
        pytest.param(["run", "--config", CONFIG, *SMALL], ["tok/s", "hf-mamba-130m on edge"], id="run-config"),
    ],
)
def test_prints(arguments: list[str], parts: list[str]) -> None:
    check_prints(arguments, parts)


def test_json_to_standard_output_is_nothing_but_json() -> None:
    code, output, _ = call("run", "mamba2", *SMALL, "--json", "-")
    assert code == 0
    assert Result.model_validate_json(output).workload == "mamba2"


def test_quiet_prints_nothing_and_json_goes_to_the_file(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    code, output, _ = call("run", "mamba2", *SMALL, "--quiet", "--json", str(target))
    assert (code, output) == (0, "")
    assert Result.model_validate_json(target.read_text()).layers == 1
    assert list(tmp_path.iterdir()) == [target]  # no temporary file is left


def test_overrides_reach_both_documents() -> None:
    fixed = ["run", "mamba2", *SMALL, "--set", "mapping.placement=mac_array", "--set", "batch=2", "--json", "-"]
    wide, narrow = (Result.model_validate_json(call(*fixed, *more)[1]) for more in ([], ["--set", "simd.lanes=16"]))
    assert narrow.batch == wide.batch == 2
    assert narrow.units["simd"].busy_cycles == pytest.approx(2 * wide.units["simd"].busy_cycles, rel=0.02)


def test_trace_is_written(tmp_path: Path) -> None:
    target = tmp_path / "t.json.gz"
    assert call("run", "mamba2", *SMALL, "-q", "--trace", str(target), "--window", "token:0-3")[0] == 0
    assert json.loads(gzip.decompress(target.read_bytes()))["traceEvents"]


def test_the_program_is_written_of_the_layers_that_are_simulated(tmp_path: Path) -> None:
    target = tmp_path / "p.json"
    arguments = ["run", "mamba2", "--layers", "3", "--seq-len", "40", "-q", "--program", str(target)]
    for more, passes in (([], 3), (["--simulate-layers", "2"], 2)):
        assert call(*arguments, *more)[0] == 0
        (section,) = json.loads(target.read_text())["sections"]
        assert (section["passes"], section["steps"]) == (passes, 40)


def test_a_window_after_the_run_costs_the_trace_and_not_the_result(tmp_path: Path) -> None:
    trace, target = tmp_path / "t.csv.gz", tmp_path / "r.json"
    arguments = ["run", "mamba2", *SMALL, "-q", "--trace", str(trace), "--json", str(target)]
    code, output, error = call(*arguments, "--window", "cycle:999999999999")
    cycles = Result.model_validate_json(target.read_text()).makespan_cycles
    shown = f"holds nothing of the run, which shows cycles 0 to {cycles - 1}"
    assert (code, output, error) == (2, "", f"stallscope: --window cycle:999999999999: {shown}\n")
    assert not trace.exists()


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


WORKLOAD = """\
name: mine
model: mamba2
dimensions:
  d_model: 64
  head_dim: 16
layers: 1
sequence_length: 8
"""
MISTAKES = [
    pytest.param("layers: 1", "layer: 1", ":6: layer: unknown key, expected one of", id="unknown-key"),
    pytest.param("layers: 1", "layers: many", ":6: layers: found 'many', expected a valid integer", id="type"),
    pytest.param("layers: 1", "layers: 0", ":6: layers: found 0, expected 1 at least", id="range"),
    pytest.param("model: mamba2", "model: mamba9", ":2: model: found 'mamba9', expected one of mamba1", id="model"),
    pytest.param("d_model: 64", "d_modell: 64", ":4: dimensions.d_modell: unknown key", id="unknown-dimension"),
    pytest.param(
        "head_dim: 16", "head_dim: 24", ":5: dimensions.head_dim: expand*d_model = 128 must be", id="indivisible"
    ),
    pytest.param("layers: 1\n", "", ":1: layers: is missing", id="missing-key"),
    pytest.param("name: mine", "name: [mine", "not YAML", id="syntax"),
    pytest.param(
        "layers: 1", "mapping: {blocks: 5}\nlayers: 1", ":6: mapping.blocks: blocks x lanes must divide", id="blocks"
    ),
]


@pytest.mark.parametrize(("good", "bad", "message"), MISTAKES)
def test_bad_workload_is_one_line_with_its_place(tmp_path: Path, good: str, bad: str, message: str) -> None:
    path = write(tmp_path, "w.yaml", WORKLOAD.replace(good, bad))
    code, output, error = call("run", path)
    assert code == 2
    assert output == ""
    assert message in error
    assert error.startswith(f"stallscope: {path}:")
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["run", "nothing.yaml"], "nothing.yaml: no such file", id="missing-workload"),
        pytest.param(["run", "mamba2", "--hw", "nothing"], "nothing: no such file", id="missing-machine"),
        pytest.param(["run", "mamba2", "--set", "simd.lanes"], "--set simd.lanes: must be path=value", id="no-value"),
        pytest.param(["run", "mamba2", "--set", "simd.lane=3"], "did you mean 'lanes'?", id="unknown-path"),
        pytest.param(["run", "mamba2", "--set", "lanes=3"], "lanes: unknown key, expected one of", id="unknown-root"),
        pytest.param(["run", "mamba2", "--set", "clock=250"], "expected a quantity with a unit", id="no-unit"),
        pytest.param(
            ["run", "mamba2", "--set", "clock=250MB"], "found '250MB', expected one of the units Hz", id="bad-unit"
        ),
        pytest.param(["run", "mamba2", "--set", "sram.capacity=64KiB"], "sram: one layer needs", id="cannot-fit"),
        pytest.param(["run", "mamba2", "--set", "batch=4096"], "batch=4096: batch: one layer needs", id="large-batch"),
        pytest.param(["run", "mamba2", "--window", "layer:0"], "--window layer:0: goes with --trace", id="window"),
        pytest.param(
            ["run", "mamba2", "--trace", "t.json.gz", "--window", "x"], "--window x: must be layer:", id="bad-window"
        ),
        pytest.param(
            ["run", "mamba2", *SMALL, "--trace", "t.json.gz", "--window", "layer:99"],
            "--window layer:99: holds nothing of the run, which shows layers 0",
            id="window-outside",
        ),
        pytest.param(["run"], "WORKLOAD: is missing", id="no-workload"),
        pytest.param(["run", "mamba2", "--config", CONFIG], f"--config {CONFIG}: found 'mamba2' as well", id="both"),
        pytest.param(
            ["run", "--config", str(CONFIGS / "hf-kimi-linear.json")],
            "model_type: found 'kimi_linear', expected one of",
            id="no such family",
        ),
        pytest.param(
            ["run", "--config", str(CONFIGS / "state-spaces-mamba2attn-2.7b.json")],
            "attn_layer_idx: found attention in layers",
            id="attention",
        ),
        pytest.param(
            ["run", "mamba2", "--set", "formulation=blelloch"],
            "formulation: found 'blelloch', expected one of sequential, chunked for mamba2",
            id="formulation",
        ),
        pytest.param(
            ["run", "mamba2", "--set", "dimensions.d_model=1537"],
            "dimensions.d_model: expand*d_model = 3074",
            id="heads",
        ),
        pytest.param(["run", "mamba1_pscan", "--set", "chunk=12"], "chunk: a parallel scan needs", id="chunk"),
        pytest.param(["run", "mamba2", "--set", "head=true"], "head: an LM head needs the size of the", id="head"),
        pytest.param(
            ["run", "mamba2_ssd", "--set", "mapping.token_tile=96"], "mapping.token_tile: found 96, expected", id="tile"
        ),
        pytest.param(
            ["run", "mamba2", "--set", "mapping.spill=true", "--set", "mapping.blocks=2"],
            "mapping.spill: found true, but no",
            id="spill",
        ),
        pytest.param(["run", "mamba2", "--json", "no/such/r.json"], "'no/such' does not exist", id="no-folder"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], message: str) -> None:
    check_refused(arguments, message)


def test_mistake_in_a_machine_file_names_its_line(tmp_path: Path) -> None:
    text = (ROOT / "hw" / "edge.yaml").read_text().replace("capacity: 2MiB", "capacity: 2 mebibytes")
    path = write(tmp_path, "m.yaml", text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "mebibytes" in row)
    code, _, error = call("run", "mamba2", "--hw", path)
    assert code == 2
    assert f"{path}:{line}: sram.capacity: found '2 mebibytes', expected one of the units B," in error


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "w.yaml", WORKLOAD.replace("layers: 1", "layers: x").replace("name: mine", "nam: mine"))
    _, _, error = call("run", path)
    assert len(error.splitlines()) == 3  # unknown nam, missing name, bad layers
