"""The command line: what it prints and writes, and one line and exit code 2 for every mistake."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim import Result, __version__
from sim.commands.cli import app
from tests.support.folders import CONFIGS, ROOT

SMALL = ["--layers", "1", "--seq-len", "40"]
CONFIG = str(CONFIGS / "hf-mamba-130m.json")


def call(*arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the command."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        pytest.param(["run", "mamba2", *SMALL], ["tok/s", "mJ/token", "mac_array", "Bounds", "Mapping"], id="run"),
        pytest.param(["run", "mamba2", *SMALL, "--hw", "edge_flexpe"], ["on edge_flexpe"], id="run-hw"),
        pytest.param(["run", "mamba2", *SMALL, "--phase", "decode", "--batch", "2"], ["decode, B = 2"], id="decode"),
        pytest.param(["list"], ["mamba1", "mamba2", "mamba3_mimo", "edge", "edge_flexpe"], id="list"),
        pytest.param(["graph", "mamba2"], ["update", "S[t,e,h,p,n]"], id="graph-text"),
        pytest.param(["graph", "mamba2", "--format", "dot"], ["digraph"], id="graph-dot"),
        pytest.param(["schema"], ['"makespan_cycles"'], id="schema"),
        pytest.param(
            ["count", "mamba2"], ["693.449 M parameters", "projection", "convention of arXiv 2604.07935"], id="count"
        ),
        pytest.param(["count", "--config", CONFIG], ["129.135 M parameters", "mamba1, sequential"], id="count-config"),
        pytest.param(["run", "--config", CONFIG, *SMALL], ["tok/s", "hf-mamba-130m on edge"], id="run-config"),
        pytest.param(["graph", "--config", CONFIG], ["update"], id="graph-config"),
        pytest.param(["--version"], [__version__], id="version"),
        pytest.param(["--help"], ["run", "graph", "list"], id="help"),
    ],
)
def test_prints(arguments: list[str], parts: list[str]) -> None:
    code, output, _ = call(*arguments)
    assert code == 0
    for part in parts:
        assert part in output


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


def test_no_skip_is_accepted_and_says_that_it_changes_nothing() -> None:
    plain, told = (call("run", "mamba2", *SMALL, *more) for more in ([], ["--no-skip"]))
    assert told[:2] == plain[:2]
    assert told[2] == "stallscope: --no-skip says nothing any more: every run simulates every event\n"


def test_counts_as_json(tmp_path: Path) -> None:
    code, output, _ = call("count", "mamba3_mimo", "--json", "-")
    assert code == 0
    counts = json.loads(output)
    for key in ("parameters", "macs_per_token", "ops_per_token", "transcendentals_per_token", "state_bytes"):
        assert counts[key] > 0
    assert set(counts["paper"]) == {
        *("ops_gop_per_token", "state_gop_per_token", "oi_op_per_byte", "roofline_tok_per_s")
    }
    target = tmp_path / "counts.json"
    code, table, _ = call("count", "mamba3_mimo", "--json", str(target))
    assert (code, json.loads(target.read_text())) == (0, counts)
    assert "M parameters" in table


def test_overrides_reach_both_documents() -> None:
    fixed = ["run", "mamba2", *SMALL, "--set", "mapping.placement=mac_array", "--set", "batch=2", "--json", "-"]
    wide, narrow = (Result.model_validate_json(call(*fixed, *more)[1]) for more in ([], ["--set", "simd.lanes=16"]))
    assert narrow.batch == wide.batch == 2
    assert narrow.units["simd"].busy_cycles == pytest.approx(2 * wide.units["simd"].busy_cycles, rel=0.02)


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
    pytest.param("layers: 1", "layers: 0", ":6: layers: found 0, expected greater than 0", id="range"),
    pytest.param("model: mamba2", "model: mamba9", ":2: model: found 'mamba9', expected 'mamba1'", id="model"),
    pytest.param("d_model: 64", "d_modell: 64", ":4: dimensions.d_modell: unknown key", id="unknown-dimension"),
    pytest.param("head_dim: 16", "head_dim: 24", ":3: dimensions: expand*d_model = 128 must be", id="indivisible"),
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
        pytest.param(["run", "mamba2", "--set", "clock=250"], "must be a quantity with a unit", id="no-unit"),
        pytest.param(["run", "mamba2", "--set", "clock=250MB"], "unknown unit 'MB'", id="bad-unit"),
        pytest.param(["run", "mamba2", "--set", "sram.capacity=64KiB"], "dimensions: one layer needs", id="cannot-fit"),
        pytest.param(["run", "mamba2", "--window", "layer:0"], "--window layer:0: goes with --trace", id="window"),
        pytest.param(
            ["run", "mamba2", "--trace", "t.json.gz", "--window", "x"], "--window x: must be layer:", id="bad-window"
        ),
        pytest.param(["run"], "WORKLOAD: is missing", id="no-workload"),
        pytest.param(["run", "mamba2", "--config", CONFIG], f"--config {CONFIG}: found 'mamba2' as well", id="both"),
        pytest.param(
            ["count", "--config", "hw/edge.yaml"], "--config hw/edge.yaml: expected a .json", id="yaml-config"
        ),
        pytest.param(["count", "--config", "none.json"], "none.json: no such file", id="missing-config"),
        pytest.param(
            ["run", "--config", str(CONFIGS / "jamba.json")], "model_type: found 'jamba', expected one of", id="jamba"
        ),
        pytest.param(
            ["run", "--config", str(CONFIGS / "state-spaces-mamba2attn-2.7b.json")],
            "attn_layer_idx: found attention in layers",
            id="attention",
        ),
        pytest.param(["count", "mamba2", "--json", "no/such/c.json"], "'no/such' does not exist", id="count-no-folder"),
        pytest.param(
            ["run", "mamba2", "--set", "formulation=blelloch"],
            "formulation: found 'blelloch', expected one of sequential, chunked for mamba2",
            id="formulation",
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
        pytest.param(["graph", "mamba2", "-o", "no/such/g.svg"], "'no/such' does not exist", id="graph-no-folder"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], message: str) -> None:
    code, output, error = call(*arguments)
    assert code == 2
    assert output == ""
    assert message in error
    assert len(error.splitlines()) == 1


def test_mistake_in_a_machine_file_names_its_line(tmp_path: Path) -> None:
    text = (ROOT / "hw" / "edge.yaml").read_text().replace("capacity: 2MiB", "capacity: 2 mebibytes")
    path = write(tmp_path, "m.yaml", text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "mebibytes" in row)
    code, _, error = call("run", "mamba2", "--hw", path)
    assert code == 2
    assert f"{path}:{line}: sram.capacity: has the unknown unit 'mebibytes'" in error


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "w.yaml", WORKLOAD.replace("layers: 1", "layers: x").replace("name: mine", "nam: mine"))
    _, _, error = call("run", path)
    assert len(error.splitlines()) == 3  # unknown nam, missing name, bad layers


def test_failed_run_leaves_an_old_output_alone(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    code, _, _ = call("run", "mamba2", "--set", "sram.capacity=64KiB", "--json", str(target))
    assert code == 2
    assert target.read_text() == "old"


def test_module_and_console_script_are_the_same_program() -> None:
    for command in ([sys.executable, "-m", "sim"], [str(Path(sys.executable).parent / "stallscope")]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.stdout.strip() == __version__, done.stderr


@pytest.mark.parametrize("format", ["text", "dot", "svg"])
def test_graph_goes_to_a_file(tmp_path: Path, format: str) -> None:
    target = tmp_path / f"graph.{format}"
    assert call("graph", "mamba3_mimo", "--format", format, "--output", str(target))[0] == 0
    assert "angle" in target.read_text()


def test_trace_is_written(tmp_path: Path) -> None:
    target = tmp_path / "t.json.gz"
    assert call("run", "mamba2", *SMALL, "-q", "--trace", str(target), "--window", "token:0-3")[0] == 0
    assert json.loads(gzip.decompress(target.read_bytes()))["traceEvents"]


@pytest.mark.parametrize("output", [["--json", "r.json"], ["--trace", "t.json.gz"]], ids=["json", "trace"])
def test_full_disk_is_one_line_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: list[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.files.atomic.os.replace", full)
    code, _, error = call("run", "mamba2", *SMALL, "-q", *output)
    assert (code, error) == (1, "stallscope: output: No space left on device\n")
    assert list(tmp_path.iterdir()) == []
