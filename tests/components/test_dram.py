"""Traces for DRAM by itself: what is no trace is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import call

EXPECTED = "expected 'R|W hex-address bytes'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("R 0 64\nX 40 64\n", ":2: found 'X 40 64', expected 'R|W hex-address bytes'", id="direction"),
        pytest.param("R 0 64\n\nR zz 64\n", ":3: found 'R zz 64', expected 'R|W hex-address bytes'", id="address"),
        pytest.param("R 0\n", ":1: found 'R 0', expected 'R|W hex-address bytes'", id="size"),
        pytest.param("R 0 64\x1b[2J\n", f":1: found 'R 0 64\\x1b[2J', {EXPECTED}", id="control characters"),
        pytest.param("R 0 64\u2028W 0 64\n", f":1: found 'R 0 64\\u2028W 0 64', {EXPECTED}", id="no end of a line"),
        pytest.param("\ud800", f":1: found '\\\\xed\\\\xa0\\\\x80', {EXPECTED}", id="no UTF-8"),
        pytest.param("R 0 64\n" + "R" * 5000, ":2: is longer than 4,096 bytes", id="endless line"),
        pytest.param("R ffffffffffff 2\n", ":1: ends beyond the last address of 48 bits", id="beyond the end"),
        pytest.param(
            "R 0 64\nR 0 8589934592\nR 0 64\n",
            ":2: moves more than 8,589,934,592 bytes with those before it",
            id="too much",
        ),
        pytest.param(
            f"R {'f' * 20} 64\n",
            f":1: found 'R {'f' * 20} 64', expected 'R|W hex-address bytes'",
            id="more than 48 bits",
        ),
        pytest.param("R 0 0\n", ":1: found 'R 0 0', expected 'R|W hex-address bytes'", id="nothing to move"),
        pytest.param("\n", ": has no requests, expected lines of 'R|W hex-address bytes'", id="empty"),
    ],
)
def test_malformed_traces(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.tr"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert call("dram", str(path), "--preset", "lpddr5-6400") == (2, "", f"stallscope: {path}{message}\n")
