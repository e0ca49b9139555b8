"""The form of a lowered program, and what its requests ask of the SRAM."""

from __future__ import annotations

import numpy as np
import pytest

from hw.machine import MachineSpec
from hw.requests import Transfer, Work
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.lowering.program import NOTHING, Program
from sim.search.choose import choose
from sim.simulation import prepare
from workloads.graph import GraphBuilder
from workloads.workload import MappingSpec, Precision, Workload, WorkloadSpec

EDGE = read_document(find("machine", "edge")).check(MachineSpec)
TOKENS, HEADS, WIDTH = 4, 128, 64


def program(state: Precision) -> Program:
    """A state that lanes update and that a projection of every token reads; 16 bit but for the *state*."""
    b = GraphBuilder("small", {"d": WIDTH, "h": HEADS}, "u[t,d]")
    b.define("a", "any", "a[t,h] = sum(d, W[d,h] * u[t,d])")
    b.define("s", "any", "s[t,h] = 0.5 * s[t-1,h] + a[t,h]")
    b.define("y", "any", "y[t,d] = sum(h, V[h,d] * s[t,h])")
    spec = WorkloadSpec(
        name="w", model="mamba1", dimensions={}, layers=1, sequence_length=TOKENS, precision="16bit",
        state_precision=state, mapping=MappingSpec(token_tile=TOKENS, blocks=1, lanes=1),
    )  # fmt: skip
    return choose(Workload.alike(spec, b.build("y")).stacks[0], EDGE).program


@pytest.mark.parametrize(
    ("operation", "elements", "wide"),
    [
        pytest.param("a", WIDTH * (HEADS // 32) + HEADS, 0, id="reads its input for each of four folds, and no state"),
        pytest.param("s", HEADS, 2 * HEADS, id="reads a, and the state that it writes again"),
        pytest.param("y", WIDTH, HEADS * (WIDTH // 32), id="reads the state for each of two folds"),
    ],
)
def test_every_tensor_moves_at_its_own_width(operation: str, elements: int, wide: int) -> None:
    """Weights, moved once a fold, do not depend on it."""
    weights = {"a": WIDTH * HEADS, "y": HEADS * WIDTH}.get(operation, 0)
    for state, width in ("16bit", 2), ("32bit", 4):
        built = program(state)  # type: ignore[arg-type]
        stream = next(plan for plan in built.streams if plan.name == operation)
        assert built.bytes_moved(stream) == TOKENS * (2 * elements + width * wide) + 2 * weights


@pytest.mark.parametrize(
    ("workload", "wishes"),
    [
        pytest.param("mamba1", (), id="lanes of steps"),
        pytest.param("mamba2_ssd", ("sequence_length=1000",), id="chunks, the last of them shorter"),
        pytest.param("mamba3_mimo", ("phase=decode", "batch=2"), id="decode"),
        pytest.param("mamba2", ("mapping.spill=true",), id="spilled states"),
    ],
)
def test_a_program_is_made_of_compact_arrays(workload: str, wishes: tuple[str, ...]) -> None:
    """One need an item and one number an item and variant; each request once, and none that is never made."""
    for stream in prepare(workload, "edge", ("layers=2", *wishes)).sections[0].program.streams:
        for array in (*stream.numbers, *(dependency.table for dependency in stream.dependencies)):
            assert (array.dtype, array.shape) == (np.int64, (stream.items,))
            assert array.flags.c_contiguous
        made = np.unique(np.concatenate(stream.numbers))
        assert made[made != NOTHING].tolist() == list(range(len(stream.requests)))
        asked = [what(request) for request in stream.requests]
        assert len(set(zip(asked, stream.costs or asked, strict=True))) == len(asked)


def what(request: Work | Transfer) -> tuple[object, ...]:
    """Equal for requests that ask for the same."""
    if isinstance(request, Transfer):
        return request.size_bytes, request.write, request.address
    return request.cycles, request.tail_cycles, tuple(sorted(request.demand.items()))
