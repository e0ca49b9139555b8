"""Finding workloads and machines, and everything that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.catalog import find, shipped
from sim.files.errors import InputError


@pytest.mark.parametrize(
    ("kind", "name", "stem"),
    [
        pytest.param("workload", "mamba2", "mamba2", id="name"),
        pytest.param("workload", "mamba2.yaml", "mamba2", id="name-with-suffix"),
        pytest.param("workload", "workloads/mamba2.yaml", "mamba2", id="path-as-in-the-readme"),
        pytest.param("machine", "hw/edge_flexpe.yaml", "edge_flexpe", id="machine"),
        pytest.param("mapping", "stream-like", "stream-like", id="mapping"),
    ],
)
def test_shipped_files_are_found_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, name: str, stem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(kind, name) == shipped(kind)[stem]


def test_a_file_of_ones_own_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mamba2.yaml").write_text("name: mine")
    assert find("workload", "mamba2.yaml") == Path("mamba2.yaml")


@pytest.mark.parametrize("name", ["other/mamba2.yaml", "mamba2.json", "mamba4"])
def test_anything_else_is_told_with_what_is_shipped(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: no such file, and no shipped workload has that name; shipped are"):
        find("workload", name)
