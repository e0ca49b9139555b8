"""A few layers for all: exact where layers are periodic, and always accounted for to the cycle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from typer.testing import CliRunner

from hw.accounts import Accounts
from sim import Result, simulate
from sim.accounting.scaling import Spent, StreamSpent, lengths, scaled
from sim.commands.cli import app
from sim.lowering.order import BatchLayout
from sim.lowering.program import NOTHING, StreamPlan
from sim.simulation import prepare, run

SMALL = ["sequence_length=32", "dimensions.d_model=256", "mapping.token_tile=16", "mapping.blocks=2", "mapping.lanes=1"]
MAMBA2 = [*SMALL, "dimensions.head_dim=32", "layers=6"]
JOBS = {
    "prefill": ("mamba2", "edge", MAMBA2),
    "decode": ("mamba1-d96", "edge", ["phase=decode", "layers=5"]),
    "head": ("mamba2", "edge_flexpe", [*MAMBA2, "head=true", "vocabulary=512"]),
}


@pytest.mark.parametrize(
    ("layers", "simulated", "expected"),
    [
        pytest.param(48, None, (48,), id="all"),
        pytest.param(48, 48, (48,), id="as-many"),
        pytest.param(2, 3, (2,), id="more"),
        pytest.param(48, 2, (2, 1), id="two"),
        pytest.param(48, 1, (1,), id="one"),
    ],
)
def test_one_layer_fewer_is_run_as_well(layers: int, simulated: int | None, expected: tuple[int, ...]) -> None:
    assert lengths(layers, simulated) == expected


def spent(makespan: int, busy: Sequence[int], stalls: Sequence[dict[str, int]]) -> Spent:
    """One stream on the SIMD unit: its layers' busy cycles and stalls; nothing is left for the rest of the time."""
    plan = StreamPlan("s", "simd", ("s",), BatchLayout(1, 1, 1), (), (np.array([NOTHING]),) * 4)
    layers = []
    for cycles, reasons in zip(busy, stalls, strict=True):
        account = Accounts()
        account.busy = cycles
        for reason, lost in reasons.items():
            account.stall(reason, lost)
        layers.append(account)
    unit = Accounts.total(layers)
    unit.stall("nothing_left", makespan - unit.busy - sum(unit.stalls.values()))
    return Spent(makespan, (StreamSpent(plan, layers),), {"simd": unit}, {("simd", "gate", "useful", ""): makespan})


@pytest.mark.parametrize(
    ("few", "fewer", "layers", "makespan", "stalls"),
    [
        pytest.param(
            spent(27, [10, 10], [{"a": 3}, {"b": 2}]), spent(15, [10], [{"a": 3}]), 4, 51,
            {"a": 3, "b": 6, "nothing_left": 2}, id="what-the-second-adds",
        ),
        pytest.param(
            spent(15, [10], [{"a": 3}]), None, 3, 45, {"a": 9, "nothing_left": 6}, id="one-layer-three-times"
        ),
        pytest.param(
            spent(24, [10, 10], [{"a": 1}, {"b": 3}]), spent(13, [10], [{"a": 3}]), 4, 46,
            {"a": 1, "b": 5}, id="a-stall-that-shrinks-adds-nothing",
        ),
        pytest.param(
            spent(20, [10, 10], [{}, {}]), spent(13, [10], [{"a": 3}]), 4, 40,
            {}, id="no-layer-is-shorter-than-its-work",
        ),
    ],
)  # fmt: skip
def test_rule(few: Spent, fewer: Spent | None, layers: int, makespan: int, stalls: dict[str, int]) -> None:
    found = scaled([few] if fewer is None else [few, fewer], layers)
    assert found.makespan == makespan
    assert (found.units["simd"].busy, found.units["simd"].stalls) == (10 * layers, stalls)
    assert len(found.streams[0].layers) == layers
    assert found.path == {("simd", "gate", "useful", ""): makespan}


