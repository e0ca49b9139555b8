"""The small program between a framework's graph and equations: a few primitive operations over arrays with shapes.

A reader (torch_export.py, onnx_model.py) builds :class:`Value` objects with the functions of building.py; each knows
its operands, so a program is what its output and its carries need. At first values are of a whole sequence, with an
axis of tokens; sequence.py makes values of one timestep of them, for which axes.py and equations.py find the equations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from sim.files.errors import InputError, Problem

Array = NDArray[np.float64]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a value comes from: ``text`` for mistakes, the name that the source gives it, the module's path."""

    text: str = ""
    operator: str = ""
    name: str = ""
    module: str = ""

    def mistake(self, message: str) -> InputError:
        """The error that says *message* about this place."""
        return InputError(Problem(f"{self.operator}: {message}" if self.operator else message, self.text))


@dataclass(frozen=True)
class Input:
    """The module's input."""


@dataclass(frozen=True)
class Carry:
    """What one timestep left for the next: carry ``number`` of the program."""

    number: int


@dataclass(frozen=True, eq=False)
class Static:
    """Numbers that no input changes; axes of length 1 stand for what is the same all along. ``path`` is the attribute
    that they are cut from, if it is one; ``learned`` says whether they are parameters."""

    array: Array
    path: str = ""
    learned: bool = False


@dataclass(frozen=True)
class Elementwise:
    """A function of the notation, or ``where``, for each element; operands broadcast as numpy's do."""

    function: str


@dataclass(frozen=True)
class Contract:
    """The sum of a product of two operands, whose axes ``left`` and ``right`` name, over those not in ``result``."""

    left: str
    right: str
    result: str


@dataclass(frozen=True)
class Reduce:
    """The sum or mean over ``axes``, which the result does not have."""

    function: str
    axes: tuple[int, ...]


@dataclass(frozen=True)
class Cumulate:
    """Sums along ``axis`` up to and including each position."""

    axis: int


@dataclass(frozen=True)
class Window:
    """A causal depthwise convolution: ``sum(k, w[channel, taps-1-k] * x[t-k, channel])``, t along ``axis`` of x.

    The second operand is ``[channels, taps]``, the tap of this timestep last; the channels are axis ``channels`` of
    the first. ``before`` zeros precede the sequence, ``after`` follow it.
    """

    axis: int
    channels: int
    before: int
    after: int


@dataclass(frozen=True)
class Permute:
    """Axis ``order[i]`` of the operand becomes axis i."""

    order: tuple[int, ...]


@dataclass(frozen=True)
class Reshape:
    """The same elements in the same order: axes are split and merged."""


@dataclass(frozen=True)
class Expand:
    """Axes of length 1 repeated."""


@dataclass(frozen=True)
class Slice:
    """Positions from ``start`` on of ``axis``, as many as the result has."""

    axis: int
    start: int


@dataclass(frozen=True)
class Concatenate:
    """The operands one after the other along ``axis``."""

    axis: int


@dataclass(frozen=True)
class Step:
    """Into a scan's body: this timestep's part of the operand, whose ``axis`` is the time; the result lacks it."""

    axis: int


@dataclass(frozen=True)
class Stack:
    """Out of a scan's body: one after the other along a new ``axis`` of ``length`` timesteps."""

    axis: int
    length: int


@dataclass(frozen=True)
class Final:
    """What a scan carries after its last timestep, which no timestep can read."""


@dataclass(frozen=True)
class Delay:
    """The operand of so many ``timesteps`` ago, zero before the first."""

    timesteps: int


Operation = (
    Input | Carry | Static | Elementwise | Contract | Reduce | Cumulate | Window | Permute | Reshape | Expand | Slice
    | Concatenate | Step | Stack | Final | Delay
)  # fmt: skip


_number = count()


@dataclass(frozen=True, eq=False)
class Value:
    """One array of a program; ``number`` says in which order they were made."""

    operation: Operation
    operands: tuple[Value, ...]
    shape: Shape
    place: Place = Place()
    number: int = field(default_factory=lambda: next(_number))

    def __post_init__(self) -> None:
        if any(length < 1 for length in self.shape):
            raise self.place.mistake(f"has an axis without elements: {list(self.shape)}")


@dataclass
class Program:
    """What a module computes: ``output`` of ``input``; ``carries`` are pairs of the carry and what it becomes.

    ``names`` are what the source calls values, which may be several names for one.
    """

    input: Value
    output: Value | None = None
    carries: list[tuple[Value, Value | None]] = field(default_factory=list)
    names: list[tuple[Value, str]] = field(default_factory=list)

    def carry(self, shape: Shape, place: Place) -> Value:
        """A new carry, zero at first; :meth:`becomes` has to follow."""
        value = Value(Carry(len(self.carries)), (), shape, place)
        self.carries.append((value, None))
        return value

    def becomes(self, carry: Value, following: Value) -> None:
        """Say what the next timestep finds in *carry*; raises InputError if it has another shape."""
        assert isinstance(carry.operation, Carry)
        if carry.shape != following.shape:
            message = f"the state becomes {list(following.shape)}, expected {list(carry.shape)} as before"
            raise following.place.mistake(message)
        self.carries[carry.operation.number] = (carry, following)

    def following(self, carry: Value) -> Value:
        """What *carry* becomes."""
        assert isinstance(carry.operation, Carry)
        following = self.carries[carry.operation.number][1]
        assert following is not None
        return following

    def values(self) -> tuple[Value, ...]:
        """Every value that the output needs, be it in an earlier timestep, in the order in which they were made."""
        assert self.output is not None
        order: dict[Value, None] = {}
        wanted = [self.output]
        while wanted:
            for value in _before([wanted.pop()], order):
                order[value] = None
                if isinstance(value.operation, Carry):
                    wanted.append(self.following(value))
        return tuple(sorted(order, key=lambda value: value.number))


def _before(wanted: Sequence[Value], known: dict[Value, None]) -> Iterator[Value]:
    """*wanted* and their operands that are not *known*, operands first."""
    stack: list[tuple[Value, bool]] = [(value, False) for value in wanted]
    seen: set[Value] = set()
    while stack:
        value, ready = stack.pop()
        if value in known or (value in seen and not ready):
            continue
        if ready:
            yield value
        else:
            seen.add(value)
            stack.append((value, True))
            stack.extend((operand, False) for operand in reversed(value.operands))
