"""Reads the events that :mod:`sim.trace.write.chrome` writes, one a line."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from sim.trace.columns import TraceRow, counter_row
from sim.trace.read.packed import packed_lines
from sim.trace.read.schema import (
    LARGEST,
    LONGEST_WORD,
    Damaged,
    Foreign,
    Truncated,
    Unreadable,
    found,
    learn,
    recall,
    said_by,
)
from sim.trace.slices import NANOSECONDS

FASTEST = 10**15  # Hz
END = "]}\n"
Sort = TypeVar("Sort")


def chrome_rows(path: Path) -> Iterator[tuple[int, TraceRow]]:
    """(line, row) of the events at *path*; raises Unreadable for what is not one of ours."""
    lines = packed_lines(path)
    events = _Events(_clock_of(next(lines, (1, ""))[1]))
    number = 1
    for number, line in lines:
        if line.startswith("]"):
            if line != END or next(lines, None) is not None:
                raise Damaged("goes on after its end", number)
            return
        try:
            yield from ((number, row) for row in events.rows(_parsed(line.rstrip().removesuffix(","))))
        except Damaged as error:
            raise Damaged(error.message, error.number or number) from None
    raise Truncated("the list of events has no end", number)


def clock_of_events(path: Path) -> int:
    """The clock of the machine, in Hz.

    Raises Unreadable if *path* does not begin and end as our events do; what stands between is not looked at.
    """
    lines = packed_lines(path)
    clock_hz = _clock_of(next(lines, (1, ""))[1])
    last = deque(lines, maxlen=1)
    if not last or last[0][1] != END:
        raise Truncated("the list of events has no end", last[0][0] if last else 1)
    return clock_hz


def _clock_of(head: str) -> int:
    """The clock that the first line tells."""
    try:
        clock_hz = _of(dict, _of(dict, _parsed(head.rstrip().removesuffix("[") + "[]}"), None), "otherData")["clock_hz"]
        if type(clock_hz) is int and 0 < clock_hz <= FASTEST:
            return clock_hz
    except (Unreadable, KeyError):
        pass
    raise Foreign


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"is no JSON: {said_by(error)}") from None


def _of(sort: type[Sort], event: Any, key: str | None) -> Sort:
    """What stands under *key* of an *event*, or the event itself, which is of this *sort*."""
    value = event if key is None else event.get(key)
    if type(value) is not sort:
        raise Damaged(f"{'' if key is None else f'{key}: '}{found(value, f'a JSON {_CALLED[sort]}')}")
    return value


_CALLED = {dict: "object", str: "string", int: "whole number"}


class _Events:
    """What the events so far have said about processes, threads and counters."""

    def __init__(self, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self._units: dict[int, str] = {}
        self._tracks: dict[int, str] = {}
        self._counters: dict[tuple[int, str], TraceRow] = {}

    def rows(self, event: Any) -> Iterator[TraceRow]:
        """The rows that are complete with *event*."""
        phase, name = _of(str, _of(dict, event, None), "ph"), _of(str, event, "name")
        if phase == "M" and name == "process_name":
            learn(self._units, _of(int, event, "pid"), _name_of(event))
        elif phase == "M" and name == "thread_name":
            learn(self._tracks, _of(int, event, "tid"), _name_of(event))
        elif phase == "X":
            place = {"kind": _of(str, event, "cat"), "unit": self._unit(event), "track": self._track(event)}
            yield place | {"name": name} | _columns_of(_of(dict, event, "args"))
        elif phase == "C":
            yield from self._step(event, name)
        elif phase not in ("M", "s", "f"):
            raise Damaged(f"ph: {found(phase, 'one of M, X, C, s, f')}")

    def _step(self, event: Any, name: str) -> Iterator[TraceRow]:
        """The step of a counter that ends where *event* begins another."""
        args, time, key = _of(dict, event, "args"), event.get("ts"), (_of(int, event, "pid"), name)
        if len(args) != 1:
            raise Damaged(f"args: {found(args, 'one value')}")
        if type(time) not in (int, float) or not 0 <= time <= LARGEST // 1000:
            raise Damaged(f"ts: {found(time, 'a time')}")
        cycle = -(-round(time * 1000) * self._clock_hz // NANOSECONDS)
        ((unit, value),) = args.items()
        if key in self._counters:
            yield self._counters[key] | {"end_cycle": cycle}
        learn(self._counters, key, counter_row(self._unit(event), unit, name, cycle, value))

    def _unit(self, event: Any) -> str:
        return recall(self._units, _of(int, event, "pid"), "pid")

    def _track(self, event: Any) -> str:
        return recall(self._tracks, _of(int, event, "tid"), "tid")


def _name_of(event: Any) -> str:
    """The name that an event gives to a process or a thread."""
    name = _of(str, _of(dict, event, "args"), "name")
    if len(name) > LONGEST_WORD:
        raise Damaged(f"name: {found(name, f'at most {LONGEST_WORD} characters')}")
    return name


def _columns_of(args: TraceRow) -> TraceRow:
    """The arguments of a slice as columns."""
    columns = dict(args)
    token = columns.pop("token", None)
    if token is not None:
        first, _, last = str(token).partition("-")
        if not all(text.isascii() and text.isdigit() and len(text) < 20 for text in (first, last or first)):
            raise Damaged(f"token: {found(token, 'a token, or the first and the last')}")
        columns |= {"first_token": int(first), "last_token": int(last or first)}
    if columns.get("layer") == "head":
        del columns["layer"]
    return columns
