"""Which operations are matrix products, and which parameters these multiply by.

A *projection* is a contraction with a parameter (tokens can share one pass over it), a *contraction* one of two
activations; all else is *vector* work.
"""

from __future__ import annotations

from dataclasses import dataclass

from workloads.expression import Product, Reference
from workloads.graph import Operation, TimestepGraph


@dataclass(frozen=True)
class GemmShape:
    """Index sets of a contraction: result rows, result columns, summed; ``batch`` indices repeat all of it."""

    batch: frozenset[str]
    m: frozenset[str]
    n: frozenset[str]
    k: frozenset[str]
    terms: int


def shape_of(op: Operation) -> GemmShape | None:
    """The contraction that *op* is; None for vector work."""
    products = op.equation.products
    if not products:
        return None
    shapes = {_product_shape(op, product, len(products)) for product in products}
    if len(shapes) != 1:
        return None
    shape = shapes.pop()
    return shape if shape.m or shape.n else None


def matrices(graph: TimestepGraph) -> frozenset[str]:
    """The parameters that projections multiply by."""
    references = (each for op in graph.operations if shape_of(op) is not None for each in op.equation.references)
    return frozenset(each.tensor for each in references if each.tensor in graph.parameters)


def sides(product: Product) -> tuple[Reference, Reference]:
    """The (m, k) operand, which gives the result its rows, and the (k, n) one: a parameter if there is one."""
    if product.right.lag is None:
        return product.left, product.right
    return product.right, product.left


def _product_shape(op: Operation, product: Product, terms: int) -> GemmShape:
    rows, columns = (set(side.indices) for side in sides(product))
    result = set(op.equation.indices)
    return GemmShape(
        batch=frozenset(rows & columns & result),
        m=frozenset((rows - columns) & result),
        n=frozenset((columns - rows) & result),
        k=frozenset(product.summed),
        terms=terms,
    )
