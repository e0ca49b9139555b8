"""Times over lengths: what is kept from one search, and what is taken from a straight line."""

from __future__ import annotations

import pytest

from sim.paper.ssm_scope import curves
from sim.paper.ssm_scope.curves import Curve, Family, Timed, chosen, curve_of, curves_of
from sim.simulation import simulate

TINY = (
    "layers=2", "dimensions.d_model=128", "dimensions.kinds.layer.mlp.width=256", "mapping.query_tile=32",
    "mapping.key_block=64",
)  # fmt: skip

SMALL = ("layers=1", "dimensions.d_model=64")


@pytest.fixture(scope="module")
def found() -> list[Timed]:
    return curve_of(Curve("qwen2.5-0.5b", "edge", TINY, (256, 1024)))


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        pytest.param([1, 2, 3], [1, 2, 3], id="few"),
        pytest.param(list(range(1, 101)), [1, 2, 3, 4, 5, 8, 12, 19, 28, 43, 66, 100], id="many"),
        pytest.param(list(range(1, 14)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13], id="one too many"),
        pytest.param([7], [7], id="one"),
    ],
)
def test_which_numbers_of_blocks_are_simulated(steps: list[int], wanted: list[int]) -> None:
    assert chosen(steps) == wanted


def test_a_line_between_two_is_what_they_take(found: list[Timed], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "SIMULATED", 1000)
    (every,) = curve_of(Curve("qwen2.5-0.5b", "edge", TINY, (1024,), bounded=()))
    assert every.least_seconds == 0
    assert found[1].seconds != every.seconds
    assert found[1].seconds == pytest.approx(every.seconds, rel=0.005)


def test_no_length_takes_less_than_any_mapping_can(found: list[Timed]) -> None:
    assert all(each.least_seconds <= each.seconds for each in found)
    assert found[0].seconds < found[1].seconds and found[0].joules < found[1].joules


def test_it_is_what_a_run_with_that_length_takes(found: list[Timed]) -> None:
    """A mapping that was searched for at another length is as good, within a few percent."""
    result = simulate("qwen2.5-0.5b", "edge", [*TINY, "sequence_length=1024"], stride="tile")
    assert found[1].seconds == pytest.approx(result.seconds, rel=0.1)
    assert found[1].joules == pytest.approx(result.energy_mj_per_token * result.tokens / 1e3, rel=0.2)


def test_a_unit_is_busy_for_no_longer_than_it_takes(found: list[Timed]) -> None:
    for each in found:
        assert set(each.busy) == {"mac_array", "simd", "dram"}
        assert all(0 < each.share(unit) <= 1 for unit in each.busy)
        assert each.share(each.binding) == max(map(each.share, each.busy))


def test_more_of_anything_does_not_make_it_slower() -> None:
    """A machine that is not large enough has no curve, and a larger one is as fast as one before it."""
    variants = ((), ("sram.capacity=4KiB",), ("sram.capacity=8MiB",), ("dram.channels=4",))
    first, small, large, fast = curves_of(Family(Curve("mamba2-130m", "edge", SMALL, (64, 128)), variants, (128,)))
    assert first is not None and large is not None and fast is not None and small is None
    assert [len(each) for each in (first, large, fast)] == [2, 1, 1]
    assert max(large[0].seconds, fast[0].seconds) <= first[1].seconds * 1.001
