"""LPDDR5 at both levels against Ramulator 2.1 (a cycle-accurate controller and device): cycles and mean read latency.

The command level is held to 5 % of the cycles and 10 % of the latency. The transaction level is held to 5 % of the
cycles where chunks are 512 bytes and more, to 15 % elsewhere, and only to 25 % where two streams take turns in the rows
of one bank: there a controller closes rows that are still wanted, which nothing at that level foresees. With refresh
bank by bank it is held to 10 %: a long stream is one event, which does not see them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from hw.lpddr5 import TIMINGS, Timing
from hw.lpddr5.chunks import replay_chunks
from hw.lpddr5.command import Ints, Refresh, Replay, replay
from sim.validation.cases import Case
from sim.validation.traces import build

QUEUES = {"q16": 16, "q64": 64}
COMMAND_TOLERANCE, LATENCY_TOLERANCE = 0.05, 0.10
CHUNKS_TOLERANCE, LINES_TOLERANCE, PER_BANK_TOLERANCE, ONE_BANK_TOLERANCE = 0.05, 0.15, 0.10, 0.25
LONG = ("64M",)  # left to the command level
CHUNKED = ("a_", "b_", "512B", "4K", "1K", "seq")


def cases() -> list[Case]:
    """Every reference run at command level; those with the reference's own queues at transaction level as well."""
    return [case for level in (_command, _transaction) for row in _rows() for case in level(row)]


def _rows() -> list[dict[str, str]]:
    text = files("sim.validation").joinpath("data", "ramulator_lpddr5.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@cache
def _trace(name: str) -> Ints:
    return build(name)


def _timing(config: str) -> Timing:
    return TIMINGS["lpddr5x-8533" if "lp5x" in config else "lpddr5-6400-16gb" if "16Gb" in config else "lpddr5-6400"]


def _refresh(config: str) -> Refresh:
    return "none" if "noref" in config else "per-bank" if "perbank" in config else "all-bank"


def _command(row: dict[str, str]) -> Iterator[Case]:
    config, name = row["config"], row["trace"]
    queue, inject = QUEUES.get(config, 32), int(row["inject"])
    found = replay(_trace(name), _timing(config), int(row["channels"]), _refresh(config), queue, inject)
    group = "commands, two channels" if row["channels"] == "2" else "commands, one channel"
    name = f"{config} {name}"
    yield Case("dram", group, name, "cycles", int(row["cycles"]), found.cycles, COMMAND_TOLERANCE)
    latency = float(row["read_latency_mean"])
    if latency:
        yield Case("dram", group, name, "mean read latency", latency, found.mean_latency, LATENCY_TOLERANCE)


def _transaction(row: dict[str, str]) -> Iterator[Case]:
    config, name = row["config"], row["trace"]
    if config in QUEUES or name.endswith(LONG):
        return
    found: Replay = replay_chunks(_trace(name), _timing(config), int(row["channels"]), _refresh(config))
    tolerance = CHUNKS_TOLERANCE if any(part in name for part in CHUNKED) else LINES_TOLERANCE
    kind = "chunks" if tolerance == CHUNKS_TOLERANCE else "64-byte lines"
    if "perbank" in config:
        tolerance, kind = PER_BANK_TOLERANCE, "refresh per bank"
    if "samebank" in name:
        tolerance, kind = ONE_BANK_TOLERANCE, "two in one bank"
    cycles = int(row["cycles"])
    yield Case("dram", kind, f"{config} {name}", "cycles", cycles, found.cycles, tolerance)
