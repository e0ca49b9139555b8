"""What a result comes to in a table: its single figures by name, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sim.accounting.result import Result
from sim.files.errors import did_you_mean

Figure = int | float | str | bool | None
USUAL: Final = (
    "tokens_per_second", "makespan_cycles", "energy_mj_per_token", "area_mm2", "above_any_mapping", "busiest_unit",
    "busiest_share", "largest_stall", "mapping.token_tile", "mapping.blocks", "mapping.lanes",
)  # fmt: skip
"""The columns of a table that names none; those that no point has are left out."""
PARTS: Final = ("bounds", "mapping", "generation", "energy_mj_per_token_by_component", "energy_mj_per_token_by_class")


def figures(result: Result) -> dict[str, Figure]:
    """Every figure of *result* that is one value, by a dotted name; shares are 0 to 1.

    ``utilisation.UNIT`` and ``stall.UNIT.REASON`` are shares of the makespan, ``busiest_unit`` is the unit of which
    ``busiest_share`` is the largest utilisation, and ``largest_stall`` what that unit waited for longest.
    """
    data = result.model_dump(exclude={"windows", "by_layer", "by_class", "streams", "critical_path", "sections"})
    found = {key: value for key, value in data.items() if _single(value)}
    for part in PARTS:
        found |= {f"{part}.{key}": value for key, value in _leaves(data.get(part) or {})}
    found["above_any_mapping"] = result.above_any_mapping
    if result.area_mm2 is not None:
        found["area_mm2"] = sum(each.typical for each in result.area_mm2.values())
        found |= {f"area_mm2.{name}": each.typical for name, each in result.area_mm2.items()}
    for unit, account in result.units.items():
        found[f"utilisation.{unit}"] = result.utilisation(unit)
        found |= {f"stall.{unit}.{reason}": result.stall_share(unit, reason) for reason in account.stalls}
    return found | _busiest(result)


def _busiest(result: Result) -> dict[str, Figure]:
    unit, share = max(result.busy.items(), key=lambda each: each[1])
    stalls = result.units[unit].stalls
    reason = max(stalls, key=lambda each: stalls[each]) if any(stalls.values()) else ""
    return {"busiest_unit": unit, "busiest_share": share, "largest_stall": reason}


def _single(value: object) -> bool:
    return value is None or isinstance(value, int | float | str)


def _leaves(data: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{below}", found) for below, found in _leaves(value))
        elif _single(value):
            yield key, value


def chosen_columns(wanted: Iterable[str], known: Iterable[Mapping[str, Figure]]) -> list[str]:
    """The columns of a table: those that are *wanted*, or the usual ones that any of *known* has.

    Raises ValueError for one that none of *known* has, if there are any.
    """
    names = dict.fromkeys(name for each in known for name in each)
    asked = list(wanted)
    if not asked:
        return [name for name in USUAL if not names or name in names]
    for name in asked:
        if names and name not in names:
            raise ValueError(f"no result has the figure {name!r}{did_you_mean(name, names)}")
    return asked
