"""Lines of a gzipped text, one after the other, in bounded memory whatever the file says."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from sim.trace.read.schema import LONGEST_LINE, Damaged, Foreign, Truncated


def packed_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, text with its end) of each line.

    Raises Damaged for what is no gzip or no UTF-8, and for a line that is too long; Truncated, Foreign.
    """
    with gzip.open(path, "rb") as stream:
        number = 0
        while True:
            number += 1
            try:
                data = stream.readline(LONGEST_LINE + 1)
            except EOFError:
                raise Truncated("the compressed data stops before its end", number) from None
            except (gzip.BadGzipFile, zlib.error) as error:
                if number == 1:
                    raise Foreign from None
                raise Damaged(f"cannot be decompressed: {error}", number) from None
            if not data:
                return
            if len(data) > LONGEST_LINE:
                raise Damaged(f"a line is longer than {LONGEST_LINE:,} bytes", number)
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError as error:
                raise Damaged(f"found the byte {data[error.start]:#04x}, expected UTF-8", number) from None
            yield number, text
