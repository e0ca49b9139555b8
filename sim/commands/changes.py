"""What a command changes of the files that it reads, and what a run may take: the same options on every command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Optional

import typer

from sim.commands.complete import mappings, settings
from sim.files.errors import InputError, Problem
from sim.files.limits import BUDGETS, Limits


class Phase(StrEnum):
    """What a model does: read a prompt, produce the next token, or both."""

    prefill = "prefill"
    decode = "decode"
    generate = "generate"


@dataclass(frozen=True)
class Changes:
    """Values to be changed, those of a named mapping first; an option that is short for ``--set`` is one of them."""

    mapping: Annotated[
        Optional[str],
        typer.Option(
            "--mapping", help="A named mapping: a YAML file, or the name of a shipped one.", autocompletion=mappings
        ),
    ] = None
    set_: Annotated[
        Optional[list[str]],
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="Change one value of either file; repeatable.",
            autocompletion=settings,
        ),
    ] = None
    seq_len: Annotated[Optional[int], typer.Option(help="Tokens of the prompt.")] = None
    phase: Annotated[Optional[Phase], typer.Option(help="Prefill, decode or generate.")] = None
    generate: Annotated[Optional[int], typer.Option(help="Tokens of the answer, if the phase is generate.")] = None
    layers: Annotated[Optional[int], typer.Option("--layers", help="Layers of the model.")] = None
    batch: Annotated[Optional[int], typer.Option(help="Sequences side by side.")] = None

    def assignments(self, more: Iterable[str] = ()) -> list[str]:
        """All of them, and *more*; raises InputError if a path is set twice."""
        from sim.files.documents import check_distinct
        from sim.files.resolve import named_mapping

        given = [*(self.set_ or ()), *self._short(), *more]
        check_distinct(given)
        return [*(named_mapping(self.mapping) if self.mapping else ()), *given]

    def options(self) -> dict[str, object]:
        """The options that were given, as :func:`~sim.commands.options.command_line` takes them."""
        said: dict[str, object] = {"--mapping": self.mapping, "--set": self.set_}
        return said | {flag: value for flag, _, value in self._flags()}

    def _flags(self) -> list[tuple[str, str, object]]:
        return [
            ("--seq-len", "sequence_length", self.seq_len),
            ("--phase", "phase", self.phase and self.phase.value),
            ("--generate", "generate", self.generate),
            ("--layers", "layers", self.layers),
            ("--batch", "batch", self.batch),
        ]

    def _short(self) -> list[str]:
        from sim.files.documents import Assignment

        flags = [(flag, key, value) for flag, key, value in self._flags() if value is not None]
        return [Assignment(f"{key}={value}", f"{flag} {value}") for flag, key, value in flags]


class SearchFlag(StrEnum):
    """How hard to search for a mapping."""

    short = "short"
    quick = "quick"
    full = "full"


SECONDS = {"s": 1, "min": 60, "h": 3600}
_TRIALS = "{}, {} or {}".format(*(budget.trials for budget in BUDGETS.values()))


@dataclass(frozen=True)
class MayTake:
    """How long a run may take, how much memory, and how hard to search; above that it is refused before it begins."""

    time_limit: Annotated[str, typer.Option(metavar="TIME", help="Refuse what would take longer.")] = "1h"
    memory_limit: Annotated[str, typer.Option(metavar="SIZE", help="Refuse what would take more memory.")] = "4GiB"
    search: Annotated[
        Optional[SearchFlag],
        typer.Option(help=f"Search for a mapping by {_TRIALS} trials; quick, where none is shipped."),
    ] = None

    @contextmanager
    def searching(self, quiet: bool) -> Iterator[None]:
        """A bar while the block searches for a mapping, if that takes a while."""
        from sim.commands.options import progress_bar

        with progress_bar("searching for a mapping", quiet):
            yield

    def options(self) -> dict[str, object]:
        """What matters to the result, as :func:`~sim.commands.options.command_line` takes it."""
        return {"--search": None if self.search is None else self.search.value}

    def limits(self) -> Limits:
        """As the simulator takes them; raises InputError for what is no time or size."""
        from hw.quantities import BYTES

        seconds = _quantity("--time-limit", self.time_limit, SECONDS, "2h")
        memory_bytes = _quantity("--memory-limit", self.memory_limit, BYTES, "8GiB")
        return Limits(seconds, memory_bytes, None if self.search is None else self.search.value)


def _quantity(flag: str, text: str, scale: dict[str, int], example: str) -> int:
    from hw.quantities import parse_quantity

    try:
        return parse_quantity(text, scale, example)
    except ValueError as error:
        raise InputError(Problem(f"expected {error}", f"{flag} {text}")) from None
