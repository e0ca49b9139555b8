"""The command ``validate``: components beside reference data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.options import check_targets, one_line_errors, show
from sim.files.errors import InputError, Problem


def validate(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="One suite, or all.")] = "all",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write.")] = Path("results"),
) -> None:
    """Compare components with reference data; writes a page and a figure."""
    with one_line_errors():
        from sim.files.outputs import write_text
        from sim.validation import SUITES
        from sim.validation.cases import summarise
        from sim.validation.report import as_markdown, as_svg, table

        if suite != "all" and suite not in SUITES:
            raise InputError(Problem(f"found {suite!r}, expected {', '.join(SUITES)} or all", "SUITE"))
        if output.exists() and not output.is_dir():
            raise InputError(Problem("is not a folder", f"--output {output}"))
        output.mkdir(parents=True, exist_ok=True)
        page, picture = output / "validation.md", output / "validation.svg"
        check_targets(page, picture)
        cases = [case for name in SUITES if suite in ("all", name) for case in SUITES[name]()]
        write_text(page, as_markdown(cases, suite))
        write_text(picture, as_svg(cases))
    show(table(summarise(cases)))
    if not all(case.holds for case in cases):
        raise typer.Exit(1)
