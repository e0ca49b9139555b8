"""The right side of Figure 1: what was measured beside what was simulated, and where it is drawn."""

from __future__ import annotations

from matplotlib.figure import Figure

from sim.paper.gpu.decode import BATCHES, DECODERS
from sim.paper.gpu.figure1 import Panel, decode_section, draw_decode
from sim.paper.gpu.measurements import GpuMeasurements
from tests.support.gpus import card, measurements, step
from tests.support.reproduction import small


def panel(measured: GpuMeasurements | None = None) -> Panel:
    decode = {(name, batch): small() for name in DECODERS for batch in BATCHES}
    return Panel("h100", decode, None if measured is None else ("gpu/a.json", measured))


def test_what_was_measured_stands_beside_what_was_simulated() -> None:
    text = "\n".join(decode_section(panel(measurements())))
    pace = small().tokens_per_second
    off = 100 * (pace * 4.16e-4 - 1)
    assert f"| 1 | 1,092 | 2,404 | {pace:,.0f} | {off:+.1f} % | 992 |" in text
    assert "| measured, graph, [a](gpu/a.json) | 13 | -18.1 % at B = 1, +86.9 % at 512 |" in text
    assert "| measured, plain, [a](gpu/a.json) | 12 |" in text
    assert "| simulated, h100 | never | 0.0 % at B = 1, 0.0 % at 512 |" in text
    assert "no machine is shipped" not in text


def test_batches_that_were_not_measured_are_told() -> None:
    steps = [step(name, batch, "graph", 1.0) for name in DECODERS for batch in (1, 2)]
    text = "\n".join(decode_section(panel(measurements(decode=steps))))
    assert "| 4 | not measured | not measured |" in text and "| 1 | not measured | 2,404 |" in text


def test_another_card_than_the_machine_is_told() -> None:
    text = "\n".join(decode_section(panel(measurements(card=card("Another GPU", "")))))
    assert "no machine is shipped that is such a card" in text


def test_nothing_measured_is_told() -> None:
    assert "Not measured: no file of `gpu/`" in decode_section(panel())[-1]


def test_measured_points_are_markers_of_the_same_colour() -> None:
    for measured in (None, measurements()):
        axes = Figure().subplots()
        draw_decode(axes, panel(measured))
        lines = {str(line.get_label()): line for line in axes.get_lines()}
        assert ("Mamba-2, measured" in lines) == (measured is not None)
        for title in DECODERS.values() if measured else ():
            drawn, beside = lines[f"{title}, measured"], lines[f"{title}, simulated"]
            assert drawn.get_color() == beside.get_color() and drawn.get_linestyle() == "None"
