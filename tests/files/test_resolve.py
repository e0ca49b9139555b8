"""Mistakes in named mappings, and where mistakes of a pair of files are put."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.catalog import find
from sim.files.errors import InputError
from sim.files.keys import SPECS
from sim.files.resolve import named_mapping, read
from sim.simulation import prepare


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name: mine\n", "says nothing, expected mapping, machine or set", id="nothing set"),
        pytest.param("name: mine\nset: [mapping.lanes]\n", "must be path=value", id="no assignment"),
        pytest.param("name: mine\nset: [nothing=1]\n", "unknown key", id="unknown key"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        prepare("mamba2", "edge", named_mapping(str(path)))
    assert message in str(raised.value.problems[0])


@pytest.mark.parametrize(
    ("assignment", "hint"),
    [
        pytest.param("lanes=3", "; did you mean 'mapping.lanes' or 'simd.lanes'?", id="a key without its part"),
        pytest.param("smid.lanes=3", "; did you mean 'simd.lanes'?", id="a part misspelt"),
        pytest.param("layer=3", "; did you mean 'layers'?", id="a key at the top"),
        pytest.param("n_groups=3", "; did you mean 'dimensions.n_groups'?", id="a dimension of a model"),
        pytest.param("zzzzzz=3", "ideal", id="nothing like it"),
        pytest.param("simd.lane=3", "; did you mean 'lanes'?", id="in a part"),
    ],
)
def test_a_key_that_is_not_there_makes_guess(assignment: str, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        prepare("mamba2", "edge", [assignment])
    assert "unknown key" in str(raised.value) and str(raised.value).endswith(hint)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param("machine", "extends: edge\nname: mine\n", id="machine"),
        pytest.param("workload", "extends: mamba2-d96.yaml\nname: mine\n", id="workload"),
        pytest.param("mapping", "extends: stream-like\nname: mine\n", id="mapping"),
    ],
)
def test_a_file_of_any_folder_extends_a_shipped_one(tmp_path: Path, kind: str, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    document = read(kind, str(path))
    assert document.check(SPECS[kind]).model_dump()["name"] == "mine"
    assert len(document.files) >= 2


def test_a_config_of_weights_extends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"extends": "mamba2", "model_type": "mamba2"}')
    with pytest.raises(InputError) as raised:
        read("workload", str(path))
    assert "is missing" in str(raised.value)


def test_a_function_without_cycles_is_a_mistake_of_the_machine(tmp_path: Path) -> None:
    machine = tmp_path / "plain.yaml"
    edge = find("machine", "edge").read_text(encoding="utf-8")
    machine.write_text("".join(line for line in edge.splitlines(True) if "rsqrt:" not in line), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        prepare("mamba2-d96", str(machine))
    message = "simd.cycles: has no figure for rsqrt; needed by norm.scale, gate_norm.scale"
    assert str(raised.value).endswith(message) and raised.value.problems[0].line == 18


def test_a_function_without_cycles_is_no_mistake_where_pes_do_it() -> None:
    table = "{add: 1, mul: 1, max: 1, div: 1, exp: 1, silu: 1, softplus: 1}"
    job = prepare("mamba2-d96", "edge_flexpe", ["layers=1", "sequence_length=8", f"simd.cycles={table}"])
    placement = job.sections[0].mapping.placement
    assert {unit for name, unit in placement.items() if name.endswith(".scale")} == {"mac_array"}
