"""The command export: files that other tools read, and mistakes in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import call, check_prints, check_refused


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_machine_is_written(folder: Path) -> None:
    command = ["export", "zigzag", "edge", "-o", "new/out", "--set", "simd.lanes=64"]
    check_prints(command, ["new/out/edge.yaml: 3 cores, mac_array, simd, dram"])
    out = folder / "new" / "out"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.yaml")) == [
        "cores/dram.yaml", "cores/mac_array.yaml", "cores/simd.yaml", "edge.yaml",
    ]  # fmt: skip
    assert "sizes: [64]" in (out / "cores" / "simd.yaml").read_text()
    first = (out / "edge.yaml").read_bytes()
    assert b"`python -m sim export zigzag edge --set simd.lanes=64 -o new/out`" in first
    check_prints(command, [])
    assert (out / "edge.yaml").read_bytes() == first


def test_as_json_the_files_that_were_written(folder: Path) -> None:
    files = json.loads(call("export", "zigzag", "edge", "-o", "out", "--json", "-")[1])["written"]
    assert [(each["kind"], each["path"]) for each in files] == [
        ("accelerator", "out/edge.yaml"), ("core", "out/cores/mac_array.yaml"), ("core", "out/cores/simd.yaml"),
        ("core", "out/cores/dram.yaml"),
    ]  # fmt: skip
    before = (folder / "out" / "edge.yaml").read_bytes()
    check_refused(
        ["export", "zigzag", "edge", "-o", "out", "--json", "out/edge.yaml"], "out/edge.yaml: is named for two outputs"
    )
    assert (folder / "out" / "edge.yaml").read_bytes() == before


def test_what_cannot_be_exported_is_one_line(folder: Path) -> None:
    check_refused(
        ["export", "zigzag", "published/marca", "-o", "out"],
        "marca.yaml:11: mac_array.dataflow: found dot_product, expected one of output_stationary, weight_stationary, ",
    )
    set_ = "--set mac_array.dataflow=dot_product"
    check_refused(
        ["export", "zigzag", "edge", "-o", "out", *set_.split()], f"{set_}: mac_array.dataflow: found dot_pro"
    )
    assert not (folder / "out").exists()


def test_mistakes(folder: Path) -> None:
    check_refused(["export", "zigzag", "edgy", "-o", "out"], "edgy: no such file, and no shipped machine")
    check_refused(
        ["export", "zigzag", "edge", "-o", "out", "--set", "simd.lanse=3"], "simd.lanse: unknown key, expected one of "
    )
    (folder / "file").write_text("")
    check_refused(["export", "zigzag", "edge", "-o", "file"], "file/cores: is no folder that can be made")


def test_the_machine_itself_is_not_written_over(folder: Path) -> None:
    text = "extends: edge\nname: mine\n"
    (folder / "mine.yaml").write_text(text)
    check_refused(["export", "zigzag", "mine.yaml", "-o", "."], "mine.yaml")
    assert (folder / "mine.yaml").read_text() == text
    assert [path.name for path in folder.iterdir()] == ["mine.yaml"]
