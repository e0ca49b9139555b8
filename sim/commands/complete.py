"""What a shell completes: names of what is shipped. Where none begins so, it goes on with files."""

from __future__ import annotations


def workloads(incomplete: str) -> list[str]:
    """Names of shipped workloads."""
    return _shipped("workload", incomplete)


def machines(incomplete: str) -> list[str]:
    """Names of shipped machines."""
    return _shipped("machine", incomplete)


def mappings(incomplete: str) -> list[str]:
    """Names of shipped mappings."""
    return _shipped("mapping", incomplete)


def sweeps(incomplete: str) -> list[str]:
    """Names of shipped sweeps."""
    return _shipped("sweep", incomplete)


def goals(incomplete: str) -> list[str]:
    """Names of shipped goals."""
    return _shipped("goal", incomplete)


def settings(incomplete: str) -> list[str]:
    """Paths of keys that ``--set`` takes, each with what begins its value."""
    from sim.files.keys import settable

    return [f"{path}=" for path in settable() if path.startswith(incomplete)]


def figures(incomplete: str) -> list[str]:
    """Names of figures."""
    from sim.presentation.figure_names import SHOWS

    return [name for name in SHOWS if name.startswith(incomplete)]


def grades(incomplete: str) -> list[str]:
    """Speed grades that traces can be replayed on."""
    from hw.dram import TIMINGS

    return [name for name in TIMINGS if name.startswith(incomplete)]


def _shipped(kind: str, incomplete: str) -> list[str]:
    from sim.files.catalog import published, shipped

    return [name for name in (*shipped(kind), *published(kind)) if name.startswith(incomplete)]
