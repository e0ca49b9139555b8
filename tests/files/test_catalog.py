"""Finding workloads and machines, and everything that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.catalog import find, find_base, published, shipped
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


@pytest.mark.parametrize("name", ["published/vck190", "published/vck190.yaml", "hw/published/vck190.yaml"])
def test_published_machines_are_found_in_their_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find("machine", name) == published("machine")["published/vck190"]
    assert find_base("machine", tmp_path / "mine.yaml", name) == published("machine")["published/vck190"]


def test_only_machines_have_been_published() -> None:
    assert published("workload") == published("mapping") == {}
    assert not set(published("machine")) & set(shipped("machine"))


def test_a_file_of_ones_own_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mamba2.yaml").write_text("name: mine")
    assert find("workload", "mamba2.yaml") == Path("mamba2.yaml")


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        pytest.param("workload", "mamb2", "called 'mamb2'; did you mean 'mamba2'; `python -m", id="misspelt"),
        pytest.param("machine", "edg", "called 'edg'; did you mean 'edge'; `python -m", id="machine"),
        pytest.param("machine", "vck190", "called 'vck190'; did you mean 'published/vck190'; `p", id="without folder"),
        pytest.param(
            "machine", "published/edge", "called 'published/edge'; did you mean 'edge'; `p", id="not published"
        ),
        pytest.param("mapping", "stream", "called 'stream'; did you mean 'stream-like'; `python -m", id="mapping"),
        pytest.param(
            "workload", "other/mamba2.yaml", "called 'other/mamba2'; did you mean 'mamba2'", id="another folder"
        ),
        pytest.param("workload", "mamba2.json", "called 'mamba2.json'; did you mean 'mamba2'", id="another suffix"),
        pytest.param("workload", "zzz", "called 'zzz'; `python -m sim list workload` names all", id="nothing like it"),
        pytest.param("workload", "x" * 300, "called 'xxx", id="longer than a file's name"),
        pytest.param("workload", "a\0b", "called 'a\\x00b'", id="no name of a file"),
        pytest.param("workload", "", "called ''", id="nothing"),
    ],
)
def test_anything_else_is_told_with_a_guess(kind: str, name: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        find(kind, name)
    assert f"no such file, and no shipped {kind} is {message}" in str(raised.value)
    assert "\n" not in str(raised.value)


class TestBases:
    """What a file extends."""

    @pytest.mark.parametrize(
        ("kind", "name", "stem"),
        [
            pytest.param("machine", "edge", "edge", id="machine"),
            pytest.param("machine", "edge.yaml", "edge", id="with its suffix"),
            pytest.param("machine", "hw/edge.yaml", "edge", id="with its folder"),
            pytest.param("workload", "mamba2", "mamba2", id="workload"),
            pytest.param("mapping", "stream-like", "stream-like", id="mapping"),
        ],
    )
    def test_a_shipped_one_by_name(self, tmp_path: Path, kind: str, name: str, stem: str) -> None:
        assert find_base(kind, tmp_path / "mine.yaml", name) == shipped(kind)[stem]

    @pytest.mark.parametrize("name", ["edge", "edge.yaml"])
    def test_a_file_beside_comes_first(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "edge.yaml").write_text("name: mine")
        assert find_base("machine", tmp_path / "mine.yaml", name) == tmp_path / "edge.yaml"

    def test_a_file_that_is_called_like_what_it_extends(self, tmp_path: Path) -> None:
        (tmp_path / "edge.yaml").write_text("extends: edge")
        assert find_base("machine", tmp_path / "edge.yaml", "edge") == shipped("machine")["edge"]

    @pytest.mark.parametrize("name", ["", ".", "..", "edg", "x" * 300, "a\0b", "nowhere/edge", "/"])
    def test_nothing_else(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ValueError, match=r"^another file beside this one, or the name of a shipped machine"):
            find_base("machine", tmp_path / "mine.yaml", name)
