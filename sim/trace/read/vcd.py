"""Reads the value changes that :mod:`sim.trace.write.vcd` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vcd.reader import TokenKind, VCDParseError, tokenize

from sim.trace.columns import TraceRow, counter_row
from sim.trace.slices import STALL, WORK
from sim.trace.write.vcd import IDLE, SIGNALS


def wave_rows(path: Path) -> Iterator[TraceRow]:
    """The slices and counters of the dump at *path*; raises ValueError for what is not one of ours."""
    waves = _Waves()
    try:
        with path.open("rb") as stream:
            for token in tokenize(stream):
                if token.kind is TokenKind.CHANGE_TIME:
                    yield from waves.settle()
                    waves.now = token.time_change // waves.ticks
                else:
                    waves.take(token)
            yield from waves.settle()
    except VCDParseError as error:
        raise ValueError(str(error)) from error


class _Waves:
    """What the signals are as yet, and what has changed in the cycle ``now``."""

    def __init__(self) -> None:
        self.ticks = 1
        self.now = 0
        self._scopes: list[str] = []
        self._signals: dict[str, tuple[str, str]] = {}
        self._reals: set[tuple[str, str]] = set()
        self._values: dict[tuple[str, str], Any] = {}
        self._changed: set[tuple[str, str]] = set()
        self._open: dict[tuple[str, str], TraceRow] = {}  # by unit and kind, or by component and counter

    def take(self, token: Any) -> None:
        """Take in a declaration, or a change in this cycle."""
        kind, data = token.kind, token.data
        if kind is TokenKind.COMMENT:
            found = re.search(r"ticks_per_cycle (\d+)", data)
            if found is None:
                raise ValueError("no clock")
            self.ticks = int(found[1])
        elif kind is TokenKind.SCOPE:
            self._scopes.append(data.ident)
        elif kind is TokenKind.UPSCOPE:
            self._scopes.pop()
        elif kind is TokenKind.VAR:
            signal = self._signals[data.id_code] = ".".join(self._scopes), data.reference
            if data.type_.value == "real":
                self._reals.add(signal)
        elif kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR, TokenKind.CHANGE_REAL, TokenKind.CHANGE_STRING):
            signal = self._signals[data.id_code]
            self._values[signal] = data.value
            self._changed.add(signal)

    def settle(self) -> Iterator[TraceRow]:
        """End what the changes of this cycle end, and begin what they begin."""
        for scope in dict.fromkeys(scope for scope, name in sorted(self._changed) if (scope, name) not in self._reals):
            names = {name for changed, name in self._changed if changed == scope}
            if names & set(SIGNALS):
                yield from self._turn(scope, WORK, self._work(scope))
            if "stall" in names:
                reason = self._values[scope, "stall"]
                yield from self._turn(scope, STALL, None if reason == IDLE else {"name": reason, "reason": reason})
        for component, name in sorted(self._changed & self._reals):
            counter, _, unit = name.rpartition("_in_")
            value = float(self._values[component, name])
            if (component, name) in self._open:
                yield self._open[component, name] | {"end_cycle": self.now}
            self._open[component, name] = counter_row(component, unit, counter, self.now, value)
        self._changed.clear()

    def _turn(self, unit: str, kind: str, begins: TraceRow | None) -> Iterator[TraceRow]:
        before = self._open.pop((unit, kind), None)
        if before is not None and self.now > before["start_cycle"]:
            yield before | {"end_cycle": self.now}
        if begins is not None:
            place = {"kind": kind, "unit": unit, "track": kind, "start_cycle": self.now}
            self._open[unit, kind] = place | begins

    def _work(self, unit: str) -> TraceRow | None:
        name = self._values[unit, "operation"]
        if name == IDLE:
            return None
        row: TraceRow = {"name": name, "id": self._values[unit, "request"]}
        layer, token = self._values[unit, "layer"], self._values[unit, "token"]
        return row | ({"layer": layer} if layer >= 0 else {}) | ({"first_token": token} if token >= 0 else {})
