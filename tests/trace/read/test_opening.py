"""Where the UI is sent to: commands that it knows, and a few steps of the recurrence."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from sim.trace.read.opening import looked_at, opening_of, steps


def _work(name: str, start: int, **more: Any) -> dict[str, Any]:
    return {"kind": "work", "unit": "simd", "name": name, "start_cycle": start, "end_cycle": start + 5} | more


def _token(number: int) -> dict[str, int]:
    return {"first_token": number, "last_token": number}


TILE = {"first_token": 0, "last_token": 31}


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([_work("norm", 7)], None, id="no two of a kind"),
        pytest.param([_work("update", 10 * n, **_token(n)) for n in range(9)], (30, 50), id="the middle"),
        pytest.param([_work("update", 10 * n, **_token(n)) for n in range(2)], (0, 10), id="one step"),
        pytest.param(
            [_work("proj", n, **TILE) for n in range(9)] + [_work("update", 90 + n, **_token(n)) for n in range(3)],
            (90, 92),
            id="a token at a time before a tile at a time",
        ),
        pytest.param([_work("proj", n, **TILE) for n in range(3)], (0, 2), id="tiles where there is nothing else"),
        pytest.param([_work("load", n) | {"unit": "dma"} for n in range(9)], None, id="no compute unit"),
        pytest.param([_work("update", n) | {"kind": "stall"} for n in range(9)], None, id="no work"),
    ],
)
def test_steps(rows: list[dict[str, Any]], shown: tuple[int, int] | None) -> None:
    assert steps(looked_at(rows)[0]) == shown


def test_the_address() -> None:
    opening = opening_of([_work("update", 10 * n, **_token(n)) for n in range(3)], 250_000_000)
    said = parse_qs(opening.removeprefix("#!/?"))
    assert (said["visStart"], said["visEnd"]) == (["0"], ["80"])
    commands = json.loads(said["startupCommands"][0])
    assert [each["args"][0] for each in commands] == [
        "stallscope", r"^mac_array \d+$", r"^simd \d+$", r"^dma \d+$", r"^sram \d+$", r"^dram \d+$",
        r"^dram\.channel\d+ \d+$", "stallscope", r"^(mac_array|simd|sram|dram) \d+$",
    ]  # fmt: skip


def test_units_of_other_names_come_behind_the_usual_ones() -> None:
    rows = [_work("update", 10 * n) | {"unit": unit} for n, unit in enumerate(("sfu", "simd", "lanes_2"))]
    assert looked_at(rows)[1] == ("mac_array", "simd", "sfu", "lanes_2")


def test_a_trace_without_steps_is_shown_whole() -> None:
    assert "visStart" not in opening_of([], 250_000_000)
