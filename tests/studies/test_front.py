"""Fronts and their knees, beside the definition."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from sim.files.errors import InputError
from sim.studies.front import front, knee, read_rows, wishes


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_what_nothing_betters(seed: int) -> None:
    random = Random(seed)
    rows = [{"s": random.randint(0, 9), "mJ": random.randint(0, 9), "rate": random.randint(0, 9)} for _ in range(60)]
    found = front(rows, ["s", "mJ"], ["rate"])

    def better(one: dict[str, int], other: dict[str, int]) -> bool:
        return one["s"] <= other["s"] and one["mJ"] <= other["mJ"] and one["rate"] >= other["rate"] and one != other

    expected = [row for row in rows if not any(better(other, row) for other in rows)]
    assert {tuple(row.values()) for row in found.rows} == {tuple(row.values()) for row in expected}
    assert len(found.rows) + len(found.others) == len(rows)


def test_the_knee_is_where_it_was_planted() -> None:
    bend = [(x, 100.0 - 9.0 * x) for x in range(11)] + [(10.0 + x, 10.0 - x / 9.0) for x in range(1, 91)]
    assert knee(bend) == 10
    assert knee([(float(x), 10.0 - x) for x in range(11)]) is None  # a line has none
    assert knee([(0.0, 0.0, 1.0), (0.1, 0.1, 0.1), (1.0, 1.0, 0.0)]) == 1
    assert knee([]) is None


def test_rows_that_lack_a_figure_are_none_of_it() -> None:
    found = front([{"s": 1, "mJ": 2}, {"s": 0, "mJ": ""}], ["s", "mJ"], [])
    assert found.rows == [{"s": 1, "mJ": 2}] and found.others == []


def test_a_figure_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no row has a number that is called 'mj'"):
        front([{"s": 1, "mJ": 2}], ["s", "mj"], [])


def test_tables_are_read_without_what_failed(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("lanes,name,s,meets,error\n8,a,1.5,true,\n16,b,1,false,\n32,c,,,does not fit\n")
    assert read_rows(path) == [{"lanes": 8, "name": "a", "s": 1.5, "meets": True, "error": ""}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file; sweep and search write it"),
        ("a,b\n1,2\n", "is no table of a sweep or a search"),
        ("a,error\n1,fails\n", "has no row without an error"),
        ("a,error\n1\n", "is no table in CSV"),
    ],
)
def test_what_is_no_table(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_rows(path)


def test_wishes_of_an_answer(tmp_path: Path) -> None:
    assert wishes(tmp_path) == ([], [])
    (tmp_path / "answer.json").write_text('{"minimise": ["area_mm2"], "maximise": ["rate"]}')
    assert wishes(tmp_path) == (["area_mm2"], ["rate"])
