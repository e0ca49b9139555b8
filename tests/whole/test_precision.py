"""What the width of each class of tensor changes: bytes, traffic, cycles; and that every bound holds with it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.accounting.certificate import certificate_of
from sim.lowering.program import Transfers
from sim.simulation import Job, prepare, run
from tests.support.accounted import PINNED
from tests.support.conservation import check_parts

DECODE = ("phase=decode", "layers=1", *PINNED, "mapping.token_tile=1", "mapping.spill=false")
MATRICES = 1536 * (2 * 3072 + 2 * 64 + 48) + 3072 * 1536  # in_proj of x, z, B, C, dt, and out_proj of mamba2
DOTS = "mac_array.dataflow=[output_stationary, dot_product]"  # with which DRAM binds a decode
NARROW_ONLY = "mac_array.types=[w16a16]"


def weight_bytes(job: Job) -> int:
    """Bytes of weights that a run loads."""
    program = job.sections[0].program
    weights = [plan for plan in program.streams if plan.moves is not None and plan.moves.kind == "weights"]
    assert all(isinstance(plan.requests, Transfers) for plan in weights)
    return sum(map(program.bytes_moved, weights))


@pytest.mark.parametrize(
    ("setting", "size_bytes"),
    [
        pytest.param("precision=16bit", 2 * MATRICES, id="16 bit"),
        pytest.param("precision.weights=8bit", MATRICES, id="8 bit"),
        pytest.param("precision.weights=4bit", MATRICES // 2, id="4 bit: half of that"),
        pytest.param("precision={weights: 4bit, group: 128}", MATRICES // 2 + MATRICES // 128 * 2, id="16-bit scales"),
        pytest.param("precision={weights: 8bit, group: 64, scale: 32bit}", MATRICES + MATRICES // 64 * 4, id="32 bit"),
    ],
)
def test_bytes_of_weights(setting: str, size_bytes: int) -> None:
    job = prepare("mamba2", "edge", [*DECODE, "mapping.weight_slot_kib=256", setting])
    assert weight_bytes(job) == size_bytes
    others = 2 * (job.sections[0].stack.graph.parameter_count - MATRICES)  # norms, windows: as activations
    borders = 2 * 2 * 1536
    assert run(job, stride="tile").dram_bytes == size_bytes + others + borders + 2 * job.sections[0].stack.carried_bytes


def test_a_decode_that_dram_binds_is_as_much_quicker_as_there_is_less_to_move() -> None:
    found = [
        run(prepare("mamba2", "edge", [*DECODE, DOTS, "dram.channels=1", f"precision.weights={bits}"]), stride="tile")
        for bits in ("16bit", "8bit", "4bit")
    ]
    for more, less in pairwise(found):
        assert more.bounds.resource_unit == less.bounds.resource_unit == "dram"
        gain = more.makespan_cycles / less.makespan_cycles
        assert gain == pytest.approx(more.dram_bytes / less.dram_bytes, rel=0.1)


def test_two_narrow_macs_a_cycle_halve_what_a_prompt_takes_of_the_array() -> None:
    """k is 1536 or 3072, whole words of two; products of activations have the same rate."""
    settings = ["layers=1", "sequence_length=64", *PINNED, "mapping.token_tile=64", "mapping.placement=simd"]
    one, two = (
        run(prepare("mamba2", "edge", [*settings, "precision=8bit", *rates]), stride="tile")
        for rates in ([], ["mac_array.rates={w8a8: 2}"])
    )
    assert one.units["mac_array"].busy_cycles == 2 * two.units["mac_array"].busy_cycles
    assert one.units["mac_array"].useful_cycles == 2 * two.units["mac_array"].useful_cycles
    assert one.dram_bytes == two.dram_bytes


def test_weights_that_the_array_does_not_take_are_dequantised_on_lanes() -> None:
    """A multiplication a weight and tile of tokens: here for two tiles, none of whose weights stay on chip."""
    settings = ["layers=2", "sequence_length=64", *PINNED, "mapping.token_tile=32", "mapping.weight_slot_kib=16"]
    settings.append("precision.weights=4bit")
    jobs = [prepare("mamba2", "edge", [*settings, *more]) for more in ([], [NARROW_ONLY])]
    assert weight_bytes(jobs[0]) == weight_bytes(jobs[1])
    taken, converted = (run(job, stride="tile") for job in jobs)
    lanes = converted.by_class["dequantisation"]["simd"]
    assert set(converted.by_class) - set(taken.by_class) == {"dequantisation"}
    assert lanes.useful_cycles == MATRICES // 32 * 2 * 2
    moved = (converted.dram_bytes - taken.dram_bytes) * 8 * 15e-9  # of states, as the mappings differ
    extra = (converted.energy_mj_per_token - taken.energy_mj_per_token) * 64 - moved
    assert extra == pytest.approx(MATRICES * 2 * 2 * 2e-9, rel=1e-6)  # at 2 pJ
    check_parts(converted)
    moved = [buffer for buffer in converted.mapping.buffers if buffer.name.startswith("dequantised")]
    assert [buffer.slots >= 2 for buffer in moved] == [True] * len(moved) and moved
    packed = next(buffer for buffer in converted.mapping.buffers if buffer.name == "weights")
    assert max(buffer.slot_bytes for buffer in moved) == 4 * packed.slot_bytes


def test_no_mapping_dequantises_quicker_than_the_bound() -> None:
    """A decode in which lanes have little else to do: they bind, and the bound says so."""
    result = run(
        prepare("mamba2", "edge", [*DECODE, "precision.weights=8bit", NARROW_ONLY]), certificate=True, stride="tile"
    )
    least = MATRICES // 32
    assert least <= (result.bounds.any_mapping_cycles or 0) <= result.makespan_cycles < 1.2 * least
    assert result.bounds.resource_unit == "simd"


CASES = {
    "W4A16": ["precision={weights: 4bit, group: 32}"],
    "W8A8": ["precision=8bit", "mac_array.rates={w8a8: 2}"],
    "W4A8": ["precision={weights: 4bit, activations: 8bit}", "mac_array.rates={w4a8: 4, w8a8: 2}"],
    "state 32": ["precision={state: 32bit, accumulators: 32bit}"],
    "dequantised": ["precision={weights: 4bit, group: 32}", NARROW_ONLY],
}
MAPPINGS = {
    "prefill": (
        ["mapping.token_tile=8", "mapping.blocks=3", "mapping.lanes=1", "mapping.weight_slot_kib=4"],
        ["mapping.token_tile=5", "mapping.blocks=1", "mapping.lanes=3", "mapping.placement=simd"],
    ),
    "decode": (["mapping.blocks=3", "mapping.lanes=1", "mapping.weight_slot_kib=16"],),
}


SMALLER = {"mamba1-d96": ["dimensions.d_model=24"], "mamba2-d96": [], "mamba3_mimo-d96": []}


@pytest.mark.parametrize(
    ("machine", "case", "workload"),
    [
        *(("edge", case, workload) for case in CASES for workload in SMALLER),
        *(("edge_flexpe", *pair) for pair in zip(("W4A8", "dequantised", "W8A8"), SMALLER, strict=True)),
    ],
)
def test_no_mapping_is_below_the_bounds(machine: str, case: str, workload: str) -> None:
    extra = ["state_precision=null", "layers=1", "sequence_length=12", *SMALLER[workload], *CASES[case]]
    for phase, mappings in MAPPINGS.items():
        jobs = [prepare(workload, machine, [*extra, f"phase={phase}", *wishes]) for wishes in mappings]
        section = jobs[0].sections[0]
        least = certificate_of(section.stack, section.costs).cycles  # whatever the wishes
        for job in jobs:
            result = run(job, stride="tile")
            assert max(result.bounds.resource_cycles, least) <= result.makespan_cycles
            for unit in result.units.values():
                assert unit.busy_cycles + sum(unit.stalls.values()) == result.makespan_cycles
