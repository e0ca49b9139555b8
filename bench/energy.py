"""Energy by component of Table 1's three models on the edge accelerator, at two nodes: writes results/energy.md.

python -m bench.energy
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from hw.energy.arithmetic import (
    ADD_PJ,
    CLOCK_PJ_PER_BIT,
    IDLE_CLOCK,
    LANE_PES,
    MAC_PJ,
    MUL_PJ,
    PE_AREA_UM2,
    PE_LEAKAGE_UW,
    REGISTER_PJ_PER_BIT,
)
from hw.energy.dram import PLAIN, STANDARDS
from hw.energy.nodes import SCALES
from hw.energy.sram import AREA_SHARE, BANKS, LEAKAGE_MW_PER_MIB, WIRE_PJ_PER_BYTE_MM
from sim import Result, __version__
from sim.explanation.energy_ranking import energy_ranking
from sim.files.numbers import percent
from sim.files.outputs import write_text
from sim.presentation.energy import area_rows, energy_interval, energy_rows
from sim.presentation.markdown import table
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "energy.md"
MODELS: Final = ("mamba1", "mamba2", "mamba3_mimo")
NODES: Final = ("22nm", "7nm")
OF_A_STANDARD: Final = (("a bit", "pJ"), ("a row", "nJ"), ("a channel", "mW"))
BY_TIME: Final = ("DRAM: background", "leakage", "clock")


def main() -> None:
    """Run everything and write the tables."""
    pairs = [(model, node) for node in NODES for model in MODELS]
    with ProcessPoolExecutor() as executor:
        results = list(executor.map(_run, *zip(*pairs, strict=True)))
    found = dict(zip(pairs, results, strict=True))
    lines = [
        "# Energy by component",
        "",
        f"Written by `python -m bench.energy`, stallscope {__version__}. Prefill of 1024 tokens on hw/edge, all 48 "
        "layers, 16 bit, mapped for time. mJ a token by typical figures; in brackets by low and by high ones. What is "
        "counted, and what is not modelled: [docs/energy.md](../docs/energy.md).",
        "",
    ]
    for node in NODES:
        lines += _node(node, [found[model, node] for model in MODELS])
    write_text(TARGET, "\n".join([*lines, *_figures()]))


def _run(model: str, node: str) -> Result:
    return run(prepare(model, "edge", [f"energy.node={node}"]), stride="tile")


def _node(node: str, results: Sequence[Result]) -> list[str]:
    """The tables of a node: energy, and what follows from it."""
    rows = [{row.title: row for row in energy_rows(result)} for result in results]
    order = sorted(rows[0], key=lambda title: -sum(of_model[title].mj_per_token for of_model in rows))
    cells = [
        [title, *(f"{each[title].mj_per_token:.3f} ({percent(each[title].share)})" for each in rows)] for title in order
    ]
    intervals = [energy_interval(result) or (0.0, 0.0) for result in results]
    whole = [
        f"**{result.energy_mj_per_token:.2f}** ({low:.2f} to {high:.2f})"
        for result, (low, high) in zip(results, intervals, strict=True)
    ]
    time = [sum(each[title].mj_per_token for title in BY_TIME) for each in rows]
    shares = [percent(spent / result.energy_mj_per_token) for spent, result in zip(time, results, strict=True)]
    more = [
        ["of it by time alone", *shares],
        ["power on average, W", *(f"{result.average_power_w:.2f}" for result in results)],
        ["energy x delay, µJ s", *(f"{1e6 * (result.energy_delay_js or 0.0):.1f}" for result in results)],
    ]
    names = [result.workload for result in results]
    figures = {result.workload: result.energy_figures for result in results if result.energy_figures}
    ranking = energy_ranking(figures)
    assert ranking is not None, "there are three of them"
    area = [[name, f"{part.typical:.2f}", f"{part.low:.2f} to {part.high:.2f}"] for name, part in area_rows(results[0])]
    return [
        f"## {node.replace('nm', ' nm')}",
        "",
        table(["mJ a token", *names], [*cells, ["**all**", *whole], *more]),
        "",
        ranking.words,
        "",
        table(["area, mm²", "typical", "low to high"], area),
        "",
    ]


def _figures() -> list[str]:
    """Every figure with its source, as the tables in hw/energy have them."""
    found = [
        *((f"addition, {kind}, {bits} bit", "pJ", each) for kind in ADD_PJ for bits, each in ADD_PJ[kind].items()),
        *(
            (f"multiplication, {kind}, {bits} bit", "pJ", each)
            for kind in MUL_PJ
            for bits, each in MUL_PJ[kind].items()
        ),
        *((f"MAC, {kind}, {bits} bit", "pJ", each) for kind in MAC_PJ for bits, each in MAC_PJ[kind].items()),
        ("register, a bit read or written", "pJ", REGISTER_PJ_PER_BIT),
        ("clock, a bit and cycle", "pJ", CLOCK_PJ_PER_BIT),
        ("clock of an idle unit, of that of a busy one", "", IDLE_CLOCK),
        ("leakage of a PE", "µW", PE_LEAKAGE_UW),
        ("area of a PE", "µm²", PE_AREA_UM2),
        ("a lane, in leakage and area", "PEs", LANE_PES),
        *((f"SRAM, from bank to unit, {node}", "pJ/B/mm", each) for node, each in WIRE_PJ_PER_BYTE_MM.items()),
        ("SRAM, leakage of a MiB, 22nm", "mW", LEAKAGE_MW_PER_MIB),
        ("SRAM, area", "of the table's", AREA_SHARE),
        *(
            (f"{name.upper()}, {what}", unit, each)
            for name, standard in STANDARDS.items()
            for (what, unit), each in zip(OF_A_STANDARD, standard, strict=True)
        ),
        ("DRAM of which only the bandwidth is known, a bit", "pJ", PLAIN),
    ]
    rows = [
        [what, unit, each.source, f"{each.low:g}", f"{each.typical:g}", f"{each.high:g}"] for what, unit, each in found
    ]
    banks = [
        [f"{size // 1024} KiB, {node}", f"{bank.read_pj:g} / {bank.write_pj:g}", f"{bank.mm2:g}"]
        for node, sizes in BANKS.items()
        for size, bank in sizes.items()
    ]
    scales = [[node, f"{scale.energy:g}", f"{scale.area:g}"] for node, scale in SCALES.items()]
    return [
        "## Figures",
        "",
        "PEs and lanes at 45 nm.",
        "",
        table(["figure", "unit", "source", "low", "typical", "high"], rows, left=3),
        "",
        "A bank by CACTI (hwcomponents-cacti 1.0.40, port of 512 bits), in pJ a byte:",
        "",
        table(["bank", "read / written", "mm²"], banks),
        "",
        "Nodes against 45 nm (doi 10.1016/j.vlsi.2017.02.002):",
        "",
        table(["node", "energy, leakage", "area"], scales),
        "",
    ]


if __name__ == "__main__":
    main()
