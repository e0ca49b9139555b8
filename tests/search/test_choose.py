"""The choice of a mapping keeps what is wished."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.files.errors import MappingError
from sim.files.limits import Limits
from sim.files.resolve import resolve
from sim.lowering.section import Section
from sim.search.choose import choose, sections
from sim.search.space import TooLargeError
from sim.simulation import Job, run
from tests.support.layers import EDGE
from workloads.builder import GraphBuilder
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, WorkloadSpec


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


SHORT = Limits(search="short")


@pytest.fixture
def linear_attention(tmp_path: Path) -> str:
    """Linear attention of few large heads."""
    path = tmp_path / "attention.yaml"
    path.write_text(
        "name: attention\nmodel: equations\nlayers: 1\nsequence_length: 8\nequations:\n"
        "  sizes: {d: 256, h: 2, k: 256, v: 256}\n  input: u[t,d]\n  operations:\n"
        '    - [k, projection, "key[t,h,k] = sum(d, W_k[d,h,k] * u[t,d])"]\n'
        '    - [v, projection, "val[t,h,v] = sum(d, W_v[d,h,v] * u[t,d])"]\n'
        '    - [update, state, "S[t,h,k,v] = S[t-1,h,k,v] + key[t,h,k] * val[t,h,v]"]\n'
        '    - [readout, state, "y[t,h,v] = sum(k, key[t,h,k] * S[t,h,k,v])"]\n'
        '    - [out, projection, "o[t,d] = sum(h, v, W_o[h,v,d] * y[t,h,v])"]\n  output: o\n'
    )
    return str(path)


def chosen(workload: str, *assignments: str) -> Section:
    inputs = resolve(workload, "edge", assignments)
    (section,) = sections(inputs.workload, inputs.machine, SHORT)
    return section


def test_a_layer_is_cut_along_the_index_that_is_quickest_where_heads_are_large(linear_attention: str) -> None:
    open_to_all = chosen(linear_attention)
    takes = {index: chosen(linear_attention, f"mapping.parallel={index}") for index in ("h", "v")}
    cycles = {index: run(Job(EDGE, (section,))).makespan_cycles for index, section in takes.items()}
    assert {index: section.analysis.group_index for index, section in takes.items()} == {"h": "h", "v": "v"}
    assert open_to_all.analysis.group_index == min(cycles, key=lambda index: cycles[index])
    assert open_to_all.choice.trials == sum(section.choice.trials for section in takes.values())


def test_a_layer_is_cut_along_another_index_where_a_batch_does_not_fit_otherwise(linear_attention: str) -> None:
    batch = ("phase=decode", "batch=16")
    with pytest.raises(TooLargeError):
        chosen(linear_attention, *batch, "mapping.parallel=h")
    section = chosen(linear_attention, *batch)
    assert (section.parallel, section.as_wishes.parallel) == ("v", "v")
    again = chosen(
        linear_attention, *batch, f"mapping={json.dumps(section.as_wishes.model_dump(exclude_defaults=True))}"
    )
    assert (again.choice.trials, again.mapping) == (0, section.mapping)


def test_what_a_layer_cannot_be_cut_along_is_said(linear_attention: str) -> None:
    with pytest.raises(MappingError, match=r"mapping\.parallel: found 'k', expected one of h, v"):
        chosen(linear_attention, "mapping.parallel=k")
