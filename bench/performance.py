"""How fast runs are, against the bare rates of SimPy measured beside them: writes results/performance.md and a figure.

python -m bench.performance [SECTION ...]     all of it, or these sections again; --help lists them
"""

from __future__ import annotations

import platform
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bench.children import ROOT
from bench.speed import batch, ceilings, choosing, commands, length, loops, recording, start, uncompiled
from bench.speed.rows import note
from hw import COMPILED
from hw.compiled import advice
from sim.files.outputs import write_text
from sim.version import __version__

TARGET = ROOT / "results" / "performance.md"


class Section(NamedTuple):
    """A part of the page: its title, and what measures it and returns its text."""

    title: str
    measure: Callable[[], str]


SECTIONS = {
    "ceilings": Section("SimPy's ceilings", ceilings.section),
    "loops": Section("The event loop", loops.section),
    "commands": Section("Whole commands", commands.section),
    "length": Section("Length of the prompt", length.section),
    "batch": Section("Batch and decode", batch.section),
    "recording": Section("Recording", recording.section),
    "start": Section("Start", start.section),
    "choosing": Section("Choosing a mapping", choosing.section),
    "searching": Section("Searching for a mapping", choosing.search_section),
    "dram": Section("DRAM", uncompiled.dram_section),
    "uncompiled": Section("Not compiled", uncompiled.run_section),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one section after the other; what is not asked for stays as it was measured before."""
    parser = ArgumentParser(prog="python -m bench.performance")
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    wanted = parser.parse_args(arguments).sections or list(SECTIONS)
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"found {', '.join(sorted(unknown))}, expected some of {', '.join(SECTIONS)}")
    if not COMPILED:
        parser.error(advice())
    texts = _measured_before()
    for name in wanted:
        note(f"--- {name}")
        texts[SECTIONS[name].title] = f"Measured by stallscope {__version__}.\n\n{SECTIONS[name].measure()}"
        parts = [f"## {title}\n\n{texts[title]}" for title, _ in SECTIONS.values() if title in texts]
        write_text(TARGET, "\n\n".join([_head(), *parts]) + "\n")


def _measured_before() -> dict[str, str]:
    """Texts by title."""
    if not TARGET.exists():
        return {}
    _, *parts = TARGET.read_text().rstrip().split("\n\n## ")
    return {title: text for title, _, text in (part.partition("\n\n") for part in parts)}


def _head() -> str:
    return (
        "# Speed\n\n"
        f"Written by `python -m bench.performance`, {platform.python_implementation()} {platform.python_version()}, "
        "the core compiled, one core. Every run simulates every event. Seconds are CPU "
        "seconds, user and system, of a process of its own unless it says otherwise. They vary with the computer; "
        "ratios compare with what was measured just before and just after. A `cycle` or `tile` is the stride: a SimPy "
        "event for each cycle in which something happens, or for each border of a tile, with the same result."
    )


if __name__ == "__main__":
    main()
