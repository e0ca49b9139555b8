"""What a tile fetches and brings back, and where that lies in DRAM: nothing overlaps, what is stored can be loaded."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hw.requests import Transfer
from hw.sram import SramSpec
from sim.lowering.program import VARIANTS, Program, TileVariant
from sim.lowering.section import Section
from sim.lowering.transfers import PAGE_BYTES
from sim.simulation import prepare
from tests.support.layers import EDGE, HEAVY, LEAKY, inventory, layer, section

SMALL = ("layers=3", "sequence_length=80")
MIDDLE, FIRST, LAST = TileVariant.MIDDLE, TileVariant.FIRST, TileVariant.LAST


def moved(found: Section, stream: str) -> dict[TileVariant, list[tuple[int, int]]]:
    """(bytes, address) of what *stream* moves in a tile of each variant in which it moves anything."""
    plan = next(each for each in found.program.streams if each.name == stream)
    lists = {
        variant: [
            (request.size_bytes, request.address)
            for request in (plan.request(variant, item) for item in range(plan.items))
            if isinstance(request, Transfer)
        ]
        for variant in VARIANTS
    }
    return {variant: transfers for variant, transfers in lists.items() if transfers}


# Two layers of ten tokens in tiles of four: tiles of 8 heads x 4 tokens x 2 bytes, and one of half of that.
TILE, HALF = 64, 32
LAYER = 2 * TILE + HALF
EVERY, IN_FIRST, IN_LAST = VARIANTS, (FIRST, FIRST | LAST), (LAST, FIRST | LAST)


@pytest.mark.parametrize(
    ("stream", "variants", "transfers"),
    [
        pytest.param("load.input", (MIDDLE, FIRST), [(TILE, 0)], id="input"),
        pytest.param("load.input", IN_LAST, [(HALF, 0)], id="input of the last tile"),
        pytest.param("store.output", (MIDDLE, FIRST), [(TILE, LAYER)], id="output: the next layer's input"),
        pytest.param("store.output", IN_LAST, [(HALF, LAYER)], id="output of the last tile"),
        pytest.param(
            "store.state", IN_LAST, [(8, PAGE_BYTES), (8, PAGE_BYTES + 8)], id="state: block by block, after a layer"
        ),
        pytest.param("load.parameters.s", IN_FIRST, [(8 * 2, 2 * PAGE_BYTES)], id="parameters: once a layer"),
        pytest.param("load.weights.v", IN_FIRST, [(8 * 4 * 2, 3 * PAGE_BYTES)], id="weights that stay: once a layer"),
        pytest.param("load.weights.a", IN_FIRST, [(4 * 8 * 2, 4 * PAGE_BYTES)], id="the other weights"),
    ],
)
def test_prefill_by_hand(stream: str, variants: tuple[TileVariant, ...], transfers: list[tuple[int, int]]) -> None:
    found = moved(section(inventory(LEAKY, "s y", tokens=4), layers=2, length=10), stream)
    assert {variant: found.get(variant) for variant in variants} == dict.fromkeys(variants, transfers)
    if stream not in ("load.input", "store.output"):
        assert set(found) == set(variants)


@pytest.mark.parametrize(("layers", "page"), [(24, 1), (25, 2)])
def test_what_layers_hand_on_is_one_piece_more_than_there_are_layers(layers: int, page: int) -> None:
    """Of 160 bytes each: 25 pieces end within the first page, 26 do not; the next thing begins at a page."""
    found = moved(section(inventory(LEAKY, "s y", tokens=4), layers=layers, length=10), "store.state")
    assert found[LAST][0] == (8, page * PAGE_BYTES)


def test_streams_move_on_by_tile_and_layer() -> None:
    program = section(inventory(LEAKY, "s y", tokens=4), layers=2, length=10).program
    assert {plan.name: (plan.layer_bytes, plan.tile_bytes) for plan in program.streams if plan.unit == "dma"} == {
        "load.input": (LAYER, TILE),
        "store.output": (LAYER, TILE),
        "store.state": (8 * 2, 0),
        "load.parameters.s": (8 * 2, 0),
        "load.weights.v": (8 * 4 * 2, 0),
        "load.weights.a": (4 * 8 * 2, 0),
    }


@pytest.mark.parametrize(
    ("phase", "spill", "loaded", "stored"),
    [
        pytest.param("prefill", False, None, IN_LAST, id="prefill begins with zeros"),
        pytest.param("decode", False, IN_FIRST, IN_LAST, id="decode loads the state"),
        pytest.param("prefill", True, (MIDDLE, LAST), EVERY, id="spilled, prefill: all but the first tile load"),
        pytest.param("decode", True, EVERY, EVERY, id="spilled, decode"),
    ],
)
def test_when_a_state_is_moved(
    phase: str, spill: bool, loaded: tuple[TileVariant, ...] | None, stored: tuple[TileVariant, ...]
) -> None:
    """Its four blocks, in 32 bit; activations are half as wide."""
    found = section(inventory(LEAKY, "s y", (2, 4), blocks=4, tokens=1, spill=spill), phase=phase)
    blocks = [(8 * 4 // 4, PAGE_BYTES + 8 * block) for block in range(4)]
    kind = "spilled" if spill else "state"
    assert moved(found, f"store.{kind}") == dict.fromkeys(stored, blocks)
    names = [plan.name for plan in found.program.streams]
    if loaded is None:
        assert f"load.{kind}" not in names
    else:
        assert moved(found, f"load.{kind}") == dict.fromkeys(loaded, blocks)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_blocks_that_do_not_divide_a_state_cut_it_without_gap_or_overlap(phase: str) -> None:
    """12 bytes, one an element of s (8 heads) and of v (4 channels), in eight blocks: one or two each."""
    built = layer(
        "y",
        "v[t,p] = sum(h, V[h,p] * u[t,h])",
        "a[t,h] = sum(p, W[p,h] * v[t-1,p])",
        "s[t,h] = 0.5 * s[t-1,h] + a[t,h]",
        "y[t,h] = u[t,h] + s[t,h]",
    )
    program = section(inventory(built, "s y", (1, 1), blocks=8, lanes=1), layers=2, phase=phase).program
    stored = extents(program)["store.state"]
    assert [end - start for _, start, end in stored] == [1, 2] * 8
    assert all(end == start for (_, _, end), (_, start, _) in pairwise(stored))
    assert extents(program).get("load.state", stored) == stored


def test_weights_that_do_not_stay_are_loaded_for_every_tile() -> None:
    kept = inventory(HEAVY, "y", blocks=1, lanes=1)
    found = moved(section(kept, capacity=kept.least_bytes(8) + 3 * 2048), "load.weights.r")
    assert found == {key: [(2048, 2 * PAGE_BYTES + 2048 * tile) for tile in range(4)] for key in EVERY}


def extents(program: Program) -> dict[str, list[tuple[int, int, int]]]:
    """(layer, first byte, first byte behind it) of every transfer of every stream."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for stream in program.streams:
        for tile in range(program.tiles):
            layer, place = divmod(tile, program.tiles_per_layer)
            for item in range(stream.items):
                request = stream.request(program.variant(tile), item)
                if isinstance(request, Transfer):
                    start = request.address + layer * stream.layer_bytes + place * stream.tile_bytes
                    found.setdefault(stream.name, []).append((layer, start, start + request.size_bytes))
    return found


