"""How fast requests run side by side on the same banks: units that fetch ahead, and units that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.sram_shares import Asked, exposed, pair_delay, spare, speeds

BANKS, RATE = 16, 1024  # words and bytes a cycle of a cluster
NOTHING, ENOUGH = 1.0, 0.0  # of delays that are felt


def words(number: float, felt: float, cluster: int = 0) -> Asked:
    """So many words a cycle of one cluster."""
    return Asked({cluster: 64.0 * number}, felt)


# Two units that fetch nothing ahead, and want so many words a cycle of 16 banks.
@pytest.mark.parametrize(
    ("low", "high", "slow", "fast"),
    [
        # they meet on low + high - 1 of 16 words, where high gains high - 2 low on low a request, elsewhere high - low
        pytest.param(1, 4, 1, 1 / (1 + (4 / 2) / (4 / 2 + 12 / 3)), id="passes: meets in one of three requests"),
        pytest.param(1, 6, 1, 1 / (1 + (6 / 4) / (6 / 4 + 10 / 5)), id="passes faster"),
        pytest.param(1, 16, 1, 1 / 2, id="always meets"),
        pytest.param(4, 8, 1, 1 / 2, id="twice as much: never gets past"),
        pytest.param(4, 5, 1, 4 / 5, id="does not pass: as much as the other"),
        pytest.param(5, 5, 1, 1, id="alike: never meet"),
        pytest.param(8, 8, 6 / 8, 6 / 8, id="more than the banks give: 3/8 of them each"),
        pytest.param(7, 9, 6 / 7, 6 / 9, id="the same, each by its own"),
        pytest.param(8, 14, 7 / 8, 1 / 2, id="half speed at least, and the other moves as much"),
        pytest.param(9, 16, 6 / 9, 1 / 2, id="but not if it meets its own last words"),
        pytest.param(16, 16, 1 / 2, 1 / 2, id="in turns"),
        pytest.param(0.5, 8, 1, 1 / (1 + 8 * 0.5 / 16), id="a word every other cycle: meets half of the time"),
        pytest.param(0.25, 0.5, 1, 1 / (1 + 0.5 * 0.25 / 16), id="both less than a word"),
        pytest.param(0.5, 0.5, 1 / (1 + 0.25 / 32), 1 / (1 + 0.25 / 32), id="and alike: each waits half of the times"),
    ],
)
def test_two_units_that_fetch_nothing_ahead(low: float, high: float, slow: float, fast: float) -> None:
    assert speeds([words(low, NOTHING), words(high, NOTHING)], {}, RATE, BANKS) == pytest.approx([slow, fast])
    assert speeds([words(high, NOTHING), words(low, NOTHING)], {}, RATE, BANKS) == pytest.approx([fast, slow])


@pytest.mark.parametrize(
    ("asked", "taken", "found"),
    [
        pytest.param([words(4, ENOUGH), words(8, ENOUGH)], {}, [1, 1], id="all fetch ahead: no delay"),
        pytest.param([words(4, ENOUGH), words(8, NOTHING)], {}, [1, 1 / 2], id="only who does not is delayed"),
        pytest.param([words(4, NOTHING), words(8, ENOUGH)], {}, [1, 1], id="and only where it is to wait"),
        pytest.param([words(4, 0.25), words(8, 0.25)], {}, [1, 1 / 1.25], id="half a turn ahead: a quarter is felt"),
        pytest.param([words(4, NOTHING), words(8, NOTHING, 1)], {}, [1, 1], id="elsewhere"),
        pytest.param([words(16, ENOUGH), words(12, NOTHING)], {}, [10 / 16, 1 / 2], id="what it leaves, others get"),
        # an eighth of the delay of each other: in a quarter of their meetings the turn falls to the one that moves less
        pytest.param(
            [words(1, NOTHING)] * 2 + [words(4, NOTHING)], {}, [1 / (1 + 1 / 12), 1 / (1 + 1 / 12), 1 / 1.5], id="three"
        ),
        pytest.param([words(4, NOTHING)], {0: 128.0}, [1 / (1 + 5 / 16)], id="the DMA engine first: meets 5 of 16"),
        pytest.param([words(4, ENOUGH)], {0: 128.0}, [1], id="which does not matter ahead of time"),
        pytest.param([words(16, ENOUGH)], {0: 128.0}, [14 / 16], id="unless there is no room"),
    ],
)
def test_units_side_by_side(asked: list[Asked], taken: dict[int, float], found: list[float]) -> None:
    assert speeds(asked, taken, RATE, BANKS) == pytest.approx(found)


@pytest.mark.parametrize(
    ("ahead", "part"), [(0, 1.0), (4, 9 / 16), (8, 1 / 4), (12, 1 / 16), (16, 0.0), (32, 0.0)]
)  # fmt: skip
def test_words_fetched_ahead_hide_delays(ahead: int, part: float) -> None:
    assert exposed(ahead, BANKS) == part


@pytest.mark.parametrize(
    ("wanted", "taken", "part"),
    [
        pytest.param([8], {0: 512.0}, 1.0, id="room for all"),
        pytest.param([12], {0: 512.0}, 0.5, id="for half"),
        pytest.param([16], {0: 512.0}, 0.0, id="for nothing"),
        pytest.param([], {0: 512.0}, 1.0, id="nobody there"),
        pytest.param([12], {0: 256.0, 1: 512.0}, 1.0, id="elsewhere"),
        pytest.param([16], {}, 1.0, id="nothing moves"),
    ],
)
def test_what_is_left_beside_units(wanted: list[float], taken: dict[int, float], part: float) -> None:
    assert spare([words(each, ENOUGH) for each in wanted], [1.0] * len(wanted), taken, RATE) == part


parts = st.floats(0.001, 1.0)


@given(wanted=st.lists(parts, min_size=1, max_size=4), felt=parts, taken=st.floats(0, 512))
def test_nobody_is_faster_for_fetching_less_ahead_or_slower_than_its_turns_allow(
    wanted: list[float], felt: float, taken: float
) -> None:
    """A unit waits at most for one word of each other unit, and one of the DMA engine."""
    alone = [{0: part * RATE} for part in wanted]
    less, more = (speeds([Asked(rates, part) for rates in alone], {0: taken}, RATE, BANKS) for part in (felt, ENOUGH))
    assert sum(less) <= sum(more) + 1e-9
    assert all(0 < speed <= 1 for speed in less)
    turns = [1 / (1 + sum(pair_delay(part, other, BANKS) for other in wanted)) for part in wanted]
    assert min(turns) >= 1 / (1 + len(wanted))


@given(one=parts, other=parts)
def test_a_delay_is_one_cycle_at_most(one: float, other: float) -> None:
    assert 0 <= pair_delay(one, other, BANKS) <= 1 + 1e-9
    for units in (2, 3, 6):
        assert pair_delay(one, other, BANKS, units) + pair_delay(other, one, BANKS, units) == pytest.approx(
            pair_delay(one, other, BANKS) + pair_delay(other, one, BANKS)
        )
