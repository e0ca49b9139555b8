"""Work on many cases, each of which must end in bounded time and memory, whatever is in it.

The cases run one after the other in a process of their own, which a timer and a limit on its memory end; the next one
goes on where it was. So an endless loop, an endless list and a crash are failures of one case like any other.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

Case = TypeVar("Case")

SECONDS = 20.0
MEMORY = 1 << 30  # bytes beyond those that the process has when a case begins


def failures(
    work: Callable[[Case], None], cases: Sequence[Case], seconds: float = SECONDS, memory: int = MEMORY
) -> list[str]:
    """Do *work* on each of *cases*; what went wrong with which: what it raised, or what ended it."""
    found: list[str] = []
    begin = 0
    while begin < len(cases):
        done, faults, status = _some(work, cases[begin:], seconds, memory)
        found += [f"{cases[begin + number]}: {fault}" for number, fault in faults]
        begin += done
        if begin < len(cases):
            ended_by = os.waitstatus_to_exitcode(status)
            took = (
                f"took longer than {seconds:g} s" if ended_by == -signal.SIGALRM else f"ended the process: {ended_by}"
            )
            found.append(f"{cases[begin]}: {took}")
            begin += 1
    return found


def _some(
    work: Callable[[Case], None], cases: Sequence[Case], seconds: float, memory: int
) -> tuple[int, list[tuple[int, str]], int]:
    """How many of *cases* a process did until it ended, what went wrong in them, and how it ended."""
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reading)
            with open(writing, "wb") as told:
                _do(work, cases, seconds, memory, told)
        finally:
            os._exit(0)
    os.close(writing)
    done, faults = 0, []
    with open(reading, "rb") as heard:
        while True:
            try:
                fault = pickle.load(heard)
            except (EOFError, pickle.UnpicklingError):
                break
            if fault:
                faults.append((done, fault))
            done += 1
    return done, faults, os.waitpid(process, 0)[1]


def _do(work: Callable[[Case], None], cases: Sequence[Case], seconds: float, memory: int, told: object) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # which ends the process, wherever it is
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    for case in cases:
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + memory, most))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        fault = ""
        try:
            work(case)
        except BaseException:
            fault = traceback.format_exc()
        signal.setitimer(signal.ITIMER_REAL, 0)
        pickle.dump(fault, told)  # type: ignore[arg-type]
        told.flush()  # type: ignore[attr-defined]


def _address_space() -> int:
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[0]) * resource.getpagesize()
