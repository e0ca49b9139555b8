"""The accounts of the result are what the trace adds up to, and what ended a stall fits its reason (docs/stalls.md)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from typing import Any

from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program
from tests.support.legality.requests import Ran
from tests.support.legality.trace import Slice
from tests.support.legality.tracks import makespan_of

CHECK = "accounts"
DRAM = ("dram_bandwidth", "dram_latency", "dram_row_miss", "dram_turnaround", "dram_refresh")


def check_accounts(
    program: Program, ran: list[Ran], slices: list[Slice], result: dict[str, Any], verdict: Verdict
) -> None:
    """Makespan, accounts of units, requests and tokens, and the reasons of stalls."""
    check_reasons(ran, slices, verdict)
    check_causes(slices, verdict)
    if result["simulated_layers"] != result["layers"]:
        verdict.skip("accounts", f"the time of {result['layers'] - result['simulated_layers']} layers is scaled")
        return
    borders = _borders(ran, makespan_of(slices))
    spans = [after - before for before, after in zip(borders, borders[1:], strict=False)]
    times = [each.section.times for each in ran]
    total = sum(span * n for span, n in zip(spans, times, strict=True))
    verdict.equal(CHECK, "wrong makespan", "makespan_cycles", result["makespan_cycles"], total)
    by_unit = _by_unit(slices, borders, times)
    for unit in (*program.compute, "dma"):
        account = result["units"][unit]
        expected = Counter(account["stalls"]) + Counter({"busy": account["busy_cycles"]})
        _same(f"units.{unit}", by_unit.get(unit, Counter()), expected, verdict)
        split = sum(account[key] for key in ("useful_cycles", "edge_cycles", "fill_drain_cycles"))
        verdict.equal(CHECK, "wrong account", f"units.{unit}: parts of busy", split, account["busy_cycles"])
    requests = sum(len(each.requests) * each.section.times for each in ran)
    verdict.equal(CHECK, "wrong number of requests", "requests", result["requests"], requests)
    verdict.equal(CHECK, "wrong account", "clock_hz", result["clock_hz"], program.machine["clock"])
    if max(times) == 1:
        _by_layer(program, slices, result, verdict)
    else:
        verdict.skip("accounts by layer", "parts that are alike are shown once")


def _borders(ran: list[Ran], makespan: int) -> list[int]:
    """The cycles at which sections begin, and the end: one begins when nothing of the one before is going on."""
    return [0, *(max((r.done for r in each.requests), default=0) for each in ran[:-1]), makespan]


def _by_unit(slices: list[Slice], borders: list[int], times: list[int]) -> dict[str, Counter[str]]:
    """Cycles by unit and by what they went to; those of a section as often as the model has it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for each in slices:
        if each.kind not in ("work", "stall") or not each.cycles:
            continue
        section = min(bisect_right(borders, each.start) - 1, len(times) - 1)
        found[each.unit][each.reason or "busy"] += each.cycles * times[section]
    return found


def _same(what: str, found: Counter[str], expected: Counter[str], verdict: Verdict) -> None:
    for reason in found.keys() | expected.keys():
        verdict.equal(CHECK, "wrong account", f"{what}: {reason}", expected[reason], found[reason])


def _by_layer(program: Program, slices: list[Slice], result: dict[str, Any], verdict: Verdict) -> None:
    """The accounts of layers; the head's is the last."""
    found: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    last = len(result["by_layer"]) - 1
    for each in slices:
        if each.kind in ("work", "stall") and each.reason != "nothing_left" and not each.unit.startswith("dram."):
            layer = last if each.layer is None else each.layer
            found[each.unit, layer][each.reason or "busy"] += each.cycles
    for number, units in enumerate(result["by_layer"]):
        for unit in (*program.compute, "dma"):
            account = units.get(unit, {"stalls": {}, "busy_cycles": 0})
            expected = Counter(account["stalls"]) + Counter({"busy": account["busy_cycles"]})
            _same(f"by_layer.{number}.{unit}", +found[unit, number], +expected, verdict)


# What ends a stall.


def check_reasons(ran: list[Ran], slices: list[Slice], verdict: Verdict) -> None:
    """A wait for a unit ends when a result of that unit is there, one for DRAM when a transfer has landed."""
    done: dict[str, set[int]] = defaultdict(set)
    freed: set[int] = set()
    starts: dict[str, set[int]] = defaultdict(set)
    for each in ran:
        for request in each.requests:
            done[request.stream.unit].add(request.done)
            freed |= {request.end, request.done}
            starts[request.stream.unit].add(request.issued)
    for each, chain in _waits(slices):
        _check_reason(each, chain, done, freed, starts, verdict)


def _waits(slices: list[Slice]) -> list[tuple[Slice, int]]:
    """Stalls of units, each with the end of the wait of which it is a part: parts stand one behind the other."""
    found: list[tuple[Slice, int]] = []
    by_unit: dict[str, list[Slice]] = defaultdict(list)
    for each in slices:
        if each.kind == "stall" and each.track == "stalls" and not each.unit.startswith("dram."):
            by_unit[each.unit].append(each)
    for own in by_unit.values():
        own.sort(key=lambda each: each.start)
        end = 0
        for number in reversed(range(len(own))):
            each = own[number]
            after = own[number + 1] if number + 1 < len(own) else None
            conflict = "bank_conflict" in (each.reason, after.reason if after else "")
            joined = after is not None and after.start == each.end and not conflict
            end = end if joined else each.end
            found.append((each, end))
    return found


def _check_reason(
    each: Slice, end: int, done: dict[str, set[int]], freed: set[int], starts: dict[str, set[int]], verdict: Verdict
) -> None:
    reason = each.reason
    if reason in ("nothing_left", "bank_conflict", "start"):
        return
    verdict.holds(CHECK, "stall that no request ends", each.words, end in starts[each.unit])
    for head in ("waits_for_", "recurrence_on_"):
        if reason.startswith(head):
            there = end in done[reason.removeprefix(head)]
            verdict.holds(CHECK, "stall under a wrong reason", f"{each.words}: no result then", there or _parted(each, end))
            return
    if reason in DRAM:
        verdict.holds(CHECK, "stall under a wrong reason", f"{each.words}: no transfer lands", end in done["dma"])
    elif reason == "no_buffer":
        there = end in freed
        verdict.holds(CHECK, "stall under a wrong reason", f"{each.words}: nothing is freed", there or _parted(each, end))
    else:
        verdict.found(CHECK, "stall under a wrong reason", f"{each.words}: no known reason")


def _parted(each: Slice, end: int) -> bool:
    """Whether it is the part of a wait for DRAM before the transfer was issued, which had a reason of its own."""
    return each.end < end


def check_causes(slices: list[Slice], verdict: Verdict) -> None:
    """A request begins after the one that it is said to have waited for began, and after it was ready."""
    by_id = {each.id: each for each in slices if each.kind != "counter"}
    for each in slices:
        if each.kind != "work":
            continue
        if each.cause is not None:
            cause = by_id.get(each.cause)
            good = cause is not None and cause.kind == "work" and cause.start <= each.end
            verdict.holds(CHECK, "wrong cause", f"{each.words}: {each.cause}", good)
        if each.ready is not None and each.unit != "dma":
            verdict.holds(CHECK, "before it was ready", each.words, each.ready <= each.start)


