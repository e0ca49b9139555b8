"""The parameters and constants that equations read, cut from the arrays that a program has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.importing.axes import Pieces
from sim.importing.building import evaluated
from sim.importing.primitives import Array, Static, Value
from sim.importing.views import cut
from workloads.expression import Apply, Expression, Number, Reference, Subscript, Sum


@dataclass(frozen=True, eq=False)
class Parameter:
    """Numbers that equations read: ``array`` has an axis for each of ``indices``; cut from ``value``."""

    tensor: str
    indices: tuple[str, ...]
    array: Array
    value: Value

    @property
    def static(self) -> Static:
        """What it is cut from."""
        assert isinstance(self.value.operation, Static)
        return self.value.operation


class Parameters:
    """All that equations read so far; ``taps`` maps the index of a convolution's taps to their number."""

    def __init__(self) -> None:
        self._places: dict[tuple[Value, tuple[tuple[int, ...], ...]], tuple[Parameter, tuple[int, ...]]] = {}
        self.known: dict[str, Parameter] = {}
        self.taps: dict[str, int] = {}

    def read(self, value: Value, pieces: Pieces, first: Sequence[str]) -> Expression:
        """The reference to what the static *value* holds at *pieces*; the number, if it is one and not learned.

        The axes of a new parameter are those of the value, with the indices *first* before others. A learned number
        without axes, which no parameter can be, is written as a number.
        """
        assert isinstance(value.operation, Static)
        terms = [term for piece in pieces for term in piece.terms]
        key = (value, tuple(piece.key for piece in pieces))
        if key not in self._places:
            array = cut(evaluated(value), pieces)
            if not terms or (not value.operation.learned and (array == array.flat[0]).all()):
                return Number(float(array.flat[0]))
            order = tuple(sorted(range(len(terms)), key=lambda place: terms[place].index not in first))
            indices = tuple(terms[place].index for place in order)
            self._places[key] = self._new(indices, array.transpose(order), value), order
        parameter, order = self._places[key]
        return Reference(parameter.tensor, tuple(Subscript(terms[place].index) for place in order), None)

    def _new(self, indices: tuple[str, ...], array: Array, value: Value) -> Parameter:
        parameter = Parameter(f"p{len(self.known)}", indices, array, value)
        self.known[parameter.tensor] = parameter
        return parameter

    def convolution(self, terms: Sequence[Expression]) -> Expression | None:
        """*terms* as one causal convolution, if they are a tensor of each of the latest timesteps times its tap."""
        pairs: dict[int, tuple[Reference, Reference]] = {}
        for term in terms:
            match term:
                case Apply("mul", (Reference() as one, Reference() as other)):
                    tap, source = (one, other) if one.lag is None else (other, one)
                    if tap.lag is None and isinstance(source.lag, int):
                        pairs[source.lag] = (tap, source)
        taps = [pairs[lag][0] for lag in sorted(pairs)]
        sources = {(source.tensor, source.subscripts) for _, source in pairs.values()}
        cut_from = {(self.known[tap.tensor].value, tap.subscripts) for tap in taps}
        if sorted(pairs) != list(range(len(terms))) or len(terms) < 2 or len(sources) != 1 or len(cut_from) != 1:
            return None
        first, source = self.known[taps[0].tensor], pairs[0][1]
        index = f"taps.{len(self.taps)}"
        self.taps[index] = len(taps)
        array = np.stack([self.known[tap.tensor].array for tap in taps])
        joined = self._new((index, *first.indices), array, first.value)
        weight = Reference(joined.tensor, (Subscript(index), *taps[0].subscripts), None)
        return Sum((index,), Apply("mul", (weight, Reference(source.tensor, source.subscripts, index))))
