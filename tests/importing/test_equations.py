"""Programs made of primitives, as equations: what is fused, what is cut, and what that computes."""

from __future__ import annotations

import numpy as np
import pytest

from sim.files.errors import InputError
from sim.importing.building import apply, contracted, expand, joined, number, part, permute, reduced, reshape
from sim.importing.imported import Imported, imported_from
from sim.importing.primitives import Cumulate, Delay, Input, Place, Program, Static, Value
from tests.support.imported import graph_of, kinds, texts
from workloads.execute import execute

X = Value(Input(), (), (6,))


def learned(name: str, *shape: int) -> Value:
    """A parameter of random numbers."""
    random = np.random.default_rng([*name.encode()])
    return Value(Static(random.standard_normal(shape), name, learned=True), (), shape)


def built(output: Value) -> Imported:
    """The equations of a program that makes *output* of X."""
    return imported_from(Program(X, output), lambda inputs: inputs)


def computed(imported: Imported, inputs: np.ndarray) -> np.ndarray:
    """The outputs for *inputs* ``[tokens, 6]``."""
    graph = graph_of(imported)
    shape = [graph.sizes[index] for index in graph.indices[graph.input_tensor]]
    values = execute(graph, imported.parameters, inputs.reshape(len(inputs), *shape)).values
    return values[graph.output_tensor].reshape(len(inputs), -1)


INPUTS = np.random.default_rng(1).standard_normal((5, 6))


def test_a_chain_that_is_read_once_is_one_equation() -> None:
    assert texts(built(apply("exp", apply("mul", X, 2.0)))) == {"out": "out[t,d] = exp(u[t,d] * 2)"}


def test_what_is_read_twice_is_a_tensor() -> None:
    y = apply("exp", X, place=Place(operator="exp"))
    assert texts(built(apply("mul", y, apply("tanh", y)))) == {
        "out_exp": "out_exp[t,d] = exp(u[t,d])",
        "out": "out[t,d] = out_exp[t,d] * tanh(out_exp[t,d])",
    }


def test_a_product_takes_tensors_as_they_are() -> None:
    projected = contracted(apply("exp", X), learned("W", 6, 6), ("i", "io", "o"))
    found = built(projected)
    assert texts(found)["out"] == "out[t,d] = sum(i, W[i,d] * out_2[t,i])"
    np.testing.assert_allclose(computed(found, INPUTS), np.exp(INPUTS) @ projected.operands[1].operation.array)  # type: ignore[union-attr]


def test_a_product_of_an_axis_with_itself_has_a_second_index() -> None:
    found = built(contracted(X, learned("W", 6, 6), ("i", "io", "o")))
    assert found.equations["sizes"] == {"d": 6, "i": "d"}
    assert texts(found)["out"] == "out[t,d] = sum(i, W[i,d] * u[t,i])"


def test_segments_are_tensors_of_their_own() -> None:
    fused = contracted(X, learned("W", 6, 10), ("i", "io", "o"))
    y = apply("mul", part(fused, 0, 0, 5), apply("sigmoid", part(fused, 0, 5, 10)))
    found = built(contracted(y, learned("V", 5, 6), ("i", "io", "o")))
    shapes = sorted(array.shape for array in found.parameters.values())
    assert shapes == [(5, 6), (6, 5), (6, 5)]
    w, v = (learned(name, *shape).operation.array for name, shape in (("W", (6, 10)), ("V", (5, 6))))  # type: ignore[union-attr]
    left, right = np.split(INPUTS @ w, 2, axis=-1)
    np.testing.assert_allclose(computed(found, INPUTS), left / (1 + np.exp(-right)) @ v)


def test_parts_are_summed_in_turn() -> None:
    parts = joined([apply("exp", part(X, 0, 0, 2)), apply("tanh", part(X, 0, 2, 6))], 0)
    found = built(contracted(parts, learned("W", 6, 6), ("i", "io", "o")))
    both = np.concatenate([np.exp(INPUTS[:, :2]), np.tanh(INPUTS[:, 2:])], 1)
    np.testing.assert_allclose(computed(found, INPUTS), both @ learned("W", 6, 6).operation.array)  # type: ignore[union-attr]


def test_parts_are_joined_in_the_output() -> None:
    found = built(joined([apply("exp", part(X, 0, 0, 2)), part(X, 0, 2, 3), apply("tanh", part(X, 0, 3, 6))], 0))
    assert texts(found)["out"] == "out[t,d] = where(d < 2, out_2[t,d+0], where(d < 3, u[t,2], out_3[t,d-3]))"
    expected = np.concatenate([np.exp(INPUTS[:, :2]), INPUTS[:, 2:3], np.tanh(INPUTS[:, 3:])], 1)
    np.testing.assert_allclose(computed(found, INPUTS), expected)


