"""The command init: files to start from run as they are, and nothing is written over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import call, check_refused


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_three_run_as_they_are(folder: Path) -> None:
    for kind in ("machine", "workload", "mapping"):
        code, output, _ = call("init", kind, f"my-{kind}")
        assert code == 0
        assert output.startswith(f"my-{kind}.yaml: ")
        assert (folder / f"{kind}.schema.json").is_file()
    small = ["--layers", "1", "--seq-len", "16", "--json", "-"]
    mine = call("run", "my-workload.yaml", "--hw", "my-machine.yaml", "--mapping", "my-mapping.yaml", *small)
    shipped = call("run", "mamba2", "--hw", "edge", *small)
    assert mine[0] == shipped[0] == 0
    assert '"my-machine"' in mine[1]
    makespan = [line for line in mine[1].splitlines() if "makespan_cycles" in line]
    assert makespan == [line for line in shipped[1].splitlines() if "makespan_cycles" in line]


def test_as_json_the_files_that_were_written(folder: Path) -> None:
    for name, schemas in (("mine", ["machine.schema.json"]), ("other", [])):
        files = json.loads(call("init", "machine", name, "--json", "-")[1])["written"]
        assert files[0] == {"kind": "machine", "name": name, "path": f"{name}.yaml"}
        assert [each["path"] for each in files[1:]] == schemas
    check_refused(["init", "machine", "third", "--json", "third.yaml"], "third.yaml: is named for two outputs")
    assert not (folder / "third.yaml").exists()


@pytest.mark.parametrize("name", ["mine", "mine.yaml"])
def test_nothing_is_written_over(folder: Path, name: str) -> None:
    (folder / "mine.yaml").write_text("name: precious")
    check_refused(["init", "machine", name], "mine.yaml: is there already")
    assert [path.name for path in folder.iterdir()] == ["mine.yaml"]
    assert (folder / "mine.yaml").read_text() == "name: precious"


def test_nor_is_a_schema(folder: Path) -> None:
    (folder / "machine.schema.json").write_text("{}")
    assert call("init", "machine", "mine")[0] == 0
    assert (folder / "machine.schema.json").read_text() == "{}"


def test_nor_a_link_that_leads_nowhere(folder: Path) -> None:
    (folder / "mine.yaml").symlink_to("nowhere")
    check_refused(["init", "machine", "mine"], "is there already")


@pytest.mark.parametrize("name", ["", "../mine", "a/b", ".hidden", "x" * 101, "a b", "-x", "a\nb", "\u202ex"])
def test_a_name_is_one_of_a_file(folder: Path, name: str) -> None:
    check_refused(["init", "machine", "--", name], "expected letters, digits, dots, dashes and underscores")
    assert list(folder.iterdir()) == []


def test_an_unknown_kind() -> None:
    code, _, error = call("init", "figure", "mine")
    assert code == 2
    assert "'figure' is not one of" in error
