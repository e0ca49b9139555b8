"""How long the busiest unit of a candidate works, for a timestep of a layer: no run of it can be quicker.

Requests cost what they cost, edges, fill and drain included; that is more than the resource bound of a result, which
counts work at a unit's full rate. None is quicker than all of the SRAM gives what it moves, nor all of them together.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from hw.integers import ceil_div
from hw.unit_names import DMA
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.traffic import moved_by
from workloads.stack import Stack

SRAM: Final = "sram"


def busy_cycles_per_step(stack: Stack, costs: CostModel, inventory: Inventory) -> float:
    """Cycles a timestep and layer of the busiest unit: a compute unit, SRAM or DRAM."""
    mapping, dram_cycles = inventory.mapping, costs.machine.dram_cycles
    spilled = 2 * inventory.carried_bytes(spilled=True)
    moved_once, moved_each = stack.handed_bytes
    handed = moved_each * mapping.tile_steps + moved_once / ceil_div(stack.steps, mapping.tile_steps)
    loads = {**dict.fromkeys(costs.compute, 0.0), DMA: dram_cycles(int(spilled + handed)), SRAM: 0.0}
    bytes_per_cycle = inf if "bank_conflicts" in costs.machine.ideal else costs.machine.sram.bytes_per_cycle
    for draft in (stream for each in inventory.drafts for stream in each.streams):
        if draft.weights is not None:
            rows, counts = mapping.tile_steps * mapping.batch, np.bincount(draft.weights.numbers).tolist()
            for shape, count in zip(draft.weights.products(rows), counts, strict=True):
                loads[draft.unit] += costs.arrays[draft.unit].cost(shape).cycles * count
                if draft.weights.used is not None:
                    loads[costs.converter] += costs.conversion_cost(shape.batch * shape.n * shape.k).cycles * count
            tiles = ceil_div(stack.steps, mapping.tile_steps) if inventory.resident else 1
            loads[DMA] += dram_cycles(draft.weights.total) / tiles
        else:
            groups = draft.parts(mapping)
            scale = mapping.batch * (1 if draft.stepped or draft.final else mapping.tile_steps)
            repeats: float = groups * (mapping.tile_steps if draft.stepped else 1)
            if draft.final:
                repeats /= ceil_div(stack.steps, mapping.tile_steps)
            moved = sum(size for _, size in moved_by(draft, inventory, costs, scale, groups)) / bytes_per_cycle
            cycles = costs.fused_cost(draft.operations, draft.unit, scale, groups).cycles
            loads[draft.unit] += max(cycles, moved) * repeats
            loads[SRAM] += moved * repeats
    return max(loads.values()) / mapping.tile_steps
