"""What operations cannot hand on to each other, whatever shares a request: it has to go to memory, or comes from there.

An operand that nobody in the request makes, or that an earlier timestep has made; a result that anything else, or a
later timestep, needs.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from sim.lowering.analysis import Analysis

Tensors = list[tuple[str, tuple[str, ...]]]
"""(tensor, indices), the latter as an operation reads or writes it."""


class Forced:
    """What operations read and write in memory even where all of *together* that might do so share a request."""

    def __init__(self, analysis: Analysis, together: Collection[str]) -> None:
        self._analysis = analysis
        self._together = frozenset(together)

    def operands(self, name: str) -> Tensors:
        """Those of *name*; one that several operations read counts for the first of them, as they may share it."""
        return [each for each in self._analysis.operands_of([name]) if self._first_to_fetch.get(each[0]) == name]

    def results(self, name: str) -> Tensors:
        """That of *name*, if something else has to have it."""
        operation, graph = self._analysis.operations[name].equation, self._analysis.graph
        readers = self._analysis.readers[operation.tensor]
        handed_on = all(not distance and reader in self._together for reader, distance in readers)
        return [] if handed_on and operation.tensor not in graph.outputs else [(operation.tensor, operation.indices)]

    @cached_property
    def _first_to_fetch(self) -> dict[str, str]:
        """Tensor -> the first operation that has to fetch it, whatever it shares a request with; none if none has."""
        first: dict[str, str] = {}
        for name in self._analysis.operations:
            for tensor, _ in self._analysis.operands_of([name]) if name in self._together else ():
                if self._analysis.comes_from_outside(tensor, name, self._together):
                    first.setdefault(tensor, name)
        return first
