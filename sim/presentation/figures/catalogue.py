"""Every figure by its name: what it needs to know, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.accounting.layers import layers_run, layers_scaled, not_the_model
from sim.accounting.result import Result
from sim.explanation.compare import Comparison
from sim.explanation.findings import Explanation
from sim.files.errors import InputError, Problem
from sim.presentation.bars import unit_bars
from sim.presentation.figures.canvas import Drawing
from sim.presentation.figures.comparison import draw_comparison
from sim.presentation.figures.critical_path import draw_path, path_bars
from sim.presentation.figures.roofline import Roofline, draw_roofline
from sim.presentation.figures.sram import buffers, draw_sram
from sim.presentation.figures.timeline import draw_timeline
from sim.presentation.figures.timeline_recorder import Timeline
from sim.presentation.figures.units import draw_units
from sim.presentation.figures.waterfall import account_waterfall, draw_waterfall, ladder_waterfall
from sim.presentation.figures.what_ifs import draw_what_ifs
from sim.presentation.figures.windows import draw_windows, over_time


@dataclass(frozen=True)
class Evidence:
    """What is known of a run, an explanation or a comparison; a figure that needs what is None cannot be drawn.

    ``capacity_bytes`` is that of the machine's SRAM, ``observed`` an excerpt of the run with its accounts over time.
    """

    result: Result | None = None
    capacity_bytes: int | None = None
    roofline: Roofline | None = None
    timeline: Timeline | None = None
    observed: Result | None = None
    observed_part: str = ""
    explanation: Explanation | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True)
class FigureKind:
    """A figure: ``draw`` returns None where the evidence does not suffice, ``needs`` says what is missing then."""

    draw: Callable[[Evidence, float], Drawing | None]
    needs: str
    from_run: bool = True  # whether a run of a workload tells all of it


def _waterfall(known: Evidence, width: float) -> Drawing | None:
    if known.explanation is not None:
        return draw_waterfall(ladder_waterfall(known.explanation), width)
    return None if known.result is None else draw_waterfall(account_waterfall(known.result), width)


def _units(known: Evidence, width: float) -> Drawing | None:
    result = known.result
    return None if result is None else draw_units(unit_bars(result), result.makespan_cycles, width)


def _roofline(known: Evidence, width: float) -> Drawing | None:
    return None if known.roofline is None else draw_roofline(known.roofline, width)


def _timeline(known: Evidence, width: float) -> Drawing | None:
    return None if known.timeline is None else draw_timeline(known.timeline, width)


def _windows(known: Evidence, width: float) -> Drawing | None:
    result = known.observed or known.result
    if result is None or result.windows is None:
        return None
    return draw_windows(over_time(result), result.makespan_cycles, width)


def _path(known: Evidence, width: float) -> Drawing | None:
    if known.result is None or known.result.critical_path is None:
        return None
    return draw_path(path_bars(known.result), known.result.makespan_cycles, width)


def _sram(known: Evidence, width: float) -> Drawing | None:
    if known.result is None:
        return None
    return draw_sram(buffers(known.result.mapping), known.capacity_bytes, width)


def _what_ifs(known: Evidence, width: float) -> Drawing | None:
    return None if known.explanation is None else draw_what_ifs(known.explanation.what_ifs, width)


def _comparison(known: Evidence, width: float) -> Drawing | None:
    return None if known.comparison is None else draw_comparison(known.comparison, width)


_RUN = "expected a workload, or what run --json or explain --json wrote"
FIGURES: dict[str, FigureKind] = {
    "waterfall": FigureKind(_waterfall, _RUN),
    "units": FigureKind(_units, _RUN),
    "roofline": FigureKind(_roofline, "expected a workload: a result does not say what each class moves"),
    "timeline": FigureKind(_timeline, "expected a workload: a result does not say when each request ran"),
    "windows": FigureKind(_windows, "found no accounts over time, expected a workload or a run with --windows 64"),
    "critical-path": FigureKind(_path, "found no critical path, expected a workload or a run with --critical-path"),
    "sram": FigureKind(_sram, _RUN),
    "what-ifs": FigureKind(_what_ifs, "expected what explain --json wrote", from_run=False),
    "comparison": FigureKind(_comparison, "expected what compare --json wrote", from_run=False),
}


_RECORDED = ("timeline", "windows")
_OF_THE_MAKESPAN = ("waterfall", "units", "critical-path", "windows")


def draw(name: str, known: Evidence, width: float, source: str) -> Drawing:
    """The figure *name*, *width* inches wide; raises InputError, naming *source*, if it is not known what it needs."""
    drawing = FIGURES[name].draw(known, width)
    if drawing is None:
        raise InputError(Problem(f"the figure {name!r} cannot be drawn: {FIGURES[name].needs}", source))
    drawing.title = "; ".join([drawing.title, *_of_what(name, known)])
    if known.result is not None and known.result.model_layers and name in _OF_THE_MAKESPAN:
        axes = drawing.figure.axes[-1]
        axes.set_xlabel(f"{axes.get_xlabel()}; {not_the_model(known.result)}")
    return drawing


def _of_what(name: str, known: Evidence) -> list[str]:
    """What a caption says of the layers that the figure is about, where they are not simply all of the model."""
    if known.result is None or name == "sram":
        return []
    cut = layers_run(known.result) if known.result.model_layers else ""
    recorded = known.observed_part and f"recorded in {known.observed_part}"
    of_all = recorded if name in _RECORDED and recorded else layers_scaled(known.result)
    return [words for words in (cut, of_all) if words]
