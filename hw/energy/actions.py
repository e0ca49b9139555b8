"""What a run does that takes energy: pure counts, by class of operation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MAC: Final = "mac"  # beside the functions of lanes
DEQUANTISATION: Final = "dequantisation"  # a class of operations that are none of the workload's


class Operations(NamedTuple):
    """Operations of one kind: a ``function`` (or MAC) on a ``unit``, on operands of so many ``bits``."""

    unit: str
    function: str
    bits: int
    kind: str


class Access(NamedTuple):
    """Bytes of one kind that a ``buffer`` in SRAM gives or (``write``) takes, or DRAM, whose buffer is empty."""

    buffer: str
    write: bool
    kind: str


@dataclass
class Actions:
    """Counts of a whole run. A ``kind`` is a class of operations, or what transfers move.

    ``busy`` are cycles of each compute unit, ``rows`` those that DRAM opens.
    """

    operations: Counter[Operations] = field(default_factory=Counter)
    sram_bytes: Counter[Access] = field(default_factory=Counter)
    dram_bytes: Counter[Access] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    busy: Counter[str] = field(default_factory=Counter)

    def add(self, other: Actions) -> None:
        """Count what the *other* counts as well."""
        for own, others in zip(vars(self).values(), vars(other).values(), strict=True):
            own.update(others)
