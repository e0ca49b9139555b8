"""Every speed grade: its peak, its closed-form limits, the commands it allows, and how the three levels agree."""

from __future__ import annotations

import numpy as np
import pytest

from hw.dram import TIMINGS, Channel, Timing
from hw.dram.chunks import replay_chunks, run_ends
from hw.dram.command import Issued, replay
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints, Replay
from hw.dram.rules import ACT1, REFA
from hw.reasons import NAMES, START
from tests.support.dram_rules import mistakes

GRADES = sorted(TIMINGS)
LINE = 64


@pytest.mark.parametrize(
    ("grade", "gigabytes"),
    [
        pytest.param("lpddr4-3200", 16 / 8 * 3.2, id="LPDDR4 x16"),
        pytest.param("lpddr4-4266", 16 / 8 * 4.2667, id="LPDDR4 x16, 8.53 GB/s"),
        pytest.param("lpddr5-6400", 16 / 8 * 6.4, id="LPDDR5 x16"),
        pytest.param("lpddr5-6400-16gb", 16 / 8 * 6.4, id="LPDDR5 x16 of 16 Gb"),
        pytest.param("lpddr5x-8533", 16 / 8 * 8.5333, id="LPDDR5X x16"),
        pytest.param("ddr4-2400", 64 / 8 * 2.4, id="DDR4 x64, 19.2 GB/s"),
        pytest.param("ddr4-3200", 64 / 8 * 3.2, id="DDR4 x64, 25.6 GB/s"),
        pytest.param("ddr5-4800", 32 / 8 * 4.8, id="a sub-channel of DDR5, 19.2 GB/s"),
        pytest.param("ddr5-6400", 32 / 8 * 6.4, id="a sub-channel of DDR5, 25.6 GB/s"),
        pytest.param("hbm2e-3200", 64 / 8 * 3.2, id="a pseudo-channel, of which a stack has 16: 409.6 GB/s"),
        pytest.param("hbm2e-3600", 64 / 8 * 3.6, id="a pseudo-channel, of which a stack has 16: 460.8 GB/s"),
        pytest.param("hbm3-5200", 3350 / 160, id="one of an H100's 160 pseudo-channels"),
        pytest.param("hbm3-6400", 32 / 8 * 6.4, id="a pseudo-channel, of which a stack has 32: 819.2 GB/s"),
    ],
)
def test_peak_is_data_lines_times_rate(grade: str, gigabytes: float) -> None:
    assert TIMINGS[grade].bytes_per_second / 1e9 == pytest.approx(gigabytes, rel=2e-3)


def test_every_grade_has_a_peak_above() -> None:
    marks = test_peak_is_data_lines_times_rate.pytestmark
    assert {param.values[0] for param in marks[0].args[1]} == set(TIMINGS)


@pytest.mark.parametrize("grade", GRADES)
class TestOrganisations:
    """What every standard's figures have in common."""

    def test_addresses_can_be_cut_by_bits(self, grade: str) -> None:
        o = TIMINGS[grade].organisation
        for value in (o.width_bits, o.burst_bytes, o.group_bytes, o.row_bytes, o.bank_groups, o.banks):
            assert value & (value - 1) == 0
        assert o.burst_bytes <= o.group_bytes <= o.row_bytes
        assert o.banks % o.bank_groups == 0

    def test_a_row_is_open_for_as_long_as_activate_and_precharge_take(self, grade: str) -> None:
        t = TIMINGS[grade]
        assert t.ras + t.rp_pb - 1 <= t.rc <= t.ras + t.rp_pb + 1  # rounded up on their own
        assert t.rcd_wr <= t.rcd <= t.ras
        assert t.rfc_pb < t.rfc_ab < t.refi

    def test_a_stream_of_bursts_in_all_groups_can_fill_the_bus(self, grade: str) -> None:
        t = TIMINGS[grade]
        assert t.pace == (t.organisation.burst_clocks, t.organisation.burst_clocks)


def requests(*lines: tuple[int, int, int]) -> Ints:
    return np.array(lines, dtype=np.int64)


def alone(grade: str, *lines: tuple[int, int, int]) -> Replay:
    return replay(requests(*lines), TIMINGS[grade], refresh="none")


