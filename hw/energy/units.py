"""The units of a machine as energy and area see them: PEs or lanes, what they leak, and what their clock takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

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
from hw.simd import VectorUnitSpec
from hw.unit_names import MAC_ARRAY, SIMD


class PricedUnit(NamedTuple):
    """A compute unit: pJ of its clock in a busy cycle, mW that it leaks, its area, cycles a lane takes by function."""

    clock_pj: Levels
    leakage_mw: Levels
    area_mm2: Levels
    cycles: dict[str, int]


def compute_units(machine: MachineSpec) -> Iterator[tuple[str, MacArraySpec | VectorUnitSpec, int]]:
    """(name, spec, PEs or lanes) of every compute unit."""
    yield MAC_ARRAY, machine.mac_array, machine.mac_array.macs_per_cycle
    yield SIMD, machine.simd, machine.simd.lanes


def priced_units(machine: MachineSpec, node: Node) -> dict[str, PricedUnit]:
    """Every compute unit of *machine* at a *node*."""
    return {name: _priced(spec, many, node) for name, spec, many in compute_units(machine)}


def _priced(spec: MacArraySpec | VectorUnitSpec, many: int, node: Node) -> PricedUnit:
    lane = spec.elementwise if isinstance(spec, MacArraySpec) else spec
    pes = exactly(1.0 if isinstance(spec, MacArraySpec) else 0.0)
    bits = PE_CLOCKED_BITS if isinstance(spec, MacArraySpec) else 0
    if lane is not None:
        pes, bits = pes + LANE_PES.levels, bits + clocked_bits(lane.pipeline_depth)
    logic = energy_factor(node, "45nm")
    return PricedUnit(
        clock_pj=CLOCK_PJ_PER_BIT.levels * (bits * many * logic),
        leakage_mw=PE_LEAKAGE_UW.levels.by(pes) * (many * logic / 1e3),
        area_mm2=PE_AREA_UM2.levels.by(pes) * (many * area_factor(node, "45nm") / 1e6),
        cycles={} if lane is None else {str(function): taken for function, taken in lane.cycles.items()},
    )


def area(machine: MachineSpec, node: Node) -> dict[str, Levels]:
    """Square millimetres of every compute unit and of the SRAM: no wires between them, no control, no interfaces."""
    units = {name: unit.area_mm2 for name, unit in priced_units(machine, node).items()}
    return units | {"sram": area_mm2(node, machine.sram.capacity, machine.sram.banks)}
