"""What a run executes, as data: equations, how they are cut, streams, buffers, widths and the machine.

With the result and a trace this is all that another program needs to follow a run; docs/program.md has the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from json import dumps
from typing import Any

from hw.machine import MachineSpec
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section
from sim.lowering.weight_tiles import WeightTiles
from sim.presentation.graph.data import as_data
from sim.version import __version__
from workloads.stack import Stack


def program_json(sections: Iterable[Section], machine: MachineSpec) -> str:
    """The JSON text for a run of *sections*, in their order, on *machine*."""
    found = {
        "version": __version__,
        "machine": _machine(machine),
        "sections": [_section(section) for section in sections],
    }
    return dumps(found, indent=1) + "\n"


def _machine(machine: MachineSpec) -> dict[str, Any]:
    """*machine* as its file says it, in bytes, hertz and cycles, its compute units by name, and a channel's figures."""
    grade = machine.dram.grade
    written = machine.model_dump(mode="json", exclude={"mac_array", "simd", "units", "energy"})
    written["compute"] = {name: unit.model_dump(mode="json") for name, unit in machine.compute.items()}
    written["channel"] = {
        "burst_bytes": grade.organisation.burst_bytes,
        "read_burst_clocks": grade.pace[0],
        "write_burst_clocks": grade.pace[1],
        "clock_fs": grade.tck_fs,
    }
    return written


def _section(section: Section) -> dict[str, Any]:
    stack, mapping, program, analysis = section.stack, section.mapping, section.program, section.analysis
    return {
        "name": section.prefix.removesuffix("."),
        "phase": stack.spec.phase,
        "first_layer": section.first_layer,
        "passes": program.layers,
        "times": program.times,
        "part_of_a_layer": bool(stack.part),
        "head": stack.head,
        "hands_on": stack.hands_on,
        "keeps_state": stack.keeps_state,
        "resumes": stack.resumes,
        "batch": mapping.batch,
        "steps": stack.steps,
        "tile_steps": program.tile_steps,
        "tiles": program.tiles_per_layer,
        "cut_along": analysis.group_index,
        "blocks": mapping.blocks,
        "lanes": mapping.lanes,
        "cut": [name for name in analysis.operations if analysis.grouped(name)],
        "elementwise_contractions": stack.wishes.contractions == "elementwise",
        "spilled": list(section.inventory.spilled),
        "weights_stay": section.inventory.resident,
        "widths": _widths(stack),
        "graph": as_data(analysis.graph),
        "streams": list(_streams(section)),
        "buffers": _buffers(section),
    }


def _widths(stack: Stack) -> dict[str, int | None]:
    """Bits of an element by class, and of weights how many share a scale."""
    weights = stack.weights
    return {
        "weights": weights.bits,
        "activations": 8 * stack.element_bytes,
        "state": 8 * stack.state_bytes,
        "accumulators": 8 * stack.accumulator_bytes,
        "group": weights.group,
        "scale": weights.scale_bits,
    }


def _streams(section: Section) -> Iterator[dict[str, Any]]:
    """The streams in the order of their priority; those of projections with the tiles of their weights."""
    tiles = iter(
        stream.weights for draft in section.inventory.drafts for stream in draft.streams
    )  # in the order of the streams that compute
    for plan in section.program.streams:
        weights = next(tiles) if plan.costs and not plan.converts else None
        yield _stream(plan, weights)


def _stream(plan: StreamPlan, weights: WeightTiles | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": plan.name,
        "unit": plan.unit,
        "operations": list(plan.operations),
        "order": plan.layout.order,
    }
    if plan.moves is not None:
        found |= {"moves": plan.moves.kind, "writes": plan.moves.write, "for": plan.moves.user}
    if plan.converts:
        found["converts"] = plan.converts
    if weights is not None:
        found["weight_bits"] = (weights.used or weights.stored).bits
        found["weight_tiles"] = _tiles(weights)
    return found


def _tiles(weights: WeightTiles) -> list[dict[str, Any]]:
    """The tiles of *weights* in the order of their use; consecutive ones that are alike together."""
    found, start = list[dict[str, Any]](), 0
    for segment in weights.segments:
        numbers = weights.numbers[start : start + segment.items].tolist()
        start += segment.items
        for number, alike in groupby(numbers):
            shape = weights.shapes[number]
            found.append(
                {
                    "operation": segment.part,
                    "block": segment.block,
                    "tiles": len(list(alike)),
                    "products": shape.batch,
                    "depth": shape.k,
                    "columns": shape.n,
                }
            )
    return found


def _buffers(section: Section) -> list[dict[str, Any]]:
    return [
        {
            "name": storage.buffer.name,
            "role": storage.buffer.role,
            "start": storage.buffer.start,
            "slots": storage.buffer.slots,
            "slot_bytes": storage.buffer.slot_bytes,
            "by_block": storage.blocked,
            "tensors": list(storage.tensors),
        }
        for storage in section.inventory.storages()
    ]
