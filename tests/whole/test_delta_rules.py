"""DeltaNet, Gated DeltaNet, KDA and RWKV-7 as shipped: their recurrences, in every form, and the published sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.accounting.replay import OrderRecorder
from sim.files.errors import InputError
from sim.files.resolve import resolve_workload
from sim.simulation import prepare, run
from sim.validation.proof import ANY_SCHEDULE
from tests.support import delta_rules
from workloads.execute import execute, random_parameters
from workloads.graph import TimestepGraph
from workloads.workload import Workload

Array = NDArray[np.float64]
Reference = Callable[..., tuple[Array, dict[str, Array]]]
TOLERANCE = 1e-10
BLOCK = (3, 4, 8, 16)  # of KDA: no chunk is longer


@cache
def read(name: str, *assignments: str) -> Workload:
    """A shipped workload with other values."""
    return resolve_workload(name, assignments)


@dataclass(frozen=True)
class Cell:
    """A shipped workload at small ``sizes``, and the recurrence that it must compute."""

    name: str
    sizes: dict[str, int]
    recurrence: Reference
    chunks: Sequence[int] = (3, 4, 8, 16, 64)

    def workload(self, *assignments: str) -> Workload:
        sizes = [f"equations.sizes.{index}={size}" for index, size in self.sizes.items()]
        return read(self.name, *sizes, *assignments)

    def graph(self, chunk: int | None = None) -> TimestepGraph:
        """The graph of a token, or of a chunk."""
        return self.workload(*chunked(chunk)).graph


def chunked(chunk: int | None) -> list[str]:
    return [] if chunk is None else ["formulation=chunked", f"chunk={chunk}"]


CELLS = {
    "deltanet": Cell("deltanet", {"d": 6, "h": 2}, delta_rules.deltanet),
    "deltanet, wide values, 2 taps": Cell("deltanet", {"d": 5, "h": 3, "k": 4, "v": 7, "j": 2}, delta_rules.deltanet),
    "gated deltanet": Cell("gated_deltanet", {"d": 8, "h": 2}, delta_rules.gated_deltanet),
    "gated deltanet, one head, one tap": Cell(
        "gated_deltanet", {"d": 7, "h": 1, "k": 5, "v": 3, "j": 1}, delta_rules.gated_deltanet
    ),
    "kda": Cell("kda", {"d": 6, "h": 2}, delta_rules.kda, BLOCK),
    "kda, other ranks": Cell("kda", {"d": 5, "h": 2, "k": 4, "v": 6, "f": 3, "g": 2}, delta_rules.kda, BLOCK),
    "rwkv7": Cell("rwkv7", {"d": 8, "h": 2, "f": 3, "i": 2, "g": 5}, delta_rules.rwkv7),
    "rwkv7, wide values": Cell("rwkv7", {"d": 7, "h": 2, "k": 3, "v": 6, "f": 2, "i": 4, "g": 1}, delta_rules.rwkv7),
}
every_cell = pytest.mark.parametrize("cell", [pytest.param(cell, id=name) for name, cell in CELLS.items()])


def draw(graph: TimestepGraph, seed: int, tokens: int) -> tuple[dict[str, Array], Array]:
    """Parameters and inputs."""
    return random_parameters(graph, seed), np.random.default_rng(seed).standard_normal((tokens, graph.sizes["d"]))


def assert_close(found: Array, expected: Array, what: str) -> None:
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, err_msg=what)


@pytest.mark.parametrize(("seed", "tokens"), [(0, 21), (1, 1), (2, 66)])
@every_cell
def test_both_forms_equal_the_recurrence(cell: Cell, seed: int, tokens: int) -> None:
    """Chunks that 21 tokens are several of, more tokens than a chunk's; of 66 tokens in the longest chunks."""
    for chunk in (None, *cell.chunks) if tokens < 64 else cell.chunks[-1:]:
        graph = cell.graph(chunk)
        parameters, inputs = draw(graph, seed, tokens)
        outputs, state = cell.recurrence(parameters, inputs)
        found = execute(graph, parameters, inputs)
        assert_close(found.values[graph.output_tensor], outputs, f"chunk {chunk}")
        assert found.state.keys() == state.keys()
        for tensor, rows in state.items():
            assert_close(found.state[tensor], rows, f"chunk {chunk}: state {tensor}")


