"""Which buffers get how many slots, and where they lie, of what SRAM a mapping may use.

Capacity is real: first everything gets the slots without which nothing moves, then what is left goes to more slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.lowering.buffers import LEAST_CONVERTED_SLOTS, LEAST_WEIGHT_SLOTS, Inventory
from sim.lowering.mapping import Mapping
from sim.lowering.weight_tiles import WeightTiles


def least_weight_bytes(tiles: Sequence[WeightTiles]) -> tuple[int, int]:
    """Bytes that weights in *tiles* need at least: in slots, and if all stay on chip.

    Weights that are dequantised do not stay: they would be wide.
    """
    converted = sum(LEAST_CONVERTED_SLOTS * each.largest_used for each in tiles)
    slots = LEAST_WEIGHT_SLOTS * max((each.largest for each in tiles), default=0) + converted
    return slots, slots if converted else sum(each.total for each in tiles)


def usable_bytes(mapping: Mapping, capacity_bytes: int) -> int:
    """How much of the SRAM *mapping* uses at most."""
    return capacity_bytes if mapping.sram_bytes is None else min(capacity_bytes, mapping.sram_bytes)


def allot(inventory: Inventory, capacity_bytes: int) -> bool:
    """Give every storage its slots and its place; False if not even the least number of slots fits.

    If the weights of the whole layer fit beside everything else, they stay on chip for the layer, unless tokens choose
    others in each tile; else what is left of what the mapping may use goes, smallest first and one slot a round, to
    deeper buffering; or to weights first.
    """
    storages, mapping = inventory.storages(), inventory.mapping
    left = usable_bytes(mapping, capacity_bytes) - sum(storage.buffer.size_bytes for storage in storages)
    weights = inventory.weights
    if weights is not None and not inventory.converted and not inventory.analysis.graph.anew:
        every = sum(tiles.total for tiles in inventory.weight_tiles)
        if every - weights.buffer.size_bytes <= left:
            left -= every - weights.buffer.size_bytes
            weights.buffer = replace(weights.buffer, slot_bytes=every, slots=1)
            weights.most_slots = 1
            inventory.resident = True
    if left < 0:
        return False
    slots = [storage.buffer.slots for storage in storages]
    if mapping.spare_sram == "weights" and weights is not None and not inventory.resident:
        more = min(weights.most_slots - weights.buffer.slots, left // weights.buffer.slot_bytes)
        slots[storages.index(weights)] += more
        left -= more * weights.buffer.slot_bytes
    smallest_first = sorted(range(len(storages)), key=lambda number: storages[number].buffer.slot_bytes)
    grown = True
    while grown:
        grown = False
        for number in smallest_first:
            size = storages[number].buffer.slot_bytes
            if slots[number] < storages[number].most_slots and size <= left:
                slots[number] += 1
                left -= size
                grown = True
    start = 0
    for storage, count in zip(storages, slots, strict=True):
        storage.buffer = replace(storage.buffer, slots=count, start=start)
        start += storage.buffer.size_bytes
    return True
