"""The critical path of a result, added up as figures and tables show it."""

from __future__ import annotations

from sim.accounting.result import Result


def spent_by_class(result: Result) -> dict[tuple[str, str], dict[str, int]]:
    """What the cycles of the path were spent on, by unit and class of operation, the largest first."""
    spent: dict[tuple[str, str], dict[str, int]] = {key: {} for key in result.path_shares}
    for part in result.critical_path or ():
        on = spent[part.unit, part.operation_class]
        on[part.spent_on] = on.get(part.spent_on, 0) + part.cycles
    return spent
