"""Figures as files: every one in every format, the same bytes again, and one line for every mistake."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from sim.commands.cli import app
from sim.presentation.figures.canvas import print_style
from sim.presentation.figures.catalogue import FIGURES, Evidence, draw
from sim.presentation.figures.gather import observe, read_evidence
from sim.presentation.figures.timeline_recorder import MOST_SLICES, TimelineRecorder
from sim.simulation import Job, prepare, run

FIXED = ("mapping.token_tile=16", "mapping.blocks=2", "mapping.lanes=1", "mapping.weight_slot_kib=32")
SMALL = ("layers=2", "sequence_length=64", "dimensions.d_model=256", "dimensions.head_dim=32", *FIXED)
SETTINGS = [argument for assignment in (*SMALL, "mapping.placement=simd") for argument in ("--set", assignment)]
OF_RUNS = [name for name, kind in FIGURES.items() if kind.from_run]


def call(*arguments: str) -> tuple[int, str]:
    """(exit code, standard error) of the command."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def job(*more: str) -> Job:
    return prepare("mamba2", "edge", [*SMALL, "mapping.placement=simd", *more])


@pytest.fixture(scope="module")
def known() -> Evidence:
    return observe(job())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what run, explain and compare write."""
    folder = tmp_path_factory.mktemp("results")
    small = [*SETTINGS, "--layers", "1"]
    for arguments in (
        ["run", "mamba2", *small, "--critical-path", "--windows", "16", "--quiet"],
        ["explain", "mamba2", *small],
        ["compare", "mamba2", "mamba2", *small],
    ):
        assert call(*arguments, "--json", str(folder / f"{arguments[0]}.json"))[0] == 0
    return folder


@pytest.mark.parametrize("width", [3.4, 7.0])
@pytest.mark.parametrize("name", OF_RUNS)
def test_every_figure_is_as_wide_as_asked_and_has_marks(name: str, width: float, known: Evidence) -> None:
    with print_style():
        drawing = draw(name, known, width, "test")
    assert drawing.figure.get_figwidth() == width
    assert drawing.title and drawing.description and drawing.marks


DRAWN = [
    pytest.param("waterfall", "run.json", "svg", id="waterfall-of-a-run"),
    pytest.param("waterfall", "explain.json", "pdf", id="waterfall-of-an-explanation"),
    pytest.param("units", "run.json", "png", id="units"),
    pytest.param("windows", "run.json", "svg", id="windows"),
    pytest.param("critical-path", "explain.json", "svg", id="critical-path"),
    pytest.param("sram", "run.json", "pdf", id="sram"),
    pytest.param("what-ifs", "explain.json", "svg", id="what-ifs"),
    pytest.param("comparison", "compare.json", "png", id="comparison"),
]


@pytest.mark.parametrize(("what", "source", "format"), DRAWN)
def test_same_file_gives_the_same_bytes(what: str, source: str, format: str, results: Path, tmp_path: Path) -> None:
    first, second = tmp_path / f"a.{format}", tmp_path / f"b.{format}"
    for target in (first, second):
        assert call("plot", what, str(results / source), "-o", str(target)) == (0, "")
    assert first.read_bytes() == second.read_bytes()
    beginnings = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}
    assert first.read_bytes().startswith(beginnings[format])


@pytest.mark.parametrize("what", ["roofline", "timeline"])
def test_a_workload_is_run(what: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for target in (first, second):
        assert call("plot", what, "mamba2", *SETTINGS, "-o", str(target)) == (0, "")
    assert first.read_bytes() == second.read_bytes()


def test_width_is_in_inches(results: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    assert call("plot", "units", str(results / "run.json"), "-o", str(target), "--width", "3.4") == (0, "")
    assert Image.open(target).width == round(3.4 * 300)


MISTAKES = [
    pytest.param(
        ["bars", "RESULTS/run.json", "-o", "x.svg"], "WHAT: found 'bars', expected one of waterfall", id="what"
    ),
    pytest.param(
        ["units", "RESULTS/run.json", "-o", "x.gif"], "found '.gif', expected one of .svg, .png, .pdf", id="gif"
    ),
    pytest.param(["units", "RESULTS/run.json", "-o", "x"], "found 'no suffix', expected one of", id="no-suffix"),
    pytest.param(["units", "RESULTS/none.json", "-o", "x.svg"], "No such file", id="no-file"),
    pytest.param(
        ["units", "RESULTS/other.json", "-o", "x.svg"], "found other JSON, expected what run", id="other-json"
    ),
    pytest.param(["units", "RESULTS/broken.json", "-o", "x.svg"], "not JSON", id="not-json"),
    pytest.param(["units", "RESULTS/old.json", "-o", "x.svg"], "field required", id="other-version"),
    pytest.param(["windows", "RESULTS/explain.json", "-o", "x.svg"], "found no accounts over time", id="no-windows"),
    pytest.param(["timeline", "RESULTS/run.json", "-o", "x.svg"], "expected a workload", id="no-timeline"),
    pytest.param(["what-ifs", "mamba2", "-o", "x.svg"], "expected what explain --json wrote", id="no-what-ifs"),
    pytest.param(
        ["units", "RESULTS/run.json", "--hw", "edge", "-o", "x.svg"], "go with a workload", id="hw-of-a-result"
    ),
    pytest.param(["units", "mamba9", "-o", "x.svg"], "no shipped workload has that name", id="workload"),
    pytest.param(["units", "-o", "x.svg"], "WORKLOAD: is missing", id="no-source"),
    pytest.param(["units", "RESULTS/run.json", "-o", "x.svg", "--width", "99"], "expected 2 to 20 inches", id="width"),
    pytest.param(["units", "RESULTS/run.json", "-o", "nowhere/x.svg"], "does not exist", id="no-folder"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line(
    arguments: list[str], message: str, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("other", '{"a": 1}'), ("broken", "{"), ("old", '{"makespan_cycles": 1}')):
        (results / f"{name}.json").write_text(text)
    code, error = call("plot", *(argument.replace("RESULTS", str(results)) for argument in arguments))
    assert (code, error.count("\n")) == (2, 1)
    assert message in error
    assert list(tmp_path.iterdir()) == []


def test_files_tell_what_they_are(results: Path) -> None:
    assert read_evidence(results / "run.json").result is not None
    assert read_evidence(results / "explain.json").explanation is not None
    assert read_evidence(results / "compare.json").comparison is not None
    assert json.loads((results / "run.json").read_text())["windows"]


# ---------------------------------------------------------------------------------------------------------- timeline


@pytest.mark.parametrize(
    ("more", "tiles"),
    [
        pytest.param((), 2, id="prefill"),
        pytest.param(("layers=1", "sequence_length=16"), 1, id="one-tile"),
        pytest.param(("head=true", "vocabulary=512"), 2, id="head"),
        pytest.param(("phase=decode", "mapping.token_tile=1"), 2, id="decode"),
    ],
)
def test_window_is_filled_to_the_cycle(more: tuple[str, ...], tiles: int) -> None:
    prepared = job(*more)
    recorder = TimelineRecorder(prepared.sections[0])
    result = run(prepared, observer=recorder)
    found = recorder.timeline()
    assert found.tiles == tiles
    assert 0 <= found.start < found.end <= result.makespan_cycles
    for unit in ("mac_array", "simd", "dma"):
        slices = found.slices[unit]
        assert (slices[0].start, slices[-1].end) == (found.start, found.end)
        for before, after in pairwise(slices):
            assert before.end == after.start
    assert sum(map(len, found.slices.values())) <= MOST_SLICES


def test_recording_changes_no_cycle() -> None:
    assert run(job()) == run(job(), observer=TimelineRecorder(job().sections[0]))


def test_a_run_of_one_tile_is_recorded_whole() -> None:
    prepared = job("layers=1", "sequence_length=16")
    recorder = TimelineRecorder(prepared.sections[0])
    result = run(prepared, observer=recorder)
    found = recorder.timeline()
    busy = sum(each.end - each.start for each in found.slices["mac_array"] if not each.label.wait)
    assert found.end == result.makespan_cycles
    assert busy == result.units["mac_array"].busy_cycles
