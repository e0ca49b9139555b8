"""Pages of the site that are made of the code: every command with its help, every public name with its docstring."""

from __future__ import annotations

import stallscope
from sim.commands.cli import COMMANDS, app

WIDTH = 100  # characters of a help page


def commands_page() -> str:
    """Every command, in the order of the program's help, and what it says of itself."""
    parts = ["# Commands", "Each as `python -m sim COMMAND --help` prints it; `stallscope` is the same program."]
    for name in COMMANDS:
        parts += [f"## {name}", *(_fenced(_help(each)) for each in _below(name))]
    return "\n\n".join(parts) + "\n"


def _below(name: str) -> list[list[str]]:
    """The words of a command, and of those below it if it is a group."""
    from typer.main import get_command

    found = get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    return [[name], *([name, each] for each in getattr(found, "commands", ()))]


def _help(words: list[str]) -> str:
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, [*words, "--help"], prog_name="stallscope", terminal_width=WIDTH)
    return done.stdout.strip()


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"


def python_page() -> str:
    """Every public name of ``stallscope``, as Sphinx documents it."""
    names = sorted((name for name in stallscope.__all__ if name != "__version__"), key=str.lower)
    intro = "What `import stallscope` has; [examples](../docs/python.md)."
    return "\n\n".join(["# Python", intro, *(_documented(name) for name in names)]) + "\n"


def _documented(name: str) -> str:
    found = getattr(stallscope, name)
    kind, members = ("autoclass", "\n   :members:") if isinstance(found, type) else ("autofunction", "")
    directive = f".. {kind}:: {found.__module__}.{name}{members}"
    return f"## {name}\n\n```{{eval-rst}}\n{directive}\n```"
