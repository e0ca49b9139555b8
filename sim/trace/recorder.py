"""Listens to a run and writes a trace of it: slices, what caused them, and counters.

What is heard is kept as numbers; every :data:`CHUNK` requests it becomes columns, and these are written. So memory does
not grow with the run. The same run gives the same bytes; recording changes no cycle of it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hw.ledger import Landing
from hw.machine import MachineSpec
from sim.execution.observers import RunObserver
from sim.execution.offered import NOBODY, Offered
from sim.files.atomic import replacing
from sim.lowering.section import Section
from sim.trace.channels import ChannelTimeline
from sim.trace.history import History
from sim.trace.meters import Meters
from sim.trace.requests import SLOT, TOLD, Requests, Tables
from sim.trace.slice_writer import Pen
from sim.trace.slices import NOTHING, Header, Numbers, Slices, Words
from sim.trace.window import Window
from sim.trace.write.formats import Format, format_of

CHUNK = 1 << 13  # requests that are written together

_Wait = tuple[str, str, int, int, int]  # unit, reason, start, end, number of the request that it belongs to


class TraceWriter(RunObserver):
    """An observer that streams what units do into a trace file; use it within :meth:`writing`.

    The suffix of *path* says in which format. Raises InputError for an unknown one, and for a missing package.
    """

    def __init__(self, path: Path, window: Window | None = None, chunk: int = CHUNK) -> None:
        self._path = path
        self._window = window
        self._most = chunk * len(TOLD)
        self._format: Format = format_of(path)
        self._format.check()
        self._machine: MachineSpec
        self._channels: list[str]
        self._pen: Pen
        self._meters: Meters
        self._tables: Tables
        self._history: History
        self._timeline: ChannelTimeline
        self._told = array("q")  # of each request what TOLD says
        self._waits: list[_Wait] = []
        self._landings: list[Landing] = []  # of the transfers told
        self._busy = (0, 0)  # when the unit of the request that is just being issued works on it
        self._started: list[int] = []  # when the latest request of each stream was issued
        self._flights: list[int] = []  # until when each lane of transfers in flight is taken
        self._end = 0  # the last cycle heard of, in the section

    @contextmanager
    def writing(self, machine: MachineSpec) -> Iterator[None]:
        """Record while the block runs; the file appears when it ends well."""
        self._machine, self._meters = machine, Meters(machine)
        self._channels = [f"dram.channel{number}" for number in range(machine.dram.channels)]
        channels = dict.fromkeys(self._channels, ("data", "stalls"))
        units = {name: ("work", "stalls") for name in ("mac_array", "simd", "dma")}
        header = Header(machine.name, machine.clock, units | channels)
        with replacing(self._path) as stream, self._format.writing(stream, header) as sink:
            self._pen = Pen(sink, self._window)
            yield
            self._end_section()
            sink.counters(self._meters.counters())

    def begin(self, section: Section, start: int) -> None:
        program = section.program
        if start:
            self._end_section()
        self._tables, self._history = Tables(section, start), History(program.pool)
        self._timeline = ChannelTimeline(self._machine, program.reasons, start)
        self._meters.begin(section, self._tables)
        self._started = [0] * len(program.streams)
        self._flights.clear()
        self._end = 0

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        if unit not in self._channels:  # what the channels did follows from the costs of the transfers
            self._busy = start, end
            self._end = max(self._end, end)

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        if len(self._told) >= self._most:
            self._write()
        producer, count = NOTHING, 0
        if offered.producer != NOBODY:
            producer, count = offered.producer, offered.count
        elif offered.slot:
            producer, count = SLOT, offered.ready_at
        rank = offered.rank
        ready = max(offered.ready_at, self._started[rank])
        self._started[rank] = now
        self._told.extend((rank, offered.tile, offered.item, now, *self._busy, ready, producer, count))
        if landing is not None:
            self._landings.append(landing)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits, for what the next request gets; in a conflict for the banks, of which it has got too little."""
        self._end = max(self._end, end)
        self._waits.append((unit, reason, start, end, len(self._told) // len(TOLD)))

    def _write(self) -> Slices:
        """Write the requests told, which are returned, and what belongs to them."""
        tables = self._tables
        requests = tables.requests(self._told)
        work = self._pen.work(requests, tables, self._history)
        count = len(requests)
        known = [wait for wait in self._waits if wait[-1] < count]
        self._write_waits(known, np.array([number for *_, number in known], np.int64), work)
        self._waits = [(*wait[:-1], 0) for wait in self._waits if wait[-1] == count]
        self._write_transfers(requests, work)
        self._meters.work(work.unit, requests)
        self._meters.fold(int(requests.now.max(initial=0)), self._pen.shown)
        self._told, self._landings = array("q"), []
        return work

    def _write_waits(self, waits: list[_Wait], of: Numbers, work: Slices) -> None:
        if waits:
            unit, reason, *cycles, _ = zip(*waits, strict=True)
            start, end = np.array(cycles, np.int64) + self._tables.origin
            self._pen.stalls(Words.of(unit), Words.of(reason), start, end, of, work)

    def _write_transfers(self, requests: Requests, work: Slices) -> None:
        """Write the transfers in flight, and what the channels did for them."""
        transfers = np.flatnonzero(np.array(work.unit.texts)[work.unit.codes] == "dma")
        issued, request = requests.now[transfers], (requests.variant[transfers], requests.row[transfers])
        lanes = [self._lane(*cycles) for cycles in zip(issued.tolist(), requests.end[transfers].tolist(), strict=True)]
        self._pen.flights(work, transfers, issued, np.array(lanes, np.int64))
        parts = self._timeline.transfers(self._landings)
        self._pen.parts(self._channels, parts, transfers[parts.transfer], work)
        data = parts[parts.reason.codes == NOTHING]
        size, writes = self._tables.bytes[request], self._tables.writes[request]
        for write in (False, True):
            moved = data[writes[data.transfer] == write]
            self._meters.moved(write, moved.start, moved.end, size[moved.transfer])

    def _lane(self, issued: int, end: int) -> int:
        """The first lane of transfers in flight that is free at *issued*; it is taken until *end*."""
        lanes = self._flights
        lane = next((number for number, taken in enumerate(lanes) if taken <= issued), len(lanes))
        lanes[lane : lane + 1] = [end]
        return lane

    def _end_section(self) -> None:
        """Write what is left, and how long nothing was."""
        work = self._write()
        left = np.full(len(self._waits), NOTHING)  # waits that no request has ended
        self._write_waits(self._waits, left, work)
        self._waits = []
        parts = self._timeline.finish(self._end)
        self._pen.parts(self._channels, parts, parts.transfer, work)
        self._meters.fold(self._end + self._tables.origin, self._pen.shown)
