"""How long the busiest unit of a candidate works, for a timestep of a layer: no run of it can be quicker.

Requests cost what they cost, edges, fill and drain included; that is more than the resource bound of a result, which
counts work at a unit's full rate.
"""

from __future__ import annotations

import numpy as np

from hw.integers import ceil_div
from hw.unit_names import DMA, MAC_ARRAY, SIMD
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from workloads.workload import Stack


def busy_cycles_per_step(stack: Stack, costs: CostModel, inventory: Inventory) -> float:
    """Cycles a timestep and layer of the busiest unit: MAC array, SIMD unit or DRAM."""
    mapping, dram_cycles = inventory.mapping, costs.machine.dram_cycles
    spilled = 2 * inventory.carried_bytes(spilled=True)
    loads = {MAC_ARRAY: 0, SIMD: 0, DMA: dram_cycles(spilled)}
    for draft in inventory.drafts:
        if draft.weights is not None:
            rows, counts = mapping.tile_steps * mapping.batch, np.bincount(draft.weights.numbers).tolist()
            for shape, count in zip(draft.weights.shapes, counts, strict=True):
                loads[MAC_ARRAY] += costs.gemm_cost(shape._replace(m=shape.m * rows)).cycles * count
            tiles = ceil_div(stack.steps, mapping.tile_steps) if inventory.resident else 1
            loads[DMA] += dram_cycles(draft.weights.total * costs.element_bytes) / tiles
        else:
            groups = (mapping.groups if draft.stepped else mapping.blocks) if draft.grouped else 1
            scale = mapping.batch * (1 if draft.stepped else mapping.tile_steps)
            repeats = groups * (mapping.tile_steps if draft.stepped else 1)
            loads[draft.unit] += costs.fused_cost(draft.operations, draft.unit, scale, groups).cycles * repeats
    return max(loads.values()) / mapping.tile_steps
