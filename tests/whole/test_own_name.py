"""``import stallscope`` and ``python -m stallscope`` beside ``sim``: one program, one version, no second copy."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import sim
import stallscope


def test_it_has_the_public_names_of_sim_and_every_one_that_it_says() -> None:
    assert set(stallscope.__all__) >= set(sim.__all__)
    assert all(getattr(stallscope, name) is getattr(sim, name) for name in sim.__all__)
    assert all(getattr(stallscope, name).__doc__ for name in set(stallscope.__all__) - {"__version__"})
    assert dir(stallscope) == sorted(stallscope.__all__)
    with pytest.raises(AttributeError, match="module 'stallscope' has no attribute 'simulation'"):
        _ = stallscope.simulation


def test_it_is_no_second_home_of_modules() -> None:
    with pytest.raises(ModuleNotFoundError, match="not a package"):
        import_module("stallscope.simulation")


def test_importing_it_imports_no_simulator() -> None:
    code = "import sys, stallscope; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sim.simulation", "sim.commands.cli", "hw", "workloads"} & set(loaded)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["schema"], ["run", "nothing"]])
def test_it_runs_what_sim_runs(arguments: list[str]) -> None:
    ours, theirs = (
        subprocess.run([sys.executable, "-m", name, *arguments], capture_output=True, text=True, check=False)
        for name in ("stallscope", "sim")
    )
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)