@every_cell
def test_decode_goes_on_from_prefill_in_either_form(cell: Cell) -> None:
    decode = cell.graph()
    parameters, inputs = draw(decode, 5, 12)
    outputs, _ = cell.recurrence(parameters, inputs)
    for chunk in (None, *cell.chunks):
        state = execute(cell.graph(chunk), parameters, inputs[:9]).state
        for token in range(9, 12):
            step = execute(decode, parameters, inputs[token : token + 1], state=state)
            assert_close(step.values[decode.output_tensor][0], outputs[token], f"chunk {chunk}")
            state = step.state


@every_cell
def test_a_second_prompt_goes_on_from_the_first_in_either_form(cell: Cell) -> None:
    parameters, inputs = draw(cell.graph(), 6, 13)
    outputs, _ = cell.recurrence(parameters, inputs)
    _, state = cell.recurrence(parameters, inputs[:4])
    for chunk in (None, *cell.chunks):
        graph = cell.graph(chunk)
        found = execute(graph, parameters, inputs[4:], state=state)
        assert_close(found.values[graph.output_tensor], outputs[4:], f"chunk {chunk}")


@pytest.mark.parametrize("name", ["gated deltanet", "kda"])
def test_no_decay_is_too_fast(name: str) -> None:
    cell = CELLS[name]
    for chunk in (None, *cell.chunks):
        graph = cell.graph(chunk)
        parameters, inputs = draw(graph, 7, 70)
        parameters["A"] = np.full_like(parameters["A"], -200.0)  # exp(-A) of a few tokens is no float64
        found = execute(graph, parameters, inputs).values[graph.output_tensor]
        assert_close(found, cell.recurrence(parameters, inputs)[0], f"chunk {chunk}")


@pytest.mark.parametrize("name", ["deltanet", "gated deltanet", "kda"])
def test_keys_may_be_alike(name: str) -> None:
    cell = CELLS[name]
    for chunk in cell.chunks:
        graph = cell.graph(chunk)
        parameters, inputs = draw(graph, 9, 70)
        inputs[1:] = inputs[0]  # and so all keys: powers of N are as large as they get
        parameters["W_beta"] = 4.0 * parameters["W_beta"]
        found = execute(graph, parameters, inputs).values[graph.output_tensor]
        assert_close(found, cell.recurrence(parameters, inputs)[0], f"chunk {chunk}")


@pytest.mark.parametrize("chunk", [None, 4, 16, 64])
def test_rwkv7s_fastest_decay_is_bounded(chunk: int | None) -> None:
    cell = CELLS["rwkv7"]
    graph = cell.graph(chunk)
    parameters, inputs = draw(graph, 8, 70)
    parameters["b_w"] = np.full_like(parameters["b_w"], 1e3)
    found = execute(graph, parameters, inputs).values
    np.testing.assert_allclose(found["lw"], -np.exp(-0.5), rtol=1e-12)
    assert_close(found[graph.output_tensor], cell.recurrence(parameters, inputs)[0], f"chunk {chunk}")


@every_cell
def test_a_chunk_is_no_longer_than_the_inverse_is_exact_for(cell: Cell) -> None:
    longest = max(cell.chunks)
    with pytest.raises(InputError, match=f"{longest} at most"):
        cell.workload(*chunked(longest + 1))


# ------------------------------------------------------------------------------------------------------ published sizes


def deltanet_parameters(d: int, heads: int, head: int) -> int:
    """fla.layers.DeltaNet(d, num_heads=heads), head_k_dim = head_v_dim = head, and RMSNorm(d) before it."""
    projections = 3 * d * heads * head + d * heads + heads * head * d  # q, k, v; b; o
    return d + projections + 3 * 4 * heads * head + head  # norm; convolutions; o_norm


def gated_deltanet_parameters(d: int, heads: int, key: int, value: int) -> int:
    """fla.layers.GatedDeltaNet(d, expand_v=value / key, head_dim=key, num_heads=heads), and RMSNorm(d) before it."""
    projections = 2 * d * heads * key + 3 * d * heads * value + 2 * d * heads  # q, k; v, g, o; a, b
    convolutions = 4 * (2 * heads * key + heads * value)
    return d + projections + convolutions + 2 * heads + value  # A_log, dt_bias; o_norm


