"""The energy of a run and the area of its machine, as a result tells them: by component, by class, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hw.energy.actions import Actions
from hw.energy.levels import LEVELS, Levels
from hw.energy.model import EnergyModel
from hw.energy.units import area
from hw.machine import MachineSpec
from sim.accounting.result import EnergyFigures, Interval, SramBytes
from sim.lowering.actions import counted
from sim.lowering.section import Section

FEMTO: Final = 10**15


@dataclass(frozen=True)
class EnergyAccount:
    """What a result says of energy, area and what was counted for them; energy in mJ a token."""

    mj_per_token: float
    by_component: dict[str, float]
    by_class: dict[str, float]
    figures: EnergyFigures | None
    average_power_w: float
    delay_js: float
    area_mm2: dict[str, Interval] | None
    sram_bytes: dict[str, SramBytes]
    dram_rows: int
    operation_counts: dict[str, dict[str, int]]


def energy_account(
    machine: MachineSpec, sections: Sequence[Section], operations: Mapping[str, int], makespan: int, tokens: int
) -> EnergyAccount:
    """What *sections* take within *makespan* cycles; *operations* are those of the workload, by class."""
    actions = Actions()
    for section in sections:
        actions.add(counted(section.stack, section.costs, section.inventory, section.program))
    energy = EnergyModel(machine).energy(actions, operations, makespan)
    spec, seconds = machine.energy, makespan / machine.clock

    def of_a_token(parts: Mapping[str, Levels], level: str) -> dict[str, float]:
        ordered = sorted(parts.items(), key=lambda part: -part[1].typical)
        return {name: getattr(levels, level) / tokens / FEMTO * 1000 for name, levels in ordered}

    total = energy.total.at(spec.level)
    figures = areas = None
    if spec.node is not None:
        by_level = {level: of_a_token(energy.by_component, level) for level in LEVELS}
        figures = EnergyFigures(node=spec.node, level=spec.level, arithmetic=spec.arithmetic, **by_level)
        areas = {name: _interval(levels) for name, levels in area(machine, spec.node).items()}
    return EnergyAccount(
        mj_per_token=total / tokens / FEMTO * 1000,
        by_component=of_a_token(energy.by_component, spec.level),
        by_class=of_a_token(energy.by_class, spec.level),
        figures=figures,
        average_power_w=total / FEMTO / seconds,
        delay_js=total / tokens / FEMTO * seconds / tokens,
        area_mm2=areas,
        sram_bytes=_sram_bytes(actions),
        dram_rows=sum(actions.rows.values()),
        operation_counts=_operation_counts(actions),
    )


def _interval(levels: Levels) -> Interval:
    return Interval(low=levels.low, typical=levels.typical, high=levels.high)


def _sram_bytes(actions: Actions) -> dict[str, SramBytes]:
    """Bytes of each buffer in each direction; the most used one first."""
    found: dict[str, dict[bool, int]] = {}
    for access, size in actions.sram_bytes.items():
        moved = found.setdefault(access.buffer, {False: 0, True: 0})
        moved[access.write] += size
    ordered = sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return {name: SramBytes(read=moved[False], written=moved[True]) for name, moved in ordered}


def _operation_counts(actions: Actions) -> dict[str, dict[str, int]]:
    """Operations by unit and function, the most first."""
    found: dict[str, dict[str, int]] = {}
    for done, count in sorted(actions.operations.items(), key=lambda item: (item[0].unit, -item[1], item[0])):
        of_unit = found.setdefault(done.unit, {})
        of_unit[done.function] = of_unit.get(done.function, 0) + count
    return found
