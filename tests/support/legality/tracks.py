"""One thing at a time on every track, and no cycle of an accounted unit left out (docs/traces.md)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program
from tests.support.legality.trace import Slice

CHECK = "tracks"


def makespan_of(slices: list[Slice]) -> int:
    """The last cycle that work or stalls of units reach."""
    return max((s.end for s in slices if s.kind in ("work", "stall") and not s.unit.startswith("dram.")), default=0)


def check_tracks(program: Program, slices: list[Slice], verdict: Verdict) -> None:
    """No slice overlaps another of its track; work and stalls of units cover the run without a gap."""
    tracks: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    seen: set[int | None] = set()
    for each in slices:
        if each.kind == "counter":
            continue
        verdict.holds(CHECK, "bad slice", each, each.cycles >= 0 and each.id not in seen)
        seen.add(each.id)
        tracks[each.unit, each.track].append(each)
    for (unit, track), own in tracks.items():
        _apart(f"{unit}, {track}", own, verdict, "overlap")
    for unit in (*program.compute, "dma"):
        both = [each for track in ("work", "stalls") for each in tracks.get((unit, track), ())]
        _covered(unit, both, makespan_of(slices), verdict)


def _apart(track: str, own: list[Slice], verdict: Verdict, kind: str) -> list[Slice]:
    own = sorted(own, key=lambda each: (each.start, each.end))
    before: Slice | None = None
    for each in own:
        if before is not None:
            verdict.holds(CHECK, kind, (each, "begins before the end of", before), each.start >= before.end)
        before = each
    return own


def _covered(unit: str, own: list[Slice], makespan: int, verdict: Verdict) -> None:
    at = 0
    for each in _apart(unit, own, verdict, "two things at once"):
        verdict.holds(CHECK, "gap", (unit, "nothing in cycle", at), each.start <= at)
        at = max(at, each.end)
    verdict.holds(CHECK, "gap", f"{unit}: nothing from cycle {at} to the end, {makespan}", at == makespan)


def check_counters(program: Program, slices: list[Slice], verdict: Verdict) -> None:
    """SRAM in use is never more than the machine has, nor transfers in flight more than it allows."""
    capacity: Any = program.machine["sram"]["capacity"]
    for each in slices:
        if each.kind != "counter" or each.value is None:
            continue
        if each.unit == "sram" and each.name.startswith("in use"):
            fits = each.value * 1024 <= capacity * (1 + 1e-9)
            verdict.holds(CHECK, "capacity exceeded", f"{each.value} KiB of {capacity} B in use", fits)
        if each.unit == "dma" and each.name == "in flight":
            most = program.machine["dma"]["outstanding"]
            verdict.holds(CHECK, "too many in flight", f"{each.value} of {most}", each.value <= most * (1 + 1e-9))
