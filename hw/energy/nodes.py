"""Technology nodes: what becomes of energy, leakage and area that are known at another node.

The factors are those of Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device performance
from 180 nm to 7 nm" (Integration 58, 2017, doi 10.1016/j.vlsi.2017.02.002), at 0.8 V, between the nodes of its tables
interpolated, as hwcomponents 1.0.114 computes them. That takes leakage to scale as energy does.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Node = Literal["7nm", "12nm", "16nm", "22nm", "28nm", "40nm", "45nm"]


class Scale(NamedTuple):
    """A node against 45 nm: energy of an action (and leakage), and area."""

    energy: float
    area: float


SCALES: Final[dict[Node, Scale]] = {
    "45nm": Scale(1.0, 1.0),
    "40nm": Scale(0.8690, 0.7923),
    "28nm": Scale(0.5132, 0.3767),
    "22nm": Scale(0.2941, 0.2517),
    "16nm": Scale(0.1735, 0.1900),
    "12nm": Scale(0.1283, 0.1350),
    "7nm": Scale(0.0943, 0.0590),
}
"""Node -> its factors against 45 nm."""


def energy_factor(node: Node, known_at: Node) -> float:
    """What energy or leakage that is *known_at* a node is to be multiplied with."""
    return SCALES[node].energy / SCALES[known_at].energy


def area_factor(node: Node, known_at: Node) -> float:
    """What area that is *known_at* a node is to be multiplied with."""
    return SCALES[node].area / SCALES[known_at].area
