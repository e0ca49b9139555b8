"""Where what a run moves lies in DRAM: nothing overlaps, and what is stored is where it will be loaded."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hw.requests import Transfer
from sim.lowering.program import Program
from sim.simulation import prepare

SMALL = ("layers=3", "sequence_length=80")


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
    for layer in (1, 2):  # a layer reads what the one before wrote
        read = {piece[1:] for piece in found["load.input"] if piece[0] == layer}
        assert read == {piece[1:] for piece in found["store.output"] if piece[0] == layer - 1}
    for kind in ("state", "spilled"):
        if f"load.{kind}" in found:
            assert set(found[f"load.{kind}"]) <= set(found[f"store.{kind}"])
