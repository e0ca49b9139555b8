"""Text by the million lines: every line has the same parts, of which some are numbers or words from a column.

Each part takes as many bytes as its longest value; the bytes that a value leaves are NUL and are struck out in the end.
Numbers are written four digits at a time, from a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.trace.slices import Numbers, Words

LinePart = str | Words | Numbers
"""The same text in every line, or a word or a number in each; nothing stands where there is none."""

GROUP = 10_000
ZERO = 2 * GROUP
_WITHIN = [b"%04d" % number for number in range(GROUP)]
_FIRST = [b"", *(b"%d" % number for number in range(1, GROUP)), b"0"]  # of a number, and a zero that is all of it
DIGITS = np.array([int.from_bytes(group.rjust(4, b"\0"), "little") for group in _WITHIN + _FIRST], "<u4")


def lines(rows: int, parts: Sequence[LinePart]) -> bytearray:
    """*rows* lines, the parts of each one after the other.

    >>> bytes(lines(2, [np.array([7, 12345]), ":", Words(np.array([-1, 0]), ["yes"]), ";"]))
    b'7:;12345:yes;'
    """
    fields: list[tuple[str, str]] = []
    columns: list[tuple[str, Any]] = []
    template = bytearray()
    for number, part in enumerate(parts):
        if isinstance(part, str):
            data = part.encode()
            fields.append((f"{number}", f"V{len(data)}"))
            template += data
            continue
        filled = [_words(part)] if isinstance(part, Words) else _groups(part)
        for place, column in enumerate(filled):
            fields.append((f"{number}.{place}", column.dtype.str))
            columns.append((f"{number}.{place}", column))
            template += bytes(column.dtype.itemsize)
    text = template * rows
    table = np.frombuffer(text, np.dtype(fields))
    for name, column in columns:
        table[name] = column
    return text.translate(None, b"\0")


def _words(words: Words) -> Any:
    """The *words*; of those that are NOTHING the last text, which is empty."""
    return np.array([*(text.encode() for text in words.texts), b""]).take(words.codes, mode="wrap")


def _groups(numbers: Numbers) -> list[Any]:
    """The digits of *numbers* in groups of four, the highest first; nothing for a number below zero."""
    found: list[Any] = []
    while True:
        above = numbers // GROUP
        within = np.where(above > 0, numbers - above * GROUP, np.maximum(numbers, 0) + GROUP)
        if not found:
            within[numbers == 0] = ZERO
        found.insert(0, DIGITS.take(within))
        if not (above > 0).any():
            return found
        numbers = above
