"""Nothing begins before what it reads is there: equations, layers, states and weights."""

from __future__ import annotations

import numpy as np

from tests.support.legality.equations import Node
from tests.support.legality.findings import Verdict
from tests.support.legality.program import Section, Stream
from tests.support.legality.requests import Cycles, Grid, Ran, Request, user_of

CHECK = "dependences"


def check_dependences(ran: list[Ran], ideal: list[str], verdict: Verdict) -> None:
    """All dependences of the equations of each section, and of one section on the one before."""
    if set(ideal) & {"dependencies", "recurrence"}:
        verdict.skip("dependences", "the machine is ideal in them")
        return
    end = 0
    for section in ran:
        first = min((request.issued for request in section.requests), default=end)
        verdict.holds(CHECK, "section before another has ended", section.section.words, first >= end)
        end = max([end, *(request.done for request in section.requests)])
        for name in section.section.operations:
            for node, back in section.section.reads(name):
                for distance in back:
                    _reads(section, name, node, distance, verdict)
            _parameters(section, name, verdict)
        _weights(section, verdict)
        _layers(section, verdict)
        check_cut(section.section, verdict)


def _reads(ran: Ran, name: str, node: Node, distance: int, verdict: Verdict) -> None:
    """*name* reads a tensor of so many timesteps back."""
    section, grid = ran.section, ran.operations[name]
    maker = section.maker.get(node.tensor)
    if maker is None:
        if not distance:
            _given(ran, name, node.tensor, verdict)
        return
    made = ran.operations[maker]
    if section.operations[name].final and not section.operations[maker].final:
        made = Grid(*(each[:, -1:] for each in (made.start, made.end, made.done, made.number, made.count)))
    done, number = _for_parts(section, maker, made, grid)
    steps = grid.start.shape[1]
    if distance < steps:
        own = grid.number[:, distance:] == number[:, : steps - distance]
        late = (grid.start[:, distance:] < done[:, : steps - distance]) & ~own
        kind = "recurrence broken" if distance and section.same_circle(name, maker) else "operand not there"
        _say(ran, f"{name} reads {node.tensor}, {distance} timesteps back", late, kind, verdict)
    if distance:
        _resumed(ran, name, node.tensor, distance, verdict)


def _for_parts(section: Section, maker: str, made: Grid, reader: Grid) -> tuple[Cycles, Cycles]:
    """When what *maker* makes is there for each part of its reader: that part of it, or all where it is not cut."""
    done, number = made.done, made.number
    for axis in (2, 3):
        whole = maker not in section.cut or reader.start.shape[axis] == 1
        if whole and done.shape[axis] > 1:
            done, number = done.max(axis=axis, keepdims=True), np.full_like(number.take([0], axis=axis), -2)
    return done, number


def _say(ran: Ran, what: str, late: Cycles, kind: str, verdict: Verdict) -> None:
    verdict.compared[CHECK] += int(late.size)
    for pass_, step, *part in np.argwhere(late)[:20]:
        verdict.found(CHECK, kind, f"{ran.section.words}: {what}: pass {pass_}, timestep {step}, part {part}")


def _given(ran: Ran, name: str, tensor: str, verdict: Verdict) -> None:
    """*name* reads what a transfer brings: a tile of an input, or what is held, once."""
    section, grid = ran.section, ran.operations[name]
    loads = ran.transfers.get(section.load_of(tensor))
    if loads is None:
        verdict.found(CHECK, "operand not there", f"{section.words}: nothing loads {tensor}, which {name} reads")
        return
    done = loads.done[:, :, :1]
    if tensor in section.held:
        done = np.repeat(done[:, :1], section.tiles, axis=1)
    by_step = np.repeat(done, section.tile_steps, axis=1)[:, : section.steps, :, None]
    if grid.start.shape[1] == 1 and section.steps > 1:
        by_step = by_step[:, -1:]
    _say(ran, f"{name} reads {tensor}", grid.start < by_step, "operand not there", verdict)


