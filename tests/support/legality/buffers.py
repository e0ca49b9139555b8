"""No buffer holds more than it has slots for, is as large as its contents, or overwritten before its last reader.

A slot is taken from the start of the request that writes it (or the issue of the transfer) until the last one that
needs it has read it (docs/traces.md). Whatever is written goes to some slot, so never may more contents be needed at
once than the buffer has slots.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tests.support.legality.findings import Verdict
from tests.support.legality.moved import parameters_bytes
from tests.support.legality.program import Buffer, Program, Section
from tests.support.legality.requests import NEVER, Cycles, Grid, Ran, user_of

CHECK = "buffers"


def check_buffers(program: Program, ran: list[Ran], verdict: Verdict) -> None:
    """Sizes, places, capacity and contents of every buffer of every section."""
    for section in ran:
        _places(program, section.section, verdict)
        for buffer in section.section.buffers:
            _size(section.section, buffer, verdict)
            if "buffers" in program.machine["ideal"]:
                verdict.skip("what buffers hold", "the machine has ideal buffers")
            else:
                _contents(section, buffer, verdict)


def _places(program: Program, section: Section, verdict: Verdict) -> None:
    """Buffers lie side by side within the SRAM."""
    at = 0
    for buffer in sorted(section.buffers, key=lambda each: each.start):
        verdict.holds(CHECK, "buffers overlap", f"{section.words}: {buffer.name}", buffer.start >= at)
        at = max(at, buffer.start + buffer.slots * buffer.slot_bytes)
    capacity = program.machine["sram"]["capacity"]
    used = sum(buffer.slots * buffer.slot_bytes for buffer in section.buffers)
    fits = max(at, used) <= capacity
    verdict.holds(CHECK, "capacity exceeded", f"{section.words}: {max(at, used)} B of {capacity} B", fits)


# Sizes.


def _size(section: Section, buffer: Buffer, verdict: Verdict) -> None:
    """A slot is as large as its contents, by shape and width."""
    where = f"{section.words}: a slot of {buffer.name}"
    for size in _sizes(section, buffer):
        verdict.equal(CHECK, "wrong size of a buffer", where, buffer.slot_bytes, size)


def _sizes(section: Section, buffer: Buffer) -> Iterable[int]:
    """What a slot of *buffer* has to be as large as, once for each of its tensors."""
    if buffer.role == "weights":
        return [_weights_size(section, buffer)]
    if buffer.role == "parameters":
        stream = next(s for s in section.streams if s.operations and buffer.name == f"parameters.{s.operations[0]}")
        return [parameters_bytes(section, stream.operations)]
    if buffer.name.endswith(".past"):
        return [section.past_bytes(buffer.name.removesuffix(".past"))]
    return [_tensor_size(section, buffer, tensor) for tensor in buffer.tensors]


def _tensor_size(section: Section, buffer: Buffer, tensor: str) -> int:
    size, maker = section.bytes(tensor), section.maker.get(tensor)
    if buffer.role == "held" or (maker is not None and section.operations[maker].final):
        return size
    if buffer.role == "tile":
        return size * section.tile_steps // (section.blocks if buffer.by_block else 1)
    if buffer.role == "step":
        return size // (section.blocks * section.lanes if maker in section.cut else 1)
    return size // (section.blocks if tensor in section.data["spilled"] else 1)


def _weights_size(section: Section, buffer: Buffer) -> int:
    """The largest tile, or all of a layer's where they stay."""
    name = buffer.name.removeprefix("dequantised.")
    streams = [s for s in section.streams if s.tiles and (buffer.name == "weights" or name in s.operations)]
    bits = None if buffer.name == "weights" else streams[0].weight_bits
    sizes = [section.weight_bytes(t.depth, t.products * t.columns, bits) for s in streams for t in s.tiles]
    return sum(sizes) if buffer.name == "weights" and section.data["weights_stay"] else max(sizes)


# Contents.


def _contents(ran: Ran, buffer: Buffer, verdict: Verdict) -> None:
    section = ran.section
    if buffer.role == "weights":
        _weights(ran, buffer, verdict)
    elif buffer.role == "parameters":
        users = next(s for s in section.streams if s.operations and buffer.name == f"parameters.{s.operations[0]}")
        load = ran.transfers[f"load.{buffer.name}"]
        read = _latest([ran.operations[name].end.max(axis=(1, 2, 3)) for name in users.operations])
        _within(ran, buffer, load.start[:, :, 0].min(axis=1), read, verdict)
    elif buffer.name.endswith(".past"):
        _past(ran, buffer, verdict)
    elif buffer.role == "held":
        load = ran.transfers[section.load_of(buffer.tensors[0])]
        read = _latest([ran.operations[name].end.max(axis=(1, 2, 3)) for name, _ in section.readers[buffer.tensors[0]]])
        _within(ran, buffer, load.start[:, :, 0].min(axis=1), read, verdict)
    elif buffer.role == "tile":
        _tile(ran, buffer, verdict)
    elif buffer.role == "step":
        _step(ran, buffer, verdict)
    elif buffer.tensors[0] in section.data["spilled"]:
        _spilled(ran, buffer, verdict)
    else:
        _state(ran, buffer, verdict)


