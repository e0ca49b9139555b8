"""What binds a run: how busy its compute units and its memory are."""

from __future__ import annotations

from sim import Result


def shares(result: Result) -> dict[str, float]:
    """Share of the makespan in which each compute unit, and the data bus of the busiest channel (``dram``), is busy."""
    units, makespan = result.units, result.makespan_cycles
    busy: dict[str, float] = {name: units[name].busy_cycles / makespan for name in result.compute_units}
    busy["dram"] = max(unit.busy_cycles for name, unit in units.items() if name.startswith("dram")) / makespan
    return busy


def binding(busy: dict[str, float]) -> tuple[str, float]:
    """What is busy most of the time, and for which share of it.

    >>> binding({"mac_array": 0.5, "dram": 0.9})
    ('dram', 0.9)
    """
    return max(busy.items(), key=lambda each: each[1])
