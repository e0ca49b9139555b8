"""The stalls of a unit in the order in which they matter, as every list of them shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sim.accounting.result import Result
from sim.presentation.titles import QUIET, shown

WORTH_NAMING = 0.001  # of the makespan


def listed(unit: str, stalls: Mapping[str, int], result: Result) -> list[tuple[str, int]]:
    """(key as shown, cycles) of the *stalls* of *unit* in a run that had this *result*.

    First what lies on the critical path, where it is known, by the cycles that it has there; then by the unit's own
    cycles. Reasons in which nobody waits for the unit come last.
    """
    path = _on_path(result)
    keyed = [(shown(unit, reason), cycles, path[reason]) for reason, cycles in stalls.items()]
    keyed.sort(key=lambda stall: (stall[0] in QUIET, -stall[2], -stall[1], stall[0]))
    return [(key, cycles) for key, cycles, _ in keyed]


def _on_path(result: Result) -> Counter[str]:
    """Cycles of the critical path by the reason for which the next request waited, or on which they were spent."""
    cycles = Counter[str]()
    for part in result.critical_path or ():
        for reason in {part.because, part.spent_on}:
            cycles[reason] += part.cycles
    return Counter(
        {reason: count for reason, count in cycles.items() if count >= WORTH_NAMING * result.makespan_cycles}
    )
