"""The peers themselves, where they are installed: by python -m bench.peers, or in the folder STALLSCOPE_PEERS."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.peers.environment import interpreter, usual_folder
from bench.peers.measuring import measure

FOLDER = Path(os.environ.get("STALLSCOPE_PEERS") or usual_folder())


def peer(name: str) -> Path:
    """Its Python; skips the test where there is none."""
    found = interpreter(name, FOLDER)
    if found is None:
        pytest.skip(f"{name} is not installed: python -m bench.peers")
    return found


def test_scalesim_counts_as_serial_folds_do() -> None:
    found = measure({"scalesim": peer("scalesim")}, repeats=1, small=True)
    assert [each["dataflow"] for each in found["products"]] == ["os", "ws", "is"]
    for each in found["products"]:
        assert each["scalesim"]["cycles"] == each["serial"]["cycles"]


def test_stream_reads_the_machine_and_is_above_the_bound_by_hand() -> None:
    (block,) = measure({"stream": peer("stream")}, repeats=1, small=True)["blocks"]
    for name, found in block["stream"].items():
        assert "error" not in found, (name, found)
        side = "array" if name == "dB on the array" else "lanes"
        assert found["cycles"] >= max(block["bounds"][side].values())
