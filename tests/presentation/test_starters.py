"""Files to start from: complete, valid, and the same as what they were taken from."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sim import simulate
from sim.files.keys import SPECS
from sim.files.resolve import read
from sim.files.schemas import input_schema
from sim.files.yaml_text import read_yaml
from sim.presentation.keys import described
from sim.presentation.starters import MODELS, starter

KINDS = ["machine", "workload", "mapping"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path, kind: str) -> Path:
    """A file as it is written."""
    target = tmp_path / "mine.yaml"
    target.write_text(starter(kind, "mine", f"{kind}.schema.json"), encoding="utf-8")
    return target


def test_it_is_valid(kind: str, path: Path) -> None:
    data, _ = read_yaml(path, "mine.yaml")
    assert list(Draft202012Validator(input_schema(kind)).iter_errors(data)) == []
    assert read("mapping" if kind == "mapping" else kind, str(path)).check(SPECS[kind]).model_dump()["name"] == "mine"


def test_the_first_line_leads_editors_to_the_schema(kind: str, path: Path) -> None:
    assert path.read_text().splitlines()[0] == f"# yaml-language-server: $schema={kind}.schema.json"


def test_every_key_stands_in_it_with_its_meaning(kind: str, path: Path) -> None:
    text = " ".join(line.strip().removeprefix("# ") for line in path.read_text().splitlines())
    for key in described(SPECS[kind]):
        ours = kind != "mapping" or key.path.startswith("mapping")  # a mapping may say more, in other ways
        if (
            ours
            and key.path not in ("name", "description")
            and not key.path.startswith(("mac_array.elementwise.", "dram.figures.", "equations."))
        ):
            assert f"{key.name}:" in text
            assert kind == "mapping" or key.meaning in text


@pytest.mark.parametrize("kind", MODELS, indirect=True)
def test_it_says_the_same_as_what_is_shipped(kind: str, path: Path) -> None:
    def meant(name: str) -> dict[str, object]:
        document = read(kind, name)
        found = document.check(SPECS[kind]).model_dump(exclude={"name", "description"})
        return {**found, "dimensions": None}

    assert meant(str(path)) == meant(MODELS[kind])


def test_a_recurrence_to_start_from_is_valid_and_runs(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(starter("equations", "mine", "workload.schema.json"), encoding="utf-8")
    data, _ = read_yaml(path, "mine.yaml")
    assert list(Draft202012Validator(input_schema("workload")).iter_errors(data)) == []
    assert simulate(path, layers=1, sequence_length=8, equations__sizes__d=64).workload == "mine"


def test_sources_stand_beside_the_values() -> None:
    assert "  banks: 16                       # assumed\n" in starter("machine", "mine", "s.json")
    assert "arXiv 2604.07935" in starter("workload", "mine", "s.json")
