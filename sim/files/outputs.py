"""Where outputs go: plain files appear whole or not at all, devices and pipes are written to.

A plain file is written without a name, or under one of its own beside its place where the system has no such files,
and renamed when it is whole, which keeps the mode that the place had; of a symbolic link the file that it points to is
replaced, never the link. What is no plain file is never replaced, bytes are sent to it: a
device, a pipe, a descriptor of the process such as ``/dev/stdout`` or ``/dev/fd/3``, or ``-`` for standard output.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sim.files.errors import InputError, Problem

STDOUT = 1
_DESCRIPTORS = {"/dev/stdin": 0, "/dev/stdout": STDOUT, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"(?:/dev/fd|/proc/self/fd|/proc/thread-self/fd)/(\d+)")
_OPEN_FILES = "/proc/self/fd"
_NAME_BYTES = 100  # of a file's name in the name of its temporary one: together they must not be too long
_STREAMED = (stat.S_ISCHR, stat.S_ISFIFO)
_unfinished: dict[str, int] = {}  # temporary files and folders, with the process that has made them


def check_writable(path: Path) -> None:
    """Raise InputError now, before a long run, if *path* cannot be written."""
    try:
        fault = _fault(path)
    except OSError as error:
        fault = f"cannot be written: {error.strerror}"
    except ValueError as error:  # a name with a NUL
        fault = f"cannot be written: {error}"
    if fault:
        raise InputError(Problem(fault, str(path)))


def _fault(path: Path) -> str:
    """What keeps *path* from being written; nothing if it can be. Raises OSError as well, and ValueError."""
    found, folder = _stat(path), Path(os.path.realpath(path)).parent
    if found is None and not folder.is_dir():
        return f"the folder {str(path.parent)!r} does not exist"
    if found is not None and stat.S_ISDIR(found.st_mode):
        return "is a folder, expected a file to write"
    if _is_streamed(path, found):
        may = _descriptor(path) is not None or os.access(path, os.W_OK)
    elif found is None or stat.S_ISREG(found.st_mode):
        may = os.access(folder, os.W_OK)
    else:
        return "is neither a file nor something to stream to"
    return "" if may else "cannot be written"


def check_apart(outputs: Sequence[Path], inputs: Sequence[Path] = ()) -> None:
    """Raise InputError if two *outputs* would go to one place, or one would overwrite one of *inputs*.

    Nothing gets in each other's way in the null device, so it may be named more than once.
    """
    nowhere = _identity(Path(os.devnull))
    read = {_identity(path): path for path in inputs}
    taken: set[object] = set()
    for path in outputs:
        identity = _identity(path)
        if identity in read:
            raise InputError(Problem(f"is read as well (as {str(read[identity])!r}), expected another file", str(path)))
        if identity in taken and identity != nowhere:
            raise InputError(Problem("is named for two outputs, expected a file for each", str(path)))
        taken.add(identity)


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A binary stream whose bytes *path* has when the block ends well; if it does not, a plain file stays as it was."""
    if _descriptor(path) == STDOUT and sys.stdout is not None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    if _is_streamed(path, _stat(path)):
        descriptor = _descriptor(path)
        with open(path if descriptor is None else os.dup(descriptor), "wb") as stream:
            yield stream
        return
    place = Path(os.path.realpath(path))
    found = _stat(place)
    name = str(place.parent / f".{_shortened(place.name)}.{os.urandom(4).hex()}")
    _unfinished[name] = os.getpid()  # before there is such a file: a signal can come in between
    try:
        with open(_opened(name), "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), _default_mode() if found is None else stat.S_IMODE(found.st_mode))
            if not os.fstat(stream.fileno()).st_nlink:
                os.link(f"{_OPEN_FILES}/{stream.fileno()}", name, src_dir_fd=stream.fileno())  # which follows the link
        os.replace(name, place)
    finally:
        _remove(name)


def _opened(name: str) -> int:
    """A new file in the folder of *name*, without a name where the system has such: who is killed leaves nothing."""
    if hasattr(os, "O_TMPFILE") and os.path.isdir(_OPEN_FILES):
        with suppress(OSError):  # not every file system
            return os.open(os.path.dirname(name), os.O_TMPFILE | os.O_WRONLY, 0o600)
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def remove_unfinished() -> None:
    """Remove the files that are not whole, when the process is about to end."""
    for name, process in list(_unfinished.items()):
        if process == os.getpid():
            _remove(name)


def _remove(name: str) -> None:
    if os.path.isdir(name):
        from shutil import rmtree

        rmtree(name, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):  # it has been renamed, or there has not been any yet
            os.unlink(name)
    _unfinished.pop(name, None)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for the time of the block."""
    from tempfile import mkdtemp

    name = mkdtemp()
    _unfinished[name] = os.getpid()
    try:
        yield Path(name)
    finally:
        _remove(name)


def is_standard_output(path: Path | str | None) -> bool:
    """Whether *path* is where a command prints."""
    return path is not None and _descriptor(Path(path)) == STDOUT


def write_text(path: Path, text: str) -> None:
    """Write *text* as UTF-8."""
    with writing(path) as stream:
        stream.write(text.encode())


def _stat(path: Path) -> os.stat_result | None:
    """What *path* leads to; None if there is nothing."""
    descriptor = _descriptor(path)
    try:
        return os.stat(path) if descriptor is None else os.fstat(descriptor)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _descriptor(path: Path) -> int | None:
    """The number of the descriptor that *path* means, if it means one."""
    if str(path) == "-":
        return STDOUT
    text = os.path.abspath(path)
    found = _DESCRIPTOR.fullmatch(text)
    return int(found[1]) if found else _DESCRIPTORS.get(text)


def _is_streamed(path: Path, found: os.stat_result | None) -> bool:
    return _descriptor(path) is not None or (found is not None and any(kind(found.st_mode) for kind in _STREAMED))


def _identity(path: Path) -> object:
    """The same for all names of one file: device and inode, or, where there is none yet, where the name leads."""
    found = _stat(path)
    return os.path.realpath(path) if found is None else (found.st_dev, found.st_ino)


def _shortened(name: str) -> str:
    """The beginning of *name*, in so few bytes that something can be added to it."""
    return os.fsdecode(os.fsencode(name)[:_NAME_BYTES])


def _default_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
