"""Packages that only some of what can be asked for needs, and the extra of this project that brings each."""

from __future__ import annotations

from importlib.util import find_spec

from sim.files.errors import InputError, Problem

DISTRIBUTIONS = {"vcd": "pyvcd"}
"""Package -> what it is called where it is installed from, if that is another name."""


def require(package: str, extra: str, purpose: str) -> None:
    """Raise InputError if *package* is not installed, saying which *extra* of this project brings it."""
    if package and find_spec(package) is None:
        name = DISTRIBUTIONS.get(package, package)
        raise InputError(Problem(f"needs the package {name}: pip install 'stallscope[{extra}]'", purpose))