def kda_parameters(d: int, heads: int, head: int) -> int:
    """fla.layers.KimiDeltaAttention(d, head_dim=head, num_heads=heads), and RMSNorm(d) before it."""
    wide = heads * head
    low_rank = d * head + head * wide  # f_proj; g_proj has a bias besides
    projections = 4 * d * wide + d * heads + 2 * low_rank + wide  # q, k, v, o; b; f, g
    return d + projections + 3 * 4 * wide + heads + wide + head  # convolutions; A_log, dt_bias; o_norm


def rwkv7_parameters(d: int, head: int) -> int:
    """fla.layers.RWKV7Attention(d, head_dim=head, layer_idx=0) with its default ranks, and LayerNorm(d) before it."""
    decay = rate = max(32, round(2.5 * d**0.5 * head / 64 / 32) * 32)
    gate = max(32, round(5 * d**0.5 / 32) * 32)
    low_rank = 2 * d * (decay + rate + gate) + 2 * d  # decay and rate have biases
    vectors = 6 * d + 3 * d + 2 * d  # x_r .. x_g; k_k, k_a, r_k; g_norm
    return 2 * d + 4 * d * d + low_rank + vectors


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("deltanet", deltanet_parameters(1536, heads=12, head=128)),
        ("gated_deltanet", gated_deltanet_parameters(1536, heads=6, key=192, value=384)),
        ("kda", kda_parameters(1536, heads=12, head=128)),
        ("rwkv7", rwkv7_parameters(1536, head=64)),
    ],
)
def test_a_layer_has_the_published_modules_parameters(name: str, parameters: int) -> None:
    workload = resolve_workload(name)
    assert workload.graph.parameter_count == parameters
    wanted = resolve_workload("mamba2").parameters
    assert abs(workload.parameters - wanted) <= parameters / 2, "another number of layers is nearer"


@pytest.mark.parametrize(
    ("name", "sizes", "parameters"),
    [
        ("deltanet", ["d=2048", "h=16"], deltanet_parameters(2048, heads=16, head=128)),
        ("gated_deltanet", ["d=2048"], gated_deltanet_parameters(2048, heads=6, key=256, value=512)),
        ("kda", ["d=2048", "h=16"], kda_parameters(2048, heads=16, head=128)),
        ("rwkv7", ["d=2048", "f=128", "i=128", "g=224"], rwkv7_parameters(2048, head=64)),
    ],
)
def test_the_default_configurations_sizes_follow(name: str, sizes: Sequence[str], parameters: int) -> None:
    workload = resolve_workload(name, [f"equations.sizes.{each}" for each in sizes])
    assert workload.graph.parameter_count == parameters


# ------------------------------------------------------------------------------------------------- the simulated order

SCHEDULED = {
    "deltanet": ("d=12", "h=2"),
    "gated_deltanet": ("d=8", "h=2"),
    "kda": ("d=8", "h=2"),
    "rwkv7": ("d=8", "h=2", "f=3", "i=2", "g=4"),
}
LAYOUTS = {
    "chosen": [],
    "two blocks of two lanes": ["mapping.blocks=2", "mapping.lanes=1", "mapping.token_tile=4"],
    "all on the array": ["mapping.placement=mac_array", "mapping.token_tile=8"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("chunk", [None, 4])
@pytest.mark.parametrize("name", SCHEDULED)
def test_the_order_of_a_simulation_computes_the_recurrence(name: str, chunk: int | None, layout: str) -> None:
    recurrence = next(cell.recurrence for cell in CELLS.values() if cell.name == name)
    sizes = [f"equations.sizes.{each}" for each in SCHEDULED[name]]
    wanted = ["layers=2", "sequence_length=13", *sizes, *chunked(chunk), *LAYOUTS[layout]]
    job = prepare(name, "edge", wanted, ANY_SCHEDULE)
    recorder = OrderRecorder()
    run(job, observer=recorder)
    graph = job.sections[0].stack.graph
    assert graph.tokens == (chunk or 1)
    for layer in range(2):
        parameters, inputs = draw(graph, layer, 13)
        found = execute(graph, parameters, inputs, recorder.order(layer)).values[graph.output_tensor]
        assert_close(found, recurrence(parameters, inputs)[0], f"layer {layer}")
