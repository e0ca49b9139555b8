"""LPDDR5 with addresses at transaction level: what the command level takes, whatever the trace."""

from __future__ import annotations

import numpy as np
import pytest

from hw.dram import TIMINGS
from hw.dram.chunks import replay_chunks
from hw.dram.command import replay
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints
from hw.dram.timing import Timing
from sim.validation.traces import build

SLOW, FAST = TIMINGS["lpddr5-6400"], TIMINGS["lpddr5x-8533"]


@pytest.mark.parametrize(
    "name",
    ["a_seq_read_4M", "d_rw50_512B", "g_r70w30_1K", "e_bank_conflict_read", "f3_2_read_streams_samebank_1K"],
)
@pytest.mark.parametrize("timing", [pytest.param(SLOW, id="6400"), pytest.param(FAST, id="8533")])
def test_chunks_follow_commands(name: str, timing: Timing) -> None:
    trace = build(name)
    chunks, commands = replay_chunks(trace, timing), replay(trace, timing)
    assert chunks.bursts == commands.bursts == chunks.row_hits + chunks.row_misses + chunks.row_conflicts
    assert chunks.cycles == pytest.approx(commands.cycles, rel=0.02)
    assert chunks.mean_latency == pytest.approx(commands.mean_latency, rel=0.05)


def unseen(seed: int) -> Ints:
    """One to four streams of 64 B to 64 KiB chunks, near or far, read, written or both, some of lines anywhere."""
    draw = np.random.default_rng(seed)
    lines: list[tuple[int, int, int]] = []
    streams = [
        (2 ** int(draw.integers(6, 17)), int(draw.integers(1 << 14)) << 15, draw.choice([0, 1, draw.random()]), i > 2)
        for i in range(draw.integers(1, 5))
    ]
    turn = 0
    while len(lines) < 4000:
        for chunk, base, written, anywhere in streams:
            begin = base + turn * chunk + (int(draw.integers(1 << 20)) * 64 if anywhere else 0)
            kind = int(draw.random() < written)
            lines += [(kind, begin + at, 64) for at in range(0, chunk, 64)]
        turn += 1
    return np.array(lines, dtype=np.int64)


@pytest.mark.parametrize("refresh", ["all-bank", "per-bank", "none"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seed", range(8))
def test_chunks_of_traces_that_no_reference_has(seed: int, channels: int, refresh: Refresh) -> None:
    trace, timing = unseen(seed), (SLOW, FAST)[seed % 2]
    chunks, commands = (level(trace, timing, channels, refresh) for level in (replay_chunks, replay))
    assert chunks.bursts == commands.bursts
    assert chunks.cycles == pytest.approx(commands.cycles, rel=0.05)


@pytest.mark.parametrize("queue", [8, 16, 64])
def test_chunks_with_other_queues(queue: int) -> None:
    trace = unseen(0)
    exact = replay(trace, FAST, 2, queue=queue).cycles
    assert replay_chunks(trace, FAST, 2, queue=queue).cycles == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("write", [0, 1])
@pytest.mark.parametrize("refresh", ["all-bank", "per-bank", "none"])
def test_a_stream_takes_the_same_in_one_request_or_many(write: int, refresh: Refresh) -> None:
    size = 1 << 22
    whole = np.array([[write, 0, size]])
    lines = np.array([[write, at, 64] for at in range(0, size, 64)])
    one, many = (replay_chunks(trace, SLOW, refresh=refresh) for trace in (whole, lines))
    assert one.cycles == many.cycles
    assert one.cycles == pytest.approx(replay(whole, SLOW, refresh=refresh).cycles, rel=0.01)
