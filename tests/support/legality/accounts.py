"""The accounts of the result are what the trace and the equations add up to (docs/result.md)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from itertools import pairwise
from math import prod
from typing import Any

from tests.support.legality.durations import COSTS
from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program, Section
from tests.support.legality.requests import NO_ITEM, Ran
from tests.support.legality.trace import Slice
from tests.support.legality.tracks import makespan_of

CHECK = "accounts"
COMPARED = (
    "simulated_layers", "layers", "makespan_cycles", "clock_hz", "seconds", "units", "by_layer", "requests", "streams",
    "macs_per_token", "dram_bytes", "dram_read_bytes", "dram_write_bytes", "sram_bytes", "tokens",
    "operation_counts", "batch", "sequence_length", "mapping", "head_mapping", "machine",
)  # fmt: skip
"""The keys of a result that some check compares."""


def check_accounts(
    program: Program, ran: list[Ran], slices: list[Slice], result: dict[str, Any], verdict: Verdict
) -> None:
    """Makespan, accounts of units and layers, requests, streams and work."""
    others = [key for key in result if key not in COMPARED]
    verdict.skip("of the result", ", ".join(others))
    verdict.skip("accounts of DRAM channels", "only their data are compared, transfer by transfer")
    if result["simulated_layers"] != result["layers"]:
        verdict.skip("accounts", f"the time of {result['layers'] - result['simulated_layers']} layers is scaled")
        return
    _makespan(program, ran, slices, result, verdict)
    _requests(ran, result, verdict)
    _work(ran, result, verdict)
    if max(each.section.times for each in ran) == 1:
        _by_layer(program, slices, result, verdict)
    else:
        verdict.skip("accounts by layer", "parts that are alike are shown once")


def _makespan(program: Program, ran: list[Ran], slices: list[Slice], result: dict[str, Any], verdict: Verdict) -> None:
    """The time of all sections, as often as the model has them, and what each unit did in it."""
    borders = [0, *(max((r.done for r in each.requests), default=0) for each in ran[:-1]), makespan_of(slices)]
    spans = [after - before for before, after in pairwise(borders)]
    times = [each.section.times for each in ran]
    total = sum(span * n for span, n in zip(spans, times, strict=True))
    verdict.equal(CHECK, "wrong makespan", "makespan_cycles", result["makespan_cycles"], total)
    verdict.equal(CHECK, "wrong account", "clock_hz", result["clock_hz"], program.machine["clock"])
    close = abs(result["seconds"] * program.machine["clock"] - total) < 1e-6 * max(1, total)
    verdict.holds(CHECK, "wrong makespan", "seconds", close)
    by_unit = _by_unit(slices, borders, times)
    for unit in (*program.compute, "dma"):
        account = result["units"][unit]
        _same(f"units.{unit}", by_unit.get(unit, Counter()), _told(account), verdict)
        split = sum(account[key] for key in ("useful_cycles", "edge_cycles", "fill_drain_cycles"))
        verdict.equal(CHECK, "wrong account", f"units.{unit}: parts of busy", split, account["busy_cycles"])


def _by_unit(slices: list[Slice], borders: list[int], times: list[int]) -> dict[str, Counter[str]]:
    """Cycles by unit and by what they went to; those of a section as often as the model has it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for each in slices:
        if each.kind not in ("work", "stall") or not each.cycles:
            continue
        section = min(bisect_right(borders, each.start) - 1, len(times) - 1)
        found[each.unit][each.reason or "busy"] += each.cycles * times[section]
    return found


def _told(account: dict[str, Any]) -> Counter[str]:
    """What an account of the result says."""
    return Counter(account["stalls"]) + Counter({"busy": account["busy_cycles"]})


def _same(what: str, found: Counter[str], told: Counter[str], verdict: Verdict) -> None:
    for reason in found.keys() | told.keys():
        verdict.equal(CHECK, "wrong account", (what, reason), told[reason], found[reason])


def _by_layer(program: Program, slices: list[Slice], result: dict[str, Any], verdict: Verdict) -> None:
    """The accounts of layers; the head's is the last."""
    found: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    last = len(result["by_layer"]) - 1
    for each in slices:
        if each.kind in ("work", "stall") and each.reason != "nothing_left" and not each.unit.startswith("dram."):
            found[each.unit, last if each.layer is None else each.layer][each.reason or "busy"] += each.cycles
    for number, units in enumerate(result["by_layer"]):
        for unit in (*program.compute, "dma"):
            account = units.get(unit, {"stalls": {}, "busy_cycles": 0})
            _same(f"by_layer.{number}.{unit}", +found[unit, number], +_told(account), verdict)


def _requests(ran: list[Ran], result: dict[str, Any], verdict: Verdict) -> None:
    """How many requests each stream makes, and how long they keep its unit busy; the same stream of parts once."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for each in ran:
        for stream in each.section.streams:
            own, times = each.of_stream[stream.name], each.section.times
            name = each.section.prefix + stream.name, stream.unit
            found[name]["requests"] += len(own) * times
            if stream.unit != "dma":
                found[name]["busy_cycles"] += sum(request.slice.cycles for request in own) * times
    told: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for stream in result["streams"]:
        told[stream["name"], stream["unit"]].update({key: stream[key] for key in ("requests", "busy_cycles")})
    for name in found.keys() | told.keys():
        _same(f"streams: {name[0]} on {name[1]}", found[name], told[name], verdict)
    requests = sum(count["requests"] for count in found.values())
    verdict.equal(CHECK, "wrong number of requests", "requests", result["requests"], requests)


def _work(ran: list[Ran], result: dict[str, Any], verdict: Verdict) -> None:
    """MACs of the whole run, from the equations: padding of a last chunk is computed too."""
    macs = sum(_macs(each.section) for each in ran)
    told = round(result["macs_per_token"] * result["tokens"])
    verdict.holds(CHECK, "wrong work", ("macs", told, macs), abs(told - macs) <= 1e-12 * macs)
    arrays = sum(each["mac"] for each in result["operation_counts"].values() if "mac" in each)
    done = sum(_macs_on_arrays(each) for each in ran)
    if COSTS.intersection(ran[0].section.machine["ideal"]):
        verdict.skip("operation_counts", "which operations are products is not told on an ideal machine")
    elif any(each.section.data["graph"]["chosen"] for each in ran):
        verdict.skip("operation_counts", "tokens choose experts")
    else:
        verdict.equal(CHECK, "wrong work", "operation_counts of products", arrays, done)


def _macs(section: Section) -> int:
    total = 0
    for operation in section.operations.values():
        once = 1 if operation.final else section.steps
        total += operation.equation.macs(section.worked) * once
    return total * section.passes * section.times * section.batch


def _macs_on_arrays(ran: Ran) -> int:
    """MACs of the tiles of weights, and of contractions that arrays do, request by request."""
    section, total = ran.section, 0
    for request in ran.requests:
        for name in request.products:
            product = section.products[name]
            assert product is not None, "it is one"
            if request.stream.tiles:
                rows = section.size(product.rows) * request.steps * section.batch
                total += request.stream.tiles[request.item].elements * rows if request.item != NO_ITEM else 0
            else:
                sizes = dict(section.sizes)
                if section.index is not None:
                    sizes[section.index] //= request.parts
                axes = product.batch | product.rows | product.columns | product.summed
                steps = 1 if section.operations[name].final else request.steps
                total += prod(sizes[i] for i in axes) * product.terms * steps * section.batch
    return total * section.times
