"""The package ``sim`` under the distribution's name: ``import stallscope``, and ``python -m stallscope``.

>>> import stallscope
>>> stallscope.simulate("mamba2", "edge", layers=1, sequence_length=64).workload
'mamba2'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sim
from sim import __version__

if TYPE_CHECKING:
    from sim import InputError, Result, simulate

__all__ = ["InputError", "Result", "__version__", "simulate"]


def __getattr__(name: str) -> Any:
    """The public names of ``sim``, which imports them when they are first used; nothing else of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(sim, name)


if __name__ == "__main__":
    from sim.commands.process import main

    main()
