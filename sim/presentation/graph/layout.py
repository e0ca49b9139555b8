"""Where to put the boxes and bends of a layered drawing (Sugiyama's method); plain geometry, no drawing.

Boxes are given with their rows. An edge that passes rows bends at a *joint* in each of them, so that it runs around
the boxes there. Rows are ordered by repeated barycentres and exchanges of neighbours, keeping the order with the fewest
crossings; then each row is moved, in turns, to the positions that minimise the weighted squared slant of the edges to
its neighbours, which is an isotonic regression. Weights are those of Gansner et al. 1993, section 4: long edges are
the straightest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

Joint = tuple[int, int]  # (number of the link, row)
Node = str | Joint
ORDER_SWEEPS, PLACE_SWEEPS = 24, 100
GAP = 0.18  # between neighbours of a row
JOINT_REACH = 0.05
PULLS = (1.0, 2.0, 8.0)  # how strongly an edge pulls, by how many of its two ends are joints


@dataclass(frozen=True)
class Link:
    """An edge between two boxes; ``label_width`` is the room kept at its first joint."""

    source: str
    target: str
    label_width: float = 0.0


@dataclass(frozen=True)
class Layout:
    """``x`` of each box's centre, and for each link the points (x, row) of its joints, from source to target."""

    x: dict[str, float]
    joints: tuple[tuple[tuple[float, int], ...], ...]


def layered(rows: Mapping[str, int], reach: Mapping[str, tuple[float, float]], links: Sequence[Link]) -> Layout:
    """Place boxes whose *rows* are given (0 on top), which extend (left, right) by *reach* from their centres.

    There is at least one box. A link within one row bends in the row below it. The same arguments give the same layout.
    """
    joints = [_joints(number, rows[link.source], rows[link.target]) for number, link in enumerate(links)]
    row_of: dict[Node, int] = dict(rows.items())
    row_of |= {joint: joint[1] for each in joints for joint in each}
    sides: dict[Node, tuple[float, float]] = dict.fromkeys(row_of, (JOINT_REACH, JOINT_REACH)) | dict(reach.items())
    near = {node: _Neighbours() for node in row_of}
    for link, each in zip(links, joints, strict=True):
        if each:
            sides[each[0]] = (JOINT_REACH, JOINT_REACH + link.label_width)
        chain: list[Node] = [link.source, *each, link.target]
        for one, other in pairwise(chain):
            upper, lower = (one, other) if row_of[one] < row_of[other] else (other, one)
            near[upper].below.append(lower)
            near[lower].above.append(upper)
    lines: list[list[Node]] = [[] for _ in range(1 + max(row_of.values()))]
    for node, row in row_of.items():
        lines[row].append(node)
    x = _place(_order(lines, near), near, sides)
    return Layout({name: x[name] for name in rows}, tuple(tuple((x[j], j[1]) for j in each) for each in joints))


@dataclass
class _Neighbours:
    """The nodes of the row above, and of the row below, to which a node is linked."""

    above: list[Node] = field(default_factory=list)
    below: list[Node] = field(default_factory=list)


def _joints(number: int, start: int, end: int) -> list[Joint]:
    """The joints of link *number* from row *start* to row *end*, in its direction."""
    if start == end:
        return [(number, start + 1)]
    return [(number, row) for row in (range(start + 1, end) if end > start else range(start - 1, end, -1))]


def _order(lines: list[list[Node]], near: Mapping[Node, _Neighbours]) -> list[list[Node]]:
    """The rows in the order with the fewest crossings that the sweeps, down and up in turns, come across."""
    best, fewest = lines, _crossings(lines, near)
    for sweep in range(ORDER_SWEEPS):
        lines = [list(line) for line in lines]
        place = {node: float(i) for line in lines for i, node in enumerate(line)}
        for line in lines if sweep % 2 == 0 else reversed(lines):
            sides = {node: near[node].above if sweep % 2 == 0 else near[node].below for node in line}
            mean = {node: fmean(place[other] for other in sides[node] or [node]) for node in line}
            if sweep % 4 >= 2:
                line.reverse()  # so that nodes of equal means change places now and then
            line.sort(key=mean.__getitem__)
            place |= {node: float(i) for i, node in enumerate(line)}
        _swap(lines, near, place)
        crossings = _crossings(lines, near)
        if crossings < fewest:
            best, fewest = lines, crossings
    return best


def _swap(lines: list[list[Node]], near: Mapping[Node, _Neighbours], place: dict[Node, float]) -> None:
    """Exchange neighbours in the rows (and in *place*) as long as that removes crossings."""

    def crossings(left: Node, right: Node) -> int:
        ends = ((near[left].above, near[right].above), (near[left].below, near[right].below))
        return sum(1 for lefts, rights in ends for a in lefts for b in rights if place[a] > place[b])

    improved = True
    while improved:
        improved = False
        for line in lines:
            for i in range(len(line) - 1):
                left, right = line[i : i + 2]
                if crossings(left, right) > crossings(right, left):
                    line[i : i + 2] = right, left
                    place[left], place[right] = place[right], place[left]
                    improved = True


def _crossings(lines: list[list[Node]], near: Mapping[Node, _Neighbours]) -> int:
    """How often edges cross between rows in that order."""
    total = 0
    for line, below in pairwise(lines):
        place = {node: i for i, node in enumerate(below)}
        ends = [sorted(place[other] for other in near[node].below) for node in line]
        seen: list[int] = []
        for each in ends:
            total += sum(1 for end in each for other in seen if other > end)
            seen += each
    return total


def _place(
    lines: list[list[Node]], near: Mapping[Node, _Neighbours], sides: Mapping[Node, tuple[float, float]]
) -> dict[Node, float]:
    """The positions of all nodes: rows are moved, in turns, to where their neighbours pull them."""
    x: dict[Node, float] = {}
    for line in lines:
        x |= zip(line, _offsets(line, sides), strict=True)
    for sweep in range(PLACE_SWEEPS):
        for line in lines if sweep % 2 == 0 else reversed(lines):
            offsets = _offsets(line, sides)
            wanted, weights = zip(*(_pull(node, near[node], x) for node in line), strict=True)
            shifts = _isotonic([want - offset for want, offset in zip(wanted, offsets, strict=True)], weights)
            x |= {node: shift + offset for node, shift, offset in zip(line, shifts, offsets, strict=True)}
    return x


def _offsets(line: Sequence[Node], sides: Mapping[Node, tuple[float, float]]) -> list[float]:
    """Positions of the nodes of a row that is packed from 0."""
    offsets = [0.0]
    for left, right in pairwise(line):
        offsets.append(offsets[-1] + sides[left][1] + GAP + sides[right][0])
    return offsets


def _pull(node: Node, near: _Neighbours, x: Mapping[Node, float]) -> tuple[float, float]:
    """Where its links pull *node*, and how strongly; without any it stays where it is, unless it is pushed."""
    others = (*near.above, *near.below)
    if not others:
        return x[node], 0.01
    pulls = [(x[other], PULLS[_is_joint(node) + _is_joint(other)]) for other in others]
    weight = sum(strength for _, strength in pulls)
    return sum(at * strength for at, strength in pulls) / weight, weight


def _is_joint(node: Node) -> bool:
    return isinstance(node, tuple)


def _isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence nearest to *values* in weighted squares (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values, weights, strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, u, m), (b, v, n) = pools[-2:]
            pools[-2:] = [((a * u + b * v) / (u + v), u + v, m + n)]
    return [mean for mean, _, length in pools for _ in range(length)]
