"""Tensor equations: what one costs, and which products a MAC array can do."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support.equations import B, H, read
from workloads.expression import Product, ScalarPass
from workloads.notation import parse_equation

SIZES = {"i": 6, "n": 5, "k": 4, "c": 2, "q": 8, "s": 8}


def test_an_equation_knows_its_result_references_and_indices() -> None:
    equation = parse_equation("y[t,i] =  sum(n,\n C[t,n] * h[t-1,i,n])  + D[i] * x[t,i]")
    assert equation.text == "y[t,i] = sum(n, C[t,n] * h[t-1,i,n]) + D[i] * x[t,i]"
    assert (equation.tensor, equation.indices, equation.all_indices) == ("y", ("i",), ("i", "n"))
    assert [(r.tensor, r.lag) for r in equation.references] == [("C", 0), ("h", 1), ("D", None), ("x", 0)]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        pytest.param("y[t,i] = 3", {}, id="a number costs nothing"),
        pytest.param("y[t,i] = x[t,i] + 1", {"add": 6}, id="one sum a point"),
        pytest.param("y[t,i,n] = dt[t,i] * x[t,i] * B[t,n]", {"mul": 6 + 30}, id="each product over its own operands"),
        pytest.param("y[t,i,n] = dt[t,i] * B[t,n] * x[t,i]", {"mul": 30 + 30}, id="the order of factors matters"),
        pytest.param("y[t,i] = sum(n, C[t,n] * h[t,i,n])", {"mac": 30}, id="a product in a sum is a mac"),
        pytest.param("y[t,i] = sum(n, h[t,i,n])", {"add": 30}, id="a bare sum adds"),
        pytest.param("y[t,i] = sum(n, W[n] * (h[t,i,n] + 1))", {"mac": 30, "add": 30}, id="work inside a sum"),
        pytest.param("y[t,i] = silu(sum(k, W[k,i] * x[t-k,i]) + b[i])", {"mac": 24, "add": 6, "silu": 6}, id="window"),
        pytest.param("y[t,i,n] = exp(dt[t,i] * A[i,n])", {"mul": 30, "exp": 30}, id="decay"),
        pytest.param("y[t,i,n] = exp(dt[t,i]) / 2", {"exp": 6, "div": 6}, id="broadcasting the result is free"),
        pytest.param("y[t,c] = x[t,c] - x[t,1-c]", {"sub": 2}, id="mirrored index"),
        pytest.param("y[t,q,i] = cumsum(q, x[t,q] * a[i])", {"mul": 48, "add": 48}, id="cumulative sum"),
        pytest.param("y[t,q,s] = where(s <= q, exp(x[t,s]), 0)", {"exp": 8}, id="where is free, its operands are not"),
        pytest.param("y[t,q,s] = where(s < q, x[t,q] * x[t,s], 0)", {"mul": 64}, id="where between two: all points"),
        pytest.param("y[t,q] = where(q < 3, -1 * x[t,q], exp(x[t,q]))", {"mul": 3, "exp": 5}, id="where: each its own"),
        pytest.param("y[t,q] = where(q % 2 == 0, x[t,q//2], x[t,q-1] + 1)", {"add": 4}, id="where: every other"),
    ],
)
def test_scalar_operations(text: str, counts: dict[str, int]) -> None:
    assert parse_equation(text).scalar_operations(SIZES) == Counter(counts)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        pytest.param("y[t,i] = x[t,i]", [], id="copy"),
        pytest.param("y[t,i] = x[t,i] - 1", [("add", 6, 6)], id="a difference is an addition"),
        pytest.param("y[t,i,n] = a[t,i] * h[t-1,i,n] + b[t,i,n]", [("fma", 30, 30)], id="fused"),
        pytest.param("y[t,i,n] = b[t,i,n] - a[t,i] * h[t-1,i,n]", [("fma", 30, 30)], id="fused difference"),
        pytest.param("y[t,i,n] = a[i] * x[t,i] + b[t,i,n]", [("mul", 6, 6), ("add", 30, 30)], id="fewer points: apart"),
        pytest.param(
            "y[t,i] = a[i] * x[t,i] + b[i] * z[t,i]", [("mul", 6, 6), ("fma", 6, 6)], id="one of two products fuses"
        ),
        pytest.param(
            "y[t,i] = a[i] * x[t,i] + exp(z[t,i])", [("exp", 6, 6), ("fma", 6, 6)], id="the fused product comes last"
        ),
        pytest.param("y[t,i] = sum(n, C[t,n] * h[t,i,n])", [("fma", 30, 6)], id="reduction of products"),
        pytest.param("y[t,i] = sum(n, h[t,i,n])", [("add", 30, 6)], id="reduction"),
        pytest.param("y[t,i] = rsqrt(x[t,i] * 0.5 + 1)", [("fma", 6, 6), ("rsqrt", 6, 6)], id="function of a product"),
        pytest.param("y[t,q,i] = cumsum(q, x[t,q,i])", [("add", 48, 48, 8)], id="cumulative sum: a chain"),
        pytest.param("y[t,q] = where(q < 3, x[t,q] * 2 + 1, exp(x[t,q]))", [("fma", 3, 3), ("exp", 5, 5)], id="where"),
        pytest.param("y[t,q] = where(q < 9, x[t,q], exp(x[t,q]))", [], id="where: a side without points"),
    ],
)
def test_scalar_passes(text: str, passes: list[tuple[Any, ...]]) -> None:
    assert parse_equation(text).scalar_passes(SIZES) == tuple(ScalarPass(*each) for each in passes)


@pytest.mark.parametrize(
    ("text", "products"),
    [
        pytest.param("y[t,i] = sum(n, h[t,i,n] * B[t,n])", [Product(H, B, ("n",))], id="matrix times vector"),
        pytest.param("y[t,i,n] = x[t,i] * B[t,n]", [Product(read("x", "i", 0), B, ())], id="outer product"),
        pytest.param(
            "y[t,i] = sum(n, h[t,i,n] * B[t,n]) + sum(n, h[t-1,i,n] * B[t,n])",
            [Product(H, B, ("n",)), Product(read("h", "in", 1), B, ("n",))],
            id="sum of two products",
        ),
        pytest.param("y[t,i,n] = x[t,i] * h[t,i,n]", [], id="scaling is no outer product"),
        pytest.param("y[t,i] = sum(n, h[t,i,n] * B[t,n]) + x[t,i]", [], id="a term that is no product"),
        pytest.param("y[t,i] = sum(n, h[t,i,n])", [], id="sum without a product"),
        pytest.param("y[t,i] = sum(n, exp(h[t,i,n]) * B[t,n])", [], id="a factor that is no tensor"),
        pytest.param("y[t,i] = sum(k, W[k,i] * x[t-k,i])", [], id="window"),
    ],
)
def test_products_for_a_mac_array(text: str, products: list[Product]) -> None:
    assert parse_equation(text).products == tuple(products)
