"""What observers see of a run: the request that a stream offers, never the stream."""

from __future__ import annotations

from typing import Final

from hw.requests import Cost, Transfer, Work
from sim.lowering.program import StreamPlan

NOBODY: Final = -1


class Offered:
    """One request of a stream, to be read only; valid until the stream offers the next one.

    It is ``item`` of ``tile`` (of the kind ``variant``), ``number`` in all that the stream does, and has been offered
    since cycle ``since``. It could start at ``ready_at``, and was last waiting for ``reason``. If it was known at
    ``since`` when that would come, ``producer`` is the rank of the stream that it waited for, of which ``count`` items
    had to be done (their operands read, if ``operands``); else ``producer`` is NOBODY. ``slot`` says that it waited
    for a slot of the weight pool.
    """

    __slots__ = (
        "_reasons", "count", "item", "number", "operands", "plan", "producer", "rank", "ready_at", "reason_number",
        "request_number", "since", "slot", "tile", "variant",
    )  # fmt: skip

    def __init__(self, plan: StreamPlan, rank: int, reasons: tuple[str, ...]) -> None:
        self._reasons = reasons  # their names
        self.plan = plan
        self.rank = rank
        self.tile = self.item = self.variant = self.number = self.request_number = 0
        self.since = self.ready_at = self.count = self.reason_number = 0
        self.producer = NOBODY
        self.operands = self.slot = False

    @property
    def reason(self) -> str:
        """What it was last waiting for."""
        return self._reasons[self.reason_number]

    @property
    def request(self) -> Work | Transfer:
        """The request itself."""
        return self.plan.requests[self.request_number]

    @property
    def cost(self) -> Cost | None:
        """Its cost, None for a transfer."""
        return self.plan.costs[self.request_number] if self.plan.costs else None
