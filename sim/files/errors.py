"""What can be wrong with what the user gave, said in one line each: ``file:line: key: found, expected``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from reprlib import Repr
from typing import Any

from sim.files.characters import visible

LONGEST = 600  # characters of a part of a message: a place, a key, what was found

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 100


@dataclass(frozen=True)
class Problem:
    """One mistake in an input: where it stands and what is wrong with it.

    ``unknown`` is a mistake in a name: there is no such file or key, whatever values others have.
    """

    message: str
    file: str = ""
    line: int | None = None
    key: str = ""
    unknown: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line is not None else self.file
        return ": ".join(in_one_line(part) for part in (place, self.key, self.message) if part)


def quoted(value: object) -> str:
    """What was found, as Python writes it, cut if it is long."""
    return _SHORT.repr(value)


def did_you_mean(found: object, known: Iterable[str]) -> str:
    """The end of a message about a name that is none of the *known* ones: the one that is most like it, if any is.

    >>> did_you_mean("mamb2", ["mamba1", "mamba2"])
    "; did you mean 'mamba2'?"
    """
    close = get_close_matches(str(found)[:LONGEST], list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def in_one_line(text: str) -> str:
    """*text* for a line of a terminal: what is not to be seen, or turns the line round, is escaped; cut if it is long.

    >>> in_one_line("two\\nlines")
    'two\\\\nlines'
    """
    shown = visible(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]} ... {shown[-LONGEST // 2 :]}"


class InputError(ValueError):
    """The input cannot be simulated; ``problems`` lists every mistake found, one line each."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    @property
    def names_nothing(self) -> bool:
        """Whether a name is wrong, be it of a file or a key, which no other value makes right."""
        return any(problem.unknown for problem in self.problems)

    def __reduce__(self) -> tuple[type[InputError], tuple[Any, ...]]:
        return type(self), self.problems  # a worker's mistake is told by whoever asked for its work


class MappingError(InputError):
    """A workload cannot be laid onto a machine as it wishes.

    ``misfits`` are messages, each with the entries of workload and machine that make it together, the likeliest first.
    Whoever knows the documents says where the entries stand: :meth:`~sim.files.resolve.Inputs.placing`.
    """

    def __init__(self, *misfits: tuple[Sequence[Sequence[str]], str]) -> None:
        super().__init__(*(Problem(message, key=".".join(paths[0])) for paths, message in misfits))
        self.misfits = misfits

    def __reduce__(self) -> tuple[type[InputError], tuple[Any, ...]]:
        return type(self), self.misfits


class DeadlockError(RuntimeError):
    """Simulated time ended before the work did: a fault of the lowering, never of the user's input."""
