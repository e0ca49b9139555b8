"""Transfers: never too many in flight, and none before what it carries out is there (docs/traces.md, docs/dram.md)."""

from __future__ import annotations

import numpy as np

from tests.support.legality.findings import Verdict
from tests.support.legality.lanes import up
from tests.support.legality.program import Program
from tests.support.legality.requests import Cycles, Ran
from tests.support.legality.trace import Slice

CHECK = "transfers"


def check_transfers(program: Program, ran: list[Ran], slices: list[Slice], verdict: Verdict) -> None:
    """Flights within the machine's limit, and longer than their data take; what is stored has been made."""
    flights = [each for each in slices if each.kind == "flight"]
    _in_flight(program, flights, verdict)
    _fast_enough(program, flights, verdict)
    _channels(program, slices, verdict)
    for request in (each for section in ran for each in section.requests if each.stream.unit == "dma"):
        issued = request.issued <= request.slice.start
        verdict.holds(CHECK, "at work before it was issued", request.slice, issued)
    if "dependencies" in program.machine["ideal"]:
        verdict.skip("what transfers carry out", "the machine is ideal in dependences")
        return
    for section in ran:
        for tensor in section.section.outputs:
            _stored(section, tensor, verdict)
        _states(section, verdict)


def _in_flight(program: Program, flights: list[Slice], verdict: Verdict) -> None:
    """At most so many at once; the one that ends in a cycle makes room for the one that is issued in it."""
    changes = sorted([(f.start, 1) for f in flights] + [(f.end, -1) for f in flights])
    now, most = 0, program.machine["dma"]["outstanding"]
    for cycle, change in changes:
        now += change
        verdict.holds(CHECK, "too many in flight", ("in cycle", cycle), now <= most)


def _fast_enough(program: Program, flights: list[Slice], verdict: Verdict) -> None:
    """No transfer is faster than its data at the peak of all channels."""
    if "dram_bandwidth" in program.machine["ideal"]:
        verdict.skip("the time of transfers", "the machine has ideal bandwidth")
        return
    for each in flights:
        least = _clocks(program, each.bytes, False) * _cycles(program)
        verdict.holds(CHECK, "faster than DRAM", each, each.cycles + 1 >= least)


def _clocks(program: Program, size_bytes: int, write: bool) -> int:
    """DRAM clocks of a channel's share of the data, in whole bursts."""
    channel, channels = program.machine["channel"], program.machine["dram"]["channels"]
    bursts = up(up(size_bytes, channels), channel["burst_bytes"])
    return int(bursts * channel["write_burst_clocks" if write else "read_burst_clocks"])


def _cycles(program: Program) -> float:
    """Core cycles of a DRAM clock."""
    return float(program.machine["channel"]["clock_fs"] * program.machine["clock"] / 1e15)


def _channels(program: Program, slices: list[Slice], verdict: Verdict) -> None:
    """Every channel moves the same bytes: of each transfer its share, in as many bursts as that takes."""
    channels = program.machine["dram"]["channels"]
    expected: dict[tuple[object, ...], int] = {}
    moved: dict[tuple[object, ...], int] = {}
    for each in slices:
        if each.kind == "work" and each.unit == "dma":
            clocks = _clocks(program, each.bytes, ".store" in f".{each.name}")
            for number in range(channels):
                key = f"dram.channel{number}", *each.place
                expected[key] = expected.get(key, 0) + clocks
        elif each.kind == "work" and each.unit.startswith("dram."):
            moved[each.unit, *each.place] = moved.get((each.unit, *each.place), 0) + (each.clocks or 0)
    if "dram_bandwidth" not in program.machine["ideal"]:
        for key in expected.keys() | moved.keys():
            verdict.equal(CHECK, "wrong data on a channel", key, moved.get(key, 0), expected.get(key, 0))


def _stored(ran: Ran, tensor: str, verdict: Verdict) -> None:
    """An output is stored when all of its tile (or what is made at the end) is there."""
    section, store = ran.section, ran.transfers.get(ran.section.store_of(tensor))
    if store is None:
        verdict.found(CHECK, "missing transfer", f"{section.words}: nothing stores {tensor}")
        return
    made = ran.operations[section.maker[tensor]]
    done = made.done.max(axis=(2, 3))
    if section.operations[section.maker[tensor]].final:
        _say(ran, f"stores {tensor}", store.start[:, -1, 0] < done[:, 0], verdict)
        return
    by_tile = np.stack([t.max(axis=1) for t in _by_tile(ran, done)], axis=1)
    _say(ran, f"stores {tensor}", store.start[:, :, 0] < by_tile, verdict)


def _by_tile(ran: Ran, by_step: Cycles) -> list[Cycles]:
    """What is said by timestep, tile by tile."""
    size = ran.section.tile_steps
    return [by_step[:, tile * size : (tile + 1) * size] for tile in range(ran.section.tiles)]


def _states(ran: Ran, verdict: Verdict) -> None:
    """A state is stored when its tile's last timestep has been done, block by block."""
    section = ran.section
    if not section.data["keeps_state"]:
        return
    for tensor in section.carried:
        if tensor not in section.maker:
            continue
        spilled = tensor in section.data["spilled"]
        store = ran.transfers.get("store.spilled" if spilled else "store.state")
        if store is None:
            verdict.found(CHECK, "missing transfer", f"{section.words}: nothing stores the state {tensor}")
            continue
        made = ran.operations[section.maker[tensor]].done.max(axis=3)
        if section.maker[tensor] not in section.cut:
            made = made.max(axis=2, keepdims=True)
        for tile in range(section.tiles) if spilled else [section.tiles - 1]:
            done = _by_tile(ran, made)[tile].max(axis=1)
            _say(ran, f"stores the state {tensor}", store.start[:, tile] < done, verdict)


def _say(ran: Ran, what: str, early: Cycles, verdict: Verdict) -> None:
    verdict.compared[CHECK] += int(early.size)
    for where in np.argwhere(early)[:20]:
        verdict.found(CHECK, "carries what is not there", f"{ran.section.words}: {what}: at {where.tolist()}")
