"""The program of a run as data: the machine as it is, and streams, tiles of weights and buffers as they are run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.presentation.program import program_json
from sim.simulation import Job, prepare


@pytest.fixture(scope="module")
def job() -> Job:
    more = ["layers=2", "sequence_length=24", "head=true", "vocabulary=512", "mac_array.types=[w16a16]"]
    return prepare("mamba2-d96", "edge", [*more, "precision.weights=4bit"])


@pytest.fixture(scope="module")
def described(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program_json(job.sections, job.machine))
    return found


def test_the_machine_is_told_in_numbers(described: dict[str, Any]) -> None:
    machine = described["machine"]
    assert machine["clock"] == 250_000_000
    assert machine["sram"]["capacity"] == 2 << 20
    assert list(machine["compute"]) == ["mac_array", "simd"]
    assert machine["channel"] == {
        "burst_bytes": 32, "read_burst_clocks": 2, "write_burst_clocks": 2, "clock_fs": 937_500,
    }  # fmt: skip


def test_a_section_for_each_stack(job: Job, described: dict[str, Any]) -> None:
    assert [each["name"] for each in described["sections"]] == ["", "head"]
    for section, found in zip(job.sections, described["sections"], strict=True):
        program = section.program
        assert (found["passes"], found["tiles"]) == (program.layers, program.tiles_per_layer)
        assert [each["name"] for each in found["streams"]] == [plan.name for plan in program.streams]
        assert found["graph"]["name"] == section.stack.graph.name


def test_tiles_of_weights_are_told_in_the_order_of_their_use(job: Job, described: dict[str, Any]) -> None:
    for section, found in zip(job.sections, described["sections"], strict=True):
        told = {each["name"]: each["weight_tiles"] for each in found["streams"] if "weight_tiles" in each}
        drafts = [each for draft in section.inventory.drafts for each in draft.streams if each.weights is not None]
        assert len(told) == len(drafts)
        for tiles, draft in zip(told.values(), drafts, strict=True):
            assert draft.weights is not None
            elements = [t["products"] * t["depth"] * t["columns"] for t in tiles for _ in range(t["tiles"])]
            assert elements == draft.weights.elements.tolist()


def test_weights_that_are_dequantised_have_a_stream_and_two_widths(described: dict[str, Any]) -> None:
    streams = described["sections"][0]["streams"]
    converting = [each for each in streams if each.get("converts")]
    assert [each["name"] for each in converting] == [f"dequantise.{each['converts']}" for each in converting]
    assert converting
    assert described["sections"][0]["widths"]["weights"] == 4
    assert {each["weight_bits"] for each in streams if "weight_tiles" in each} == {16}


def test_buffers_have_their_tensors_and_places(job: Job, described: dict[str, Any]) -> None:
    found, program = described["sections"][0]["buffers"], job.sections[0].program
    told = [(each["name"], each["role"], each["start"], each["slots"], each["slot_bytes"]) for each in found]
    assert told == [(each.name, each.role, each.start, each.slots, each.slot_bytes) for each in program.buffers]
    assert next(each for each in found if each["name"] == "S")["tensors"] == ["S"]
