"""Programs made by hand or at random, and what must hold of every run of one.

In the hand-made programs every transfer is 64 bytes on one LPDDR5-6400 channel at 800 MHz, where a core cycle is a DRAM
clock: two bursts take 4 clocks, and activation and CAS latency of 32 clocks come before the first data of a closed row
when the bus is idle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.requests import Cost, Work
from hw.unit_names import UnitName
from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.execution.run import Execution, run_program
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.lowering.order import BatchLayout
from sim.lowering.program import NOTHING, VARIANTS, Dependency, Pool, Program, StreamPlan, Transfers

LATENCY, OPEN = 15 + 17, 17  # clocks before the first data: activation and CAS, or the row is open


def one_channel() -> MachineSpec:
    """One LPDDR5-6400 channel at 800 MHz, where a cycle is a clock of DRAM."""
    document = read_document(find("machine", "edge"))
    for override in ("clock=800MHz", "dram.timing=lpddr5-6400", "dram.channels=1", "dram.refresh=none"):
        document.override(override)
    return document.check(MachineSpec)


def needs(producer: int, *table: int, reason: str = "data") -> Dependency:
    """Before item i, so many items of the same tile as *table* has at i must be done by stream number *producer*."""
    return Dependency(producer, np.array(table, np.int64), reason)


def compute(
    unit: UnitName,
    items: list[tuple[int, int] | None],
    *dependencies: Dependency,
    name: str = "",
    **variants: list[tuple[int, int] | None],
) -> StreamPlan:
    """A stream of (cycles, tail) items, all useful; *variants* such as ``first=`` replace those of such tiles."""
    by_variant = [variants.get(key, items) for key in ("middle", "first", "last", "only")]
    works = {item: Work(*item, {}) for found in by_variant for item in found if item is not None}
    known = [*works]
    numbers = [[NOTHING if item is None else known.index(item) for item in found] for found in by_variant]
    layout, arrays = BatchLayout(len(items), 1, len(items)), tuple(np.array(each, np.int64) for each in numbers)
    costs = tuple(Cost(work.cycles, work.tail_cycles, work.cycles) for work in works.values())
    return StreamPlan(name or unit, unit, (), layout, tuple(works.values()), arrays, costs, list(dependencies))


def transfers(*sizes: int, address: int = 0, write: bool = False) -> Transfers:
    """Transfers of these sizes, one behind the other in DRAM from *address* on."""
    every = np.array(sizes, np.int64)
    return Transfers(every, address + np.cumsum(every) - every, write)


def load(items: int, *dependencies: Dependency, name: str = "load") -> StreamPlan:
    """A stream of *items* transfers."""
    layout, numbers = BatchLayout(items, 1, items), (np.zeros(items, np.int64),) * len(VARIANTS)
    return StreamPlan(name, "dma", (), layout, transfers(64), numbers, dependencies=list(dependencies))


def program(*streams: StreamPlan, pool: Pool | None = None, layers: int = 1, tiles: int = 1) -> Program:
    """A program of *streams* and nothing else; all that they ask of the SRAM, it gives."""
    return Program(streams, (), pool, layers, tiles, 1, 1, contended=False)


def items(count: int, cycles: int = 1, tail: int = 0) -> list[tuple[int, int] | None]:
    """*count* items that are alike, for :func:`compute`."""
    return [(cycles, tail)] * count


def makespan(spec: MachineSpec, built: Program) -> int:
    """The makespan, which the cycles of every unit and channel sum to, whatever the stride."""
    execution = run_program(built, spec)
    for name, account in execution.units.items():
        assert account.busy + sum(account.stalls.values()) == execution.makespan, name
    coarse = run_program(built, spec, stride="tile")
    assert outcome(coarse) == outcome(execution)
    assert coarse.events <= execution.events
    return execution.makespan


def outcome(execution: Execution) -> dict[str, Any]:
    """All that is found out, but the number of events."""
    found = {**vars(execution), "events": None}
    found["units"] = {name: (account.busy, account.stalls) for name, account in execution.units.items()}
    found["streams"] = [
        (stream.last_completion, [(account.busy, account.stalls) for account in stream.layers])
        for stream in execution.streams
    ]
    return found


class Starts(RunObserver):
    """Keeps when the requests of each stream start."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.cycles: dict[str, list[int]] = {}

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        self.order.append(offered.plan.name)
        self.cycles.setdefault(offered.plan.name, []).append(now)


def starts(spec: MachineSpec, built: Program) -> Starts:
    """What is heard of a run of *built*."""
    observer = Starts()
    run_program(built, spec, observer=observer)
    return observer


MAC: UnitName = "mac_array"
SIMD: UnitName = "simd"


item = st.none() | st.tuples(st.integers(1, 9), st.integers(0, 6))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Random programs that cannot lock up: what is needed of one's own or a younger stream lies in earlier tiles."""
    streams = []
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    for number, size in enumerate(sizes):
        dependencies = []
        for producer, items in enumerate(sizes):
            if not draw(st.booleans()):
                continue
            if producer == number:
                table = [i - draw(st.integers(0, 2)) for i in range(size)]
            else:
                most = items if producer < number else 0
                table = draw(st.lists(st.integers(most - items - 1, most), min_size=size, max_size=size))
            dependencies.append(needs(producer, *table, reason=draw(st.sampled_from(["data", Reason.NO_BUFFER]))))
        variants = {
            key: draw(st.lists(item, min_size=size, max_size=size)) for key in ("middle", "first", "last", "only")
        }
        unit: UnitName = draw(st.sampled_from([MAC, SIMD]))
        streams.append(compute(unit, variants["middle"], *dependencies, name=f"s{number}", **variants))
    return program(*streams, layers=draw(st.integers(1, 2)), tiles=draw(st.integers(1, 3)))


@st.composite
def contended_programs(draw: st.DrawFn) -> Program:
    """Random programs whose requests ask one cluster of banks for up to 64 bytes a cycle, and that also load.

    A load waits for something of the first stream, if that is done by then.
    """
    built = draw(programs())
    streams = []
    for plan in built.streams:
        assert not isinstance(plan.requests, Transfers)
        works = list(plan.requests)
        sizes = [draw(st.integers(0, 64 * work.cycles)) for work in works]
        asking = [
            Work(work.cycles, work.tail_cycles, {0: size}) for work, size in zip(works, sizes, strict=True)
        ]  # fmt: skip
        streams.append(replace(plan, requests=tuple(asking)))
    count = draw(st.integers(1, 6))
    before = draw(st.lists(st.integers(-4, streams[0].items), min_size=count, max_size=count))
    loads = replace(load(count, needs(0, *before)), lies={0: 64})
    return replace(built, streams=(*streams, loads), contended=True)
