"""The paper's tables and figures: its numbers, ours beside them, files that are the same each time, gpu.json."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.commands.cli import app
from sim.files.errors import InputError
from sim.paper.figure2 import ROOFLINE, pairs_of, write_figure2
from sim.paper.gpu import read_measurements
from sim.paper.official import write_official
from sim.paper.official_models import comparisons, interpolated
from sim.paper.pages import excess, signed
from sim.paper.products import PRODUCTS
from sim.paper.published import PENALTY_LARGE, PENALTY_SMALL, STREAM_TILES, table1
from sim.paper.runs import Run, Runs, Simulated, command_of, simulate_run
from sim.paper.table1 import write_table1
from sim.paper.table1_cells import Cell, counted
from sim.paper.table1_page import PRINTED
from sim.simulation import simulate
from tests.support.folders import TABLE1

GPU = {
    "device": "a device",
    "software": "its software",
    "commit": "abc",
    "command": "measure",
    "rows": {"mamba2": {"tokens_per_second": 1234.5, "watts": 60}},
}


@cache
def small() -> Simulated:
    return Simulated(simulate("mamba2", layers=48, sequence_length=32, simulate_layers=1))


def fake(run: Run) -> Simulated:
    """A small run's result for any run: slower for Mamba-3; of several options the first does not fit."""
    tile = STREAM_TILES.get(run.workload, 64)
    result = small().result
    cycles = result.makespan_cycles * (3 if "mamba3" in run.workload else 2)
    refused = run.workload == "mamba1" and bool(run.options) and not run.assignments
    mapping = result.mapping.model_copy(update={"token_tile": tile // 2 if refused else tile})
    update = {"mapping": mapping, "makespan_cycles": cycles}
    found = replace(small(), result=result.model_copy(update=update), option=run.options[0] if run.options else None)
    return replace(found, refused=((run.options[0], "too large"),) if refused else ())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["reproduce", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_papers_table_is_that_of_the_reference() -> None:
    with TABLE1.open() as stream:
        rows = list(csv.reader(line for line in stream if not line.startswith("#")))[1:]
    ours = [list(vars(row).values())[1:] for row in table1().values()]
    assert ours == [[*row[:2], *(float(cell) if cell else None for cell in row[2:])] for row in rows]


def test_the_papers_claims_come_from_two_methods() -> None:
    mamba2, mamba3 = table1()["mamba2"], table1()["mamba3_mimo"]
    assert mamba2.stream_tok_per_s is not None and mamba3.stream_tok_per_s is not None
    by_stream = excess(mamba2.stream_tok_per_s, mamba3.stream_tok_per_s)
    by_roofline = excess(mamba2.roofline_tok_per_s, mamba3.roofline_tok_per_s)
    assert by_stream == pytest.approx(PENALTY_LARGE.percent, abs=1.1)
    assert by_roofline == pytest.approx(12.6, abs=0.1)  # so the claim is not the roofline's
    smallest, largest = (pairs_of(Runs(simulate=fake))[place].penalty(ROOFLINE) for place in (0, -1))
    assert smallest == pytest.approx(PENALTY_SMALL.percent, abs=0.7)
    assert largest == pytest.approx(by_roofline, abs=0.1)


NOT_AS_PRINTED = {  # (row, quantity) -> residual in percent
    ("mamba1_pscan", "operational intensity"): -0.22,
    ("mamba2", "operational intensity"): -0.10,
    ("mamba2_ssd", "operational intensity"): 0.23,
    ("mamba3_mimo", "state operations"): 0.51,
    ("mamba3_mimo", "operational intensity"): 0.30,
    ("mamba3_mimo", "roofline"): -0.02,
    ("mamba3_mimo_ssd", "operational intensity"): 3.59,
}


@pytest.mark.parametrize("cell", list(counted()), ids=lambda cell: f"{cell.row} {cell.quantity}")
def test_counted_numbers_are_as_printed_or_off_by_a_known_residual(cell: Cell) -> None:
    digits = PRINTED[cell.quantity]
    known = NOT_AS_PRINTED.get((cell.row, cell.quantity))
    if known is None:
        assert cell.ours is not None and round(cell.ours, digits) == cell.paper
    else:
        assert cell.residual_percent == pytest.approx(known, abs=0.01)


def test_a_run_is_scaled_to_the_models_layers_and_tries_its_options() -> None:
    wanted = Run(
        "mamba1", "edge", ("sequence_length=128",), options=("mapping.token_tile=128", "mapping.token_tile=16")
    )
    found = simulate_run(wanted)
    assert (found.result.simulated_layers, found.result.layers) == (2, 48)
    assert found.option == "mapping.token_tile=16"
    assert found.refused[0][0] == "mapping.token_tile=128" and "MiB of SRAM" in found.refused[0][1]
    assert command_of(wanted, found) == (
        "python -m sim run mamba1 --hw edge --set sequence_length=128 --set mapping.token_tile=16 --simulate-layers 2"
    )


def test_a_run_without_an_option_that_fits_says_why() -> None:
    with pytest.raises(InputError, match="MiB of SRAM"):
        simulate_run(Run("mamba1", "edge", options=("mapping.token_tile=256", "mapping.token_tile=128")))


def test_decode_is_simulated_whole() -> None:
    found = simulate_run(Run("mamba2-d96", "edge", ("phase=decode",)))
    assert (found.result.simulated_layers, found.result.layers) == (48, 48)


def test_runs_are_done_once() -> None:
    asked: list[Run] = []
    told: list[tuple[int, int]] = []

    def simulate_and_note(run: Run) -> Simulated:
        asked.append(run)
        return small()

    runs = Runs(simulate=simulate_and_note, progress=lambda done, known: told.append((done, known)))
    first, second = Run("mamba2", "edge"), Run("mamba2", "edge_flexpe")
    assert list(runs.of([first, second, first])) == [first, second]
    runs.of([second])
    assert asked == [first, second]
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("write", [write_table1, write_figure2, write_official])
def test_the_same_runs_give_the_same_bytes(write: Callable[[Path, Runs], list[Path]], tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        paths = write(folder, Runs(simulate=fake))
        assert sorted(path.name for path in paths) == sorted(contents(folder))
        written.append(contents(folder))
    assert written[0] == written[1]
    for name, content in written[0].items():
        assert content.startswith(b"\x89PNG") or (b"svg" in content[:200] or b"python -m sim reproduce" in content), (
            name
        )


def test_table_1_says_what_does_not_fit_and_what_the_paper_lacks(tmp_path: Path) -> None:
    write_table1(tmp_path, Runs(simulate=fake))
    page = (tmp_path / "table1.md").read_text()
    assert "64 (128 does not fit)" in page and "edge, paper's tile, 4 MiB" in page
    assert "| N/A |" in page and "†" in page and "not measured" in page
    cells = json.loads((tmp_path / "table1.json").read_text())["cells"]
    assert len(cells) == len((tmp_path / "table1.csv").read_text().splitlines()) - 2
    lacking = [cell for cell in cells if cell["row"] == "mamba2_ssd" and cell["quantity"] == "throughput"]
    assert len(lacking) == 3 and all(cell["paper"] is None and cell["ours"] for cell in lacking)


def test_gpu_measurements_stand_beside_the_papers(tmp_path: Path) -> None:
    assert read_measurements(tmp_path) is None
    (tmp_path / "gpu.json").write_text(json.dumps(GPU, indent=2))
    write_table1(tmp_path, Runs(simulate=fake))
    page = (tmp_path / "table1.md").read_text()
    assert "| mamba2 | 735 | 1,234.5 | 55.5 | 60.0 |" in page
    assert "a device, its software, commit abc, `measure`" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"device": 3}, "gpu.json:2: device: found 3, expected a valid string", id="type"),
        pytest.param({"rows": {"mamba9": {"tokens_per_second": 1}}}, "rows.mamba9: unknown row, expected", id="row"),
        pytest.param({"rows": {"mamba2": {"tokens_per_second": 0}}}, "found 0, expected greater than 0", id="zero"),
        pytest.param({"rows": {"mamba2": {}}}, "rows.mamba2.tokens_per_second: is missing", id="missing"),
        pytest.param({"cost": 1}, "cost: unknown key, expected one of device, software", id="key"),
    ],
)
def test_a_broken_gpu_file_is_one_line(change: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / "gpu.json").write_text(json.dumps(GPU | change, indent=2))
    code, _, error = call("table1", "-o", str(tmp_path))
    assert code == 2
    assert message in error and error.count("\n") == 1


