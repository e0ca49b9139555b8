"""Every model and formulation computes its paper's recurrence, in the orders in which simulations schedule it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.accounting.replay import OrderRecorder
from sim.simulation import prepare, run
from tests.support import recurrences
from tests.support.sampled import sampled
from workloads.execute import execute, random_parameters
from workloads.graph import TimestepGraph
from workloads.models.registry import GENERATORS

Array = NDArray[np.float64]
Reference = Callable[..., tuple[Array, dict[str, Array]]]
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Model:
    """A small model: its name in a workload file, its dimensions, and the recurrence that it must compute."""

    name: str
    dimensions: dict[str, Any]
    recurrence: Reference
    chunks: Sequence[int] = (1, 3, 4, 16)

    @property
    def formulations(self) -> list[tuple[str, int | None]]:
        """(formulation, chunk) of each that is tried."""
        chunked = GENERATORS[self.name].chunked
        return [("sequential", None), *((name, chunk) for name in chunked for chunk in self.chunks)]

    def graph(self, formulation: str = "sequential", chunk: int | None = None) -> TimestepGraph:
        """The graph of one layer."""
        generator = GENERATORS[self.name]
        dimensions = generator.dimensions.model_validate(self.dimensions)
        if chunk is None:
            return generator.sequential(dimensions)
        return generator.chunked[formulation](dimensions, chunk)


POWERS = (1, 2, 4, 16)
SISO, MIMO = partial(recurrences.mamba3, mimo=False), partial(recurrences.mamba3, mimo=True)
MODELS = {
    "mamba1": Model("mamba1", {"d_model": 5, "d_state": 3}, recurrences.mamba1, POWERS),
    "mamba1, one state, two taps, rank 3": Model(
        "mamba1", {"d_model": 7, "d_state": 1, "expand": 3, "d_conv": 2, "dt_rank": 3}, recurrences.mamba1, POWERS
    ),
    "mamba1, no window, mlp": Model(
        "mamba1", {"d_model": 3, "d_state": 4, "d_conv": 1, "d_intermediate": 5}, recurrences.mamba1, POWERS
    ),
    "falcon mamba": Model(
        "mamba1",
        {"d_model": 6, "d_state": 3, "bcdt_norm": True},
        partial(recurrences.mamba1, bcdt_norm=True),
        POWERS,
    ),
    "mamba2": Model("mamba2", {"d_model": 6, "d_state": 5, "head_dim": 4}, recurrences.mamba2),
    "mamba2, 3 groups, mlp": Model(
        "mamba2",
        {"d_model": 9, "d_state": 5, "head_dim": 3, "n_groups": 3, "d_intermediate": 7},
        recurrences.mamba2,
    ),
    "mamba2, 2 groups, one channel a head": Model(
        "mamba2", {"d_model": 5, "d_state": 2, "head_dim": 1, "n_groups": 2, "d_conv": 3}, recurrences.mamba2
    ),
    "naive mamba3, rank 1": Model(
        "mamba3_naive", {"d_model": 6, "d_state": 6, "head_dim": 4, "mimo_rank": 1}, recurrences.mamba3_naive
    ),
    "naive mamba3, rank 2": Model(
        "mamba3_naive", {"d_model": 5, "d_state": 2, "head_dim": 5, "mimo_rank": 2}, recurrences.mamba3_naive
    ),
    "naive mamba3, rank 4": Model(
        "mamba3_naive", {"d_model": 7, "d_state": 10, "head_dim": 2, "mimo_rank": 4}, recurrences.mamba3_naive
    ),
    "mamba3 siso": Model("mamba3", {"d_model": 5, "d_state": 8, "head_dim": 5, "d_intermediate": 3}, SISO),
    "mamba3 siso, 2 groups, all rotated": Model(
        "mamba3", {"d_model": 6, "d_state": 6, "head_dim": 3, "n_groups": 2, "rope_fraction": 1.0}, SISO
    ),
    "mamba3 siso, out-norm": Model("mamba3", {"d_model": 4, "d_state": 10, "head_dim": 2, "out_norm": True}, SISO),
    "mamba3 mimo, rank 1": Model(
        "mamba3", {"d_model": 5, "d_state": 4, "head_dim": 2, "mimo": True, "mimo_rank": 1}, MIMO
    ),
    "mamba3 mimo, rank 2, 3 groups, all rotated": Model(
        "mamba3",
        {"d_model": 6, "d_state": 6, "head_dim": 2, "n_groups": 3, "mimo": True, "mimo_rank": 2, "rope_fraction": 1.0},
        MIMO,
    ),
    "mamba3 mimo, rank 4, out-norm, mlp": Model(
        "mamba3",
        {"d_model": 4, "d_state": 8, "head_dim": 4, "mimo": True, "out_norm": True, "d_intermediate": 6},
        MIMO,
    ),
}
every_model = pytest.mark.parametrize("model", [pytest.param(model, id=name) for name, model in MODELS.items()])


def draw(graph: TimestepGraph, seed: int, tokens: int) -> tuple[dict[str, Array], Array]:
    """Parameters and inputs."""
    return random_parameters(graph, seed), np.random.default_rng(seed).standard_normal((tokens, graph.sizes["d"]))


def assert_close(found: Array, expected: Array, what: str = "") -> None:
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, err_msg=what)


@pytest.mark.parametrize("seed", range(3))
@every_model
def test_formulations_equal_the_recurrence(model: Model, seed: int) -> None:
    tokens = (11, 16, 1)[seed]  # no multiple of most chunks; a multiple of all; less than one
    for formulation, chunk in model.formulations:
        graph = model.graph(formulation, chunk)
        parameters, inputs = draw(graph, seed, tokens)
        outputs, state = model.recurrence(parameters, inputs)
        found = execute(graph, parameters, inputs)
        assert_close(found.values[graph.output_tensor], outputs, f"{formulation} {chunk}")
        assert found.state.keys() == state.keys()
        for tensor, rows in state.items():
            assert_close(found.state[tensor], rows, f"{formulation} {chunk}: state {tensor}")


@every_model
def test_decode_goes_on_from_the_prefill_of_any_formulation(model: Model) -> None:
    decode = model.graph()
    parameters, inputs = draw(decode, 5, 9)
    outputs, _ = model.recurrence(parameters, inputs)
    for formulation, chunk in model.formulations:
        state = execute(model.graph(formulation, chunk), parameters, inputs[:6]).state
        for token in range(6, 9):
            step = execute(decode, parameters, inputs[token : token + 1], state=state)
            assert_close(step.values[decode.output_tensor][0], outputs[token], f"{formulation} {chunk}")
            state = step.state


@every_model
def test_a_second_prompt_goes_on_from_the_first_in_any_formulation(model: Model) -> None:
    parameters, inputs = draw(model.graph(), 6, 13)
    outputs, _ = model.recurrence(parameters, inputs)
    _, state = model.recurrence(parameters, inputs[:4])
    for formulation, chunk in model.formulations:
        graph = model.graph(formulation, chunk)
        found = execute(graph, parameters, inputs[4:], state=state)
        assert_close(found.values[graph.output_tensor], outputs[4:], f"{formulation} {chunk}")


def test_mamba3s_slowest_decay_is_bounded() -> None:
    model = MODELS["mamba3 siso"]
    for formulation, chunk in model.formulations:
        graph = model.graph(formulation, chunk)
        parameters, inputs = draw(graph, 0, 5)
        parameters["W_in_A"] = np.full_like(parameters["W_in_A"], -1e5)  # beyond what the floor allows
        found = execute(graph, parameters, inputs).values
        assert found["rate"].max() == -1e-4
        assert_close(found[graph.output_tensor], model.recurrence(parameters, inputs)[0])


# ---------------------------------------------------------------------------------------------------- recorded orders

TOKENS = 13
SCHEDULED = {
    "mamba1": ("mamba1", {"d_model": 8, "d_state": 3}),
    "falcon mamba": ("mamba1", {"d_model": 8, "d_state": 3, "bcdt_norm": True}),
    "mamba2": ("mamba2", {"d_model": 12, "d_state": 5, "head_dim": 3}),
    "mamba2, 4 groups": ("mamba2", {"d_model": 12, "d_state": 5, "head_dim": 3, "n_groups": 4, "d_intermediate": 6}),
    "naive mamba3": ("mamba3_naive", {"d_model": 12, "d_state": 6, "head_dim": 3, "mimo_rank": 2}),
    "mamba3 siso": ("mamba3", {"d_model": 12, "d_state": 8, "head_dim": 3, "d_intermediate": 6}),
    "mamba3 mimo": ("mamba3", {"d_model": 12, "d_state": 8, "head_dim": 3, "mimo": True, "mimo_rank": 2}),
}
SHIPPED = {"mamba1": "mamba1", "mamba2": "mamba2", "mamba3_naive": "mamba3_mimo", "mamba3": "mamba3-siso-187m"}
PHASES = ("prefill", "decode")
MACHINES = ("edge", "edge_flexpe")
LAYOUTS = {
    "chosen": [],
    "two blocks of two lanes": ["mapping.blocks=2", "mapping.lanes=2", "mapping.token_tile=4"],
    "spilled state": [
        "mapping.spill=true",
        "mapping.blocks=4",
        "mapping.token_tile=4",
        "simd.lanes=2",
        "simd.pipeline_depth=1",
    ],
    "all on the array": ["mapping.placement=mac_array", "mapping.token_tile=8"],
}


def scheduled(model: Model, machine: str, overrides: list[str]) -> tuple[OrderRecorder, TimestepGraph]:
    """A simulated run of two layers, its order recorded, and the graph of a layer."""
    dimensions = [f"dimensions.{key}={value}".replace("True", "true") for key, value in model.dimensions.items()]
    if model.name == "mamba3":
        dimensions += ["dimensions.d_intermediate=0"] * ("d_intermediate" not in model.dimensions)
    job = prepare(SHIPPED[model.name], machine, ["layers=2", f"sequence_length={TOKENS}", *dimensions, *overrides])
    recorder = OrderRecorder()
    run(job, observer=recorder)
    return recorder, job.sections[0].stack.graph


def recurrence_of(model: Model) -> Reference:
    if model.name == "mamba1":
        return partial(recurrences.mamba1, bcdt_norm=model.dimensions.get("bcdt_norm", False))
    if model.name == "mamba3":
        return MIMO if model.dimensions.get("mimo") else SISO
    return {"mamba2": recurrences.mamba2, "mamba3_naive": recurrences.mamba3_naive}[model.name]


@pytest.mark.parametrize(("case", "layout", "machine"), sampled(product(SCHEDULED, LAYOUTS, MACHINES), 24))
def test_the_order_of_a_simulation_computes_the_recurrence(case: str, layout: str, machine: str) -> None:
    name, dimensions = SCHEDULED[case]
    model = Model(name, dimensions, recurrences.mamba2, chunks=(4,))
    for formulation, chunk in model.formulations:
        wanted = [f"formulation={formulation}", *([f"chunk={chunk}"] if chunk else [])]
        recorder, graph = scheduled(model, machine, [*wanted, *LAYOUTS[layout]])
        assert graph.tokens == (chunk or 1)
        for layer in range(2):
            parameters, inputs = draw(graph, layer, TOKENS)
            found = execute(graph, parameters, inputs, recorder.order(layer)).values[graph.output_tensor]
            assert_close(found, recurrence_of(model)(parameters, inputs)[0], formulation)


@pytest.mark.parametrize(
    ("case", "layout", "machine"), sampled(product(SCHEDULED, ["chosen", "spilled state"], MACHINES), 12)
)
def test_the_order_of_a_simulated_decode_goes_on_from_prefill(case: str, layout: str, machine: str) -> None:
    name, dimensions = SCHEDULED[case]
    model = Model(name, dimensions, recurrences.mamba2)
    overrides = [each for each in LAYOUTS[layout] if "token_tile" not in each]
    recorder, graph = scheduled(model, machine, ["phase=decode", "batch=2", *overrides])
    parameters, inputs = draw(graph, 3, TOKENS)
    _, state = recurrence_of(model)(parameters, inputs[:-1])
    outputs, _ = recurrence_of(model)(parameters, inputs)
    found = execute(graph, parameters, inputs[-1:], recorder.order(layer=1), state)
    assert_close(found.values[graph.output_tensor][0], outputs[-1])
