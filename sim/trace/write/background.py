"""Work that is done beside the run, one piece after the other: compressing and writing."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, Any

GZIP = 31  # what zlib calls it; no time stands in it, so that the same trace gives the same bytes
LEVEL = 2  # makes large files a tenth of their size, as fast as level 1
MOST_WAITING = 8  # so that what waits takes little memory


class Background:
    """A thread that does one thing after the other while the run goes on; what fails in it is raised here."""

    def __init__(self, worker: ThreadPoolExecutor) -> None:
        self._worker = worker
        self._waiting: deque[Future[Any]] = deque()

    def do(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call *function* with *arguments*, after what is being done; not too much may be waiting."""
        self._waiting.append(self._worker.submit(function, *arguments))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft().result()

    def finish(self) -> None:
        """Wait until all is done."""
        for doing in self._waiting:
            doing.result()


@contextmanager
def background() -> Iterator[Background]:
    """Work in the background, done when the block ends well."""
    with ThreadPoolExecutor(1) as worker:
        made = Background(worker)
        yield made
        made.finish()


class Gzip:
    """Writes bytes to *stream*, compressed in the background."""

    def __init__(self, stream: IO[bytes], beside: Background) -> None:
        self._stream = stream
        self._beside = beside
        self._compress = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)

    def write(self, data: bytes | bytearray) -> None:
        """Write *data*, which must not change any more."""
        self._beside.do(self._add, data)

    def _add(self, data: bytes | bytearray) -> None:
        self._stream.write(self._compress.compress(data))

    def close(self) -> None:
        """Write what is left."""
        self._beside.do(lambda: self._stream.write(self._compress.flush()))
