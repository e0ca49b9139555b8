"""Questions about small directed graphs, given as node -> the nodes that its edges lead to: circles, reach, order.

networkx answers them too, but takes longer to import than a short run to simulate.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)
Number = TypeVar("Number", int, str)


def after(edges: Iterable[tuple[Node, Node]]) -> dict[Node, list[Node]]:
    """The graph of *edges* (from, to).

    >>> after([("a", "b"), ("b", "b")])
    {'a': ['b'], 'b': ['b']}
    """
    graph: dict[Node, list[Node]] = {}
    for source, target in edges:
        graph.setdefault(source, []).append(target)
        graph.setdefault(target, [])
    return graph


def reach(graph: Mapping[Node, Iterable[Node]], start: Node) -> set[Node]:
    """The nodes to which a path of at least one edge leads from *start*.

    >>> sorted(reach({"a": ["b"], "b": ["c"], "c": ["b"]}, "b"))
    ['b', 'c']
    """
    found: set[Node] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(graph.get(node, ()))
    return found


def circles(edges: Iterable[tuple[Node, Node]]) -> list[frozenset[Node]]:
    """The strongly connected components that have an edge inside: what takes part in a circle (Kosaraju).

    >>> [sorted(circle) for circle in circles([("a", "b"), ("b", "c"), ("c", "b"), ("d", "d")])]
    [['d'], ['b', 'c']]
    """
    every = list(edges)
    graph, back = after(every), after((target, source) for source, target in every)
    found: list[frozenset[Node]] = []
    seen: set[Node] = set()
    for node in reversed(_by_end(graph)):
        if node not in seen:
            members, waiting = set(), [node]
            while waiting:
                member = waiting.pop()
                if member not in seen:
                    seen.add(member)
                    members.add(member)
                    waiting.extend(back[member])
            if len(members) > 1 or node in graph[node]:
                found.append(frozenset(members))
    return found


def _by_end(graph: Mapping[Node, list[Node]]) -> list[Node]:
    """The nodes in the order in which a walk depth first is done with them."""
    done: list[Node] = []
    seen: set[Node] = set()
    for root in graph:
        path = [] if root in seen else [(root, iter(graph[root]))]
        seen.add(root)
        while path:
            rest = path[-1][1]
            target = next((each for each in rest if each not in seen), None)
            if target is None:
                done.append(path.pop()[0])
            else:
                seen.add(target)
                path.append((target, iter(graph[target])))
    return done


def in_order(graph: Mapping[Number, Iterable[Number]]) -> list[Number]:
    """A topological order, the smallest of the nodes that may come next first; raises ValueError for a circle.

    >>> in_order({1: [], 2: [0], 0: [], 3: [1]})
    [2, 0, 3, 1]
    """
    left = dict.fromkeys(graph, 0)
    for targets in graph.values():
        for target in set(targets):
            left[target] += 1
    ready = [node for node, count in left.items() if count == 0]
    heapify(ready)
    order: list[Number] = []
    while ready:
        order.append(heappop(ready))
        for target in set(graph[order[-1]]):
            left[target] -= 1
            if left[target] == 0:
                heappush(ready, target)
    if len(order) < len(left):
        raise ValueError("the graph has a circle")
    return order