def _latest(ends: Iterable[Cycles]) -> Cycles:
    found: Cycles | None = None
    for each in ends:
        found = each if found is None else np.maximum(found, each)
    assert found is not None, "somebody reads it"
    return found


def _within(ran: Ran, buffer: Buffer, written: Cycles, read: Cycles, verdict: Verdict) -> None:
    """Never more contents than slots, each from when it is *written* until it has been *read*."""
    written, read = np.broadcast_arrays(written, read)
    there = (written != -NEVER) & (read != NEVER) & (read > written)
    starts, ends = np.sort(written[there].ravel()), np.sort(read[there].ravel())
    verdict.compared[CHECK] += len(starts)
    over = np.arange(1, len(starts) + 1) - np.searchsorted(ends, starts, "right") > buffer.slots
    for number in np.flatnonzero(over)[:5]:
        where = f"{ran.section.words}: {buffer.name} in cycle {starts[number]}: more than {buffer.slots} slots"
        verdict.found(CHECK, "overwritten before it was read", where)


def _written(ran: Ran, tensor: str) -> Grid:
    """When a tensor is written, by pass, timestep, block and lane, or by pass and tile where it is loaded."""
    maker = ran.section.maker.get(tensor)
    if maker is not None:
        return ran.operations[maker]
    load = ran.transfers[ran.section.load_of(tensor)]
    return Grid(*(each[:, :, :1, None] for each in (load.start, load.end, load.done, load.number, load.count)))


def _by_tile(ran: Ran, cycles: Cycles, by_block: bool, last: bool) -> Cycles:
    """By pass, tile and block: the *last* or the first of all that is said by timestep, block and lane."""
    section = ran.section
    most = np.maximum if last else np.minimum
    cycles = most.reduce(cycles, axis=3)
    if not by_block:
        cycles = most.reduce(cycles, axis=2, keepdims=True)
    if cycles.shape[1] == section.steps:
        starts = np.arange(section.tiles) * section.tile_steps
        cycles = most.reduceat(cycles, starts, axis=1)
    found: Cycles = cycles
    return found


def _tile(ran: Ran, buffer: Buffer, verdict: Verdict) -> None:
    section, first = ran.section, buffer.tensors[0]
    maker = section.maker.get(first)
    once = maker is not None and section.operations[maker].final
    written = _by_tile(ran, _written(ran, first).start, buffer.by_block, last=False)
    ends = [_by_tile(ran, _written(ran, tensor).end, buffer.by_block, last=True) for tensor in buffer.tensors]
    for tensor in buffer.tensors:
        for name, _ in section.readers[tensor]:
            ends.append(_by_tile(ran, ran.operations[name].end, buffer.by_block, last=True))
        if tensor in section.outputs:
            stored = ran.transfers[section.store_of(tensor)].done[:, :, :1]
            ends.append(stored[:, -1:] if once else stored)
    _within(ran, buffer, written, _latest(ends), verdict)


def _step(ran: Ran, buffer: Buffer, verdict: Verdict) -> None:
    """A slot holds a timestep of a part; what is read at the end of a layer stays where the last step has left it."""
    section, ends = ran.section, list[Cycles]()
    (tensor,) = buffer.tensors
    made = _written(ran, tensor)
    ends.append(made.end)
    for name, back in section.readers[tensor]:
        end = ran.operations[name].end
        if section.operations[name].final:
            last = np.full_like(made.end, NEVER)
            last[:, -1:] = end if end.shape[3] == made.end.shape[3] else end.max(axis=3, keepdims=True)
            ends.append(last)
        elif 0 in back:
            ends.append(_for_each_part(end, made.end))
    _within(ran, buffer, made.start, _latest(ends), verdict)


def _for_each_part(cycles: Cycles, made: Cycles) -> Cycles:
    """What readers say for each part of what was *made*."""
    for axis in (2, 3):
        if made.shape[axis] == 1 and cycles.shape[axis] > 1:
            cycles = cycles.max(axis=axis, keepdims=True)
    return cycles


