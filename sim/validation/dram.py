"""DRAM at both levels against Ramulator 2.1 (a cycle-accurate controller and device): cycles and mean read latency.

The command level is held to 5 % of the cycles and 10 % of the latency, the transaction level to 2 % of the cycles (3 %
of those of HBM, whose two command buses are one here). So is, to 5 %, the channel of whole-model runs, which serves
transfers in order, on streams of what these move: 4 KiB and more at a time. Ramulator 2.1 has no LPDDR4.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np

from hw.dram import TIMINGS, Timing
from hw.dram.channel import Channel
from hw.dram.chunks import replay_chunks, run_ends
from hw.dram.command import replay
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints
from hw.reasons import NAMES, START
from sim.validation.cases import Case
from sim.validation.traces import build

DATA = ("ramulator_lpddr5.csv", "ramulator_standards.csv")
QUEUES = {"q16": 16, "q64": 64}
COMMAND_TOLERANCE, LATENCY_TOLERANCE = 0.05, 0.10
CHUNKS_TOLERANCE = 0.02
HBM_TOLERANCE = 0.03
TRANSFER_TOLERANCE = 0.05
# parts of the names of traces (traces.py): what moves at least 4 KiB at a time, and what moves several lines
TRANSFERS = ("a_", "b_", "4K")
CHUNKED = ("a_", "b_", "512B", "4K", "1K", "seq")


def cases() -> list[Case]:
    """Every reference run at command and at transaction level, and what whole-model runs could move."""
    return [case for level in (_command, _transaction, _transfers) for row in _rows() for case in level(row)]


def _rows() -> list[dict[str, str]]:
    folder = files("sim.validation").joinpath("data")
    texts = (folder.joinpath(name).read_text(encoding="utf-8") for name in DATA)
    return [
        row for text in texts for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    ]


@cache
def _trace(name: str) -> Ints:
    return build(name)


# A configuration's name is a grade of another standard, or says how it differs from "base": lpddr5-6400, all banks
# refreshed at once, queues of 32.


def _timing(config: str) -> Timing:
    if config in TIMINGS:
        return TIMINGS[config]
    return TIMINGS["lpddr5x-8533" if "lp5x" in config else "lpddr5-6400-16gb" if "16Gb" in config else "lpddr5-6400"]


def _refresh(config: str) -> Refresh:
    return "none" if "noref" in config else "per-bank" if "perbank" in config else "all-bank"


def _command(row: dict[str, str]) -> Iterator[Case]:
    """One run of the reference, replayed with every command."""
    config, name = row["config"], row["trace"]
    queue, inject = QUEUES.get(config, 32), int(row["inject"])
    found = replay(_trace(name), _timing(config), int(row["channels"]), _refresh(config), queue, inject)
    group = "commands, two channels" if row["channels"] == "2" else "commands, one channel"
    if config in TIMINGS:
        group = "commands, other standards"
    name = f"{config} {name}"
    yield Case("dram", group, name, "cycles", int(row["cycles"]), found.cycles, COMMAND_TOLERANCE)
    latency = float(row["read_latency_mean"])
    if latency:
        yield Case("dram", group, name, "mean read latency", latency, found.mean_latency, LATENCY_TOLERANCE)


def _transaction(row: dict[str, str]) -> Iterator[Case]:
    """The same, replayed burst by burst and a stream at once."""
    config, name = row["config"], row["trace"]
    queue = QUEUES.get(config, 32)
    found = replay_chunks(_trace(name), _timing(config), int(row["channels"]), _refresh(config), queue)
    group = _transaction_group(config, name)
    tolerance = HBM_TOLERANCE if config.startswith("hbm") else CHUNKS_TOLERANCE
    yield Case("dram", group, f"{config} {name}", "cycles", int(row["cycles"]), found.cycles, tolerance)


def _transaction_group(config: str, name: str) -> str:
    """What a run at transaction level is a case of."""
    if config in TIMINGS:
        return "chunks, other standards"
    if "samebank" in name:
        return "two in one bank"
    if "perbank" in config:
        return "refresh per bank"
    return "chunks" if any(part in name for part in CHUNKED) else "64-byte lines"


def _transfers(row: dict[str, str]) -> Iterator[Case]:
    """The same, if it is what a whole model could move: each run of consecutive bytes is one transfer."""
    config, name, channels = row["config"], row["trace"], int(row["channels"])
    if config in QUEUES or "perbank" in config or not any(part in name for part in TRANSFERS):
        return
    channel = Channel(_timing(config), NAMES, _refresh(config) == "all-bank")
    trace = _trace(name)
    ends = run_ends(trace, _timing(config).organisation.burst_bytes)
    for first in [0, *(np.unique(ends)[:-1] + 1)]:
        write, address, _ = trace[first]
        size = trace[ends[first], 1] + trace[ends[first], 2] - address
        channel.serve(0, int(address) // channels, int(size) // channels, bool(write), START)
    yield Case(
        "dram",
        "whole-model transfers",
        f"{config} {name}",
        "cycles",
        int(row["cycles"]),
        channel.free,
        TRANSFER_TOLERANCE,
    )
