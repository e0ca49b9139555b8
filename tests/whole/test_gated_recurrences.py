"""GLA, RetNet, HGRN2, mLSTM, RG-LRU and S4D, written as equations, compute the recurrences of their papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.accounting.replay import OrderRecorder
from sim.files.resolve import resolve_workload
from sim.simulation import prepare, run
from sim.validation.proof import ANY_SCHEDULE
from tests.support import gated_recurrences
from workloads.execute import execute, random_parameters
from workloads.graph import TimestepGraph

Array = NDArray[np.float64]
Parameters = dict[str, Array]
Draw = Callable[[Parameters, np.random.Generator], None]
TOLERANCE = 1e-10
CHUNKS = (1, 3, 4, 8, 16)
TOKENS = 13


def as_drawn(parameters: Parameters, random: np.random.Generator) -> None:
    """Parameters that suit as they are."""


def fast_decays(parameters: Parameters, random: np.random.Generator) -> None:
    """Half of GLA's decays nearly close, half are nearly one."""
    b_a = parameters["b_a"]
    parameters["b_a"] = np.where(random.random(b_a.shape) < 0.5, -12.0, 12.0)


def bounds(parameters: Parameters, random: np.random.Generator) -> None:
    """HGRN2's lower bounds lie between 0 and 1; a first layer's are 0."""
    shape = parameters["bound"].shape
    parameters["bound"] = random.random(shape) * (random.random(shape) < 0.7)


def wide_gates(parameters: Parameters, random: np.random.Generator) -> None:
    """MLSTM's gates reach their soft cap, both ways."""
    parameters["W_i"] *= 20
    parameters["W_f"] *= 20


def closed_inputs(parameters: Parameters, random: np.random.Generator) -> None:
    """Many of mLSTM's input gates are far below what they are where nothing comes in, as in padding."""
    parameters["b_i"] = np.full_like(parameters["b_i"], 8.0)
    parameters["b_f"] = np.full_like(parameters["b_f"], -8.0)
    parameters["W_i"] *= 30


def inside_the_circle(parameters: Parameters, random: np.random.Generator) -> None:
    """S4D's states fade: |A| is below 1."""
    shape = parameters["A_re"].shape
    A = random.uniform(0.3, 0.99, shape) * np.exp(1j * random.uniform(0.0, np.pi, shape))
    parameters["A_re"], parameters["A_im"] = A.real, A.imag


@cache
def graph_of(name: str, *assignments: str) -> TimestepGraph:
    """The graph of one layer of a shipped workload with other values."""
    return resolve_workload(name, assignments).graph


@dataclass(frozen=True)
class Cell:
    """A shipped workload with small ``sizes``, and how its parameters differ from those that are drawn by name."""

    name: str
    sizes: Mapping[str, int]
    draw: Draw = as_drawn

    @property
    def chunks(self) -> tuple[int | None, ...]:
        """Tokens of the chunks that are tried; None is token by token."""
        return (None,) if self.name == "s4d" else (None, *CHUNKS)

    def assignments(self, chunk: int | None) -> list[str]:
        """What makes the shipped workload small."""
        sizes = [f"equations.sizes.{index}={size}" for index, size in self.sizes.items()]
        return sizes if chunk is None else [*sizes, "formulation=chunked", f"chunk={chunk}"]

    def graph(self, chunk: int | None = None) -> TimestepGraph:
        """The graph of one layer."""
        return graph_of(self.name, *self.assignments(chunk))

    def drawn(self, graph: TimestepGraph, seed: int, tokens: int) -> tuple[Parameters, Array]:
        """Parameters and inputs."""
        parameters, random = random_parameters(graph, seed), np.random.default_rng(seed)
        self.draw(parameters, random)
        return parameters, random.standard_normal((tokens, graph.sizes["d"]))

    def recurrence(self, parameters: Parameters, inputs: Array) -> tuple[Array, Parameters]:
        """Outputs and state by the paper's loop."""
        loop: Callable[[Parameters, Array], tuple[Array, Parameters]] = getattr(gated_recurrences, self.name)
        return loop(parameters, inputs)


CELLS = {
    "gla": Cell("gla", {"d": 8, "h": 2, "k": 3, "v": 5, "r": 3}),
    "gla, one head": Cell("gla", {"d": 6, "h": 1, "r": 1}),
    "gla, fast and slow decays": Cell("gla", {"d": 6, "h": 3, "k": 4, "v": 2, "r": 2}, fast_decays),
    "retnet": Cell("retnet", {"d": 12, "h": 2, "v": 5}),
    "retnet, three heads": Cell("retnet", {"d": 12, "h": 3}),
    "hgrn2": Cell("hgrn2", {"d": 6, "h": 2, "k": 5}, bounds),
    "mlstm": Cell("mlstm", {"d": 8, "h": 2, "k": 3, "v": 5}),
    "mlstm, wide gates": Cell("mlstm", {"d": 6, "h": 3}, wide_gates),
    "mlstm, closed inputs": Cell("mlstm", {"d": 6, "h": 1, "k": 2}, closed_inputs),
    "rg_lru": Cell("rg_lru", {"d": 6, "b": 2}),
    "rg_lru, two taps": Cell("rg_lru", {"d": 6, "b": 3, "w": 2}),
    "s4d": Cell("s4d", {"d": 5, "n": 3}, inside_the_circle),
}
every_cell = pytest.mark.parametrize("cell", [pytest.param(cell, id=name) for name, cell in CELLS.items()])


def assert_close(found: Array, expected: Array, what: str) -> None:
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, err_msg=what)


