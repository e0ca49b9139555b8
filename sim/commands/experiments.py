"""What ``explain`` and ``compare`` share: their arguments and where what they found goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.commands.options import may_print, show, write_json

MarkdownOption = Annotated[Optional[Path], typer.Option(metavar="FILE.md", help="Write it as Markdown.")]


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
