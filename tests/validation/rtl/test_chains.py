"""Chains of passes on live RTL of lanes."""

from __future__ import annotations

import csv

import pytest

from sim.validation.rtl import chains
from sim.validation.rtl.build import RtlError, run
from sim.validation.rtl.models import LANES
from tests.support.folders import DATA
from tests.support.rtl import needs_verilator


@needs_verilator
def test_elementwise_chains_are_exact_and_sums_wait_for_their_last_additions_only() -> None:
    cases = list(chains.cases(30))
    assert len({case.group for case in cases}) == 6
    for case in cases:
        if "sums" not in case.group:
            assert case.error == 0
            continue
        depth = int(case.group.rpartition(" ")[2])
        assert 0 <= case.reference - case.predicted <= (depth - 1) * case.name.count(" to ")
    assert any(case.error < -0.1 for case in cases)


@needs_verilator
def test_live_rtl_takes_what_the_recorded_runs_took() -> None:
    with (DATA / "rtl_simd.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    asked, expected = [], []
    for row in rows:
        passes = [part.split("x") for part in row["chain"].split(";")]
        values = " ".join(f"{vectors} {cycles} 0 0" for vectors, cycles in passes)
        for behind, kind in enumerate(("rtl", "rtl_deep")):
            asked.append(f"{row['depth']} {behind} {len(passes)} {values}")
            expected.append(f"{row[f'{kind}_taken']},{row[f'{kind}_result']},0")
    assert len(expected) == 680
    assert run(LANES, asked) == expected


def test_wrong_values_are_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "run", lambda model, lines: ["9,9,1" for _ in lines])
    with pytest.raises(RtlError, match=r"lanes: the values of .* are wrong"):
        list(chains.cases(1))


def test_chains_are_the_same_every_time() -> None:
    assert chains.chains(3, 50, True) == chains.chains(3, 50, True)
    assert 10 < sum(chain.sums for chain in chains.chains(3, 50, True)) < 50
