"""How many experts a tile of a prompt reads, and which tiles are chosen for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.accounting.result import Result
from sim.files.errors import InputError, MappingError
from sim.files.limits import LIMITS, Limits
from sim.files.resolve import resolve
from sim.search.chosen_tiles import best_tiles, possible_tiles
from sim.simulation import simulate
from tests.support.layers import EDGE
from workloads.stack import Stack
from workloads.workload import Workload

D, WIDTH, COUNT, CHOSEN = 256, 512, 16, 2
FILE = f"""\
name: experts
model: layers
dimensions:
  d_model: {D}
  kinds:
    a: {{experts: {{width: {WIDTH}, count: {COUNT}, chosen: {CHOSEN}}}MORE}}
  pattern: [a]
layers: 2
sequence_length: 64
"""
LARGE = "sram.capacity=32MiB"  # where all experts stay on chip
SHORT = LIMITS._replace(search="quick")


@pytest.fixture
def experts(tmp_path: Path) -> str:
    return written(tmp_path, "")


def written(folder: Path, more: str) -> str:
    path = folder / "experts.yaml"
    path.write_text(FILE.replace("MORE", more), encoding="utf-8")
    return str(path)


def workload(name: str, *assignments: str) -> Workload:
    return resolve(name, "edge", assignments).workload


def ran(name: str, *assignments: str) -> Result:
    return simulate(name, "edge", assignments, certificate=True, stride="tile", limits=SHORT)


def read(stack: Stack) -> int | None:
    return stack.graph.read_of_chosen


@pytest.mark.parametrize(
    ("tokens", "batch", "expected"),
    [
        pytest.param(1, 1, 2, id="16 (1 - 7/8) = 2"),
        pytest.param(2, 1, 4, id="16 (1 - 49/64) = 3.75"),
        pytest.param(4, 1, 7, id="16 (1 - 2401/4096) = 6.6"),
        pytest.param(8, 1, 11, id="16 (1 - 0.3436) = 10.5"),
        pytest.param(2, 4, 11, id="eight tokens of four sequences"),
        pytest.param(64, 1, 16, id="16 (1 - 0.0002)"),
    ],
)
def test_a_tile_reads_what_its_tokens_choose_on_average(experts: str, tokens: int, batch: int, expected: int) -> None:
    (stack,) = workload(experts, f"batch={batch}").stacks
    tiled = stack.in_tiles(tokens)
    assert (read(tiled), tiled.wishes.token_tile, read(stack)) == (expected, tokens, COUNT)
    assert tiled.in_tiles(None).graph is stack.graph  # 64 tokens choose all of them


def test_a_chunk_counts_its_tokens(experts: str) -> None:
    (stack,) = workload(experts, "formulation=chunked", "chunk=4").stacks
    assert [(each.wishes.token_tile, read(each)) for each in map(stack.in_tiles, (1, 2))] == [(4, 7), (8, 11)]


@pytest.mark.parametrize("tile", [1, 2, 4, 8])
def test_a_run_loads_so_many_experts_for_each_tile(experts: str, tile: int) -> None:
    result = ran(experts, f"mapping.token_tile={tile}")
    assert result.mapping.experts_read == {1: 2, 2: 4, 4: 7, 8: 11}[tile]
    weights = 2 * (64 // tile) * 2 * (result.mapping.experts_read * 3 * D * WIDTH + D * COUNT)
    streams = 2 * 2 * 2 * D * 64
    assert weights + streams <= result.dram_bytes <= 1.02 * (weights + streams)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("tokens", [1, 5, 64])
def test_a_prompt_is_no_slower_than_its_tokens_one_by_one(experts: str, batch: int, tokens: int) -> None:
    prompt = ran(experts, f"batch={batch}", f"sequence_length={tokens}")
    token = ran(experts, f"batch={batch}", "phase=decode")
    assert token.mapping.experts_read == {1: 2, 3: 6}[batch]
    assert prompt.tokens_per_second >= 0.99 * token.tokens_per_second


@pytest.mark.parametrize("tile", [1, 3, 8, 64])
@pytest.mark.parametrize("more", [["batch=2"], ["formulation=chunked", "chunk=4"], [LARGE], ["sequence_length=13"]])
def test_no_tile_is_quicker_than_the_bound(experts: str, tile: int, more: list[str]) -> None:
    size = 4 * tile if "chunk=4" in more else tile
    wished, free = ran(experts, f"mapping.token_tile={size}", *more), ran(experts, *more)
    assert wished.bounds.any_mapping_cycles == free.bounds.any_mapping_cycles
    assert 0 < (free.bounds.any_mapping_cycles or 0) <= min(wished.makespan_cycles, free.makespan_cycles)


def test_small_tiles_do_not_keep_what_others_choose(experts: str) -> None:
    """All that the run chooses may stay on chip; what is read for a tile alone may not."""
    (stack,) = workload(experts).stacks
    longer = "sequence_length=512"
    free, wished = ran(experts, LARGE, longer), ran(experts, LARGE, longer, "mapping.token_tile=4")
    assert (free.mapping.experts_read, wished.mapping.experts_read) == (COUNT, 7)
    once, streams = 2 * 2 * (COUNT * 3 * D * WIDTH + D * COUNT), 2 * 2 * 2 * D * 512
    assert free.mapping.tiles_per_layer > 1 and once + streams <= free.dram_bytes < 1.05 * (once + streams)
    assert wished.dram_bytes > 128 * 7 / 16 * once
    assert stack.in_tiles(4).graph.anew and not stack.in_tiles(None).graph.anew


def test_what_has_one_graph_still_has_and_decode_and_attention_stay(tmp_path: Path) -> None:
    found = workload(written(tmp_path, ", attention: {heads: 2, head_dim: 32}"), "phase=generate", "generate=2")
    tiled = best_tiles(found, EDGE, Limits(search="quick"))
    pairs = list(zip(found.stacks, tiled.stacks, strict=True))
    assert len({id(each.graph) for each in found.stacks}) == len({id(each.graph) for each in tiled.stacks})
    for before, after in pairs:
        assert (after is before) == (not before.chooses)
        assert after.spec.phase == "prefill" or after.every is None
    assert best_tiles(tiled, EDGE) is tiled


def test_what_chooses_nothing_is_the_same_workload() -> None:
    dense = workload("mamba2", "layers=1")
    assert best_tiles(dense, EDGE) is dense


def test_the_sizes_that_are_tried(experts: str) -> None:
    (stack,) = workload(experts).stacks
    assert [(each.wishes.token_tile, read(each)) for each in possible_tiles(stack)][:3] == [
        (None, 16),
        (20, 15),
        (16, 15),
    ]
    (wished,) = workload(experts, "mapping.token_tile=3").stacks
    assert [(each.wishes.token_tile, read(each)) for each in possible_tiles(wished)] == [(3, 16), (3, 6)]


def test_a_tile_that_is_no_multiple_of_the_chunk_is_refused(experts: str) -> None:
    found = workload(experts, "formulation=chunked", "chunk=4", "mapping.token_tile=6")
    with pytest.raises(InputError, match="expected a multiple of the chunk of 4 tokens"):
        ran(experts, "formulation=chunked", "chunk=4", "mapping.token_tile=6")
    assert len(list(possible_tiles(found.stacks[0]))) == 1


def test_it_is_an_error_where_nothing_fits(experts: str) -> None:
    inputs = resolve(experts, "edge", ["sram.capacity=8KiB"])
    with pytest.raises(MappingError, match="needs"):
        best_tiles(inputs.workload, inputs.machine, Limits(search="quick"))
