"""Chrome/Perfetto traces: one lane a unit, a slice for every request and every stall, written as the run goes.

JSON in the Trace Event Format ("X" slices, timestamps in microseconds), gzipped, opened by ui.perfetto.dev and
chrome://tracing. A slice carries operation, layer, tokens, block and lane; a stall slice its reason and what the unit
started next. Slices of a lane never overlap. Memory does not grow with the run, and the same run gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hw.machine import MachineSpec
from hw.requests import Transfer
from sim.choice import Section
from sim.errors import InputError, Problem
from sim.layout import SegmentLayout
from sim.output import replacing
from sim.scheduler import StreamRun

PICOSECONDS = 10**12
CHUNK = 4096  # events between writes
COMPRESSION = 4


@dataclass(frozen=True)
class Window:
    """The part of a run to record: layers, tokens (both inclusive, from 0) or cycles."""

    kind: Literal["layer", "token", "cycle"]
    first: int
    last: int


def parse_window(text: str | None) -> Window | None:
    """``layer:0-1``, ``token:64-95``, ``cycle:0-1000000`` or one number for both ends; None records everything.

    Raises InputError for anything else.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(layer|token|cycle):(\d+)(?:-(\d+))?", text)
    if found is None:
        raise InputError(Problem("must be layer:0-1, token:64-95 or cycle:0-1000000", f"--window {text}"))
    first = int(found[2])
    last = int(found[3]) if found[3] else first
    if last < first:
        raise InputError(Problem("ends before it begins", f"--window {text}"))
    kind: Literal["layer", "token", "cycle"] = found[1]  # type: ignore[assignment]
    return Window(kind, first, last)


class TraceWriter:
    """A recorder that streams what units do into a trace file; use it within :meth:`writing`."""

    def __init__(self, path: Path, window: Window | None = None) -> None:
        self._path = path
        self._window = window
        self._lines: list[str] = []
        self._lanes: dict[str, int] = {}
        self._waiting: dict[str, list[tuple[str, int, int]]] = {}  # by unit, until it is known what ended it
        self._file: gzip.GzipFile
        self._section: Section
        self._layers_before = 0  # layers of the sections before
        self._origin = 0  # the cycle of the run at which the section's cycles begin
        self._clock_hz: int

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; its cycles count from *start* of the run."""
        self._end_waiting()
        self._layers_before = self._section.program.layers if start else 0
        self._section, self._origin = section, start

    @contextmanager
    def writing(self, machine: MachineSpec) -> Iterator[None]:
        """Record while the block runs; the file appears when it ends well."""
        self._clock_hz = machine.clock
        with (
            replacing(self._path) as stream,
            gzip.GzipFile("", "wb", COMPRESSION, stream, mtime=0) as self._file,
        ):
            self._file.write(b'{"displayTimeUnit": "ns", "traceEvents": [\n')
            self._emit({"ph": "M", "pid": 1, "name": "process_name", "args": {"name": machine.name}})
            for name in ("mac_array", "simd", "dma", *(f"dram.channel{n}" for n in range(machine.dram.channels))):
                self._lane(name)
            yield
            self._end_waiting()
            self._flush()
            self._file.write(b"{}\n]}\n")

    def _end_waiting(self) -> None:
        for unit, waits in self._waiting.items():
            for wait in waits:
                if self._records(None, *wait[1:]):
                    self._stall(unit, *wait, "")
        self._waiting.clear()

    def busy(self, unit: str, stream: Any, start: int, end: int) -> None:
        """*unit* works on the item that *stream* is at."""
        start, end = start + self._origin, end + self._origin
        recorded = self._records(stream, start, end)
        for wait in self._waiting.pop(unit, ()):
            if recorded if self._by_item else self._records(None, *wait[1:]):
                self._stall(unit, *wait, stream.name)
        if recorded:
            name, args = self._describe(stream)
            self._slice(unit, name, start, end, args)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits; written when it is known what the wait was for."""
        self._waiting.setdefault(unit, []).append((reason, start + self._origin, end + self._origin))

    @property
    def _by_item(self) -> bool:
        return self._window is not None and self._window.kind != "cycle"

    def _records(self, stream: StreamRun[Any] | None, start: int, end: int) -> bool:
        window = self._window
        if window is None:
            return True
        if window.kind == "cycle":
            return start <= window.last and end > window.first
        if stream is None:
            return False
        layer, first, last = self._place(stream)
        if window.kind == "layer":
            return window.first <= layer <= window.last
        return first <= window.last and last >= window.first

    def _place(self, stream: StreamRun[Any]) -> tuple[int, int, int]:
        """Layer, first and last token of the item that *stream* is at."""
        program, region = self._section.program, stream.plan.layout.region(stream.item)
        chunk = self._section.workload.graph.tokens
        layer, tile = divmod(stream.tile, program.tiles_per_layer)
        layer += self._layers_before
        steps = program.last_tile_tokens if tile == program.tiles_per_layer - 1 else program.token_tile
        start = tile * program.token_tile
        return layer, (start + region.first) * chunk, (start + min(region.last, steps - 1) + 1) * chunk - 1

    def _describe(self, stream: StreamRun[Any]) -> tuple[str, dict[str, Any]]:
        layer, first, last = self._place(stream)
        plan, region = stream.plan, stream.plan.layout.region(stream.item)
        args: dict[str, Any] = {
            "layer": "head" if self._section.prefix else layer,
            "token": first if first == last else f"{first}-{last}",
        }
        if region.block is not None:
            args["block"] = region.block
        if region.lane is not None:
            args["lane"] = region.lane
        if isinstance(stream.request, Transfer):
            args["bytes"] = stream.request.size_bytes
        elif len(plan.operations) > 1:
            args["operations"] = ", ".join(plan.operations)
        in_parts = isinstance(plan.layout, SegmentLayout) and plan.operations
        name = plan.layout.part(stream.item) if in_parts else plan.name  # type: ignore[attr-defined]
        return self._section.prefix + name, args

    def _lane(self, unit: str) -> int:
        if unit not in self._lanes:
            lane = self._lanes[unit] = len(self._lanes) + 1
            self._emit({"ph": "M", "pid": 1, "tid": lane, "name": "thread_name", "args": {"name": unit}})
            self._emit({"ph": "M", "pid": 1, "tid": lane, "name": "thread_sort_index", "args": {"sort_index": lane}})
        return self._lanes[unit]

    def _stall(self, unit: str, reason: str, start: int, end: int, until: str) -> None:
        self._slice(unit, f"stall: {reason}", start, end, {"reason": reason, "before": until} if until else {})

    def _slice(self, unit: str, name: str, start: int, end: int, args: dict[str, Any]) -> None:
        begin, stop = self._picoseconds(start), self._picoseconds(end)
        times = f'"ts": {_microseconds(begin)}, "dur": {_microseconds(stop - begin)}'
        head = f'{{"ph": "X", "pid": 1, "tid": {self._lane(unit)}, {times}'
        self._lines.append(f'{head}, "name": {json.dumps(name)}, "args": {json.dumps(args)}}},\n')
        if len(self._lines) >= CHUNK:
            self._flush()

    def _emit(self, event: dict[str, Any]) -> None:
        self._lines.append(json.dumps(event) + ",\n")

    def _flush(self) -> None:
        self._file.write("".join(self._lines).encode())
        self._lines.clear()

    def _picoseconds(self, cycle: int) -> int:
        return cycle * PICOSECONDS // self._clock_hz


def _microseconds(picoseconds: int) -> str:
    return f"{picoseconds // 10**6}.{picoseconds % 10**6:06d}"
