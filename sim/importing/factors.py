"""The factors of an axis: which part of it is the time, which the batch, and what only repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from sim.importing.primitives import Shape, Value

TIME, BATCH, FREE, PLAIN = "time", "batch", "free", ""


@dataclass(frozen=True)
class Factor:
    """A part of an axis. FREE is what only repeats: it may turn out to be any."""

    length: int
    role: str = PLAIN


Factors = tuple[Factor, ...]


def factors_of(length: int, role: str = PLAIN) -> Factors:
    """The factors of an axis of one role; none for one of length 1."""
    return (Factor(length, role),) if length > 1 else ()


def length_of(axis: Factors) -> int:
    """How long an axis is."""
    return prod(factor.length for factor in axis)


def inner_shape(axes: Sequence[Factors]) -> Shape:
    """The shape without time and batch."""
    return tuple(prod(f.length for f in axis if f.role == PLAIN) for axis in axes)


def joined_axis(value: Value, found: Sequence[Factors]) -> Factors:
    """The factors of an axis that all of *found* are; raises InputError if they are not the same."""
    fixed = [axis for axis in found if any(factor.role != FREE for factor in axis)]
    if not fixed:
        return found[0] if found else ()
    first = fixed[0]
    for axis in fixed[1:]:
        shared = [_shared(each) for each in (first, axis)]
        if shared[0] != shared[1]:
            if {role for each in shared for role, _, _ in each} == {BATCH}:
                raise value.place.mistake("is not the same for each sequence of the batch")
            raise value.place.mistake("depends on the position of a token")
        if len(axis) > len(first):
            first = axis
    return first


def _shared(axis: Factors) -> list[tuple[str, int, int]]:
    """The parts of *axis* that are time or batch: role, length and stride."""
    parts = ((part.role, part.length, length_of(axis[place + 1 :])) for place, part in enumerate(axis))
    return [part for part in parts if part[0] in (TIME, BATCH)]


def forbid(value: Value, axis: Factors, what: str) -> None:
    """Raise InputError if *axis* has a part of the time or the batch in it."""
    roles = {factor.role for factor in axis}
    if TIME in roles:
        raise value.place.mistake(f"{what} along the time, for which there is no equation")
    if BATCH in roles:
        raise value.place.mistake(f"{what} across the sequences of the batch")


def mixed(axis: Factors) -> bool:
    """Whether a part of *axis* only repeats, and another does not."""
    return len({factor.role == FREE for factor in axis}) > 1


def regrouped(axes: Sequence[Factors], value: Value) -> tuple[Factors, ...]:
    """The factors of *axes*, in the same order, for the axes of *value*; one of elements is split where needed."""
    rest = [factor for axis in axes for factor in axis]
    found: list[Factors] = []
    for length in value.shape:
        axis: list[Factor] = []
        while (missing := length // length_of(tuple(axis))) > 1:
            factor = rest.pop(0)
            if missing % factor.length == 0:
                axis.append(factor)
            elif factor.length % missing == 0 and factor.role in (PLAIN, FREE):
                axis.append(Factor(missing, factor.role))
                rest.insert(0, Factor(factor.length // missing, factor.role))
            else:
                what = {TIME: "the time", BATCH: "the batch"}.get(factor.role, "an axis")
                raise value.place.mistake(f"splits {what}, for which there is no equation")
        found.append(tuple(axis))
    return tuple(found)
