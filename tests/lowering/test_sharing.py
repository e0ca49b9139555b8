"""Projections that equal arrays share: what each gets to do, and that together they do what one would."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hw.energy.actions import MAC
from hw.requests import Gemm
from sim.accounting.replay import OrderRecorder
from sim.files.resolve import resolve
from sim.lowering.actions import counted
from sim.lowering.sharing import levelled
from sim.lowering.weight_tiles import Cut, deal
from sim.simulation import Job, mapped, run
from sim.trace import TraceWriter
from tests.support.conservation import check_parts, check_path
from tests.support.traces import read
from workloads.execute import execute, random_parameters

CUT = "token_tile: 16, blocks: 3, lanes: 1, weight_slot_kib: 8, spill: false, spare_sram: evenly, head_first: true"
FIRST, SECOND = "mac_array", "mac_array_2"
USUAL = {"in_proj.x": FIRST, "in_proj.z": SECOND, "outer": "simd", "readout": "simd"}


def job(wish: str, place: dict[str, str] = USUAL, workload: str = "mamba2-d96") -> Job:
    """A small Mamba-2 on two arrays, its projections shared as by the *wish*, with *place* for some operations."""
    rest = dict.fromkeys(("in_proj.x", "in_proj.z", "in_proj.B", "in_proj.C", "in_proj.dt", "out_proj"), FIRST)
    places = ", ".join(f"{name}: {unit}" for name, unit in {**rest, **place}.items())
    mapping = (
        f"mapping={{{CUT}, steps_first: false, step_elements: 32, share_projections: {wish}, place: {{{places}}}}}"
    )
    return mapped(resolve(workload, "edge_2x512", ["layers=2", "sequence_length=40", mapping]))


@pytest.mark.parametrize(
    ("own", "work", "done"),
    [
        pytest.param([0.0, 0.0], 8.0, [4.0, 4.0], id="halves"),
        pytest.param([0.0, 2.0], 8.0, [5.0, 3.0], id="less for who has work of its own"),
        pytest.param([0.0, 9.0], 8.0, [8.0, 0.0], id="nothing for who has more than all"),
        pytest.param([3.0, 9.0, 0.0], 5.0, [1.0, 0.0, 4.0], id="two of three"),
        pytest.param([3.0, 1.0, 2.0], 6.0, [1.0, 3.0, 2.0], id="all three"),
    ],
)
def test_all_who_do_any_have_equally_much(own: list[float], work: float, done: list[float]) -> None:
    assert levelled(own, work) == done


def columns(*widths: int) -> list[tuple[Gemm, ...]]:
    """Columns of tiles of these widths, two tiles deep."""
    return [(Gemm(1, width, 8), Gemm(1, width, 4)) for width in widths]


def test_columns_are_dealt_out_whole_by_their_weights() -> None:
    """x: 4, then 4, then 2 wide; y, in two blocks, one column each, which go where the fewest weights are."""
    cuts = [Cut("x", None, columns(4, 4, 2)), Cut("y", 0, columns(1)), Cut("y", 1, columns(1))]
    one, other = deal(cuts, [1, 1])
    assert one == [Cut("x", None, columns(4, 2))]
    assert other == [Cut("x", None, columns(4)), Cut("y", 0, columns(1)), Cut("y", 1, columns(1))]


def test_blocks_that_are_summed_up_are_summed_up_by_one_array() -> None:
    cuts = [Cut("x", block, columns(1, 1, 1), accumulates=True) for block in (0, 1, 2)]
    one, other = deal(cuts, [1, 1])
    assert one == [Cut("x", block, columns(1, 1), accumulates=True) for block in (0, 1, 2)]
    assert other == [Cut("x", block, columns(1), accumulates=True) for block in (0, 1, 2)]


def test_shares_are_as_unequal_as_their_parts_and_may_be_nothing() -> None:
    three, one, nothing = deal([Cut("x", None, columns(*[1] * 8))], [3, 1, 0])
    assert (len(three[0].columns), len(one[0].columns), nothing) == (6, 2, [])


def test_each_array_has_a_stream_and_the_two_hold_the_tiles_of_the_whole() -> None:
    (found,) = job("true").sections
    for draft in (found.inventory.drafts[number] for number in found.inventory.projections):
        assert [stream.unit for stream in draft.streams] == [FIRST, SECOND], draft.operations
        whole, parts = Counter[Gemm](), Counter[Gemm]()
        for total, each in (whole, draft), *((parts, stream) for stream in draft.streams):
            assert each.weights is not None
            total.update(each.weights.shapes[number] for number in each.weights.numbers.tolist())
        assert whole == parts
        assert {name for stream in draft.streams for name in stream.operations} == set(draft.operations)
    names = [stream.name for stream in found.program.streams]
    assert len(set(names)) == len(names)
    assert {"out_proj@mac_array", "out_proj@mac_array_2", "load.weights.out_proj@mac_array_2"} <= set(names)


def test_where_shared_projections_are_placed_makes_no_difference() -> None:
    """Placed elsewhere they are dealt out alike; those that are not shared are done where they are placed."""
    other = {**USUAL, "in_proj.x": SECOND, "in_proj.z": FIRST}
    for wish, alike in ("true", True), ("false", False):
        one, two = (run(job(wish, place)) for place in (USUAL, other))
        assert (one.makespan_cycles == two.makespan_cycles) == alike
        assert (one.units == two.units) == alike


def test_the_array_with_the_contraction_gets_less_of_the_projections() -> None:
    (found,) = job("true", {**USUAL, "readout": SECOND}, "mamba2-d384").sections
    macs = Counter[tuple[str, str]]()
    for done, count in counted(found.stack, found.costs, found.inventory, found.program).operations.items():
        if done.function == MAC:
            macs[done.kind, done.unit] += count
    assert macs["projection", FIRST] > 1.1 * macs["projection", SECOND] > 0
    whole = sum(count for (kind, _), count in macs.items() if kind == "projection")
    assert 2 * whole == found.stack.operations["projection"]


def test_a_shared_run_does_what_one_that_is_not_does() -> None:
    """Nothing is done twice or left out."""
    together, apart = (run(job(wish)) for wish in ("true", "false"))
    assert together.macs_per_token == apart.macs_per_token
    assert together.dram_bytes == apart.dram_bytes
    assert (together.mapping.share_projections, apart.mapping.share_projections) == (True, False)
    useful = [sum(each.units[unit].useful_cycles for unit in (FIRST, SECOND)) for each in (together, apart)]
    assert useful[0] == useful[1]


ARRAYS = ("mac_array", "units.mac_array_2")
CUT_UP = ["layers=2", "sequence_length=40", *(f"{array}.{key}=8" for array in ARRAYS for key in ("rows", "columns"))]
CUT_UP += [f"mapping.{wish}" for wish in ("share_projections=true", "blocks=3", "lanes=1", "weight_slot_kib=8")]
CUT_UP += ["mapping.token_tile=8", "mapping.placement=simd"]


@pytest.mark.parametrize("workload", ["", "mamba1-d96"])
def test_the_order_of_a_shared_run_computes_what_it_should(workload: str) -> None:
    """In Mamba-1 x_proj sums up what all blocks add to it, and some blocks of dt_proj are one array's alone."""
    found = mapped(resolve(workload, "edge_2x512", CUT_UP)) if workload else job("true")
    recorder = OrderRecorder()
    result = run(found, observer=recorder, critical_path=True, certificate=True)
    check_parts(result)
    check_path(result)
    graph = found.sections[0].stack.graph
    parameters = random_parameters(graph, 0)
    inputs = np.random.default_rng(0).standard_normal((40, graph.sizes["d"]))
    expected = execute(graph, parameters, inputs).values[graph.output_tensor]
    for layer in range(2):
        computed = execute(graph, parameters, inputs, recorder.order(layer)).values[graph.output_tensor]
        np.testing.assert_allclose(computed, expected, rtol=1e-10, atol=1e-10)


def test_weights_that_are_dequantised_are_not_shared() -> None:
    narrow = ["precision.weights=4bit", "mac_array.types=[w16a16]", "units.mac_array_2.types=[w16a16]"]
    wishes = ["layers=1", "sequence_length=8", "mapping.share_projections=true", *narrow]
    (found,) = mapped(resolve("mamba2-d96", "edge_2x512", wishes)).sections
    assert found.costs.equal_arrays and found.inventory.converted
    assert all(len(draft.streams) == 1 for draft in found.inventory.drafts)


def test_what_is_in_use_of_sram_fits_it(tmp_path: Path) -> None:
    found = job("true")
    with TraceWriter(tmp_path / "t.csv.gz", None).writing(found.machine) as observer:
        result = run(found, observer=observer)
    use = [row for row in read(tmp_path / "t.csv.gz") if row["kind"] == "counter" and row["unit"] == "sram"]
    for role in ("weights", "tile"):
        room = sum(b.slot_bytes * b.slots for b in result.mapping.buffers if b.role == role)
        values = [row["value"] * 1024 for row in use if row["name"] == f"in use: {role}"]
        assert min(values) >= 0 and 0 < max(values) <= room * (1 + 1e-9), role
