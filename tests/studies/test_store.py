"""Where outcomes are kept."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.studies.evaluate import Outcome
from sim.studies.points import Point
from sim.studies.store import opened

POINT = Point("mamba2", "edge", ("simd.lanes=48",), "stream-like")
DONE = Outcome({"seconds": 0.1 + 0.2, "busiest_unit": "simd", "area_mm2": None}, b"packed", "", "{}", 1.5)
WRONG = Outcome({}, error="no")


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with opened(path) as store:
        assert store.known(["a"]) == {}
        store.add([("a", POINT, DONE), ("b", POINT, WRONG)])
    with opened(path) as store:
        assert store.known([f"{number}" for number in range(2000)] + ["a", "b"]) == {"a": DONE, "b": WRONG}


def test_what_is_there_stays(tmp_path: Path) -> None:
    with opened(tmp_path / "store.sqlite") as store:
        store.add([("a", POINT, DONE)])
        store.add([("a", POINT, WRONG)])
        assert store.known(["a"]) == {"a": DONE}


def test_two_may_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with opened(path) as one, opened(path) as other:
        one.add([("a", POINT, DONE)])
        other.add([("b", POINT, DONE)])
        assert set(one.known(["a", "b"])) == set(other.known(["a", "b"])) == {"a", "b"}


def test_anybody_can_ask_it(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with opened(path) as store:
        store.add([("a", POINT, DONE)])
    question = "select workload, settings, json_extract(figures, '$.seconds') from runs"
    ((workload, settings, seconds),) = sqlite3.connect(path).execute(question)
    assert (workload, json.loads(settings), seconds) == (
        "mamba2", ["--mapping stream-like", "simd.lanes=48"], 0.1 + 0.2,
    )  # fmt: skip


def test_what_is_no_store_is_not_touched(tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other"
    text.write_text("name: precious, and long enough to be the header of a file of SQLite, which has 100 bytes" * 2)
    connection = sqlite3.connect(other)
    connection.execute("create table mine (a)")
    connection.commit()
    connection.close()
    for path, message in (
        (text, "cannot be used as a store"),
        (other, "expected a store of layout 1"),
        (tmp_path, "cannot be used"),
    ):
        with pytest.raises(InputError, match=message), opened(path):
            pass
    assert text.read_text().startswith("name: precious")
    assert sqlite3.connect(other).execute("select name from sqlite_master").fetchall() == [("mine",)]
