"""Lines of text, made a column at a time."""

from __future__ import annotations

import numpy as np
import pytest

from sim.trace.slices import NOTHING, Words
from sim.trace.write.lines import lines

NUMBERS = [0, 7, 10, 9_999, 10_000, 10_001, 99_990_000, 100_000_000, 123_456_789, 10**12, 2**62]


def test_numbers_are_decimal() -> None:
    assert lines(len(NUMBERS), [np.array(NUMBERS), "\n"]).decode().split() == list(map(str, NUMBERS))


@pytest.mark.parametrize("numbers", [pytest.param([NOTHING] * 2, id="all"), pytest.param([NOTHING, 10_000], id="one")])
def test_nothing_is_written_of_nothing(numbers: list[int]) -> None:
    expected = "".join(f"<{'' if number == NOTHING else number}>" for number in numbers)
    assert lines(2, ["<", np.array(numbers), ">"]).decode() == expected


def test_words_are_as_long_as_they_are() -> None:
    words = Words(np.array([1, NOTHING, 0, 2]), ["a", "ä, long", ""])
    assert lines(4, [words, ";", "-"]).decode() == "ä, long;-;-a;-;-"


def test_no_rows_are_no_text() -> None:
    assert lines(0, ["<", np.zeros(0, np.int64), ">"]) == b""