def test_a_gpu_file_that_is_cut_off_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gpu.json").write_text(json.dumps(GPU)[:40])
    code, _, error = call("table1", "-o", str(tmp_path))
    assert (code, error.count("\n")) == (2, 1)


def test_an_unknown_product_is_one_line() -> None:
    code, _, error = call("table9")
    assert (code, error) == (2, f"stallscope: WHAT: found 'table9', expected {', '.join(PRODUCTS)} or all\n")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("")
    code, _, error = call("table1", "--output", str(target))
    assert (code, error) == (2, f"stallscope: --output {target}: is not a folder\n")


def test_interpolation_is_exact_for_powers_and_goes_on_outside() -> None:
    xs = [1.0, 2.0, 8.0]
    for x in (0.5, 1.0, 1.5, 4.0, 8.0, 16.0):
        assert interpolated(x, xs, [3 * each**1.5 for each in xs]) == pytest.approx(3 * x**1.5)


def test_official_models_are_matched_by_their_layers() -> None:
    found = {each.model.name: each for each in comparisons(Runs(simulate=fake))}
    assert found["mamba3-siso-187m"].nearest.name == "mamba2-130m"
    assert found["mamba3-mimo-894m"].nearest.name == "mamba2-780m"
    for each in found.values():
        assert each.nearest.layer_parameters == pytest.approx(each.model.layer_parameters, rel=0.025)
    assert found["mamba3-siso-893m"].roofline_penalty == pytest.approx(-1.2, abs=0.05)
    assert found["mamba3-mimo-894m"].roofline_penalty == pytest.approx(6.2, abs=0.05)


@pytest.mark.parametrize(
    ("percent", "text"), [(None, ""), (0.04, "0.0 %"), (-0.04, "0.0 %"), (1.26, "+1.3 %"), (-2.0, "-2.0 %")]
)
def test_signed(percent: float | None, text: str) -> None:
    assert signed(percent) == text
