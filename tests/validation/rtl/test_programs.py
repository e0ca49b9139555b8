"""A whole program on live RTL of an array, lanes and banks, beside the simulator."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest

from sim.validation.rtl import build, programs
from sim.validation.rtl.programs import SCARCE, Recorded
from tests.support.rtl import needs_verilator

NAME = "Mamba-3 MIMO"


@pytest.fixture(scope="module")
def spare() -> Recorded:
    return programs.recorded(NAME)


@pytest.fixture(scope="module")
def scarce() -> Recorded:
    return programs.recorded(NAME, SCARCE)


@needs_verilator
def test_a_program_takes_what_the_simulator_says_where_there_are_banks_enough(spare: Recorded) -> None:
    cases = list(programs._compared(NAME, "g", spare.simulated, programs.in_rtl(spare), 0.05, 0.03))
    assert len(cases) >= 4
    assert [case for case in cases if not case.holds] == []


@needs_verilator
def test_scarce_banks_cost_as_much(scarce: Recorded, spare: Recorded) -> None:
    rtl = programs.in_rtl(scarce)
    assert rtl.makespan > 1.03 * programs.in_rtl(spare).makespan
    assert abs(scarce.simulated.makespan / rtl.makespan - 1) < 0.01


@needs_verilator
def test_turns_by_port_give_the_lanes_less(scarce: Recorded) -> None:
    by_unit, by_port = programs.in_rtl(scarce), programs.in_rtl(scarce, by_port=True)
    assert by_port.makespan > 1.03 * by_unit.makespan
    assert by_port.units["simd"]["bank_conflict"] > by_unit.units["simd"]["bank_conflict"]


@needs_verilator
@pytest.mark.parametrize(
    ("first_line", "slower"),
    [
        pytest.param("24 0 16 32 0 0", 1.03, id="a pipeline 24 deep instead of 4"),
        pytest.param("4 0 6 32 0 0", 1.03, id="6 banks instead of 16"),
        pytest.param("4 0 16 32 1 0", 1.001, id="words that come a cycle late"),
    ],
)
def test_the_comparison_notices_another_machine(
    monkeypatch: pytest.MonkeyPatch, spare: Recorded, first_line: str, slower: float
) -> None:
    real = build.run
    monkeypatch.setattr(build, "run", lambda model, lines: real(model, [first_line, *list(lines)[1:]]))
    assert programs.in_rtl(spare).makespan > slower * spare.simulated.makespan


@needs_verilator
def test_what_requests_wait_for_is_what_makes_units_stand_still(spare: Recorded) -> None:
    free = copy(spare.program)
    free.streams = [[replace(item, needs=()) for item in items] for items in spare.program.streams]
    found = programs.in_rtl(replace(spare, program=free))  # transfers keep their times, so the run does not end sooner
    for unit, account in found.units.items():
        assert account["nothing_left"] > 10 * spare.simulated.units[unit]["nothing_left"]
        assert sum(account.values()) == found.makespan
        assert account["busy"] + account["nothing_left"] > 0.98 * found.makespan


def test_a_wrong_value_is_an_error(monkeypatch: pytest.MonkeyPatch, spare: Recorded) -> None:
    monkeypatch.setattr(build, "run", lambda model, lines: ["0,0,0,5,9,0,0,-1", "checks,0,3,0,0,0,17"])
    with pytest.raises(build.RtlError, match=r"machine: .*: \[0, 3, 0, 0, 0\]"):
        programs.in_rtl(spare)
