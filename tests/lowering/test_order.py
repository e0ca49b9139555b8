"""Orders of work: what each item of a tile covers, and which item is the last one that a part of the tile needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.lowering.order import ALL, BatchLayout, Layout, Region, Segment, SegmentLayout, StepLayout

# Two blocks of two lanes, three timesteps: (block, step, lane) = (0,0,0) (0,0,1) (0,1,0) ... (1,2,1).
STEPS = StepLayout(steps=3, blocks=2, lanes=2)
# Two blocks of seven timesteps in three chunks: 0-1, 2-3, 4-6.
BATCHES = BatchLayout(steps=7, blocks=2, chunks=3)
# A whole projection of two weight tiles, then two that go block by block: a0 b0 b0 a1 b1 b1.
SEGMENTS = SegmentLayout(
    4,
    [Segment("w", None, 2), Segment("a", 0, 1), Segment("b", 0, 2), Segment("a", 1, 1), Segment("b", 1, 2)],
)


@pytest.mark.parametrize(
    ("layout", "item", "region"),
    [
        pytest.param(STEPS, 0, Region(0, 0, 0, 0), id="steps: first"),
        pytest.param(STEPS, 1, Region(0, 0, 0, 1), id="steps: lanes take turns at every token"),
        pytest.param(STEPS, 5, Region(2, 2, 0, 1), id="steps: end of the first block"),
        pytest.param(STEPS, 6, Region(0, 0, 1, 0), id="steps: the next block starts over"),
        pytest.param(BATCHES, 1, Region(2, 3, 0), id="batches: second chunk"),
        pytest.param(BATCHES, 5, Region(4, 6, 1), id="batches: the last chunk takes what is left"),
        pytest.param(BatchLayout(7, 1, 1), 0, Region(0, 6, None), id="batches: one block is all blocks"),
        pytest.param(SEGMENTS, 1, Region(0, 3, None), id="weights: of all blocks"),
        pytest.param(SEGMENTS, 3, Region(0, 3, 0), id="weights: of one block"),
    ],
)
def test_region(layout: Layout, item: int, region: Region) -> None:
    assert layout.region(item) == region


@pytest.mark.parametrize(
    ("layout", "part", "region", "last"),
    [
        pytest.param(STEPS, "", Region(1, 1, 1, 0), 8, id="steps: one item"),
        pytest.param(STEPS, "", Region(1, 1, 0, None), 3, id="steps: all lanes"),
        pytest.param(STEPS, "", Region(1, 1), 9, id="steps: all blocks"),
        pytest.param(STEPS, "", Region(0, 2, 0), 5, id="steps: all of a block"),
        pytest.param(StepLayout(3, 1, 1), "", Region(1, 1, 1, 1), 1, id="steps: not cut, so any block is the whole"),
        pytest.param(BATCHES, "", Region(3, 3, 0, 1), 1, id="batches: the chunk of a token"),
        pytest.param(BATCHES, "", Region(3, 4), 5, id="batches: all blocks"),
        pytest.param(SEGMENTS, "w", Region(0, 3, 1), 1, id="weights: a whole projection serves any block"),
        pytest.param(SEGMENTS, "a", Region(0, 3, 0), 2, id="weights: one block"),
        pytest.param(SEGMENTS, "b", Region(2, 2), 7, id="weights: all blocks"),
    ],
)
def test_last(layout: Layout, part: str, region: Region, last: int) -> None:
    assert last_item(layout, part, region) == last


def last_item(layout: Layout, part: str, region: Region) -> int:
    block, lane = (ALL if which is None else which for which in region[2:])
    return int(layout.last(part, region.last, block, lane))


def overlap(one: Region, other: Region) -> bool:
    blocks = None in (one.block, other.block) or one.block == other.block
    lanes = None in (one.lane, other.lane) or one.lane == other.lane
    return blocks and lanes and one.first <= other.last and other.first <= one.last


sizes = st.integers(1, 5)
steps = st.builds(StepLayout, st.integers(1, 9), sizes, sizes)
batches = st.integers(1, 9).flatmap(lambda n: st.builds(BatchLayout, st.just(n), sizes, st.integers(1, n)))
segments = st.lists(st.builds(Segment, st.just("w"), st.integers(0, 3), sizes), min_size=1, max_size=5).map(
    lambda found: SegmentLayout(4, found)
)


@given(layout=st.one_of(steps, batches, segments))
def test_the_last_item_of_what_an_item_covers_is_the_last_that_touches_it(layout: Layout) -> None:
    regions = [layout.region(item) for item in range(layout.items)]
    for region in regions:
        touching = [item for item, other in enumerate(regions) if overlap(region, other)]
        assert last_item(layout, "w", region) == max(touching)
    together = layout.regions
    assert layout.last("w", *together[1:]).tolist() == [last_item(layout, "w", region) for region in regions]


@given(layout=st.one_of(steps, batches))
def test_items_cover_the_tile_once(layout: StepLayout | BatchLayout) -> None:
    covered = [
        (region.block or 0, region.lane or 0, token)
        for region in map(layout.region, range(layout.items))
        for token in range(region.first, region.last + 1)
    ]
    lanes = layout.lanes if isinstance(layout, StepLayout) else 1
    assert len(covered) == len(set(covered)) == layout.blocks * layout.steps * lanes


@given(layout=batches, token=st.integers(0, 8))
def test_a_later_token_is_never_done_earlier(layout: BatchLayout, token: int) -> None:
    token = min(token, layout.steps - 1)
    needs = layout.last("", np.arange(token + 1), 0)
    assert (np.diff(needs) >= 0).all()
