"""Small directed graphs: circles, reach and order, against networkx."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workloads.digraph import after, circles, in_order, reach

EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


@settings(max_examples=200, deadline=None)
@given(EDGES)
def test_circles_and_reach_are_those_of_networkx(edges: list[tuple[int, int]]) -> None:
    graph = nx.DiGraph(edges)
    expected = {
        frozenset(component)
        for component in nx.strongly_connected_components(graph)
        if len(component) > 1 or any(graph.has_edge(node, node) for node in component)
    }
    assert set(circles(edges)) == expected
    for node in graph:
        assert reach(after(edges), node) - {node} == nx.descendants(graph, node)


@settings(max_examples=200, deadline=None)
@given(EDGES)
def test_order_is_the_lexicographic_one_of_networkx(edges: list[tuple[int, int]]) -> None:
    forward = [(a, b) for a, b in edges if a < b]
    assert in_order(after(forward)) == list(nx.lexicographical_topological_sort(nx.DiGraph(forward)))


def test_a_circle_has_no_order() -> None:
    with pytest.raises(ValueError, match="the graph has a circle"):
        in_order({1: [2], 2: [1]})


def test_a_long_circle_needs_no_deep_stack() -> None:
    ring = [(node, (node + 1) % 50_000) for node in range(50_000)]
    assert [len(circle) for circle in circles(ring)] == [50_000]