@pytest.mark.parametrize("grade", GRADES)
class TestLimits:
    """Closed forms that the command level has to meet."""

    def test_a_lone_read_takes_its_activation_its_latency_and_its_burst(self, grade: str) -> None:
        t = TIMINGS[grade]
        o = t.organisation
        started = 1 if o.data_clock else 0  # by a CAS command
        # the activation goes at clock 1; RCD and RL count from the last clock of a command
        activated = 1 + o.activate_clocks - 1
        expected = activated + t.rcd + started + t.rl + o.burst_clocks
        assert alone(grade, (0, 0, o.burst_bytes)).cycles == expected

    def test_rows_of_one_bank_are_rc_apart(self, grade: str) -> None:
        t = TIMINGS[grade]
        o = t.organisation
        row = o.regions * o.region_bytes
        one, many = (alone(grade, *[(0, i * row, o.burst_bytes) for i in range(count)]).cycles for count in (1, 201))
        assert many - one == 200 * t.rc

    def test_no_more_than_four_activations_fit_into_faw(self, grade: str) -> None:
        """A burst of every bank, then of another row of each: activations are all that there is to wait for."""
        t = TIMINGS[grade]
        o = t.organisation
        row = o.regions * o.region_bytes
        banks = [
            region * o.region_bytes + group * o.group_bytes
            for region in range(o.regions)
            for group in range(o.bank_groups)
        ]
        trace = requests(*[(0, turn * row + bank, o.burst_bytes) for turn in range(8) for bank in banks])
        log: list[Issued] = []
        replay(trace, t, refresh="none", log=log)
        opened = [clock for _, clock, command, _, _ in log if command == ACT1]
        assert len(opened) == 8 * o.banks
        closest = min(later - first for first, later in zip(opened, opened[4:], strict=False))
        assert t.faw <= closest <= max(t.faw, 4 * t.rrd_l, 4 * o.burst_clocks, 4 * (t.rc // o.banks + 1)) + 4 * t.ppd

    def test_refreshes_take_their_share_of_a_stream(self, grade: str) -> None:
        """RFC of every REFI, and what it takes to close and open the rows."""
        t = TIMINGS[grade]
        trace = requests((0, 0, 1 << 21))
        log: list[Issued] = []
        with_, without = replay(trace, t, log=log), replay(trace, t, refresh="none")
        refreshes = sum(command == REFA for _, _, command, _, _ in log)
        assert refreshes == pytest.approx(with_.cycles / t.refi, abs=1)
        lost = (with_.cycles - without.cycles) / refreshes
        assert t.rfc_ab <= lost <= t.rfc_ab + t.rp_ref + t.rcd + t.rl + t.rtp + 4 * t.organisation.burst_clocks

    @pytest.mark.parametrize("write", [0, 1])
    def test_a_stream_reaches_its_plausible_share_of_peak(self, grade: str, write: int) -> None:
        """All but refreshes, which stop the bus for RFC and up to two further percent."""
        t = TIMINGS[grade]
        found = replay(requests((write, 0, 1 << 21)), t)
        share = found.bursts * t.organisation.burst_clocks / found.cycles
        most = 1 - t.rfc_ab / t.refi
        assert most - 0.035 < share < most


def mixed(t: Timing, seed: int, turns: int = 50) -> Ints:
    """Streams, rows of one bank in turn and lines anywhere, read and written."""
    draw = np.random.default_rng(seed)
    row = t.organisation.regions * t.organisation.region_bytes
    lines: list[tuple[int, int, int]] = []
    for turn in range(turns):
        kind = int(draw.integers(2))
        begin = int(draw.integers(1 << 14)) * row + int(draw.integers(row // LINE)) * LINE
        step = LINE if turn % 3 == 0 else row if turn % 3 == 1 else 0
        for i in range(int(draw.integers(1, 24))):
            place = begin + i * step if step else int(draw.integers(1 << 22)) * LINE
            lines.append((kind if turn % 5 else int(draw.integers(2)), place, LINE))
    return requests(*lines)


@pytest.mark.parametrize("refresh", ["all-bank", "per-bank"])
@pytest.mark.parametrize("grade", GRADES)
def test_an_independent_checker_finds_every_command_in_its_time(grade: str, refresh: Refresh) -> None:
    t = TIMINGS[grade]
    if refresh == "per-bank" and not t.refi_pb:
        pytest.skip("DDR has no refresh of one bank")
    log: list[Issued] = []
    found = replay(mixed(t, 1, turns=30), t, 1, refresh, log=log)
    assert len(log) > found.bursts
    assert mistakes(t, log) == []


@pytest.mark.parametrize("grade", ["lpddr4-4266", "ddr5-4800", "hbm3-5200"])
def test_the_checker_notices_a_command_that_comes_too_early(grade: str) -> None:
    """Each command moved up by a clock breaks a rule, but for those that waited for something better to go first."""
    t = TIMINGS[grade]
    log: list[Issued] = []
    replay(mixed(t, 2), t, log=log)
    noticed = 0
    for number in range(20, 100):
        channel, clock, *rest = log[number]
        early: Issued = (channel, clock - 1, *rest)
        noticed += mistakes(t, [*log[:number], early]) != []
    assert noticed > 60


class TestLevels:
    """Transactions and whole-model transfers follow the commands, whatever the standard."""

    @pytest.mark.parametrize("grade", GRADES)
    @pytest.mark.parametrize("seed", [3, 4])
    def test_transactions_follow_commands(self, grade: str, seed: int) -> None:
        t = TIMINGS[grade]
        trace = mixed(t, seed, turns=300)
        for channels in (1, 2):
            chunks, commands = replay_chunks(trace, t, channels), replay(trace, t, channels)
            assert chunks.bursts == commands.bursts == chunks.row_hits + chunks.row_misses + chunks.row_conflicts
            assert chunks.cycles == pytest.approx(commands.cycles, rel=0.02)
            assert chunks.mean_latency == pytest.approx(commands.mean_latency, rel=0.05)

    @pytest.mark.parametrize("grade", GRADES)
    @pytest.mark.parametrize("write", [0, 1])
    def test_streams_take_the_same_at_every_level(self, grade: str, write: int) -> None:
        t = TIMINGS[grade]
        trace = requests((write, 0, 1 << 21))
        commands = replay(trace, t).cycles
        assert replay_chunks(trace, t).cycles == pytest.approx(commands, rel=0.01)
        channel = Channel(t, NAMES)
        for place in range(0, 1 << 21, 1 << 14):
            channel.serve(0, place, 1 << 14, bool(write), START)
        assert channel.free == pytest.approx(commands, rel=0.02)

    @pytest.mark.parametrize("grade", GRADES)
    def test_transfers_of_4_kib_in_turns_take_what_commands_take(self, grade: str) -> None:
        t = TIMINGS[grade]
        far = (1 << 28) + t.organisation.region_bytes
        lines = [(i % 2, i // 2 * 4096 + i % 2 * far, 4096) for i in range(256)]
        trace = requests(*lines)
        assert len(run_ends(trace, t.organisation.burst_bytes)) == len(lines)
        channel = Channel(t, NAMES)
        for write, place, size in lines:
            channel.serve(0, place, size, bool(write), START)
        assert channel.free == pytest.approx(replay(trace, t).cycles, rel=0.05)
