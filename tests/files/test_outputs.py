"""Output files are there in whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import call

SMALL = ["--layers", "1", "--seq-len", "40"]


def test_failed_run_leaves_an_old_output_alone(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    code, _, _ = call("run", "mamba2", "--set", "sram.capacity=64KiB", "--json", str(target))
    assert code == 2
    assert target.read_text() == "old"


@pytest.mark.parametrize("output", [["--json", "r.json"], ["--trace", "t.json.gz"]], ids=["json", "trace"])
def test_full_disk_is_one_line_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: list[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.files.outputs.os.replace", full)
    code, _, error = call("run", "mamba2", *SMALL, "-q", *output)
    assert (code, error) == (1, "stallscope: output: No space left on device\n")
    assert list(tmp_path.iterdir()) == []
