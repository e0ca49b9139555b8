"""From a program of a whole sequence to one of a timestep: the axes of time and of the batch are taken out.

Every axis consists of factors, some of which are the time or the batch. An operation that treats all tokens and all
sequences alike stays as it is without them. What reads an earlier token (a causal convolution, zeros put before the
first token, a cumulative sum, the carry of a scan) becomes a reference to an earlier timestep. Anything else along one
of these axes has no equation and is a mistake, at its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sim.importing.building import apply, evaluated, expand, folded, is_static
from sim.importing.factors import (
    BATCH,
    FREE,
    TIME,
    Factors,
    factors_of,
    forbid,
    inner_shape,
    joined_axis,
    length_of,
    mixed,
    regrouped,
)
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
)


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


class _Sequence:
    def __init__(self, program: Program, roles: tuple[str, ...]) -> None:
        self._program, self._roles = program, roles
        self._timed: dict[Value, Timed] = {}
        axes = tuple(factors_of(n, role) for n, role in zip(program.input.shape, roles, strict=True))
        self._input = Timed(Value(Input(), (), inner_shape(axes), program.input.place), axes)
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
            for before, after in zip(self._timed[carry].axes, following.axes, strict=True):
                joined_axis(self._program.following(carry), [axis for axis in (before, after) if axis])
            self._result.becomes(self._timed[carry].value, self._now(following, carry))
        output = self._timed[self._program.output]
        self._check_rows(output, self._program.output)
        self._result.output = delayed(output.value, output.lag)
        for value, name in self._program.names:
            if value in self._timed and self._timed[value].lag == 0:
                self._result.names.append((self._timed[value].value, name))
        return self._result

    def _check_rows(self, output: Timed, value: Value) -> None:
        """Raise InputError unless *output* has a row for each token, where the input has it."""
        if output.lag < 0:
            raise value.place.mistake("reads later tokens")
        for axis, role in enumerate(self._roles):
            expected = factors_of(self._program.input.shape[axis], role)
            if role in (TIME, BATCH) and expected and output.axes[axis : axis + 1] != (expected,):
                raise value.place.mistake("the output is not one row for each token of the input")

    def _found(self, value: Value) -> Timed:
        operands = [self._timed[operand] for operand in value.operands]
        match value.operation:
            case Input():
                return self._input
            case Static():
                return Timed(value, tuple(map(factors_of, value.shape)))
            case Carry():
                axes = self._carried(value)
                return Timed(self._result.carry(inner_shape(axes), value.place), axes)
        return _RULES[type(value.operation)](self, value, operands)

    def _carried(self, value: Value) -> tuple[Factors, ...]:
        """The axes of a carry: the first is the batch if it is as long as that of the input."""
        batch = [n for n, role in zip(self._program.input.shape, self._roles, strict=True) if role == BATCH and n > 1]
        axes = tuple(map(factors_of, value.shape))
        return (factors_of(batch[0], BATCH), *axes[1:]) if batch and value.shape[:1] == (batch[0],) else axes

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
            axes.append(joined_axis(value, [each for each in there if each]))
        read, lag = self._aligned(operands)
        return Timed(folded(Value(value.operation, tuple(read), _shaped(read), value.place)), tuple(axes), lag)

    def _contract(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Contract)
        left, right, result = value.operation.left, value.operation.right, value.operation.result
        known: dict[str, list[Factors]] = {}
        for labels, operand in zip((left, right), operands, strict=True):
            for label, axis in zip(labels, operand.axes, strict=True):
                known.setdefault(label, []).append(axis)
        axes = {label: joined_axis(value, [each for each in found if each]) for label, found in known.items()}
        for label in axes:
            if label not in result:
                forbid(value, axes[label], "sums")
        read, lag = self._aligned([_filled(each) for each in operands])
        shape = inner_shape([axes[label] for label in result])
        return Timed(
            Value(value.operation, tuple(read), shape, value.place), tuple(axes[label] for label in result), lag
        )

    def _reduce(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Reduce)
        operand = _filled(operands[0])
        for axis in value.operation.axes:
            forbid(value, operand.axes[axis], "reduces")
        axes = tuple(axis for place, axis in enumerate(operand.axes) if place not in value.operation.axes)
        read, lag = self._aligned([operand])
        return Timed(Value(value.operation, tuple(read), inner_shape(axes), value.place), axes, lag)

    def _cumulate(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Cumulate)
        (operand,) = operands
        along = operand.axes[value.operation.axis]
        if not any(factor.role == TIME for factor in along):
            forbid(value, along, "accumulates")
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
        axes = (*source.axes[:axis], factors_of(value.shape[axis], TIME), *source.axes[axis + 1 :])
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
            factors_of(length, FREE) if not axis and length > 1 else axis
            for axis, length in zip(operand.axes, value.shape, strict=True)
        )
        return Timed(operand.value, axes, operand.lag)

    def _reshape(self, value: Value, operands: list[Timed]) -> Timed:
        (operand,) = operands
        if any(mixed(axis) for axis in regrouped(operand.axes, value)):
            operand = _filled(operand)
        axes = regrouped(operand.axes, value)
        shape = inner_shape(axes)
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
            axes = (*operand.axes[:axis], factors_of(length, TIME), *operand.axes[axis + 1 :])
            return Timed(operand.value, axes, operand.lag - start)
        if roles == {FREE}:
            axes = (*operand.axes[:axis], factors_of(length, FREE), *operand.axes[axis + 1 :])
            return Timed(operand.value, axes, operand.lag)
        forbid(value, operand.axes[axis], "cuts")
        operand = _filled_axis(operand, axis)
        shape = (*operand.value.shape[:axis], length, *operand.value.shape[axis + 1 :])
        axes = (*operand.axes[:axis], factors_of(length), *operand.axes[axis + 1 :])
        return Timed(Value(value.operation, (operand.value,), shape, value.place), axes, operand.lag)

    def _concatenate(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Concatenate)
        axis = value.operation.axis
        roles = {factor.role for operand in operands for factor in operand.axes[axis]}
        if TIME in roles:
            return self._padded(value, operands, axis)
        for operand in operands:
            forbid(value, operand.axes[axis], "joins parts")
        axes = []
        for place in range(len(value.shape)):
            there = [operand.axes[place] for operand in operands if operand.axes[place]]
            axes.append(factors_of(value.shape[axis]) if place == axis else joined_axis(value, there))
        read, lag = self._aligned([_filled_axis(operand, axis) for operand in operands])
        shape = inner_shape(axes)
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
            before += length_of(each.axes[axis])
        if before and timed[0].lag < 0:
            raise value.place.mistake("puts zeros in the place of the first tokens")
        axes = (*timed[0].axes[:axis], factors_of(value.shape[axis], TIME), *timed[0].axes[axis + 1 :])
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
        shape = inner_shape(rest)
        return Timed(now if now.shape == shape else Value(Reshape(), (now,), shape, value.place), rest)

    def _stack(self, value: Value, operands: list[Timed]) -> Timed:
        assert isinstance(value.operation, Stack)
        (operand,) = operands
        axis = value.operation.axis
        axes = (*operand.axes[:axis], factors_of(value.operation.length, TIME), *operand.axes[axis:])
        shape = inner_shape(axes)
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


def _filled_axis(timed: Timed, axis: int) -> Timed:
    """*timed* with what only repeats along *axis* as elements."""
    if not any(factor.role == FREE for factor in timed.axes[axis]):
        return timed
    length = length_of(timed.axes[axis])
    shape = (*timed.value.shape[:axis], length, *timed.value.shape[axis + 1 :])
    axes = (*timed.axes[:axis], factors_of(length), *timed.axes[axis + 1 :])
    return Timed(expand(timed.value, shape, timed.value.place), axes, timed.lag)


def _filled(timed: Timed) -> Timed:
    for axis in range(len(timed.axes)):
        timed = _filled_axis(timed, axis)
    return timed
