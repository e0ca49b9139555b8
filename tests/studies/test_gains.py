"""What axes buy, against numbers by hand, and where more is slower."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.studies.figures import Figure
from sim.studies.gains import Numbered, all_breaks, amount, breaks, gains, geometric_mean
from tests.support.studies import figures, points

SPEEDS = {(8, 1): 10.0, (8, 2): 20.0, (16, 1): 40.0, (16, 2): 20.0, (32, 1): 80.0, (32, 2): 30.0}
AXES = {"simd.lanes": [8, 16, 32], "batch": [1, 2]}


def by_speeds(at: dict[str, Any]) -> dict[str, Figure]:
    stall = "bank_conflict" if at["simd.lanes"] == 32 else "waits_for_mac_array"
    return figures(SPEEDS[at["simd.lanes"], at["batch"]], largest_stall=stall)


def numbers(found: list[Numbered]) -> list[int]:
    return [each.number for each in found]


def test_gains_by_hand(tmp_path: Path) -> None:
    sweep, found = points(tmp_path, by_speeds, axes=AXES)
    lanes, batch = gains(sweep.axes, found)
    assert [each.axis.keys for each in (lanes, batch)] == [("simd.lanes",), ("batch",)]  # not what has one value
    first, second = lanes.steps
    assert first.mean == pytest.approx(2.0)  # of 4 and 1
    assert (first.least.gain, first.most.gain, first.changes) == (1.0, 4.0, 0)
    assert numbers([first.most.before, first.most.after]) == [1, 3]
    assert second.mean == pytest.approx(3**0.5) and second.changes == 2  # of 2 and 1.5
    assert lanes.whole.mean == pytest.approx(first.mean * second.mean)
    assert lanes.spread == pytest.approx(12**0.5)  # of 80/10 and 30/20
    assert batch.whole.mean == pytest.approx((2 * 0.5 * 0.375) ** (1 / 3))
    assert batch.spread == pytest.approx((2 * 2 * 80 / 30) ** (1 / 3))


def test_pairs_need_both_points(tmp_path: Path) -> None:
    def some(at: dict[str, Any]) -> dict[str, Figure] | str:
        return "does not fit" if at["simd.lanes"] == 16 and at["batch"] == 2 else by_speeds(at)

    sweep, found = points(tmp_path, some, axes=AXES)
    lanes = gains(sweep.axes, found)[0]
    assert [len(step.pairs) for step in lanes.steps] == [1, 1] and len(lanes.whole.pairs) == 2
    none = [each for each in found if each.row.coordinates["simd.lanes"] == 8]
    assert gains(sweep.axes, none)[0].steps[0].pairs == () and gains(sweep.axes, none)[0].spread == 1.0


def test_a_value_twice_is_one_value(tmp_path: Path) -> None:
    sweep, found = points(tmp_path, lambda at: figures(1.0), axes={"simd.lanes": [8, 8, 16]})
    assert [each.place[2] for each in found] == [0, 0, 2]
    assert [len(step.pairs) for step in gains(sweep.axes, found)[0].steps] == [0, 0]


@pytest.mark.parametrize(
    ("axes", "speeds", "expected"),
    [
        pytest.param({"simd.lanes": [8, 16, 32]}, [1, 3, 2], [(2, 3)], id="more lanes"),
        pytest.param({"simd.lanes": [32, 16, 8]}, [2, 3, 1], [(2, 1)], id="listed the other way"),
        pytest.param({"sram.capacity": ["512KiB", "2MiB", "1MiB"]}, [1, 2, 3], [(3, 2)], id="quantities"),
        pytest.param({"simd.lanes": [8, 16, 32]}, [1, 0, 0.5], [(1, 3)], id="past one that failed"),
        pytest.param({"batch": [1, 2]}, [2, 1], [], id="no resource"),
        pytest.param({"dram.latency": ["1ns", "2ns"]}, [2, 1], [], id="more of what is no good"),
        pytest.param({"shape": {"mac_array.rows": [8, 16], "mac_array.columns": [8, 8]}}, [2, 1], [(1, 2)], id="both"),
        pytest.param({"shape": {"mac_array.rows": [8, 16], "mac_array.columns": [16, 8]}}, [2, 1], [], id="neither"),
        pytest.param({"simd.lanes": [8, 16]}, [10_000, 9_999], [], id="too little to tell"),
    ],
)
def test_breaks(axes: dict[str, Any], speeds: list[float], expected: list[tuple[int, int]], tmp_path: Path) -> None:
    left = iter(speeds)
    sweep, found = points(tmp_path, lambda at: figures(speed) if (speed := next(left)) else "failed", axes=axes)
    assert [(each.less.number, each.more.number) for each in breaks(sweep.axes, found)] == expected


def test_breaks_say_how_much_and_how_far_from_the_bound(tmp_path: Path) -> None:
    speeds = {8: (100.0, 0.01), 16: (99.99, 0.02), 32: (80.0, 0.3), 64: (40.0, 0.7)}

    def formula(at: dict[str, Any]) -> dict[str, Figure]:
        speed, above = speeds[at["simd.lanes"]]
        return figures(speed, above_any_mapping=above)

    sweep, found = points(tmp_path, formula, axes={"simd.lanes": list(speeds)})
    worst, second = breaks(sweep.axes, found)
    assert worst.loss == pytest.approx(0.5) and second.loss == pytest.approx(1 - 80 / 99.99)
    assert (worst.less.above_any_mapping, worst.more.above_any_mapping) == (0.3, 0.7)
    assert len(list(all_breaks(sweep.axes, found))) == 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [(8, 8.0), (0.5, 0.5), ("2MiB", 2.0**21), ("250MHz", 250e6), ("mamba2", None), (True, None), ([1], None)],
)
def test_amount(value: object, expected: float | None) -> None:
    assert amount(value) == expected


def test_geometric_mean() -> None:
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4.0) and geometric_mean([]) == 1.0
