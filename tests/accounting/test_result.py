"""A result as scripts see it: JSON there and back, shares of the makespan, and nothing that changes."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from sim.accounting.result import Result, SectionReport


def test_json_there_and_back(leaky: Result) -> None:
    text = leaky.to_json()
    assert text.startswith('{\n  "version": "') and text.endswith("}\n") and not text.endswith("\n\n")
    assert Result.model_validate_json(text) == leaky
    assert list(json.loads(text)) == [name for name in Result.model_fields if name not in Result.absent_if_none]


def test_sections_are_said_only_where_layers_differ(leaky: Result) -> None:
    report = SectionReport(block="small", first_layer=0, layers=2, mapping=leaky.mapping)
    differing = leaky.model_copy(update={"sections": [report]})
    assert json.loads(differing.to_json())["sections"][0]["block"] == "small"
    assert Result.model_validate_json(differing.to_json()) == differing


@pytest.mark.parametrize("unit", ["mac_array", "simd", "dma"])
def test_shares_of_the_makespan_sum_to_one(leaky: Result, unit: str) -> None:
    account = leaky.units[unit]
    assert leaky.utilisation(unit) == account.busy_cycles / leaky.makespan_cycles
    stalled = sum(leaky.stall_share(unit, reason) for reason in account.stalls)
    assert leaky.utilisation(unit) + stalled == pytest.approx(1)
    assert leaky.stall_share(unit, "something that never happened") == 0


def test_a_unit_that_is_not_there_is_an_error(leaky: Result) -> None:
    with pytest.raises(KeyError, match="npu"):
        leaky.utilisation("npu")


def test_a_result_does_not_change(leaky: Result) -> None:
    with pytest.raises(ValidationError):
        leaky.makespan_cycles = 1


def test_nothing_unknown_is_read(leaky: Result) -> None:
    data = json.loads(leaky.to_json()) | {"speed": 3}
    with pytest.raises(ValidationError) as caught:
        Result.model_validate(data)
    assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [(("speed",), "extra_forbidden")]
