"""Models in YAML: their graphs, the chunk that is made of the token by token form, and each mistake with its place."""

from __future__ import annotations

import doctest
from copy import deepcopy
from typing import Any

import pytest

import workloads.models.equations
from workloads.models.equations import (
    EquationError,
    chunked_graph,
    generator,
    lengths,
    sequential_graph,
)
from workloads.models.equations_spec import EquationsSpec

LEAKY: dict[str, Any] = {
    "sizes": {"d": 4, "i": "2 * d"},
    "input": "u[t,d]",
    "constants": {"rate": ["i", "1 - 2 ** (0 - 1 - i)"]},
    "operations": [
        ["in", "projection", "x[t,i] = sum(d, W[d,i] * u[t,d])"],
        ["update", "state", "h[t,i] = rate[i] * h[t-1,i] + x[t,i]"],
        ["out", "projection", "o[t,d] = sum(i, V[i,d] * h[t,i]) + u[t-1,d]"],
    ],
    "output": "o",
    "chunked": {
        "axis": "q",
        "tokens": 8,
        "longest": 16,
        "indices": ["s"],
        "masked": ["in"],
        "replaces": ["update"],
        "operations": [
            ["power", "chunk", "lg[t,q,i] = cumsum(q, log(rate[i]) + 0 * x[t,q,i])"],
            ["inside", "chunk", "p[t,q,i] = sum(s, where(s <= q, exp(lg[t,q,i] - lg[t,s,i]), 0) * x[t,s,i])"],
            ["states", "chunk", "hs[t,q,i] = p[t,q,i] + exp(lg[t,q,i]) * h[t-1,i]"],
            ["update", "passing", "h[t,i] = hs[t,last(q),i]"],
            ["rows", "chunk", "hq[t,q,i] = hs[t,q,i] + 0 * h[t,i]"],
        ],
    },
}


def described(**changes: Any) -> EquationsSpec:
    """The leaky integrator with other keys."""
    return EquationsSpec.model_validate(deepcopy(LEAKY) | changes)


def with_operation(position: int, text: str) -> EquationsSpec:
    """The leaky integrator with another equation."""
    operations = deepcopy(LEAKY["operations"])
    operations[position][2] = text
    return described(operations=operations)


def with_chunk(**changes: Any) -> EquationsSpec:
    """The leaky integrator with another chunk."""
    return described(chunked=deepcopy(LEAKY["chunked"]) | changes)


def test_the_example_in_a_docstring_runs() -> None:
    result = doctest.testmod(workloads.models.equations)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_the_graph_of_a_token() -> None:
    graph = sequential_graph(described())
    assert graph.sizes == {"d": 4, "i": 8}
    assert graph.recurrences == (frozenset({"update"}),)
    assert graph.parameter_count == 2 * 4 * 8
    assert graph.constants == {"rate": tuple(1 - 2.0 ** (-1 - i) for i in range(8))}


def test_lengths_are_worked_out_whatever_their_order() -> None:
    assert lengths({"a": "b + c", "b": "2 * c", "c": 3}) == {"a": 9, "b": 6, "c": 3}


def test_a_chunk_has_its_axis_in_all_operations_that_are_not_replaced() -> None:
    sequence = deepcopy(LEAKY["operations"])
    sequence[2][2] = "o[t,d] = sum(i, V[i,d] * hs[t,i]) + u[t-1,d]"  # what both forms hand on has one name
    sequence.insert(2, ["rows", "state", "hs[t,i] = h[t,i]"])
    chunk = deepcopy(LEAKY["chunked"]) | {"replaces": ["update", "rows"]}
    spec = described(operations=sequence, chunked=chunk)
    graph = chunked_graph(spec, 8)
    assert graph.operation("in").equation.text == "x[t,q,i] = sum(d, W[d,i] * u[t,q,d])"
    assert graph.operation("out").equation.text == "o[t,q,d] = sum(i, V[i,d] * hs[t,q,i]) + u[t-1,q,d]"
    assert [op.name for op in graph.operations] == ["in", "power", "inside", "states", "update", "rows", "out"]
    assert [op.name for op in graph.operations if op.masked] == ["in"]
    assert (graph.tokens, graph.sizes["s"], graph.token_index) == (8, 8, "q")
    assert graph.carried == {"u": 1, "h": 1}


