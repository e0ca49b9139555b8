"""Replays a DRAM trace: what the channels make of it, at command or at transaction level.

A trace has a request a line, ``R|W hex-address bytes``, served in order and as fast as the controller's queues take
them. Channels are interleaved by 256 bytes. Addresses have 48 bits; a trace has up to eight million requests, which
move up to 8 GiB: that is some minutes at command level. Empty lines, and those that begin with ``#``, say nothing.
"""

from __future__ import annotations

import re
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from hw.dram import TIMINGS
from hw.dram.chunks import replay_chunks
from hw.dram.command import replay
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints
from hw.dram.timing import Timing
from hw.machine import MachineSpec
from sim.files.errors import InputError, Problem, did_you_mean, quoted
from sim.files.resolve import read

Level = Literal["command", "transaction"]
EXPECTED = "'R|W hex-address bytes'"
_LINE = re.compile(rb"\s*([RW])\s+(?:0x)?([0-9a-fA-F]{1,12})\s+([0-9]{1,12})\s*")
MOST_PROBLEMS = 10
LONGEST_LINE = 4096  # bytes
MOST_REQUESTS = 1 << 23
MOST_BYTES = 1 << 33  # moved by all of them
LAST_ADDRESS = 1 << 48


class DramResult(BaseModel):
    """What a replay took; cycles and latencies in clocks of the DRAM, a request's latency from its arrival on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trace: str
    preset: str
    channels: int
    level: str
    refresh: str
    requests: int
    bursts: int
    cycles: int
    seconds: float
    gbps: float
    share_of_peak: float
    read_latency_mean: float
    read_latency_p50: float
    read_latency_p99: float
    row_hits: int
    row_misses: int
    row_conflicts: int
    wall_seconds: float

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"


def read_trace(path: Path) -> Ints:
    """The requests of the trace in *path*, [n, 3]: 1 for a write, byte address, bytes.

    Raises InputError, with the line, for what is no request, and for a trace without any or with too many.
    """
    numbers = array("q")
    problems: list[Problem] = []
    total = 0
    for line, text in _lines(path):
        found = _LINE.fullmatch(text)
        if found is not None and int(found[3]):
            address, size = int(found[2], 16), int(found[3])
            total += size
            if address + size > LAST_ADDRESS:
                problems.append(Problem("ends beyond the last address of 48 bits", str(path), line))
            numbers.extend((found[1] == b"W", address, size))
        elif text.strip() and not text.lstrip().startswith(b"#"):
            shown = quoted(text.strip().decode("utf-8", "backslashreplace"))
            problems.append(Problem(f"found {shown}, expected {EXPECTED}", str(path), line))
        if total > MOST_BYTES:
            problems.append(Problem(f"moves more than {MOST_BYTES:,} bytes with those before it", str(path), line))
        if len(numbers) > 3 * MOST_REQUESTS:
            problems.append(Problem(f"has more than {MOST_REQUESTS:,} requests", str(path)))
        if len(problems) >= MOST_PROBLEMS or total > MOST_BYTES or len(numbers) > 3 * MOST_REQUESTS:
            break
    if problems:
        raise InputError(*problems)
    if not numbers:
        raise InputError(Problem(f"has no requests, expected lines of {EXPECTED}", str(path)))
    return np.array(numbers, dtype=np.int64).reshape(-1, 3)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number from 1, text) of each line; raises InputError for a file that cannot be read, and for an endless line."""
    try:
        with path.open("rb") as stream:
            number = 1
            while text := stream.readline(LONGEST_LINE + 1):
                if len(text) > LONGEST_LINE:
                    raise InputError(Problem(f"is longer than {LONGEST_LINE:,} bytes", str(path), number))
                yield number, text
                number += 1
    except FileNotFoundError:
        raise InputError(Problem("no such file", str(path))) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(path))) from None


def _timing(preset: str) -> Timing:
    """The figures of a speed grade, or of the memory of a machine in a YAML file; raises InputError."""
    if preset in TIMINGS:
        return TIMINGS[preset]
    if not preset.endswith(".yaml"):
        known = f"expected a machine's YAML file or one of {', '.join(TIMINGS)}{did_you_mean(preset, TIMINGS)}"
        raise InputError(Problem(f"found {preset!r}, {known}", "--preset"))
    document = read("machine", preset)
    memory = document.check(MachineSpec).dram
    if memory.timing is None:
        raise InputError(document.problem(["dram", "bandwidth"], "traces are replayed on a speed grade (timing)"))
    return memory.grade


def replay_trace(path: Path, preset: str, channels: int, level: Level, refresh: Refresh) -> DramResult:
    """Replay the trace in *path*; raises InputError for a bad trace, preset, or refresh that the preset has not.

    *preset* is a speed grade, or the YAML file of a machine that has one.
    """
    timing = _timing(preset)
    if refresh == "per-bank" and not timing.refi_pb:
        message = f"found 'per-bank', expected 'all-bank' or 'none': {preset} has no refresh of one bank"
        raise InputError(Problem(message, "--refresh"))
    requests = read_trace(path)
    begin = time.perf_counter()
    if level == "command":
        found = replay(requests, timing, channels, refresh)
    else:
        found = replay_chunks(requests, timing, channels, refresh)
    wall = time.perf_counter() - begin
    seconds = found.cycles * timing.tck_fs * 1e-15
    rate = found.bursts * timing.organisation.burst_bytes / seconds
    latencies = found.read_latencies
    p50, p99 = np.percentile(latencies, [50, 99]).tolist() if len(latencies) else (0.0, 0.0)
    return DramResult(
        trace=path.name,
        preset=preset,
        channels=channels,
        level=level,
        refresh=refresh,
        requests=len(requests),
        bursts=found.bursts,
        cycles=found.cycles,
        seconds=seconds,
        gbps=rate / 1e9,
        share_of_peak=rate / (channels * timing.bytes_per_second),
        read_latency_mean=found.mean_latency,
        read_latency_p50=p50,
        read_latency_p99=p99,
        row_hits=found.row_hits,
        row_misses=found.row_misses,
        row_conflicts=found.row_conflicts,
        wall_seconds=wall,
    )
