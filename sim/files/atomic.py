"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sim.files.errors import InputError, Problem


def check_writable(path: Path) -> None:
    """Raise InputError now, before a long run, if *path* cannot be written."""
    folder = path.parent
    if not folder.is_dir():
        raise InputError(Problem(f"the folder {str(folder)!r} does not exist", str(path)))
    if path.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(Problem("cannot be written", str(path)))


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file beside *path* that takes its place when the block ends well, and is removed when it does not."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_atomically(path: Path, text: str) -> None:
    """Write *text* as UTF-8."""
    with replacing(path) as stream:
        stream.write(text.encode())
