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
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import IO, Any

from vcd import VCDWriter

from sim.trace.slices import FLIGHT, STALL, Counter, Header, Slices
from sim.trace.write.background import Background
from sim.trace.write.lines import LinePart, lines
from sim.version import __version__

IDLE = "-"  # an operation or a reason when there is none
NONE = -1  # a number when there is none
LINES = 1024  # of each signal, that are remembered
FEMTO = 10**15
UNITS = ("fs", "ps", "ns", "us", "ms", "s")
SIGNALS = ("busy", "operation", "request", "layer", "token")
ABOUT = r"clock_hz ([1-9][0-9]{0,15}), ticks_per_cycle ([1-9][0-9]{0,15}), machine "  # the comment at the beginning
END = "end of the trace"  # the comment at the end: what stops without it has been cut

_Signal = tuple[str, str]  # scope, name
_Value = str | int | float
_Changes = tuple[int, dict[_Signal, _Value]]  # at a cycle


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
    """Writes to *stream* when the run has ended."""

    def __init__(self, stream: IO[bytes], header: Header, beside: Background) -> None:
        self._stream = stream
        self._header = header
        self._files = ExitStack()
        self._spools: dict[tuple[str, str], IO[bytes]] = {}
        self._counters: list[Counter] = []

    def slices(self, slices: Slices) -> None:
        """Keep *slices* until the end; transfers in flight are there as a counter only."""
        if slices.kind == FLIGHT:
            return
        for number, unit in enumerate(slices.unit.texts):
            own = slices[(slices.unit.codes == number) & (slices.end > slices.start)]
            if len(own):
                columns = own.start, own.end, own.id, own.layer, own.first_token, own.name
                parts: list[LinePart] = [part for column in columns for part in (column, "\t")]
                self._spool(unit, slices.kind).write(lines(len(own), [*parts[:-1], "\n"]))

    def _spool(self, unit: str, kind: str) -> IO[bytes]:
        spool = self._spools.get((unit, kind))
        if spool is None:
            opened = tempfile.TemporaryFile()  # noqa: SIM115 (closed with all of them)
            spool = self._spools[unit, kind] = self._files.enter_context(opened)
        return spool

    def counters(self, counters: list[Counter]) -> None:
        """Keep the counters until the end."""
        self._counters = counters

    def close(self) -> None:
        """Write everything, in order of time."""
        scale, ticks = time_scale(self._header.clock_hz)
        text = io.TextIOWrapper(self._stream, encoding="utf-8", newline="\n")
        machine = _ascii(self._header.machine).replace("$", "S")  # which would end the comment
        about = f"clock_hz {self._header.clock_hz}, ticks_per_cycle {ticks}, machine {machine}"
        cycles = self._cycles()
        begin, first = next(cycles, (0, {}))
        with VCDWriter(text, scale, "", about, f"stallscope {__version__}") as writer:
            signals = self._register(writer)
            if begin == 0:
                for signal, value in first.items():
                    writer.change(signals[signal], 0, value)
        lines_of = {signal: _line_of(variable) for signal, variable in signals.items()}
        for cycle, changed in cycles if begin == 0 else chain([(begin, first)], cycles):
            new = [line for signal, value in changed.items() if (line := lines_of[signal](value))]
            if new:  # not only glitches
                text.write(f"#{cycle * ticks}\n{''.join(new)}")
        text.write(f"$comment {END} $end\n")
        text.detach()
        self._files.close()

    def _cycles(self) -> Iterator[_Changes]:
        """Every cycle in which something changes, in order of time, and what there is at its end."""
        by_cycle = itemgetter(0)
        for cycle, changes in groupby(heapq.merge(*self._tracks(), key=by_cycle), by_cycle):
            changed: dict[_Signal, _Value] = {}
            for _, values in changes:
                changed.update(values)
            yield cycle, changed

    def _register(self, writer: VCDWriter) -> dict[_Signal, Any]:
        signals: dict[_Signal, Any] = {}
        for unit in dict.fromkeys((*self._header.tracks, *(unit for unit, _ in self._spools))):
            scope = _scope(unit)
            signals[unit, "busy"] = writer.register_var(scope, "busy", "wire", size=1, init=0)
            for name in ("operation", "stall"):
                signals[unit, name] = writer.register_var(scope, name, "string", init=IDLE)
            for name in ("request", "layer", "token"):
                signals[unit, name] = writer.register_var(scope, name, "integer", init=NONE)
        for counter in self._counters:
            key = _signal(counter)
            signals[key] = writer.register_var(*key, "real", init=0.0)
        return signals

    def _tracks(self) -> list[Iterator[_Changes]]:
        tracks = [_played(*place, spool) for place, spool in self._spools.items()]
        return [*tracks, *map(_sampled, self._counters)]


def _line_of(variable: Any) -> Callable[[_Value], str]:
    """What makes a line of a new value of *variable*, and nothing of the same: the writer's own way, but remembered."""

    @lru_cache(LINES)
    def known(value: _Value) -> str:
        return f"{variable.format_value(value)}\n"

    def line(value: _Value) -> str:
        if value == variable.value:
            return ""
        variable.value = value
        return known(value)

    return line


def _played(unit: str, kind: str, spool: IO[bytes]) -> Iterator[_Changes]:
    spool.seek(0)
    signals = [(unit, signal) for signal in SIGNALS]
    stall = unit, "stall"
    idle: dict[_Signal, _Value] = {stall: IDLE}
    if kind != STALL:
        idle = dict(zip(signals, (0, IDLE, NONE, NONE, NONE), strict=True))
    until = 0
    for line in spool:
        first, end, number, layer, token, name = _ascii(line.decode()).rstrip("\n").split("\t")
        start = int(first)
        if start != until:
            yield until, idle
        if kind == STALL:
            yield start, {stall: name}
        else:
            values = 1, name, int(number), int(layer or NONE), int(token or NONE)
            yield start, dict(zip(signals, values, strict=True))
        until = int(end)
    yield until, idle


def _signal(counter: Counter) -> tuple[str, str]:
    """Scope and signal of a counter; brackets and blanks would have a meaning in a dump."""
    unit = counter.unit.replace("%", "percent")
    return _scope(counter.component), re.sub(r"\W+", "_", f"{counter.name} in {unit}", flags=re.ASCII)


def _scope(unit: str) -> str:
    """The scope of a unit, of letters, digits, and points for scopes in one another."""
    return re.sub(r"[^\w.]+", "_", unit, flags=re.ASCII)


def _ascii(text: str) -> str:
    """*text* in the characters that a dump may have."""
    return text.encode("ascii", "backslashreplace").decode()


def _sampled(counter: Counter) -> Iterator[_Changes]:
    signal, steps = _signal(counter), list(counter.steps())
    for start, _, value in steps:
        yield start, {signal: value}
    yield steps[-1][1], {signal: 0.0}
