"""The taxonomy has every reason once, its remedies do what they say, and page and picture show what it says."""

from __future__ import annotations

import re
from functools import cache
from typing import get_args

import matplotlib
import pytest

from hw.effects import Effect
from hw.machine import MachineSpec
from hw.reasons import COST_NAMES
from sim import Result
from sim.accounting.taxonomy import DRAM, OTHER_TERMS, TAXONOMY, Leaf
from sim.explanation.experiments import LADDER, changes
from sim.explanation.laboratory import Laboratory
from sim.files.resolve import build_workload, read_inputs
from sim.presentation.figures.stall_tree import as_svg
from tests.support.folders import DOCS

PAGE = (DOCS / "stalls.md").read_text()
PICTURE = (DOCS / "stalls.svg").read_text()
SHORT = {"mac_array": "array", "dram.channel": "channel", "sram.banks": "banks"}
COMPUTE = "array, simd, special_functions"
SERIAL = "mac_array.folds=serial"
# little SRAM in few and narrow banks, and serial folds: a machine that has nearly every reason
CRAMPED = (
    "sram.capacity=512KiB",
    "sram.banks=4",
    "sram.interleave=4",
    "sram.bank_width=32B",
    "simd.lanes=128",
    SERIAL,
    "mapping.placement=simd",
)
NEVER_SEEN = {"waits_for_dma", "start"}
KEYS = [leaf.key for leaf in TAXONOMY]


@cache
def laboratory(workload: str = "mamba1-d96", machine: str = "edge", *assignments: str) -> Laboratory:
    wishes, document = read_inputs(workload, machine, ("layers=2", "sequence_length=64", *assignments))
    return Laboratory(build_workload(wishes), document, wishes)


@cache
def cramped(*assignments: str) -> Result:
    result = laboratory("mamba1-d96", "edge", *CRAMPED).same_schedule(assignments, explained=True)
    assert result is not None
    return result


def cycles(result: Result, leaf: Leaf) -> int:
    """Cycles of *leaf* over all units."""
    if leaf.key in ("useful", "edge", "fill_drain"):
        return sum(int(getattr(account, leaf.place)) for account in result.units.values())
    return sum(account.stalls.get(leaf.key, 0) for account in result.units.values())


def test_every_term_is_there_once() -> None:
    terms = [*TAXONOMY, *OTHER_TERMS]
    assert len({term.key for term in terms}) == len(terms)


def test_every_reason_of_the_result_is_a_leaf() -> None:
    section = (DOCS / "result.md").read_text().split("## Reasons")[1]
    listed = [key for row in re.findall(r"^\| (`.*?) \|", section, flags=re.M) for key in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(leaf.key for leaf in TAXONOMY if leaf.path != ("busy",))
    assert [leaf.key for leaf in TAXONOMY if leaf.path == DRAM] == list(COST_NAMES)


def test_branches_are_in_one_piece() -> None:
    paths = [leaf.path for leaf in TAXONOMY]
    for depth in (1, 2, 3):
        runs = [
            path[:depth] for before, path in zip([(), *paths], paths, strict=False) if before[:depth] != path[:depth]
        ]
        assert len(set(runs)) == len(runs)


def test_every_effect_is_the_remedy_of_a_leaf() -> None:
    assert {leaf.remedy for leaf in TAXONOMY} - {None} == set(get_args(Effect))


@pytest.mark.parametrize("leaf", [leaf for leaf in TAXONOMY if leaf.remedy], ids=lambda leaf: leaf.key)
def test_its_remedy_frees_of_a_leaf(leaf: Leaf) -> None:
    before, after = cycles(cramped(), leaf), cycles(cramped(f"ideal=[{leaf.remedy}]"), leaf)
    assert before > 0 or leaf.key in NEVER_SEEN | {"recurrence_on_mac_array"}
    assert after <= before // 100  # not zero: transfers end with a whole cycle


@pytest.mark.parametrize(
    ("workload", "machine", "assignments"),
    [
        pytest.param("mamba1-d96", "edge", CRAMPED, id="cramped"),
        pytest.param("mamba3_mimo-d48", "edge", (), id="prefill"),
        pytest.param("mamba2-d96", "edge", ("phase=decode",), id="decode"),
        pytest.param("mamba1-d96", "edge_flexpe", ("dma.outstanding=1",), id="one-transfer-at-a-time"),
    ],
)
def test_units_have_the_leaves_that_they_can_have(workload: str, machine: str, assignments: tuple[str, ...]) -> None:
    result = laboratory(workload, machine, *assignments).same_schedule(explained=True)
    assert result is not None
    possible = {(leaf.key, unit) for leaf in TAXONOMY for unit in leaf.units}
    for name, account in result.units.items():
        unit = re.sub(r"\d.*", "", name)
        found = {leaf.key for leaf in TAXONOMY[:3] if getattr(account, leaf.place)} | set(account.stalls)
        assert {(key, unit) for key in found} <= possible
        assert not found & NEVER_SEEN
    assert result.critical_path is not None
    known = {*KEYS, *(term.key for term in OTHER_TERMS), ""}
    assert {key for part in result.critical_path for key in (part.spent_on, part.because)} <= known
    assert set(result.above_roofline) <= known


def test_explain_tries_the_settings_that_the_page_says() -> None:
    machine = laboratory("mamba1-d96", "edge", SERIAL, "mac_array.packing=false", "mac_array.edges.rows=16").machine
    tried = [assignment.split("=")[0] for change in changes(machine) for assignment in change.assignments]
    settings = {setting for leaf in TAXONOMY for setting in leaf.settings}
    untried = {each for each in settings if not any(f"{path}.".startswith(f"{each}.") for path in tried)}
    sentence = re.search(r"all settings but (.*?);", PAGE, flags=re.S)
    assert sentence is not None and set(re.findall(r"`(.*?)`", sentence[1])) == untried
    assert {path.split(".")[0] for path in settings} <= set(MachineSpec.model_fields)


def test_a_setting_is_one_of_the_machine() -> None:
    for setting in sorted({setting for leaf in TAXONOMY for setting in leaf.settings}):
        component, name = setting.split(".")
        assert name in type(getattr(laboratory().machine, component)).model_fields, setting


@pytest.mark.parametrize("leaf", TAXONOMY, ids=lambda leaf: leaf.key)
def test_the_page_has_a_row_for_each_leaf(leaf: Leaf) -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith(f"| `{leaf.key}` |")]
    assert len(rows) == 1
    _, _, units, remedy, settings = rows[0]
    assert units == ", ".join(SHORT.get(unit, unit) for unit in leaf.units).replace(COMPUTE, "compute")
    assert remedy == (f"`ideal=[{leaf.remedy}]`" if leaf.remedy else "none")
    assert settings == (", ".join(f"`{setting}`" for setting in leaf.settings) or "none")


def test_the_page_names_the_other_terms_and_the_ladder() -> None:
    assert all(f"`{term.key}`" in PAGE for term in OTHER_TERMS)
    order = re.search(r"switched on: (.*?)\.", PAGE, flags=re.S)
    assert order is not None and re.findall(r"`(\w+)`", order[1]) == list(LADDER)


@pytest.mark.skipif(f"Matplotlib v{matplotlib.__version__}," not in PICTURE, reason="drawn by another matplotlib")
def test_the_picture_is_that_of_the_taxonomy() -> None:
    assert as_svg() == PICTURE, "python -m bench.taxonomy draws it again"


def test_the_picture_is_white_behind() -> None:
    assert re.search(r'<g id="patch_1">\s*<path d="[^"]*" style="fill: #ffffff"', PICTURE)
