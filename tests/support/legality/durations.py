"""Every request takes as long, and moves as much between SRAM and its unit, as the documented formulas say."""

from __future__ import annotations

from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program
from tests.support.legality.requests import Ran, Request
from tests.support.legality.work import Work

CHECK = "durations"
COSTS = {"edges", "fill_drain"}
"""What a machine may be ideal in so that the formulas of the pages are not those of its requests."""


def check_durations(program: Program, ran: list[Ran], verdict: Verdict) -> None:
    """Compare durations and bytes of all compute requests, and say of each when its result is there."""
    work = Work(program.compute)
    if COSTS.intersection(program.machine["ideal"]):
        verdict.skip("durations and bytes of requests", "the machine is ideal in what these cost")
        return
    for section in ran:
        for request in section.requests:
            if request.stream.unit != "dma":
                _check(work, request, verdict)


def _check(work: Work, request: Request, verdict: Verdict) -> None:
    each = request.slice
    verdict.compared[CHECK] += 2
    told = work.of(request)
    may, request.products = told.ways, told.products
    if not any(took.cycles == each.cycles for took, _ in may):
        wanted = sorted({took.cycles for took, _ in may})
        verdict.found(CHECK, "wrong duration", f"{each.words}: {each.cycles} cycles, expected {wanted}")
    if not any(moved == each.bytes for _, moved in may):
        wanted = sorted({moved for _, moved in may})
        verdict.found(CHECK, "wrong bytes in SRAM", f"{each.words}: {each.bytes} B, expected {wanted}")
    request.done = request.end + min((took.tail for took, _ in may), default=0)
