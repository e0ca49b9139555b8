"""The energy of a run: what was counted, times what that takes; by component, and by class of operation.

Energy is linear in time where the actions are the same: background, leakage and the clock of idle units. So what tells
the mappings of a workload apart is known before any of them is simulated, but for its cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hw.energy.actions import DEQUANTISATION, MAC, Actions, Operations
from hw.energy.arithmetic import (
    IDLE_CLOCK,
    MAC_PJ,
    REGISTER_PJ_PER_BIT,
    of_bits,
    operation,
    register_bits_of_mac,
    register_bits_of_operation,
)
from hw.energy.dram import prices
from hw.energy.levels import NOTHING, Levels, exactly
from hw.energy.nodes import Node, energy_factor
from hw.energy.spec import EnergySpec
from hw.energy.sram import access_pj_per_byte, leakage_mw
from hw.energy.units import priced_units
from hw.machine import MachineSpec

TIME: Final = "time"  # the class of what no operation asks for
PJ: Final = 1e3  # femtojoules
Cells = dict[tuple[str, str], Levels]
_Add = Callable[[str, str, Levels], None]


@dataclass(frozen=True)
class Energy:
    """Femtojoules by (component, class)."""

    cells: Cells

    @property
    def total(self) -> Levels:
        """All of it."""
        return total(self.cells.values())

    @property
    def by_component(self) -> dict[str, Levels]:
        """Sums over classes."""
        return self._summed(0)

    @property
    def by_class(self) -> dict[str, Levels]:
        """Sums over components."""
        return self._summed(1)

    def _summed(self, part: int) -> dict[str, Levels]:
        sums: dict[str, Levels] = {}
        for key, levels in self.cells.items():
            sums[key[part]] = sums.get(key[part], NOTHING) + levels
        return sums


def total(parts: Iterable[Levels]) -> Levels:
    """The sum of *parts*."""
    found = NOTHING
    for part in parts:
        found = found + part
    return found


class EnergyModel:
    """What actions take on one machine, by its two constants or by component."""

    def __init__(self, machine: MachineSpec) -> None:
        self._machine = machine
        self._spec: EnergySpec = machine.energy
        node = machine.energy.node
        self._components = None if node is None else _Components(machine, node)

    def energy(self, actions: Actions, operations: Mapping[str, int], cycles: float) -> Energy:
        """The energy of *actions* within so many *cycles*; *operations* are those of the workload by their class.

        Constants are for these, wherever and however they are done, and for what has to be dequantised for them.
        """
        if self._components is not None:
            return self._components.energy(actions, cycles)
        spec = self._spec
        assert spec.operation is not None and spec.dram is not None, "constants are complete"
        cells: Cells = {("operations", kind): exactly(count * spec.operation) for kind, count in operations.items()}
        for done, count in actions.operations.items():
            if done.kind == DEQUANTISATION:
                key = "operations", done.kind
                cells[key] = cells.get(key, NOTHING) + exactly(count * spec.operation)
        for access, size in actions.dram_bytes.items():
            key = "dram", access.kind
            cells[key] = cells.get(key, NOTHING) + exactly(size * 8 * spec.dram)
        return Energy(cells)


class _Components:
    """The figures of one machine at one node, and what they make of actions."""

    def __init__(self, machine: MachineSpec, node: Node) -> None:
        self._arithmetic = machine.energy.arithmetic
        self._logic = energy_factor(node, "45nm")
        self._units = priced_units(machine, node)
        self._clock_hz = machine.clock
        sram = machine.sram
        self._sram = {write: access_pj_per_byte(node, sram.capacity, sram.banks, write) * PJ for write in (False, True)}
        self._sram_mw = leakage_mw(node, sram.capacity)
        self._dram = prices(machine.dram, machine.energy.dram)

    def energy(self, actions: Actions, cycles: float) -> Energy:
        """Femtojoules of *actions* within so many *cycles*."""
        cells: Cells = {}

        def add(component: str, kind: str, levels: Levels) -> None:
            cells[component, kind] = cells.get((component, kind), NOTHING) + levels

        for done, count in actions.operations.items():
            work, registers = self._operation(done)
            add("macs" if done.function == MAC else "elementwise", done.kind, work * count)
            add("registers", done.kind, registers * count)
        for access, size in actions.sram_bytes.items():
            add("sram", access.kind, self._sram[access.write] * size)
        for access, size in actions.dram_bytes.items():
            add("dram_bits", access.kind, self._dram.bit_pj * (size * 8 * PJ))
        for kind, rows in actions.rows.items():
            add("dram_rows", kind, self._dram.row_pj * (rows * PJ))
        self._add_time(add, actions, cycles)
        return Energy(cells)

    def _operation(self, done: Operations) -> tuple[Levels, Levels]:
        """Femtojoules of one operation, and of the registers that it uses."""
        if done.function == MAC:
            work, bits = of_bits(MAC_PJ[self._arithmetic], done.bits).levels, register_bits_of_mac(done.bits)
        else:
            cycles = self._units[done.unit].cycles.get(done.function, 1)
            work = operation(done.function, self._arithmetic, done.bits, cycles)
            bits = register_bits_of_operation(done.function, done.bits)
        scale = self._logic * PJ
        return work * scale, REGISTER_PJ_PER_BIT.levels * (bits * scale)

    def _add_time(self, add: _Add, actions: Actions, cycles: float) -> None:
        """Clock, leakage and background."""
        milliwatts = 1e12 * cycles / self._clock_hz  # femtojoules of one
        for name, unit in self._units.items():
            busy = actions.busy[name]
            idle = IDLE_CLOCK.levels * (cycles - busy)
            add("clock", TIME, unit.clock_pj.by(exactly(busy) + idle) * PJ)
            add("leakage", TIME, unit.leakage_mw * milliwatts)
        add("leakage", TIME, self._sram_mw * milliwatts)
        add("dram_background", TIME, self._dram.background_mw * milliwatts)
