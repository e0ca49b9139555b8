"""Experiments with a schedule as it is."""

from __future__ import annotations

import pytest

from sim.explanation.assistants import assistants
from sim.explanation.experiments import Change, related
from sim.explanation.explain import _most_workers
from sim.explanation.laboratory import Laboratory
from sim.files.errors import InputError, Problem
from sim.files.limits import LIMITS
from tests.support.explanations import laboratory


def test_a_schedule_that_does_not_fit_a_machine_is_no_run() -> None:
    assert laboratory("prefill").same_schedule(("sram.capacity=64KiB",)) is None


def test_changes_of_the_same_keys_are_related() -> None:
    lanes, more, channels = Change("2x", ("a=2",)), Change("4x", ("a=4",)), Change("channels", ("b=2",))
    shape, both = Change("shape", ("c=1", "d=1")), Change("both", ("d=2", "b=3"))
    assert related([lanes, channels, more]) == [[channels], [lanes, more]]
    assert related([lanes, channels, shape, both]) == [[lanes], [channels, shape, both]]
    assert related([]) == []


def refused(_: Laboratory, number: int) -> int:
    if number:
        raise InputError(Problem("too much", "machine.yaml", 3, "simd.lanes"))
    return number


@pytest.mark.parametrize("workers", [0, 2])
def test_a_mistake_in_an_experiment_is_its_user_s(workers: int) -> None:
    with (
        pytest.raises(InputError, match=r"machine\.yaml:3: simd\.lanes: too much"),
        assistants(laboratory("prefill"), workers) as others,
    ):
        list(others.each(refused, range(50)))


def test_no_more_workers_than_tasks_nor_than_there_is_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = laboratory("prefill")
    assert _most_workers(found, 5) == 5
    monkeypatch.setattr(found, "limits", LIMITS._replace(memory_bytes=3 * found.work.memory_bytes))
    assert _most_workers(found, 5) == 2
    monkeypatch.setattr(found, "limits", LIMITS._replace(memory_bytes=found.work.memory_bytes))
    assert _most_workers(found, 5) == 0
