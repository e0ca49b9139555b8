"""The check of rows: what none of our writers writes is told, with what was found and what is expected."""

from __future__ import annotations

from typing import Any

import pytest

from sim.trace.read.schema import Damaged, RowCheck

WORK: dict[str, Any] = {
    "kind": "work", "unit": "simd", "track": "work", "name": "update", "start_cycle": 5, "end_cycle": 9
}  # fmt: skip
COUNTER = WORK | {"kind": "counter", "value": 0.5}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param({}, "kind is missing", id="empty"),
        pytest.param(
            WORK | {"kind": "nap"}, "kind: found 'nap', expected one of work, stall, flight, counter", id="kind"
        ),
        pytest.param(WORK | {"kind": "stall"}, "reason is missing", id="stall without a reason"),
        pytest.param(
            {**COUNTER, "kind": "counter"} | {"value": None}, "value: found None, expected a number", id="none"
        ),
        pytest.param(COUNTER | {"value": float("nan")}, "value: found nan, expected a number", id="not a number"),
        pytest.param(COUNTER | {"value": 10**400}, "value: found 1000", id="larger than a float"),
        pytest.param(COUNTER | {"value": "1"}, "value: found '1', expected a number", id="text for a number"),
        pytest.param(WORK | {"colour": "red"}, "found 'colour', expected a known column", id="column"),
        pytest.param(WORK | {"unit": "a\x1b[2J"}, "unit: found 'a\\x1b[2J', expected 1 to 4096 char", id="control"),
        pytest.param(
            WORK | {"name": "a\u202eb"}, "name: found 'a\\u202eb', expected 1 to 4096 char", id="bidirectional"
        ),
        pytest.param(WORK | {"name": ""}, "name: found '', expected 1 to 4096 characters", id="no name"),
        pytest.param(WORK | {"name": "x" * 4097}, "name: found 'xxx", id="long name"),
        pytest.param(
            WORK | {"name": ["x"]}, "name: found ['x'], expected 1 to 4096 characters", id="a list for a text"
        ),
        pytest.param(WORK | {"id": -1}, "id: found -1, expected a whole number from 0, of 63 bit", id="below zero"),
        pytest.param(WORK | {"id": 2**63}, "id: found 9223372036854775808, expected a whole number", id="64 bit"),
        pytest.param(WORK | {"id": True}, "id: found True, expected a whole number", id="truth for a number"),
        pytest.param(WORK | {"id": 1.0}, "id: found 1.0, expected a whole number", id="a fraction"),
        pytest.param(
            WORK | {"end_cycle": 4}, "end_cycle: found 4, expected no less than start_cycle 5", id="backwards"
        ),
        pytest.param(
            WORK | {"first_token": 2, "last_token": 1},
            "last_token: found 1, expected no less than first_token 2",
            id="tokens backwards",
        ),
    ],
)
def test_a_row_that_cannot_be(row: dict[str, Any], message: str) -> None:
    with pytest.raises(Damaged) as caught:
        RowCheck().row(row)
    assert caught.value.message.startswith(message)


def test_rows_of_a_track_do_not_overlap() -> None:
    check = RowCheck()
    check.row(WORK)
    check.row(WORK | {"track": "stalls"})
    check.row(WORK | {"start_cycle": 9, "end_cycle": 9})
    with pytest.raises(Damaged, match="begins at cycle 8, while the row before it on its track lasts until 9"):
        check.row(WORK | {"start_cycle": 8, "end_cycle": 12})


def test_steps_of_counters_do_not_overlap() -> None:
    check = RowCheck()
    check.row(COUNTER)
    check.row(COUNTER | {"name": "another"})
    check.row(WORK | {"track": COUNTER["name"]})  # a track that is called like a counter is another one
    with pytest.raises(Damaged, match="begins at cycle 5"):
        check.row(COUNTER)
