"""Tiles of a layer."""

from __future__ import annotations

import pytest

from sim.lowering.program import VARIANTS, TileVariant
from sim.lowering.tiling import Tiling


@pytest.mark.parametrize(
    ("steps", "tile_steps", "tiles", "last"),
    [
        pytest.param(64, 16, 4, 16, id="whole tiles"),
        pytest.param(65, 16, 5, 1, id="one timestep left"),
        pytest.param(7, 16, 1, 7, id="less than a tile"),
        pytest.param(1, 1, 1, 1, id="decode"),
    ],
)
def test_the_last_tile_has_what_is_left(steps: int, tile_steps: int, tiles: int, last: int) -> None:
    tiling = Tiling(steps, tile_steps)
    assert (tiling.tiles, tiling.last_steps) == (tiles, last)
    in_variants = {variant: tiling.steps_in(variant) for variant in VARIANTS}
    assert in_variants[TileVariant.MIDDLE] == in_variants[TileVariant.FIRST] == tile_steps
    assert in_variants[TileVariant.LAST] == in_variants[TileVariant.FIRST | TileVariant.LAST] == last
