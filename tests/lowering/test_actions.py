"""What is counted for energy: a small layer by hand, and that it is all that programs do and move."""

from __future__ import annotations

from collections import Counter

import pytest

from hw.energy.actions import MAC, Access, Actions, Operations
from sim.files.resolve import resolve
from sim.lowering.actions import counted
from sim.lowering.program import Transfers
from sim.lowering.section import Section
from sim.simulation import Job, mapped
from tests.support.layers import LEAKY, inventory, section


def actions_of(section: Section) -> Actions:
    return counted(section.stack, section.costs, section.inventory, section.program)


# ---------------------------------------------- by hand: two layers of ten tokens, in tiles of 4, 4 and 2, two blocks

STEPS = 2 * 10
LEAKY_SECTION = section(inventory(LEAKY, "s y", tokens=4), layers=2, length=10)


def test_operations() -> None:
    """v and a are products of 8 and 4; s multiplies and adds, and so does y, for each of 8 heads."""
    found = actions_of(LEAKY_SECTION)
    assert found.operations == {
        Operations("mac_array", MAC, 16, "any"): STEPS * (8 * 4 + 4 * 8),
        Operations("simd", "fma", 16, "any"): STEPS * (8 + 8),
    }
    assert found.busy == {"mac_array": 2 * 3 * (8 + 4), "simd": 2 * 40 * 5}


def test_bytes() -> None:
    """Each of two bytes; a product streams its weights in once a tile, and in output-stationary folds its operand once.

    Weights stay on chip for a layer: each is written once a layer and read in each of its three tiles.
    """
    found, reads, writes = actions_of(LEAKY_SECTION).sram_bytes, Counter[str](), Counter[str]()
    for access, size in found.items():
        (writes if access.write else reads)[access.buffer] += size
    assert reads == {
        "weights": 2 * 2 * 3 * (8 * 4 + 4 * 8),
        "u": 2 * STEPS * (8 + 8),  # by v and by y
        "v": 2 * STEPS * 4,
        "a": 2 * STEPS * 8,
        "s": 2 * STEPS * 8 + 2 * 2 * 8,  # the one before, and the last of each layer to DRAM
        "y": 2 * STEPS * 8,  # to DRAM
        "parameters.s": 2 * STEPS * 8,
    }
    assert writes == {
        "weights": 2 * 2 * (8 * 4 + 4 * 8),
        "u": 2 * STEPS * 8,  # from DRAM
        "v": 2 * STEPS * 4,
        "a": 2 * STEPS * 8,
        "s": 2 * STEPS * 8,
        "y": 2 * STEPS * 8,
        "parameters.s": 2 * 2 * 8,
    }


def test_dram() -> None:
    found = actions_of(LEAKY_SECTION)
    assert found.dram_bytes == {
        Access("", False, "weights"): 2 * 2 * (8 * 4 + 4 * 8),
        Access("", False, "parameters"): 2 * 2 * 8,
        Access("", False, "activations"): 2 * STEPS * 8,
        Access("", True, "activations"): 2 * STEPS * 8,
        Access("", True, "state"): 2 * 2 * 8,
    }
    assert set(found.rows) == {"weights", "parameters", "activations", "state"} and min(found.rows.values()) >= 0


# ------------------------------------------------------------------------------------------------------ what is shipped

CUT = "token_tile: 16, blocks: 4, lanes: 2, weight_slot_kib: 32, spill: false, spare_sram: evenly, head_first: false"
MAPPING = f"mapping={{{CUT}, steps_first: false, step_elements: 128}}"
SETTINGS = ["layers=2", "sequence_length=100", MAPPING]


def job(workload: str, machine: str = "edge", *more: str) -> Job:
    return mapped(resolve(workload, machine, [*SETTINGS, *more]))


@pytest.mark.parametrize("machine", ["edge", "edge_flexpe"])
@pytest.mark.parametrize("workload", ["mamba1", "mamba2", "mamba3_mimo"])
def test_operations_are_those_of_the_graph_and_bytes_those_of_the_requests(workload: str, machine: str) -> None:
    placement = "simd" if machine == "edge" else "mac_array"
    (one,) = job(workload, machine, "state_precision=32bit", f"mapping.placement={placement}").sections
    found, program = actions_of(one), one.program
    ops, products = Counter[str](), set[str]()
    for done, count in found.operations.items():
        ops[done.kind] += count * (2 if done.function in (MAC, "fma") else 1)
        products |= {done.kind} if done.function == MAC else set()
    outer = products - {"projection"}  # an outer product takes MACs, of which nothing is added up
    assert len(ops) - len(outer) > 5 and "projection" in products
    assert {kind: ops[kind] for kind in ops if kind not in outer} == {
        kind: count for kind, count in one.stack.operations.items() if count and kind not in outer
    }
    transfers = [plan for plan in program.streams if isinstance(plan.requests, Transfers)]
    moved = sum(map(program.bytes_moved, transfers))
    assert sum(found.dram_bytes.values()) == moved
    requested = sum(program.bytes_moved(plan) for plan in program.streams if plan not in transfers)
    assert sum(found.sram_bytes.values()) - moved == pytest.approx(requested, rel=1e-6)
    assert {access.buffer for access in found.sram_bytes} <= {buffer.name for buffer in program.buffers}


def test_wide_operands_are_counted_as_such() -> None:
    (one,) = job("mamba2", "edge", "state_precision=32bit", "mapping.placement=simd").sections
    bits = {done.bits for done in actions_of(one).operations if done.kind == "state"}
    assert 32 in bits


def test_a_shorter_tile_streams_weights_more_often() -> None:
    (long,), (short,) = (
        job("mamba2", "edge", f"mapping.token_tile={tile}", "mapping.placement=simd").sections for tile in (16, 8)
    )
    sizes = []
    for one in (long, short):
        found = actions_of(one).sram_bytes
        sizes.append(sum(size for access, size in found.items() if access == Access("weights", True, "weights")))
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.1)
