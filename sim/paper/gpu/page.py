"""What was measured on GPUs, to be read: gpu.md, from the files in ``gpu/`` beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.files.outputs import write_text
from sim.paper.gpu.attention import attention_section
from sim.paper.gpu.machines import machines_section
from sim.paper.gpu.measurements import FOLDER, Measured, fullest, read_measurements
from sim.paper.gpu.rates import cards_section, rates_section
from sim.paper.gpu.spread import spread_section
from sim.paper.gpu.times import checks_section, decode_section, kernels_section, missing_section, updates_section
from sim.paper.pages import NOT_MEASURED, Found, head
from sim.paper.runs import Runs

Section = Callable[[Measured, Runs], str]
"""(what was measured, where to simulate) -> Markdown."""

SECTIONS: dict[str, Section] = {
    "The cards": cards_section,
    "Launches, copies and products": rates_section,
    "State updates of a prompt": updates_section,
    "Kernels of a layer": kernels_section,
    "Decode": decode_section,
    "Attention with a mask": attention_section,
    "Cards of one model": spread_section,
    "Held against the simulated machine": machines_section,
    "Checks": checks_section,
    "Not measured": missing_section,
}
"""Title -> what writes the section, in their order: another section is a function in a file of its own, and a line."""
OF_EVERY_FILE = {"The cards", "Cards of one model", "Checks", "Not measured"}
"""Titles of the sections that show all files; the others show the fullest of each model of card."""


def write_gpu(folder: Path, runs: Runs) -> Found:
    """Write gpu.md into *folder*; reads gpu/*.json there, which is its data, and raises InputError with mistakes."""
    write_text(folder / "gpu.md", page(read_measurements(folder), runs))
    return {}


def page(gpu: Measured, runs: Runs) -> str:
    """All sections; where nothing was measured the page says that alone."""
    parts = ["\n".join(head("Measured on GPUs", "gpu"))]
    if not gpu:
        return (
            "\n\n".join([*parts, f"{NOT_MEASURED.capitalize()}: there is no file in `{FOLDER}/` beside this page."])
            + "\n"
        )
    parts.append(
        "A file is a run on a card, and no figure is a mean of several: of each model of card the fullest file is "
        "shown; how far others are from it stands [below](#cards-of-one-model). *Plain* launches kernel by kernel, "
        "*graph* is one CUDA graph. Beside the paper's A100: [table1.md](table1.md); beside simulated machines: "
        "[figure1.md](figure1.md); what follows for the paper's claims: [claims.md](claims.md)."
    )
    shown = fullest(gpu)
    for title, section in SECTIONS.items():
        parts += [f"## {title}", section(gpu if title in OF_EVERY_FILE else shown, runs)]
    return "\n\n".join(parts) + "\n"
