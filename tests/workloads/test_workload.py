"""Stacks of layers and workloads: timesteps, tokens, what is carried, parameters; and which graph a layer has."""

from __future__ import annotations

from typing import Any

import pytest

from workloads.builder import GraphBuilder
from workloads.building import timestep_graph
from workloads.graph import TimestepGraph
from workloads.models.mamba1 import Mamba1Dimensions, mamba1_kogge_stone, mamba1_sequential
from workloads.models.mamba2 import Mamba2Dimensions, mamba2_chunked
from workloads.stack import Stack
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, WorkloadSpec


def spec(**fields: Any) -> WorkloadSpec:
    """Four layers of 70 tokens, unless said otherwise."""
    given = {"name": "w", "model": "mamba1", "dimensions": {}, "layers": 4, "sequence_length": 70}
    return WorkloadSpec.model_validate(given | fields)


def leaky(chunk: int = 0) -> TimestepGraph:
    """A recurrence over 6 channels behind a window of 4 tokens, in chunks on wish; 3 d + 8 d + d parameters."""
    sizes = {"d": 6, "k": 4, "e": 8}
    at = "t"
    if chunk:
        sizes |= {"q": chunk}
        at = "t,q"
    b = GraphBuilder("leaky", sizes, f"u[{at},d]", tokens="q" if chunk else None)
    back = "t-k,q" if chunk else "t-k"
    b.define("conv", "convolution", f"c[{at},d] = sum(k, F[k,d] * u[{back},d]) + b[d]")
    b.define("wide", "projection", f"w[{at},e] = sum(d, W[d,e] * c[{at},d])")
    if chunk:
        b.define("leak", "state", "s[t,d] = A[d] * s[t-1,d] + sum(q, c[t,q,d])")
        b.define("out", "gate", "y[t,q,d] = c[t,q,d] * s[t,d]")
    else:
        b.define("leak", "state", "s[t,d] = A[d] * s[t-1,d] + c[t,d]")
        b.define("out", "gate", "y[t,d] = c[t,d] * s[t,d]")
    return b.build("y")


PARAMETERS = 4 * 6 + 6 + 6 * 8 + 6  # F, b, W, A


@pytest.mark.parametrize(
    ("fields", "chunk", "head", "steps", "resumes"),
    [
        pytest.param({}, 0, False, 70, False, id="a timestep a token"),
        pytest.param({}, 32, False, 3, False, id="chunks: the last is padded"),
        pytest.param({"phase": "decode"}, 0, False, 1, True, id="decode goes on from a state"),
        pytest.param({}, 0, True, 1, False, id="the head: once, after a prompt"),
        pytest.param({"phase": "decode"}, 0, True, 1, False, id="the head has no state in decode either"),
    ],
)
def test_timesteps(fields: dict[str, Any], chunk: int, head: bool, steps: int, resumes: bool) -> None:
    stack = Stack(spec(batch=3, **fields), leaky(chunk), 2, head)
    assert (stack.steps, stack.resumes) == (steps, resumes)
    assert stack.total(5) == 5 * steps * 2 * 3  # of each timestep, layer and sequence


@pytest.mark.parametrize(
    ("fields", "element", "state"),
    [
        pytest.param({}, 2, 2, id="16 bit"),
        pytest.param({"precision": "8bit"}, 1, 1, id="8 bit"),
        pytest.param({"state_precision": "32bit"}, 2, 4, id="a wide state"),
        pytest.param({"precision": "32bit", "state_precision": "16bit"}, 4, 2, id="a narrow state"),
    ],
)
@pytest.mark.parametrize("chunk", [0, 32])
def test_a_layer_carries_recurrences_and_windows_each_at_its_width(
    fields: dict[str, Any], element: int, state: int, chunk: int
) -> None:
    """Three tokens of u before the window's last, and s: however many tokens a timestep has."""
    stack = Stack(spec(batch=3, **fields), leaky(chunk), 2)
    assert (stack.element_bytes, stack.state_bytes) == (element, state)
    assert stack.carried_bytes == 3 * 6 * element + 6 * state


def test_the_head_has_no_wishes() -> None:
    wishes = MappingSpec(token_tile=7)
    layers, head = (Stack(spec(mapping=wishes), leaky(), 1, head) for head in (False, True))
    assert (layers.wishes, head.wishes) == (wishes, MappingSpec())


