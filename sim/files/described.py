"""A workload and a machine as objects, for those who write Python: a file or a shipped name, and what is changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from hw.machine import MachineSpec
from sim.files.documents import Document
from sim.files.errors import InputError
from sim.files.resolve import read, resolve_workload
from sim.files.yaml_text import parse_yaml
from workloads import workload as built
from workloads.graph import TimestepGraph

Overrides = Mapping[str, Any] | Iterable[str]
"""Values by dotted keys, ``{"simd.lanes": 64}``, or assignments as ``--set`` takes them, ``["simd.lanes=64"]``."""


def assignment(key: str, value: Any) -> str:
    """``key=value`` as ``--set`` takes it.

    >>> assignment("sram.capacity", "1MiB"), assignment("mac_array.dataflow", ["weight_stationary"])
    ('sram.capacity=1MiB', 'mac_array.dataflow=["weight_stationary"]')
    """
    plain = isinstance(value, str) and _reads_as(value) == value
    return f"{key}={value if plain else json.dumps(value, default=_plain)}"


def _plain(value: Any) -> Any:
    """A number of numpy as Python's own, anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)


def _reads_as(text: str) -> Any:
    try:
        return parse_yaml(text, "")[0]
    except InputError:
        return None


def assignments(overrides: Overrides = (), keywords: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """*overrides* and then *keywords*, in which a dot is two underscores, as ``--set`` takes them.

    A value that is text is read as ``--set`` reads it.

    >>> assignments({"layers": 2}, {"simd__lanes": 64, "ideal": "[edges]"})
    ('layers=2', 'simd.lanes=64', 'ideal=[edges]')
    """
    given = [_said(*each) for each in overrides.items()] if isinstance(overrides, Mapping) else list(overrides)
    named = (_said(key.replace("__", "."), value) for key, value in (keywords or {}).items())
    return (*given, *named)


def _said(key: str, value: Any) -> str:
    return f"{key}={value}" if isinstance(value, str) else assignment(key, value)


class Described:
    """What a file or a shipped ``name`` describes, with ``assignments`` made to it; never changed itself."""

    kind: ClassVar[str]

    def __init__(self, name: str | Path, overrides: Overrides = (), **keywords: Any) -> None:
        self.name = str(name)
        self.assignments = assignments(overrides, keywords)

    def changed(self, overrides: Overrides = (), **keywords: Any) -> Self:
        """The same with more changed; what is changed twice is what was said last."""
        return type(self)(self.name, [*self.assignments, *assignments(overrides, keywords)])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}{''.join(f', {each!r}' for each in self.assignments)})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


class Machine(Described):
    """A machine: a YAML file, or the name of a shipped one.

    >>> wide = Machine("edge", simd__lanes=64)
    >>> wide.spec.simd.lanes, wide
    (64, Machine('edge', 'simd.lanes=64'))
    """

    kind = "machine"

    @cached_property
    def document(self) -> Document:
        """The file, with what is changed; raises InputError if there is none, or it is no YAML."""
        return read(self.kind, self.name).changed(self.assignments)

    @cached_property
    def spec(self) -> MachineSpec:
        """Everything that the machine consists of; raises InputError with every mistake in its file."""
        return self.document.check(MachineSpec)


class Workload(Described):
    """A workload: a YAML file, the name of a shipped one, or the path of a ``config.json`` of a published model.

    >>> Workload("mamba2", sequence_length=256).spec.sequence_length
    256
    """

    kind = "workload"

    @cached_property
    def built(self) -> built.Workload:
        """Its layers, each with its timestep's graph; raises InputError with every mistake in its file."""
        return resolve_workload(self.name, self.assignments)

    @property
    def spec(self) -> Any:
        """The values of its file (:class:`workloads.workload_spec.WorkloadSpec`)."""
        return self.built.spec

    @property
    def graph(self) -> TimestepGraph:
        """The dependency graph of a timestep of its first kind of layer."""
        return self.built.graph


def named(
    workload: str | Workload, machine: str | Machine, overrides: Overrides, keywords: Mapping[str, Any]
) -> tuple[str, str, tuple[str, ...]]:
    """The names of *workload* and *machine*, and what is changed of either: their own, then the others."""
    own = [each.assignments for each in (workload, machine) if isinstance(each, Described)]
    names = [each.name if isinstance(each, Described) else str(each) for each in (workload, machine)]
    return names[0], names[1], (*(one for each in own for one in each), *assignments(overrides, keywords))
