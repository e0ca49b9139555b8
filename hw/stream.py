"""What a unit is offered: streams, sequences of requests of which it is known when the next one will be ready."""

from __future__ import annotations

from typing import Any, Final

from hw.engine import Engine, Task
from hw.ledger import Landing, Tally
from hw.reasons import START

NEVER: Final = 1 << 62


class Stream(Task):
    """A sequence of requests to one unit; what is said of the next one is valid while it is offered.

    The request may start from cycle ``ready_at`` on, which may lie ahead; ``reason`` says what it was last waiting for.
    The lowest ``priority`` goes first. A compute unit reads ``cycles``, ``tail_cycles`` (more until the result is
    there) and ``load`` (what it asks of the SRAM ports); the DMA engine ``size_bytes``, ``write``, ``address`` (to
    which ``origin`` is added) and ``load`` (what kind of traffic this is for the SRAM ports, the same all along).
    ``tally`` gets the cycles that the requests take the unit, and those for which it stood idle before them.
    ``place`` is the stream's among those of its unit, ``view`` what observers are shown.
    """

    __slots__ = (
        "address", "cycles", "load", "name", "origin", "place", "priority", "ready_at", "reason", "size_bytes",
        "tail_cycles", "tally", "view", "write",
    )  # fmt: skip

    def __init__(self, name: str, priority: int, tally: Tally, engine: Engine) -> None:
        super().__init__(engine)
        self.name = name
        self.priority = priority
        self.tally = tally
        self.reason = START
        self.ready_at = self.place = 0
        self.cycles = self.tail_cycles = self.load = 0
        self.size_bytes = self.address = self.origin = 0
        self.write = False
        self.view: Any = None

    def landing(self) -> Landing | None:
        """The DRAM transfer that the request was last waiting for, if it was one."""
        return None

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        """The request has started: its operands are read by *end*, its result is there at *completion*.

        *landing* is what it was, if it was a transfer.
        """
        raise NotImplementedError
