"""Requests to compute units: for how long they take them, and what they ask of the banks of SRAM, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hw.machine import MachineSpec
from hw.requests import Cost, Work
from hw.sram import SramSpec
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.lowering.compute import stream_name
from sim.lowering.program import Program, TileVariant
from sim.lowering.section import Section
from sim.search.choose import choose
from sim.simulation import prepare, simulate
from tests.support.layers import EDGE, LEAKY, inventory, layer, section
from workloads.builder import GraphBuilder
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, Precision, WorkloadSpec

MIDDLE, LAST = TileVariant.MIDDLE, TileVariant.LAST
PLAIN = read_document(find("machine", "edge")).check(MachineSpec)
TOKENS, HEADS, WIDTH = 4, 128, 64


def works(found: Section, stream: str, variant: TileVariant) -> list[Work | None]:
    """What the items of *stream* ask for in a tile of a *variant*."""
    plan = next(each for each in found.program.streams if each.name == stream)
    requests = [plan.request(variant, item) for item in range(plan.items)]
    return [each if isinstance(each, Work) else None for each in requests]


# Tiles of four tokens, the last one of two. On 32 x 32 PEs a short product uses as many rows as it is deep, and takes
# the cycles of shifting its results out through them; they are there 62 cycles of fill and its depth later. It moves
# its inputs, weights and results.
@pytest.mark.parametrize(
    ("stream", "variant", "cycles", "tail", "size"),
    [
        pytest.param("v", MIDDLE, 8, 62 + 8, 2 * (4 * 8 + 8 * 4 + 4 * 4), id="8 heads to 4 channels"),
        pytest.param("v", LAST, 8, 62 + 8, 2 * (2 * 8 + 8 * 4 + 2 * 4), id="for two tokens"),
        pytest.param("a", MIDDLE, 4, 62 + 4, 2 * (4 * 4 + 4 * 8 + 4 * 8), id="and back"),
        pytest.param("a", LAST, 4, 62 + 4, 2 * (2 * 4 + 4 * 8 + 2 * 8), id="for two tokens, and back"),
    ],
)
def test_a_projection(stream: str, variant: TileVariant, cycles: int, tail: int, size: int) -> None:
    (work,) = works(section(inventory(LEAKY, "s y", tokens=4), length=10), stream, variant)
    assert work is not None
    assert (work.cycles, work.tail_cycles, work.demand) == (cycles, tail, {0: size})


@pytest.mark.parametrize(
    ("blocks", "widths", "size"),
    [
        pytest.param(2, (2, 2), 2 * (2 + 2 + 2 + 2 + 2 + 2), id="two heads: a, s before and after, u, y; D"),
        pytest.param(4, (2, 2), 2 * (1 + 1 + 1 + 1 + 1 + 1), id="one head"),
        pytest.param(2, (2, 4), 2 * (2 + 2 + 2 + 2) + 4 * (2 + 2), id="a wide state"),
    ],
)
def test_fused_operations_move_what_is_stored_once(blocks: int, widths: tuple[int, int], size: int) -> None:
    """Two multiply-adds: the second starts four cycles after the first, which is how deep the pipeline is.

    One of five cycles is useful. The result can be read four cycles after the second's start, three after its end.
    """
    found = section(inventory(LEAKY, "s y", widths, blocks=blocks, tokens=4))
    assert next(plan.costs for plan in found.program.streams if plan.name == "s..y") == (Cost(5, 3, 1),)
    for work in works(found, "s..y", MIDDLE):
        assert work is not None
        assert (work.cycles, work.tail_cycles, work.demand) == (4 + 1, 3, {0: size})


def test_what_several_fused_operations_read_is_moved_once() -> None:
    """b and y read a, and c and y read the input: two heads of each, and of D and y; b and c stay in the unit."""
    built = layer(
        "y", "v[t,p] = sum(h, V[h,p] * u[t,h])", "a[t,h] = sum(p, W[p,h] * v[t,p])", "s[t,h] = 0.5 * s[t-1,h] + a[t,h]",
        "b[t,h] = exp(a[t,h])", "c[t,h] = b[t,h] * u[t,h]", "y[t,h] = D[h] * c[t,h] + s[t,h] * a[t,h] + u[t,h]",
    )  # fmt: skip
    found = section(inventory(built, "s b c y", tokens=4))
    assert found.program.streams[-3].operations == ("s", "b", "c", "y")
    assert {work.moved_bytes for work in works(found, "s..y", MIDDLE) if work is not None} == {2 * 2 * 6}


def test_what_is_not_cut_is_done_for_all_heads_at_once() -> None:
    """A running mean of 4 channels that no head has a part in: read, written and its past, for each timestep."""
    built = layer(
        "y",
        "v[t,p] = sum(h, V[h,p] * u[t,h])",
        "m[t,p] = 0.5 * m[t-1,p] + v[t,p]",
        "s[t,h] = 0.5 * s[t-1,h] + u[t,h]",
        "y[t,h] = s[t,h] + sum(p, m[t,p])",
    )
    found = section(inventory(built, "m s y", tokens=4))
    work = works(found, "m", MIDDLE)
    assert len(work) == 4 and {each.moved_bytes for each in work if each is not None} == {2 * (4 + 4 + 4)}


def test_items_behind_the_last_timestep_ask_for_nothing() -> None:
    """Two blocks of four timesteps in two lanes, of which the last tile has two."""
    found = section(inventory(LEAKY, "s y", tokens=4), length=10)
    asked = [work is not None for work in works(found, "s..y", LAST)]
    assert asked == [step < 2 for _block in range(2) for step in range(4) for _lane in range(2)]
    assert None not in works(found, "s..y", MIDDLE)


def test_a_batch_is_done_at_once() -> None:
    """As much more work, but the same weights and parameters."""
    kept = inventory(LEAKY, "s y", tokens=4)
    kept.mapping = replace(kept.mapping, batch=3)
    found = section(kept, batch=3)
    (work,) = works(found, "v", MIDDLE)
    assert work is not None and work.demand == {0: 2 * (3 * 4 * 8 + 8 * 4 + 3 * 4 * 4)}
    steps = works(found, "s..y", MIDDLE)
    assert {work.moved_bytes for work in steps if work is not None} == {3 * 2 * 5 * 2 + 2 * 2}


def test_traffic_goes_to_the_clusters_that_a_buffer_lies_in() -> None:
    """Clusters of 128 bytes: u in the first, v behind it; a in two, half and half; y from byte 336 on in two."""
    sram = SramSpec.model_validate({"capacity": "1KiB", "banks": 8, "bank_width": "16B", "ports": 1, "interleave": 1})
    found = section(inventory(LEAKY, "s y", tokens=4), EDGE.model_copy(update={"sram": sram}))
    starts = {buffer.name: (buffer.start, buffer.size_bytes) for buffer in found.program.buffers}
    assert starts["a"] == (192, 128) and starts["s"] == (320, 16) and starts["y"] == (336, 128)
    assert starts["parameters.s"] == (464, 32) and starts["weights"] == (496, 128)
    # u 4; a 2 + 2; s 4 + 4; y 4 x 48 / 128 and 4 x 80 / 128, rounded up; D 4
    first = works(found, "s..y", MIDDLE)[0]
    assert first is not None and first.demand == {0: 4, 1: 2, 2: 2 + 8 + 2, 3: 3 + 4}
    # what a projection moves counts where its weights lie: 16 and 112 of 128 bytes
    (work,) = works(found, "v", MIDDLE)
    assert work is not None and work.demand == {3: 160 * 16 // 128, 4: 160 * 112 // 128}


def test_a_stream_is_called_by_its_first_and_last_operation() -> None:
    drafts = inventory(LEAKY, "s y").drafts
    assert [(draft.operations, stream_name(draft)) for draft in drafts] == [
        (["v"], "v"), (["a"], "a"), (["s", "y"], "s..y"),
    ]  # fmt: skip


def two_widths(state: Precision) -> Program:
    """A state that lanes update and that a projection of every token reads; 16 bit but for the *state*."""
    b = GraphBuilder("small", {"d": WIDTH, "h": HEADS}, "u[t,d]")
    b.define("a", "any", "a[t,h] = sum(d, W[d,h] * u[t,d])")
    b.define("s", "any", "s[t,h] = 0.5 * s[t-1,h] + a[t,h]")
    b.define("y", "any", "y[t,d] = sum(h, V[h,d] * s[t,h])")
    spec = WorkloadSpec(
        name="w", model="mamba1", dimensions={}, layers=1, sequence_length=TOKENS, precision="16bit",
        state_precision=state, mapping=MappingSpec(token_tile=TOKENS, blocks=1, lanes=1),
    )  # fmt: skip
    return choose(Workload.alike(spec, b.build("y")).stacks[0], PLAIN).program


@pytest.mark.parametrize(
    ("operation", "elements", "wide"),
    [
        # of four rows 32 + 32 - 2 x 4 = 56 columns share a fold, which takes the rows in at two sides; 16 are left
        pytest.param("a", WIDTH * (2 * 2 + 1) + HEADS, 0, id="reads its input twice for two folds, and for the rest"),
        pytest.param("s", HEADS, 2 * HEADS, id="reads a, and the state that it writes again"),
        pytest.param("y", WIDTH, HEADS * (WIDTH // 32), id="reads the state for each of two folds"),
    ],
)
def test_every_tensor_moves_at_its_own_width(operation: str, elements: int, wide: int) -> None:
    """Weights, moved once a fold, do not depend on it."""
    weights = {"a": WIDTH * HEADS, "y": HEADS * WIDTH}.get(operation, 0)
    for state, width in ("16bit", 2), ("32bit", 4):
        built = two_widths(state)  # type: ignore[arg-type]
        stream = next(plan for plan in built.streams if plan.name == operation)
        assert built.bytes_moved(stream) == TOKENS * (2 * elements + width * wide) + 2 * weights


# Mamba-2 with one block of 2 heads (h) of 64 channels (p) and 64 states (n); a request is one timestep of both heads.
STATE = 2 * 64 * 64
CONVOLUTION = 3 * (2 * 64 + 64 + 64)  # the last three tokens of x, B and C


@pytest.mark.parametrize(
    ("stream", "narrow", "wide"),
    [
        pytest.param("conv.x..dt_x", 3 * 128 + 2 + 5 * 128, 0, id="x, its convolution, dx, dt; parameters"),
        pytest.param("outer", 2 * 128 + 2 * 2 * 64 + STATE, 0, id="dx and B, of each head, for 2 x 2 folds; dBx"),
        pytest.param("update", 2 + STATE, 2 * STATE, id="a, dBx; the state before and after"),
        pytest.param("readout", 6 * 64 + 128, STATE, id="C for 3 folds a head, which share 3; s; the state"),
        pytest.param("store.state", CONVOLUTION, STATE, id="to DRAM: what the convolution needs; the state"),
        pytest.param("store.output", 4 * 64, 0, id="to DRAM: the output"),
    ],
)
@pytest.mark.parametrize(("precision", "width"), [("16bit", 2), ("32bit", 4)])
def test_the_state_of_mamba2_is_as_wide_everywhere(
    stream: str, narrow: int, wide: int, precision: str, width: int
) -> None:
    """Elements that each request moves: *narrow* ones of 16 bit, and *wide* ones as wide as the state."""
    places = [f"mapping.place.{name}" for name in ("outer=mac_array", "update=simd", "readout=mac_array")]
    wishes = ("mapping.token_tile=4", "mapping.blocks=1", "mapping.lanes=1", *places)
    small = ("layers=1", "sequence_length=4", "dimensions.d_model=64", f"state_precision={precision}")
    (found,) = prepare("mamba2", "edge", (*small, *wishes)).sections
    plan = next(each for each in found.program.streams if each.name == stream)
    assert {each.moved_bytes for each in plan.requests} == {2 * narrow + width * wide}
    (state,) = [buffer for buffer in found.program.buffers if buffer.name == "S"]
    assert state.slot_bytes == width * STATE


def test_a_wide_state_costs_its_bytes_and_their_energy() -> None:
    """Two layers store theirs once: 2 bytes an element more to DRAM, 15 pJ a bit."""
    small = ("layers=2", "sequence_length=4", "dimensions.d_model=64", "mapping.token_tile=4")
    narrow, wide = (simulate("mamba2", "edge", (*small, f"state_precision={bits}")) for bits in ("16bit", "32bit"))
    assert wide.dram_write_bytes - narrow.dram_write_bytes == 2 * 2 * STATE
    assert wide.dram_read_bytes == narrow.dram_read_bytes
    energy = (wide.energy_mj_per_token - narrow.energy_mj_per_token) * 4
    assert energy == pytest.approx(2 * 2 * STATE * 8 * 15e-12 * 1e3)
