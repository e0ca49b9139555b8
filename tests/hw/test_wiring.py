"""The components of a run, wired to each other."""

from __future__ import annotations

from hw.engine import Engine
from hw.machine import MachineSpec
from hw.reasons import reason_names
from hw.unit_names import MAC_ARRAY, SIMD
from hw.wiring import Machine
from sim.files.catalog import find
from sim.files.documents import read_document

EDGE = read_document(find("machine", "edge")).check(MachineSpec)


def test_a_machine_wires_its_units_to_the_same_banks() -> None:
    engine, names = Engine(), reason_names()
    machine = Machine(EDGE, engine, names, contended=True)
    assert {name: unit.name for name, unit in machine.units.items()} == {
        "mac_array": "mac_array",
        "simd": "simd",
        "dma": "dma",
    }
    assert machine.dma is machine.units["dma"]
    assert machine.dma.channels == 2
    assert {(unit.engine, unit.ledger.names) for unit in machine.units.values()} == {(engine, names)}
    assert machine.ports is not None
    assert [machine.load(MAC_ARRAY, 10, {0: size}) for size in (64, 128, 64)] == [0, 1, 0]
    assert machine.ports.join() == 2  # after both compute units
    assert machine.traffic({0: 64}) == machine.traffic({0: 128}) == 1


def test_how_far_a_unit_fetches_ahead_is_its_own() -> None:
    """What two units ask for is the same load only if they fetch as far ahead, counted in turns of the banks."""
    simd = EDGE.simd.model_copy(update={"fetch_ahead": 0})
    machine = Machine(EDGE.model_copy(update={"simd": simd}), Engine(), reason_names(), contended=True)
    assert [machine.load(unit, 10, {0: 64}) for unit in (MAC_ARRAY, SIMD, MAC_ARRAY)] == [0, 1, 0]


def test_a_machine_whose_banks_suffice_has_no_ports() -> None:
    machine = Machine(EDGE, Engine(), reason_names(), contended=False)
    assert machine.ports is None
    assert machine.load(MAC_ARRAY, 10, {0: 64}) == 0
    assert machine.traffic({0: 64}) == 0


def test_an_idle_machine_has_nothing_left_to_do() -> None:
    accounts = Machine(EDGE, Engine(), reason_names(), contended=False).close(70)
    assert list(accounts) == ["mac_array", "simd", "dma", "dram.channel0", "dram.channel1"]
    assert {(account.busy, *account.stalls.items()) for account in accounts.values()} == {(0, ("nothing_left", 70))}
