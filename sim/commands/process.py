"""What a command owes the shell: it ends in a line or in silence, whatever becomes of its outputs, and tidies up.

A signal that asks a program to end removes the files that are not whole, ends the workers, and then ends the process
as whoever sent it expects. It does so there and then: an exception that comes out of nowhere can leave the lock of
another thread held, and the program would wait for it while it unwinds.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from sim.files.errors import in_one_line
from sim.files.outputs import remove_unfinished

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is not known everywhere
SHOW_CURSOR = b"\x1b[?25h\n"  # which a progress bar hides


def main() -> None:
    """Entry point of the program: what takes a while to import comes when signals are heeded."""

    def command() -> None:
        from sim.commands.cli import call

        call()

    raise SystemExit(behave(command))


def behave(command: Callable[[], None]) -> int:
    """Do *command*, which may raise SystemExit, and return the exit code of the process."""
    _make_streams_safe()
    _heed_signals()
    return _flushed(_code_of(command))


def _code_of(command: Callable[[], None]) -> int:
    try:
        command()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except OSError as error:
        return _failed(error)
    return 0


def _failed(error: OSError) -> int:
    """Say in a line that something could not be written; nothing where nobody reads any more."""
    if error.errno != errno.EPIPE:
        _say(in_one_line(f"stallscope: {error.filename or 'output'}: {error.strerror}"))
    return 1


def _flushed(code: int) -> int:
    """Write what is left of the output: here that can still be told, at the interpreter's end it cannot."""
    try:
        sys.stdout.flush()
    except OSError as error:
        code = code or _failed(error)
    _silence_outputs()
    return code


def _say(line: str) -> None:
    with suppress(OSError):  # if nobody can be told
        print(line, file=sys.stderr, flush=True)


def _silence_outputs() -> None:
    """What is left in buffers that cannot be written any more goes nowhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, io.UnsupportedOperation):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _make_streams_safe() -> None:
    """Standard output and error are there, be it to nowhere, and write whatever characters their encoding has."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell; what is opened next must not get its descriptor
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _heed_signals() -> None:
    for name in ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    remove_unfinished()
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        for child in active_children():
            child.kill()  # they write nothing
    if os.isatty(2):
        os.write(2, SHOW_CURSOR)
    os.kill(os.getpid(), number)
