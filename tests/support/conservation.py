"""What must hold of the accounts of every run, however they are cut: by layer, by class, over time, along the path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import isclose

from sim.accounting.result import Result, UnitAccount

UNITS = ("mac_array", "simd", "dma")  # of the usual machine
REST = "nothing_left"  # belongs to no layer and no class


def units_of(result: Result) -> tuple[str, ...]:
    """The units whose every cycle has a layer and a class."""
    return (*result.compute_units, "dma")


def tally(account: UnitAccount) -> Counter[str]:
    """Cycles of *account* by what they went to; the busy ones split."""
    busy = {"useful": account.useful_cycles, "edge": account.edge_cycles, "fill_drain": account.fill_drain_cycles}
    return Counter({**busy, **account.stalls})


def check_account(account: UnitAccount, where: object) -> None:
    """The parts of the busy cycles sum to them, and nothing is negative."""
    split = account.useful_cycles, account.edge_cycles, account.fill_drain_cycles
    assert sum(split) == account.busy_cycles, where
    assert min(*split, *account.stalls.values(), 0) == 0, where


def _check_cut(result: Result, parts: Iterable[dict[str, UnitAccount]], cut: str) -> None:
    units = units_of(result)
    sums: dict[str, Counter[str]] = {unit: Counter() for unit in units}
    for number, part in enumerate(parts):
        assert set(part) <= set(units)
        for unit, account in part.items():
            check_account(account, (cut, number, unit))
            assert REST not in account.stalls, (cut, number, unit)
            sums[unit].update(tally(account))
    for unit in units:
        whole = tally(result.units[unit])
        rest = whole.pop(REST, 0)
        assert sums[unit].total() + rest == result.makespan_cycles, (cut, unit)
        assert +sums[unit] == +whole, (cut, unit)


def check_parts(result: Result) -> None:
    """By layer and by class each unit's cycles sum, reason by reason, to those of the run but what is no one's."""
    _check_cut(result, result.by_layer, "by_layer")
    _check_cut(result, result.by_class.values(), "by_class")
    check_breakdown(result)


def check_breakdown(result: Result) -> None:
    """By classes of a whole model, ours and SSM-Scope's, busy cycles, work and bytes sum to those of the run."""
    assert result.breakdown is not None
    for classes in (result.breakdown.classes, result.breakdown.ssm_scope):
        shares = classes.values()
        for unit in units_of(result):
            assert sum(share.busy(unit) for share in shares) == result.units[unit].busy_cycles, unit
        assert sum(share.macs for share in shares) / result.tokens == result.macs_per_token
        assert sum(share.ops for share in shares) / result.tokens == result.ops_per_token
        assert sum(share.dram_bytes for share in shares) == result.dram_bytes
        assert isclose(sum(share.time_share for share in shares), 1.0)
        for name, share in classes.items():
            assert set(share.busy_cycles) <= set(units_of(result)), name
            assert share.alone_cycles == max(share.busy_cycles.values(), default=0), name


def check_energy(result: Result) -> None:
    """Components and classes each sum to the energy, whose level lies in its interval; nothing is negative."""
    for parts in (result.energy_mj_per_token_by_component, result.energy_mj_per_token_by_class):
        assert isclose(sum(parts.values()), result.energy_mj_per_token, rel_tol=1e-9)
        assert min(parts.values()) >= 0
    if (figures := result.energy_figures) is not None:
        assert getattr(figures, figures.level) == result.energy_mj_per_token_by_component
        for name in figures.typical:
            assert figures.low[name] <= figures.typical[name] <= figures.high[name]


def check_windows(result: Result, most: int) -> None:
    """*most* windows at most, and at least half as many; every one is full but the last, and nothing is lost."""
    windows = result.windows
    assert windows is not None
    length, makespan = windows.window_cycles, result.makespan_cycles
    count = -(-makespan // length)
    assert count <= most
    assert length == 1 or 2 * count >= most
    full = [length] * (count - 1) + [makespan - (count - 1) * length]
    for unit in units_of(result):
        by_reason = windows.units[unit]
        assert [sum(cycles) for cycles in zip(*by_reason.values(), strict=True)] == full, unit
        assert min(min(cycles) for cycles in by_reason.values()) >= 0, unit
        assert {what: sum(cycles) for what, cycles in by_reason.items()} == +tally(result.units[unit]), unit


def check_path(result: Result) -> None:
    """The parts of the critical path sum to the makespan, the longest first; only the last request has no successor."""
    path = result.critical_path
    assert path is not None
    cycles = [part.cycles for part in path]
    assert sum(cycles) == result.makespan_cycles
    assert cycles == sorted(cycles, reverse=True)
    assert min(cycles) > 0
    assert {part.unit for part in path} <= set(units_of(result))


def unrecorded(result: Result) -> Result:
    """*result* without what was recorded on top of the accounts."""
    return result.model_copy(update={"windows": None, "critical_path": None})