def spent_by(result: Result, unit: str) -> list[int]:
    """What the unit's cycles sum to: in all, by layer and by class."""
    account = result.units[unit]
    left = account.stalls.get("nothing_left", 0)
    by_layer = [layer[unit] for layer in result.by_layer if unit in layer]
    by_class = [units[unit] for units in result.by_class.values() if unit in units]
    cut = [sum(part.busy_cycles + sum(part.stalls.values()) for part in parts) + left for parts in (by_layer, by_class)]
    return [account.busy_cycles + sum(account.stalls.values()), *cut]


@pytest.mark.parametrize("simulated", [1, 2, 3])
@pytest.mark.parametrize("name", JOBS)
def test_every_cycle_of_every_unit_is_accounted_for(name: str, simulated: int) -> None:
    job = prepare(*JOBS[name])
    whole, few = run(job), run(job, critical_path=True, simulate_layers=simulated)
    makespan = few.makespan_cycles
    assert (few.simulated_layers, few.layers, len(few.by_layer)) == (simulated, whole.layers, len(whole.by_layer))
    for unit, account in few.units.items():
        assert account.busy_cycles + sum(account.stalls.values()) == makespan, unit
        assert min(account.stalls.values(), default=0) >= 0, unit
        assert account.edge_cycles >= 0, unit
    for unit in ("mac_array", "simd", "dma"):
        assert spent_by(few, unit) == [makespan] * 3, unit
    assert sum(part.cycles for part in few.critical_path or ()) == makespan
    assert sum(few.above_roofline.values()) == makespan - few.bounds.paper_roofline_cycles
    assert makespan == pytest.approx(whole.makespan_cycles, rel=0.12 if simulated == 1 else 0.01)
    counted = ("requests", "dram_bytes", "ops_per_token", "energy_mj_per_token", "streams", "mapping")
    assert [getattr(few, key) for key in counted] == [getattr(whole, key) for key in counted]
    assert few.bounds.paper_roofline_cycles == whole.bounds.paper_roofline_cycles


def test_without_refresh_only_the_rounding_to_the_clock_of_dram_differs() -> None:
    alike = [
        "mapping.head_first=false",
        "mapping.steps_first=false",
        "mapping.weight_slot_kib=32",
        "mapping.sram_kib=512",
    ]  # no layer runs further ahead than the next
    job = prepare("mamba2", "edge", [*MAMBA2, *alike, "dram.refresh=none"])
    whole, few = (run(job, simulate_layers=layers) for layers in (None, 3))
    assert few.makespan_cycles == whole.makespan_cycles
    for unit, account in few.units.items():
        expected = whole.units[unit]
        assert account.stalls.keys() == expected.stalls.keys()
        most = few.makespan_cycles // 100  # how far transfers run ahead may differ
        assert all(abs(cycles - expected.stalls[reason]) <= most for reason, cycles in account.stalls.items()), unit


def test_as_many_layers_as_there_are_change_nothing() -> None:
    whole, same = (simulate("mamba2", "edge", MAMBA2, simulate_layers=layers) for layers in (None, 6))
    assert same == whole
    assert whole.simulated_layers == whole.layers


def test_windows_show_what_was_simulated() -> None:
    few = run(prepare("mamba2", "edge", MAMBA2), windows=8, simulate_layers=2)
    assert few.windows is not None
    shown = sum(sum(cycles) for cycles in few.windows.units["mac_array"].values())
    assert 0.3 * few.makespan_cycles < shown < 0.4 * few.makespan_cycles  # two of six layers


def test_the_report_says_how_many_layers_were_simulated() -> None:
    sets = [part for assignment in MAMBA2[:-1] for part in ("--set", assignment)]
    few = CliRunner().invoke(app, ["run", "mamba2", *sets, "--layers", "5", "--simulate-layers", "2"])
    assert few.exit_code == 0
    assert "2 of the 5 layers simulated, the time of the others scaled from them" in " ".join(few.stdout.split())
    whole = CliRunner().invoke(app, ["run", "mamba2", *sets, "--layers", "1"])
    assert "layers simulated" not in whole.stdout


def test_counts_are_of_as_many_layers_as_asked_for() -> None:
    one, two = (CliRunner().invoke(app, ["count", "mamba2", "--layers", n, "--json", "-"]).stdout for n in "12")
    assert '"layers": 1' in one
    assert '"layers": 2' in two
