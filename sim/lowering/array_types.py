"""Which elements arrays multiply for each contraction, at what rate, and what has to be dequantised for them before."""

from __future__ import annotations

from collections.abc import Mapping

from hw.mac_array import MacArraySpec
from sim.lowering.analysis import Analysis
from workloads.precision import WeightFormat

BITS = (4, 8, 16, 32)
"""What an element can have."""


class ArrayTypes:
    """Types of the contractions of one layer on *arrays*, by name.

    An element of an activation has *element_bytes*, one that a recurrence makes *state_bytes*; *weights* say how those
    of projections lie in memory.
    """

    def __init__(
        self,
        analysis: Analysis,
        arrays: Mapping[str, MacArraySpec],
        element_bytes: int,
        state_bytes: int,
        weights: WeightFormat,
    ) -> None:
        self._analysis, self._arrays, self._weights = analysis, arrays, weights
        self._widths = element_bytes, state_bytes
        self._multiplied: dict[str, tuple[int, int]] = {}
        self._rates: dict[tuple[str, str], int] = {}

    def multiplied(self, name: str) -> tuple[int, int]:
        """Bits of the elements that the contraction *name* multiplies: of a weight, and of what it meets.

        Of two activations both have as many as the wider, to which an array widens the other.
        """
        if name not in self._multiplied:
            references = self._analysis.operations[name].equation.references
            read = (each.tensor for each in references if each.lag is not None)
            widest = 8 * max(self._analysis.width(tensor, *self._widths) for tensor in read)
            bits = self._weights.bits if self._analysis.weights[name] else widest
            self._multiplied[name] = bits, widest
        return self._multiplied[name]

    def takes(self, name: str, array: str) -> bool:
        """Whether *array* can do the contraction *name*, be it with weights that have been dequantised for it."""
        return self._taken_bits(name, array) is not None

    def rate(self, name: str, array: str) -> int:
        """MACs that a PE of *array* does in a cycle of the contraction *name*, with the elements that it then takes."""
        if (name, array) not in self._rates:
            stored, activation = self.multiplied(name)
            bits = self._taken_bits(name, array) or stored
            self._rates[name, array] = self._arrays[array].rate(bits, activation)
        return self._rates[name, array]

    def dequantised(self, name: str, array: str) -> WeightFormat | None:
        """How the weights of the projection *name* lie for *array*, if it does not take them as they are stored."""
        taken = self._taken_bits(name, array)
        return None if taken is None or taken == self.multiplied(name)[0] else WeightFormat(taken)

    def untaken(self) -> dict[str, str]:
        """Projections whose weights no array takes in any way, and the type that they have."""
        untaken = [
            name
            for name in self._analysis.projections
            if self._arrays and not any(self.takes(name, each) for each in self._arrays)
        ]
        return {name: "w{}a{}".format(*self.multiplied(name)) for name in untaken}

    def _taken_bits(self, name: str, array: str) -> int | None:
        """Bits that an element of the weights of *name* has where *array* takes it: those stored, or more; or none.

        Those of a recurrence, which stay on chip as they are stored, have no more; nor have activations.
        """
        stored, activation = self.multiplied(name)
        wider = (each for each in BITS if each > stored) if name in self._analysis.batched else ()
        return next((each for each in (stored, *wider) if self._arrays[array].takes(each, activation)), None)
