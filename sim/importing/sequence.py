"""From a program of a whole sequence to one of a timestep: the axes of time and of the batch are taken out.

Every axis consists of factors, some of which are the time or the batch. An operation that treats all tokens and all
sequences alike stays as it is without them. What reads an earlier token (a causal convolution, zeros put before the
first token, a cumulative sum, the carry of a scan) becomes a reference to an earlier timestep. Anything else along one
of these axes has no equation and is a mistake, at its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from sim.importing.primitives import (
    Carry,
    Concatenate,
    Contract,
    Cumulate,
    Delay,
    Elementwise,
    Expand,
    Final,
    Input,
    Permute,
    Program,
    Reduce,
    Reshape,
    Shape,
    Slice,
    Stack,
    Static,
    Step,
    Value,
    Window,
    apply,
    evaluated,
    expand,
    folded,
    is_static,
)

TIME, BATCH, FREE, PLAIN = "time", "batch", "free", ""


@dataclass(frozen=True)
class Factor:
    """A part of an axis. FREE is what only repeats: it may turn out to be any."""

    length: int
    role: str = PLAIN


Factors = tuple[Factor, ...]


@dataclass(frozen=True)
class Timed:
    """A value of a timestep and the factors of each axis it had; position j of the time is timestep j - ``lag``."""

    value: Value
    axes: tuple[Factors, ...]
    lag: int = 0

    @property
    def has_time(self) -> bool:
        """Whether it has an axis of time."""
        return any(factor.role == TIME for axis in self.axes for factor in axis)


def timestep_of(program: Program, roles: Sequence[str]) -> Program:
    """The program of one timestep; *roles* says what each axis of the input is."""
    return _Sequence(program, tuple(roles)).timestep()


def _factors(length: int, role: str = PLAIN) -> Factors:
    return (Factor(length, role),) if length > 1 else ()


def _length(axis: Factors) -> int:
    return prod(factor.length for factor in axis)


def _inner(axes: Sequence[Factors]) -> Shape:
    """The shape without time and batch."""
    return tuple(prod(f.length for f in axis if f.role == PLAIN) for axis in axes)


class _Sequence:
    def __init__(self, program: Program, roles: tuple[str, ...]) -> None:
        self._program, self._roles = program, roles
        self._timed: dict[Value, Timed] = {}
        axes = tuple(_factors(n, role) for n, role in zip(program.input.shape, roles, strict=True))
        self._input = Timed(Value(Input(), (), _inner(axes), program.input.place), axes)
        self._result = Program(self._input.value)

    def timestep(self) -> Program:
        """The program of a timestep."""
        assert self._program.output is not None
        carries = []
        for value in self._program.values():
            self._timed[value] = self._found(value)
            if isinstance(value.operation, Carry):
                carries.append(value)
        for carry in carries:
            following = self._timed[self._program.following(carry)]
            self._result.becomes(self._timed[carry].value, self._now(following, carry))
        output = self._timed[self._program.output]
        length = [f.length for axis in output.axes for f in axis if f.role == TIME]
        expected = [n for n, role in zip(self._program.input.shape, self._roles, strict=True) if role == TIME]
        if expected and output.lag < 0:
            raise self._program.output.place.mistake("reads later tokens")
        if length != expected:
            raise self._program.output.place.mistake("the output is not one row for each token of the input")
        self._result.output = delayed(output.value, output.lag)
        for value, name in self._program.names:
            if value in self._timed and self._timed[value].lag == 0:
                self._result.names.append((self._timed[value].value, name))
        return self._result

    def _found(self, value: Value) -> Timed:
        operands = [self._timed[operand] for operand in value.operands]
        match value.operation:
            case Input():
                return self._input
            case Static():
                return Timed(value, tuple(map(_factors, value.shape)))
            case Carry():
                axes = self._carried(value)
                return Timed(self._result.carry(_inner(axes), value.place), axes)
        return _RULES[type(value.operation)](self, value, operands)

    def _carried(self, value: Value) -> tuple[Factors, ...]:
        """The axes of a carry: the first is the batch if it is as long as that of the input."""
        batch = [n for n, role in zip(self._program.input.shape, self._roles, strict=True) if role == BATCH and n > 1]
        axes = tuple(map(_factors, value.shape))
        return (_factors(batch[0], BATCH), *axes[1:]) if batch and value.shape[:1] == (batch[0],) else axes

    def _now(self, timed: Timed, reader: Value) -> Value:
        """What *timed* is at this timestep."""
        if timed.lag < 0:
            raise reader.place.mistake("reads later tokens")
        return delayed(timed.value, timed.lag)

    def _aligned(self, operands: Sequence[Timed]) -> tuple[list[Value], int]:
        """The operands as of the timestep of their result, and the lag of that."""
        lags = [each.lag for each in operands if each.has_time]
        lag = min([0, *lags])
        return [delayed(each.value, each.lag - lag) if each.has_time else each.value for each in operands], lag

    def _pointwise(self, value: Value, operands: list[Timed]) -> Timed:
        axes = []
        rank = len(value.shape)
        for axis in range(rank):
            there = [each.axes[axis - rank] for each in operands if rank - axis <= len(each.axes)]
            axes.append(_joined(value, [each for each in there if each]))
        read, lag = self._aligned(operands)
        return Timed(folded(Value(value.operation, tuple(read), _shaped(read), value.place)), tuple(axes), lag)

    def _contract(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Contract)
        left, right, result = value.operation.left, value.operation.right, value.operation.result
        known: dict[str, list[Factors]] = {}
        for labels, operand in zip((left, right), operands, strict=True):
            for label, axis in zip(labels, operand.axes, strict=True):
                known.setdefault(label, []).append(axis)
        axes = {label: _joined(value, [each for each in found if each]) for label, found in known.items()}
        for label in axes:
            if label not in result:
                _forbid(value, axes[label], "sums")
        read, lag = self._aligned([_filled(each) for each in operands])
        shape = _inner([axes[label] for label in result])
        return Timed(
            Value(value.operation, tuple(read), shape, value.place), tuple(axes[label] for label in result), lag
        )

    def _reduce(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Reduce)
        operand = _filled(operands[0])
        for axis in value.operation.axes:
            _forbid(value, operand.axes[axis], "reduces")
        axes = tuple(axis for place, axis in enumerate(operand.axes) if place not in value.operation.axes)
        read, lag = self._aligned([operand])
        return Timed(Value(value.operation, tuple(read), _inner(axes), value.place), axes, lag)

    def _cumulate(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Cumulate)
        (operand,) = operands
        along = operand.axes[value.operation.axis]
        if not any(factor.role == TIME for factor in along):
            _forbid(value, along, "accumulates")
            read, lag = self._aligned(operands)
            return Timed(replace(value, operands=tuple(read), shape=read[0].shape), operand.axes, lag)
        if len(along) > 1:
            raise value.place.mistake("accumulates along the time and another axis in one")
        now = self._now(operand, value)
        carry = self._result.carry(now.shape, value.place)
        following = apply("add", carry, now, place=value.place)
        self._result.becomes(carry, following)
        return Timed(following, operand.axes)

    def _window(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Window)
        source, weights = operands
        axis, taps = value.operation.axis, weights.value.shape[1]
        if [factor.role for factor in source.axes[axis]] != [TIME]:
            raise value.place.mistake("is a convolution along another axis than the time")
        if source.lag < 0:
            raise value.place.mistake("reads later tokens")
        lag = value.operation.before - (taps - 1) + source.lag
        result = Value(value.operation, (source.value, weights.value), source.value.shape, value.place)
        axes = (*source.axes[:axis], _factors(value.shape[axis], TIME), *source.axes[axis + 1 :])
        return Timed(result, axes, lag)

    def _permute(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Permute)
        (operand,) = operands
        axes = tuple(operand.axes[axis] for axis in value.operation.order)
        shape = tuple(operand.value.shape[axis] for axis in value.operation.order)
        return Timed(Value(value.operation, (operand.value,), shape, value.place), axes, operand.lag)

    def _expand(self, value: Value, operands: list[Timed]) -> Timed:
        (operand,) = operands
        axes = tuple(
            _factors(length, FREE) if not axis and length > 1 else axis
            for axis, length in zip(operand.axes, value.shape, strict=True)
        )
        return Timed(operand.value, axes, operand.lag)

    def _reshape(self, value: Value, operands: list[Timed]) -> Timed:
        (operand,) = operands
        if any(_mixed(axis) for axis in regrouped(operand.axes, value)):
            operand = _filled(operand)
        axes = regrouped(operand.axes, value)
        shape = _inner(axes)
        inner = (
            operand.value if operand.value.shape == shape else Value(Reshape(), (operand.value,), shape, value.place)
        )
        return Timed(inner, axes, operand.lag)

    def _slice(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Slice)
        (operand,) = operands
        axis, start = value.operation.axis, value.operation.start
        roles = {factor.role for factor in operand.axes[axis]}
        length = value.shape[axis]
        if roles == {TIME} and len(operand.axes[axis]) == 1:
            if length == 1:
                raise value.place.mistake("takes single tokens out of the sequence: write a loop over tokens as a scan")
            axes = (*operand.axes[:axis], _factors(length, TIME), *operand.axes[axis + 1 :])
            return Timed(operand.value, axes, operand.lag - start)
        if roles == {FREE}:
            axes = (*operand.axes[:axis], _factors(length, FREE), *operand.axes[axis + 1 :])
            return Timed(operand.value, axes, operand.lag)
        _forbid(value, operand.axes[axis], "cuts")
        operand = _filled_axis(operand, axis)
        shape = (*operand.value.shape[:axis], length, *operand.value.shape[axis + 1 :])
        axes = (*operand.axes[:axis], _factors(length), *operand.axes[axis + 1 :])
        return Timed(Value(value.operation, (operand.value,), shape, value.place), axes, operand.lag)

    def _concatenate(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Concatenate)
        axis = value.operation.axis
        roles = {factor.role for operand in operands for factor in operand.axes[axis]}
        if TIME in roles:
            return self._padded(value, operands, axis)
        for operand in operands:
            _forbid(value, operand.axes[axis], "joins parts")
        axes = []
        for place in range(len(value.shape)):
            there = [operand.axes[place] for operand in operands if operand.axes[place]]
            axes.append(_factors(value.shape[axis]) if place == axis else _joined(value, there))
        read, lag = self._aligned([_filled_axis(operand, axis) for operand in operands])
        shape = _inner(axes)
        whole = [expand(each, (*shape[:axis], each.shape[axis], *shape[axis + 1 :]), value.place) for each in read]
        return Timed(Value(value.operation, tuple(whole), shape, value.place), tuple(axes), lag)

    def _padded(self, value: Value, operands: list[Timed], axis: int) -> Timed:
        """Zeros before or after a sequence."""
        timed = [each for each in operands if each.has_time]
        zeros = [each for each in operands if _is_zero(each.value)]
        if len(timed) != 1 or len(zeros) != len(operands) - 1 or len(timed[0].axes[axis]) != 1:
            raise value.place.mistake("joins parts along the time, expected one sequence and zeros")
        before = 0
        for each in operands:
            if each is timed[0]:
                break
            before += _length(each.axes[axis])
        if before and timed[0].lag < 0:
            raise value.place.mistake("puts zeros in the place of the first tokens")
        axes = (*timed[0].axes[:axis], _factors(value.shape[axis], TIME), *timed[0].axes[axis + 1 :])
        return Timed(timed[0].value, axes, timed[0].lag + before)

    def _step(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Step)
        (operand,) = operands
        axis = value.operation.axis
        rest = (*operand.axes[:axis], *operand.axes[axis + 1 :])
        roles = [factor.role for factor in operand.axes[axis]]
        if roles not in ([TIME], [FREE]):
            raise value.place.mistake("is a scan along another axis than the time")
        now = self._now(operand, value) if roles == [TIME] else operand.value
        shape = _inner(rest)
        return Timed(now if now.shape == shape else Value(Reshape(), (now,), shape, value.place), rest)

    def _stack(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Stack)
        (operand,) = operands
        axis = value.operation.axis
        axes = (*operand.axes[:axis], _factors(value.operation.length, TIME), *operand.axes[axis:])
        shape = _inner(axes)
        return Timed(Value(Reshape(), (operand.value,), shape, value.place), axes)

    def _final(self, value: Value, operands: list[Timed]) -> Timed:
        raise value.place.mistake("reads what is left after the last token, which no token can")


_RULES: dict[type, Callable[[_Sequence, Value, list[Timed]], Timed]] = {
    Elementwise: _Sequence._pointwise, Contract: _Sequence._contract, Reduce: _Sequence._reduce,
    Cumulate: _Sequence._cumulate, Window: _Sequence._window, Permute: _Sequence._permute,
    Expand: _Sequence._expand, Reshape: _Sequence._reshape, Slice: _Sequence._slice,
    Concatenate: _Sequence._concatenate, Step: _Sequence._step, Stack: _Sequence._stack, Final: _Sequence._final,
}  # fmt: skip


def delayed(value: Value, timesteps: int) -> Value:
    """*value* of so many timesteps ago."""
    return Value(Delay(timesteps), (value,), value.shape, value.place) if timesteps else value


def _is_zero(value: Value) -> bool:
    return is_static(value) and not evaluated(value).any()


def _shaped(values: Sequence[Value]) -> Shape:
    rank = max(len(value.shape) for value in values)
    padded = [(1,) * (rank - len(value.shape)) + value.shape for value in values]
    return tuple(max(lengths) for lengths in zip(*padded, strict=True))


def _joined(value: Value, found: Sequence[Factors]) -> Factors:
    """The factors of an axis that all of *found* are; raises InputError if they are not the same."""
    fixed = [axis for axis in found if any(factor.role != FREE for factor in axis)]
    if not fixed:
        return found[0] if found else ()
    first = fixed[0]
    for axis in fixed[1:]:
        roles = [[factor for factor in each if factor.role in (TIME, BATCH)] for each in (first, axis)]
        if roles[0] != roles[1]:
            if {f.role for each in roles for f in each} == {BATCH}:
                raise value.place.mistake("is not the same for each sequence of the batch")
            raise value.place.mistake("depends on the position of a token")
        if len(axis) > len(first):
            first = axis
    return first


def _forbid(value: Value, axis: Factors, what: str) -> None:
    """Raise InputError if *axis* has a part of the time or the batch in it."""
    roles = {factor.role for factor in axis}
    if TIME in roles:
        raise value.place.mistake(f"{what} along the time, for which there is no equation")
    if BATCH in roles:
        raise value.place.mistake(f"{what} across the sequences of the batch")


def _filled_axis(timed: Timed, axis: int) -> Timed:
    """*timed* with what only repeats along *axis* as elements."""
    if not any(factor.role == FREE for factor in timed.axes[axis]):
        return timed
    length = _length(timed.axes[axis])
    shape = (*timed.value.shape[:axis], length, *timed.value.shape[axis + 1 :])
    axes = (*timed.axes[:axis], _factors(length), *timed.axes[axis + 1 :])
    return Timed(expand(timed.value, shape, timed.value.place), axes, timed.lag)


def _filled(timed: Timed) -> Timed:
    for axis in range(len(timed.axes)):
        timed = _filled_axis(timed, axis)
    return timed


def _mixed(axis: Factors) -> bool:
    """Whether a part of *axis* only repeats, and another does not."""
    return len({factor.role == FREE for factor in axis}) > 1


def regrouped(axes: Sequence[Factors], value: Value) -> tuple[Factors, ...]:
    """The factors of *axes*, in the same order, for the axes of *value*; one of elements is split where needed."""
    rest = [factor for axis in axes for factor in axis]
    found: list[Factors] = []
    for length in value.shape:
        axis: list[Factor] = []
        while (missing := length // _length(tuple(axis))) > 1:
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
