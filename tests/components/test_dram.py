"""Traces for DRAM by itself: what is no trace is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import call


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "R 0 64\nX 40 64\n",
            ":2: found 'X 40 64', expected 'R|W hex-address bytes', of 1 to 67108864 bytes",
            id="direction",
        ),
        pytest.param(
            "R 0 64\n\nR zz 64\n",
            ":3: found 'R zz 64', expected 'R|W hex-address bytes', of 1 to 67108864 bytes",
            id="address",
        ),
        pytest.param("R 0\n", ":1: found 'R 0', expected 'R|W hex-address bytes', of 1 to 67108864 bytes", id="size"),
        pytest.param(
            f"R {'f' * 20} 64\n",
            f":1: found 'R {'f' * 20} 64', expected 'R|W hex-address bytes', of 1 to 67108864 bytes",
            id="more than 48 bits",
        ),
        pytest.param(
            "R 0 0\n",
            ":1: found 'R 0 0', expected 'R|W hex-address bytes', of 1 to 67108864 bytes",
            id="nothing to move",
        ),
        pytest.param(
            "R 0 67108865\n",
            ":1: found 'R 0 67108865', expected 'R|W hex-address bytes', of 1 to 67108864 bytes",
            id="more than a run can have",
        ),
        pytest.param("\n", ": has no requests, expected lines of 'R|W hex-address bytes'", id="empty"),
    ],
)
def test_malformed_traces(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.tr"
    path.write_text(text)
    assert call("dram", str(path), "--preset", "lpddr5-6400") == (2, "", f"stallscope: {path}{message}\n")
