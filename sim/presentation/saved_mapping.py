"""A mapping that was found, as a YAML file that ``--mapping`` takes: the same mapping again, without a search."""

from __future__ import annotations

from json import dumps

from sim.accounting.result import Result
from sim.files.errors import InputError, Problem
from sim.files.numbers import percent
from sim.lowering.section import Section
from sim.version import __version__


def saved_mapping(section: Section, result: Result, command: str) -> str:
    """The text for the mapping of *section*, which *command* found and which had this *result*.

    Raises InputError where layers differ, since a file has one mapping.
    """
    if result.sections is not None:
        raise InputError(Problem("layers differ, and a file has one mapping", "--save-mapping"))
    above = result.above_any_mapping
    lines = [
        f"# Found by `{command}`, stallscope {__version__}: {result.makespan_cycles:,} cycles"
        + ("" if above is None else f", within {percent(above)} of the least that any mapping takes."),
        f"name: {dumps(f'{result.workload} on {result.machine}')}",
        f"description: {dumps(f'for {result.phase}, batch {result.batch}: {result.mapping.source}')}",
        "mapping:",
    ]
    for key, value in section.as_wishes.model_dump(exclude_defaults=True).items():
        if isinstance(value, dict):
            lines += [f"  {key}:", *(f"    {name}: {unit}" for name, unit in value.items())]
        else:
            lines.append(f"  {key}: {value if isinstance(value, str) else dumps(value)}")
    return "\n".join(lines) + "\n"
