"""What can be asked in Python, and the program: ``import stallscope``, and ``python -m stallscope``.

>>> import stallscope
>>> stallscope.simulate("mamba2", "edge", layers=1, sequence_length=64).workload
'mamba2'

docs/python.md shows each of the names. They are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim import __version__

if TYPE_CHECKING:
    from sim.accounting.result import Result
    from sim.api.counting import count, memory
    from sim.api.experiments import compare, explain
    from sim.api.frames import frame
    from sim.api.recording import Trace, record, trace
    from sim.api.studies import search, sweep
    from sim.files.described import Machine, Workload
    from sim.files.errors import InputError
    from sim.files.limits import Limits
    from sim.simulation import simulate

__all__ = [
    "InputError",
    "Limits",
    "Machine",
    "Result",
    "Trace",
    "Workload",
    "__version__",
    "compare",
    "count",
    "explain",
    "frame",
    "memory",
    "record",
    "search",
    "simulate",
    "sweep",
    "trace",
]

_HOMES = {
    "sim.accounting.result": ("Result",),
    "sim.api.counting": ("count", "memory"),
    "sim.api.experiments": ("compare", "explain"),
    "sim.api.frames": ("frame",),
    "sim.api.recording": ("Trace", "record", "trace"),
    "sim.api.studies": ("search", "sweep"),
    "sim.files.described": ("Machine", "Workload"),
    "sim.files.errors": ("InputError",),
    "sim.files.limits": ("Limits",),
    "sim.simulation": ("simulate",),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


if __name__ == "__main__":
    from sim.commands.process import main

    main()
