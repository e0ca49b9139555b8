"""Operators that torch and ONNX both have and that take several primitives: products, norms, softmax, GELU."""

from __future__ import annotations

from math import pi, sqrt

from sim.importing.primitives import Place, Value, apply, contracted, reduced


def matmul(left: Value, right: Value, place: Place) -> Value:
    """The matrix product as numpy defines it: the axes before the last two broadcast, vectors are rows or columns."""
    if len(left.shape) == 1 or len(right.shape) == 1:
        labels = "abcdefgh"
        one, two = labels[: len(left.shape) - 1], labels[: max(0, len(right.shape) - 2)]
        if len(right.shape) == 1:
            return contracted(left, right, (f"{one}i", "i", one), place)
        return contracted(left, right, ("i", f"{two}ij", f"{two}j"), place)
    rank = max(len(left.shape), len(right.shape)) - 2
    batch = "abcdefgh"[:rank]
    one, two = batch[rank - len(left.shape) + 2 :], batch[rank - len(right.shape) + 2 :]
    return contracted(left, right, (f"{one}ij", f"{two}jk", f"{batch}ik"), place)


def rms_norm(value: Value, rank: int, weight: Value | None, epsilon: float, place: Place) -> Value:
    """RMSNorm over the last *rank* axes (arXiv 1910.07467, eq. 4)."""
    axes = range(-rank, 0)
    square = reduced("mean", apply("mul", value, value, place=place), axes, True, place)
    scaled = apply("mul", value, apply("rsqrt", apply("add", square, epsilon, place=place), place=place), place=place)
    return scaled if weight is None else apply("mul", scaled, weight, place=place)


def layer_norm(
    value: Value, rank: int, weight: Value | None, bias: Value | None, epsilon: float, place: Place
) -> Value:
    """LayerNorm over the last *rank* axes (arXiv 1607.06450, eq. 4)."""
    axes = range(-rank, 0)
    centred = apply("sub", value, reduced("mean", value, axes, True, place), place=place)
    normed = rms_norm(centred, rank, weight, epsilon, place)
    return normed if bias is None else apply("add", normed, bias, place=place)


def softmax(value: Value, axis: int, place: Place) -> Value:
    """exp(x) / sum(exp(x)); what keeps exp from overflowing is left out, as the quotient is the same."""
    powers = apply("exp", value, place=place)
    return apply("div", powers, reduced("sum", powers, [axis], True, place), place=place)


def gelu_tanh(value: Value, place: Place) -> Value:
    """GELU in its tanh form (arXiv 1606.08415, section 2)."""
    cube = apply("mul", apply("mul", value, value, place=place), value, place=place)
    inner = apply("mul", apply("add", value, apply("mul", cube, 0.044715, place=place), place=place), sqrt(2 / pi), place=place)
    return apply("mul", apply("mul", value, 0.5, place=place), apply("add", apply("tanh", inner, place=place), 1.0, place=place), place=place)


