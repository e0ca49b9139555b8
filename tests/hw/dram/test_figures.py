"""A memory of a user's own: what a machine's file says of it, and what does not go together."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from hw.dram import TIMINGS, Channel, DramSpec
from hw.reasons import NAMES, START
from sim.files.errors import InputError
from sim.files.resolve import resolve
from sim.simulation import simulate


def test_what_is_not_said_is_as_in_the_grade() -> None:
    grade = DramSpec.model_validate({"timing": "lpddr5-6400", "figures": {"rcd": 18}}).grade
    assert asdict(grade) == asdict(TIMINGS["lpddr5-6400"]) | {"rcd": 18}


@pytest.mark.parametrize("like", ["lpddr5-6400", "hbm3-5200"])
def test_with_all_figures_the_grade_that_is_named_does_not_matter(like: str) -> None:
    """A standard of one's own: here DDR4's figures, each of them said."""
    wanted = asdict(TIMINGS["ddr4-3200"])
    said = {**wanted.pop("organisation"), **wanted, "row_bytes": "8KiB", "clock": "1600MHz"}
    del said["tck_fs"]
    grade = DramSpec.model_validate({"timing": like, "figures": said}).grade
    assert grade == TIMINGS["ddr4-3200"]


def test_a_wider_channel_moves_more() -> None:
    spec = DramSpec.model_validate({"timing": "ddr4-3200", "figures": {"width_bits": 32, "row_bytes": "4KiB"}})
    assert spec.bytes_per_second == TIMINGS["ddr4-3200"].bytes_per_second / 2
    channel = Channel(spec.grade, NAMES, refresh=False)
    channel.serve(0, 0, 64, False, START)
    assert channel.bursts == 2


def test_commands_that_take_longer_make_a_read_later() -> None:
    figures = {"activate_clocks": 3, "column_clocks": 2, "rcd": 20, "rl": 30}
    spec = DramSpec.model_validate({"timing": "ddr4-3200", "figures": figures})
    channel = Channel(spec.grade, NAMES, refresh=False)
    channel.serve(0, 0, 64, False, START)
    assert channel.begin == (3 - 1) + 20 + 30  # RCD and RL count from the last clocks of the two commands


def test_bank_groups_that_cannot_keep_up_slow_streams_down() -> None:
    spec = DramSpec.model_validate({"timing": "ddr4-3200", "figures": {"bank_groups": 1, "banks": 16, "ccd_l": 8}})
    channel = Channel(spec.grade, NAMES, refresh=False)
    channel.serve(0, 0, 1 << 16, False, START)
    assert channel.data_clocks == (1 << 10) * 8  # CCD_L a burst, not 4 clocks


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{banks: 4, bank_groups: 8}", "banks: 4 banks cannot be in 8 groups", id="groups"),
        pytest.param("{banks: 12}", "banks: found 12, expected 4, 8, 16, 32 or 64", id="banks"),
        pytest.param("{row_bytes: 3KiB}", "row_bytes: a row must be a power of two", id="rows"),
        pytest.param(
            "{row_bytes: 2048}", "row_bytes: found 2048, expected a quantity with a unit such as '2KiB'", id="unit"
        ),
        pytest.param(
            "{group_bytes: 8}",
            "group_bytes: a burst (32 bytes) must fit into what lies in one bank group (8), that into a row (2048)",
            id="burst",
        ),
        pytest.param(
            "{burst_length: 4}", "burst_length: a burst of 4 beats must take a clock at least, which has 8", id="beats"
        ),
        pytest.param("{rl: -1}", "rl: found -1, expected 0 at least", id="negative"),
        pytest.param("{rcd: 1.5}", "rcd: found 1.5, expected a valid integer", id="no whole clocks"),
        pytest.param(
            "{rfc_ab: 4096}",
            "rfc_ab: refreshes must leave time for data: one can take 4255 of 4165 clocks",
            id="refresh",
        ),
        pytest.param(
            "{refi_pb: 100}",
            "refi_pb: refreshes of banks must leave time for data: one can take 232 of 100 clocks",
            id="refresh per bank",
        ),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"extends: edge\nname: own\ndram:\n  figures: {text}\n")
    with pytest.raises(InputError) as caught:
        resolve("mamba2", str(path))
    assert str(caught.value) == f"{path}:4: dram.figures.{message}"


@pytest.mark.parametrize("timing", sorted(TIMINGS))
def test_runs_on_every_standard_lose_no_cycle(timing: str) -> None:
    settings = ["layers=1", "sequence_length=16", f"dram.timing={timing}", "dram.channels=1"]
    found = simulate("mamba2-d96", "edge", settings)
    accounts = found.units["dram.channel0"]
    assert accounts.busy_cycles + sum(accounts.stalls.values()) == found.makespan_cycles
    # what the bus is busy for is what its bytes take at its peak, and what bursts waste
    least = found.dram_bytes / TIMINGS[timing].bytes_per_second * 250e6
    assert least <= accounts.busy_cycles <= 1.1 * least
