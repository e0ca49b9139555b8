"""The page about speed: its sections, and how they measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import children, performance
from bench.performance import Section
from bench.speed.rows import Loop, against, given, run_loop
from hw import COMPILED
from sim.simulation import prepare

SMALL = ["layers=2", "sequence_length=64"]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The page, with two sections that tell how often they were measured."""
    target = tmp_path / "performance.md"
    times = {"A": 0, "B": 0}

    def measure(title: str) -> str:
        times[title] += 1
        return f"{title} measured {times[title]}\n\n### Details\n\nNone."

    sections = {title.lower(): Section(title, lambda title=title: measure(title)) for title in times}  # type: ignore[misc]
    monkeypatch.setattr(performance, "SECTIONS", sections)
    monkeypatch.setattr(performance, "TARGET", target)
    monkeypatch.setattr(performance, "COMPILED", True)
    return target


def test_sections_are_measured_again_by_name(page: Path) -> None:
    performance.main([])
    performance.main(["b"])
    text = page.read_text()
    assert "## A\n\nA measured 1\n\n### Details\n\nNone.\n\n## B\n\nB measured 2\n\n### Details" in text
    assert text.startswith("# Speed\n\nWritten by `python -m bench.performance`") and text.endswith("None.\n")


def test_unknown_section_is_refused(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        performance.main(["c"])
    assert "found c, expected some of a, b" in capsys.readouterr().err
    assert not page.exists()


def test_speed_of_what_is_not_compiled_is_not_measured(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(performance, "COMPILED", False)
    with pytest.raises(SystemExit, match="2"):
        performance.main([])
    assert "pip install -e ." in capsys.readouterr().err
    assert not page.exists()


@pytest.mark.parametrize("workload", ["mamba1", "mamba1_pscan", "mamba3_mimo_ssd"])
def test_given_mapping_is_the_chosen_one(workload: str) -> None:
    chosen = prepare(workload, "edge_flexpe", SMALL).sections[0]
    again = prepare(workload, "edge_flexpe", [*SMALL, *given(chosen)]).sections[0]
    assert again.mapping == chosen.mapping


def test_loops_are_measured_in_processes_of_their_own() -> None:
    cycle, tile = (run_loop("mamba3_mimo", "edge", stride, SMALL, times=1) for stride in ("cycle", "tile"))
    assert (cycle.cycles, cycle.requests, cycle.compiled) == (tile.cycles, tile.requests, COMPILED)
    assert cycle.events > cycle.requests / 4 > tile.events
    with children.uncompiled() as folder:
        plain = run_loop("mamba3_mimo", "edge", "cycle", SMALL, times=1, folder=folder)
    assert (plain.cycles, plain.events, plain.compiled) == (cycle.cycles, cycle.events, False)


def test_choice_is_timed_with_its_trial_runs() -> None:
    found, _ = children.task("choice", workload="mamba3_mimo", machine="edge")
    assert found["trials"] == prepare("mamba3_mimo", "edge").sections[0].trials
    assert 0 < found["trials_cpu_s"] < found["cpu_s"]


def test_recording_is_timed_whatever_is_recorded(tmp_path: Path) -> None:
    trace = tmp_path / "trace.json.gz"
    for record in ({}, {"critical_path": True}, {"windows": 10}, {"trace": str(trace)}):
        found, _ = children.task("recording", workload="mamba2", machine="edge", assignments=SMALL, record=record)
        assert found["cpu_s"] > 0
    assert trace.stat().st_size


def test_peak_and_time_are_those_of_the_process() -> None:
    mine = bytearray(200_000_000)  # a process that starts another counts in its peak
    small, large = (children.python("-c", f"print(len(bytearray({size})))") for size in (1, 10**8))
    assert len(mine) > 2 * small.peak_bytes
    assert large.peak_bytes - small.peak_bytes == pytest.approx(10**8, rel=0.1)
    assert (small.output, large.output) == ("1\n", "100000000\n")
    assert 0 < small.cpu_s < 10


def test_ratios_compare_with_what_is_beside_them() -> None:
    loop = Loop(
        cpu_s=2.0, bare=500_000.0, requests=3_000_000, events=1, cycles=1, contended=False, compiled=True, peak_mb=60.0
    )
    assert (loop.rate, loop.ratio) == (1_500_000.0, 3.0)
    assert against(1.5, 3.0, 550_000.0) == ["1.5", "3.00", "1.00"]  # half as fast a core has twice the time
