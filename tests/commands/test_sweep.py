"""The command sweep."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command_line import call, check_refused
from tests.support.folders import ROOT
from tests.support.sweeps import nobody, written

AXES = {"simd.lanes": [8, 16, 32, 64], "mac_array.rows": [16, 32], "batch": [1, 2]}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The file of a sweep of 16 points, and its table."""
    folder = tmp_path_factory.mktemp("sweep")
    path = written(folder, axes=AXES)
    code, output, _ = call("sweep", str(path), "-o", str(folder / "out"), "--workers", "2", "--format", "json")
    assert code == 0 and output == f"{folder / 'out' / 'results.csv'}: 16 points\n"
    return path, (folder / "out" / "results.csv").read_bytes()


def test_the_table_has_axes_and_figures(done: tuple[Path, bytes]) -> None:
    rows = list(csv.DictReader(done[1].decode().splitlines()))
    assert [(row["simd.lanes"], row["mac_array.rows"], row["batch"]) for row in rows[:3]] == [
        ("8", "16", "1"), ("8", "16", "2"), ("8", "32", "1"),
    ]  # fmt: skip
    assert all(float(row["tokens_per_second"]) > 0 and not row["error"] for row in rows)
    as_json = json.loads((done[0].parent / "out" / "results.json").read_text())
    assert [str(row["tokens_per_second"]) for row in as_json] == [row["tokens_per_second"] for row in rows]


def test_a_rerun_computes_nothing_and_writes_the_same(
    done: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, table = done
    monkeypatch.setattr("sim.studies.workers.processes", lambda count: nobody())
    out = path.parent / "out"
    assert call("sweep", str(path), "-o", str(out), "-q") == (0, "", "")
    assert call("sweep", str(path), "-o", str(out), "--json", "-") == (0, (out / "results.json").read_text(), "")
    assert (out / "results.csv").read_bytes() == table


@pytest.mark.parametrize("name", ["results.csv", "results.json", "store.sqlite"])
def test_json_goes_over_nothing_else(done: tuple[Path, bytes], name: str) -> None:
    out = done[0].parent / "out"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    asked = ["sweep", str(done[0]), "-o", str(out), "--format", "json"]
    message = "is read as well" if name == "store.sqlite" else "is named for two outputs"
    check_refused([*asked, "--json", str(out / name)], f"{name}: {message}")
    check_refused([*asked, "--json", str(done[0])], "sweep.yaml: is read as well")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_killed_at_any_moment_it_goes_on_and_ends_the_same(done: tuple[Path, bytes], tmp_path: Path) -> None:
    path, table = done
    command = [sys.executable, "-m", "sim", "sweep", str(path), "-o", str(tmp_path / "out"), "--workers", "2", "-q"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": ""}
    moments = random.Random(1)
    for _ in range(3):
        running = subprocess.Popen(command, env=environment, cwd=tmp_path, start_new_session=True)
        time.sleep(moments.uniform(0.5, 4.0))
        running.send_signal(signal.SIGKILL)
        running.wait()
        written_by_then = tmp_path / "out" / "results.csv"
        assert not written_by_then.exists() or written_by_then.read_bytes() == table  # whole, or not at all
    assert subprocess.run(command, env=environment, cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "out" / "results.csv").read_bytes() == table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "-o", "out"], "no shipped sweep is called 'nothing'"),
        (["lanes_sram_bandwidt", "-o", "out"], "did you mean 'lanes_sram_bandwidth'"),
        (["lanes_sram_bandwidth", "-o", "/dev/null"], "/dev/null: is no folder that can be made"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    check_refused(["sweep", *arguments], message)


def test_an_unknown_column_is_said_when_figures_are_known(done: tuple[Path, bytes], tmp_path: Path) -> None:
    path = written(tmp_path, axes=AXES, columns=["tokens_per_secon"])
    check_refused(
        ["sweep", str(path), "-o", str(tmp_path), "--store", str(done[0].parent / "out" / "store.sqlite")],
        "sweep.yaml:6: columns: no result has the figure 'tokens_per_secon'; did you mean 'tokens_per_second'?",
    )


def test_where_all_points_fail_so_does_the_command(tmp_path: Path) -> None:
    path = written(tmp_path, axes={"simd.lanes": [0]})
    code, _, error = call("sweep", str(path), "-o", str(tmp_path / "out"), "-q")
    assert code == 2 and "every point failed; the first: " in error and "found 0, expected 1 at least" in error
    assert "found 0" in (tmp_path / "out" / "results.csv").read_text()
