"""Listens to a run and writes a trace of it: slices, what caused them, and counters.

What is heard is kept as numbers; every :data:`CHUNK` requests it becomes columns, and these are written. So memory does
not grow with the run. The same run gives the same bytes; recording changes no cycle of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.unit_names import DMA
from sim.execution.observers import RunObserver
from sim.execution.offered import NOBODY, Offered
from sim.files.outputs import writing
from sim.lowering.section import Section
from sim.trace.counters import RunCounters
from sim.trace.requests import HEARD, SLOT
from sim.trace.section_recording import Heard, Output, SectionRecording
from sim.trace.slice_writer import SliceWriter
from sim.trace.slices import NOTHING, Header
from sim.trace.window import Window
from sim.trace.write.formats import format_of

CHUNK = 1 << 13  # requests that are written together


class TraceWriter:
    """Writes a trace to *path*, whose suffix says in which format, of the part of a run that *window* holds.

    Raises InputError for an unknown suffix, and for a missing package.
    """

    def __init__(self, path: Path, window: Window | None = None, chunk: int = CHUNK) -> None:
        self._path = path
        self._window = window
        self._chunk = chunk
        self._format = format_of(path)
        self._format.check()

    def check(self, sections: Iterable[Section], simulate_layers: int | None = None) -> None:
        """Raise InputError if the window holds no layer or no token of a run of *sections*."""
        if self._window is not None:
            self._window.check(sections, simulate_layers)

    @contextmanager
    def writing(self, machine: MachineSpec) -> Iterator[RunObserver]:
        """The observer of a run on *machine* that the block does; the file appears when the block ends well.

        Raises NothingShown at the end of the block, and no file appears, if the window holds nothing of the run.
        """
        channels = tuple(f"dram.channel{number}" for number in range(machine.dram.channels))
        tracks = dict.fromkeys((*machine.compute, DMA), ("work", "stalls")) | dict.fromkeys(
            channels, ("data", "stalls")
        )
        header = Header(machine.name, machine.clock, tracks)
        with writing(self._path) as stream, self._format.writing(stream, header) as sink:
            output = Output(machine, channels, SliceWriter(sink, self._window), RunCounters(machine))
            recorder = _Recorder(output, self._chunk)
            yield recorder
            recorder.finish()
            if self._window is not None and output.slices.shown is None:
                raise self._window.nothing_in(recorder.cycles)
            sink.counters(output.counters.counters())


class _Recorder(RunObserver):
    """Hears a run, and hands what it hears to the recording of the section, *chunk* requests at a time."""

    def __init__(self, output: Output, chunk: int) -> None:
        self._output = output
        self._channels = frozenset(output.channels)
        self._most = chunk * len(HEARD)
        self._section: SectionRecording | None = None
        self._heard = Heard()
        self._start = 0  # of the section
        self._end = 0  # the last cycle heard of, in the section
        self._busy = (0, 0)  # when the unit of the request that is just being issued works on it
        self._issued_at: list[int] = []  # when the latest request of each stream was issued

    def begin(self, section: Section, start: int) -> None:
        if self._section is not None:
            self._section.finish(self._heard, self._end)
            self._section.leave(start)
        self._section = SectionRecording(section, start, self._output)
        self._start = start
        self._heard, self._end, self._issued_at = Heard(), 0, [0] * len(section.program.streams)

    @property
    def cycles(self) -> int:
        """Cycles that have been heard of."""
        return self._start + self._end

    def finish(self) -> None:
        """Write what is left, once the run has ended."""
        if self._section is not None:
            self._section.finish(self._heard, self._end)

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        if unit not in self._channels:  # what the channels did follows from the costs of the transfers
            self._busy = start, end
            self._end = max(self._end, end)

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        if len(self._heard.requests) >= self._most:
            assert self._section is not None, "requests belong to a section"
            self._heard = self._section.write(self._heard)
        producer, count = NOTHING, 0
        if offered.producer != NOBODY:
            producer, count = offered.producer, offered.count
        elif offered.slot:
            producer, count = SLOT, offered.ready_at
        rank = offered.rank
        ready = max(offered.ready_at, self._issued_at[rank])
        self._issued_at[rank] = now
        self._heard.requests.extend((rank, offered.tile, offered.item, now, *self._busy, ready, producer, count))
        if landing is not None:
            self._heard.landings.append(landing)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits, for what the next request gets; in a conflict for the banks, of which it has got too little."""
        self._end = max(self._end, end)
        self._heard.waits.append((unit, reason, start, end, len(self._heard.requests) // len(HEARD)))
