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
    """Compare components with reference data, and with RTL if Verilator is there; writes a page and a figure."""
    with one_line_errors():
        from sim.files.outputs import write_text
        from sim.validation import SUITES
        from sim.validation.cases import Case, SuiteSkipped, summarise
        from sim.validation.report import as_markdown, as_svg, table

        if suite != "all" and suite not in SUITES:
            raise InputError(Problem(f"found {suite!r}, expected {', '.join(SUITES)} or all", "SUITE"))
        if output.exists() and not output.is_dir():
            raise InputError(Problem("is not a folder", f"--output {output}"))
        output.mkdir(parents=True, exist_ok=True)
        page, picture = output / "validation.md", output / "validation.svg"
        check_targets(page, picture)
        cases, skipped = list[Case](), dict[str, str]()
        for name in SUITES:
            try:
                cases += SUITES[name]() if suite in ("all", name) else []
            except SuiteSkipped as why:
                if suite == name:
                    raise InputError(Problem(str(why), f"SUITE {name}")) from None
                skipped[name] = str(why)
        write_text(page, as_markdown(cases, suite, skipped))
        write_text(picture, as_svg(cases))
    show(table(summarise(cases)))
    for name, reason in skipped.items():
        show(f"skipped: {name}, which {reason}")
    if not all(case.holds for case in cases):
        raise typer.Exit(1)
