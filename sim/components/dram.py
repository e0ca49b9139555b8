"""Replays a DRAM trace on LPDDR5: what the channels make of it, at command or at transaction level.

A trace has a request a line, ``R|W hex-address bytes``, served in order and as fast as the controller's queues take
them. Two channels are interleaved by 256 bytes.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from hw.dram import BURST_BYTES, TIMINGS
from hw.dram.chunks import replay_chunks
from hw.dram.command import replay
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints
from sim.files.errors import InputError, Problem, did_you_mean

Level = Literal["command", "transaction"]
_LINE = re.compile(r"\s*([RW])\s+(?:0x)?([0-9a-fA-F]{1,12})\s+([0-9]{1,12})\s*")  # addresses of 48 bits
MOST_PROBLEMS = 10
MOST_BYTES = 2**26  # of a request


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

    Raises InputError, with the line, for what is no request, and for a trace without any.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(Problem("no such file", str(path))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot be read: {error}", str(path))) from None
    requests: list[tuple[bool, int, int]] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is not None and 1 <= int(found[3]) <= MOST_BYTES:
            requests.append((found[1] == "W", int(found[2], 16), int(found[3])))
        elif line.strip() and not line.lstrip().startswith("#") and len(problems) < MOST_PROBLEMS:
            message = f"found {line.strip()!r}, expected 'R|W hex-address bytes', of 1 to {MOST_BYTES} bytes"
            problems.append(Problem(message, str(path), number))
    if problems:
        raise InputError(*problems)
    if not requests:
        raise InputError(Problem("has no requests, expected lines of 'R|W hex-address bytes'", str(path)))
    return np.array(requests, dtype=np.int64)


def replay_trace(path: Path, preset: str, channels: int, level: Level, refresh: Refresh) -> DramResult:
    """Replay the trace in *path*; raises InputError for a bad trace or an unknown preset."""
    if preset not in TIMINGS:
        known = f"expected one of {', '.join(TIMINGS)}{did_you_mean(preset, TIMINGS)}"
        raise InputError(Problem(f"found {preset!r}, {known}", "--preset"))
    requests, timing = read_trace(path), TIMINGS[preset]
    begin = time.perf_counter()
    if level == "command":
        found = replay(requests, timing, channels, refresh)
    else:
        found = replay_chunks(requests, timing, channels, refresh)
    wall = time.perf_counter() - begin
    seconds = found.cycles * timing.tck_fs * 1e-15
    rate = found.bursts * BURST_BYTES / seconds
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