@pytest.mark.parametrize("tokens", [1, 11, 16])
@every_cell
def test_every_form_equals_the_recurrence(cell: Cell, tokens: int) -> None:
    for chunk in cell.chunks:
        graph = cell.graph(chunk)
        parameters, inputs = cell.drawn(graph, tokens, tokens)
        outputs, state = cell.recurrence(parameters, inputs)
        found = execute(graph, parameters, inputs)
        assert_close(found.values[graph.output_tensor], outputs, f"chunk {chunk}")
        assert found.state.keys() == state.keys()
        for tensor, rows in state.items():
            assert_close(found.state[tensor], rows, f"chunk {chunk}: state {tensor}")


@pytest.mark.parametrize(
    ("name", "chunk", "tokens"),
    [("gla", 64, 100), ("retnet", 32, 70), ("mlstm", 64, 100), ("hgrn2", 16, 40), ("rg_lru", 32, 70)],
)
def test_chunks_as_long_as_shipped_equal_the_recurrence(name: str, chunk: int, tokens: int) -> None:
    cell = CELLS[name]
    assert resolve_workload(name, ["formulation=chunked"]).graph.tokens == chunk
    graph = cell.graph(chunk)
    parameters, inputs = cell.drawn(graph, 7, tokens)
    outputs, _ = cell.recurrence(parameters, inputs)
    assert_close(execute(graph, parameters, inputs).values[graph.output_tensor], outputs, f"chunk {chunk}")


@every_cell
def test_decode_goes_on_from_the_prefill_of_any_form(cell: Cell) -> None:
    decode = cell.graph()
    parameters, inputs = cell.drawn(decode, 5, 9)
    outputs, _ = cell.recurrence(parameters, inputs)
    for chunk in cell.chunks:
        state = execute(cell.graph(chunk), parameters, inputs[:6]).state
        for token in range(6, 9):
            step = execute(decode, parameters, inputs[token : token + 1], state=state)
            assert_close(step.values[decode.output_tensor][0], outputs[token], f"chunk {chunk}")
            state = step.state


@every_cell
def test_a_second_prompt_goes_on_from_the_first_in_any_form(cell: Cell) -> None:
    parameters, inputs = cell.drawn(cell.graph(), 6, TOKENS)
    outputs, _ = cell.recurrence(parameters, inputs)
    state = execute(cell.graph(), parameters, inputs[:4]).state
    for chunk in cell.chunks:
        graph = cell.graph(chunk)
        found = execute(graph, parameters, inputs[4:], state=state)
        assert_close(found.values[graph.output_tensor], outputs[4:], f"chunk {chunk}")


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("layout", [[], ["mapping.placement=mac_array"]], ids=["chosen", "all on the array"])
@every_cell
def test_the_order_of_a_simulation_computes_the_recurrence(cell: Cell, layout: list[str], phase: str) -> None:
    for chunk in cell.chunks if phase == "prefill" else (None,):
        if chunk not in (None, 4):
            continue
        size = ["layers=2", f"sequence_length={TOKENS}", f"phase={phase}", *cell.assignments(chunk)]
        job = prepare(cell.name, "edge", [*size, *layout], ANY_SCHEDULE)
        recorder = OrderRecorder()
        run(job, observer=recorder)
        graph = job.sections[0].stack.graph
        parameters, inputs = cell.drawn(graph, 3, TOKENS)
        outputs, _ = cell.recurrence(parameters, inputs)
        if phase == "prefill":
            found = execute(graph, parameters, inputs, recorder.order(layer=1)).values[graph.output_tensor]
            assert_close(found, outputs, f"chunk {chunk}")
        else:
            _, state = cell.recurrence(parameters, inputs[:-1])
            found = execute(graph, parameters, inputs[-1:], recorder.order(layer=1), state)
            assert_close(found.values[graph.output_tensor][0], outputs[-1], "decode")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # q, k; v, g, o; the projection of rank 16 and its bias; the norm's weight of a head, the norm before
        pytest.param("gla", lambda d: 2 * d * d // 2 + 3 * d * d + 16 * d + 17 * d // 2 + d // 4 + d, id="gla"),
        # q, k; v, g, o twice as wide; the norm's weight of a head, the norm before
        pytest.param("retnet", lambda d: 2 * d * d + 3 * 2 * d * d + 512 + d, id="retnet"),
        # q, f, i, o; the layer's row of the lower bounds; two norms
        pytest.param("hgrn2", lambda d: 4 * d * d + d + 2 * d, id="hgrn2"),
        # q, k; v, o's gate, out; the gates of 3 heads and their biases; two norms
        pytest.param("mlstm", lambda d: 2 * d * d // 2 + 3 * d * d + 2 * 3 * (d + 1) + 2 * d, id="mlstm"),
        # x, y, out with biases; 4 taps and a bias; 6 blocks of 256 of two gates, with biases; the decay; the norm
        pytest.param(
            "rg_lru", lambda d: 3 * (d * d + d) + 5 * d + 2 * (6 * 256 * 256 + d) + d + d, id="rg_lru"
        ),
        # A and C, 32 complex numbers a channel each, and dt, which is in them; D; the output layer; the LayerNorm
        pytest.param("s4d", lambda d: (4 * 32 * d + d) - d + d + (2 * d * d + 2 * d) + 2 * d, id="s4d"),
    ],
)  # fmt: skip
def test_layers_have_the_published_parameters_and_models_those_of_mamba2(
    name: str, parameters: Callable[[int], int]
) -> None:
    workload, goal = resolve_workload(name), resolve_workload("mamba2").parameters
    layer = workload.graph.parameter_count
    assert layer == parameters(workload.graph.sizes["d"])
    assert abs(workload.parameters - goal) <= layer / 2
