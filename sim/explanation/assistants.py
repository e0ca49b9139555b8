"""Experiments beside each other: processes that each have the laboratory as it was when they were asked for."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from sim.explanation.laboratory import Laboratory

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Assistants:
    """Who does experiments: processes, or whoever asks if there are none; what comes out is the same."""

    def __init__(self, laboratory: Laboratory, executor: Executor | None) -> None:
        self._laboratory, self._executor = laboratory, executor

    def each(self, experiment: Callable[[Laboratory, Asked], Answer], asked: Iterable[Asked]) -> Iterator[Answer]:
        """What *experiment* comes to for each of *asked*, in their order; processes begin with it at once."""
        if self._executor is None:
            return (experiment(self._laboratory, one) for one in asked)
        return self._executor.map(partial(_do, experiment), asked)


@contextmanager
def assistants(laboratory: Laboratory, workers: int) -> Iterator[Assistants]:
    """So many *workers* for experiments in *laboratory*."""
    if not workers:
        yield Assistants(laboratory, None)
        return
    from concurrent.futures import ProcessPoolExecutor

    known = pickle.dumps(laboratory)  # as it is now, whenever a worker begins
    with ProcessPoolExecutor(workers, initializer=_remember, initargs=(known,)) as executor:
        try:
            yield Assistants(laboratory, executor)
        finally:  # after a mistake nobody waits for the rest
            executor.shutdown(wait=False, cancel_futures=True)


_remembered: list[Laboratory] = []  # of a worker


def _remember(known: bytes) -> None:
    _remembered[:] = [pickle.loads(known)]


def _do(experiment: Callable[[Laboratory, Asked], Answer], asked: Asked) -> Answer:
    return experiment(_remembered[0], asked)
