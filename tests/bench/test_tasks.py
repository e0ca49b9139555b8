"""Work that is timed in a process of its own."""

from __future__ import annotations

from pathlib import Path

from bench import children
from sim.files.limits import Limits
from sim.simulation import prepare
from tests.support.searches import real_searches

__all__ = ["real_searches"]

SMALL = ["layers=2", "sequence_length=64"]


def test_choice_is_timed_with_its_trial_runs() -> None:
    found, _ = children.task("choice", workload="mamba3_mimo", machine="edge")
    quick = prepare("mamba3_mimo", "edge", limits=Limits(search="quick"))
    assert found["trials"] == quick.sections[0].choice.trials
    assert 0 < found["trials_cpu_s"] < found["cpu_s"]


def test_a_search_is_timed_and_says_what_it_bought() -> None:
    found, _ = children.task("search", workload="mamba2-d96", machine="edge", search="short")
    job = prepare("mamba2-d96", "edge", limits=Limits(search="short"))
    assert found["trials"] == job.sections[0].choice.trials and found["cpu_s"] > 0
    assert 0 <= found["above"] < 0.2


def test_recording_is_timed_whatever_is_recorded(tmp_path: Path) -> None:
    trace = tmp_path / "trace.json.gz"
    for record in ({}, {"critical_path": True}, {"windows": 10}, {"trace": str(trace)}):
        found, _ = children.task("recording", workload="mamba2", machine="edge", assignments=SMALL, record=record)
        assert found["cpu_s"] > 0
    assert trace.stat().st_size
