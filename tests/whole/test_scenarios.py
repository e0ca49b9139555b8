"""Whole runs, workload x machine: what must hold for every run, and what an architect expects of these."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema
import pytest

from sim import Result
from sim.files.catalog import shipped
from sim.files.documents import read_document
from sim.files.limits import Limits
from sim.files.resolve import build_workload
from tests.support.shipped import UNLIKE

Simulate = Callable[..., Result]

RUNS = [
    pytest.param(workload, machine, overrides, id=f"{workload}-{machine}-{name}")
    for workload in ("mamba1", "mamba2", "mamba3_mimo")
    for machine in ("edge", "edge_flexpe")
    for name, overrides in {
        "prefill": {"layers": 2, "sequence_length": 96},
        "ragged": {"layers": 3, "sequence_length": 37},
        "decode": {"layers": 3, "phase": "decode"},
        "batch": {"layers": 2, "phase": "decode", "batch": 3},
        "one_token": {"layers": 1, "sequence_length": 1},
    }.items()
]
RUNS += [
    pytest.param(workload, machine, {"layers": 2, "sequence_length": 150}, id=f"{workload}-{machine}-prefill")
    for workload in ("mamba1_pscan", "mamba2_ssd", "mamba3_mimo_ssd")
    for machine in ("edge", "edge_flexpe")
]
RUNS += [
    pytest.param(workload, "edge", {"layers": 1, "sequence_length": 40}, id=f"{workload}-edge-short")
    for workload in shipped("workload")
    if "-" in workload and workload not in UNLIKE  # the official models and the scaling family
]
RUNS += [
    pytest.param(
        "mamba-130m", "edge", {"layers": 1, "phase": phase, "head": "true", "sequence_length": 40}, id=f"{phase}-head"
    )
    for phase in ("prefill", "decode")
]
RUNS += [
    pytest.param("mamba2", "edge", {"layers": 2, "mapping__spill": "true", "sequence_length": 100}, id="spilled"),
    pytest.param("mamba2", "edge", {"layers": 2, "phase": "decode", "batch": 16}, id="state-of-a-batch-spilled"),
]


def projection_bytes(workload: str, **overrides: Any) -> tuple[int, int]:
    """Bytes of the weights of all projections of a layer, and of those of the head."""
    document = read_document(shipped("workload")[workload])
    for key, value in overrides.items():
        document.override(f"{key.replace('__', '.')}={value}")
    built = build_workload(document)
    layer, head = (
        2
        * sum(
            graph.elements(reference.tensor)
            for operation in graph.operations
            if operation.kind == "projection"
            for reference in operation.equation.references
            if reference.tensor in graph.parameters
        )
        if graph
        else 0
        for graph in (built.graph, built.head and built.head.graph)
    )
    return layer, head


@cache
def published() -> jsonschema.Validator:
    """What a result must look like; the schema itself is one."""
    schema = Result.model_json_schema()
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    return validator(schema)


@pytest.mark.parametrize(("workload", "machine", "overrides"), RUNS)
class TestEveryRun:
    def test_accounts_for_every_cycle_of_every_unit(
        self, simulate: Simulate, workload: str, machine: str, overrides: dict[str, Any]
    ) -> None:
        result = simulate(workload, machine, **overrides)
        for name, unit in result.units.items():
            assert unit.busy_cycles + sum(unit.stalls.values()) == result.makespan_cycles, name
            assert unit.busy_cycles == unit.useful_cycles + unit.fill_drain_cycles + unit.edge_cycles, name
            assert min(unit.stalls.values(), default=0) >= 0, name
        assert set(result.units) >= {"mac_array", "simd", "dma", "dram.channel0", "dram.channel1"}

    def test_is_not_below_its_bounds(
        self, simulate: Simulate, workload: str, machine: str, overrides: dict[str, Any]
    ) -> None:
        result = simulate(workload, machine, **overrides)
        assert result.makespan_cycles >= result.bounds.resource_cycles
        assert result.makespan_cycles >= result.bounds.recurrence_cycles > 0
        difference = result.makespan_cycles - result.bounds.paper_roofline_cycles
        assert sum(result.above_roofline.values()) == difference

    def test_moves_what_it_must(
        self, simulate: Simulate, workload: str, machine: str, overrides: dict[str, Any]
    ) -> None:
        """All weights once a tile and layer; the activations in and out; the state once a layer (twice in decode)."""
        result = simulate(workload, machine, **overrides)
        repeats = result.layers * result.mapping.tiles_per_layer
        roles = {buffer.name: buffer for buffer in result.mapping.buffers}
        if roles["weights"].slots == 1:  # the weights of a layer stay on chip
            repeats = result.layers
        layer, head = projection_bytes(workload, **overrides)
        weights = layer * repeats + head
        assert result.dram_read_bytes >= weights
        assert result.dram_bytes == result.dram_read_bytes + result.dram_write_bytes
        if not result.mapping.spilled:
            assert result.dram_read_bytes < 1.25 * weights + 2**21
        assert result.mapping.sram_bytes <= 2 * 2**20

    def test_validates_against_the_published_schema(
        self, simulate: Simulate, workload: str, machine: str, overrides: dict[str, Any]
    ) -> None:
        result = simulate(workload, machine, **overrides)
        published().validate(json.loads(result.to_json()))
        assert Result.model_validate_json(result.to_json()) == result


@pytest.mark.parametrize("workload", ["mamba1", "mamba2", "mamba3_mimo"])
def test_rerun_gives_identical_bytes(workload: str) -> None:
    from sim import simulate

    first, second = (simulate(workload, "edge", layers=2, sequence_length=70).to_json() for _ in range(2))
    assert first == second


# Expectations worked out by hand; docs/predictions.md shows the arithmetic. Cycles a token and layer, hw/edge.
STEADY: dict[str, Any] = {"layers": 1, "sequence_length": 512}
SEARCHED: dict[str, Any] = STEADY | {"limits": Limits(search="quick")}
LAID = {"mapping__token_tile": 32, "mapping__lanes": 1, "mapping__step_elements": 128}
BY_HAND = [
    # in_proj 198 column folds of 32 x 48 (1536 deep, 32 tokens), out_proj 48 x 96, read-out 64 deep: one row by 384
    # columns for each of 8 parts of the heads, of which 62 share a fold
    pytest.param(
        "mamba2",
        {"blocks": 8, "place": "{outer: simd, readout: mac_array}"},
        14_112 + 8 * 7 * 64,
        id="mamba2-projections-and-readout",
    ),
    # in_proj 451 column folds x 24, out_proj 24 x 192, update 3072, read-out 3072
    pytest.param(
        "mamba3_mimo",
        {"blocks": 2, "place": "{outer: mac_array, readout: mac_array}"},
        10_848 + 4_608 + 3_072 + 3_072,
        id="mamba3-projections-update-readout",
    ),
]


@pytest.mark.parametrize(("workload", "mapping", "cycles"), BY_HAND)
def test_busy_cycles_equal_hand_arithmetic(
    simulate: Simulate, workload: str, mapping: dict[str, Any], cycles: int
) -> None:
    """Of the array."""
    wishes = LAID | {f"mapping__{key}": value for key, value in mapping.items()}
    result = simulate(workload, "edge", **STEADY, **wishes)
    assert result.units["mac_array"].busy_cycles / 512 == pytest.approx(cycles, rel=0.002)


def test_mamba1_on_the_edge_is_bound_by_exponentials_on_the_simd_lanes(simulate: Simulate) -> None:
    """An exp of 4 cycles for each of 196,608 state elements is 24,576 cycles on 32 lanes, more than the projections."""
    result = simulate("mamba1", "edge", **SEARCHED, mapping__placement="simd")
    decay = next(stream for stream in result.streams if "decay" in stream.operations)
    assert decay.busy_cycles / 512 > 24_576 + 6_144  # and dt A before it
    assert result.bounds.resource_unit == "simd"
    assert result.utilisation("simd") > 0.8


def test_elementwise_pes_lift_mamba1_most(simulate: Simulate) -> None:
    gain = {}
    for workload in ("mamba1", "mamba2", "mamba3_mimo"):
        edge, flexible = (simulate(workload, machine, simulate_layers=1) for machine in ("edge", "edge_flexpe"))
        gain[workload] = edge.makespan_cycles / flexible.makespan_cycles
    assert gain["mamba1"] > 2 > gain["mamba2"] > 1.1
    assert gain["mamba3_mimo"] > 1.2


@pytest.mark.parametrize(
    ("packing", "weights"), [pytest.param("false", 32, id="one row"), pytest.param("true", 62, id="a row and a column")]
)
def test_decode_on_a_square_array_is_bound_by_its_sides(simulate: Simulate, packing: str, weights: int) -> None:
    """One token uses one row: 32 weights (64 bytes) a cycle, while DRAM brings 136 bytes; with a column 62 (124)."""
    result = simulate("mamba2", "edge", phase="decode", layers=4, mac_array__packing=packing)
    assert result.units["mac_array"].busy_cycles / 4 == pytest.approx(14_426_112 / weights, rel=0.04)
    assert result.utilisation("mac_array") > 0.9
    assert result.units["mac_array"].edge_cycles > 0.9 * result.units["mac_array"].busy_cycles


def test_decode_on_a_wide_array_is_bound_by_dram(simulate: Simulate) -> None:
    """The same 1024 PEs as 8 x 128 take 128 weights a cycle, more than DRAM brings."""
    result = simulate("mamba2", "edge", phase="decode", layers=4, mac_array__rows=8, mac_array__columns=128)
    assert result.bounds.resource_unit == "dram"
    assert result.makespan_cycles < 1.15 * result.bounds.resource_cycles
    assert result.utilisation("dma") > 0.95


WIDE_DECODE = {"phase": "decode", "mac_array__rows": 8, "mac_array__columns": 128}
MORE_OF_IT = [
    pytest.param("mamba2", {"simd__lanes": 64}, {"mapping__placement": "simd"}, id="lanes-for-a-simd-bound-run"),
    pytest.param("mamba2", {"dram__channels": 4}, WIDE_DECODE, id="channels-for-decode"),
    pytest.param("mamba3_mimo", {"mac_array__columns": 64}, {}, id="columns-for-a-mac-bound-run"),
    pytest.param("mamba2", {"dram__refresh": "none"}, WIDE_DECODE, id="no-refresh"),
    pytest.param("mamba3_mimo", {"sram__capacity": "4MiB"}, {}, id="capacity"),
]


@pytest.mark.parametrize(("workload", "more", "setting"), MORE_OF_IT)
def test_more_of_the_scarce_resource_is_faster(
    simulate: Simulate, workload: str, more: dict[str, Any], setting: dict[str, Any]
) -> None:
    base = simulate(workload, "edge", layers=2, sequence_length=128, **setting)
    better = simulate(workload, "edge", layers=2, sequence_length=128, **setting, **more)
    assert better.makespan_cycles <= base.makespan_cycles * 1.003


def test_layers_cost_the_same(simulate: Simulate) -> None:
    """Layers are identical: six take as long as two and four more of the steady cost of one."""
    alike = LAID | {"mapping__blocks": 3, "mapping__weight_slot_kib": 40, "mapping__placement": "simd"}
    alike |= {"mapping__spill": "false", "mapping__head_first": "false", "mapping__steps_first": "true"}
    alike |= {"mapping__sram_kib": 2048, "mapping__spare_sram": "evenly"}
    two, four, six = (
        simulate("mamba2", "edge", layers=n, sequence_length=64, **alike).makespan_cycles for n in (2, 4, 6)
    )
    assert six - four == pytest.approx(four - two, rel=0.01)


def test_tokens_cost_the_same(simulate: Simulate) -> None:
    lengths = (256, 512, 768)
    one, two, three = (simulate("mamba2", "edge", layers=1, sequence_length=n).makespan_cycles for n in lengths)
    assert three - two == pytest.approx(two - one, rel=0.01)


def test_contended_banks_show_as_conflicts(simulate: Simulate) -> None:
    """A sixteenth of the width cannot feed the units: the same run takes longer, and says that banks are the reason."""
    wide = simulate("mamba2", "edge", layers=1, sequence_length=64)
    narrow = simulate("mamba2", "edge", layers=1, sequence_length=64, sram__bank_width="4B")
    assert narrow.makespan_cycles > 1.3 * wide.makespan_cycles
    assert narrow.stall_share("mac_array", "bank_conflict") + narrow.stall_share("simd", "bank_conflict") > 0.2
    assert "bank_conflict" not in wide.units["mac_array"].stalls


WISHES = [
    pytest.param({"mapping__token_tile": 16}, lambda r: r.mapping.token_tile == 16, id="token_tile"),
    pytest.param({"mapping__blocks": 4, "mapping__lanes": 1}, lambda r: r.mapping.blocks == 4, id="blocks"),
    pytest.param(
        {"mapping__placement": "simd"}, lambda r: r.mapping.placement["readout"] == "simd", id="placement-simd"
    ),
    pytest.param(
        {"mapping__placement": "mac_array"},
        lambda r: {r.mapping.placement[n] for n in ("outer", "readout")} == {"mac_array"},
        id="placement-mac",
    ),
    pytest.param(
        {"mapping__placement": "mac_array", "mapping__place__outer": "simd"},
        lambda r: (r.mapping.placement["outer"], r.mapping.placement["readout"]) == ("simd", "mac_array"),
        id="place-one",
    ),
]


@pytest.mark.parametrize(("wish", "granted"), WISHES)
def test_mapping_wishes_are_granted(
    simulate: Simulate, wish: dict[str, Any], granted: Callable[[Result], bool]
) -> None:
    assert granted(simulate("mamba2", "edge", layers=1, sequence_length=64, **wish))


def test_small_model_keeps_its_weights_on_chip(simulate: Simulate) -> None:
    """d_model 64: all weights of a layer fit, so they are loaded once a layer and not once a tile."""
    result = simulate(
        "mamba2", "edge", dimensions__d_model=64, dimensions__head_dim=16, layers=2, mapping__token_tile=16
    )
    weights = 64 * (2 * 128 + 2 * 64 + 8) + 128 * 64
    assert result.mapping.tiles_per_layer == 64
    activations = 1024 * 64
    assert result.dram_read_bytes < 2 * 2 * (weights + activations + 3000)


def test_result_prints_as_text_and_html(simulate: Simulate) -> None:
    result = simulate("mamba3_mimo", "edge", layers=1, sequence_length=64)
    text = str(result)
    for part in ("tok/s", "J/token", "busy", "roofline", "recurrence", "Mapping", "mac_array", "update"):
        assert part in text
    assert len(text.splitlines()) <= 50  # one screen
    assert "MAC array" in result._repr_html_() and "<pre>" not in result._repr_html_()


def test_the_head_follows_the_layers(simulate: Simulate) -> None:
    fixed = {"layers": 2, "sequence_length": 64}
    without = simulate("mamba-130m", "edge", **fixed)
    with_head = simulate("mamba-130m", "edge", **fixed, head="true")
    assert without.head_mapping is None and with_head.head_mapping is not None
    assert with_head.mapping == without.mapping
    head = [stream for stream in with_head.streams if stream.name.startswith("head.")]
    assert [stream.name for stream in with_head.streams if stream not in head] == [s.name for s in without.streams]
    # one row and one column of the array: 50280 / 62 folds of 768; the DRAM needs nine tenths of that
    lm_head = next(stream for stream in head if "lm_head" in stream.operations)
    assert lm_head.busy_cycles == 811 * 768
    assert with_head.makespan_cycles - without.makespan_cycles == pytest.approx(811 * 768, rel=0.02)
    assert with_head.units["mac_array"].busy_cycles == without.units["mac_array"].busy_cycles + lm_head.busy_cycles


def test_chunks_put_the_recurrence_on_the_array(simulate: Simulate) -> None:
    """Token by token the read-out uses one row of the array; in chunks everything is a product of full tiles."""
    for name in ("mamba2", "mamba3_mimo"):
        steps, chunks = (simulate(f"{name}{form}", "edge", **SEARCHED) for form in ("", "_ssd"))
        assert chunks.tokens_per_second > 1.15 * steps.tokens_per_second
        assert chunks.utilisation("mac_array") > 0.9
        assert chunks.bounds.paper_roofline_cycles > 0.93 * chunks.makespan_cycles


def test_a_parallel_scan_is_slower_than_the_recurrence_on_lanes(simulate: Simulate) -> None:
    steps, scan = (simulate(name, "edge", **SEARCHED) for name in ("mamba1", "mamba1_pscan"))
    assert scan.tokens_per_second < 0.75 * steps.tokens_per_second
    assert scan.utilisation("simd") > 0.9


def test_spilling_moves_the_state_in_and_out_for_every_tile(simulate: Simulate) -> None:
    fixed = {"layers": 2, "sequence_length": 128, "mapping__token_tile": 32, "mapping__blocks": 4}
    kept, spilled = (simulate("mamba2", "edge", **fixed, mapping__spill=spill) for spill in ("false", "true"))
    assert (kept.mapping.spilled, spilled.mapping.spilled) == ([], ["S"])
    state = 3072 * 64 * 2
    assert spilled.dram_read_bytes - kept.dram_read_bytes == 2 * 3 * state  # not before a prompt's first tile
    assert spilled.dram_write_bytes - kept.dram_write_bytes == 2 * 3 * state  # at the end both store it
    buffers = {buffer.name: buffer.slot_bytes * buffer.slots for buffer in spilled.mapping.buffers}
    assert state // 2 <= buffers["S"] <= state


def test_a_state_larger_than_the_sram_is_spilled(simulate: Simulate) -> None:
    result = simulate("mamba2-2.7b", "edge", layers=1, sequence_length=64)
    assert result.mapping.spilled == ["S"]
    assert 5120 * 128 * 4 > 2 * 2**20 >= result.mapping.sram_bytes


def test_decode_of_a_large_batch_spills_and_shares_the_weights(simulate: Simulate) -> None:
    one, many = (simulate("mamba2", "edge", layers=2, phase="decode", batch=batch) for batch in (1, 16))
    assert many.mapping.spilled == ["S"]
    assert many.tokens_per_second > 7 * one.tokens_per_second  # which has 62 columns a fold for itself


def test_a_last_chunk_is_padded(simulate: Simulate) -> None:
    whole, more = (simulate("mamba2_ssd", "edge", layers=1, sequence_length=length) for length in (128, 129))
    assert (whole.chunk, whole.formulation) == (64, "chunked")
    assert more.mapping.tiles_per_layer == whole.mapping.tiles_per_layer + 1
    assert more.ops_per_token * 129 == pytest.approx(1.5 * whole.ops_per_token * 128)


def test_decode_is_the_recurrence_in_every_formulation(simulate: Simulate) -> None:
    steps, chunks = (simulate(name, "edge", layers=1, phase="decode") for name in ("mamba2", "mamba2_ssd"))
    assert (chunks.formulation, chunks.chunk) == ("sequential", None)
    assert chunks.makespan_cycles == steps.makespan_cycles
