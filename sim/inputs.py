"""Inputs of a run: from names and assignments to a workload and a machine that have been checked.

What maps and simulates them takes a while to import, so it stands apart: a mistake in the input is found before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hw.machine import MachineSpec
from sim.catalog import find
from sim.documents import Document, Spec, read_document, split_assignment
from sim.errors import InputError, Problem
from workloads.config import Workload, WorkloadSpec, build_workload


@dataclass(frozen=True)
class Inputs:
    """A workload and a machine; *document* is where the workload's wishes are written."""

    workload: Workload
    machine: MachineSpec
    document: Document


def resolve(workload: str, machine: str, assignments: Iterable[str] = ()) -> Inputs:
    """Find, override and check; raises InputError with every mistake in the input."""
    document, machine_document = read_inputs(workload, machine, assignments)
    spec = machine_document.check(MachineSpec)
    return Inputs(build_workload(document), spec, document)


class NamedMapping(Spec):
    """A way to map workloads that has a name: assignments as ``--set`` takes them."""

    name: str
    description: str = ""
    set: list[str]


def named_mapping(name: str) -> list[str]:
    """The assignments of a named mapping: a YAML file, or a shipped one's name. Raises InputError."""
    return read_document(find("mapping", name)).check(NamedMapping).set


def read_inputs(workload: str, machine: str, assignments: Iterable[str]) -> tuple[Document, Document]:
    """The documents of a workload and a machine, with *assignments* applied to the one that each is about."""
    documents = read_workload(workload), read_document(find("machine", machine))
    for assignment in assignments:
        _target(assignment, *documents).override(assignment)
    return documents


def read_workload(name: str) -> Document:
    """The document of a workload: a YAML file, the name of a shipped one, or a model's ``config.json``."""
    path = find("workload", name)
    if path.suffix != ".json":
        return read_document(path)
    from workloads.checkpoint import read_checkpoint

    return read_checkpoint(path)


def _target(assignment: str, workload: Document, machine: Document) -> Document:
    """The document that a ``path=value`` is about: the first part of the path is a key of one of the two."""
    path, _ = split_assignment(assignment)
    first = path.split(".")[0]
    if first in WorkloadSpec.model_fields:
        return workload
    if first in MachineSpec.model_fields:
        return machine
    known = ", ".join(dict.fromkeys((*WorkloadSpec.model_fields, *MachineSpec.model_fields)))
    raise InputError(Problem(f"unknown key, expected one of {known}", f"--set {assignment}", key=path))
