"""Models whose layers differ: stacks of blocks, each with its own graph, mapping and program, in one result."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from hw.machine import MachineSpec
from sim.accounting.result import Result
from sim.explanation.explain import explain
from sim.explanation.laboratory import Laboratory
from sim.files.catalog import find
from sim.files.documents import Document, read_document
from sim.files.resolve import resolve_workload
from sim.lowering.section import Section
from sim.paper.counts import count
from sim.presentation.figures.gather import observe
from sim.presentation.html.run_page import run_page
from sim.search.choose import sections
from sim.simulation import Job, run
from sim.trace import TraceWriter, parse_window
from workloads.builder import GraphBuilder
from workloads.stack import Stack
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec

SMALL = ["dimensions.d_model=64", "dimensions.d_state=16", "sequence_length=16", "mapping.token_tile=8"]
EDGE = read_document(find("machine", "edge")).check(MachineSpec)


def built(name: str, *more: str) -> Workload:
    return resolve_workload(name, [*SMALL, *more])


def hybrid(head: bool = False) -> Workload:
    """Two layers of Mamba-1, one of Mamba-2, one of Mamba-1; and the head on wish."""
    one, two = built("mamba1"), built("mamba2", "dimensions.head_dim=16")
    update = {"name": "hybrid", "layers": 4, "vocabulary": 100 if head else None, "head": head}
    spec = one.spec.model_copy(update=update)
    stacks = [Stack(spec, one.graph, 2), Stack(spec, two.graph, 1), Stack(spec, one.graph, 1)]
    if head:
        stacks.append(Workload.alike(spec, one.graph).stacks[-1])
    return Workload(spec, tuple(stacks))


def job_of(workload: Workload) -> Job:
    return Job(EDGE, sections(workload, EDGE))


@pytest.fixture(scope="module")
def job() -> Job:
    return job_of(hybrid(head=True))


@pytest.fixture(scope="module")
def result(job: Job) -> Result:
    return run(job, windows=10, critical_path=True)


def test_what_is_alike_is_mapped_once(job: Job) -> None:
    first, other, again, head = job.sections
    assert first.mapping is again.mapping and first.costs is again.costs
    assert (other.stack.graph.name, head.stack.graph.name) == ("mamba2", "head")
    assert [section.first_layer for section in job.sections] == [0, 2, 3, 4]
    assert again.program.layers == 1


def test_the_accounts_of_all_layers_sum_to_the_run(result: Result) -> None:
    assert len(result.by_layer) == 5
    for unit, account in result.units.items():
        assert account.busy_cycles + sum(account.stalls.values()) == result.makespan_cycles, unit
        parts = [layer[unit] for layer in result.by_layer if unit in layer]
        if parts:
            assert sum(part.busy_cycles for part in parts) == account.busy_cycles
    assert result.critical_path is not None
    assert sum(part.cycles for part in result.critical_path) == result.makespan_cycles


def test_a_run_is_its_stacks_one_after_the_other(job: Job, result: Result) -> None:
    each = [run(Job(EDGE, (section,))) for section in map(alone, job.sections)]
    assert result.makespan_cycles == sum(one.makespan_cycles for one in each)
    assert result.dram_bytes == sum(one.dram_bytes for one in each)
    assert result.requests == sum(one.requests for one in each)
    recurrences = [one.bounds.recurrence_cycles for one in each]
    assert result.bounds.recurrence_cycles == pytest.approx(sum(recurrences), abs=len(each))


def alone(section: Section) -> Section:
    """*section* as all of a model."""
    stack = section.stack
    spec: WorkloadSpec = stack.spec.model_copy(update={"layers": 0 if stack.head else stack.layers})
    return Section(
        Stack(spec, stack.graph, stack.layers, stack.head),
        section.mapping,
        section.costs,
        section.inventory,
        section.program,
    )


def test_a_result_names_the_stacks_only_where_they_differ(result: Result) -> None:
    assert result.sections is not None
    assert [(each.block, each.first_layer, each.layers) for each in result.sections] == [
        ("mamba1", 0, 2), ("mamba2", 2, 1), ("mamba1", 3, 1),
    ]  # fmt: skip
    assert result.sections[0].mapping == result.mapping and result.head_mapping is not None
    assert Result.model_validate_json(result.to_json()) == result
    alike = run(job_of(built("mamba1", "layers=1")))
    assert alike.sections is None and '"sections"' not in alike.to_json()


def test_layers_are_numbered_through_in_a_trace(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "trace.csv.gz"
    writer = TraceWriter(path, parse_window("layer:2-3"))
    with writer.writing(EDGE) as observer:
        run(job, observer=observer)
    with gzip.open(path, "rt") as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "work"]
    operations = {layer: {row["name"] for row in rows if row["layer"] == layer} for layer in ("2", "3")}
    assert {row["layer"] for row in rows} == {"2", "3"}
    assert "in_proj.B" in operations["2"] and "x_proj.B" in operations["3"]


def test_counts_are_those_of_all_stacks() -> None:
    workload, one, two = hybrid(), built("mamba1", "layers=3"), built("mamba2", "dimensions.head_dim=16", "layers=1")
    both, parts = count(workload), [count(one), count(two)]
    assert both.parameters == sum(stack.layers * stack.graph.parameter_count for stack in workload.body)
    assert both.ops_per_token == pytest.approx(sum(part.ops_per_token for part in parts))
    assert both.state_bytes == sum(part.state_bytes for part in parts)
    assert both.paper.ops_gop_per_token == pytest.approx(sum(part.paper.ops_gop_per_token for part in parts))
    intensities = [part.paper.oi_op_per_byte for part in (both, *parts)]
    assert None not in intensities and min(intensities[1:]) < intensities[0] < max(intensities[1:])  # type: ignore


def test_a_model_without_a_recurrence_is_counted_and_runs() -> None:
    graph = GraphBuilder("plain", {"d": 16, "f": 32}, "u[t,d]")
    graph.define("up", "projection", "g[t,f] = sum(d, W_up[d,f] * u[t,d])")
    graph.define("gate", "gate", "a[t,f] = silu(g[t,f])")
    graph.define("down", "projection", "y[t,d] = sum(f, W_down[f,d] * a[t,f])")
    spec = built("mamba1").spec.model_copy(update={"layers": 2})
    workload = Workload.alike(spec, graph.build("y"))
    counts = count(workload)
    assert counts.paper.oi_op_per_byte is None and counts.paper.state_gop_per_token == 0
    assert counts.paper.ops_gop_per_token == pytest.approx(2 * 2 * 2 * 16 * 32 / 1e9)
    assert run(job_of(workload)).bounds.recurrence_cycles == 0


def test_people_are_told_of_each_stack(job: Job, result: Result) -> None:
    stacks = ["layers 0 to 1 (mamba1)", "layer 2 (mamba2)", "layer 3 (mamba1)"]
    assert list(result.mappings) == stacks
    assert [line for line in str(result).splitlines() if line.startswith("Mapping of")] != []
    page = run_page(observe(job), EDGE, "")
    assert all(f"<h3>{stack.capitalize()}</h3>" in page for stack in stacks)


def test_experiments_keep_and_choose_every_stack() -> None:
    laboratory = Laboratory(hybrid(), read_document(find("machine", "edge")), Document({}, [("hybrid.yaml", {})]))
    found = explain(laboratory)
    assert found.result.makespan_cycles == run(laboratory.job).makespan_cycles == found.rungs[-1].cycles
    assert {what_if.name for what_if in found.what_ifs} >= {"2x SIMD lanes", "2x MACs"}
