"""Who computes the points: processes of this machine, or an existing Dask cluster; both take what an executor takes.

Tasks are batches of points, of 50 ms and more, so that handing them over does not count. What a worker takes with it
when it dies is tried again by itself, and is an error if it kills that worker too; Dask does the like on its own.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, Final

from sim.files.errors import InputError, Problem
from sim.studies.evaluate import Outcome, evaluate_all
from sim.studies.points import Point

TASK_SECONDS: Final = 0.05
AHEAD: Final = 3  # tasks for each worker, so that none waits for the next
CONNECTING_SECONDS: Final = 30
Task = tuple[int, ...]
"""The numbers of the points that are computed together."""


@dataclass
class Workers:
    """An ``executor`` of so many workers; ``renew`` makes another one when its processes have died."""

    executor: Executor
    count: int
    renew: Callable[[], Executor] | None = None

    def outcomes(self, points: Sequence[Point]) -> Iterator[tuple[int, Outcome]]:
        """The outcome of each of *points* with its number, as they come."""
        waiting = deque(range(len(points)))
        alone: deque[int] = deque()  # was with a worker that died
        running: dict[Future[list[Outcome]], Task] = {}
        seconds, done = 0.0, 0
        while waiting or alone or running:
            most = 1 if alone else AHEAD * self.count
            while (alone or waiting) and len(running) < most:
                each = seconds / done if done else TASK_SECONDS
                task = (alone.popleft(),) if alone else _taken(waiting, each)
                running[self._submitted([points[number] for number in task])] = task
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    found = future.result()
                except Exception as error:  # of who does the work, not of the points
                    lost = [task, *running.values()] if isinstance(error, BrokenProcessPool) else [task]
                    yield from self._lost(lost, most == 1, alone, error)
                    if isinstance(error, BrokenProcessPool):
                        running.clear()
                        break
                    continue
                seconds += sum(outcome.seconds for outcome in found)
                done += len(found)
                yield from zip(task, found, strict=True)

    def _submitted(self, points: Sequence[Point]) -> Future[list[Outcome]]:
        """The task of *points*; one that has failed, if the processes died since the last was handed over."""
        try:
            return self.executor.submit(evaluate_all, points)
        except BrokenProcessPool as error:
            failed: Future[list[Outcome]] = Future()
            failed.set_exception(error)
            return failed

    def _lost(
        self, tasks: Sequence[Task], was_alone: bool, alone: deque[int], error: Exception
    ) -> Iterator[tuple[int, Outcome]]:
        """What becomes of the points of *tasks*, whose worker has died: they are tried alone, once."""
        numbers = [number for task in tasks for number in task]
        if was_alone:
            told = f"the worker that computed it died: {type(error).__name__}"
            yield from ((number, Outcome({}, error=told, died=True)) for number in numbers)
        else:
            alone.extend(sorted(numbers))
        if self.renew is not None and isinstance(error, BrokenProcessPool):
            self.executor = self.renew()


def _taken(waiting: deque[int], seconds: float) -> Task:
    """So many of those *waiting* as take a task's time, if each takes so many *seconds*."""
    count = max(1, round(TASK_SECONDS / max(seconds, 1e-6)))
    return tuple(waiting.popleft() for _ in range(min(count, len(waiting))))


@contextmanager
def this_process() -> Iterator[Workers]:
    """One worker within this process."""
    with ThreadPoolExecutor(1) as executor:
        yield Workers(executor, 1)


@contextmanager
def processes(count: int | None = None) -> Iterator[Workers]:
    """So many processes of this machine, one for each core unless given; one is none but this process's child."""
    number = count or os.cpu_count() or 1
    made: list[ProcessPoolExecutor] = []

    def pool() -> Executor:
        made.append(ProcessPoolExecutor(number, get_context("spawn"), initializer=_end_with_parent))
        return made[-1]

    try:
        yield Workers(pool(), number, pool)
    finally:
        for each in made:
            each.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when the one that it works for has ended, however that came, and not before: not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_wait_for, args=(parent,), daemon=True).start()


def _wait_for(parent: Any) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def cluster(address: str) -> Iterator[Workers]:
    """The workers of the Dask cluster whose scheduler is at *address*; raises InputError if there is none.

    They must have this version of stallscope, and find files by the same names.
    """
    try:
        from distributed import Client as untyped
    except ImportError:
        raise InputError(Problem("needs the extra 'cluster': pip install 'stallscope[cluster]'", "--cluster")) from None
    try:
        connect: Any = untyped
        client = connect(address, timeout=CONNECTING_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(Problem(f"no scheduler of Dask answers: {told}", f"--cluster {address}")) from None
    with client:
        check_versions(client, address)
        yield Workers(client.get_executor(), max(1, sum(client.ncores().values())))


def check_versions(client: Any, address: str) -> None:
    """Raise InputError unless every worker of *client* computes by the same sources as this process."""
    from sim.studies.identity import code

    theirs = set(client.run(code).values())
    if theirs - {code()}:
        found = ", ".join(sorted(theirs))
        raise InputError(Problem(f"its workers have stallscope {found}, expected {code()}", f"--cluster {address}"))
