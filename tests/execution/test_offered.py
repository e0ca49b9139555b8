"""What is shown of a request that a stream offers: which it is, since when, and what it waited for."""

from __future__ import annotations

from typing import Any

import pytest

from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.requests import Cost, Transfer
from sim.execution.observers import RunObserver
from sim.execution.offered import NOBODY, Offered
from sim.execution.run import run_program
from sim.lowering.program import Pool, Program
from tests.support.programs import LATENCY, MAC, SIMD, compute, items, load, needs, program

DRAM, NO_BUFFER, START = Reason.DRAM, Reason.NO_BUFFER, Reason.START
Told = dict[str, Any]


def test_a_request_and_its_cost_are_those_of_its_number() -> None:
    stream = compute(MAC, [(5, 3), (7, 0)])
    offered = Offered(stream, 4, ("start", "late"))
    assert (offered.plan, offered.rank, offered.reason) == (stream, 4, "start")
    assert offered.request is stream.requests[0] and offered.cost == Cost(5, 3, 5)
    assert (offered.producer, offered.operands, offered.slot) == (NOBODY, False, False)


def test_a_transfer_has_no_cost() -> None:
    offered = Offered(load(1), 0, ("start",))
    assert isinstance(offered.request, Transfer) and offered.cost is None


FIELDS = (
    "tile", "item", "variant", "number", "since", "ready_at", "reason", "producer", "count", "operands", "slot",
)  # fmt: skip


class Issues(RunObserver):
    """Keeps what is said of every request as it is issued."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        self.told.append((offered.plan.name, {field: getattr(offered, field) for field in FIELDS}))


def told(spec: MachineSpec, built: Program, stream: str, fields: str) -> list[tuple[Any, ...]]:
    """*fields* of the requests of *stream* in a run of *built*."""
    observer = Issues()
    run_program(built, spec, observer=observer)
    return [tuple(said[field] for field in fields.split()) for name, said in observer.told if name == stream]


@pytest.mark.parametrize(
    ("built", "stream", "expected"),
    [
        pytest.param(
            program(compute(MAC, items(3, 10))),
            MAC,
            # offered as the one before is issued, as soon as the unit gets free
            [
                (0, 0, START, NOBODY, False, False),
                (0, 0, START, NOBODY, False, False),
                (10, 0, START, NOBODY, False, False),
            ],
            id="nothing to wait for",
        ),
        pytest.param(
            program(compute(MAC, items(2, 10, 3)), compute(SIMD, items(2, 5), needs(0, 1, 2))),
            SIMD,
            [(0, 13, "data", 0, False, False), (13, 23, "data", 0, False, False)],
            id="a result, foreseen when the other request is issued",
        ),
        pytest.param(
            program(
                compute(MAC, items(2, 10), needs(1, 0, 1, reason=NO_BUFFER)),
                compute(SIMD, items(2, 30, 9), needs(0, 1, 2)),
            ),
            MAC,
            # lanes read the first result from 10 to 40
            [(0, 0, START, NOBODY, False, False), (10, 40, NO_BUFFER, 1, True, False)],
            id="space: operands read",
        ),
        pytest.param(
            program(load(2), compute(MAC, items(2, 100), needs(0, 1, 2, reason=DRAM)), pool=Pool(1, ((0, 1),))),
            "load",
            # the slot is free when the first tile has been used, which nobody foresees
            [
                (0, 0, START, NOBODY, False, False),
                (LATENCY + 4 + 100, LATENCY + 4 + 100, NO_BUFFER, NOBODY, False, True),
            ],
            id="a slot for weights",
        ),
        pytest.param(
            program(
                compute(MAC, items(1, 10)), load(1), compute(SIMD, items(1), needs(0, 1), needs(1, 1, reason=DRAM))
            ),
            SIMD,
            [(0, LATENCY + 4, DRAM, 1, False, False)],
            id="of two things the last",
        ),
    ],
)
def test_what_a_request_waits_for(
    spec: MachineSpec, built: Program, stream: str, expected: list[tuple[Any, ...]]
) -> None:
    assert told(spec, built, stream, "since ready_at reason producer operands slot") == expected


def test_items_without_work_are_numbered_too(spec: MachineSpec) -> None:
    """Three tiles of two items, of which the first has nothing to do."""
    built = program(compute(SIMD, [None, (1, 0)]), tiles=3, layers=2)
    assert told(spec, built, SIMD, "tile item variant number") == [
        (tile, 1, variant, 2 * tile + 1) for tile, variant in enumerate([1, 0, 2, 1, 0, 2])
    ]


def test_what_is_needed_of_a_producer_counts_from_the_start_of_the_run(spec: MachineSpec) -> None:
    built = program(compute(MAC, items(3, 9)), compute(SIMD, items(1), needs(0, 2)), tiles=2, layers=2)
    assert told(spec, built, SIMD, "count") == [(3 * tile + 2,) for tile in range(4)]
