"""Machines and models made so that one cause is to blame: it is found, and found to be worth what it costs.

A planted cause must be what its unit waits for, be gone when its effect is ideal, and leave nothing to gain elsewhere:
other effects alone must not help. The exceptions are loops. Who waits in a circle (a recurrence for its own pipeline, a
producer for the space that its consumer holds) is helped wherever the circle is cut; the row names that other place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

import pytest

from hw.effects import Effect
from sim.accounting.result import Result
from sim.explanation.laboratory import Laboratory
from sim.files.catalog import find
from sim.files.documents import Document, read_document
from tests.support.conservation import check_parts
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, WorkloadSpec


def graph(sizes: Mapping[str, int], *definitions: tuple[str, str, str]) -> TimestepGraph:
    """A layer that reads u over d; its output is what the last definition defines."""
    builder = GraphBuilder("planted", sizes, "u[t,d]")
    for definition in definitions:
        builder.define(*definition)
    return builder.build(definitions[-1][2].split("[")[0])


UP = ("up", "projection", "x[t,e] = sum(d, W[d,e] * u[t,d])")
DOWN = ("down", "projection", "o[t,d] = sum(e, V[e,d] * x[t,e])")
LEAK = ("leak", "state", "h[t,d] = a[d] * h[t-1,d] + u[t,d]")
RELU = ("act", "gate", "y[t,e] = max(x[t,e], 0)")
SILU = ("act", "gate", "y[t,e] = silu(x[t,e])")


@dataclass(frozen=True)
class Planted:
    """A model and a machine of which one effect costs *cycles* in all, and the *unit* that waits because of it.

    ``reasons`` is how its stalls begin. ``loop`` are other effects of the circle that the waiting goes round in,
    ``eased`` those without which it is less: transfers that take no time take nothing from banks.
    """

    graph: TimestepGraph
    machine: tuple[str, ...]
    cycles: int
    unit: str
    reasons: str
    effect: Effect
    loop: frozenset[Effect] = frozenset()
    eased: frozenset[Effect] = frozenset()
    mapping: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)

    def laboratory(self) -> Laboratory:
        """The edge machine with the row's changes, and no refresh, which would be a second cause."""
        document = read_document(find("machine", "edge")).changed(["dram.refresh=none", *self.machine])
        fixed: dict[str, Any] = {"name": "planted", "model": "mamba1", "dimensions": {}, "layers": 1}
        spec = WorkloadSpec(**{**fixed, "sequence_length": 1, **self.spec}, mapping=MappingSpec(**self.mapping))
        return Laboratory(Workload.alike(spec, self.graph), document, Document({}, [("planted.yaml", {})]))

    def stalled(self, result: Result) -> int:
        """Cycles that the unit waits for the planted reason."""
        stalls = result.units[self.unit].stalls
        return sum(cycles for reason, cycles in stalls.items() if reason.startswith(self.reasons))