def test_what_a_generator_of_equations_can_do() -> None:
    made = generator(described())
    assert (list(made.chunked), made.chunk(None), made.longest) == (["chunked"], 8, 16)
    assert list(generator(described(chunked=None)).chunked) == []


def test_more_inputs_are_given_for_each_token_of_a_chunk_too() -> None:
    sequence = deepcopy(LEAKY["operations"])
    sequence[2][2] = "o[t,d] = sum(i, V[i,d] * hs[t,i]) + g[t] * u[t,d]"
    sequence.insert(2, ["rows", "state", "hs[t,i] = h[t,i]"])
    chunk = deepcopy(LEAKY["chunked"]) | {"replaces": ["update", "rows"]}
    spec = described(operations=sequence, chunked=chunk, more_inputs=["g[t]"])
    for graph, indices in ((sequential_graph(spec), ()), (chunked_graph(spec, 8), ("q",))):
        assert (graph.inputs, graph.indices["g"]) == (("u", "g"), indices)
        assert "g" not in graph.parameters


@pytest.mark.parametrize(
    ("spec", "place", "message"),
    [
        pytest.param(
            described(sizes={"d": 4, "i": "d / 3"}),
            ("sizes", "i"), "'d / 3' is 4/3, expected a whole number, 1 at least", id="length that is no whole number",
        ),
        pytest.param(
            described(sizes={"d": 4, "i": "e"}), ("sizes", "i"), "found 'e', but e is not given", id="unknown length"
        ),
        pytest.param(
            described(sizes={"d": "i", "i": "d"}),
            ("sizes", "d"), "found 'i', but i depends on it in turn", id="lengths in a circle",
        ),
        pytest.param(
            described(sizes={"d": 4, "i": 8, "n": 2}), ("sizes", "n"), "nothing has the index n", id="unused length"
        ),
        pytest.param(
            described(sizes={"d": 4, "i": 8, "t": 2}),
            ("sizes", "t"), "t is the timestep: use another letter for an axis", id="the timestep as an axis",
        ),
        pytest.param(
            described(input="u[d]"),
            ("input",),
            "found 'u[d]', expected a tensor such as u[t,d]: must define a tensor at timestep t, not 'u[d] = 0'",
            id="input without t",
        ),
        pytest.param(
            described(input="u[t,n]"),
            ("input",),
            "found 'u[t,n]', expected a tensor such as u[t,d]: no size is given for n", id="input of an unknown size",
        ),
        pytest.param(
            described(more_inputs=["b[t,i]", "u[t,i]"]),
            ("more_inputs", 1),
            "found 'u[t,i]', expected a tensor such as u[t,d]: 'u' is given or defined before", id="input given twice",
        ),
        pytest.param(
            described(more_inputs=["b[t,i]"]), ("more_inputs", 0), "nothing reads 'b'", id="input that nothing reads"
        ),
        pytest.param(
            described(constants={"rate": ["i", [1.0]]}),
            ("constants", "rate"), "the constant 'rate' must have 8 values, not 1", id="too few values",
        ),
        pytest.param(
            described(constants={"rate": ["i", "1 / (i - 2)"]}),
            ("constants", "rate"), "1 / (i - 2) has no value that is finite and real, in '1 / (i - 2)'", id="no value",
        ),
        pytest.param(
            described(constants={"rate": ["n", "1"]}),
            ("constants", "rate"), "no size is given for n", id="constant over an unknown axis",
        ),
        pytest.param(
            described(constants={"rate": [[1.0], [1.0]]}),
            ("constants", "rate"), "found [1.0], expected an index and its values: [h, [1, 2]]", id="no index",
        ),
        pytest.param(
            with_operation(0, "x[t,n] = sum(d, W[d,n] * u[t,d])"),
            ("operations", 0), "in: no size is given for n, only for d, i: 'x[t,n] = sum(d, W[d,n] * u[t,d])'",
            id="unknown index",
        ),
        pytest.param(
            with_operation(0, "x[t,i] = sum(i, W[d,i] * u[t,d])"),
            ("operations", 0),
            "in: leaves d neither summed nor in the result: 'x[t,i] = sum(i, W[d,i] * u[t,d])'",
            id="sum over the wrong index",
        ),
        pytest.param(
            with_operation(0, "x[t,i] = sum(i, W[i])"),
            ("operations", 0),
            "in: sums over i, which the result has: sum over another index that is as long: 'x[t,i] = sum(i, W[i])'",
            id="sum over an index of the result",
        ),
        pytest.param(
            with_operation(1, "h[t,i] = A[i] * h[t-1,i] + A[t-1,i] * x[t,i]"),
            ("operations", 1),
            "update: 'A' is a parameter, which has no timestep: write A[i]: "
            "'h[t,i] = A[i] * h[t-1,i] + A[t-1,i] * x[t,i]'",
            id="lag on a parameter",
        ),
        pytest.param(
            with_operation(1, "x[t,i] = rate[i] * x[t-1,i]"),
            ("operations", 1),
            "update: defines 'x', which in defines already: give the result another name: "
            "'x[t,i] = rate[i] * x[t-1,i]'",
            id="two definitions",
        ),
        pytest.param(
            with_operation(0, "x[t,i] = sum(d, W[d,i] * u[t,d]) + h[t,i]"),
            ("operations", 0),
            "in: reads 'h' of the same timestep, a loop (in -> update -> in): read that of an earlier timestep, such "
            "as h[t-1,i]: 'x[t,i] = sum(d, W[d,i] * u[t,d]) + h[t,i]'",
            id="loop within a timestep",
        ),
        pytest.param(
            described(ranges={"x": [0.0, 1.0]}), ("ranges", "x"), "there is no parameter 'x'", id="no parameter"
        ),
        pytest.param(
            described(ranges={"W": [1.0, 0.0]}),
            ("ranges", "W"), "found 1 to 0, expected the least first", id="range upside down",
        ),
        pytest.param(described(output="y"), ("output",), "the output 'y' is never defined", id="unknown output"),
        pytest.param(
            described(output="h"),
            ("output",),
            "'h' has 8 elements a token, the input 4, and layers follow one another: project it back",
            id="output of another size",
        ),
    ],
)  # fmt: skip
def test_mistakes(spec: EquationsSpec, place: tuple[str | int, ...], message: str) -> None:
    with pytest.raises(EquationError) as raised:
        sequential_graph(spec)
    assert (raised.value.place, str(raised.value)) == (place, message)


