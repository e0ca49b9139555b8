"""The command plot: figures as files, the same bytes again, and one line for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.support.command_line import call
from tests.support.figures import SETTINGS, write_results


def plot(*arguments: str) -> tuple[int, str]:
    """(exit code, standard error) of the command."""
    code, _, error = call("plot", *arguments)
    return code, error


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what run, explain and compare write."""
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return folder


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
        assert plot(what, str(results / source), "-o", str(target)) == (0, "")
    assert first.read_bytes() == second.read_bytes()
    beginnings = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}
    assert first.read_bytes().startswith(beginnings[format])


@pytest.mark.parametrize("what", ["roofline", "timeline"])
def test_a_workload_is_run(what: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for target in (first, second):
        assert plot(what, "mamba2", *SETTINGS, "-o", str(target)) == (0, "")
    assert first.read_bytes() == second.read_bytes()


def test_as_json_the_file_that_was_written(results: Path, tmp_path: Path) -> None:
    source, target = str(results / "run.json"), str(tmp_path / "a.svg")
    found = json.loads(call("plot", "units", source, "-o", target, "--json", "-")[1])
    assert found["written"] == [{"kind": "figure", "name": "units", "path": target}] and found["source"] == source
    assert plot("units", source, "-o", target, "--json", source)[1].endswith("expected another file\n")


def test_width_is_in_inches(results: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    assert plot("units", str(results / "run.json"), "-o", str(target), "--width", "3.4") == (0, "")
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
        ["units", "RESULTS/run.json", "--hw", "edge", "-o", "x.svg"], "--hw: goes with a workload", id="hw-of-a-result"
    ),
    pytest.param(["units", "mamba9", "-o", "x.svg"], "no shipped workload is called 'mamba9'", id="workload"),
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
    code, error = plot(*(argument.replace("RESULTS", str(results)) for argument in arguments))
    assert (code, error.count("\n")) == (2, 1)
    assert message in error
    assert list(tmp_path.iterdir()) == []
