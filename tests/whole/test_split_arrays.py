"""Two arrays of half the size beside one of full size: when they can be faster, and when they cannot.

They cannot where every half is as busy as the whole would be: a product goes to one of them, whole folds fill the PEs
of either, and nothing is lost between folds. They can where folds are so short that results take longer to leave than
to be made, which an array of fewer rows does sooner.
"""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from hw.gemm import gemm_cost, least_cycles
from hw.mac_array import MacArraySpec
from hw.machine import MachineSpec
from hw.requests import Gemm
from sim.accounting.result import Result
from sim.explanation.experiments import changes
from sim.explanation.explain import explain
from sim.explanation.laboratory import Laboratory
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.resolve import build_workload, read_inputs
from sim.simulation import prepare, run
from tests.support.searches import real_searches

__all__ = ["real_searches"]

EDGE, HALVES = (read_document(find("machine", name)).check(MachineSpec) for name in ("edge", "edge_2x512"))
WHOLE, HALF = EDGE.arrays["mac_array"], HALVES.arrays["mac_array_2"]
FEWER_ROWS = WHOLE.model_copy(update={"rows": WHOLE.rows // 2})
FEWER_ROWS_TOO = (
    "{kind: mac_array, rows: 16, columns: 32, dataflow: output_stationary, folds: overlapped, packing: true}"
)
BY_ROWS = ("mac_array.rows=16", f"units={{mac_array_2: {FEWER_ROWS_TOO}}}")


def cycles(array: MacArraySpec, m: int, n: int, k: int) -> int:
    return gemm_cost(array, Gemm(m=m, n=n, k=k)).cycles


def busier(half: MacArraySpec, folds: int, to_first: int, k: int) -> int:
    """Cycles of the busier of two halves, of which one does so many of the *folds* of the whole's size, in n."""
    shares = (to_first, folds - to_first)
    return max(cycles(half, WHOLE.rows, WHOLE.columns * share, k) if share else 0 for share in shares)


@pytest.mark.parametrize("half", [HALF, FEWER_ROWS], ids=["half the columns", "half the rows"])
def test_halves_never_beat_the_whole_on_whole_folds_of_long_sums(half: MacArraySpec) -> None:
    """However the folds of a product are dealt between them: k >= R, nothing lost between folds."""
    random, closest = Random(5), 2.0
    for folds, _ in product((1, 2, 3, 4, 8, 17), range(8)):
        k = random.randint(WHOLE.rows, 40 * WHOLE.rows)
        whole = cycles(WHOLE, WHOLE.rows, WHOLE.columns * folds, k)
        for to_first in range(folds + 1):
            assert busier(half, folds, to_first, k) >= whole
            closest = min(closest, busier(half, folds, to_first, k) / whole)
    assert closest == 1.0  # what can be dealt out evenly loses nothing


def test_halves_of_fewer_rows_beat_the_whole_in_short_folds() -> None:
    """Sums of 16 leave 16 rows as soon as they are made, and 32 rows after as long again."""
    whole_rows = WHOLE.model_copy(update={"packing": False})
    assert cycles(whole_rows, 32, 32 * 8, 16) == 8 * 32 and cycles(FEWER_ROWS, 32, 32 * 4, 16) == 8 * 16
    assert busier(FEWER_ROWS, 8, 4, 16) < cycles(WHOLE, 32, 32 * 8, 16)
    assert busier(HALF, 8, 4, 16) == cycles(WHOLE, 32, 32 * 8, 16)  # as many rows, as long to leave


def test_a_half_does_no_product_in_less_than_the_whole() -> None:
    random = Random(9)
    for _ in range(200):
        gemm = Gemm(m=random.randint(1, 80), n=random.randint(1, 200), k=random.randint(32, 300))
        assert gemm_cost(HALF, gemm).cycles >= gemm_cost(WHOLE, gemm).cycles
        assert least_cycles(HALF, gemm) >= least_cycles(WHOLE, gemm)


IDEAL = ("ideal=[edges, fill_drain]", "layers=1", "sequence_length=48")


def ran(model: str, machine: str, *more: str) -> Result:
    return run(prepare(model, machine, [*IDEAL, *more]), stride="tile", certificate=True)


@pytest.mark.parametrize("model", ["mamba1-d96", "mamba2-d96", "mamba3_mimo-d48"])
def test_no_run_on_halves_beats_the_bound_of_the_whole_where_nothing_is_lost(model: str) -> None:
    """Without edges, fill and drain every product divides: what the whole takes at least, two halves take at least."""
    least = ran(model, "edge").bounds.any_mapping_cycles
    assert least is not None
    for halves in (ran(model, "edge_2x512"), ran(model, "edge", *BY_ROWS)):
        assert halves.bounds.any_mapping_cycles is not None
        assert least <= halves.makespan_cycles
        assert 0.999 * least <= halves.bounds.any_mapping_cycles <= halves.makespan_cycles


@pytest.mark.parametrize(
    ("assignments", "joins", "made"),
    [
        pytest.param((), ("mac_array", "mac_array_2"), ("mac_array.columns=32", "units={}"), id="columns"),
        pytest.param(("mac_array.columns=32",), None, None, id="not alike"),
        pytest.param(
            ("mac_array.rows=8", "units.mac_array_2.rows=8"),
            ("mac_array", "mac_array_2"),
            ("mac_array.rows=16", "units={}"),
            id="rows, which are fewer",
        ),
    ],
)
def test_which_arrays_are_made_one(
    assignments: tuple[str, ...], joins: tuple[str, ...] | None, made: tuple[str, ...] | None
) -> None:
    document = read_document(find("machine", "edge_2x512"))
    for each in assignments:
        document.override(each)
    joined = [change for change in changes(document.check(MachineSpec)) if change.joins]
    assert [(each.joins, each.assignments) for each in joined] == ([] if joins is None else [(joins, made)])


@pytest.mark.parametrize(
    ("wish", "joined"),
    [
        pytest.param("mapping.place.readout=mac_array_2", 0, id="an operation on the second"),
        pytest.param("mapping.placement=mac_array_2", 0, id="all on the second"),
        pytest.param("mapping.place.readout=mac_array", 1, id="on the first, which stays"),
    ],
)
def test_arrays_that_a_workload_wishes_for_stay_apart(wish: str, joined: int) -> None:
    workload, described = read_inputs("mamba2-d96", "edge_2x512", ["layers=1", "sequence_length=16", wish])
    laboratory = Laboratory(build_workload(workload), described, workload, robust=0.0)
    assert sum(bool(change.joins) for change in laboratory.changes) == joined


@pytest.mark.parametrize(
    ("machine", "assignments", "said"),
    [
        pytest.param("edge_2x512", (), "are not one array costs ", id="costs"),
        pytest.param("edge", BY_ROWS, "are not one array saves: it would take ", id="saves, since folds are short"),
    ],
)
def test_an_explanation_says_what_the_split_does(
    monkeypatch: pytest.MonkeyPatch, machine: str, assignments: tuple[str, ...], said: str
) -> None:
    """With one what-if of all, that of the split, or it would take ten times as long."""
    monkeypatch.setattr("sim.explanation.laboratory.changes", lambda spec: [c for c in changes(spec) if c.joins])
    settings = ["layers=1", "sequence_length=32", "mapping.token_tile=16", *assignments]
    workload, described = read_inputs("mamba2-d96", machine, settings)
    found = explain(Laboratory(build_workload(workload), described, workload, robust=0.0))
    (what_if,) = found.what_ifs
    assert what_if.name == "mac_array and mac_array_2 in one" and what_if.idle_at_edges is not None
    assert f"That the MAC array and the unit mac_array_2 {said}" in found.words
    now, then = what_if.idle_at_edges
    assert then > now and ("in short folds for" in found.words) is (what_if.best < 1)
