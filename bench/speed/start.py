"""How long a command takes before it does anything."""

from __future__ import annotations

from functools import partial

from bench.children import beside, python
from bench.speed.rows import TARGET_HEADER, TARGET_TEXT, against, note
from sim.presentation.markdown import table

TIMES = 10
UP_TO = """
import os
import sim.files.resolve
from sim.commands.process import main
resolve = sim.files.resolve.resolve
def resolved(*names):
    resolve(*names)
    {then}
    os._exit(0)
sim.files.resolve.resolve = resolved
main()
"""
UP_TO_INPUTS, UP_TO_CHOOSING = UP_TO.format(then="pass"), UP_TO.format(then="import sim.simulation")
PACKAGES = "pydantic", "ruamel.yaml", "simpy", "numpy", "typer"
COMMANDS: dict[str, tuple[tuple[str, ...], float | None]] = {
    "`python -m sim --help`": (("-m", "sim", "--help"), 0.15),
    "`python -m sim run mamba3_mimo -q` until its inputs are known to be right": (
        ("-c", UP_TO_INPUTS, "run", "mamba3_mimo", "-q"), None,
    ),
    "the same, and what chooses and runs is imported, numpy among it": (
        ("-c", UP_TO_CHOOSING, "run", "mamba3_mimo", "-q"), 0.35,
    ),
    "`python -c 'import sim'`": (("-c", "import sim"), None),
    "`python -c 'import sim.simulation'`": (("-c", "import sim.simulation"), None),
    **{f"`python -c 'import {name}'`": (("-c", f"import {name}"), None) for name in PACKAGES},
    "`python -c pass`": (("-c", "pass"), None),
}  # fmt: skip
TEXT = f"CPU seconds of the process, the least of {TIMES} runs, with the modules' byte code at hand. {TARGET_TEXT}"


def section() -> str:
    """A row for each command."""
    rows = []
    for name, (command, target_s) in COMMANDS.items():
        cpu_s, bare = beside(partial(_least, command))
        rows.append([name, f"{cpu_s:.3f}", *(["", "", ""] if target_s is None else against(target_s, cpu_s, bare))])
        note(*rows[-1])
    return TEXT + "\n\n" + table(["what", "s", *TARGET_HEADER], rows)


def _least(command: tuple[str, ...]) -> float:
    return min(python(*command).cpu_s for _ in range(TIMES))
