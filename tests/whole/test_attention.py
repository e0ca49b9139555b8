"""Attention laid onto machines: its traffic against closed forms, its numbers in the order of a run, its bounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim.accounting.certificate import any_mapping_cycles
from sim.accounting.replay import OrderRecorder
from sim.execution.run import run_program
from sim.files.errors import InputError
from sim.files.limits import LIMITS
from sim.lowering.section import Section
from sim.simulation import Job, makespan_cycles, prepare, run
from sim.trace.window import Window
from workloads.execute import execute
from workloads.models.attention import useful_macs

SHORT = LIMITS._replace(search="short")
TINY = (
    "dimensions.d_model=64", "dimensions.kinds.layer.attention.heads=4", "dimensions.kinds.layer.attention.groups=2",
    "dimensions.kinds.layer.attention.head_dim=16", "dimensions.kinds.layer.mlp.width=128", "layers=2",
)  # fmt: skip
MACHINES = ("edge", "edge_2x512")


def _job(*assignments: str, machine: str = "edge", workload: str = "qwen2.5-0.5b") -> Job:
    return prepare(workload, machine, [*TINY, *assignments], SHORT)


def _attention(job: Job) -> list[Section]:
    return [section for section in job.sections if section.stack.keys is not None]


def _moved(sections: list[Section], prefix: str) -> int:
    streams = ((each.program, stream) for each in sections for stream in each.program.streams)
    return sum(program.bytes_moved(stream) for program, stream in streams if stream.name.startswith(prefix))


# name, tokens, tile of queries, block of keys, and the blocks that all tiles of a layer meet
CUTS = [
    ("tiles as long as blocks", 96, 32, 32, 1 + 2 + 3),
    ("short blocks", 96, 48, 16, 3 + 6),
    ("long blocks", 96, 16, 64, 1 + 1 + 1 + 1 + 2 + 2),
]
CUT = pytest.mark.parametrize(("tokens", "queries", "keys", "blocks"), [pytest.param(*c[1:], id=c[0]) for c in CUTS])


@CUT
def test_traffic_and_products_of_a_prompt_are_the_closed_forms(tokens, queries, keys, blocks):
    """Queries and results once, keys and values once for each tile of queries; h (e + w) Tq Tk products a block."""
    job = _job(f"sequence_length={tokens}", f"mapping.query_tile={queries}", f"mapping.key_block={keys}")
    found, layers, heads, groups, e = _attention(job), 2, 4, 2, 16
    assert _moved(found, "load.input.Q") == layers * heads * e * tokens * 2
    assert _moved(found, "store.output") == layers * heads * e * tokens * 2
    assert _moved(found, "load.input") - _moved(found, "load.input.Q") == layers * groups * 2 * e * keys * blocks * 2
    macs = sum(section.stack.counts.macs for section in found)
    assert macs == layers * heads * 2 * e * queries * keys * blocks
    assert macs >= layers * useful_macs(found[0].stack.keys.attention, 0, tokens)


def test_traffic_and_products_of_a_token_are_the_closed_forms():
    job = _job("phase=decode", "sequence_length=95", "mapping.key_block=32", "mapping.key_parts=1")
    found = _attention(job)
    assert _moved(found, "load.input") - _moved(found, "load.input.Q") == 2 * 2 * 2 * 16 * 96 * 2
    assert sum(section.stack.counts.macs for section in found) == 2 * 4 * 2 * 16 * 96


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_a_run_keeps_its_accounts_and_its_bounds(machine, phase):
    sizes = ("mapping.query_tile=32", "mapping.key_block=32", "mapping.key_parts=1")
    job = _job(f"phase={phase}", "sequence_length=64", "head=true", *sizes, machine=machine)
    result = run(job, stride="tile", certificate=True)
    for unit in result.units.values():
        assert unit.busy_cycles + sum(unit.stalls.values()) == result.makespan_cycles
    assert result.bounds.any_mapping_cycles <= result.makespan_cycles
    assert result.bounds.resource_cycles <= result.makespan_cycles
    assert result.bounds.recurrence_cycles <= result.makespan_cycles
    assert len(result.by_layer) == 3  # two layers and the head
    for unit in result.compute_units:
        assert sum(each[unit].busy_cycles for each in result.by_layer) == result.units[unit].busy_cycles


def test_the_bound_holds_for_every_size_of_tiles():
    """What is wished for does not raise it."""
    tokens = "sequence_length=64"
    sizes = [(16, 16), (64, 32)]
    jobs = [_job(tokens, f"mapping.query_tile={q}", f"mapping.key_block={k}") for q, k in sizes]
    bounds = {any_mapping_cycles((each.stack, each.costs) for each in _attention(job)) for job in jobs}
    assert len(bounds) == 1
    for job in jobs:
        assert makespan_cycles(Job(job.machine, tuple(_attention(job)))) >= min(bounds)


ORDERS = [
    ("a prompt", "phase=prefill", "mapping.query_tile=16", "mapping.key_block=16"),
    ("a prompt with groups in turn", "phase=prefill", "mapping.query_tile=32", "mapping.key_block=8"),
    ("a token", "phase=decode", "mapping.key_block=8", "mapping.key_parts=1"),
    ("a token, split over keys", "phase=decode", "mapping.key_block=4", "mapping.key_parts=4"),
]


@pytest.mark.parametrize("assignments", [pytest.param(case[1:], id=case[0]) for case in ORDERS])
def test_the_order_of_a_run_gives_what_softmax_gives(assignments):
    job = _job("sequence_length=48", *assignments)
    for section in _attention(job):
        order, graph = list(_order(job, section)), section.stack.graph
        random = np.random.default_rng(3)
        given = {
            tensor: random.standard_normal((*([section.stack.steps] if tensor in graph.inputs else []), *shape))
            for tensor in (*graph.inputs, *graph.held)
            for shape in [[graph.sizes[index] for index in graph.indices[tensor]]]
        }
        (found,) = execute(graph, {}, given, order).values["o"]
        np.testing.assert_allclose(found, _softmax(section, given), rtol=1e-10, atol=1e-10)


def _order(job: Job, section: Section) -> Iterator[object]:
    recorder = OrderRecorder()
    recorder.begin(section, 0)
    run_program(section.program, job.machine, stride="tile", observer=recorder)
    return recorder.order(layer=0)


def _softmax(section: Section, given: dict[str, np.ndarray]) -> np.ndarray:
    """Over all keys of all blocks, newest first: query q, counted back from the newest, sees those from q on."""
    keys = np.moveaxis(given["K"], 1, 0).reshape(given["K"].shape[1], -1, 16)  # [g, all keys, e]
    values = np.moveaxis(given["V"], 1, 0).reshape(keys.shape)
    scores = np.einsum("gqre,gke->gqrk", given["Q"], keys) * section.stack.keys.attention.scale
    hidden = np.arange(scores.shape[-1])[None, :] < np.arange(scores.shape[1])[:, None]
    scores = np.where(hidden[None, :, None, :], -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.einsum("gqrk,gkw->gqrw", weights / weights.sum(axis=-1, keepdims=True), values)


def test_more_hardware_is_not_slower():
    assert _cycles("simd.lanes=16") >= _cycles("simd.lanes=256")


def _cycles(hardware: str) -> int:
    """Cycles of a short prompt on a machine that is changed."""
    sizes = ("mapping.query_tile=32", "mapping.key_block=32")
    return run(_job("sequence_length=64", hardware, *sizes), stride="tile").makespan_cycles


WISHES = [
    ("an operation that no part has", "qwen2.5-0.5b", "mapping.place.score=simd", "did you mean 'scores'"),
    ("tiles where there is no attention", "mamba2", "mapping.query_tile=32", "about attention, and there is none"),
    (
        "a unit that there is not",
        "qwen2.5-0.5b",
        "mapping.place.mask=nothing",
        "found 'nothing', but this machine does it on simd",
    ),
]


@pytest.mark.parametrize(("workload", "wish", "message"), [pytest.param(*case[1:], id=case[0]) for case in WISHES])
def test_a_wish_that_cannot_be_met_is_said(workload, wish, message):
    with pytest.raises(InputError) as error:
        prepare(workload, "edge", ["layers=1", "sequence_length=16", wish], SHORT)
    assert message in str(error.value)


def test_a_part_is_shown_as_its_first_layer():
    """Groups of heads are runs of one program, no layers of the model."""
    job = _job("sequence_length=16", "mapping.query_tile=16", "mapping.key_block=16")
    (section,) = _attention(job)
    assert section.program.layers == 2
    assert list(section.layers_shown(np.arange(2))) == [0, 0]
    assert [section.layer_of(number) for number in range(4)] == [0, 0, 1, 1]
    with pytest.raises(InputError, match="shows layers 0"):
        Window("layer", 1, 1).check(job.sections)


@pytest.mark.parametrize(("asked", "simulated"), [(None, 2), (1, 1), (2, 2)], ids=["all", "one group of two", "both"])
def test_groups_of_heads_that_were_not_simulated_are_said(asked, simulated):
    job = _job("sequence_length=16", "mapping.query_tile=16", "mapping.key_block=16")
    assert run(job, stride="tile", simulate_layers=asked).simulated_layers == simulated
