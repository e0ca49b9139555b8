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
    mapping, wishes = section.mapping, section.stack.wishes
    above = result.above_any_mapping
    lines = [
        f"# Found by `{command}`, stallscope {__version__}: {result.makespan_cycles:,} cycles"
        + ("" if above is None else f", within {percent(above)} of the least that any mapping takes."),
        f"name: {dumps(f'{result.workload} on {result.machine}')}",
        f"description: {dumps(f'for {result.phase}, batch {result.batch}, the best of {section.trials} tried')}",
        "mapping:",
        f"  token_tile: {mapping.token_tile}",
        f"  blocks: {mapping.blocks}",
        f"  lanes: {mapping.lanes}",
        f"  weight_slot_kib: {mapping.weight_slot_bytes // 1024}",
        f"  spill: {dumps(mapping.spill)}",
        f"  contractions: {wishes.contractions}",
    ]
    chosen = {name: unit for name, unit in mapping.placement.items() if len(section.costs.units(name)) > 1}
    lines += ["  place:"] if chosen else []
    lines += [f"    {name}: {unit}" for name, unit in chosen.items()]
    return "\n".join(lines) + "\n"
