"""Answers as a table and as JSON: whole, whatever the values are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.trace.read.answer import Answer


@pytest.mark.parametrize(
    ("sql", "value", "text"),
    [
        pytest.param("'nan'::DOUBLE", None, "nan", id="not a number"),
        pytest.param("'-inf'::FLOAT", None, "-inf", id="infinite"),
        pytest.param("['inf'::DOUBLE, 1.5]", [None, 1.5], "[null, 1.5]", id="infinite in a list"),
        pytest.param("0.25", 0.25, "0.25", id="decimal"),
        pytest.param("7::DECIMAL(10, 2)", 7, "7.00", id="whole decimal"),
        pytest.param("170141183460469231731687303715884105727", 2**127 - 1, str(2**127 - 1), id="huge"),
        pytest.param("'\\xAA\\x00'::BLOB", "aa00", "aa00", id="bytes"),
        pytest.param("{'a': [1, NULL]}", {"a": [1, None]}, '{"a": [1, null]}', id="struct"),
        pytest.param("MAP {1: 'x'}", {"1": "x"}, '{"1": "x"}', id="map"),
        pytest.param("DATE '2024-02-29'", "2024-02-29", "2024-02-29", id="date"),
        pytest.param("TIMESTAMP '2024-02-29 01:02:03'", "2024-02-29T01:02:03", "2024-02-29 01:02:03", id="timestamp"),
        pytest.param("TIMESTAMP '290000-01-01'", "290000-01-01 00:00:00", "290000-01-01 00:00:00", id="far ahead"),
        pytest.param("INTERVAL 90 MINUTE", "1:30:00", "1:30:00", id="interval"),
        pytest.param("'[red]x[/y]'", "[red]x[/y]", "[red]x[/y]", id="markup"),
        pytest.param("chr(27) || '[2J' || chr(8238)", "\x1b[2J\u202e", r"\x1b[2J\u202e", id="control and bidi"),
        pytest.param("NULL", None, "", id="nothing"),
        pytest.param("true", True, "True", id="truth"),
    ],
)
def test_a_value(sql: str, value: Any, text: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    answer = Answer(["v"], duckdb.sql(f"SELECT {sql}").fetchall())
    assert json.loads(answer.to_json(), parse_constant=pytest.fail) == [{"v": value}]
    assert [line.strip() for line in answer.to_text().splitlines()] == ["v", text, "1 row"]


def test_columns_of_one_name_are_all_there() -> None:
    assert json.loads(Answer(["a", "a", "a_1"], [(1, 2, 3)]).to_json()) == [{"a": 1, "a_1": 2, "a_1_1": 3}]


def test_a_table_is_as_wide_as_it_has_to_be() -> None:
    text = Answer(["name", "[n]"], [("x" * 300, 1), ("two\nlines", 20), ("大", None)]).to_text()
    assert text.splitlines() == [
        f"name{' ' * 298}[n]",
        f"{'x' * 300}    1",
        f"two{' ' * 300}20",
        "lines",
        "大",
        "3 rows",
    ]


def test_an_empty_answer() -> None:
    assert Answer(["a", "b"], []).to_text() == "a  b\n0 rows\n"
    assert Answer(["a"], []).to_json() == "[]\n"
