"""Actions times figures: a small case by hand, and what each component depends on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hw.energy.actions import MAC, Access, Actions, Operations
from hw.energy.arithmetic import HARDWARE_BITS, SUM_BITS
from hw.energy.levels import LEVELS, Levels
from hw.energy.model import TIME, EnergyModel
from hw.energy.units import area
from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import read_document

PJ = 1e3  # femtojoules


def machine(*settings: str, energy: str = "{node: 45nm}") -> MachineSpec:
    """The edge accelerator at 45 nm, to which figures of the tables apply as they are."""
    return read_document(find("machine", "edge")).changed([f"energy={energy}", *settings]).check(MachineSpec)


ACTIONS = Actions(
    operations=Counter(
        {Operations("mac_array", MAC, 16, "projection"): 1000, Operations("simd", "exp", 16, "state"): 10}
    ),
    sram_bytes=Counter({Access("x", False, "projection"): 300, Access("y", True, "state"): 50}),
    dram_bytes=Counter({Access("", False, "weights"): 4096, Access("", True, "state"): 64}),
    rows=Counter({"weights": 2, "state": 1}),
    busy=Counter({"mac_array": 100, "simd": 40}),
)
CYCLES = 250  # a microsecond


def by_component(spec: MachineSpec, actions: Actions = ACTIONS, cycles: float = CYCLES) -> dict[str, Levels]:
    return EnergyModel(spec).energy(actions, {}, cycles).by_component


def test_by_hand() -> None:
    """Typical figures at 45 nm: a MAC 2 pJ, an exp of four cycles four multiplications of 1.1 pJ."""
    found = {name: levels.typical / PJ for name, levels in by_component(machine()).items()}
    assert found["macs"] == pytest.approx(1000 * 2.0)
    assert found["elementwise"] == pytest.approx(10 * 4 * 1.1)
    registers = 1000 * 2 * (2 * 16 + 32) + 10 * 2 * 16  # operands in and on, the sum out and in; an operand, a result
    assert found["registers"] == pytest.approx(registers * 0.0104)
    assert found["dram_bits"] == pytest.approx((4096 + 64) * 8 * 4.8)
    assert found["dram_rows"] == pytest.approx(3 * 1100)
    assert found["dram_background"] == pytest.approx(2 * 34 * 1e3)  # mW for a microsecond are nJ
    pes, lanes = 1024 * (2 * HARDWARE_BITS + SUM_BITS), 32 * 3 * 4 * HARDWARE_BITS
    clock = pes * (100 + 0.2 * 150) + lanes * (40 + 0.2 * 210)
    assert found["clock"] == pytest.approx(clock * 0.0035)
    leaking = (1024 + 4 * 32) * 25.8 + 2 * 205 / 0.2941  # uW for a microsecond are pJ; SRAM's are those of 22 nm
    assert found["leakage"] == pytest.approx(leaking, rel=1e-6)
    assert set(found) == {
        "macs", "elementwise", "registers", "sram", "dram_bits", "dram_rows", "dram_background", "clock", "leakage",
    }  # fmt: skip


def test_components_and_classes_sum_to_the_total_and_levels_are_in_order() -> None:
    found = EnergyModel(machine()).energy(ACTIONS, {}, CYCLES)
    for level in LEVELS:
        for parts in (found.by_component, found.by_class):
            assert sum(part.at(level) for part in parts.values()) == pytest.approx(found.total.at(level), rel=1e-12)
    assert set(found.by_class) == {"projection", "state", "weights", TIME}
    for part in found.by_component.values():
        assert 0 < part.low <= part.typical <= part.high


@pytest.mark.parametrize(
    ("settings", "larger"),
    [
        pytest.param(["dram.channels=4"], {"dram_background": 2.0}, id="twice the channels"),
        pytest.param(["simd.lanes=64"], {"clock": None, "leakage": None}, id="more lanes"),
        pytest.param(["mac_array.rows=64"], {"clock": None, "leakage": None}, id="more PEs"),
        pytest.param(["sram.capacity=4MiB"], {"sram": None, "leakage": None}, id="more SRAM"),
        pytest.param(["sram.capacity=4MiB", "sram.banks=32"], {"sram": None, "leakage": None}, id="more banks"),
        pytest.param(["simd.cycles.exp=8"], {"elementwise": 2.0}, id="a slower function"),
        pytest.param(["dram.timing=lpddr5-6400"], {"dram_bits": 6.0 / 4.8}, id="an older DRAM"),
        pytest.param(["clock=125MHz"], {"leakage": 2.0, "dram_background": 2.0}, id="half the clock: twice the time"),
    ],
)  # fmt: skip
def test_what_grows_with_what(settings: list[str], larger: dict[str, float | None]) -> None:
    """The named components are larger, by so much if that is said, and all others are as they were."""
    before, after = by_component(machine()), by_component(machine(*settings))
    for name in before:
        ratio = after[name].typical / before[name].typical
        if name not in larger:
            assert ratio == 1
        else:
            assert ratio > 1 if larger[name] is None else ratio == pytest.approx(larger[name])


def test_idle_time_costs_and_costs_in_proportion() -> None:
    one, two, three = (by_component(machine(), cycles=number * CYCLES) for number in (1, 2, 3))
    for name in ("clock", "leakage", "dram_background"):
        step = two[name].typical - one[name].typical
        assert step > 0 and three[name].typical - two[name].typical == pytest.approx(step)
    assert all(one[name] == two[name] for name in set(one) - {"clock", "leakage", "dram_background"})


def test_a_busy_unit_is_clocked_more() -> None:
    busier = replace(ACTIONS, busy=Counter({"mac_array": 250, "simd": 250}))
    assert by_component(machine(), busier)["clock"].typical > by_component(machine())["clock"].typical
    gated = by_component(machine(), busier)["clock"]
    assert gated.low < gated.typical < gated.high


def test_integers_take_less_and_wide_operands_more() -> None:
    def macs(bits: int, kind: str) -> float:
        actions = Actions(operations=Counter({Operations("mac_array", MAC, bits, "projection"): 1}))
        return by_component(machine(f"energy.arithmetic={kind}"), actions)["macs"].typical

    for kind in ("float", "integer"):
        assert macs(8, kind) < macs(16, kind) < macs(32, kind)
    for bits in (8, 16, 32):
        assert macs(bits, "integer") < macs(bits, "float")
    assert macs(4, "integer") == macs(8, "integer")  # the least width that holds them


def test_constants_are_for_operations_and_bits_and_exact() -> None:
    energy: dict[str, Any] = EnergyModel(machine(energy="paper")).energy(ACTIONS, {"a": 3, "b": 10**16}, CYCLES).cells
    assert energy["operations", "a"].typical == 6000 and energy["operations", "b"].typical == 2 * 10**19
    assert energy["dram", "weights"].typical == 4096 * 8 * 15_000
    assert {component for component, _ in energy} == {"operations", "dram"}


def test_area_is_that_of_all_units_and_elementwise_pes_are_larger() -> None:
    found = area(machine(), "45nm")
    assert set(found) == {"mac_array", "simd", "sram"}
    assert found["mac_array"].typical == pytest.approx(1024 * 2355e-6)
    assert found["simd"].typical == pytest.approx(32 * 4 * 2355e-6)
    flexible = read_document(find("machine", "edge_flexpe")).changed(["energy.node=45nm"]).check(MachineSpec)
    assert area(flexible, "45nm")["mac_array"].typical == pytest.approx(5 * found["mac_array"].typical)
    assert area(machine(), "7nm")["sram"].typical < found["sram"].typical
