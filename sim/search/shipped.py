"""The mappings that come with a version: found by a full search for shipped workloads on shipped machines.

They are for exactly these inputs: a workload or machine that differs in anything but its name and description has none.
A search for like layers, on whatever machine, tries them too. ``python -m bench.shipped_mappings`` writes the file.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple

from hw.energy.spec import EnergySpec
from hw.machine import MachineSpec
from sim.version import __version__
from workloads.stack import Stack
from workloads.workload_spec import MappingSpec

FILE: Final = "shipped.json"
WORDS: Final = {"name", "description"}  # of workload and machine, on which nothing depends


class Shipped(NamedTuple):
    """A mapping that was the best of so many ``trials``, as wishes that leave nothing open."""

    wishes: MappingSpec
    trials: int

    def on(self, stack: Stack) -> Stack:
        """*stack* with the wish for this mapping."""
        return stack.wishing(self.wishes)


def fingerprint(stack: Stack, machine: MachineSpec) -> str:
    """Of all that a mapping may depend on; a key that is new to the specifications changes none while it is unused."""
    specs = (spec.model_dump(exclude=WORDS, exclude_defaults=True) for spec in (stack.spec, machine))
    inputs = [*specs, stack.head, *([stack.of_part] if stack.part else [])]
    return sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def shipped_mapping(stack: Stack, machine: MachineSpec) -> Shipped | None:
    """The shipped mapping of *stack* on *machine*, if there is one.

    What is chosen for its time does not depend on energy, so that of a machine with the paper's constants does.
    """
    file, alike = _file(), [machine]
    if stack.wishes.objective == "time":
        alike.append(machine.model_copy(update={"energy": EnergySpec.model_validate("paper")}))
    known = file["mappings"] if file["version"] == __version__ else {}
    found = next((known[key] for each in alike if (key := fingerprint(stack, each)) in known), None)
    return None if found is None else Shipped(MappingSpec.model_validate(found["mapping"]), int(found["trials"]))


def layer(stack: Stack) -> str:
    """A fingerprint of what a timestep of *stack* is, whatever the machine, precision and number of tokens."""
    spec = stack.spec
    formulation = spec.formulation if spec.phase == "prefill" else "sequential"
    sizes = spec.dimensions if spec.equations is None else spec.equations.model_dump(exclude=WORDS)
    found = [spec.model, sizes, spec.phase, spec.batch, formulation, stack.graph.tokens, stack.head]
    found += [stack.of_part] if stack.part else []
    return sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def kindred(stack: Stack) -> list[MappingSpec]:
    """The mappings in the file of layers like those of *stack*, on all machines; be they of an earlier version."""
    like = layer(stack)
    known = _file()["mappings"].values()
    return [MappingSpec.model_validate(each["mapping"]) for each in known if each["layer"] == like]


@cache
def _file() -> dict[str, Any]:
    """Its ``version``, and its ``mappings`` by fingerprint."""
    file = files(__package__) / FILE
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {"version": None, "mappings": {}} | found
