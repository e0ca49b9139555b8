"""Chrome/Perfetto JSON, gzipped: the Trace Event Format, an event a line.

A process for each unit or component, a thread for each of its tracks; "X" slices, "s" and "f" flow events, "C"
counters. Times are microseconds with whole nanoseconds, rounded down; exact cycles stand in each slice's arguments.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import IO, Any

from sim import __version__
from sim.trace.model import NANOSECONDS, Counter, Header, Slice

CHUNK = 4096  # lines between writes
COMPRESSION = 2
HEAD = '"head"'  # stands for the layer of what follows the layers
EVENT = ',\n{"ph":"X",'
DECIMALS = [f".{number:03d}" for number in range(1000)]
FIRST_THREAD = 101  # a thread with the number of its process would be called its main one


class ChromeSink:
    """Writes to *stream*."""

    def __init__(self, stream: IO[bytes], header: Header) -> None:
        self._header = header
        self._file = gzip.GzipFile("", "wb", COMPRESSION, stream, mtime=0)
        self._lines: list[str] = []
        self._processes: dict[str, int] = {}
        self._tracks: dict[tuple[str, str], str] = {}
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
        end = piece.end * NANOSECONDS // clock_hz
        track = self._tracks.get((piece.unit, piece.track)) or self._track(piece.unit, piece.track)
        lines.append(f"{EVENT}{track}{_middle(piece, begin, end)}{piece.id}{_arguments(piece)}")
        if cause is not None and end > begin:
            left = cause.end * NANOSECONDS // clock_hz
            if left > cause.start * NANOSECONDS // clock_hz:
                self._arrow(self._track(cause.unit, cause.track), left - 1, track, begin, piece.id)
        if len(lines) >= CHUNK:
            self._flush()

    def alike(self, pieces: list[Slice], units: Sequence[str]) -> None:
        """Write copies of *pieces*."""
        clock_hz = self._header.clock_hz
        for piece in pieces:
            middle = _middle(piece, piece.start * NANOSECONDS // clock_hz, piece.end * NANOSECONDS // clock_hz)
            arguments, track = _arguments(piece), piece.track
            for number, unit in enumerate(units, piece.id):
                place = self._tracks.get((unit, track)) or self._track(unit, track)
                self._lines.append(f"{EVENT}{place}{middle}{number}{arguments}")
        if len(self._lines) >= CHUNK:
            self._flush()

    def _arrow(self, source: str, left: int, track: str, arrived: int, number: int) -> None:
        head = f'"cat":"dependency","name":"dependency","id":{number}'
        self._lines.append(
            f',\n{{"ph":"s",{source},"ts":{left // 1000}{DECIMALS[left % 1000]},{head}}}'
            f',\n{{"ph":"f","bp":"e",{track},"ts":{arrived // 1000}{DECIMALS[arrived % 1000]},{head}}}'
        )

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a value where it changes."""
        for counter in counters:
            pid, name = self._process(counter.component), json.dumps(counter.name)
            steps = list(counter.steps())
            for start, value in [*((first, value) for first, _, value in steps), (steps[-1][1], 0.0)]:
                time = self._header.nanoseconds(start) / 1000
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

    def _flush(self) -> None:
        self._file.write("".join(self._lines).encode())
        self._lines.clear()


_text = cache(json.dumps)  # the same few names come again and again


@lru_cache(maxsize=CHUNK)
def _place(layer: int | None, first: int, last: int, tile: int) -> str:
    """The arguments that say where in the model; many slices that follow one another have the same."""
    token = first if first == last else f'"{first}-{last}"'
    return f',"layer":{HEAD if layer is None else layer},"token":{token},"tile":{tile}'


def _middle(piece: Slice, begin: int, end: int) -> str:
    """What stands between the track and the id of a slice; *begin* and *end* are nanoseconds."""
    length = end - begin
    return (
        f',"ts":{begin // 1000}{DECIMALS[begin % 1000]},"dur":{length // 1000}{DECIMALS[length % 1000]},'
        f'"cat":"{piece.kind}","name":{_text(piece.name)},'
        f'"args":{{"start_cycle":{piece.start},"end_cycle":{piece.end},"id":'
    )


def _arguments(piece: Slice) -> str:
    """The end of a slice: its arguments without those that say nothing, from the one after its id on."""
    (
        _, _, _, _, _, _, _, reason, clocks, layer, first, last, tile, block, lane, size, operations, ready, cause,
        request,
    ) = piece  # fmt: skip
    text = "" if first is None else _place(layer, first, last, tile)
    if reason is not None:
        text += f',"reason":"{reason}"'
        if request is not None:
            text += f',"request":{_text(request)}'
    elif block is not None:
        text += f',"block":{block}' if lane is None else f',"block":{block},"lane":{lane}'
    elif lane is not None:
        text += f',"lane":{lane}'
    if size is not None:
        text += f',"bytes":{size}'
    if clocks is not None:
        text += f',"clocks":{clocks}'
    if ready is not None:
        text += f',"ready_cycle":{ready}' if cause is None else f',"ready_cycle":{ready},"cause":{cause}'
    return text + "}}" if operations is None else f'{text},"operations":{_text(operations)}}}}}'
