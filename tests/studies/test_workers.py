"""Who computes points: processes that may die, and a cluster of Dask's."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sim.files.errors import InputError
from sim.studies import workers
from sim.studies.evaluate import Outcome, evaluate
from sim.studies.points import Point
from sim.studies.workers import Workers, check_versions, cluster, processes
from tests.support.sweeps import small_point

POINTS = [small_point(f"simd.lanes={lanes}") for lanes in (8, 16, 0, 32, 64)]


def told(outcome: Outcome) -> tuple[dict[str, Any], bytes, str]:
    """All that is the same whoever computed it."""
    return outcome.figures, outcome.packed, outcome.error


@pytest.fixture(scope="module")
def serial() -> list[tuple[dict[str, Any], bytes, str]]:
    """What the points come to one after the other, in this process."""
    return [told(evaluate(point)) for point in POINTS]


def test_processes_find_the_same(serial: list[Any]) -> None:
    with processes(2) as two:
        found = {number: told(outcome) for number, outcome in two.outcomes(POINTS)}
    assert [found[number] for number in range(len(POINTS))] == serial
    assert serial[2][2] == "--set simd.lanes=0: simd.lanes: found 0, expected 1 at least"


class Fragile(Executor):
    """Dies, with all that it has been given, when it is given a point of *deadly* lanes."""

    def __init__(self, deadly: Sequence[int]) -> None:
        self.deadly, self.given, self.dead = {f"simd.lanes={lanes}" for lanes in deadly}, list[int](), False
        self._pending: list[Future[list[Outcome]]] = []

    def submit(self, function: Any, /, points: Sequence[Point], *_: Any, **__: Any) -> Future[list[Outcome]]:
        """One is computed when the next is given, so that two are lost together."""
        self.given.append(len(points))
        future: Future[list[Outcome]] = Future()
        if self.dead or any(point.assignments[-1] in self.deadly for point in points):
            self.dead = True
            future.set_exception(BrokenProcessPool("gone"))
        else:
            future.set_result([Outcome({"lanes": point.assignments[-1]}, seconds=0.5) for point in points])
        return future


def test_what_dies_with_a_worker_is_tried_alone_and_then_given_up() -> None:
    made: list[Fragile] = []

    def renew() -> Executor:
        made.append(Fragile([16, 64]))
        return made[-1]

    found = dict(Workers(renew(), 2, renew).outcomes(POINTS))
    assert sorted(found) == list(range(len(POINTS)))
    dead = [number for number, outcome in found.items() if outcome.error]
    assert sorted(dead) == [1, 4] and all(found[number].died for number in dead)
    assert found[1].error == "the worker that computed it died: BrokenProcessPool"
    assert len(made) == 1 + 1 + 2  # the one that took several with it, then each of the two by itself


def test_processes_that_died_before_the_next_task_are_replaced() -> None:
    class Dead(Executor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise BrokenProcessPool("gone")

    made: list[Executor] = []

    def renew() -> Executor:
        made.append(Fragile([]))
        return made[-1]

    found = dict(Workers(Dead(), 2, renew).outcomes(POINTS))
    assert sorted(found) == list(range(len(POINTS))) and not any(outcome.error for outcome in found.values())
    assert len(made) == 1


def test_quick_points_go_together() -> None:
    sizes: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, function: Any, /, points: Any) -> Any:  # type: ignore[override]
            sizes.append(len(points))
            return super().submit(lambda: [Outcome({}, seconds=0.001) for _ in points])

    with Counting(1) as executor:
        found = list(Workers(executor, 1).outcomes([POINTS[0]] * 200))
    assert sorted(number for number, _ in found) == list(range(200))
    assert sizes[0] == 1 and max(sizes) == 50


def test_a_process_ends_with_who_asked_for_it(tmp_path: Path) -> None:
    parent = os.fork()
    if not parent:
        with processes(1) as one:
            pid = one.executor.submit(os.getpid).result()
            (tmp_path / "pid").write_text(str(pid))
            time.sleep(60)
        os._exit(0)
    try:
        child = _awaited(tmp_path / "pid")
    finally:
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
    left = 100  # tenths of a second
    while _alive(child) and left:
        time.sleep(0.1)
        left -= 1
    assert not _alive(child)


def _awaited(path: Path) -> int:
    for _ in range(600):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.1)
    raise AssertionError("no worker has begun")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def dask() -> Iterator[Any]:
    """A scheduler and two workers, processes of their own, on the loopback."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as running:
        yield running


def test_a_cluster_of_which_a_worker_is_killed_finds_the_same(dask: Any, serial: list[Any]) -> None:
    many = POINTS * 4
    with cluster(dask.scheduler_address) as two:
        assert two.count == 2
        pids = list(two.executor._client.run(os.getpid).values())  # type: ignore[attr-defined]
        found: dict[int, Any] = {}
        for number, outcome in two.outcomes(many):
            if not found:
                Thread(target=os.kill, args=(pids[0], signal.SIGKILL)).start()
            found[number] = told(outcome)
    assert [found[number] for number in range(len(many))] == serial * 4


def test_workers_of_another_version_are_refused() -> None:
    class Client:
        def run(self, function: Any) -> dict[str, str]:
            return {"tcp://a": function(), "tcp://b": "0.1.0+abc"}

    with pytest.raises(InputError, match=r"--cluster here: its workers have stallscope 0\.1\.0\+abc, .*, expected"):
        check_versions(Client(), "here")


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CONNECTING_SECONDS", 1)
    with pytest.raises(InputError, match="no scheduler of Dask answers"), cluster("tcp://127.0.0.1:9"):
        pass
