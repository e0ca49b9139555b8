"""Which layers a number is about: a part of the model, or all of it with the time of some scaled."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sim.accounting.layers import layers_told, not_the_model


@dataclass(frozen=True)
class Ran:
    layers: int
    simulated_layers: int
    model_layers: int | None = None


@pytest.mark.parametrize(
    ("run", "told", "behind_numbers"),
    [
        pytest.param(Ran(48, 48), "48 layers", "", id="all"),
        pytest.param(Ran(1, 1), "1 layer", "", id="one"),
        pytest.param(Ran(2, 2, 48), "2 of the model's 48 layers", "2 of 48 layers", id="cut"),
        pytest.param(Ran(60, 60, 48), "60 layers (the model has 48)", "60 layers instead of 48", id="longer"),
        pytest.param(
            Ran(48, 2),
            "48 layers, 2 of the 48 layers simulated, the time of the others scaled from them",
            "",
            id="scaled",
        ),
        pytest.param(
            Ran(8, 1, 48),
            "8 of the model's 48 layers, 1 of the 8 layers simulated, the time of the others scaled from it",
            "8 of 48 layers",
            id="cut and scaled",
        ),
    ],
)
def test_layers(run: Ran, told: str, behind_numbers: str) -> None:
    assert layers_told(run) == told
    assert not_the_model(run) == behind_numbers
