"""From which length on a model is faster than another."""

from __future__ import annotations

import pytest

from sim.paper.ssm_scope.curves import Timed
from sim.paper.ssm_scope.edge import AS_SHIPPED, MODELS, TRANSFORMER, Crossing, Edge, crossing

LENGTHS = (100, 1000, 10_000)


def curve(*seconds: float, gap: float = 1.0) -> list[Timed]:
    return [Timed(n, each, each / gap, {"mac_array": each}, 1.0) for n, each in zip(LENGTHS, seconds, strict=True)]


@pytest.mark.parametrize(
    ("own", "other", "length"),
    [
        pytest.param((2, 2, 2), (1, 4, 8), 316.2, id="halfway, in logs"),
        pytest.param((2, 2, 2), (1, 2, 8), 1000, id="at a length"),
        pytest.param((2, 2, 2), (3, 3, 3), 0, id="always"),
        pytest.param((2, 2, 2), (1, 1, 1), None, id="never"),
        pytest.param((2, 2, 2), (4, 4, 1), None, id="no longer at the end"),
        pytest.param((2, 2, 2), (4, 1, 4), 3162, id="from the last crossing on"),
    ],
)
def test_crossing(own: tuple[float, ...], other: tuple[float, ...], length: float | None) -> None:
    def seconds(timed: Timed) -> float:
        return timed.seconds

    found = crossing(curve(*own), curve(*other), seconds, seconds)
    assert found == (None if length is None else pytest.approx(length, rel=1e-3))


def test_bounds_say_what_is_open() -> None:
    model = MODELS[1]
    edge = Edge({
        (AS_SHIPPED, "prefill", model): curve(2, 2, 2, gap=1.25),
        (AS_SHIPPED, "prefill", TRANSFORMER): curve(1, 2, 4, gap=1.1),
    })  # fmt: skip
    found = edge.crossing(AS_SHIPPED, "prefill", model)
    assert found.found == pytest.approx(1000)
    assert found.earliest is not None and found.latest is not None
    assert 100 < found.earliest < 1000 < found.latest < 10_000


def test_a_model_that_does_not_fit_has_no_crossing() -> None:
    edge = Edge({(AS_SHIPPED, "prefill", TRANSFORMER): curve(1, 2, 4)})
    assert edge.crossing(AS_SHIPPED, "prefill", MODELS[1]) == Crossing(None, None, None)
