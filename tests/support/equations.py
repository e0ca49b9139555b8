"""Parts of equations."""

from __future__ import annotations

from workloads.expression import Reference, Subscript


def read(tensor: str, indices: str, lag: int | str | None) -> Reference:
    """*tensor* read along plain *indices*, a letter each."""
    return Reference(tensor, tuple(map(Subscript, indices)), lag)


H, B = read("h", "in", 0), read("B", "n", 0)
