"""Arrays of 64-bit words keep every integer, and none of the array that they were made from."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from numpy.typing import NDArray

from hw.typed_arrays import typed_array

GRID = np.arange(12, dtype=np.int64).reshape(3, 4)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(np.array([3, -1, 2]), [3, -1, 2], id="integers"),
        pytest.param(np.array([], np.int64), [], id="none"),
        pytest.param(np.array([2**63 - 1, -(2**63)]), [2**63 - 1, -(2**63)], id="as large as words are"),
        pytest.param(GRID[:, 1], [1, 5, 9], id="a column, which is not in one piece"),
        pytest.param(GRID[0, ::-1], [3, 2, 1, 0], id="backwards"),
        pytest.param(np.array([7, 8], np.int32), [7, 8], id="of a narrower type"),
        pytest.param(np.array([True, False]), [1, 0], id="truths"),
    ],
)
def test_every_value_is_kept(values: NDArray[np.int64], expected: list[int]) -> None:
    found = typed_array(values)
    assert found == array("q", expected)
    assert found.itemsize == 8


def test_it_is_a_copy() -> None:
    values = np.array([1, 2])
    found = typed_array(values)
    values[0] = 9
    assert found.tolist() == [1, 2]
