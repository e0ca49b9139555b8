"""Rotary position embedding (arXiv 2104.09864): each pair of channels is turned by the token's angle.

A pair is a channel of the first half of what is rotated and the one as far into the second half, as transformers has
it. The tables of cosines and sines, ``cos[t,a]`` and ``sin[t,a]`` over the pairs, are the same for all layers and are
inputs. A pair takes four multiplications, a subtraction and an addition. What lies behind the pairs stays as it is.
"""

from __future__ import annotations

from workloads.builder import GraphBuilder
from workloads.models.pieces.scope import Definitions

PAIR = "a"


def tables(builder: GraphBuilder, at: str) -> None:
    """Declare the two tables as inputs of a layer; ``a`` is the index of pairs."""
    builder.input(f"cos[{at},{PAIR}]")
    builder.input(f"sin[{at},{PAIR}]")


def rotate(
    builder: Definitions, name: str, source: str, result: str, heads: str, width: int, pairs: int, *, at: str
) -> None:
    """Define *result*: *source* ``[heads, e]`` of *width* channels a head, of which twice *pairs* are rotated."""
    here, later, before = (f"{source}[{at},{heads},{e}]" for e in ("e", f"e+{pairs}", f"e-{pairs}"))
    first = f"{here} * cos[{at},e+0] - {later} * sin[{at},e+0]"
    second = f"{here} * cos[{at},e-{pairs}] + {before} * sin[{at},e-{pairs}]"
    turned = f"where(e < {pairs}, {first}, {second})"
    if 2 * pairs < width:
        turned = f"where(e < {2 * pairs}, {turned}, {here})"
    builder.define(name, "rotation", f"{result}[{at},{heads},e] = {turned}")
