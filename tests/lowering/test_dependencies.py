"""What the items of streams wait for: tables by hand, and what operands need against a search through all items."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.reasons import Reason
from sim.lowering.analysis import Analysis
from sim.lowering.dependencies import ALWAYS
from sim.lowering.order import Numbers, Region, SegmentLayout
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section
from tests.support.layers import LEAKY, blocked, inventory, layer, section
from tests.support.random_models import Recipe, recipes
from workloads.graph import INPUT, Edge

DRAM, NO_BUFFER, ARRAY, LANES = Reason.DRAM, Reason.NO_BUFFER, "waits_for_mac_array", "waits_for_simd"


def waits(found: Section, stream: str) -> dict[tuple[str, str], list[int]]:
    """(producer, reason) -> items that each item of *stream* needs."""
    streams = found.program.streams
    plan = next(each for each in streams if each.name == stream)
    return {(streams[each.producer].name, each.reason): each.table.tolist() for each in plan.dependencies}


# Two blocks of two lanes and a tile of four timesteps: 16 items of s..y, (4 block + step) 2 + lane their numbers.
ITEMS = [(block, step, lane) for block in range(2) for step in range(4) for lane in range(2)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(
            "v", {("load.input", DRAM): [1], ("a", NO_BUFFER): [1 - 2], ("load.weights.v", DRAM): [1]}, id="v"
        ),
        pytest.param(
            "a",
            {("v", ARRAY): [1], ("s..y", NO_BUFFER): [16 - 2 * 16], ("load.weights.a", DRAM): [1]},
            id="a: over what the tile before the last left",
        ),
        pytest.param(
            "s..y",
            {
                # the step before, in the same block and lane; before the first step the last one of the tile before
                ("s..y", "recurrence_on_simd"): [
                    (4 * block + (step - 1) % 4) * 2 + lane + 1 - (16 if step == 0 else 0)
                    for block, step, lane in ITEMS
                ],
                ("a", ARRAY): [1] * 16,
                ("load.input", DRAM): [1] * 16,
                ("load.parameters.s", DRAM): [1] * 16,
                # a block of the state that the layer before left: its store, in the tile before
                ("store.state", NO_BUFFER): [block + 1 - 2 for block, _, _ in ITEMS],
                # y has room for two tiles: the one before the last must be in DRAM
                ("store.output", NO_BUFFER): [1 - 2] * 16,
            },
            id="s and y",
        ),
        pytest.param(
            "load.input",
            {
                ("v", NO_BUFFER): [1 - 2],
                ("s..y", NO_BUFFER): [16 - 2 * 16],
                ("store.output", DRAM): [1 - 3],  # the same tile of the layer before, three tiles ago
            },
            id="input: two tiles of room",
        ),
        pytest.param("load.parameters.s", {("s..y", NO_BUFFER): [-3 * 16]}, id="parameters: room for two layers"),
        pytest.param("load.weights.v", {("v", NO_BUFFER): [1 - 1]}, id="weights that stay: after a layer's last use"),
        pytest.param("store.state", {("s..y", LANES): [8, 16]}, id="state: block by block"),
        pytest.param("store.output", {("s..y", LANES): [16]}, id="output: all of it"),
    ],
)
def test_prefill_by_hand(stream: str, expected: dict[tuple[str, str], list[int]]) -> None:
    """Tables count from the start of a tile; below zero they reach into earlier ones, of which a layer has three."""
    found = section(inventory(LEAKY, "s y", tokens=4), layers=2, length=12)
    assert waits(found, stream) == expected


def test_decode_waits_for_the_state() -> None:
    """A tile is one timestep of one layer; a block is loaded over the one of the layer before, once that is stored."""
    found = section(inventory(LEAKY, "s y", tokens=1), layers=2, phase="decode")
    assert waits(found, "load.state") == {("store.state", NO_BUFFER): [-1, 0], ("s..y", NO_BUFFER): [2 - 4, 4 - 4]}
    assert waits(found, "s..y")["load.state", DRAM] == [1, 1, 2, 2]


@pytest.mark.parametrize(("room", "places"), [(0, 2), (4, 3), (8, 4)])
def test_a_spilled_block_is_loaded_into_the_place_of_an_earlier_one(room: int, places: int) -> None:
    """Four blocks of 4 bytes, 8 items of s..y each; *room* is left beside the least slots and the weights."""
    kept = inventory(LEAKY, "s y", blocks=4, tokens=4, spill=True)
    weights = (8 * 4 + 4 * 8) * 2
    found = section(kept, length=12, capacity=kept.least_bytes(4) + weights + room)
    assert kept.stored["s"].buffer.slots == places
    assert waits(found, "load.spilled") == {
        ("store.spilled", NO_BUFFER): [block + 1 - places for block in range(4)],
        ("s..y", NO_BUFFER): [8 * (block + 1 - places) for block in range(4)],
    }
    assert waits(found, "s..y")["load.spilled", DRAM] == [block + 1 for block in range(4) for _ in range(8)]
    assert waits(found, "store.spilled") == {("s..y", LANES): [8, 16, 24, 32]}


# q and y on the lanes, m on the array: q and m are one recurrence, y reads the past of both.
PAIR = layer("y", "q[t,h] = u[t,h] * m[t-1,h]", "m[t,h] = tanh(q[t,h])", "y[t,h] = m[t-1,h] + q[t-1,h]")


def test_only_the_past_of_ones_own_recurrence_is_a_recurrence() -> None:
    """Two timesteps in two lanes: an item needs that of the other stream of its timestep, or of the one before."""
    found = section(inventory(PAIR, "q y", blocks=1, tokens=2))
    lanes, array = waits(found, "q..y"), waits(found, "m")
    assert lanes["m", "recurrence_on_mac_array"] == [-1, 0, 1, 2]  # q
    assert lanes["m", ARRAY] == [-1, 0, 1, 2]  # y
    assert lanes["q..y", LANES] == [-1, 0, 1, 2]  # y, in its own stream
    assert array["q..y", LANES] == [1, 2, 3, 4]  # m, of this timestep
    assert ("q..y", "recurrence_on_simd") not in array


def test_a_state_is_not_overwritten_before_its_past_has_been_read() -> None:
    """q is read in its timestep, two items back; m, of which there is one, in the next one: before it is written."""
    found = section(inventory(PAIR, "q y", blocks=1, tokens=2))
    assert found.inventory.stored["m"].copies == found.inventory.stored["q"].copies == 1
    assert waits(found, "q..y")["m", NO_BUFFER] == [item + 1 - 2 for item in range(4)]
    assert waits(found, "m")["q..y", NO_BUFFER] == [item + 1 for item in range(4)]


def test_a_state_of_two_timesteps_lets_its_reader_fall_behind() -> None:
    """y on the array reads s of this timestep and the one before: s is written over what y read a timestep ago."""
    both = layer("y", "s[t,h] = 0.5 * s[t-1,h] + u[t,h]", "y[t,h] = s[t,h] + s[t-1,h]")
    found = section(inventory(both, "s", blocks=1, tokens=2))
    assert found.inventory.stored["s"].copies == 2
    assert waits(found, "s")["y", NO_BUFFER] == [item + 1 - (2 - 1) * 2 for item in range(4)]


# --------------------------------------------------------------------------------- operands of blocks and random layers


def covered(plan: StreamPlan, operation: str) -> Iterator[tuple[int, Region]]:
    """The items of *plan* that have to do with *operation*, the last one first."""
    for item in reversed(range(plan.items)):
        if not isinstance(plan.layout, SegmentLayout) or plan.layout.part(item) == operation:
            yield item, plan.layout.region(item)


def last_made(making: StreamPlan, edge: Edge, part: Region, steps: int, but: int | None) -> int | None:
    """Items of *making*, from the start of a tile of so many *steps*, until what *part* reads along *edge* is there.

    What item *but* of the same tile makes does not count.
    """
    first, last = part.first - edge.distance, part.last - edge.distance
    for tile in range(last // steps, first // steps - 1, -1):
        for item, made in covered(making, edge.source):
            in_time = tile * steps + made.first <= last and first <= tile * steps + made.last
            same_block = None in (part.block, made.block) or part.block == made.block
            if tile == 0 and item == but:
                continue
            if in_time and same_block and (None in (part.lane, made.lane) or part.lane == made.lane):
                return tile * making.items + item + 1
    return None


def needed(found: Section) -> dict[tuple[int, int], list[int]]:
    """(consumer, producer) -> items needed for operands, by a search for the last item that makes what is read.

    What an item reads of itself it has made in time, as its operations are done step by step.
    """
    streams, analysis = found.program.streams, found.analysis
    home = {name: number for number, plan in enumerate(streams) for name in plan.operations}
    home[INPUT] = next(number for number, plan in enumerate(streams) if plan.name == "load.input")
    tables: dict[tuple[int, int], list[int]] = {}
    for edge in analysis.graph.edges:
        consumer, producer = home[edge.reader], home[edge.source]
        using, making = streams[consumer], streams[producer]
        if consumer == producer and not edge.distance:
            continue
        for item, part in covered(using, edge.reader):
            if edge.source != INPUT and not analysis.grouped(edge.source):
                part = Region(part.first, part.last)  # there is no part of it
            count = last_made(making, edge, part, found.program.tile_steps, item if consumer == producer else None)
            if count is not None:
                table = tables.setdefault((consumer, producer), [ALWAYS] * using.items)
                table[item] = max(table[item], min(count, item) if consumer == producer else count)
    return tables


def operands(found: Section) -> dict[tuple[int, int], list[int]]:
    """(consumer, producer) -> items needed for operands, as the program has it."""
    streams = found.program.streams
    tables: dict[tuple[int, int], Numbers] = {}
    for consumer, plan in enumerate(streams):
        for dependency in plan.dependencies if plan.operations else ():
            moves = streams[dependency.producer].moves
            if dependency.reason != NO_BUFFER and (moves is None or moves.kind == "activations"):
                key = consumer, dependency.producer
                tables[key] = np.maximum(tables.get(key, ALWAYS), np.maximum(dependency.table, ALWAYS))
    return {key: table.tolist() for key, table in tables.items()}


@settings(max_examples=60)
@given(
    recipe=recipes,
    cut=st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (3, 2)]),
    tokens=st.integers(1, 6),
    on_simd=st.sets(st.integers(0, 30)),
)
def test_an_item_waits_for_the_last_that_makes_what_it_reads(
    recipe: Recipe, cut: tuple[int, int], tokens: int, on_simd: set[int]
) -> None:
    """Not for less, which would be wrong, nor for more, which would be slow."""
    graph = recipe.graph()
    analysis = Analysis(graph)
    parts = graph.sizes[analysis.group_index] if analysis.group_index else 1
    blocks, each = cut if parts % (cut[0] * cut[1]) == 0 else (1, 1)
    names = [name for name in analysis.operations if analysis.kind(name) != "projection"]
    simd = " ".join(name for number, name in enumerate(names) if number in on_simd)
    found = section(inventory(graph, simd, blocks=blocks, lanes=each, tokens=tokens), length=2 * tokens, capacity=2**30)
    assert operands(found) == needed(found)


@pytest.mark.parametrize(
    ("blocks", "needs"),
    [
        pytest.param(1, [0], id="all of the tile before"),
        pytest.param(4, [-3, -2, -1, 0], id="its own block of the tile before, not the block before"),
    ],
)
def test_a_batch_that_reads_its_own_past_waits_for_what_others_have_made_of_it(blocks: int, needs: list[int]) -> None:
    """x reads a of the timestep before, which an item has made itself but for its first timestep."""
    built = layer(
        "y",
        "a[t,h] = 2 * u[t,h]",
        "x[t,h] = a[t,h] + a[t-1,h]",
        "z[t,p] = sum(h, V[h,p] * x[t,h])",
        "s[t,h] = sum(p, W[p,h] * z[t,p])",
        "q[t,h] = 0.5 * q[t-1,h] + s[t,h]",
        "y[t,h] = u[t,h] + q[t,h]",
    )
    found = section(inventory(built, "a x q y", blocks=blocks, lanes=1, tokens=4))
    assert waits(found, "a..x")["a..x", LANES] == needs
    assert operands(found) == needed(found)


def test_blocks_of_projections_wait_for_blocks() -> None:
    """Two blocks of tiles of weights; s has two blocks of two timesteps.

    Of two rows 44 columns share a fold of 16 rows, so a block's 128 columns of x are two tiles of two folds.
    """
    found = section(inventory(blocked(), "s", lanes=1, tokens=2))
    assert waits(found, "s")["x", ARRAY] == [2, 2, 4, 4]
    assert waits(found, "o")["s", LANES] == [2, 2, 4, 4]
    assert operands(found) == needed(found)
