"""Value change dumps, for waveform viewers such as GTKWave and Surfer.

A scope for each unit: ``busy``, ``operation``, ``request`` (the slice's id), ``layer``, ``token`` and ``stall`` (the
reason); counters are reals. A dump is in order of time over all signals, so each track waits in a temporary file until
the run has ended. A tick is the largest power of ten of which a cycle is a whole number; where there is none, a cycle.
"""

from __future__ import annotations

import heapq
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from operator import itemgetter
from typing import IO

from vcd import VCDWriter

from sim import __version__
from sim.trace.model import FLIGHT, STALL, Counter, Header, Slice, copies

NOTHING = "-"  # an operation or a reason when there is none
FEMTO = 10**15
UNITS = ("fs", "ps", "ns", "us", "ms", "s")
SIGNALS = ("busy", "operation", "request", "layer", "token")

_Change = tuple[int, tuple[str, str], str | int | float]  # cycle, (scope, signal), value


def time_scale(clock_hz: int) -> tuple[str, int]:
    """The length of a tick, and ticks a cycle, both exact; a cycle of no whole femtoseconds is a tick of "1 ns".

    >>> time_scale(250_000_000)
    ('1 ns', 4)
    """
    if FEMTO % clock_hz:
        return "1 ns", 1
    ticks, power = FEMTO // clock_hz, 0
    while ticks % 10 == 0:
        ticks, power = ticks // 10, power + 1
    return f"{10 ** (power % 3)} {UNITS[power // 3]}", ticks


class VcdSink:
    """Writes to *stream*."""

    def __init__(self, stream: IO[bytes], header: Header) -> None:
        self._stream = stream
        self._header = header
        self._files = ExitStack()
        self._spools: dict[tuple[str, str], IO[str]] = {}
        self._counters: list[Counter] = []

    def slice(self, piece: Slice, cause: Slice | None) -> None:
        """Keep *piece* until the end; transfers in flight are there as a counter only."""
        if piece.kind == FLIGHT or piece.end == piece.start:
            return
        spool = self._spools.get((piece.unit, piece.kind))
        if spool is None:
            opened = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed with all of them)
            spool = self._files.enter_context(opened)
            self._spools[piece.unit, piece.kind] = spool
        layer, token = (-1 if value is None else value for value in (piece.layer, piece.first_token))
        spool.write(f"{piece.start}\t{piece.end}\t{piece.id}\t{layer}\t{token}\t{piece.name}\n")

    def alike(self, pieces: list[Slice], units: Sequence[str]) -> None:
        """Write copies of *pieces*."""
        for copy in copies(pieces, units):
            self.slice(copy, None)

    def counters(self, counters: list[Counter]) -> None:
        """Keep the counters until the end."""
        self._counters = counters

    def close(self) -> None:
        """Write everything, in order of time."""
        scale, ticks = time_scale(self._header.clock_hz)
        text = io.TextIOWrapper(self._stream, encoding="utf-8", newline="\n", write_through=True)
        about = f"machine {self._header.machine}, clock_hz {self._header.clock_hz}, ticks_per_cycle {ticks}"
        writer = VCDWriter(text, timescale=scale, date="", comment=about, version=f"stallscope {__version__}")
        with writer:
            signals = self._register(writer)
            latest: dict[tuple[str, str], str | int | float] = {}
            changed: dict[tuple[str, str], str | int | float] = {}
            now = 0
            for cycle, signal, value in heapq.merge(*self._tracks(), key=itemgetter(0)):
                if cycle != now:
                    self._write(writer, signals, now * ticks, changed, latest)
                    now = cycle
                changed[signal] = value
            self._write(writer, signals, now * ticks, changed, latest)
        text.detach()
        self._files.close()

    @staticmethod
    def _write(writer, signals, tick, changed, latest) -> None:  # type: ignore[no-untyped-def]
        """Write what has changed within a cycle, glitches left out."""
        for signal, value in changed.items():
            if latest.get(signal) != value:
                writer.change(signals[signal], tick, value)
                latest[signal] = value
        changed.clear()

    def _register(self, writer: VCDWriter) -> dict[tuple[str, str], object]:
        signals: dict[tuple[str, str], object] = {}
        for unit in dict.fromkeys((*self._header.tracks, *(unit for unit, _ in self._spools))):
            signals[unit, "busy"] = writer.register_var(unit, "busy", "wire", size=1, init=0)
            for name in ("operation", "stall"):
                signals[unit, name] = writer.register_var(unit, name, "string", init=NOTHING)
            for name in ("request", "layer", "token"):
                signals[unit, name] = writer.register_var(unit, name, "integer", init=-1)
        for counter in self._counters:
            key = _signal(counter)
            signals[key] = writer.register_var(*key, "real", init=0.0)
        return signals

    def _tracks(self) -> list[Iterator[_Change]]:
        tracks = [self._played(*place, spool) for place, spool in self._spools.items()]
        return [*tracks, *map(_sampled, self._counters)]

    def _played(self, unit: str, kind: str, spool: IO[str]) -> Iterator[_Change]:
        spool.seek(0)
        idle: tuple[str | int, ...] = (0, NOTHING, -1, -1, -1)
        until = 0
        for line in spool:
            start, end, number, layer, token, name = line.rstrip("\n").split("\t")
            if int(start) != until:
                yield from self._changes(unit, kind, until, idle)
            yield from self._changes(unit, kind, int(start), (1, name, int(number), int(layer), int(token)))
            until = int(end)
        yield from self._changes(unit, kind, until, idle)

    @staticmethod
    def _changes(unit: str, kind: str, cycle: int, values: tuple[str | int, ...]) -> Iterator[_Change]:
        if kind == STALL:
            yield cycle, (unit, "stall"), values[1]
        else:
            yield from ((cycle, (unit, signal), value) for signal, value in zip(SIGNALS, values, strict=True))


def _signal(counter: Counter) -> tuple[str, str]:
    """Scope and signal of a counter; brackets and blanks would have a meaning in a dump."""
    unit = counter.unit.replace("%", "percent")
    return counter.component, re.sub(r"\W+", "_", f"{counter.name} in {unit}")


def _sampled(counter: Counter) -> Iterator[_Change]:
    signal, steps = _signal(counter), list(counter.steps())
    for start, _, value in steps:
        yield start, signal, value
    yield steps[-1][1], signal, 0.0
