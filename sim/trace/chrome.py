"""Chrome/Perfetto JSON, gzipped: the Trace Event Format, an event a line.

A process for each unit or component, a thread for each of its tracks; "X" slices, "s" and "f" flow events, "C"
counters. Times are microseconds with whole nanoseconds, rounded down; exact cycles stand in each slice's arguments.
"""

from __future__ import annotations

import gzip
import json
from typing import IO, Any

from sim import __version__
from sim.trace.model import NANOSECONDS, Counter, Header, Slice

CHUNK = 4096  # lines between writes
COMPRESSION = 1
HEAD = '"head"'  # stands for the layer of what follows the layers
FIRST_THREAD = 101  # a thread with the number of its process would be called its main one


class ChromeSink:
    """Writes to *stream*."""

    def __init__(self, stream: IO[bytes], header: Header) -> None:
        self._header = header
        self._file = gzip.GzipFile("", "wb", COMPRESSION, stream, mtime=0)
        self._lines: list[str] = []
        self._processes: dict[str, int] = {}
        self._tracks: dict[tuple[str, str], str] = {}
        self._names: dict[str, str] = {}
        about = {"machine": header.machine, "clock_hz": header.clock_hz, "stallscope": __version__}
        head = json.dumps({"displayTimeUnit": "ns", "otherData": about})
        self._lines.append(f'{head.removesuffix("}")}, "traceEvents": [\n')
        for unit, tracks in header.tracks.items():
            for track in tracks:
                self._track(unit, track)
        self._lines[1] = self._lines[1].removeprefix(",\n")

    def slice(self, piece: Slice, cause: Slice | None) -> None:
        """Write *piece*, and an arrow from the end of *cause* to its beginning."""
        clock_hz, lines = self._header.clock_hz, self._lines
        begin = piece.start * NANOSECONDS // clock_hz
        length = piece.end * NANOSECONDS // clock_hz - begin
        track = self._tracks.get((piece.unit, piece.track)) or self._track(piece.unit, piece.track)
        lines.append(
            f',\n{{"ph":"X",{track},"ts":{begin // 1000}.{begin % 1000:03d},'
            f'"dur":{length // 1000}.{length % 1000:03d},"cat":"{piece.kind}",'
            f'"name":{self._text(piece.name)},"args":{{{self._arguments(piece)}}}}}'
        )
        if cause is not None and length:
            end = cause.end * NANOSECONDS // clock_hz
            if end > cause.start * NANOSECONDS // clock_hz:
                self._arrow(self._track(cause.unit, cause.track), end - 1, track, begin, piece.id)
        if len(lines) >= CHUNK:
            self._flush()

    def _arrow(self, source: str, left: int, track: str, arrived: int, number: int) -> None:
        head = f'"cat":"dependency","name":"dependency","id":{number}'
        self._lines.append(
            f',\n{{"ph":"s",{source},"ts":{left // 1000}.{left % 1000:03d},{head}}}'
            f',\n{{"ph":"f","bp":"e",{track},"ts":{arrived // 1000}.{arrived % 1000:03d},{head}}}'
        )

    def _arguments(self, piece: Slice) -> str:
        """The arguments of a slice, without those that say nothing."""
        (
            _, number, _, _, _, start, end, reason, clocks, layer, first, last, tile, block, lane, size, operations,
            ready, cause, request,
        ) = piece  # fmt: skip
        text = f'"start_cycle":{start},"end_cycle":{end},"id":{number}'
        if first is not None:
            token = first if first == last else f'"{first}-{last}"'
            text += f',"layer":{HEAD if layer is None else layer},"token":{token},"tile":{tile}'
        if reason is not None:
            text += f',"reason":"{reason}"'
            if request is not None:
                text += f',"request":{self._text(request)}'
        if block is not None:
            text += f',"block":{block}'
        if lane is not None:
            text += f',"lane":{lane}'
        if size is not None:
            text += f',"bytes":{size}'
        if clocks is not None:
            text += f',"clocks":{clocks}'
        if ready is not None:
            text += f',"ready_cycle":{ready}'
        if cause is not None:
            text += f',"cause":{cause}'
        return text if operations is None else f'{text},"operations":{self._text(operations)}'

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a value where it changes."""
        for counter in counters:
            pid, name = self._process(counter.component), json.dumps(counter.name)
            steps = list(counter.steps())
            for start, value in [*((first, value) for first, _, value in steps), (steps[-1][1], 0.0)]:
                time = _microseconds(self._header.nanoseconds(start))
                args = f"{{{json.dumps(counter.unit)}: {value}}}"
                self._lines.append(f',\n{{"ph": "C", "pid": {pid}, "ts": {time}, "name": {name}, "args": {args}}}')
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        self._lines.append("\n]}\n")
        self._flush()
        self._file.close()

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
        self._lines.append(",\n" + json.dumps(event | {"name": f"{what}_{key}", "args": {key: value}}))

    def _text(self, text: str) -> str:
        """*text* as JSON; the same few come again and again."""
        found = self._names.get(text)
        if found is None:
            found = self._names[text] = json.dumps(text)
        return found

    def _flush(self) -> None:
        self._file.write("".join(self._lines).encode())
        self._lines.clear()


def _microseconds(nanoseconds: int) -> str:
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"
