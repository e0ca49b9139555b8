"""Which operations are matrix products, and which parameters these multiply by.

A *projection* is a contraction with a parameter (tokens can share one pass over it), a *contraction* one of two
activations; all else is *vector* work.
"""

from __future__ import annotations

from dataclasses import dataclass

from workloads.expression import Product
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


def _product_shape(op: Operation, product: Product, terms: int) -> GemmShape:
    left, right = set(product.left.indices), set(product.right.indices)
    result = set(op.equation.indices)
    if product.right.lag is None:  # the parameter goes to the left
        left, right = right, left
    return GemmShape(
        batch=frozenset(left & right & result),
        m=frozenset((right - left) & result),
        n=frozenset((left - right) & result),
        k=frozenset(product.summed),
        terms=terms,
    )
