"""What matrix products cost on one MAC array, remembered, since candidate mappings share most of them."""

from __future__ import annotations

from collections.abc import Sequence

from hw.effects import Effect, freed_cost
from hw.folds import Way, columns_of_a_fold
from hw.gemm import Moved, Widths, bytes_of, cost_of, least_cycles, least_cycles_of_a_product, moved_of, quickest
from hw.integers import ceil_div
from hw.mac_array import MacArraySpec
from hw.requests import Cost, Gemm


class ArrayCosts:
    """Costs on the array of *spec*, on a machine that is *ideal* in some effects."""

    def __init__(self, spec: MacArraySpec, ideal: Sequence[Effect]) -> None:
        self.spec = spec
        self._ideal = ideal
        self._costs: dict[Gemm, Cost] = {}
        self._ways: dict[Gemm, Way] = {}
        self._least: dict[Gemm, float] = {}
        self._least_batch: dict[Gemm, float] = {}

    def cost(self, gemm: Gemm) -> Cost:
        """Cost of *gemm* in the quickest way."""
        if gemm not in self._costs:
            self._costs[gemm] = freed_cost(cost_of(self.spec, gemm, self._way(gemm)), self._ideal)
        return self._costs[gemm]

    def _way(self, gemm: Gemm) -> Way:
        """The way in which the array does *gemm*."""
        if gemm not in self._ways:
            self._ways[gemm] = quickest(self.spec, gemm)
        return self._ways[gemm]

    def columns_of_a_fold(self, gemm: Gemm) -> int:
        """Of the n of *gemm*, how much a fold of the array does."""
        return columns_of_a_fold(self.spec, gemm, self._way(gemm))

    def operand_bytes(self, gemm: Gemm, widths: Widths) -> int:
        """SRAM traffic of *gemm* in the quickest way."""
        return bytes_of(self.spec, gemm, widths, self._way(gemm))

    def moved(self, gemm: Gemm, widths: Widths) -> Moved:
        """The same operand by operand."""
        return moved_of(self.spec, gemm, widths, self._way(gemm))

    def least_cycles(self, gemm: Gemm) -> float:
        """What the parts of *gemm* take together at least, however its n and k are cut."""
        if "edges" in self._ideal:
            return ceil_div(gemm.macs_in_words, self.spec.macs_per_cycle)
        if gemm not in self._least:
            self._least[gemm] = least_cycles(self.spec, gemm, "fill_drain" not in self._ideal)
        return self._least[gemm]

    def least_batch_cycles(self, gemm: Gemm) -> float:
        """What the parts of *gemm* take together at least, however its batch is cut."""
        if "edges" in self._ideal or ("fill_drain" in self._ideal and self.spec.folds == "serial"):
            return ceil_div(gemm.macs_in_words, self.spec.macs_per_cycle)
        if gemm not in self._least_batch:
            self._least_batch[gemm] = gemm.batch * least_cycles_of_a_product(self.spec, gemm)
        return self._least_batch[gemm]
