"""stallscope: where an edge accelerator stalls when it runs state-space models, event by event.

>>> from sim import simulate
>>> result = simulate("mamba2", "edge", layers=1, sequence_length=64)
>>> result.units["mac_array"].busy_cycles + sum(result.units["mac_array"].stalls.values()) == result.makespan_cycles
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.accounting.result import Result
    from sim.files.errors import InputError
    from sim.simulation import simulate

from sim.version import __version__

__all__ = ["InputError", "Result", "__version__", "simulate"]

_HOMES = {"simulate": "sim.simulation", "Result": "sim.accounting.result", "InputError": "sim.files.errors"}


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used: the packages below must not pull in the simulator."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
