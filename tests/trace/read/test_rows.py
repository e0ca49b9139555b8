"""Reading traces back: what is no trace, and what is damaged, is told in a line that says where."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.trace.read.rows import rows
from tests.support.traces import SUFFIXES, Written, needs


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_trace_is_told(tmp_path: Path, suffix: str) -> None:
    needs(suffix)
    path = tmp_path / f"t{suffix}"
    path.write_bytes(b"something else\n")
    with pytest.raises(InputError, match="is not a trace that stallscope wrote"):
        list(rows(path))
    with pytest.raises(InputError, match="is not a file"):
        list(rows(tmp_path / f"absent{suffix}"))


def _inside(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """*change* of what is gzipped."""
    return lambda data: gzip.compress(change(gzip.decompress(data)))


def _replaced(line: int, text: bytes) -> Callable[[bytes], bytes]:
    """Another *line*, counted from 1, of what is gzipped."""

    def change(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        lines[line - 1] = text
        return b"".join(lines)

    return _inside(change)


def _in_batch(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """*change* of the last batch of packets."""

    def changed(data: bytes) -> bytes:
        from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb

        trace = pb.Trace.FromString(data)
        packet = trace.packet[-1]
        packet.compressed_packets = zlib.compress(change(zlib.decompress(packet.compressed_packets)))
        return bytes(trace.SerializeToString())

    return changed


HUGE = 3 << 20


@pytest.mark.parametrize(
    ("suffix", "change", "message"),
    [
        pytest.param(
            ".csv.gz",
            lambda data: b"",
            "is not a trace that stallscope wrote",
            id="csv empty",
        ),
        pytest.param(
            ".csv.gz",
            lambda data: data[:-3000],
            ":?: is truncated: the compressed data stops before its end",
            id="csv cut",
        ),
        pytest.param(
            ".csv.gz",
            _inside(lambda data: data[:-3]),
            ":?: is truncated: its last line has no end",
            id="csv cut inside",
        ),
        pytest.param(
            ".csv.gz",
            lambda data: data + b"x",
            ":?: is damaged: cannot be decompressed: Not a g",
            id="csv more",
        ),
        pytest.param(
            ".csv.gz",
            _replaced(3, b"a,b\n"),
            ":3: is damaged: found 2 cells, expected 21",
            id="csv cells",
        ),
        pytest.param(
            ".csv.gz",
            _replaced(3, b"\xff\n"),
            ":3: is damaged: found the byte 0xff, expected UTF-8",
            id="csv UTF-8",
        ),
        pytest.param(
            ".csv.gz",
            _replaced(3, b"x" * HUGE),
            ":3: is damaged: a line is longer than 262,144 bytes",
            id="csv long line",
        ),
        pytest.param(
            ".csv.gz",
            _replaced(3, b"work,-1,simd,work,a,0,1" + b"," * 14 + b"\n"),
            ":3: is damaged: id: found '-1'",
            id="csv id",
        ),
        pytest.param(
            ".csv.gz",
            _replaced(3, b'"' + b"\n"),
            ":3: is damaged: is no row of a table: ",
            id="csv quote",
        ),
        pytest.param(
            ".json.gz",
            _inside(lambda data: data[:-4]),
            ":?: is truncated: the list of events has no end",
            id="json cut",
        ),
        pytest.param(
            ".json.gz",
            _inside(lambda data: data + b"{}\n"),
            ":?: is damaged: goes on after its end",
            id="json more",
        ),
        pytest.param(
            ".json.gz",
            _replaced(3, b"[" * 100_000),
            ":3: is damaged: is no JSON: maximum recursion",
            id="json deep",
        ),
        pytest.param(
            ".json.gz",
            _replaced(3, b"{" + b"9" * 5000),
            ":3: is damaged: is no JSON: ",
            id="json number",
        ),
        pytest.param(
            ".json.gz",
            _replaced(3, b"[],\n"),
            ":3: is damaged: found [], expected a JSON object",
            id="json list",
        ),
        pytest.param(
            ".json.gz",
            _replaced(3, b"{},\n"),
            ":3: is damaged: ph: found None, expected a JSON string",
            id="json key",
        ),
        pytest.param(
            ".json.gz",
            _replaced(3, b'{"ph":"X","name":"a","cat":"work","pid":99,"tid":1,"args":{}},\n'),
            ":3: is damaged: pid: found 99, expected what has been announced",
            id="json process",
        ),
        pytest.param(
            ".json.gz",
            _replaced(40, b'{"ph":"C","name":"busy","pid":1,"ts":NaN,"args":{"%":1}},\n'),
            ":40: is damaged: ts: found nan, expected a time",
            id="json time",
        ),
        pytest.param(
            ".pftrace",
            lambda data: data[:-9],
            "is truncated: the last packet stops before",
            id="pftrace cut",
        ),
        pytest.param(
            ".pftrace",
            _in_batch(lambda data: data[:-9]),
            "is truncated: the last packet stops",
            id="pftrace cut in",
        ),
        pytest.param(
            ".pftrace",
            lambda data: data[:200] + data[300:],
            "is damaged: ",
            id="pftrace hole",
        ),
        pytest.param(
            ".pftrace",
            lambda data: data + b"\x0a\xff\xff\xff\xff\x7f",
            "is damaged: a packet has 34,359,738,367 bytes",
            id="length",
        ),
        pytest.param(
            ".pftrace",
            _in_batch(lambda data: bytes(80 << 20)),
            "is damaged: a batch is not whole, or has more",
            id="bomb",
        ),
        pytest.param(
            ".pftrace",
            _in_batch(lambda data: bytes((10, 0)) * (1 << 20) + data),
            "is damaged: packet ?: a packet says nothing",
            id="a million packets",
        ),
        pytest.param(
            ".parquet",
            lambda data: data[:-9],
            "is not a trace that stallscope wrote",
            id="parquet cut",
        ),
        pytest.param(
            ".parquet",
            lambda data: data[:999] + bytes(999) + data[1998:],
            "is damaged: row ?: Arrow says",
            id="hole",
        ),
        pytest.param(
            ".vcd",
            lambda data: data[: data.rindex(b"$comment")],
            ":?: is truncated: its end is not there",
            id="vcd cut",
        ),
        pytest.param(
            ".vcd",
            lambda data: data + b"#99999999999\n",
            ":?: is damaged: the time: found ",
            id="vcd more",
        ),
        pytest.param(
            ".vcd",
            lambda data: data.replace(b"$scope module dma $end", b"$scope module dma $end " * 99, 1),
            ":?: is damaged: has more than 16 scopes in one another",
            id="vcd nesting",
        ),
        pytest.param(
            ".vcd",
            lambda data: data.replace(b"#", b"s" + b"a" * HUGE + b" #", 1),
            ":?: is damaged: is no value change: a word is longer than 262,144 bytes",
            id="vcd long word",
        ),
        pytest.param(
            ".vcd",
            lambda data: data.replace(b"$enddef", b"$upscope $end $enddef"),
            ":?: is damaged: ends a sc",
            id="vcd up",
        ),
        pytest.param(
            ".vcd",
            lambda data: data.replace(b"\n#", b"\nb1 ~~\n#", 1),
            ":?: is damaged: signal: found '~~'",
            id="vcd signal",
        ),
    ],
)
def test_what_is_damaged_is_told(
    tmp_path: Path, written: Written, suffix: str, change: Callable[[bytes], bytes], message: str
) -> None:
    needs(suffix)
    path = tmp_path / f"t{suffix}"
    path.write_bytes(change(written(suffix).read_bytes()))
    with pytest.raises(InputError) as caught:
        list(rows(path))
    said = str(caught.value).removeprefix(str(path)).removeprefix(": ")
    assert re.match(re.escape(message).replace(r"\?", r"\d+"), said), said


def test_a_bomb_of_a_table_is_not_unpacked(tmp_path: Path, written: Written) -> None:
    """A gigabyte of one line in a megabyte."""
    path = tmp_path / "t.csv.gz"
    head = next(csv.reader([gzip.decompress(written(".csv.gz").read_bytes()).decode().split("\n")[0]]))
    with gzip.open(path, "wb", 1) as stream:
        stream.write(",".join(head).encode() + b"\n")
        for _ in range(1024):
            stream.write(b"0" * (1 << 20))
    with pytest.raises(InputError, match="a line is longer than 262,144 bytes"):
        list(rows(path))
