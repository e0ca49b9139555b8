"""A search that was ended goes on where it was, computes nothing twice, and ends with the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sim.studies.workers import Workers
from tests.support.goals import MORE, found_of, small_goal
from tests.support.sweeps import nobody


class Ended(Exception):
    """The process was ended."""


class Dying(ThreadPoolExecutor):
    """Does so many tasks, then the process is ended."""

    def __init__(self, tasks: int) -> None:
        super().__init__(1)
        self.left = tasks

    def submit(self, *arguments: Any, **keywords: Any) -> Future[Any]:
        """One task."""
        if not self.left:
            raise Ended
        self.left -= 1
        return super().submit(*arguments, **keywords)


def test_ended_after_some_runs_it_goes_on(tmp_path: Path) -> None:
    axes = {"simd.lanes": [8, 16, 32], "mac_array.rows": [8, 16, 32]}
    goal = small_goal(tmp_path, axes=axes, minimise=["energy_mj_per_token"])
    _, whole = found_of(goal, tmp_path / "whole")
    computed: list[int] = []

    @contextmanager
    def dying() -> Iterator[Workers]:
        executor = Dying(3)
        try:
            yield Workers(executor, 1)
        finally:
            computed.append(3 - executor.left)

    with pytest.raises(Ended):
        found_of(goal, tmp_path / "store", dying)
    while True:
        try:
            _, found = found_of(goal, tmp_path / "store", dying)
            break
        except Ended:
            assert len(computed) < 5
    assert sum(computed) == len(whole.made) > 3
    assert [(made.candidate.number, made.outcome.figures) for made in found.made] == [
        (made.candidate.number, made.outcome.figures) for made in whole.made
    ]
    assert found.best == whole.best


def test_what_is_known_is_not_run_again(tmp_path: Path) -> None:
    goal = small_goal(tmp_path, constraints=["tokens_per_second >= 80000"], more_is_not_slower=MORE)
    _, first = found_of(goal, tmp_path / "store")
    _, second = found_of(goal, tmp_path / "store", nobody)
    assert [made.candidate.number for made in first.made] == [made.candidate.number for made in second.made]
