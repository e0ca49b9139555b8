"""Integers as compiled code and plain Python read them alike: arrays of 64-bit words."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray


def typed_array(values: NDArray[np.int64]) -> array[int]:
    """*values*, of one dimension, one by one quick to read.

    >>> typed_array(np.arange(3))
    array('q', [0, 1, 2])
    """
    return array("q", np.ascontiguousarray(values, np.int64).tobytes())
