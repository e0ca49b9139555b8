"""The page about one run, and the sections that a page about an explanation shares with it."""

from __future__ import annotations

from hw.machine import MachineSpec
from sim.accounting.result import Result
from sim.presentation.figures.catalogue import Evidence
from sim.presentation.html.energy_section import energy_section
from sim.presentation.html.headline import about, headline, verdict
from sim.presentation.html.page import Page, page_html
from sim.presentation.html.parts import Section
from sim.presentation.html.run_sections import (
    bounds_section,
    breakdown_section,
    classes_section,
    path_section,
    roofline_section,
    timeline_section,
    units_section,
    waterfall_section,
    windows_section,
)
from sim.presentation.html.setting_sections import machine_section, mapping_section, sram_section
from sim.presentation.html.timeline_data import timeline_data


def run_page(known: Evidence, machine: MachineSpec, command: str) -> str:
    """The page about the run that *known* tells of, all of it, on *machine*; *command* repeats it."""
    result = known.result
    assert result is not None, "a run has a result"
    sections = [waterfall_section(known, result), *run_sections(known, machine, result)]
    page = Page(
        title=f"{result.workload} on {result.machine}",
        about=about(result),
        headline=headline(result),
        verdict=verdict(result),
        command=command,
        sections=sections,
        data=run_data(known, result),
    )
    return page_html(page)


def run_sections(known: Evidence, machine: MachineSpec, result: Result) -> list[Section]:
    """All sections about a run but the first, which is the waterfall."""
    assert known.roofline is not None, "a run was observed"
    return [
        bounds_section(result),
        units_section(known, result),
        roofline_section(known, known.roofline),
        timeline_section(known),
        windows_section(known),
        path_section(known, result),
        *breakdown_section(result),
        classes_section(result),
        energy_section(result),
        sram_section(known, result),
        mapping_section(result),
        machine_section(machine, known.roofline),
    ]


def run_data(known: Evidence, result: Result) -> str:
    """What the page's script reads."""
    assert known.timeline is not None, "a run was observed"
    return timeline_data(known.timeline, result.clock_hz)
