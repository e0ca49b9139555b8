"""What ``explain`` and ``compare`` share: their arguments, what they accept, and where what they found goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.options import may_print, show, write_json
from sim.files.errors import InputError

if TYPE_CHECKING:
    from sim.files.documents import Document
    from workloads.workload import Workload

SIMULATED = 2  # layers, unless more are asked for
MarkdownOption = Annotated[Optional[Path], typer.Option(metavar="FILE.md", help="Write it as Markdown.")]


def prepared(name: str, machine: str, wanted: Sequence[str]) -> tuple[Workload, tuple[Document, Document]]:
    """The workload, and the documents of workload and machine.

    Raises InputError for a workload with a head: experiments are about layers.
    """
    from sim.files.resolve import build_workload, read_inputs

    documents = read_inputs(name, machine, wanted)
    built = build_workload(documents[0])
    if built.spec.head:
        raise InputError(documents[0].problem(["head"], "experiments look at layers alone, expected false"))
    return built, documents


def publish(
    json_text: str, markdown_text: str, json: str | None, markdown: Path | None, report: Path | None, quiet: bool
) -> None:
    """Write what was found where it is wanted, and show it unless *quiet* or standard output is for a file."""
    from rich.markdown import Markdown

    from sim.files.outputs import write_text

    if markdown is not None:
        write_text(markdown, markdown_text)
    write_json(json_text, json)
    if not quiet and may_print(json, markdown, report):
        show(Markdown(markdown_text))