@pytest.mark.parametrize(
    ("workload", "wishes"),
    [
        pytest.param("mamba1", (), id="mamba1"),
        pytest.param("mamba2_ssd", (), id="chunks"),
        pytest.param("mamba3_mimo", ("phase=decode", "batch=2"), id="decode"),
        pytest.param("mamba2", ("mapping.spill=true",), id="spilled states"),
    ],
)
def test_places(workload: str, wishes: tuple[str, ...]) -> None:
    found = extents(prepare(workload, "edge", (*SMALL, *wishes)).sections[0].program)
    owners = {  # streams that move the same bytes belong together
        name: {"load.input": "activations", "store.output": "activations"}.get(name, name.split(".", 1)[1])
        for name in found
    }
    pieces = {(owners[name], start, end) for name, moved in found.items() for _, start, end in moved}
    ordered = sorted(pieces, key=lambda piece: piece[1:])
    for (_, _, end), (_, start, _) in pairwise(ordered):
        assert end <= start
    for later in (1, 2):  # a layer reads what the one before wrote
        read = {piece[1:] for piece in found["load.input"] if piece[0] == later}
        assert read == {piece[1:] for piece in found["store.output"] if piece[0] == later - 1}
    for kind in ("state", "spilled"):
        if f"load.{kind}" in found:
            assert set(found[f"load.{kind}"]) <= set(found[f"store.{kind}"])


def test_streams_of_transfers_say_what_they_move() -> None:
    program = prepare("mamba2", "edge", SMALL).sections[0].program
    moved = {stream.name: stream.moves for stream in program.streams}
    assert all(
        (moves is None) == (stream.unit != "dma") for stream, moves in zip(program.streams, moved.values(), strict=True)
    )
    assert moved["load.input"] is not None and moved["load.input"].kind == "activations"
    assert moved["store.output"] is not None and moved["store.output"].write
    users = {moves.user for moves in moved.values() if moves is not None and moves.kind == "weights"}
    assert users == {name.removeprefix("load.weights.") for name in moved if name.startswith("load.weights.")} != set()


def test_transfers_lie_in_the_clusters_of_their_buffers() -> None:
    """Clusters of 128 bytes, buffers as in tests/lowering/test_compute.py: the state in the third, y and weights from
    byte 336 and 496 on."""
    sram = SramSpec.model_validate({"capacity": "1KiB", "banks": 8, "bank_width": "16B", "ports": 1, "interleave": 1})
    found = section(inventory(LEAKY, "s y", tokens=4), EDGE.model_copy(update={"sram": sram}))
    assert {plan.name: plan.lies for plan in found.program.streams if plan.unit == "dma"} == {
        "load.input": {0: 128},
        "load.parameters.s": {3: 32},
        "load.weights.v": {3: 16, 4: 112},
        "load.weights.a": {3: 16, 4: 112},
        "store.state": {2: 16},
        "store.output": {2: 48, 3: 80},
    }
