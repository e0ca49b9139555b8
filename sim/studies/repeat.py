"""The command that runs a point of a sweep again, by itself."""

from __future__ import annotations

import shlex

from sim.studies.points import Point


def repeating(point: Point) -> str:
    """The command that runs *point*, quoted for a shell.

    >>> repeating(Point("mamba2", "edge", ("sram.capacity=1MiB",), simulate_layers=2))
    'python -m sim run mamba2 --hw edge --set sram.capacity=1MiB --simulate-layers 2'
    """
    words = ["python", "-m", "sim", "run", point.workload, "--hw", point.machine]
    words += ["--mapping", point.mapping] if point.mapping else []
    for assignment in point.assignments:
        words += ["--set", str(assignment)]
    words += ["--search", point.search] if point.search else []
    words += ["--simulate-layers", str(point.simulate_layers)] if point.simulate_layers else []
    return shlex.join(words)
