"""Cases of comparisons with reference data."""

from __future__ import annotations

from sim.validation.cases import Case


def case(reference: float, predicted: float, tolerance: float = 0.1, group: str = "g", suite: str = "s") -> Case:
    """A case of a quantity that is called after its two numbers."""
    return Case(suite, group, f"{reference} {predicted}", "cycles", reference, predicted, tolerance)
