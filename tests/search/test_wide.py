"""The wide search: never worse than a few guesses, near the best that is known, the same each time."""

from __future__ import annotations

import csv

import pytest

from sim.files.errors import InputError
from sim.files.limits import TRIALS, Limits
from sim.simulation import Job, prepare, run
from tests.support.folders import DATA

QUICK, FULL = Limits(search="quick"), Limits(search="full")
SMALL = ("mamba1-d192", "mamba2-d96", "mamba2-d192", "mamba3_mimo-d48")
with (DATA / "mappings.csv").open(encoding="utf-8", newline="") as file:
    KNOWN = [row for row in csv.DictReader(file) if row["workload"] in SMALL]


def cycles(job: Job) -> int:
    return run(job, stride="tile").makespan_cycles


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["workload"])
def test_near_the_best_that_is_known(row: dict[str, str]) -> None:
    guessed, found = (prepare(row["workload"], row["machine"], [row["settings"]], each) for each in (Limits(), QUICK))
    assert cycles(found) < 1.02 * int(row["best_cycles"])
    assert 1 < found.sections[0].trials - guessed.sections[0].trials <= TRIALS["quick"], "it goes on from there"


@pytest.mark.parametrize("workload", ["mamba1-d96", "mamba2-d96", "mamba3_mimo-d96"])
@pytest.mark.parametrize("machine", ["edge", "edge_flexpe"])
@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_never_worse_than_a_few_guesses(workload: str, machine: str, phase: str) -> None:
    settings = ["layers=2", "sequence_length=128", f"phase={phase}"]
    guessed, found = (prepare(workload, machine, settings, limits) for limits in (Limits(), QUICK))
    assert cycles(found) <= 1.002 * cycles(guessed)


def test_the_same_each_time_and_more_trials_are_no_worse() -> None:
    settings = ["layers=1", "sequence_length=32"]
    first, again, more = (prepare("mamba2-d96", "edge", settings, each) for each in (QUICK, QUICK, FULL))
    assert first.sections[0].mapping == again.sections[0].mapping
    assert cycles(more) <= 1.002 * cycles(first)
    assert more.sections[0].trials > first.sections[0].trials == again.sections[0].trials


def test_wishes_are_kept() -> None:
    wishes = ["mapping.token_tile=20", "mapping.blocks=3", "mapping.lanes=1", "mapping.place.readout=simd"]
    mapping = prepare("mamba2-d96", "edge", ["layers=2", "sequence_length=60", *wishes], QUICK).sections[0].mapping
    assert (mapping.token_tile, mapping.blocks, mapping.lanes, mapping.placement["readout"]) == (20, 3, 1, "simd")


def test_a_head_is_searched_for_as_well() -> None:
    job = prepare("mamba-130m", "edge", ["layers=1", "sequence_length=32", "head=true"], QUICK)
    assert len(job.sections) == 2 and all(section.trials > 0 for section in job.sections)


def test_a_search_that_would_take_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="--time-limit 1h allows it"):
        prepare("mamba2", "edge", [], Limits(seconds=3.0, search="full"))
