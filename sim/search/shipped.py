"""The mappings that come with a version: found by a full search for shipped workloads on shipped machines.

They are for exactly these inputs: a workload or machine that differs in anything but its name and description has none.
``python -m bench.shipped_mappings`` writes the file.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple

from hw.machine import MachineSpec
from sim.version import __version__
from workloads.workload import MappingSpec, Stack

FILE: Final = "shipped.json"
WORDS: Final = {"name", "description"}  # of workload and machine, on which nothing depends


class Shipped(NamedTuple):
    """A mapping that was the best of so many ``trials``, as wishes that leave nothing open."""

    wishes: MappingSpec
    trials: int

    def on(self, stack: Stack) -> Stack:
        """*stack* with the wish for this mapping."""
        return replace(stack, spec=stack.spec.model_copy(update={"mapping": self.wishes}))


def fingerprint(stack: Stack, machine: MachineSpec) -> str:
    """Of all that a mapping may depend on."""
    inputs = stack.spec.model_dump(exclude=WORDS), stack.head, machine.model_dump(exclude=WORDS)
    return sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def shipped_mapping(stack: Stack, machine: MachineSpec) -> Shipped | None:
    """The shipped mapping of *stack* on *machine*, if there is one."""
    found = _all().get(fingerprint(stack, machine))
    return None if found is None else Shipped(MappingSpec.model_validate(found["mapping"]), int(found["trials"]))


@cache
def _all() -> dict[str, dict[str, Any]]:
    """What the file has, by fingerprint; nothing if it is of another version."""
    file = files(__package__) / FILE
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    mappings: dict[str, dict[str, Any]] = found["mappings"] if found.get("version") == __version__ else {}
    return mappings
