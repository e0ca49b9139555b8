"""What commands take as the kind of an input."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """A kind of file that is shipped and that one can write."""

    workload = "workload"
    machine = "machine"
    mapping = "mapping"
    equations = "equations"
    sweep = "sweep"
    goal = "goal"


class Listed(StrEnum):
    """What ``list`` knows."""

    workload = "workload"
    machine = "machine"
    mapping = "mapping"
    equations = "equations"
    sweep = "sweep"
    goal = "goal"
    figure = "figure"


class Described(StrEnum):
    """What has a schema."""

    result = "result"
    workload = "workload"
    machine = "machine"
    mapping = "mapping"
    equations = "equations"
    sweep = "sweep"
    goal = "goal"
