"""A mapping counts its tile in timesteps, and its groups."""

from __future__ import annotations

import pytest

from sim.lowering.mapping import Mapping


@pytest.mark.parametrize(
    ("tokens", "chunk", "steps"),
    [
        pytest.param(32, 1, 32, id="a timestep is a token"),
        pytest.param(256, 64, 4, id="chunks"),
        pytest.param(64, 64, 1, id="a chunk is a tile"),
    ],
)
def test_a_tile_of_tokens_in_timesteps(tokens: int, chunk: int, steps: int) -> None:
    mapping = Mapping(tokens, chunk, 3, 4, 2, frozenset(), {}, 1024)
    assert (mapping.tile_steps, mapping.groups) == (steps, 4 * 2)
