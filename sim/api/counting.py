"""What needs no machine: operations, parameters and state of a workload, and the memory that it takes."""

from __future__ import annotations

from typing import Any

from hw.quantities import BYTES, parse_quantity
from sim.accounting.memory import Logits, Memory
from sim.accounting.memory import memory as memory_of
from sim.files.described import Overrides, Workload
from sim.files.errors import InputError, Problem
from sim.paper.counts import Counts
from sim.paper.counts import count as count_workload


def count(workload: str | Workload, overrides: Overrides = (), **keywords: Any) -> Counts:
    """Operations, parameters, state and least DRAM traffic of *workload*, and the paper's way of counting beside it.

    *overrides* are those of :func:`~sim.simulation.simulate`. Raises InputError with every mistake in the input.

    >>> count("mamba2", layers=1).parameters
    14446864
    """
    return count_workload(_described(workload).changed(overrides, **keywords).built)


def memory(
    workload: str | Workload,
    device: str | int = "24GiB",
    overrides: Overrides = (),
    *,
    logits: Logits = "last",
    forward: str | None = None,
    **keywords: Any,
) -> Memory:
    """The peak of memory of *workload*, part by part, and the longest prompt that fits into a *device* of that size.

    *logits* are those of the ``last`` token, or of ``all``; *forward* names whose forward pass is told of beside.
    Raises InputError with every mistake in the input.
    """
    try:
        size = device if isinstance(device, int) else parse_quantity(device, BYTES, "24GiB")
    except ValueError as error:
        raise InputError(Problem(f"expected {error}", f"device {device}")) from None
    return memory_of(_described(workload).changed(overrides, **keywords).built, size, logits, forward)


def _described(workload: str | Workload) -> Workload:
    return workload if isinstance(workload, Workload) else Workload(workload)