@pytest.mark.parametrize(
    ("fields", "stacks"),
    [
        pytest.param({}, [("leaky", 4, False)], id="layers"),
        pytest.param({"vocabulary": 9}, [("leaky", 4, False)], id="a vocabulary is no head"),
        pytest.param({"vocabulary": 9, "head": True}, [("leaky", 4, False), ("head", 1, True)], id="head"),
        pytest.param({"head": True}, [("leaky", 4, False)], id="a head of nothing"),
    ],
)
def test_layers_that_are_alike_are_one_stack(fields: dict[str, Any], stacks: list[tuple[str, int, bool]]) -> None:
    workload = Workload.alike(spec(**fields), leaky())
    assert [(stack.graph.name, stack.layers, stack.head) for stack in workload.stacks] == stacks
    assert workload.body == workload.stacks[:1]
    assert workload.head is (workload.stacks[1] if len(stacks) > 1 else None)


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        pytest.param({}, 4 * PARAMETERS, id="layers"),
        pytest.param({"vocabulary": 9}, 4 * PARAMETERS + 6 + 9 * 6, id="final norm and embedding"),
        pytest.param({"vocabulary": 9, "head": True}, 4 * PARAMETERS + 6 + 9 * 6, id="as many with the head"),
        pytest.param(
            {"vocabulary": 9, "tied_embeddings": False}, 4 * PARAMETERS + 6 + 2 * 9 * 6, id="a head of its own"
        ),
    ],
)
def test_parameters(fields: dict[str, Any], parameters: int) -> None:
    assert Workload.alike(spec(**fields), leaky()).parameters == parameters


@pytest.mark.parametrize(("phase", "tokens"), [("prefill", 70 * 3), ("decode", 3)])
def test_tokens_are_those_of_the_batch(phase: str, tokens: int) -> None:
    assert Workload.alike(spec(phase=phase, batch=3), leaky(32)).tokens == tokens


def test_the_chunk_is_that_of_the_first_layer_that_has_one() -> None:
    described = spec(model="mamba2", formulation="chunked")
    plain = Workload.alike(described, leaky())
    assert (plain.chunk, plain.formulation) == (None, "sequential")
    mixed = Workload(described, tuple(Stack(described, leaky(chunk), 1) for chunk in (0, 32, 16, 0)))
    assert (mixed.chunk, mixed.formulation, mixed.graph.tokens) == (32, "chunked", 1)


def test_stacks_have_as_many_layers_as_the_description_says() -> None:
    described = spec(layers=3)
    with pytest.raises(ValueError) as raised:
        Workload(described, (Stack(described, leaky(), 2), Stack(described, leaky(), 1, head=True)))
    assert str(raised.value) == "the stacks have 2 layers, the description says 3"


# ------------------------------------------------------------------------------------------------- the graph of a layer

ONE, TWO = Mamba1Dimensions(d_model=4, d_state=3), Mamba2Dimensions(d_model=4, d_state=3, head_dim=2)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, mamba1_sequential(ONE), id="step by step"),
        pytest.param({"formulation": "kogge_stone", "chunk": 8}, mamba1_kogge_stone(ONE, 8), id="chunks as given"),
        pytest.param({"formulation": "kogge_stone"}, mamba1_kogge_stone(ONE, 32), id="the model's chunks"),
        pytest.param({"chunk": 8}, mamba1_sequential(ONE), id="step by step there are none"),
        pytest.param(
            {"formulation": "kogge_stone", "phase": "decode"}, mamba1_sequential(ONE), id="decode is step by step"
        ),
    ],
)
def test_the_graph_of_a_layer(fields: dict[str, Any], expected: TimestepGraph) -> None:
    assert timestep_graph(spec(**fields), ONE) == expected


def test_the_default_chunk_of_a_model_may_be_longer_than_the_sequence() -> None:
    graph = timestep_graph(spec(model="mamba2", formulation="chunked"), TWO)
    assert graph == mamba2_chunked(TWO, 256)
    assert Stack(spec(), graph, 4).steps == 1


def test_a_chunk_that_a_model_cannot_have() -> None:
    with pytest.raises(ValueError) as raised:
        timestep_graph(spec(formulation="blelloch", chunk=12), ONE)
    assert str(raised.value) == "a parallel scan needs a chunk that is a power of two, not 12"
