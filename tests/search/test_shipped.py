"""Shipped mappings: one for each shipped pair, for exactly its inputs and this version; they do what they say."""

from __future__ import annotations

import json

import pytest

import sim.search.shipped as module
from bench.shipped_mappings import LAYERS, MACHINES, PHASES, Run, of_alike_layers, stays
from sim.files.limits import Limits
from sim.files.resolve import resolve
from sim.search.shipped import FILE, fingerprint, kindred, shipped_mapping
from sim.simulation import prepare, run
from sim.version import __version__
from tests.support.folders import ROOT

FOUND = json.loads((ROOT / "sim" / "search" / FILE).read_text(encoding="utf-8"))
SAMPLE = list(FOUND["mappings"].values())[::17]


@pytest.mark.parametrize(
    ("earlier", "found", "chosen"),
    [
        pytest.param([(1002, 1, "had")], [(1000, 9, "found")], "found", id="the faster"),
        pytest.param([(1000, 9, "had")], [(1002, 1, "found")], "had", id="no version is worse than the last"),
        pytest.param([(10_009, 9, "had")], [(10_000, 4, "found")], "had", id="what is about as good stays"),
        pytest.param([(10_009, 4, "had"), (10_000, 9, "too")], [(10_000, 9, "found")], "had", id="fewer requests"),
        pytest.param([], [(1000, 9, "found")], "found", id="the first time"),
    ],
)
def test_what_the_file_has_stays_unless_something_is_better(
    earlier: list[tuple[int, int, str]], found: list[tuple[int, int, str]], chosen: str
) -> None:
    def runs(each: list[tuple[int, int, str]], trials: int) -> list[Run]:
        return [Run(cycles, requests, {"name": name}, trials) for cycles, requests, name in each]

    cycles, mapping, trials = stays(runs(earlier, 7), runs(found, 8))
    assert (mapping, trials) == ({"name": chosen}, 8 if chosen == "found" else 7)
    assert cycles <= 1.001 * min(cycles for cycles, _, _ in (*earlier, *found))


def test_the_file_is_of_this_version() -> None:
    assert FOUND["version"] == __version__, "python -m bench.shipped_mappings"


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("machine", MACHINES)
def test_every_shipped_pair_has_one(machine: str, phase: str) -> None:
    for workload in of_alike_layers():
        inputs = resolve(workload, machine, [f"phase={phase}"])
        stack = inputs.workload.stacks[0]
        entry = FOUND["mappings"].get(fingerprint(stack, inputs.machine))
        assert entry is not None, f"{workload} on {machine}: python -m bench.shipped_mappings"
        assert (entry["workload"], entry["machine"], entry["phase"]) == (workload, machine, phase)


@pytest.mark.parametrize("entry", SAMPLE, ids=lambda entry: f"{entry['workload']}-{entry['machine']}-{entry['phase']}")
def test_it_takes_the_cycles_that_it_is_said_to_take(entry: dict[str, object]) -> None:
    job = prepare(str(entry["workload"]), str(entry["machine"]), [f"phase={entry['phase']}"])
    result = run(job, stride="tile", simulate_layers=LAYERS if entry["phase"] == "prefill" else None)
    assert result.makespan_cycles == entry["cycles"]
    assert (result.mapping.origin, result.mapping.trials) == ("shipped", entry["trials"])


@pytest.mark.parametrize("change", ["layers=2", "simd.lanes=33", "mapping.blocks=2", "precision=8bit", "clock=1GHz"])
def test_what_differs_in_anything_has_none(change: str) -> None:
    inputs = resolve("mamba2-d96", "edge", [change])
    assert shipped_mapping(inputs.workload.stacks[0], inputs.machine) is None


def test_what_differs_in_words_alone_has_the_same() -> None:
    plain, other = (resolve("mamba2-d96", "edge", settings) for settings in ([], ["name=x", "description=y"]))
    found = [shipped_mapping(each.workload.stacks[0], each.machine) for each in (plain, other)]
    assert found[0] is not None and found[0] == found[1]


def test_energy_changes_none_that_was_chosen_for_time() -> None:
    settings = [[], ["energy.node=7nm"], ["mapping.objective=edp", "energy.node=7nm"]]
    inputs = [resolve("mamba2-d96", "edge", each) for each in settings]
    plain, other, by_energy = (shipped_mapping(each.workload.stacks[0], each.machine) for each in inputs)
    assert plain is not None and plain == other and by_energy is None


def test_a_search_that_is_asked_for_is_made() -> None:
    choice = prepare("mamba2-d96", "edge", limits=Limits(search="short")).sections[0].choice
    assert choice.origin == "searched"


def test_one_of_another_version_is_not_taken_but_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__version__", "0.0.0")
    inputs = resolve("mamba2-d96", "edge")
    assert shipped_mapping(inputs.workload.stacks[0], inputs.machine) is None
    assert kindred(inputs.workload.stacks[0])


def known(workload: str, *settings: str) -> list[dict[str, object]]:
    return [each.model_dump() for each in kindred(resolve(workload, "edge", settings).workload.stacks[0])]


def test_a_layer_is_the_same_on_all_machines_for_all_prompts_and_precisions() -> None:
    plain = known("mamba2-d96")
    assert len(plain) == len(MACHINES)
    for setting in ("simd.lanes=64", "sequence_length=77", "layers=3", "precision=8bit", "state_precision=32bit"):
        assert known("mamba2-d96", setting) == plain


@pytest.mark.parametrize("change", ["batch=2", "dimensions.d_model=128", "formulation=chunked"])
def test_another_layer_has_none(change: str) -> None:
    assert known("mamba2-d96", change) == []
