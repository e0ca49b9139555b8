"""Bytes and JSON that have been damaged, always in the same way for the same seed."""

from __future__ import annotations

import copy
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

WORDS = (
    b"-1", b"0", b"1e999", b"NaN", b"null", b"[]", b"{}", b'"', b"\\", b"\n", b",", b"\0", b"\xff", b"\xe2\x80\xae",
    b"\x1b[2J", b"99999999999999999999999", b"9223372036854775807", b"[" * 3000, b"a" * 300_000, b"1" * 5000,
    b"$end ", b"$scope module a $end ",
)  # fmt: skip
"""What is put into bytes, or in the place of a number in them."""
VALUES = (
    None, True, "", "a\n\x1b[2J\u202e", "x" * 10_000, -1, 0, 0.5, 10**30, 10**400, math.nan, math.inf, -math.inf, [],
    {}, [[]], {"a": 1}, 1e308, "1", "$\\frac{$", "[red]", "<b>",
)  # fmt: skip
"""What a value in JSON is replaced by."""


def damaged(data: bytes, random: Random) -> bytes:
    """*data* with one to three things done to it."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(DAMAGES)(data, random)
    return data


def _place(data: bytes, random: Random) -> int:
    return random.randrange(len(data) + 1)


def _piece(data: bytes, random: Random) -> tuple[int, int]:
    begin = _place(data, random)
    return begin, min(len(data), begin + random.choice((1, 2, 8, 64, 1024)))


def _flip(data: bytes, random: Random) -> bytes:
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 4, 16)) if data else 0):
        found[random.randrange(len(found))] ^= 1 << random.randrange(8)
    return bytes(found)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: _place(data, random)]


def _remove(data: bytes, random: Random) -> bytes:
    begin, end = _piece(data, random)
    return data[:begin] + data[end:]


def _insert(data: bytes, random: Random) -> bytes:
    place = _place(data, random)
    return data[:place] + random.choice((*WORDS, random.randbytes(8))) + data[place:]


def _repeat(data: bytes, random: Random) -> bytes:
    begin, end = _piece(data, random)
    return data[:end] + data[begin:end] * random.choice((1, 2, 100)) + data[end:]


def _splice(data: bytes, random: Random) -> bytes:
    begin, end = _piece(data, random)
    place = _place(data, random)
    return data[:place] + data[begin:end] + data[place:]


def _line(data: bytes, random: Random) -> bytes:
    """A line that is gone, twice there, or somewhere else."""
    lines = data.splitlines(keepends=True) or [b""]
    line = lines[random.randrange(len(lines))]
    if random.random() < 0.5:
        lines.remove(line)
    if random.random() < 0.7:
        lines.insert(random.randrange(len(lines) + 1), line)
    return b"".join(lines)


def _number(data: bytes, random: Random) -> bytes:
    """A number that is another one, or none."""
    numbers = list(re.finditer(rb"\d+", data))
    if not numbers:
        return data
    found = random.choice(numbers)
    return data[: found.start()] + random.choice((*WORDS, b"%d" % random.getrandbits(70))) + data[found.end() :]


DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip, _cut, _remove, _insert, _repeat, _splice, _line, _number, _number,
)  # fmt: skip


def damaged_gzip(data: bytes, random: Random) -> bytes:
    """Gzipped *data*, damaged inside or outside."""
    if random.random() < 0.7:
        return gzip.compress(damaged(gzip.decompress(data), random), 1, mtime=0)
    return damaged(data, random)


def damaged_batches(data: bytes, random: Random) -> bytes:
    """A trace of Perfetto's whose last batch is damaged inside, or all of it outside."""
    from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb

    if random.random() < 0.3:
        return damaged(data, random)
    trace = pb.Trace.FromString(data)
    packet = random.choice(trace.packet)
    inside = zlib.decompress(packet.compressed_packets)
    if random.random() < 0.6:  # whole packets, of which one is damaged
        batch = pb.Trace.FromString(inside).packet
        made = [each.SerializeToString() for each in batch]
        number = random.randrange(len(made))
        made[number] = damaged(made[number], random)
        if random.random() < 0.3:
            random.shuffle(made)
        inside = b"".join(b"\x0a" + _varint(len(each)) + each for each in made)
    else:
        inside = damaged(inside, random)
    packet.compressed_packets = zlib.compress(inside, 1)
    return bytes(trace.SerializeToString())


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def damaged_parquet(data: bytes, random: Random) -> bytes:
    """A table in Parquet: damaged outside, or uncompressed and then damaged, or whole with one wrong value."""
    import pyarrow
    from pyarrow import parquet

    way = random.random()
    if way < 0.3:
        return damaged(data, random)
    table, out = parquet.read_table(io.BytesIO(data)), io.BytesIO()
    if way < 0.6:
        parquet.write_table(table, out, compression="none")
        return damaged(out.getvalue(), random)
    rows = table.to_pylist()
    row = rows[random.randrange(len(rows))]
    name = random.choice(table.schema.names)
    values = {
        "string": (None, "", "a\n", "\u202e", "x" * 5000, "work", "stall"),
        "int64": (None, -1, 0, 2**63 - 1),
        "double": (None, -1.0, math.nan, math.inf, 1e308),
    }
    row[name] = random.choice(next(some for kind, some in values.items() if kind in str(table.schema.field(name).type)))
    if random.random() < 0.3:
        rows.insert(random.randrange(len(rows)), random.choice(rows))
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=table.schema), out)
    return out.getvalue()


def damaged_json(data: bytes, random: Random) -> bytes:
    """JSON in which one to three values are others, are gone, or stand elsewhere; or damaged as bytes."""
    if random.random() < 0.2:
        return damaged(data, random)
    document = copy.deepcopy(json.loads(data))
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        holder: Any = document
        while isinstance(holder, dict | list) and holder:
            key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
            if isinstance(holder[key], dict | list) and holder[key] and random.random() < 0.85:
                holder = holder[key]
                continue
            _replace(holder, key, random)
            break
    return json.dumps(document).encode()


def _replace(holder: Any, key: Any, random: Random) -> None:
    value = holder[key]
    way = random.randrange(6)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[random.choice(("a", "a\n", *holder))] = value
    elif way == 1:
        holder.insert(0, value)
    elif way == 2 and type(value) in (int, float):
        holder[key] = random.choice((-value, value * 1000, value + 1, float(value)))
    else:
        holder[key] = random.choice(VALUES)
