"""Listens to a run and writes a trace of it: slices, what caused them, and counters.

Memory does not grow with the run. The same run gives the same bytes; recording changes no cycle of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hw.machine import MachineSpec
from hw.requests import Transfer
from sim.choice import Section
from sim.output import replacing
from sim.streams import StreamRun
from sim.trace.channels import ChannelTimeline
from sim.trace.formats import Format, format_of
from sim.trace.history import History
from sim.trace.meters import Meters
from sim.trace.model import Header, Slice
from sim.trace.pen import Pen
from sim.trace.places import Places
from sim.trace.window import Window
from sim.units import ceil_div

FOLD = 4096  # requests between foldings of the counters
CONFLICT = "bank_conflict"  # the one stall that belongs to the request before it

_Wait = tuple[str, int, int]  # reason, start, end


class TraceWriter:
    """A recorder that streams what units do into a trace file; use it within :meth:`writing`.

    The suffix of *path* says in which format. Raises InputError for an unknown one, and for a missing package.
    """

    def __init__(self, path: Path, window: Window | None = None) -> None:
        self._path = path
        self._window = window
        self._format: Format = format_of(path)
        self._format.check()
        self._machine: MachineSpec
        self._channels: list[str]
        self._pen: Pen
        self._places: Places
        self._history: History
        self._timeline: ChannelTimeline
        self._meters: Meters
        self._end = 0  # the last cycle of the run heard of
        self._waiting: dict[str, list[_Wait]] = {}  # by unit, until it is known what ended it
        self._latest: dict[str, Slice | None] = {}  # the last request of each unit, if it has been written
        self._transfer: tuple[StreamRun[Any], Transfer, Slice | None] | None = None  # until its costs are known
        self._flights: list[int] = []  # until when each lane of transfers in flight is taken
        self._requests = 0

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
            self._meters.fold(self._end, self._pen.shown)
            sink.counters(self._meters.counters())

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; its cycles count from *start* of the run."""
        if start:
            self._end_section()
        self._pen.origin = self._end = start
        self._places, self._history = Places(section), History(section.program.pool)
        self._timeline = ChannelTimeline(self._machine)
        self._flights.clear()
        self._meters.begin(section, start)

    def _end_section(self) -> None:
        self._show_transfer()
        for unit, waits in self._waiting.items():
            for reason, start, end in waits:
                self._pen.stall(unit, reason, start, end, None)
        self._waiting.clear()
        self._pen.parts(self._channels, self._timeline.finish(self._end - self._pen.origin), None, 0)

    def busy(self, unit: str, stream: Any, start: int, end: int) -> None:
        """*unit* works on the item that *stream* is at."""
        if unit in self._channels:
            return  # what the channels did follows from the costs of the transfers
        moves = unit == "dma"
        if moves:
            self._show_transfer()
        history, place, now = self._history, self._places.of(stream), stream.clock
        ready, cause = history.ready(stream), history.cause(stream)
        size = stream.request.size_bytes if moves else sum(stream.request.demand.values())
        piece = self._pen.request(unit, place, start, end, ready, size, cause)
        for reason, since, until in self._waiting.pop(unit, ()):
            self._pen.stall(unit, reason, since, until, piece)
        if piece is not None:
            self._pen.write(piece, cause)
        if moves:
            self._transfer = stream, stream.request, piece
            self._pen.flight(piece, self._flight_lane(now, end), now)
        self._latest[unit] = piece
        self._end = max(self._end, end + self._pen.origin)
        history.remember(stream, now, end, piece)
        self._meters.request(unit, stream, ready, now, start, end)
        self._requests += 1
        if self._requests % FOLD == 0:
            self._meters.fold(now + self._pen.origin, self._pen.shown)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits; written when it is known what the wait was for."""
        self._end = max(self._end, end + self._pen.origin)
        if reason == CONFLICT:
            self._pen.stall(unit, reason, start, end, self._latest.get(unit))
        else:
            self._waiting.setdefault(unit, []).append((reason, start, end))

    def _show_transfer(self) -> None:
        """Write what the channels did for the transfer before this one: its costs are known by now."""
        if self._transfer is not None:
            stream, request, piece = self._transfer
            landing = stream.last_landing
            assert landing is not None, "a transfer that has been issued has landed"
            parts = self._timeline.transfer(landing)
            _, start, end, _ = parts[-1]  # its data
            self._meters.moved(request, start, end)
            self._pen.parts(self._channels, parts, piece, ceil_div(request.size_bytes, len(self._channels)))
            self._transfer = None

    def _flight_lane(self, issued: int, end: int) -> int:
        """The first lane that is free at *issued*; it is taken until *end*."""
        lanes = self._flights
        lane = next((number for number, taken in enumerate(lanes) if taken <= issued), len(lanes))
        lanes[lane : lane + 1] = [end]
        return lane
