"""LPDDR5 with addresses: against Ramulator 2.1 at both levels, single accesses by hand, the command, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hw.dram import TIMINGS
from hw.dram.chunks import replay_chunks
from hw.dram.command import replay
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints, Replay
from hw.dram.timing import Command, Scope, Timing, rules
from sim.commands.cli import app
from sim.validation.traces import build

SLOW, FAST = TIMINGS["lpddr5-6400"], TIMINGS["lpddr5x-8533"]
ROW, GROUP = 1 << 15, 1 << 6  # bytes from a row of a bank to its next, from a bank group to the next


def requests(*lines: tuple[str, int, int]) -> Ints:
    return np.array([(kind == "W", address, size) for kind, address, size in lines], dtype=np.int64)


def alone(*lines: tuple[str, int, int]) -> Replay:
    return replay(requests(*lines), SLOW, refresh="none")


# A command a clock, from clock 1 on: ACT-1 at 1, CAS (data clock) the clock before the first read or write.
@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        pytest.param([("R", 0, 32)], 1 + 15 + 1 + 17 + 2, id="activate, CAS, read, RL, burst"),
        pytest.param([("R", 0, 64)], 1 + 15 + 1 + 4 + 17 + 2, id="second burst of a group: CCD_L"),
        pytest.param([("R", 32, 64)], 1 + 4 + 15 + 17 + 2, id="two groups: their activations are RRD apart"),
        pytest.param([("W", 0, 32)], 1 + 15 + 1, id="a write ends with its command"),
        pytest.param([("R", 0, 32), ("R", ROW, 32)], 1 + 49 + 15 + 1 + 17 + 2, id="another row of the bank: RC"),
        pytest.param([("R", 0, 32), ("W", 4096, 32)], 17 + 17 + 2, id="a write command before the read's data"),
        pytest.param([("W", 0, 32), ("R", 0, 32)], 17, id="a read of what waits to be written is answered at once"),
    ],
)
def test_single_accesses(lines: list[tuple[str, int, int]], cycles: int) -> None:
    assert alone(*lines).cycles == cycles


@pytest.mark.parametrize(
    ("config", "name", "preset", "refresh", "cycles", "latency"),
    [
        # sim/validation/data/ramulator_lpddr5.csv has all of them
        pytest.param("base", "e2_bank_conflict_2rows", "lpddr5-6400", "all-bank", 79568, 179.235, id="two rows"),
        pytest.param("base", "e_bank_conflict_read", "lpddr5-6400", "all-bank", 426893, 873.378, id="one bank"),
        pytest.param("perbank", "e_bank_conflict_read", "lpddr5-6400", "per-bank", 408966, 837.341, id="per bank"),
        pytest.param("noref", "d2_rw50_samebank_512B", "lpddr5-6400", "none", 446538, 255.258, id="no refresh"),
        pytest.param("lp5x", "d_rw50_4K", "lpddr5x-8533", "all-bank", 308030, 178.616, id="8533"),
        pytest.param("base_2ch", "2ch_h_r70w30_1K", "lpddr5-6400", "all-bank", 320362, 119.198, id="two channels"),
    ],
)
def test_commands_equal_ramulators(
    config: str, name: str, preset: str, refresh: Refresh, cycles: int, latency: float
) -> None:
    found = replay(build(name), TIMINGS[preset], 2 if config.endswith("2ch") else 1, refresh)
    assert found.cycles == cycles
    assert found.mean_latency == pytest.approx(latency, abs=0.06)


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


def test_more_channels_share_the_work() -> None:
    trace = build("a_seq_read_4M")
    one, two = (replay(trace, SLOW, channels) for channels in (1, 2))
    assert two.bursts == one.bursts == 4 * 2**20 // 32
    assert one.cycles == pytest.approx(2 * two.cycles, rel=0.01)


def test_every_rule_holds_back_what_it_is_about() -> None:
    table = rules(SLOW)
    assert all(rule.clocks > 0 for rule in table)
    within = {(r.scope, r.preceding, r.following) for r in table if r.window == 1}
    assert len(within) == sum(r.window == 1 for r in table)  # no pair is given twice
    assert (Scope.CHANNEL, Command.RD, Command.WR) in within


# ------------------------------------------------------------------------------------------------------------ command


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["dram", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "t.tr"
    path.write_text("".join(f"{'RW'[i % 2]} {i * 512:x} 512\n" for i in range(64)))
    return path


@pytest.mark.parametrize("level", ["command", "transaction"])
def test_dram_as_json(trace: Path, level: str) -> None:
    code, output, _ = call(str(trace), "--preset", "lpddr5-6400", "--level", level, "--json", "-")
    assert code == 0
    result = json.loads(output)
    assert result["bursts"] == 64 * 16
    assert result["row_hits"] + result["row_misses"] + result["row_conflicts"] == result["bursts"]
    assert 0 < result["share_of_peak"] < 1
    assert result["gbps"] == pytest.approx(result["share_of_peak"] * 12.8)
    assert {"cycles", "read_latency_mean", "read_latency_p50", "read_latency_p99", "wall_seconds"} <= result.keys()


def test_dram_as_a_table(trace: Path) -> None:
    code, output, _ = call(str(trace), "--preset", "lpddr5x-8533", "--channels", "2", "--refresh", "per-bank")
    assert code == 0
    assert "share_of_peak" in output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("R 0 64\nX 40 64\n", ":2: found 'X 40 64', expected 'R|W hex-address bytes'", id="direction"),
        pytest.param("R 0 64\n\nR zz 64\n", ":3: found 'R zz 64', expected 'R|W hex-address bytes'", id="address"),
        pytest.param("R 0\n", ":1: found 'R 0', expected 'R|W hex-address bytes'", id="size"),
        pytest.param(
            f"R {'f' * 20} 64\n",
            f":1: found 'R {'f' * 20} 64', expected 'R|W hex-address bytes'",
            id="more than 48 bits",
        ),
        pytest.param("R 0 0\n", ":1: found 'R 0 0', expected 'R|W hex-address bytes'", id="nothing to move"),
        pytest.param("\n", ": has no requests, expected lines of 'R|W hex-address bytes'", id="empty"),
    ],
)
def test_malformed_traces(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.tr"
    path.write_text(text)
    assert call(str(path), "--preset", "lpddr5-6400") == (2, "", f"stallscope: {path}{message}\n")


def test_unknown_preset(trace: Path) -> None:
    code, _, error = call(str(trace), "--preset", "ddr4")
    assert (code, error) == (
        2, "stallscope: --preset: found 'ddr4', expected one of lpddr5-6400, lpddr5-6400-16gb, lpddr5x-8533\n"
    )  # fmt: skip
