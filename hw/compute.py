"""What every compute unit says of itself: what it can do, and what that costs. Each kind is one file with its spec.

A machine's units are named; hw/units.py lists the kinds that there are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from hw.requests import Cost, VectorPass
from hw.spec import Spec


class ComputeSpec(Spec):
    """A unit that does operations: matrix products, if ``products``, or elementwise work and reductions, in passes."""

    products: ClassVar[bool] = False

    if TYPE_CHECKING:
        kind: str
        fetch_ahead: int

    @property
    @abstractmethod
    def elements(self) -> int:
        """Elements that it works on side by side."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """Cycles until the result of a pass can be read."""

    @property
    @abstractmethod
    def lane_cycles(self) -> dict[str, int]:
        """Cycles that an element keeps a lane, by function; nothing of a unit that does no elementwise work."""

    @property
    @abstractmethod
    def peak_ops(self) -> int:
        """Operations a cycle at most; a multiplication and an addition in one pass are two."""

    @abstractmethod
    def cannot(self, passes: Sequence[VectorPass]) -> tuple[str, ...]:
        """The functions, or whatever else it is, that keep it from doing *passes*; nothing if it can."""

    @abstractmethod
    def passes_cost(self, passes: Iterable[VectorPass]) -> Cost:
        """Cost of *passes*, each of which reads the result of the one before; what it cannot do is a mistake."""

    def fused_cost(self, operations: Iterable[Sequence[VectorPass]]) -> Cost:
        """Cost of the passes of several operations in one request: each pass reads the result of the one before."""
        return self.passes_cost(chain.from_iterable(operations))


class LanesSpec(ComputeSpec):
    """A unit of lanes, each with a pipeline and a figure for every function that it does."""

    if TYPE_CHECKING:
        lanes: int
        pipeline_depth: int
        cycles: Any

    @property
    def elements(self) -> int:
        """Lanes."""
        return self.lanes

    @property
    def depth(self) -> int:
        """That of a lane's pipeline."""
        return self.pipeline_depth

    @property
    def lane_cycles(self) -> dict[str, int]:
        """As its table has them."""
        return {str(function): cycles for function, cycles in self.cycles.items()}
