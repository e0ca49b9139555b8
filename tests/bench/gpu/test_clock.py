"""Times of work on a device."""

from __future__ import annotations

from time import sleep

import pytest

pytest.importorskip("torch")
import torch

from bench.gpu.clock import LEAST_RUNS, SUSTAINED_SECONDS, Clock

CPU = torch.device("cpu")


def test_a_time_is_that_of_one_of_several_alike() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        sleep(0.02)

    found = Clock(CPU, None).timed(work, repeats=4)
    assert 0.005 <= found.least <= found.seconds <= found.most
    assert len(calls) > LEAST_RUNS
    assert found.watts is None


def test_watts_are_joules_over_seconds_without_the_first() -> None:
    read: list[float] = []

    def joules() -> float:
        read.append(300.0 * len(read))
        return read[-1]

    found = Clock(CPU, joules).timed(lambda: sleep(0.01), watts=True)
    assert found.watts is not None
    assert found.watts == pytest.approx(300 / 1.5, rel=0.2)  # between the two readings lie 1.5 seconds
    assert len(read) == 2
    assert SUSTAINED_SECONDS == 2.5


def test_without_a_gpu_there_are_no_graphs() -> None:
    assert Clock(CPU, None).captured(lambda: None) is None
