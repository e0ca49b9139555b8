"""Chrome/Perfetto JSON, gzipped: the Trace Event Format, an event a line.

A process for each unit or component, a thread for each of its tracks; "X" slices, "s" and "f" flow events, "C"
counters. Times are microseconds with whole nanoseconds, rounded down; exact cycles stand in each slice's arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from sim.trace.slices import NOTHING, Counter, Header, Mask, Numbers, Slices, Words
from sim.trace.write.background import Background, Gzip
from sim.trace.write.lines import LinePart, lines
from sim.version import __version__

FIRST_THREAD = 101  # a thread with the number of its process would be called its main one
ARGUMENTS = {"ready": "ready_cycle"}  # of slices' fields whose name is another one
DECIMALS = [f".{number:03d}" for number in range(1000)]


class ChromeSink:
    """Writes to *stream*, compressed *beside* the run."""

    def __init__(self, stream: IO[bytes], header: Header, beside: Background) -> None:
        self._header = header
        self._out = Gzip(stream, beside)
        self._processes: dict[str, int] = {}
        self._tracks: dict[tuple[str, str], str] = {}
        about = {"machine": header.machine, "clock_hz": header.clock_hz, "stallscope": __version__}
        head = json.dumps({"displayTimeUnit": "ns", "otherData": about})
        self._described: list[str] = []  # events about tracks that have not been written yet
        for unit, tracks in header.tracks.items():
            for track in tracks:
                self._track(unit, track)
        events = "".join(self._described).removeprefix(",\n")
        self._described.clear()
        self._write(f'{head.removesuffix("}")}, "traceEvents": [\n{events}')

    def slices(self, slices: Slices) -> None:
        """Write *slices*, and an arrow from the end of its cause to the beginning of each."""
        begin, end = self._header.times(slices.start), self._header.times(slices.end)
        numbers, pairs = slices.unit_tracks
        tracks = Words(numbers, [self._track(*pair) for pair in pairs])
        arrows = self._arrows(slices, tracks, begin) if slices.source is not None else b""
        self._write("".join(self._described))
        self._described.clear()
        parts: list[LinePart] = [
            ',\n{"ph":"X",', tracks, ',"ts":', *_microseconds(begin), ',"dur":', *_microseconds(end - begin),
            f',"cat":"{slices.kind}"', ',"name":', _quoted(slices.name), ',"args":{"start_cycle":', slices.start,
            ',"end_cycle":', slices.end, ',"id":', slices.id, *_arguments(slices), "}}",
        ]  # fmt: skip
        self._out.write(lines(len(slices), parts))
        self._out.write(arrows)

    def _arrows(self, slices: Slices, tracks: Words, begin: Numbers) -> bytearray:
        """Those to slices that last from *begin* on *tracks*; one that takes no time has none, nor has its effect."""
        source, cause, times = slices.source, slices.cause, self._header.times
        assert source is not None and cause is not None, "who has a cause has a source"
        lasting = (times(source.end) > times(source.start)) & (times(slices.end) > begin)
        drawn = np.flatnonzero((cause != NOTHING) & lasting)
        source, begin, number = source[drawn], begin[drawn], slices.id[drawn]
        units = Words(source.unit.codes, [self._track(unit, "work") for unit in source.unit.texts])
        same: list[LinePart] = [',"cat":"dependency","name":"dependency","id":', number, "}"]
        parts: list[LinePart] = [
            ',\n{"ph":"s",', units, ',"ts":', *_microseconds(times(source.end) - 1), *same,
            ',\n{"ph":"f","bp":"e",', tracks[drawn], ',"ts":', *_microseconds(begin), *same,
        ]  # fmt: skip
        return lines(len(drawn), parts)

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a value where it changes."""
        for counter in counters:
            pid, name = self._process(counter.component), json.dumps(counter.name)
            steps = list(counter.steps())
            for start, value in [*((first, value) for first, _, value in steps), (steps[-1][1], 0.0)]:
                time = self._header.nanoseconds(start) / 1000
                args = f"{{{json.dumps(counter.unit)}: {value}}}"
                self._described.append(f',\n{{"ph": "C", "pid": {pid}, "ts": {time}, "name": {name}, "args": {args}}}')

    def close(self) -> None:
        """Write what is left."""
        self._write("".join(self._described) + "\n]}\n")
        self._out.close()

    def _process(self, name: str) -> int:
        if name not in self._processes:
            pid = self._processes[name] = len(self._processes) + 1
            self._describe("process", "name", name, pid)
            self._describe("process", "sort_index", pid, pid)
        return self._processes[name]

    def _track(self, unit: str, track: str) -> str:
        """Process and thread of a track, as they stand in an event."""
        found = self._tracks.get((unit, track))
        if found is None:
            pid, tid = self._process(unit), FIRST_THREAD + len(self._tracks)
            self._describe("thread", "name", track, pid, tid)
            self._describe("thread", "sort_index", tid, pid, tid)
            found = self._tracks[unit, track] = f'"pid":{pid},"tid":{tid}'
        return found

    def _describe(self, what: str, key: str, value: str | int, pid: int, tid: int | None = None) -> None:
        event: dict[str, Any] = {"ph": "M", "pid": pid} | ({} if tid is None else {"tid": tid})
        self._described.append(",\n" + json.dumps(event | {"name": f"{what}_{key}", "args": {key: value}}))

    def _write(self, text: str) -> None:
        self._out.write(text.encode())


def _microseconds(times: Numbers) -> tuple[Numbers, Words]:
    """Nanoseconds, without rounding."""
    whole, rest = np.divmod(times, 1000)
    return whole, Words(rest, DECIMALS)


def _quoted(words: Words) -> Words:
    return Words(words.codes, [json.dumps(text) for text in words.texts])


def _arguments(slices: Slices) -> Iterator[LinePart]:
    """The arguments of slices from the one after the id on, without those that say nothing."""
    somewhere = slices.tile != NOTHING
    yield _where(somewhere, ',"layer":"head"', slices.layer == NOTHING, ',"layer":')
    yield slices.layer
    several = slices.last_token > slices.first_token
    yield _where(somewhere, ',"token":"', several, ',"token":')
    yield slices.first_token
    yield _where(several, "-")
    yield np.where(several, slices.last_token, NOTHING)
    yield _where(several, '"')
    for name in ("tile", "reason", "request", "block", "lane", "bytes", "clocks", "ready", "cause", "operations"):
        column, key = getattr(slices, name), f',"{ARGUMENTS.get(name, name)}":'
        if isinstance(column, Words):
            yield Words(column.codes, [key + json.dumps(text) for text in column.texts])
        elif column is not None:
            yield _where(column != NOTHING, key)
            yield column


def _where(rows: Mask, text: str, special: Mask | None = None, otherwise: str = "") -> Words:
    """*text* in these *rows*; if only some are *special*, what is to stand in the others."""
    numbers = np.zeros(len(rows), np.int64) if special is None else np.where(special, 0, 1)
    return Words(np.where(rows, numbers, NOTHING), (text, otherwise))
