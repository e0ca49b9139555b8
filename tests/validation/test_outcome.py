"""Comparisons as data: what no JSON can hold is null."""

from __future__ import annotations

import json
from math import inf

from sim.validation.outcome import as_data
from tests.support.cases import case


def test_what_is_infinite_is_null() -> None:
    found = as_data([case(0, 1), case(0, 0, inf, "other")], {})
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [(each["error"], each["tolerance"]) for each in found["cases"]] == [(None, 0.1), (0.0, None)]
    assert [each["worst_error"] for each in found["groups"]] == [None, 0.0]
    assert [each["verdict"] for each in found["groups"]] == ["out of tolerance", "no claim"]
