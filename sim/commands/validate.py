"""The command ``validate``: components beside reference data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.options import JsonOption, check_targets, one_line_errors, show, write_json
from sim.commands.written import as_json, rows, written
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.validation.cases import Case


def validate(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="One suite, or all.")] = "all",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write.")] = Path("results"),
    json: JsonOption = None,
) -> None:
    """Compare components with reference data, and with RTL if Verilator is there; writes a page and a figure."""
    with one_line_errors():
        from sim.files.outputs import write_text
        from sim.validation import SUITES
        from sim.validation.cases import summarise
        from sim.validation.outcome import as_data
        from sim.validation.report import as_markdown, as_svg, table

        if suite != "all" and suite not in SUITES:
            raise InputError(Problem(f"found {suite!r}, expected {', '.join(SUITES)} or all", "SUITE"))
        if output.exists() and not output.is_dir():
            raise InputError(Problem("is not a folder", f"--output {output}"))
        output.mkdir(parents=True, exist_ok=True)
        page, picture = output / "validation.md", output / "validation.svg"
        check_targets(page, picture, json)
        cases, skipped = _compared(suite)
        write_text(page, as_markdown(cases, suite, skipped))
        write_text(picture, as_svg(cases))
        told = as_data(cases, skipped) | {"written": rows(map(written, (page, picture)))}
        silent = write_json(as_json(told), json)
    if not silent:
        show(table(summarise(cases)))
        for name, reason in skipped.items():
            show(f"skipped: {name}, which {reason}")
    if not all(case.holds for case in cases):
        raise typer.Exit(1)


def _compared(suite: str) -> tuple[list[Case], dict[str, str]]:
    """The cases of a *suite* or of all, and which were skipped, with the reason; raises InputError for one alone."""
    from sim.validation import SUITES
    from sim.validation.cases import SuiteSkipped

    cases: list[Case] = []
    skipped: dict[str, str] = {}
    for name in SUITES:
        try:
            cases += SUITES[name]() if suite in ("all", name) else []
        except SuiteSkipped as why:
            if suite == name:
                raise InputError(Problem(str(why), f"SUITE {name}")) from None
            skipped[name] = str(why)
    return cases, skipped
