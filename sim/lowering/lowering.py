"""Workload + machine + mapping -> program: the streams of a layer, what they do, and what they wait for.

compute.py makes the streams of the compute units, transfers.py those of the DMA engine, dependencies.py says what they
wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.unit_names import DMA
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory
from sim.lowering.compute import ComputeStreams
from sim.lowering.costs import CostModel
from sim.lowering.dependencies import Streams, add_dependencies, weight_streams
from sim.lowering.order import StepLayout
from sim.lowering.program import Moved, Pool, Program, StreamPlan, Transfers
from sim.lowering.tiling import Tiling
from sim.lowering.transfers import TransferStreams
from workloads.stack import Stack


def lower(stack: Stack, machine: MachineSpec, costs: CostModel, inventory: Inventory) -> Program:
    """The program of *stack* on *machine*, by the mapping of *inventory*, whose buffers have their places."""
    tiling = Tiling(stack.steps, inventory.mapping.tile_steps)
    compute = ComputeStreams(machine, costs, inventory, tiling)
    transfers = TransferStreams(stack, machine, costs, inventory, tiling)
    before, works, after = transfers.before(), list(_works(compute, inventory)), transfers.after()
    plans = [*before, *works, *after]
    if inventory.mapping.head_first:
        _put_head_ahead(plans, costs.analysis)
    if inventory.mapping.steps_first:
        _put_steps_ahead(works)
    computing = (number for number, plan in enumerate(works, len(before)) if not plan.converts)
    streams = Streams(
        plans=plans,
        number={plan.name: number for number, plan in enumerate(plans)},
        of_draft=[tuple(islice(computing, len(draft.streams))) for draft in inventory.drafts],
        costs=costs,
        inventory=inventory,
        tiles_per_layer=tiling.tiles,
        keeps_state=stack.keeps_state,
        hands_on=stack.hands_on,
    )
    add_dependencies(streams)
    for plan in plans:
        plan.dependencies = [each for each in plan.dependencies if not _freed_of(machine, each.reason)]
    return Program(
        streams=tuple(plans),
        buffers=tuple(storage.buffer for storage in inventory.storages()),
        pool=_pool(machine, streams),
        layers=stack.layers,
        times=stack.times,
        tiles_per_layer=tiling.tiles,
        tile_steps=tiling.tile_steps,
        last_tile_steps=tiling.last_steps,
        contended=_contended(machine, plans),
    )


def _works(compute: ComputeStreams, inventory: Inventory) -> Iterator[StreamPlan]:
    """The streams of the compute units; before one whose weights have to be dequantised comes what does that."""
    for number, draft in enumerate(inventory.drafts):
        if number in inventory.converted:
            yield compute.conversion(number)
        yield from map(compute.plan, draft.streams)


def _put_head_ahead(plans: list[StreamPlan], analysis: Analysis) -> None:
    """What comes before any projection is a tile more urgent: the next tile's projections then find their operand."""
    projections = {name for name in analysis.operations if analysis.kind(name) == "projection"}
    for plan in plans:
        first = bool(plan.operations) and not any(
            name in projections or projections & analysis.upstream[name] for name in plan.operations
        )
        if first or plan.moves == Moved("activations"):
            plan.ahead = 1


def _put_steps_ahead(plans: list[StreamPlan]) -> None:
    """What runs step by step is a tile more urgent: recurrences do not wait until a row of weight tiles is done."""
    for plan in plans:
        if plan.layout.order == StepLayout.order:
            plan.ahead = 1


def _freed_of(machine: MachineSpec, reason: str) -> bool:
    """Whether *machine* is ideal in that nothing waits for this *reason*."""
    ideal = machine.ideal
    if reason == Reason.NO_BUFFER:
        return "buffers" in ideal
    if Reason.is_recurrence(reason):
        return "recurrence" in ideal
    return "dependencies" in ideal and reason != Reason.DRAM


def _pool(machine: MachineSpec, streams: Streams) -> Pool | None:
    """The slots that loading streams share; None where weights stay on chip for a layer, or buffers are ideal."""
    weights = streams.inventory.weights
    if weights is None or streams.inventory.resident or "buffers" in machine.ideal:
        return None
    return Pool(weights.buffer.slots, tuple(weight_streams(streams)))


def _contended(machine: MachineSpec, plans: list[StreamPlan]) -> bool:
    """Whether requests can be longer than their unit needs: the banks cannot always give what is asked for.

    That is where the highest demands on some cluster, of the units and of the DMA engine at DRAM's peak, can add up to
    more than it gives, or where a unit does not fetch enough ahead to hide that others are served first.
    """
    if "bank_conflicts" in machine.ideal:
        return False
    sram = machine.sram
    units = machine.compute
    if min(unit.fetch_ahead for unit in units.values()) < sram.cluster_words_per_cycle:
        return True
    worst = dict.fromkeys(range(sram.clusters), 0.0)
    for name in (*units, DMA):
        own = [plan for plan in plans if plan.unit == name]
        for cluster, rate in _peaks(machine, own).items():
            worst[cluster] += rate
    return any(rate > sram.cluster_bytes_per_cycle for rate in worst.values())


def _peaks(machine: MachineSpec, plans: list[StreamPlan]) -> dict[int, float]:
    """The most that requests of *plans* ask of each cluster: bytes a cycle."""
    peaks: dict[int, float] = {}
    for plan in plans:
        for work in () if isinstance(plan.requests, Transfers) else plan.requests:
            for cluster, size in work.demand.items():
                peaks[cluster] = max(peaks.get(cluster, 0.0), size / max(1, work.cycles))
        for cluster, size in plan.lies.items():
            rate = machine.dram_bytes_per_cycle * size / sum(plan.lies.values())
            peaks[cluster] = max(peaks.get(cluster, 0.0), rate)
    return peaks