PLANTED = {
    # One token uses one row of 1024 columns: 2048 B a cycle are wanted, one channel brings 68.27. The array is
    # starved, and every byte of 2 x 2048 x 2048 weights must come: 245,760 cycles, then one fold of 1023 to drain.
    "dram": Planted(
        graph({"d": 2048, "e": 2048}, UP, DOWN),
        ("dram.channels=1", "mac_array.rows=1", "mac_array.columns=1024", "sram.bank_width=1KiB"),
        cycles=245_760 + 1_023, unit="mac_array", reasons="dram_", effect="dram_bandwidth", spec={"phase": "decode"},
    ),
    # Four elements take one cycle, and their result leaves the pipeline 64 cycles later: 65 a token. The lanes are the
    # only unit with work. A pipeline without latency would have no recurrence to wait for.
    "recurrence": Planted(
        graph({"d": 4}, LEAK), ("simd.pipeline_depth=64",),
        cycles=2000 * 65, unit="simd", reasons="recurrence_on_simd", effect="recurrence",
        loop=frozenset({"fill_drain"}), mapping={"token_tile": 500}, spec={"sequence_length": 2000},
    ),
    # One bank gives 163 B a cycle. A tile of 256 tokens takes the array 1536 cycles for 229,376 B of operands and
    # results, 149 B a cycle, and that fits. The lanes want 128 B a cycle for their 65,536 B, and then it does not.
    # Transfers move 81,920 B a tile at 136.5 B a cycle, for 600 cycles, in which they get half of what the bank gives.
    # So the bank, which never rests, takes (229,376 + 65,536 + 600 x 81.5) / 163 = 2109 cycles a tile.
    "banks": Planted(
        graph({"d": 96, "e": 64}, UP, RELU),
        ("sram.banks=1", "sram.interleave=1", "sram.bank_width=163B", "simd.pipeline_depth=1"),
        cycles=150 * 2109, unit="mac_array", reasons="bank_conflict", effect="bank_conflicts",
        eased=frozenset({"dram_bandwidth"}), mapping={"token_tile": 256}, spec={"sequence_length": 150 * 256},
    ),
    # 2 rows need 4096 cycles for a tile of 64 x 64 by 64 x 64, 5 lanes as many for its silu. There is room for one x
    # of 8 KiB beside two of u and the weights, so they take turns. The array is the producer that finds no room.
    "buffers": Planted(
        graph({"d": 64, "e": 64}, UP, SILU),
        ("sram.capacity=32KiB", "mac_array.rows=2", "simd.lanes=5", "dram.channels=4"),
        cycles=50 * 2 * 4096, unit="mac_array", reasons="no_buffer", effect="buffers",
        loop=frozenset({"dependencies"}), mapping={"token_tile": 64}, spec={"sequence_length": 50 * 64},
    ),
}  # fmt: skip


@cache
def planted_run(name: str, effect: Effect | None = None) -> Result:
    """The run of a planted case with one *effect* ideal, or with none."""
    result = _laboratory(name).same_schedule((f"ideal=[{effect}]",) if effect else ())
    assert result is not None
    return result


@cache
def _laboratory(name: str) -> Laboratory:
    return PLANTED[name].laboratory()


@pytest.mark.parametrize("name", PLANTED)
class TestPlantedCause:
    def test_takes_as_long_as_arithmetic_says(self, name: str) -> None:
        assert planted_run(name).makespan_cycles == pytest.approx(PLANTED[name].cycles, rel=0.02)

    def test_is_what_the_unit_waits_for(self, name: str) -> None:
        case, result = PLANTED[name], planted_run(name)
        assert case.stalled(result) >= 0.95 * sum(result.units[case.unit].stalls.values())

    def test_is_gone_when_its_effect_is_ideal(self, name: str) -> None:
        case, result = PLANTED[name], planted_run(name)
        freed = planted_run(name, case.effect)
        assert case.stalled(freed) <= 0.01 * case.stalled(result)

    def test_is_the_critical_path(self, name: str) -> None:
        """Cycles of the path that the planted effect is to blame for are those that its removal saves, and more."""
        case, result = PLANTED[name], _laboratory(name).same_schedule(explained=True)
        assert result is not None
        blamed = {
            "dram": lambda part: part.spent_on == "dram_bandwidth",
            "recurrence": lambda part: part.because.startswith("recurrence"),
            "banks": lambda part: part.spent_on == "bank_conflict",
            "buffers": lambda part: part.unit == "simd",  # array and lanes take turns
        }[name]
        found = sum(part.cycles for part in result.critical_path or () if blamed(part))
        saved = result.makespan_cycles - planted_run(name, case.effect).makespan_cycles
        assert found >= 0.95 * saved


@pytest.mark.parametrize("effect", get_args(Effect))
@pytest.mark.parametrize("name", PLANTED)
class TestExperiment:
    def test_only_the_planted_effect_helps_and_what_cuts_its_loop(self, name: str, effect: Effect) -> None:
        case = PLANTED[name]
        gain = planted_run(name).makespan_cycles / planted_run(name, effect).makespan_cycles
        if effect in (case.effect, *case.loop):
            assert gain > 1.2
        else:
            assert (gain > 1.01) == (effect in case.eased)

    def test_accounts_for_every_cycle(self, name: str, effect: Effect) -> None:
        check_parts(planted_run(name, effect))
