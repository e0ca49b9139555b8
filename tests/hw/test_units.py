"""Units by name: the shorthand and names of one's own, which make one dictionary."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hw.machine import MachineSpec
from hw.unit_names import compute_units
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.errors import InputError
from sim.files.resolve import read, resolve
from tests.support.folders import DOCS

MINIMAL = "kind: special_functions, lanes: 4, pipeline_depth: 2, cycles: {exp: 1}"


def machine(name: str, *assignments: str) -> MachineSpec:
    document = read_document(find("machine", name))
    for each in assignments:
        document.override(each)
    return document.check(MachineSpec)


def test_the_shorthand_and_other_names_make_one_dictionary() -> None:
    found = machine("edge_2x512", f"units.sfu={{{MINIMAL}}}")
    assert list(found.compute) == ["mac_array", "simd", "mac_array_2", "sfu"]
    assert list(found.arrays) == ["mac_array", "mac_array_2"] and found.macs_per_cycle == 1024
    assert [found.key(name) for name in found.compute] == ["mac_array", "simd", "units.mac_array_2", "units.sfu"]


def test_the_page_about_units_shows_a_machine(tmp_path: Path) -> None:
    (listing,) = re.findall(r"^```yaml\n(.*?)^```$", (DOCS / "units.md").read_text(encoding="utf-8"), re.M | re.S)
    (tmp_path / "more.yaml").write_text(listing, encoding="utf-8")
    found = read("machine", str(tmp_path / "more.yaml")).check(MachineSpec)
    assert {name: unit.kind for name, unit in found.units.items()} == {
        "second_array": "mac_array", "more_lanes": "simd", "sfu": "special_functions",
    }  # fmt: skip


def test_halves_are_alike_and_differ_from_the_whole_in_columns_only() -> None:
    halves, whole = machine("edge_2x512").arrays.values(), machine("edge").mac_array
    assert whole is not None
    assert all(half == whole.model_copy(update={"columns": 16}) for half in halves)


def test_which_names_are_compute_units() -> None:
    assert compute_units(["a", "simd", "dma", "dram.channel0", "sram.banks0-15"]) == ("a", "simd")


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        pytest.param(
            "units.x.rows=3", "units.x: found {'rows': 3}, expected a mapping with the key 'kind'", id="no kind"
        ),
        pytest.param(
            "units.x={kind: gpu}",
            "units.x: found {'kind': 'gpu'}, expected 'kind' to be one of 'mac_array', 'simd', 'special_functions'",
            id="unknown kind",
        ),
        pytest.param(
            "units.mac_array_2.rws=3",
            "units.mac_array_2.rws: unknown key, expected one of kind, rows, columns, dataflow, folds, packing, edges, "
            "elementwise, rates, types, fetch_ahead; did you mean 'rows'?",
            id="key of an array",
        ),
        pytest.param(
            f"units.x={{{MINIMAL}, lanez: 1}}",
            "units.x.lanez: unknown key, expected one of kind, lanes, pipeline_depth, cycles, fetch_ahead; "
            "did you mean 'lanes'?",
            id="key of another kind",
        ),
        pytest.param(
            f"units.simd={{{MINIMAL}}}",
            "units.simd: the machine has a unit 'simd' already, by the key simd",
            id="twice",
        ),
        pytest.param(
            f"units.dram={{{MINIMAL}}}",
            "units.dram: is no name for a unit, expected up to 40 of a-z, 0-9 and _, a letter first, and none of auto, "
            "dma, dram, sram",
            id="name of something else",
        ),
    ],
)
def test_mistakes_have_one_line(assignment: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        machine("edge_2x512", assignment)
    assert str(caught.value) == f"--set {assignment}: {message}"


def test_a_machine_has_a_unit(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        machine("edge", "mac_array=null", "simd=null")
    assert str(caught.value).endswith("the machine has no compute unit, expected mac_array, simd or units")


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        pytest.param(["simd=null"], "mac_array: has no figure for ", id="no lanes"),
        pytest.param(
            ["mac_array=null"],
            "simd: has no unit for matrix products; needed by in_proj.x, in_proj.z, x_proj.dt and others",
            id="no array",
        ),
        pytest.param(
            ["mapping.placement=sidm"],
            "mapping.placement: found 'sidm', expected auto, mac_array or simd; did you mean 'simd'?",
            id="placement",
        ),
    ],
)
def test_what_no_unit_does_is_one_line(assignments: list[str], message: str) -> None:
    from sim.simulation import mapped

    with pytest.raises(InputError) as caught:
        mapped(resolve("mamba1-d96", "edge", assignments))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
