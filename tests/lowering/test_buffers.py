"""Where a tensor may lie: written over another one, passed on step by step, or kept for a tile of tokens."""

from __future__ import annotations

import pytest

from hw.machine import MachineSpec
from hw.unit_names import UnitName
from sim.files.catalog import find
from sim.files.documents import Document, read_document
from sim.files.errors import InputError
from sim.files.resolve import placing
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory, allot
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams
from sim.lowering.mapping import Mapping
from sim.lowering.placement import stepped_operations
from sim.search.choose import choose
from workloads.graph import GraphBuilder, TimestepGraph
from workloads.workload import MappingSpec, Workload, WorkloadSpec

EDGE = read_document(find("machine", "edge_flexpe")).check(MachineSpec)


def graph(output: str, *equations: str) -> TimestepGraph:
    """A model with 8 heads of 4 channels from equations whose operations are called like their tensors."""
    b = GraphBuilder("small", {"d": 16, "h": 8, "p": 4, "n": 4}, "u[t,h]")
    for equation in equations:
        b.define(equation.split("[")[0], "any", equation)
    return b.build(output)


def inventory(built: TimestepGraph, simd: str = "", widths: tuple[int, int] = (2, 2), blocks: int = 2) -> Inventory:
    """What the model keeps on chip, cut into *blocks* of two lanes; operations not named in *simd* are on the array."""
    costs = CostModel(Analysis(built), EDGE, widths[0])
    stepped = stepped_operations(costs.analysis, 2 * blocks, 1)
    place: dict[str, UnitName] = {
        name: "simd" if name in simd.split() else "mac_array" for name in costs.analysis.operations
    }
    mapping = Mapping(8, 1, 1, blocks, 2, stepped, place, 1024)
    return Inventory(costs.analysis, mapping, cut_into_streams(costs, mapping), widths)


SUMMED = "m[t,n] = 0.5 * m[t-1,n] + sum(h, S[t,h,n])"
CARRIED = (
    "v[t,p] = sum(h, V[h,p] * u[t,h])",
    "a[t,h] = sum(p, W[p,h] * v[t,p])",
    "b[t,h] = b[t-1,h] + a[t,h]",
    "c[t,d] = sum(h, X[h,d] * b[t,h])",
)
STATE = "S[t,h,n] = 0.5 * S[t-1,h,n] + a[t,h]"


@pytest.mark.parametrize(
    ("built", "simd", "widths", "tensor", "other", "shared"),
    [
        pytest.param(
            graph("c", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,h] = b[t,h] + 2"),
            "b", (2, 2), "b", "a", True, id="last-use",
        ),
        pytest.param(
            graph("c", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,h] = b[t,h] + a[t,h]"),
            "b", (2, 2), "b", "a", False, id="used-later",
        ),
        pytest.param(
            graph("a", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,d] = sum(h, W[h,d] * b[t,h])"),
            "b", (2, 2), "b", "a", False, id="layer's-output-has-yet-to-be-stored",
        ),
        pytest.param(
            graph("c", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,h] = b[t,h] + a[t-1,h]"),
            "b", (2, 2), "b", "a", False, id="past-is-read",
        ),
        pytest.param(graph("c", *CARRIED), "b", (2, 2), "b", "a", True, id="recurrent"),
        pytest.param(graph("c", *CARRIED), "b", (2, 4), "b", "a", False, id="wider-than-what-it-would-lie-over"),
    ],
)  # fmt: skip
def test_in_place(
    built: TimestepGraph, simd: str, widths: tuple[int, int], tensor: str, other: str, shared: bool
) -> None:
    stored = inventory(built, simd, widths, blocks=1).stored
    assert (stored[tensor] is stored[other]) is shared


@pytest.mark.parametrize(
    ("built", "simd", "tensor", "role"),
    [
        pytest.param(
            graph("y", "a[t,h] = u[t,h] + 1", STATE, "y[t,h] = sum(n, S[t,h,n])"), "S", "S", "state",
            id="read-step-by-step",
        ),
        # m needs all heads of a token at once, but S makes all tokens of a block before it turns to the next block
        pytest.param(
            graph("y", "a[t,h] = u[t,h] + 1", STATE, SUMMED, "y[t,h] = u[t,h] + sum(n, m[t,n])"), "S", "S", "tile",
            id="read-by-a-recurrence-over-all-heads",
        ),
        # R could follow S step by step, were it not for m between them
        pytest.param(
            graph(
                "y", "a[t,h] = u[t,h] + 1", STATE, SUMMED, "R[t,h,n] = R[t-1,h,n] + S[t,h,n] * m[t,n]",
                "y[t,h] = sum(n, R[t,h,n])",
            ),
            "S", "S", "tile", id="read-behind-something-that-needs-all-heads",
        ),
    ],
)  # fmt: skip
def test_what_a_reader_needs_at_once_is_kept(built: TimestepGraph, simd: str, tensor: str, role: str) -> None:
    assert inventory(built, simd).stored[tensor].buffer.role == role


