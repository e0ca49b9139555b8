"""Lines of a gzipped text, one after the other, in bounded memory whatever the file says."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from sim.trace.read.schema import LONGEST_LINE, Damaged, Foreign, Truncated

PIECE = 1 << 20  # bytes that are unpacked together where lines do not matter


def packed_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, text with its end) of each line.

    Raises Damaged for what is no gzip or no UTF-8, and for a line that is too long; Truncated, Foreign.
    """
    with gzip.open(path, "rb") as stream:
        number = 0
        while True:
            number += 1
            data = _unpacked(stream.readline, LONGEST_LINE + 1, number)
            if not data:
                return
            if len(data) > LONGEST_LINE:
                raise Damaged(f"a line is longer than {LONGEST_LINE:,} bytes", number)
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError as error:
                raise Damaged(f"found the byte {data[error.start]:#04x}, expected UTF-8", number) from None
            yield number, text


def check_lines(path: Path, first: str) -> None:
    """Raise Unreadable if the lines do not begin with *first*, or if the file is not whole."""
    with gzip.open(path, "rb") as stream:
        data = _unpacked(stream.readline, LONGEST_LINE + 1, 1)
        if data != first.encode():
            raise Foreign
        while piece := _unpacked(stream.read, PIECE, None):
            data = piece
        if not data.endswith(b"\n"):
            raise Truncated("its last line has no end")


def _unpacked(read: Callable[[int], bytes], size: int, line: int | None) -> bytes:
    """Up to *size* bytes, which a gzipped file gives that is at this *line*."""
    try:
        return read(size)
    except EOFError:
        raise Truncated("the compressed data stops before its end", line) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        if line == 1:
            raise Foreign from None
        raise Damaged(f"cannot be decompressed: {error}", line) from None
