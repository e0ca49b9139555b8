"""Protocol buffer messages by the million: all of a kind have the same fields, and take the same number of bytes.

That is so because a number takes as many bytes as the largest of its column: the format allows leading zeros.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sim.trace.slices import Numbers

VARINT, FIXED, NESTED = 0, 1, 2  # wire types


@dataclass(frozen=True)
class Varying:
    """A number of each message, as a varint."""

    numbers: Numbers

    @cached_property
    def size(self) -> int:
        """Bytes, of seven bits each."""
        return -(-max(1, int(self.numbers.max(initial=0)).bit_length()) // 7)

    def fill(self, table: Any) -> None:
        """Write it into *table*, bytes by message."""
        for place in range(self.size):
            more = 0x80 if place < self.size - 1 else 0
            table[:, place] = self.numbers >> 7 * place & 0x7F | more


@dataclass(frozen=True)
class Fixed:
    """A number of each message, in eight bytes."""

    numbers: Numbers
    size = 8

    def fill(self, table: Any) -> None:
        """Write it into *table*, bytes by message."""
        table[:] = self.numbers.astype("<u8").view(np.uint8).reshape(-1, self.size)


MessagePart = bytes | Varying | Fixed
"""The same bytes in every message, or a number in each."""


def varint(number: int) -> bytes:
    """*number* in as many bytes as it needs."""
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


def field(kind: Any, name: str, value: int | Varying | Fixed) -> list[MessagePart]:
    """The field *name* of messages of a *kind*."""
    if isinstance(value, int):
        return [_tag(kind, name, VARINT) + varint(value)]
    return [_tag(kind, name, FIXED if isinstance(value, Fixed) else VARINT), value]


def nested(kind: Any, name: str, parts: Iterable[MessagePart]) -> list[MessagePart]:
    """The field *name* of messages of a *kind*: a message of these *parts*."""
    parts = list(parts)
    size = sum(len(part) if isinstance(part, bytes) else part.size for part in parts)
    return [_tag(kind, name, NESTED) + varint(size), *parts]


def _tag(kind: Any, name: str, wire_type: int) -> bytes:
    return varint(kind.DESCRIPTOR.fields_by_name[name].number << 3 | wire_type)


def records(rows: int, parts: Iterable[MessagePart]) -> list[bytes]:
    """The messages of *rows*, whose *parts* follow one another."""
    template, filled = bytearray(), []
    for part in parts:
        if isinstance(part, bytes):
            template += part
        else:
            filled.append((len(template), part))
            template += bytes(part.size)
    size = len(template)
    data = template * rows
    table = np.frombuffer(data, np.uint8).reshape(rows, size)
    for place, part in filled:
        part.fill(table[:, place : place + part.size])
    whole = bytes(data)
    return [whole[place : place + size] for place in range(0, len(whole), size)]