@pytest.mark.parametrize(
    ("equations", "index", "grouped"),
    [
        pytest.param([STATE], "h", {"a", "S", "y"}, id="by-heads"),
        pytest.param(
            ["S[t,h,n] = sum(d, W[h,d] * u[t-1,h]) * S[t-1,h,n] + a[t,h]"], "h", {"a", "S", "y"}, id="weights"
        ),
        pytest.param(["S[t,h,p] = sum(n, W[p,n] * S[t-1,h,n]) + a[t,h]"], "h", {"a", "S", "y"}, id="channels-mix"),
    ],
)
def test_what_is_cut_into_parts(equations: list[str], index: str, grouped: set[str]) -> None:
    name = "n" if "S[t,h,n]" in equations[0] else "p"
    analysis = Analysis(graph("y", "a[t,h] = u[t,h] + 1", *equations, f"y[t,h] = sum({name}, S[t,h,{name}])"))
    assert analysis.group_index == index
    assert {operation for operation in analysis.operations if analysis.grouped(operation)} == grouped


def mixing() -> TimestepGraph:
    b = GraphBuilder("mixing", {"h": 8, "g": 8, "n": 2, "c": 2}, "u[t,h]")
    b.define("S", "any", "S[t,h] = 0.5 * sum(g, W[h,g] * S[t-1,g]) + u[t,h]")
    b.define("R", "any", "R[t,c,n] = R[t-1,1-c,n] + sum(h, S[t,h])")
    return b.build("S")


def test_a_recurrence_that_reads_along_another_index_or_mirrored_is_not_parallel_along_it() -> None:
    """S reads the heads of the past as g; R turns c round, which leaves n."""
    analysis = Analysis(mixing())
    assert analysis.group_index == "n"
    assert [name for name in analysis.operations if analysis.grouped(name)] == ["R"]


def test_the_smallest_capacity_is_what_the_least_slots_take() -> None:
    built = graph("y", "a[t,h] = u[t,h] + 1", STATE, "y[t,h] = sum(n, S[t,h,n])")
    least = sum(storage.buffer.size_bytes for storage in inventory(built).storages())
    assert not allot(inventory(built), least - 1)
    tight = inventory(built)
    assert allot(tight, least)
    assert sum(storage.buffer.size_bytes for storage in tight.storages()) == least


@pytest.mark.parametrize(
    ("place", "message"),
    [
        pytest.param(
            {"B": "simd"}, "w.yaml:1: mapping.place.B: unknown operation, expected one of a, y", id="no-such-operation"
        ),
        pytest.param(
            {"y": "simd"},
            "w.yaml:1: mapping.place.y: found 'simd', but this machine does it on mac_array only",
            id="projection-on-lanes",
        ),
    ],
)
def test_a_placement_that_cannot_be_is_an_error(place: dict[str, UnitName], message: str) -> None:
    b = GraphBuilder("small", {"d": 16, "h": 8}, "u[t,d]")
    b.define("a", "any", "a[t,d] = exp(u[t,d])")
    b.define("y", "any", "y[t,h] = sum(d, W[d,h] * a[t,d])")
    spec = WorkloadSpec.model_validate(
        {
            "name": "w",
            "model": "mamba1",
            "dimensions": {},
            "layers": 1,
            "sequence_length": 4,
            "mapping": {"place": place},
        }
    )
    with pytest.raises(InputError) as caught, placing(Document({}, [("w.yaml", {})])):
        choose(Workload.alike(spec, b.build("y")).stacks[0], EDGE)
    assert str(caught.value) == message


def test_a_wish_that_can_be_met_is_kept() -> None:
    b = GraphBuilder("small", {"d": 16, "h": 8}, "u[t,d]")
    b.define("a", "any", "a[t,d] = exp(u[t,d])")
    spec = WorkloadSpec(
        name="w",
        model="mamba1",
        dimensions={},
        layers=1,
        sequence_length=4,
        mapping=MappingSpec(place={"a": "mac_array"}),
    )
    choice = choose(Workload.alike(spec, b.build("a")).stacks[0], EDGE)
    assert choice.mapping.placement == {"a": "mac_array"}
