"""Commands as they are typed, and what every mistake in them must look like."""

from __future__ import annotations

from typer.testing import CliRunner

from sim.commands.cli import app


def call(*arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the command."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def check_prints(arguments: list[str], parts: list[str]) -> None:
    """The command succeeds, and its output has all *parts*."""
    code, output, _ = call(*arguments)
    assert code == 0
    for part in parts:
        assert part in output


def check_refused(arguments: list[str], message: str) -> None:
    """The command says *message* in one line, prints nothing else, and exits with 2."""
    code, output, error = call(*arguments)
    assert code == 2
    assert output == ""
    assert message in error
    assert error.startswith("stallscope: ")
    assert error.count("\n") == 1
