"""Counts and memory asked in Python are those of the commands."""

from __future__ import annotations

import json

import pytest

from sim.api.counting import count, memory
from sim.files.described import Workload
from sim.files.errors import InputError
from tests.support.command_line import call


def test_counts_are_those_of_the_command() -> None:
    found = count(Workload("mamba2", layers=2), batch=4)
    _, printed, _ = call("count", "mamba2", "--layers", "2", "--batch", "4", "--json", "-")
    assert json.loads(found.to_json()) == json.loads(printed)
    assert "B = 4, 2 layers" in str(found) and str(found).splitlines()[0] in found._repr_html_()


def test_memory_is_that_of_the_command() -> None:
    found = memory("qwen2.5-0.5b", "8GiB", sequence_length=2048, logits="all")
    _, printed, _ = call(
        "memory", "qwen2.5-0.5b", "--device", "8GiB", "--seq-len", "2048", "--logits", "all", "--json", "-"
    )
    assert json.loads(found.to_json()) == json.loads(printed)
    assert memory("qwen2.5-0.5b", 8 << 30, sequence_length=2048, logits="all") == found
    assert "longest prompt in 8 GiB" in str(found) and found._repr_html_().startswith("<pre")


def test_a_size_that_is_none() -> None:
    with pytest.raises(InputError, match="device much: expected"):
        memory("mamba2", "much")
