"""The page, from what was measured once (tests/data/peers.json)."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from bench.peers.measuring import AGAIN
from bench.peers.page import page, steps
from tests.support.folders import ROOT


@pytest.fixture
def found() -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "peers.json").read_text(encoding="utf-8"))
    return recorded


def test_cycles_stand_beside_cycles_and_ratios_are_theirs(found: dict[str, Any]) -> None:
    (block,) = found["blocks"]
    text = page(found)
    assert text.startswith("# Beside Stream and SCALE-Sim\n\nWritten by `python -m bench.peers`, stallscope ")
    assert "stream-dse 2.1.1" in text and "scalesim 3.0.0" in text
    theirs, ours = block["stream"]["as exported"]["cycles"], block["ours"]["dB on the lanes"]["cycles"]
    bound = (256 * 1536 * 16 * 8 + 2 * 256 * 1536) // 32  # eight cycles an element of the state, two a channel
    row = f"| {theirs:,.0f} | {ours:,} | {theirs / bound:.4f} | {ours / bound:.4f} | {theirs / ours:.4f} |"
    assert f"| L 256, d_inner 1,536, N 16 | the lanes | {bound:,} | 6,144 |" in text
    assert row in text
    own = block["ours"]["as chosen"]["cycles"]
    assert f"Left to themselves Stream takes {theirs / own:.3f} times as many: it does dB" in text
    assert "Stream failed on none." in text


def test_the_steps_lead_from_our_cycles_to_streams(found: dict[str, Any]) -> None:
    (block,) = found["blocks"]
    by_reason = steps(block)
    assert by_reason is not None
    own, theirs = block["ours"]["as chosen"]["cycles"], block["stream"]["as exported"]["cycles"]
    assert own + sum(by_reason.values()) == theirs
    lanes = [each for each in block["stream"]["as exported"]["nodes"] if each["core"] == 1]
    tiles = block["stream"]["as exported"]["iterations"]
    assert by_reason["stalls within Stream's tiles"] == tiles * sum(each["cycles"] - each["ideal"] for each in lanes)
    assert by_reason["left"] < 0.001 * theirs


def test_a_run_that_failed_is_said(found: dict[str, Any]) -> None:
    failed = deepcopy(found)
    failed["blocks"][0]["stream"]["one port of the SRAM"] = {"error": "RuntimeError: infeasible"}
    text = page(failed)
    assert "Stream failed on 1 run: one port of the SRAM (L 256, d_inner 1,536, N 16)." in text
    assert "| failed: RuntimeError: infeasible |" in text
    failed["blocks"][0]["stream"]["as exported"] = {"error": "RuntimeError: infeasible"}
    del failed["blocks"][0]["stream"][AGAIN]
    assert steps(failed["blocks"][0]) is None
    assert "Stream failed on 2 runs" in page(failed)


def test_the_spread_of_repeated_runs_is_shown(found: dict[str, Any]) -> None:
    found["blocks"][0]["stream"]["as exported"]["times"] = [1_600_000.0, 1_597_664.0, 1_599_000.0]
    assert "| 1,597,664 to 1,600,000 |" in page(found)


def test_products_by_themselves(found: dict[str, Any]) -> None:
    text = page(found | {"blocks": []})
    assert "Stream" not in text.partition("## Products")[2]
    assert "equal in 3 of 3" in text
    assert "| 128 x 128 x 64 | os | 2,015 | 2,015 |" in text
    found["products"][0]["serial"]["cycles"] += 1
    assert "equal in 2 of 3" in page(found)