@pytest.mark.parametrize(
    ("spec", "place", "message"),
    [
        pytest.param(
            with_chunk(axis="i"),
            ("chunked", "axis"), "i is the index of another axis: use a letter that is free", id="axis that is taken",
        ),
        pytest.param(
            with_chunk(indices=["d"]),
            ("chunked", "indices"), "d is the index of another axis: use a letter that is free", id="index taken",
        ),
        pytest.param(
            with_chunk(replaces=["update", "decay"]),
            ("chunked", "replaces", 1), "there is no operation 'decay'", id="replaces nothing",
        ),
        pytest.param(
            with_chunk(masked=["decay"]), ("chunked", "masked", 0), "there is no operation 'decay'", id="masks nothing"
        ),
        pytest.param(
            with_chunk(replaces=["out"]),
            ("chunked", "replaces"),
            "'update' is part of a recurrence, which goes token by token: it has to be replaced too",
            id="recurrence that is left",
        ),
        pytest.param(
            with_chunk(operations=[["update", "passing", "h[t,i] = x[t,i]"]]),
            ("chunked", "operations", 0), "update: reads 'x' with other sizes than it has: 'h[t,i] = x[t,i]'",
            id="axis that is forgotten",
        ),
    ],
)  # fmt: skip
def test_mistakes_in_a_chunk(spec: EquationsSpec, place: tuple[str | int, ...], message: str) -> None:
    with pytest.raises(EquationError) as raised:
        chunked_graph(spec, 8)
    assert (raised.value.place, str(raised.value)) == (place, message)


def test_a_chunk_that_is_too_long() -> None:
    with pytest.raises(ValueError, match="a chunk of 17 tokens: these equations hold for 16 at most"):
        chunked_graph(described(), 17)