def _state(ran: Ran, buffer: Buffer, verdict: Verdict) -> None:
    """A timestep's state takes the place of that of as many timesteps ago as there are copies, once that is read."""
    section, (tensor,) = ran.section, buffer.tensors
    made, copies = _written(ran, tensor), buffer.slots
    steps = made.start.shape[1]
    for name, back in section.readers[tensor]:
        reader = ran.operations[name]
        if section.operations[name].final:
            early = made.start[1:, 0] < _for_each_part(reader.end, made.end)[:-1, -1]
            _say(ran, buffer, early, verdict)
            continue
        read, number = _for_each_part(reader.end, made.end), reader.number
        for distance in back:
            later = max(copies, distance)
            if later >= steps:
                continue
            # the state of timestep s is read in s + distance and overwritten in s + copies
            writes = made.start[:, copies : steps - later + copies]
            reads = read[:, distance : steps - later + distance]
            same = made.number[:, copies : steps - later + copies] == number[:, distance : steps - later + distance]
            _say(ran, buffer, (writes < reads) & ~same, verdict)
    if section.data["keeps_state"] and section.passes > 1:
        stored = ran.transfers["store.state"].done[:, -1]
        first = made.start[:, 0].min(axis=2)
        if "load.state" in ran.transfers:
            first = np.minimum(first, ran.transfers["load.state"].start[:, 0])
        if first.shape[1] == 1:
            stored = stored.max(axis=1, keepdims=True)
        _say(ran, buffer, first[1:] < stored[:-1], verdict)


def _say(ran: Ran, buffer: Buffer, early: Cycles, verdict: Verdict) -> None:
    verdict.compared[CHECK] += int(early.size)
    for where in np.argwhere(early)[:5]:
        place = f"{ran.section.words}: {buffer.name}, at {where.tolist()}"
        verdict.found(CHECK, "overwritten before it was read", place)


def _spilled(ran: Ran, buffer: Buffer, verdict: Verdict) -> None:
    """A block of a state that is in DRAM is on chip from its load, or first timestep, until it has been stored."""
    made = _by_tile(ran, _written(ran, buffer.tensors[0]).start, True, last=False)
    if "load.spilled" in ran.transfers:
        made = np.minimum(made, ran.transfers["load.spilled"].start)
    _within(ran, buffer, made, ran.transfers["store.spilled"].done, verdict)


def _past(ran: Ran, buffer: Buffer, verdict: Verdict) -> None:
    """The last rows of a tile are kept for the next one, from when they have been made until they are read there."""
    section, tensor = ran.section, buffer.name.removesuffix(".past")
    written = _written(ran, tensor)
    if section.maker.get(tensor) is None or section.tiles == 1:
        return
    made = _by_tile(ran, written.done, False, last=True)[:, :-1, 0]
    reads = np.full_like(made, NEVER)
    for name, back in section.readers[tensor]:
        for distance in (each for each in back if each):
            end = ran.operations[name].end.max(axis=(2, 3))
            for tile in range(1, section.tiles):
                first = tile * section.tile_steps
                own = end[:, first : first + min(distance, section.steps_of(tile))].max(axis=1)
                reads[:, tile - 1] = np.maximum(reads[:, tile - 1], own)
    _within(ran, buffer, made, reads, verdict)


def _weights(ran: Ran, buffer: Buffer, verdict: Verdict) -> None:
    """A slot is taken from the load of a tile (or from when it is dequantised) until its product has read it."""
    section = ran.section
    taken, freed = list[int](), list[int]()
    for stream in section.streams:
        if buffer.name == "weights" and stream.moves == "weights":
            user = user_of(section, stream)
            user = next((s for s in section.streams if s.converts and user_of(section, s) is user), user)
        elif stream.converts and buffer.name == f"dequantised.{stream.converts}":
            user = user_of(section, stream)
        else:
            continue
        if section.data["weights_stay"] and buffer.name == "weights":
            _staying(ran, buffer, stream.name, user.name, verdict)
            continue
        uses = {(each.pass_, each.tile, each.item): each.end for each in ran.of_stream[user.name]}
        for each in ran.of_stream[stream.name]:
            taken.append(each.issued)
            freed.append(uses.get((each.pass_, each.tile, each.item), each.issued))
    _within(ran, buffer, np.array(taken, np.int64), np.array(freed, np.int64), verdict)


def _staying(ran: Ran, buffer: Buffer, load: str, user: str, verdict: Verdict) -> None:
    """What stays for a layer is loaded over when the layer before has used it for the last time."""
    last: dict[tuple[int, int], int] = {}
    for each in ran.of_stream[user]:
        key = each.pass_ + 1, each.item
        last[key] = max(last.get(key, 0), each.end)
    for each in ran.of_stream[load]:
        free = each.issued >= last.get((each.pass_, each.item), 0)
        verdict.holds(CHECK, "overwritten before it was read", (buffer.name, each.slice), free)
