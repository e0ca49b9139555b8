"""What a run will take, told before it runs: requests, seconds and memory.

The figures are measured (results/performance.md has ratios of the same runs): seconds are those of a slow core, so that
a run rarely takes longer than was said. What grows without bound is counted: requests, the items of a tile, for which a
run keeps tables, and the accounts that each stream has of each layer.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hw import COMPILED
from sim.files.errors import InputError, Problem
from sim.files.limits import LIMITS, Limits
from sim.files.numbers import count, duration
from sim.lowering.program import Program

PROCESS_BYTES: Final = 60 << 20  # of Python and what it imports
ITEM_BYTES: Final = 900  # while a mapping is chosen; a run by itself takes a third
ACCOUNT_BYTES: Final = 1000  # of a stream in a layer
REQUEST_SECONDS: Final = 1.2e-6 if COMPILED else 36e-6
OBSERVED_SECONDS: Final = 15e-6  # more for a request that is written to a trace
ACCOUNT_SECONDS: Final = 20e-6
MOST_CYCLES: Final = 1 << 56  # of the busiest unit; times and counts are numbers of 64 bits


class Estimate(NamedTuple):
    """What work takes: ``requests`` to simulate, about so many seconds and bytes of memory."""

    requests: int
    seconds: float
    memory_bytes: int

    def __str__(self) -> str:
        return f"{count(self.requests)} requests, about {duration(self.seconds)}"

    def together(self, other: Estimate) -> Estimate:
        """This work and the *other* one after it."""
        memory = max(self.memory_bytes, other.memory_bytes)
        return Estimate(self.requests + other.requests, self.seconds + other.seconds, memory)

    def times(self, number: int) -> Estimate:
        """So many times this work, one after the other."""
        return Estimate(self.requests * number, self.seconds * number, self.memory_bytes)

    def check(self, limits: Limits = LIMITS) -> None:
        """Raise InputError if it is more than the *limits*; the message names the option that allows it."""
        if self.seconds > limits.seconds:
            message = f"{count(self.requests)} requests would take about {duration(self.seconds)}, which is more than"
            message += f" {duration(limits.seconds)}"
            raise InputError(Problem(f"{message}; --time-limit {_hours(self.seconds)}h allows it"))
        if self.memory_bytes > limits.memory_bytes:
            message = f"the tables of a run would take about {_gibibytes(self.memory_bytes)} GiB, which is more than"
            message += f" {limits.memory_bytes / 2**30:.3g} GiB"
            raise InputError(Problem(f"{message}; --memory-limit {_gibibytes(self.memory_bytes)}GiB allows it"))


def estimate(program: Program, observed: bool = False) -> Estimate:
    """What a run of *program* takes; *observed* is one of which a trace is written."""
    requests = sum(sum(program.counts(stream)) for stream in program.streams)
    accounts = program.layers * len(program.streams)
    seconds = requests * (REQUEST_SECONDS + (OBSERVED_SECONDS if observed else 0)) + accounts * ACCOUNT_SECONDS
    memory = sum(stream.items for stream in program.streams) * ITEM_BYTES + accounts * ACCOUNT_BYTES
    return Estimate(requests, seconds, PROCESS_BYTES + memory)


def _hours(seconds: float) -> int:
    return int(seconds // 3600) + 1


def _gibibytes(size_bytes: int) -> int:
    return -(-size_bytes // 2**30)
