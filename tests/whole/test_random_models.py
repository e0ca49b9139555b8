"""Random small models on random machines: whatever is simulated is accounted for, bounded, repeatable, and fits."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hw.machine import MachineSpec
from sim.accounting.replay import OrderRecorder
from sim.simulation import run
from tests.support.random_models import Recipe, booleans, check, machines, prepared, recipes, specs
from workloads.execute import execute, random_parameters
from workloads.graph import TimestepGraph
from workloads.models.registry import GENERATORS
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(recipe=recipes, spec=specs, machine=machines())
def test_whatever_is_simulated_is_accounted_for(recipe: Recipe, spec: WorkloadSpec, machine: MachineSpec) -> None:
    workload = Workload.alike(spec, recipe.graph())
    job = prepared(workload, machine)
    if job is None:
        event("does not fit")
        return
    event(f"{len(workload.graph.recurrences)} recurrences")
    result = run(job, certificate=True)
    check(result, workload, machine)
    assert run(job, certificate=True).to_json() == result.to_json()


@st.composite
def real_graphs(draw: st.DrawFn) -> TimestepGraph:
    """A small Mamba of any kind, in any formulation."""
    name = draw(st.sampled_from(sorted(GENERATORS)))
    heads, head_dim, groups = draw(st.sampled_from([1, 2, 4, 8])), draw(st.integers(1, 5)), 1
    dimensions: dict[str, Any] = {"d_state": 2 * draw(st.integers(2, 5))}
    if name == "mamba1":
        dimensions |= {"d_model": draw(st.integers(1, 40)), "d_conv": draw(st.integers(1, 4))}
    else:
        groups = draw(st.sampled_from([1, 2])) if name != "mamba3_naive" else 1
        dimensions |= {"d_model": heads * groups * head_dim, "expand": 1, "head_dim": head_dim}
    if name in ("mamba2", "mamba3"):
        dimensions |= {"n_groups": groups, "d_intermediate": draw(st.sampled_from([0, 9]))}
    if name == "mamba3":
        dimensions |= {"mimo": draw(booleans), "mimo_rank": draw(st.integers(1, 4)), "out_norm": draw(booleans)}
    if name == "mamba3_naive":
        dimensions |= {"mimo_rank": draw(st.integers(1, 4))}
    generator = GENERATORS[name]
    sizes = generator.dimensions.model_validate(dimensions)
    formulation = draw(st.sampled_from(["sequential", *generator.chunked]))
    if formulation == "sequential":
        return generator.sequential(sizes)
    return generator.chunked[formulation](sizes, draw(st.sampled_from([1, 2, 4, 8, 16])))


@settings(max_examples=36, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(graph=real_graphs(), spec=specs, machine=machines())
def test_any_mamba_on_any_machine_computes_what_it_should(
    graph: TimestepGraph, spec: WorkloadSpec, machine: MachineSpec
) -> None:
    workload = Workload.alike(spec.model_copy(update={"phase": "prefill"}), graph)
    job = prepared(workload, machine)
    if job is None:
        event("does not fit")
        return
    event(graph.name)
    recorder = OrderRecorder()
    check(run(job, observer=recorder), workload, machine)
    parameters = random_parameters(graph, 0)
    inputs = np.random.default_rng(0).standard_normal((spec.sequence_length, graph.sizes["d"]))
    expected = execute(graph, parameters, inputs).values[graph.output_tensor]
    found = execute(graph, parameters, inputs, recorder.order(layer=0)).values[graph.output_tensor]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
