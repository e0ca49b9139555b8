"""The command memory: what it prints and writes, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import call, check_prints, check_refused
from tests.support.folders import CONFIGS

CONFIG = str(CONFIGS / "hf-mamba-130m.json")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        pytest.param(
            ["memory", "mamba-790m", "--seq-len", "4096"],
            ["L = 4,096 tokens", "logits of the last token", "of all tokens", "longest prompt in 24 GiB"],
            id="prefill",
        ),
        pytest.param(["memory", "--config", CONFIG, "--device", "8GB"], ["longest prompt in 7.451 GiB"], id="config"),
        pytest.param(
            ["memory", "gla", "--phase", "decode"],
            ["after 1,024 tokens", "any", "no vocabulary, so no embedding and no logits"],
            id="decode",
        ),
        pytest.param(
            ["memory", "qwen2.5-0.5b", "--seq-len", "57344"],
            ["as measured", "masks and scores", "which is at", "64,118 tokens", "77,941 tokens"],
            id="masks",
        ),
        pytest.param(
            ["memory", "qwen2.5-0.5b", "--forward", "phi3", "--seq-len", "4096"], ["attention"], id="forward pass"
        ),
        pytest.param(["memory", "mamba2", "--device", "1GiB"], ["longest prompt in 1 GiB: none"], id="too small"),
    ],
)
def test_prints(arguments: list[str], parts: list[str]) -> None:
    check_prints(arguments, parts)


def test_memory_as_json(tmp_path: Path) -> None:
    code, output, _ = call("memory", "mamba-130m", "--logits", "all", "--device", "24GB", "--json", "-")
    assert code == 0
    found = json.loads(output)
    assert found["device_bytes"] == 24 * 10**9
    assert found["peak_bytes"] == found["by_logits"]["all"]["peak_bytes"] > found["by_logits"]["last"]["peak_bytes"]
    assert found["longest_tokens"] == found["by_logits"]["all"]["longest_tokens"]
    target = tmp_path / "memory.json"
    code, table, _ = call("memory", "mamba-130m", "--logits", "all", "--device", "24GB", "--json", str(target))
    assert (code, json.loads(target.read_text())) == (0, found)
    assert "at the peak" in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["memory", "mamba2", "--device", "24"],
            "--device 24: expected a quantity with a unit such as '24GiB'",
            id="no unit",
        ),
        pytest.param(
            ["memory", "mamba2", "--device", "3apples"],
            "--device 3apples: expected one of the units B, kB, MB, GB, TB, KiB, MiB, GiB",
            id="unknown unit",
        ),
        pytest.param(["memory", "mamba2", "--logits", "some"], "'some' is not one of 'last', 'all'", id="logits"),
        pytest.param(["memory", "none"], "no shipped workload is called 'none'", id="unknown workload"),
        pytest.param(["memory", "mamba2", "--json", "no/such/m.json"], "'no/such' does not exist", id="no folder"),
        pytest.param(
            ["memory", "mamba2", "--set", "simd.lanes=4"], "is a key of machines, and here is none", id="machine"
        ),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], message: str) -> None:
    check_refused(arguments, message)
