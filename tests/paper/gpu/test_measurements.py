"""Files of what was measured on GPUs: what is read from them, and mistakes in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.files.catalog import shipped
from sim.paper.gpu.measurements import FUSED, TORCH, read_measurements
from tests.support.command_line import call
from tests.support.gpus import card, gpu, measurements, step, three_cards, update


def write(folder: Path, text: str) -> None:
    (folder / "gpu").mkdir()
    (folder / "gpu" / "mine.json").write_text(text)


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    assert read_measurements(tmp_path) == {}
    found = read_measurements(three_cards(tmp_path))
    assert {file: each.card.fingerprint for file, each in found.items()} == {
        "gpu/h100-a.json": "a1",
        "gpu/h100-b.json": "b2",
        "gpu/other.json": "c3",
    }


def test_what_a_card_did_is_found_by_name() -> None:
    found = measurements()
    assert found.launch_seconds("plain") == 2e-6
    plain, quickest = found.update("mamba2", TORCH, "plain"), found.quickest("mamba2")
    assert plain is not None and plain.tokens_per_second == 1024 / 1.6
    assert quickest is not None and (quickest.code, quickest.launch) == (FUSED, "graph")
    assert found.curve("mamba2", "graph")[8] == pytest.approx(8 / (4e-4 + 8 * 16e-6))
    assert found.curve("mamba1", "graph") == {} and found.update("mamba1", "mamba-ssm", "plain") is None


def test_of_several_codes_the_quickest_is_the_curve() -> None:
    slow = step("mamba2", 4, "graph", 3.0) | {"code": TORCH}
    found = measurements(decode=[slow, step("mamba2", 4, "graph", 1.0), step("mamba2", 2, "graph", 1.0)])
    assert list(found.curve("mamba2", "graph")) == [2, 4]
    assert found.curve("mamba2", "graph")[4] == pytest.approx(4 / (4e-4 + 4 * 16e-6))


@pytest.mark.parametrize(
    ("name", "machine"),
    [("NVIDIA H100 80GB HBM3", "h100"), ("NVIDIA H200", "h200"), ("NVIDIA A100-SXM4-80GB", None), ("", None)],
)
def test_a_card_is_the_machine_that_is_shipped(name: str, machine: str | None) -> None:
    assert measurements(card=card(name, "")).machine == (machine if machine in shipped("machine") else None)


@pytest.mark.parametrize("product", ["table1", "figure1", "claims", "gpu"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"date": 3}, "gpu/mine.json:4: date: found 3, expected a valid string", id="type"),
        pytest.param(
            {"state_updates": [update("mamba9", TORCH, "plain", 1.0)]},
            "state_updates.0.row: unknown workload, found 'mamba9'; did you mean 'mamba",
            id="row",
        ),
        pytest.param(
            {"decode": [step("mamba2", 1, "graph", 1.0) | {"workload": "x"}]},
            "decode.0.workload: unknown workload, found 'x'",
            id="workload",
        ),
        pytest.param(
            {"launches": [{"launch": "graph", "seconds": 0}]},
            "launches.0.seconds: found 0, expected greater than 0",
            id="zero",
        ),
        pytest.param(
            {"launches": [{"launch": "slow", "seconds": 1.0}]}, "found 'slow', expected 'plain' or 'graph'", id="launch"
        ),
        pytest.param({"launches": [{"launch": "graph"}]}, "launches.0.seconds: is missing", id="missing"),
        pytest.param({"cost": 1}, "cost: unknown key, expected one of command, stallscope", id="key"),
    ],
)
def test_a_broken_file_is_one_line(product: str, change: dict[str, Any], message: str, tmp_path: Path) -> None:
    write(tmp_path, json.dumps(gpu() | change, indent=2))
    code, _, error = call("reproduce", product, "-o", str(tmp_path))
    assert (code, error.count("\n")) == (2, 1)
    assert message in error
    assert [path.name for path in tmp_path.iterdir()] == ["gpu"]


@pytest.mark.parametrize("text", [json.dumps(gpu())[:400], "", "[]", "\0"], ids=["cut off", "empty", "list", "binary"])
def test_a_file_that_is_none_is_one_line(text: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    code, _, error = call("reproduce", "gpu", "-o", str(tmp_path))
    assert (code, error.count("\n")) == (2, 1)


def test_mistakes_of_all_files_are_told(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(gpu() | {"date": 3}))
    (tmp_path / "gpu" / "other.json").write_text("{")
    code, _, error = call("reproduce", "gpu", "-o", str(tmp_path))
    assert code == 2 and "mine.json" in error and "other.json" in error and error.count("\n") == 2
