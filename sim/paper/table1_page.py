"""Table 1 as a page: what was found, then a table each for counts, simulations and the GPU."""

from __future__ import annotations

from collections.abc import Sequence

from sim.paper.gpu.measurements import Measured
from sim.paper.gpu.table1 import gpu_section
from sim.paper.pages import NOT_AVAILABLE, OURS, head, signed
from sim.paper.published import SOURCE, STREAM_TILES, table1
from sim.paper.runs import SCALING
from sim.paper.table1_cells import COUNTED, ENERGY, SIMULATED, THROUGHPUT, Cell
from sim.presentation.markdown import table

DIGITS = {"GOP/token": 3, "op/B": 1, "tok/s": 1, "mJ/token": 2, "W": 1}
PRINTED = {"operations": 2, "state operations": 3, "operational intensity": 1, "roofline": 1}  # the paper's digits


def page(cells: Sequence[Cell], gpu: Measured) -> str:
    """The page of *cells*, all those of Table 1."""
    parts = [
        "\n".join(head("Table 1 of “The Hyperscale Lottery”, beside ours", "table1")),
        f"The paper is {SOURCE}: about 880 M parameters, 1024 tokens, B = 1, 16 bit. Residuals are (ours / paper - 1). "
        f"{OURS} marks what is N/A in the paper and simulated or measured by us. The units mJ and W, the models' "
        "widths and the tiles of tokens of its energies were recovered by reproducing its numbers. All numbers, with "
        "the command that repeats each: [table1.csv](table1.csv), [table1.json](table1.json).",
        _summary(cells),
        "## Counted by the paper's convention",
        _counts(cells),
        "Its roofline is operations at the peak of 1024 MACs at 250 MHz, without memory and without lanes; the rules "
        "are in sim/paper/convention.py. No one formula was found that gives the intensity of both chunked rows.",
        "## Throughput and energy on the edge accelerator",
        f"{SCALING} ([by how much that is off](simulate_layers.md)). Unless the paper's tile is named, the "
        "mapping is the best that was found. `stream-like` maps as the paper's Stream runs seem to "
        "(workloads/mappings/stream-like.yaml): an elementwise operation takes a PE as long as in Stream's own cost "
        "model, 4 cycles for exp, sigmoid and silu, one for all else, and nothing overlaps.",
        _simulations(cells),
        _tiles(cells),
        "## On a GPU",
        *gpu_section(gpu),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(cells: Sequence[Cell]) -> str:
    tiles = ", ".join(f"{tile} ({name})" for name, tile in STREAM_TILES.items())
    energies = [_at_its_tile(cells, name, ENERGY, stream_like=False) for name in STREAM_TILES]
    paces = [_at_its_tile(cells, name, THROUGHPUT, stream_like=True) for name in STREAM_TILES]
    same_order = _order(paces, "ours") == _order(paces, "paper")
    missed = [cell for cell in cells if cell.setting == COUNTED and not _as_printed(cell)]
    named = ", ".join(f"{cell.quantity} of {cell.row} ({signed(cell.residual_percent, 2)})" for cell in missed)
    counted = sum(cell.setting == COUNTED for cell in cells)
    return "\n".join(
        [
            f"- Of the {counted} counted numbers {counted - len(missed)} are the paper's as printed"
            + (f"; the others: {named}." if missed else "."),
            f"- Energy of the sequential rows at tiles of {tiles} tokens: {_listed(energies)}.",
            f"- Throughput of `stream-like` at those tiles: {_listed(paces)}; the order is "
            f"{'the same' if same_order else 'another'}: {' > '.join(_order(paces, 'ours'))}.",
        ]
    )


def _listed(cells: Sequence[Cell]) -> str:
    return "; ".join(
        f"{cell.row} {cell.ours:.{DIGITS[cell.unit]}f} {cell.unit} ({signed(cell.residual_percent)}, {cell.setting})"
        for cell in cells
    )


def _order(cells: Sequence[Cell], whose: str) -> list[str]:
    return [cell.row for cell in sorted(cells, key=lambda cell: -getattr(cell, whose))]


def _at_its_tile(cells: Sequence[Cell], row: str, quantity: str, stream_like: bool) -> Cell:
    """The first cell of *row* with the very tile that its energy implies, in the least SRAM in which that fits."""
    return next(
        cell
        for cell in cells
        if (cell.row, cell.quantity, cell.token_tile) == (row, quantity, STREAM_TILES[row])
        and "paper's tile" in cell.setting
        and ("stream-like" in cell.setting) == stream_like
    )


def _as_printed(cell: Cell) -> bool:
    digits = PRINTED[cell.quantity]
    return cell.ours is not None and cell.paper is not None and round(cell.ours, digits) == round(cell.paper, digits)


def _counts(cells: Sequence[Cell]) -> str:
    header = ["row"]
    for quantity, unit in {cell.quantity: cell.unit for cell in cells if cell.setting == COUNTED}.items():
        header += [f"{quantity}, {unit}: paper", "ours", "residual"]
    rows = []
    for name in table1():
        row = [name]
        for cell in cells:
            if (cell.row, cell.setting) == (name, COUNTED):
                digits = PRINTED[cell.quantity]
                ours = f"{cell.ours:.{digits + (digits > 1)}f}"
                row += [f"{cell.paper:.{digits}f}", ours, signed(cell.residual_percent, 2)]
        rows.append(row)
    return table(header, rows)


def _simulations(cells: Sequence[Cell]) -> str:
    header = [
        "row",
        "simulated on",
        "tile",
        "tok/s: paper's Stream",
        "ours",
        "residual",
        "mJ/token: paper",
        "ours",
        "residual",
    ]
    lines: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        if cell.quantity in SIMULATED:
            line = lines.setdefault((cell.row, cell.setting), [cell.row, cell.setting, _tile(cell)])
            line += _three(cell)
    return table(header, list(lines.values()), left=2)


def _tile(cell: Cell) -> str:
    return f"{cell.token_tile} ({STREAM_TILES[cell.row]} does not fit)" if cell.remark else str(cell.token_tile)


def _three(cell: Cell) -> tuple[str, str, str]:
    digits = DIGITS[cell.unit]
    if cell.paper is None:
        return NOT_AVAILABLE, f"{cell.ours:.{digits}f} {OURS}", ""
    return f"{cell.paper:.{digits}f}", f"{cell.ours:.{digits}f}", signed(cell.residual_percent)


def _tiles(cells: Sequence[Cell]) -> str:
    """What is to be said about tiles that did not fit."""
    lines = []
    for name, tile in STREAM_TILES.items():
        smaller = [cell for cell in cells if cell.row == name and cell.quantity == ENERGY and cell.remark]
        if smaller:
            largest = max(cell.token_tile or 0 for cell in smaller)
            lines.append(
                f"A tile of {tile} tokens of {name} does not fit: {smaller[0].remark}. The largest power of two that "
                f"fits is {largest} tokens, with the state spilled to DRAM between tiles. The lines with 4 MiB have "
                "the paper's tile, on a machine that is not the paper's."
            )
    return "\n\n".join(lines)
