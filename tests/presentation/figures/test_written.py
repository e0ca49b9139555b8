"""Files that a command wrote tell what they are; of one that was edited the first mistake is told with its key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.files.errors import InputError
from sim.presentation.figures.written import read_evidence
from tests.support.figures import write_results


def test_files_tell_what_they_are(tmp_path: Path) -> None:
    write_results(tmp_path)
    assert read_evidence(tmp_path / "run.json").result is not None
    assert read_evidence(tmp_path / "explain.json").explanation is not None
    assert read_evidence(tmp_path / "compare.json").comparison is not None
    assert json.loads((tmp_path / "run.json").read_text())["windows"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands wrote."""
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return folder


def _set(place: str, value: Any) -> Callable[[Any], None]:
    """An edit: *value* at a dotted *place*."""

    def edit(data: Any) -> None:
        *parents, last = place.split(".")
        for part in parents:
            data = data[int(part) if isinstance(data, list) else part]
        data[int(last) if isinstance(data, list) else last] = value

    return edit


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        pytest.param("run", lambda data: data.pop("units"), "units: field required, expected what run", id="missing"),
        pytest.param(
            "run", _set("colour", 1), "colour: extra inputs are not permitted, expected what", id="unknown key"
        ),
        pytest.param("run", _set("layers", "2"), "layers: input should be a valid integer", id="text for a number"),
        pytest.param("run", _set("layers", 0), "layers: found 0, expected more", id="no layers"),
        pytest.param("run", _set("dram_bytes", -1), "dram_bytes: found -1, expected a number from 0", id="negative"),
        pytest.param("run", _set("seconds", float("nan")), "seconds: found nan, expected a number", id="not a number"),
        pytest.param("run", _set("seconds", float("inf")), "seconds: found inf, expected a number", id="infinite"),
        pytest.param("run", _set("requests", 10**400), "requests: found 1000", id="huge"),
        pytest.param("run", _set("workload", "a\x1b[2J"), "workload: found 'a\\x1b[2J', expected at", id="control"),
        pytest.param("run", _set("machine", "x" * 2000), "machine: found 'xxx", id="long name"),
        pytest.param("run", _set("makespan_cycles", 7), "units.mac_array: found ", id="another makespan"),
        pytest.param("run", _set("units.simd.busy_cycles", 7), "units.simd: found ", id="account"),
        pytest.param("run", _set("above_roofline.edge", 7), "above_roofline: found ", id="above the roofline"),
        pytest.param("run", _set("critical_path", []), "critical_path: found 0 in all, expected", id="no path"),
        pytest.param(
            "run", _set("critical_path.0.spent_on", "tea"), "critical_path.0.spent_on: found 'tea'", id="unknown cycles"
        ),
        pytest.param("run", _set("mapping.buffers.0.role", "tea"), "mapping.buffers.0.role: found 'tea'", id="role"),
        pytest.param("run", _set("mapping.buffers", []), "mapping.buffers: found 0 in all, expected", id="no buffers"),
        pytest.param("run", _set("windows.window_cycles", 0), "windows.window_cycles: found 0, exp", id="no window"),
        pytest.param("run", _set("windows.units.simd.useful", [1]), "windows.units.", id="fewer windows"),
        pytest.param(
            "run", _set("windows.units", {}), "windows.units: found none, expected at least one", id="no units"
        ),
        pytest.param("explain", _set("rungs", []), "rungs: found none, expected at least one", id="no rungs"),
        pytest.param("explain", _set("rungs.1.cycles", 1), "rungs.1.added_cycles: found ", id="rung"),
        pytest.param("explain", _set("result.tokens", 0), "result.tokens: found 0, expected more", id="inner result"),
        pytest.param(
            "explain", _set("what_ifs.0.new_schedule", -2.0), "what_ifs.0.new_schedule: found -2.0", id="gain"
        ),
        pytest.param("compare", _set("runs", []), "runs: found none, expected at least one", id="no runs"),
        pytest.param(
            "compare",
            _set("rows.0.cycles", [1.0]),
            "rows.0.cycles: found 1 numbers, expected one for each run",
            id="array",
        ),
        pytest.param(
            "compare", _set("rows.0.cycles", ["a", 1.0]), "rows.0.cycles.0: input should be", id="array of text"
        ),
    ],
)
def test_what_was_edited_is_told(
    results: Path, tmp_path: Path, name: str, edit: Callable[[Any], None], message: str
) -> None:
    data = json.loads((results / f"{name}.json").read_text())
    edit(data)
    path = tmp_path / "f.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InputError) as caught:
        read_evidence(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(b"", "not JSON, expected what run, explain or compare wrote", id="empty"),
        pytest.param(b"\xff", "not JSON, expected", id="no UTF-8"),
        pytest.param(b"[" * 100_000, "not JSON, expected", id="endless nesting"),
        pytest.param(b'{"rows": ' + b"9" * 5000 + b"}", "not JSON, expected", id="endless number"),
        pytest.param(b'{"rows": ' + b"[" * 500 + b"]" * 500 + b"}", "rows.0.0", id="nesting"),
        pytest.param(b"{}", "found other JSON, expected", id="other"),
    ],
)
def test_what_is_no_such_file_is_told(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        read_evidence(path)
    assert str(caught.value).startswith(f"{path}: {message}")
