"""Inputs of a run: from names and assignments to a workload and a machine that have been checked.

What maps and simulates them takes a while to import, so it stands apart: a mistake in the input is found before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import Document, read_document, split_assignment
from sim.files.errors import InputError, MappingError, Problem
from workloads.models.registry import GENERATORS, SEQUENTIAL
from workloads.spec import Spec
from workloads.workload import Workload, WorkloadSpec, timestep_graph


@dataclass(frozen=True)
class Inputs:
    """A workload and a machine; *document* is where the workload's wishes are written."""

    workload: Workload
    machine: MachineSpec
    document: Document

    @property
    def model_layers(self) -> int | None:
        """The layers that the workload's own file gives it, where it was told to have another number."""
        return model_layers(self.document)

    def placing(self) -> AbstractContextManager[None]:
        """Where a workload cannot be laid onto a machine, the block raises InputError with the lines in *document*."""
        return placing(self.document)


def model_layers(document: Document) -> int | None:
    """The layers that the files behind *document* say, where an override says otherwise."""
    own = document.replaced.get("layers")
    return own if isinstance(own, int) and own != document.data["layers"] else None


def resolve(workload: str, machine: str, assignments: Iterable[str] = ()) -> Inputs:
    """Find, override and check; raises InputError with every mistake in the input."""
    document, machine_document = read_inputs(workload, machine, assignments)
    spec = machine_document.check(MachineSpec)
    return Inputs(build_workload(document), spec, document)


@contextmanager
def placing(document: Document) -> Iterator[None]:
    """Turns a MappingError of the block into an InputError that says where the wishes stand in *document*."""
    try:
        yield
    except MappingError as error:
        raise InputError(*(document.problem(path, message) for path, message in error.misfits)) from None


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


def files_behind(named: Iterable[tuple[str, str]]) -> list[Path]:
    """Every file that is read for inputs of a kind and name, with what they extend; nothing for what cannot be read."""
    found: list[Path] = []
    for kind, name in named:
        try:
            found += (read_workload(name) if kind == "workload" else read_document(find(kind, name))).files
        except InputError:
            continue  # whoever reads it says so
    return found


def read_workload(name: str) -> Document:
    """The document of a workload: a YAML file, the name of a shipped one, or a model's ``config.json``."""
    path = find("workload", name)
    if path.suffix != ".json":
        return read_document(path)
    from sim.files.checkpoint import read_checkpoint

    return read_checkpoint(path)


def resolve_workload(name: str, assignments: Iterable[str] = ()) -> Workload:
    """The workload called *name* by itself, with *assignments* made; raises InputError with every mistake."""
    document = read_workload(name)
    for assignment in assignments:
        document.override(assignment)
    return build_workload(document)


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


def build_workload(document: Document) -> Workload:
    """Check *document* and generate its graphs; raises InputError with every mistake."""
    spec = document.check(WorkloadSpec)
    dimensions = document.check(GENERATORS[spec.model].dimensions, at=["dimensions"])
    problems = _inconsistencies(spec, document)
    if problems:
        raise InputError(*problems)
    try:
        graph = timestep_graph(spec, dimensions)
    except ValueError as error:
        raise InputError(document.problem(["chunk"], str(error))) from None
    return Workload.alike(spec, graph)


def _inconsistencies(spec: WorkloadSpec, document: Document) -> list[Problem]:
    """What contradicts itself between the entries of a workload file."""
    problems, formulations = [], (SEQUENTIAL, *GENERATORS[spec.model].chunked)
    if spec.formulation not in formulations:
        message = f"found {spec.formulation!r}, expected one of {', '.join(formulations)} for {spec.model}"
        problems.append(document.problem(["formulation"], message))
    if spec.head and spec.vocabulary is None:
        problems.append(document.problem(["head"], "an LM head needs the size of the vocabulary"))
    return problems