def test_what_is_repeated_has_no_axis() -> None:
    once = reduced("sum", reshape(X, (3, 2)), [1], True)
    found = built(reshape(expand(once, (3, 2)), (6,)))
    np.testing.assert_allclose(computed(found, INPUTS), INPUTS.reshape(5, 3, 2).sum(-1).repeat(2, axis=1))


def test_a_mean_over_what_is_cut() -> None:
    parts = joined([apply("exp", part(X, 0, 0, 2)), apply("tanh", part(X, 0, 2, 6))], 0)
    found = built(apply("mul", X, reduced("mean", parts, [0], True)))
    mean = np.concatenate([np.exp(INPUTS[:, :2]), np.tanh(INPUTS[:, 2:])], 1).mean(-1, keepdims=True)
    np.testing.assert_allclose(computed(found, INPUTS), INPUTS * mean)


def test_an_axis_turned_and_merged() -> None:
    turned = reshape(permute(reshape(apply("exp", X), (2, 3)), (1, 0)), (6,))
    np.testing.assert_allclose(
        computed(built(apply("mul", turned, 2.0)), INPUTS),
        2 * np.exp(INPUTS).reshape(5, 2, 3).transpose(0, 2, 1).reshape(5, 6),
    )


def test_a_delay_reads_an_earlier_timestep() -> None:
    y = apply("exp", X)
    found = built(apply("add", y, Value(Delay(2), (y,), y.shape)))
    before = np.concatenate([np.zeros((2, 6)), np.exp(INPUTS)[:-2]])
    np.testing.assert_allclose(computed(found, INPUTS), np.exp(INPUTS) + before)
    assert "[t-2,d]" in texts(found)["out"]


def test_a_cumulative_sum_over_channels() -> None:
    found = built(Value(Cumulate(0), (apply("exp", X),), (6,)))
    assert texts(found)["out"] == "out[t,d] = cumsum(d, out_2[t,d])"
    np.testing.assert_allclose(computed(found, INPUTS), np.exp(INPUTS).cumsum(-1))


def test_numbers_are_computed_once_and_what_is_learned_stays_small() -> None:
    """-exp(A), the same for each of three channels of a head, is a parameter of two numbers."""
    a = expand(reshape(learned("A_log", 2), (2, 1)), (2, 3))
    rate = apply("neg", apply("exp", a, place=Place(operator="exp")), place=Place(operator="neg"))
    found = built(reshape(apply("mul", reshape(X, (2, 3)), rate), (6,)))
    assert list(found.parameters) == ["A"]
    np.testing.assert_allclose(found.parameters["A"], -np.exp(learned("A_log", 2).operation.array))  # type: ignore[union-attr]


def test_a_mask_that_is_no_condition() -> None:
    mask = Value(Static(np.array([1.0, 0, 0, 1, 1, 0])), (), (6,))
    with pytest.raises(InputError, match="has a mask that is neither a range of one index nor an order of two"):
        built(apply("where", mask, X, 0.0))


@pytest.mark.parametrize(
    ("mask", "condition"),
    [
        ([1, 1, 0, 0, 0, 0], "d < 2"),
        ([0, 0, 0, 1, 0, 0], "d == 3"),
        ([1, 0, 1, 0, 1, 0], "d % 2 == 0"),
    ],
)
def test_masks_along_an_index(mask: list[float], condition: str) -> None:
    chosen = Value(Static(np.array(mask, dtype=np.float64)), (), (6,))
    found = built(apply("where", chosen, apply("exp", X), number(0.5)))
    assert texts(found)["out"] == f"out[t,d] = where({condition}, exp(u[t,d]), 0.5)"
    np.testing.assert_allclose(computed(found, INPUTS), np.where(np.array(mask) != 0, np.exp(INPUTS), 0.5))


def test_a_mask_between_two_indices() -> None:
    tokens = apply("mul", reshape(X, (6, 1)), apply("exp", reshape(X, (1, 6))))
    lower = Value(Static(np.tril(np.ones((6, 6)))), (), (6, 6))
    found = built(reduced("sum", apply("where", lower, tokens, 0.0), [1], False))
    np.testing.assert_allclose(computed(found, INPUTS), INPUTS * np.exp(INPUTS).cumsum(-1))


def test_the_output_is_as_large_as_the_input() -> None:
    with pytest.raises(InputError, match="the output has 3 elements a token, the input 6"):
        built(part(X, 0, 0, 3))


def test_kinds() -> None:
    gate = apply("mul", apply("exp", X), apply("silu", X))
    assert kinds(built(gate)) == {"out": "gate"}
    assert kinds(built(apply("add", X, contracted(X, learned("W", 6, 6), ("i", "io", "o")))))["out"] == "residual"
