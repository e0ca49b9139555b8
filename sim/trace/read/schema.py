"""What a row of a trace may say: the one step between what a file holds and what is made of it.

A reader takes a format apart and yields what it finds; :class:`RowCheck` lets through what our writers can have
written. What cannot be is :class:`Damaged`, what stops before its end :class:`Truncated`, and what never was a trace of
ours :class:`Foreign`; whoever asks for rows gets these as one line.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

from sim.files.errors import quoted
from sim.trace.columns import COLUMNS, WHOLE, WORD, TraceRow
from sim.trace.slices import COUNTER, FLIGHT, STALL, WORK

ALL_NEED = ("unit", "track", "name", "start_cycle", "end_cycle")
NEEDED = {WORK: ALL_NEED, STALL: (*ALL_NEED, "reason"), FLIGHT: ALL_NEED, COUNTER: (*ALL_NEED, "value")}
"""The columns that a row of each kind has."""
KINDS = ", ".join(NEEDED)
_NEEDED = {kind: set(names) for kind, names in NEEDED.items()}
_WHOLE = {name for name, content in COLUMNS.items() if content == WHOLE}
IN_ORDER = (("start_cycle", "end_cycle"), ("first_token", "last_token"))  # where there are both

LARGEST = 2**63 - 1
LONGEST_LINE = 1 << 18  # bytes of a line of text
LONGEST = {"operations": 1 << 16}  # characters of a word
LONGEST_WORD = 1 << 12
LONGEST_SAYING = 200  # characters of what somebody else's parser says
MOST_TEXT = 1 << 26  # characters of all words that differ
MOST_NOTED = 1 << 18  # tracks, names

Key = TypeVar("Key", bound=Hashable)
Said = TypeVar("Said")


class Unreadable(Exception):
    """What is wrong with a trace, and the ``number`` of the line, row or packet at which it is, if that is known."""

    says = ""

    def __init__(self, message: str = "", number: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.number = number


class Damaged(Unreadable):
    """It says what our writers never say."""

    says = "is damaged"


class Truncated(Unreadable):
    """It stops before its end."""

    says = "is truncated"


class Foreign(Unreadable):
    """It is no trace of ours at all."""

    says = "is not a trace that stallscope wrote"


def found(value: object, expected: str) -> str:
    """The message that *value* was found instead of what is *expected*."""
    return f"found {quoted(value)}, expected {expected}"


def said_by(error: Exception) -> str:
    """What a parser that is not ours raised, in a line."""
    line = next((line for line in str(error).splitlines() if line), type(error).__name__)
    return line if len(line) <= LONGEST_SAYING else f"{line[:LONGEST_SAYING]} ..."


def learn(table: dict[Key, Said], key: Key, said: Said) -> None:
    """Note what a trace *said* under *key*; raises Damaged if it says too much."""
    table[key] = said
    if len(table) > MOST_NOTED:
        raise Damaged(f"has more than {MOST_NOTED:,} tracks or names")


def recall(table: Mapping[Key, Said], key: Key, what: str) -> Said:
    """What a trace said under *key*; raises Damaged if it has not."""
    try:
        return table[key]
    except KeyError:
        raise Damaged(f"{what}: {found(key, 'what has been announced')}") from None


class RowCheck:
    """Checks the rows of one trace, one after the other; what they have in common is bounded too."""

    def __init__(self) -> None:
        self._words: dict[str, set[str]] = {name: set() for name, content in COLUMNS.items() if content == WORD}
        self._text = 0  # characters of these
        self._ends: dict[tuple[str, bool, str], int] = {}  # of the last slice of each track, or step of each counter

    def row(self, row: TraceRow) -> TraceRow:
        """*row* as it is; raises Damaged if it cannot be one of ours."""
        words = self._words
        for name, value in row.items():
            if name in words:
                if type(value) is not str or value not in words[name]:  # most words have been seen
                    self.word(name, value)
            elif name in _WHOLE:
                if type(value) is not int or not 0 <= value <= LARGEST:
                    self.whole(name, value)
            elif name in COLUMNS:
                self.real(name, value)
            else:
                raise Damaged(found(name, "a known column"))
        kind = row.get("kind")
        needed = ("kind",) if kind is None else NEEDED[kind]
        if kind is None or not row.keys() >= _NEEDED[kind]:
            raise Damaged(f"{next(name for name in needed if name not in row)} is missing")
        for first, last in IN_ORDER:
            if last in row and row[last] < row.get(first, 0):
                raise Damaged(f"{last}: {found(row[last], f'no less than {first} {row[first]}')}")
        counts = kind == COUNTER
        self._follow((row["unit"], counts, row["name" if counts else "track"]), row["start_cycle"], row["end_cycle"])
        return row

    def word(self, name: str, value: Any) -> None:
        """Raise Damaged if column *name* cannot have this text."""
        most = LONGEST.get(name, LONGEST_WORD)
        if type(value) is not str or not 0 < len(value) <= most or not value.isprintable():
            raise Damaged(f"{name}: {found(value, f'1 to {most} characters, all of them printable')}")
        if name == "kind" and value not in NEEDED:
            raise Damaged(f"{name}: {found(value, f'one of {KINDS}')}")
        if value not in self._words[name]:
            self._words[name].add(value)
            self._text += len(value)
        if self._text > MOST_TEXT:
            raise Damaged(f"has more than {MOST_TEXT:,} characters of names")

    def whole(self, name: str, value: Any) -> None:
        """Raise Damaged if column *name* cannot have this number."""
        if type(value) is not int or not 0 <= value <= LARGEST:
            raise Damaged(f"{name}: {found(value, 'a whole number from 0, of 63 bit')}")

    def real(self, name: str, value: Any) -> None:
        """Raise Damaged if column *name* cannot have this number."""
        if type(value) not in (int, float) or not -LARGEST <= value <= LARGEST:
            raise Damaged(f"{name}: {found(value, f'a number up to {LARGEST}')}")

    def _follow(self, track: tuple[str, bool, str], start: int, end: int) -> None:
        before = self._ends.get(track, 0)
        if start < before:
            raise Damaged(f"begins at cycle {start}, while the row before it on its track lasts until {before}")
        learn(self._ends, track, end)
