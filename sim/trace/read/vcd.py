"""Reads the value changes that :mod:`sim.trace.write.vcd` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from vcd.reader import TokenKind, tokenize

from sim.trace.columns import TraceRow, counter_row
from sim.trace.read.schema import LARGEST, LONGEST_LINE, Damaged, Foreign, Truncated, found, learn, recall, said_by
from sim.trace.slices import STALL, WORK
from sim.trace.write.vcd import ABOUT, END, IDLE, SIGNALS

CHANGES = (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR, TokenKind.CHANGE_REAL, TokenKind.CHANGE_STRING)
DEEPEST = 16  # scopes in one another


def wave_rows(path: Path) -> Iterator[tuple[int, TraceRow]]:
    """(line, row) of the slices and counters of the dump at *path*; raises Unreadable for what is not one of ours."""
    waves, line = _Waves(), 1
    with path.open("rb") as stream:
        for line, token in _tokens(stream):
            try:
                if token.kind is TokenKind.CHANGE_TIME:
                    yield from ((line, row) for row in waves.settle())
                    waves.go_on(token.time_change)
                else:
                    waves.take(token)
            except Damaged as error:
                raise (Damaged(error.message, line) if waves.ours else Foreign()) from None
        if not waves.ours:
            raise Foreign
        if not waves.ended:
            raise Truncated("its end is not there", line)
        yield from ((line, row) for row in waves.settle())


class _Bounded:
    """A stream that gives no more than so many bytes for one token."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.left = LONGEST_LINE

    def readinto(self, buffer: bytearray) -> int:
        """Fill *buffer*."""
        self.left -= len(buffer)
        if self.left < 0:
            raise ValueError(f"a word is longer than {LONGEST_LINE:,} bytes")
        return self._stream.readinto(buffer)  # type: ignore[attr-defined, no-any-return]


def _tokens(stream: IO[bytes]) -> Iterator[tuple[int, Any]]:
    """(line, token) of a dump; the parser is not ours, and on hostile bytes raises what it likes."""
    bounded, line = _Bounded(stream), 1
    tokens = tokenize(bounded)  # type: ignore[arg-type]
    while True:
        bounded.left = LONGEST_LINE
        try:
            token = next(tokens, None)
        except Exception as error:
            raise (Foreign() if line == 1 else Damaged(f"is no value change: {said_by(error)}", line)) from None
        if token is None:
            return
        line = token.span.start.line
        yield line, token


class _Waves:
    """What the signals are as yet, and what has changed in the cycle ``now``."""

    def __init__(self) -> None:
        self.ours = self.ended = False
        self._ticks = 1
        self._now = 0
        self._scopes: list[str] = []
        self._signals: dict[str, tuple[str, str]] = {}
        self._reals: set[tuple[str, str]] = set()
        self._values: dict[tuple[str, str], Any] = {}
        self._changed: set[tuple[str, str]] = set()
        self._open: dict[tuple[str, str], TraceRow] = {}  # by unit and kind, or by component and counter

    def go_on(self, time: int) -> None:
        """Let time pass until tick *time*."""
        if self.ended or not self._now <= time // self._ticks <= LARGEST:
            raise Damaged(f"the time: {found(time, 'a later one' if not self.ended else 'no more')}")
        self._now = time // self._ticks

    def take(self, token: Any) -> None:
        """Take in a declaration, or a change in this cycle."""
        kind, data = token.kind, token.data
        if self.ended:
            raise Damaged("goes on after its end")
        if kind is TokenKind.COMMENT and data.strip() == END:
            self.ended = True
        elif kind is TokenKind.COMMENT:
            about = re.match(ABOUT, data.strip())
            if about is None:
                raise Damaged(f"a comment: {found(data, 'a clock')}")
            self._ticks, self.ours = int(about[2]), True
        elif kind is TokenKind.SCOPE:
            self._scopes.append(data.ident)
            if len(self._scopes) > DEEPEST:
                raise Damaged(f"has more than {DEEPEST} scopes in one another")
        elif kind is TokenKind.UPSCOPE:
            if not self._scopes:
                raise Damaged("ends a scope that has not begun")
            self._scopes.pop()
        elif kind is TokenKind.VAR:
            signal = ".".join(self._scopes), data.reference
            learn(self._signals, data.id_code, signal)
            if data.type_.value == "real":
                self._reals.add(signal)
        elif kind in CHANGES:
            signal = recall(self._signals, data.id_code, "signal")
            self._values[signal] = _unescaped(data.value) if kind is TokenKind.CHANGE_STRING else data.value
            self._changed.add(signal)

    def settle(self) -> Iterator[TraceRow]:
        """End what the changes of this cycle end, and begin what they begin."""
        by_scope: dict[str, set[str]] = {}
        for scope, name in sorted(self._changed - self._reals):
            by_scope.setdefault(scope, set()).add(name)
        for scope, names in by_scope.items():
            if not names.isdisjoint(SIGNALS):
                yield from self._turn(scope, WORK, self._work(scope))
            if "stall" in names:
                reason = self._value(scope, "stall")
                yield from self._turn(scope, STALL, None if reason == IDLE else {"name": reason, "reason": reason})
        for component, name in sorted(self._changed & self._reals):
            counter, _, unit = name.rpartition("_in_")
            if (component, name) in self._open:
                yield self._open[component, name] | {"end_cycle": self._now}
            self._open[component, name] = counter_row(component, unit, counter, self._now, self._value(component, name))
        self._changed.clear()

    def _turn(self, unit: str, kind: str, begins: TraceRow | None) -> Iterator[TraceRow]:
        before = self._open.pop((unit, kind), None)
        if before is not None and self._now > before["start_cycle"]:
            yield before | {"end_cycle": self._now}
        if begins is not None:
            place = {"kind": kind, "unit": unit, "track": kind, "start_cycle": self._now}
            self._open[unit, kind] = place | begins

    def _work(self, unit: str) -> TraceRow | None:
        name = self._value(unit, "operation")
        if name == IDLE:
            return None
        row: TraceRow = {"name": name, "id": self._value(unit, "request")}
        layer, token = self._value(unit, "layer"), self._value(unit, "token")
        return row | _unless_negative("layer", layer) | _unless_negative("first_token", token)

    def _value(self, scope: str, name: str) -> Any:
        return recall(self._values, (scope, name), "signal")


def _unescaped(text: str) -> str:
    """*text* without what pyvcd's writer makes of blanks and backslashes."""
    return re.sub(r"\\(x20|\\)", lambda found: " " if found[1] == "x20" else found[1], text)


def _unless_negative(name: str, value: Any) -> TraceRow:
    """*value* under its *name*; nothing for a negative number, which is as large as its two's complement here."""
    return {} if type(value) is int and value > LARGEST else {name: value}
