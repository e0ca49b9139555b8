"""How unlike mappings are, and the choice of a few that are most so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sim.lowering.mapping import Mapping
from sim.search.unlike import distance, most_unlike

MAPPING = Mapping(32, 1, 1, 4, 1, frozenset(), {"a": "mac_array", "b": "simd", "c": "simd"}, 32 << 10)


@pytest.mark.parametrize(
    ("changes", "unlike"),
    [
        pytest.param({}, 0, id="the same"),
        pytest.param({"placement": {"a": "simd", "b": "simd", "c": "mac_array"}}, 2, id="two operations elsewhere"),
        pytest.param({"stepped": frozenset("ab"), "step_elements": 16}, 2, id="two operations step by step"),
        pytest.param({"token_tile": 128}, 2, id="a tile doubled twice"),
        pytest.param({"blocks": 8, "lanes": 2}, 2, id="more blocks and lanes"),
        pytest.param({"weight_slot_bytes": 8 << 10, "spill": True}, 3, id="a quarter of the slot, states spilled"),
        pytest.param(
            {"sram_bytes": 1 << 20, "spare_sram": "weights", "head_first": True, "steps_first": True},
            4,
            id="use of the SRAM and urgency",
        ),
    ],
)
def test_distance(changes: dict[str, Any], unlike: float) -> None:
    other = replace(MAPPING, **changes)
    assert distance(MAPPING, other) == distance(other, MAPPING) == unlike


def tile(tokens: int) -> Mapping:
    return replace(MAPPING, token_tile=tokens)


@pytest.mark.parametrize(
    ("mappings", "most", "taken"),
    [
        pytest.param([32, 64, 512, 128], 10, [512, 128], id="farthest first, none less than two doublings away"),
        pytest.param([512, 1024, 4], 2, [1024, 4], id="far from what was taken, no more than asked for"),
        pytest.param([1024, 1], 1, [1024], id="of equally far ones the first"),
        pytest.param([], 10, [], id="nothing to take"),
    ],
)
def test_most_unlike(mappings: list[int], most: int, taken: list[int]) -> None:
    assert [each.token_tile for each in most_unlike(tile(32), map(tile, mappings), most)] == taken
