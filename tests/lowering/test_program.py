"""Programs: variants of tiles, and how often each request is made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.lowering.program import VARIANTS, Program, TileVariant
from sim.simulation import prepare

FIRST, LAST, MIDDLE = TileVariant.FIRST, TileVariant.LAST, TileVariant.MIDDLE


@pytest.fixture(scope="module")
def program() -> Program:
    small = ["layers=2", "sequence_length=40", "mapping.token_tile=16", "dimensions.d_model=128"]
    return prepare("mamba2", "edge", small).sections[0].program


def test_variants_are_numbered_as_arrays_have_them() -> None:
    assert [int(variant) for variant in VARIANTS] == [0, 1, 2, 3]
    assert VARIANTS == (MIDDLE, FIRST, LAST, FIRST | LAST)


@pytest.mark.parametrize(
    ("tiles", "variants"),
    [
        pytest.param(1, [FIRST | LAST], id="one tile"),
        pytest.param(2, [FIRST, LAST], id="two"),
        pytest.param(4, [FIRST, MIDDLE, MIDDLE, LAST], id="four"),
    ],
)
def test_a_layer_begins_and_ends(program: Program, tiles: int, variants: list[TileVariant]) -> None:
    cut = replace(program, tiles_per_layer=tiles)
    assert [cut.variant(tile) for tile in range(2 * tiles)] == 2 * variants
    assert cut.variant_counts() == [2 * variants.count(variant) for variant in VARIANTS]


def test_requests_are_counted_as_a_run_makes_them(program: Program) -> None:
    for stream in program.streams:
        made = [0] * len(stream.requests)
        for tile in range(program.tiles):
            for item in range(stream.items):
                number = stream.numbers[program.variant(tile)][item]
                if number >= 0:
                    made[number] += 1
        assert program.counts(stream) == made
