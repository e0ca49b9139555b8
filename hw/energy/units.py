"""The units of a machine as energy and area see them: PEs or lanes, what they leak, and what their clock takes."""

from __future__ import annotations

from typing import NamedTuple

from hw.compute import ComputeSpec
from hw.energy.arithmetic import (
    CLOCK_PJ_PER_BIT,
    LANE_PES,
    PE_AREA_UM2,
    PE_CLOCKED_BITS,
    PE_LEAKAGE_UW,
    clocked_bits,
)
from hw.energy.levels import Levels, exactly
from hw.energy.nodes import Node, area_factor, energy_factor
from hw.energy.sram import area_mm2
from hw.mac_array import MacArraySpec
from hw.machine import MachineSpec


class PricedUnit(NamedTuple):
    """A compute unit: pJ of its clock in a busy cycle, mW that it leaks, its area, cycles a lane takes by function."""

    clock_pj: Levels
    leakage_mw: Levels
    area_mm2: Levels
    cycles: dict[str, int]


def priced_units(machine: MachineSpec, node: Node) -> dict[str, PricedUnit]:
    """Every compute unit of *machine* at a *node*."""
    return {name: _priced(spec, node) for name, spec in machine.compute.items()}


def _priced(spec: ComputeSpec, node: Node) -> PricedUnit:
    """A lane that does elementwise work is a lane wherever it is: by itself, in a PE, or one of special functions."""
    is_array = isinstance(spec, MacArraySpec)
    pes, bits = exactly(1.0 if is_array else 0.0), PE_CLOCKED_BITS if is_array else 0
    if spec.lane_cycles:
        pes, bits = pes + LANE_PES.levels, bits + clocked_bits(spec.depth)
    many, logic = spec.elements, energy_factor(node, "45nm")
    return PricedUnit(
        clock_pj=CLOCK_PJ_PER_BIT.levels * (bits * many * logic),
        leakage_mw=PE_LEAKAGE_UW.levels.by(pes) * (many * logic / 1e3),
        area_mm2=PE_AREA_UM2.levels.by(pes) * (many * area_factor(node, "45nm") / 1e6),
        cycles=spec.lane_cycles,
    )


def area(machine: MachineSpec, node: Node) -> dict[str, Levels]:
    """Square millimetres of every compute unit and of the SRAM: no wires between them, no control, no interfaces."""
    units = {name: unit.area_mm2 for name, unit in priced_units(machine, node).items()}
    return units | {"sram": area_mm2(node, machine.sram.capacity, machine.sram.banks)}
