"""Every request of the program is there exactly once: each timestep, block, lane, tile of weights and pass."""

from __future__ import annotations

import numpy as np

from tests.support.legality.findings import Verdict
from tests.support.legality.program import Section, Stream
from tests.support.legality.requests import CHECK, Cycles, Grid, Ran, Request, user_of


def check_coverage(ran: list[Ran], verdict: Verdict) -> None:
    """Put the requests of every section into grids, and check that each is there exactly once."""
    for section in ran:
        _fill(section, verdict)


def _fill(ran: Ran, verdict: Verdict) -> None:
    section = ran.section
    for name, operation in section.operations.items():
        blocks, lanes = ran.layout(name)
        ran.operations[name] = Grid.of(section.passes, 1 if operation.final else section.steps, blocks, lanes)
    for stream in section.streams:
        if stream.unit == "dma":
            ran.transfers[stream.name] = Grid.of(section.passes, section.tiles, section.blocks)
    for request in ran.requests:
        _place(ran, request, verdict)
    for name in section.operations:
        _complete(ran, name, verdict)
    for stream in section.streams:
        if stream.tiles or stream.moves == "weights" or stream.converts:
            _complete_weights(ran, stream, verdict)


def _place(ran: Ran, request: Request, verdict: Verdict) -> None:
    section, each = ran.section, request.slice
    inside = 0 <= request.pass_ < section.passes and 0 <= request.tile < section.tiles
    first, last = request.tile * section.tile_steps, request.tile * section.tile_steps + section.tile_steps - 1
    if inside and each.first is not None:
        inside = first <= request.first <= request.last <= min(last, section.steps - 1)
    if not inside or (request.operations and each.operations not in ((), request.operations)):
        verdict.found(CHECK, "wrong place", each.words)
        return
    block, lane = each.block or 0, each.lane or 0
    if not 0 <= block < section.blocks or not 0 <= lane < section.lanes:
        verdict.found(CHECK, "wrong place", each.words)
        return
    if request.stream.unit == "dma":
        ran.transfers[request.stream.name].add((request.pass_, request.tile, block), request)
    for name in request.operations:
        grid = ran.operations[name]
        if section.operations[name].final:
            grid.add((request.pass_, 0, block % grid.start.shape[2], lane % grid.start.shape[3]), request)
        else:
            steps = slice(request.first, request.last + 1)
            grid.add((request.pass_, steps, block % grid.start.shape[2], lane % grid.start.shape[3]), request)


def _complete(ran: Ran, name: str, verdict: Verdict) -> None:
    """Every timestep of every block is there once; of a projection every tile of its weights is."""
    section, grid = ran.section, ran.operations[name]
    expected = np.ones_like(grid.count)
    own = [tile for s in section.streams for tile in s.tiles if tile.operation == name]
    if own:
        for block in range(grid.count.shape[2]):
            expected[:, :, block] = sum(tile.block in (None, block) for tile in own)
    _compare(section, name, grid.count, expected, verdict)


def _compare(section: Section, what: str, count: Cycles, expected: Cycles, verdict: Verdict) -> None:
    verdict.compared[CHECK] += int(count.size)
    for kind, wrong in (("missing", count < expected), ("twice", count > expected)):
        for pass_, step, block, *_ in np.argwhere(wrong)[:20]:
            verdict.found(CHECK, kind, f"{section.words}: {what}, pass {pass_}, step or tile {step}, block {block}")


def _complete_weights(ran: Ran, stream: Stream, verdict: Verdict) -> None:
    """Tiles of weights are the whole matrices, and each is loaded, dequantised or used once in every tile of tokens."""
    section = ran.section
    if stream.tiles:
        for name in stream.operations:
            if stream is next(s for s in section.streams if name in s.operations):
                _whole_matrix(section, name, verdict)
        return
    tiles = user_of(section, stream).tiles
    first_only = stream.moves == "weights" and section.data["weights_stay"]
    count = ran.transfers[stream.name].count if stream.unit == "dma" else _counted(ran, stream)
    expected = np.zeros_like(count)
    for tile in tiles:
        expected[:, slice(0, 1 if first_only else None), tile.block or 0] += 1
    _compare(section, stream.name, count, expected, verdict)


def _counted(ran: Ran, stream: Stream) -> Cycles:
    count = np.zeros((ran.section.passes, ran.section.tiles, ran.section.blocks), np.int64)
    for request in ran.of_stream[stream.name]:
        count[request.pass_, request.tile, request.slice.block or 0] += 1
    return count


def _whole_matrix(section: Section, name: str, verdict: Verdict) -> None:
    product, equation = section.products[name], section.operations[name].equation
    if product is None:
        verdict.found(CHECK, "wrong tiles", f"{section.words}: {name} is no product")
        return
    references = [n for n in equation.references if n.tensor in section.parameters]
    own = [tile for s in section.streams for tile in s.tiles if tile.operation == name]
    expected = sum(section.size(n.indices, whole=True) for n in references)
    found = sum(tile.elements for tile in own)
    verdict.equal(CHECK, "wrong tiles", f"{section.words}: weights in the tiles of {name}", found, expected)
