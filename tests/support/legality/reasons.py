"""What ended a stall fits its reason, and what a request waited for had begun before it (docs/stalls.md)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program
from tests.support.legality.requests import Ran, Request
from tests.support.legality.trace import Slice

CHECK = "reasons"
UNTOLD = {"edges", "fill_drain", "dependencies", "recurrence", "buffers"}
DRAM = ("dram_bandwidth", "dram_latency", "dram_row_miss", "dram_turnaround", "dram_refresh")


@dataclass(frozen=True)
class Wait:
    """Stalls one behind the other that are parts of one wait of a unit."""

    unit: str
    parts: tuple[Slice, ...]

    @property
    def end(self) -> int:
        """When it is over."""
        return self.parts[-1].end


def check_reasons(program: Program, ran: list[Ran], slices: list[Slice], verdict: Verdict) -> None:
    """A wait ends when something of the kind that its reason names is there, and a request begins then."""
    if UNTOLD.intersection(program.machine["ideal"]):
        verdict.skip("what ended each stall", "the machine is ideal in what requests wait for, or in their latency")
        return
    requests = [request for each in ran for request in each.requests]
    by_id = {request.slice.id: request for request in requests}
    begun: dict[tuple[str, int], list[Request]] = defaultdict(list)
    for request in requests:
        begun[request.stream.unit, request.issued].append(request)
    for wait in _waits(slices):
        names = {part.request for part in wait.parts}
        beginning = [r for r in begun[wait.unit, wait.end] if names == {r.slice.name}]
        if not beginning:
            verdict.holds(CHECK, "stall that no request ends", wait.parts[-1], False)
            continue
        cause = by_id.get(next((r.slice.cause for r in beginning if r.slice.cause is not None), None))
        for part in wait.parts:
            _fits(part, wait, cause, beginning[0], verdict)
    _conflicts(requests, slices, verdict)
    for request in requests:
        _cause(request, by_id, verdict)


def _waits(slices: list[Slice]) -> list[Wait]:
    """The waits of units; a request of the unit, even one that takes no time, ends one."""
    found: list[Wait] = []
    by_unit: dict[str, list[Slice]] = defaultdict(list)
    for each in slices:
        if each.kind == "stall" and not each.unit.startswith("dram."):
            by_unit[each.unit].append(each)
    for unit, own in by_unit.items():
        parts: list[Slice] = []
        for each in sorted(own, key=lambda stall: (stall.start, stall.end)):
            if each.reason in ("nothing_left", "bank_conflict"):
                continue
            if parts and (parts[-1].end != each.start or parts[-1].place[1:] != each.place[1:]):
                found.append(Wait(unit, tuple(parts)))
                parts = []
            parts.append(each)
        if parts:
            found.append(Wait(unit, tuple(parts)))
    return found


def _fits(part: Slice, wait: Wait, cause: Request | None, begun: Request, verdict: Verdict) -> None:
    """The reason of a *part* of a *wait* for *cause*; before a transfer is issued, it is why that came late."""
    late = part is not wait.parts[-1] and cause is not None and cause.stream.unit == "dma"
    reason, where = part.reason, (part, "waited for", cause.slice if cause is not None else "nothing")
    if reason in DRAM:
        verdict.holds(CHECK, "stall under a wrong reason", where, cause is not None and cause.stream.unit == "dma")
    elif reason.startswith(("waits_for_", "recurrence_on_")):
        unit = reason.removeprefix("waits_for_").removeprefix("recurrence_on_")
        good = late or (cause is not None and cause.stream.unit == unit and cause.done == wait.end)
        verdict.holds(CHECK, "stall under a wrong reason", where, good)
        if cause is not None and not late:
            recurs = reason.startswith("recurrence_on_")
            verdict.holds(CHECK, "stall under a wrong reason", where, _reads(begun, cause, recurs))
    elif reason == "no_buffer":
        good = late or cause is None or (cause.end == wait.end and _frees(cause, begun))
        verdict.holds(CHECK, "stall under a wrong reason", where, good)
    else:
        verdict.holds(CHECK, "stall under a wrong reason", where, reason == "start")


def _reads(reader: Request, cause: Request, recurs: bool) -> bool:
    """Whether *reader* needs what *cause* makes, be it of an earlier timestep within a recurrence, or else."""
    section = reader.section
    if not reader.operations or not cause.operations:  # a transfer, or what dequantises weights
        return not recurs
    for name in reader.operations:
        for node, back in section.reads(name):
            maker = section.maker.get(node.tensor)
            if maker in cause.operations:
                circle = back.stop > 1 and section.same_circle(name, maker)
                if circle if recurs else (not circle or 0 in back):
                    return True
    return False


def _frees(cause: Request, writer: Request) -> bool:
    """Whether *cause* reads what lies where *writer* writes: weights, parameters, a state or a tensor's buffer."""
    section, stream = writer.section, writer.stream
    if stream.moves == "weights" or stream.converts:
        return bool(cause.stream.tiles or (cause.stream.converts and not stream.converts))
    if stream.moves == "parameters":
        return stream.user in cause.operations
    if cause.stream.unit == "dma" or stream.moves == "state":
        return cause.stream.writes or bool(cause.operations)
    own = {section.operations[name].equation.tensor for name in writer.operations}
    own |= {tensor for tensor in (*section.inputs, *section.held) if stream.name == section.load_of(tensor)}
    shared = {tensor for each in section.buffers if own & set(each.tensors) for tensor in each.tensors}
    read = {node.tensor for name in cause.operations for node, _ in section.reads(name)}
    return bool(shared & read)


def _conflicts(requests: list[Request], slices: list[Slice], verdict: Verdict) -> None:
    """A bank conflict begins where the work of a request ends that it lengthens."""
    ends = {(r.stream.unit, r.slice.end, r.slice.name) for r in requests}
    for each in slices:
        if each.kind == "stall" and each.reason == "bank_conflict":
            there = (each.unit, each.start, each.request) in ends
            verdict.holds(CHECK, "bank conflict of no request", each, there)
            verdict.skip("how long bank conflicts are", "the banks' shares are not computed again")


def _cause(request: Request, by_id: dict[int | None, Request], verdict: Verdict) -> None:
    """What a request is said to have waited for was over, and it was ready, when it began."""
    each = request.slice
    if each.cause is not None:
        cause = by_id.get(each.cause)
        verdict.holds(CHECK, "wrong cause", each, cause is not None and cause.end <= request.issued)
    if each.ready is not None:
        verdict.holds(CHECK, "before it was ready", each, each.ready <= request.issued)
