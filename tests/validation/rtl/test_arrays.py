"""Products on live RTL of an array, and that its harness notices what is wrong."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from sim.validation.rtl import arrays
from sim.validation.rtl.build import RtlError, run
from sim.validation.rtl.models import array
from tests.support.rtl import needs_verilator


@needs_verilator
def test_products_take_what_the_closed_forms_say_in_all_rows_and_in_fewer() -> None:
    cases = list(arrays.cases(8, 40))
    assert {case.group for case in cases} == {"array, 8 x 8", "array, 8 x 8, fewer rows"}
    assert len(cases) > 80
    assert [case for case in cases if case.error] == []


@needs_verilator
def test_live_rtl_takes_what_the_recorded_runs_took() -> None:
    text = files("sim.validation").joinpath("data", "rtl_os_array.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(x for x in text.splitlines() if x[0] != "#") if row["array"] == "8x8"]
    answers = run(array(8, 8), (f"{row['M']} {row['N']} {row['K']} 8 0" for row in rows))
    assert answers == [f"{row['rtl_taken']},{row['rtl_result']},{row['cold']},0,0" for row in rows]


@needs_verilator
def test_folds_that_follow_too_soon_clash_and_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a period of seven instead of eight cycles results overwrite each other."""
    clash, wrong = map(int, run(array(8, 8), ["16 16 3 8 7"])[0].split(",")[3:])
    assert clash == 1
    assert wrong > 100
    monkeypatch.setattr(arrays, "run", lambda model, lines: ["16,40,50,1,9" for _ in lines])
    with pytest.raises(RtlError, match="9 results are wrong, 1 clash"):
        list(arrays.cases(8, 1))


def test_shapes_are_the_same_every_time_and_of_many_kinds() -> None:
    shapes = arrays.shapes(8, 260)
    assert shapes == arrays.shapes(8, 260)
    assert len(set(shapes)) == 260
    assert min(gemm.k for gemm in shapes) == 1
    assert max(gemm.k for gemm in shapes) > 200
    assert sum(gemm.m % 8 == 0 for gemm in shapes) < 130
