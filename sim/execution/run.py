"""Runs a lowered program on a machine until all its streams have ended, and says if they cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from hw.accounts import Accounts
from hw.engine import BORDER, CYCLE, Engine
from hw.machine import MachineSpec
from hw.unit_names import DMA
from hw.wiring import Machine
from sim.execution.observers import RunObserver
from sim.execution.streams import StreamRun
from sim.execution.tables import StreamTables
from sim.execution.weight_slots import SlotPool
from sim.files.errors import DeadlockError
from sim.lowering.program import Program, StreamPlan, TileVariant

Stride = Literal["cycle", "tile"]
STRIDES: Final = {"cycle": CYCLE, "tile": BORDER}
TileDone = Callable[[int, int], None]


@dataclass(frozen=True)
class StreamAccounts:
    """What became of a stream: its accounts in each layer, and when its last result was there."""

    plan: StreamPlan
    layers: tuple[Accounts, ...]
    last_completion: int


@dataclass(frozen=True)
class Execution:
    """A program that has been run: its length in cycles, the accounts of its streams and of every unit.

    ``events`` is how many events SimPy had, ``refresh_cycles`` for how long a refresh keeps data from moving.
    """

    makespan: int
    streams: tuple[StreamAccounts, ...]
    units: dict[str, Accounts]
    events: int
    refresh_cycles: int


def run_program(
    program: Program,
    machine: MachineSpec,
    *,
    stride: Stride = "cycle",
    on_tile: TileDone | None = None,
    observer: RunObserver | None = None,
) -> Execution:
    """Execute *program* on *machine*.

    With the *stride* ``cycle`` every cycle in which something happens is a SimPy event, with ``tile`` only the borders
    of tiles are; the result is the same. *on_tile* is called with the number of tiles done, those of the last stream
    that has something to do in each, and the cycle. *observer* follows every request; it must have begun. Raises
    DeadlockError, naming who waits for what, if time ends before the work does.
    """
    engine = Engine(STRIDES[stride])
    names = program.reasons
    parts = Machine(machine, engine, names, program.contended)
    parts.observe(observer)
    runs = _streams(program, parts, names, observer)
    clock = next((run for run in reversed(runs) if program.streams[run.rank].busy(TileVariant.MIDDLE)), runs[-1])
    if on_tile is not None or stride == "tile":
        clock.pause_at_borders()
    for run in runs:
        engine.at(0, run)
    engine.run(None if on_tile is None else lambda: on_tile(clock.tile, engine.now))
    stuck = [waiting for run in runs if (waiting := run.waiting_for())]
    if stuck:
        raise DeadlockError("the schedule cannot go on:\n" + "\n".join(stuck))
    return _execution(program, parts, runs)


def _streams(program: Program, machine: Machine, names: Sequence[str], observer: RunObserver | None) -> list[StreamRun]:
    """The streams of *program*, connected to each other and to the units of *machine*."""
    runs = [
        StreamRun(
            StreamTables(program, rank, names, partial(machine.load, plan.unit)), machine.units[plan.unit], observer
        )
        for rank, plan in enumerate(program.streams)
    ]
    for run, plan in zip(runs, program.streams, strict=True):
        if plan.unit == DMA:
            run.load = machine.traffic(plan.lies)
    for run in runs:
        run.connect(runs)
    if program.pool is not None:
        pool = SlotPool(program.pool.slots, [runs[load] for load, _ in program.pool.members])
        for load, user in program.pool.members:
            runs[load].load_from(pool, runs[user])
    return runs


def _execution(program: Program, machine: Machine, runs: Sequence[StreamRun]) -> Execution:
    makespan = max(run.last_completion for run in runs)
    streams = tuple(
        StreamAccounts(plan, tuple(map(machine.units[plan.unit].ledger.accounts, run.tallies)), run.last_completion)
        for plan, run in zip(program.streams, runs, strict=True)
    )
    return Execution(makespan, streams, machine.close(makespan), machine.engine.events, machine.dma.refresh_cycles)
