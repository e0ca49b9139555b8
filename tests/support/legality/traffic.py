"""What crosses the DRAM interface: every transfer there once, as large as shapes, widths and the mapping imply."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.support.legality.findings import Verdict
from tests.support.legality.moved import parameters_bytes
from tests.support.legality.program import Program, Section, Stream
from tests.support.legality.requests import NO_ITEM, Cycles, Ran, Request, user_of

CHECK = "traffic"


def check_traffic(program: Program, ran: list[Ran], result: dict[str, Any], verdict: Verdict) -> None:
    """Each transfer's bytes and how often it is there, and the sums of the result."""
    moved = {False: 0, True: 0}
    in_sram = 0
    for each in ran:
        for stream in (s for s in each.section.streams if s.unit == "dma"):
            _stream(each, stream, verdict)
        _needed(each, verdict)
        for request in each.requests:
            in_sram += request.slice.bytes * each.section.times
            if request.stream.unit == "dma":
                moved[request.stream.writes] += request.slice.bytes * each.section.times
    if result["simulated_layers"] != result["layers"]:
        verdict.skip("the sums of bytes", "not all layers were simulated")
        return
    verdict.equal(CHECK, "wrong sum of bytes", "dram_read_bytes", result["dram_read_bytes"], moved[False])
    verdict.equal(CHECK, "wrong sum of bytes", "dram_write_bytes", result["dram_write_bytes"], moved[True])
    verdict.equal(CHECK, "wrong sum of bytes", "dram_bytes", result["dram_bytes"], sum(moved.values()))
    buffers = result["sram_bytes"].values()
    told = sum(each["read"] + each["written"] for each in buffers)
    verdict.equal(CHECK, "wrong sum of bytes", "sram_bytes", told, in_sram)


def _stream(ran: Ran, stream: Stream, verdict: Verdict) -> None:
    section = ran.section
    for request in ran.of_stream[stream.name]:
        expected = expected_bytes(section, stream, request)
        verdict.equal(CHECK, "wrong bytes", request.slice, request.slice.bytes, expected)
    if stream.moves != "weights":  # of which coverage knows
        count = ran.transfers[stream.name].count
        wanted = np.zeros_like(count)
        blocks = section.blocks if stream.moves == "state" else 1
        for block in range(blocks):  # of few bytes some blocks have none
            some = stream.moves != "state" or _of_block(section, stream, block)
            wanted[:, _tiles(section, stream), block] = bool(some)
        _compare(ran, stream, count, wanted, verdict)


def _compare(ran: Ran, stream: Stream, count: Cycles, wanted: Cycles, verdict: Verdict) -> None:
    verdict.compared[CHECK] += int(count.size)
    for kind, wrong in (("missing transfer", count < wanted), ("transfer twice", count > wanted)):
        for where in np.argwhere(wrong)[:20]:
            verdict.found(CHECK, kind, f"{ran.section.words}: {stream.name}: pass, tile, block {where.tolist()}")


def _tiles(section: Section, stream: Stream) -> slice:
    """In which tiles of a layer a stream moves something."""
    once = stream.moves == "parameters" or _tensor(section, stream) in section.held
    if once or stream.name == "load.state":
        return slice(0, 1)
    if stream.name == "load.spilled":
        return slice(0 if section.data["resumes"] else 1, None)
    if stream.name == "store.state" or _made_at_the_end(section, _tensor(section, stream)):
        return slice(section.tiles - 1, None)
    return slice(None)


def _tensor(section: Section, stream: Stream) -> str:
    """The input, what is held, or the output that a stream moves; nothing of others."""
    for tensor in (*section.inputs, *section.held):
        if stream.name == section.load_of(tensor):
            return tensor
    return next((tensor for tensor in section.outputs if stream.name == section.store_of(tensor)), "")


def _made_at_the_end(section: Section, tensor: str) -> bool:
    maker = section.maker.get(tensor)
    return maker is not None and section.operations[maker].final


def expected_bytes(section: Section, stream: Stream, request: Request) -> int:
    """What a transfer moves."""
    if stream.moves == "weights":
        if request.item == NO_ITEM:
            return 0
        tile = user_of(section, stream).tiles[request.item]
        return section.weight_bytes(tile.depth, tile.products * tile.columns)
    if stream.moves == "parameters":
        user = next(s for s in section.streams if stream.user in s.operations)
        return parameters_bytes(section, user.operations)
    if stream.moves == "state":
        return _of_block(section, stream, request.slice.block or 0)
    tensor = _tensor(section, stream)
    if tensor in section.held or _made_at_the_end(section, tensor):
        return section.bytes(tensor)
    return (
        section.elements(tensor)
        * section.batch
        * int(section.widths["activations"])
        // 8
        * section.steps_of(request.tile)
    )


def _of_block(section: Section, stream: Stream, block: int) -> int:
    """Bytes of a block of the states that a stream moves, in equal parts."""
    total = _state_bytes(section, stream.name.endswith("spilled"))
    return (block + 1) * total // section.blocks - block * total // section.blocks


def _state_bytes(section: Section, spilled: bool) -> int:
    """Bytes of what later timesteps need, of the states that are spilled or of all others."""
    own = (tensor for tensor in section.carried if (tensor in section.data["spilled"]) == spilled)
    return sum(section.past_bytes(tensor) for tensor in own)


def _needed(ran: Ran, verdict: Verdict) -> None:
    """The streams of transfers that a section must have."""
    section = ran.section
    there = {stream.name for stream in section.streams}
    needed = [section.load_of(tensor) for tensor in (*section.inputs, *section.held)]
    needed += [section.store_of(tensor) for tensor in section.outputs]
    for spilled, name in ((False, "state"), (True, "spilled")):
        if section.data["keeps_state"] and _state_bytes(section, spilled):
            needed.append(f"store.{name}")
            needed += [f"load.{name}"] if section.data["resumes"] or spilled else []
    for name in needed:
        verdict.holds(CHECK, "missing transfer", f"{section.words}: there is no {name}", name in there)
