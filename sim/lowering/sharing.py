"""Equal arrays that share projections: which they are, and how much each does of what they share.

All get equally much to do: who has contractions or elementwise work of its own does less of the projections.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hw.unit_names import ComputeUnit
from sim.lowering.costs import CostModel
from sim.lowering.mapping import Mapping
from sim.lowering.placement import load

PARTS: Final = 32
"""Into which what is shared is cut: shares are whole parts, so that many mappings have equal ones."""


def arrays_of(costs: CostModel, mapping: Mapping, name: str) -> tuple[ComputeUnit, ...]:
    """The arrays that share the batched projection *name*, or the one that does it."""
    unit = mapping.placement[name]
    return costs.sharing(name, unit) if mapping.share_projections else (unit,)


def parts_of(costs: CostModel, mapping: Mapping) -> dict[ComputeUnit, int]:
    """How much each of some equal arrays does of the projections that they share, in parts of :data:`PARTS`.

    By the cycles of the operations in a tile, each by itself. Empty where nothing is shared.
    """
    if not mapping.share_projections:
        return {}
    shape = mapping.tile_steps, mapping.batch, mapping.groups
    own: dict[ComputeUnit, float] = dict.fromkeys(costs.arrays, 0.0)
    shared: dict[tuple[ComputeUnit, ...], float] = {}
    for name, unit in mapping.placement.items():
        cycles = load(costs, name, unit, mapping.stepped, shape)
        batched = costs.analysis.kind(name) == "projection" and name not in mapping.stepped
        units = arrays_of(costs, mapping, name) if batched else (unit,)
        if len(units) > 1:
            shared[units] = shared.get(units, 0.0) + cycles
        elif unit in own:
            own[unit] += cycles
    parts: dict[ComputeUnit, int] = {}
    for units, cycles in shared.items():
        done = levelled([own[unit] for unit in units], cycles)
        parts |= {unit: round(PARTS * each / cycles) for unit, each in zip(units, done, strict=True)}
    return parts


def levelled(own: Sequence[float], shared: float) -> list[float]:
    """What each of several with *own* work does of what is *shared*: then all who do any have equally much in all."""
    for many in range(len(own), 0, -1):
        lowest = sorted(own)[:many]
        level = (shared + sum(lowest)) / many
        if level >= lowest[-1]:
            break
    return [max(0.0, level - each) for each in own]