def _resumed(ran: Ran, name: str, tensor: str, distance: int, verdict: Verdict) -> None:
    """What is read of before the first timestep has been loaded; what is spilled, before each tile."""
    section, grid = ran.section, ran.operations[name]
    spilled = tensor in section.data["spilled"]
    loads = ran.transfers.get("load.spilled" if spilled else "load.state")
    if loads is None:
        if section.data["resumes"]:
            verdict.found(CHECK, "operand not there", f"{section.words}: nothing loads the state {tensor}")
        return
    for tile in range(section.tiles if spilled else 1):
        if tile == 0 and not section.data["resumes"]:
            continue
        first = tile * section.tile_steps
        done = loads.done[:, tile : tile + 1, :, None]
        if grid.start.shape[2] == 1:
            done = done.max(axis=2, keepdims=True)
        late = grid.start[:, first : first + min(distance, section.steps_of(tile))] < done
        _say(ran, f"{name} reads {tensor} of before tile {tile}", late, "operand not there", verdict)


def _parameters(ran: Ran, name: str, verdict: Verdict) -> None:
    """Parameters have been loaded for the layer; those of projections are tiles of weights."""
    section = ran.section
    stream = next(s for s in section.streams if name in s.operations)
    if stream.tiles or not any(n.tensor in section.parameters for n in section.operations[name].equation.references):
        return
    loads = ran.transfers.get(f"load.parameters.{stream.operations[0]}")
    if loads is None:
        verdict.found(CHECK, "operand not there", f"{section.words}: nothing loads the parameters of {name}")
        return
    late = ran.operations[name].start < loads.done[:, :1, :1, None]
    _say(ran, f"{name} reads its parameters", late, "operand not there", verdict)


def _weights(ran: Ran, verdict: Verdict) -> None:
    """Each tile of weights is loaded, then dequantised if it has to be, then used."""
    section = ran.section
    for stream in section.streams:
        if stream.moves == "weights":
            user = user_of(section, stream)
            converting = next((s for s in section.streams if s.converts and user_of(section, s) is user), None)
            _in_turn(ran, stream, converting or user, verdict)
        elif stream.converts:
            _in_turn(ran, stream, user_of(section, stream), verdict)


def _in_turn(ran: Ran, giving: Stream, using: Stream, verdict: Verdict) -> None:
    stays = ran.section.data["weights_stay"] and giving.moves == "weights"
    given: dict[tuple[int, int, int], Request] = {}
    for each in ran.of_stream[giving.name]:
        given[each.pass_, 0 if stays else each.tile, each.item] = each
    for each in ran.of_stream[using.name]:
        source = given.get((each.pass_, 0 if stays else each.tile, each.item))
        there = source is not None and each.issued >= source.done
        verdict.holds(CHECK, "weights not there", (each.slice, giving.name), there)


def _layers(ran: Ran, verdict: Verdict) -> None:
    """A layer reads what the one before has written to DRAM."""
    section = ran.section
    if not section.data["hands_on"] or section.passes == 1:
        return
    loads, stores = ran.transfers["load.input"], ran.transfers["store.output"]
    done = np.maximum.accumulate(stores.done[:-1, :, :1], axis=1)
    _say(ran, "a layer reads the one before", loads.start[1:, :, :1] < done, "layer before the one before", verdict)


def check_cut(section: Section, verdict: Verdict) -> None:
    """What is cut into parts needs only that part of what it reads, by its equation."""
    for name in section.cut:
        equation, index = section.operations[name].equation, section.index
        able = index in equation.indices and index not in equation.ordered
        for node in equation.references:
            axes = section.axes[node.tensor]
            if node.lag is not None and index in axes:
                able = able and node.axes[axes.index(index)].plain
        verdict.holds(CHECK, "cut that is none", f"{section.words}: {name} along {index}", able)
