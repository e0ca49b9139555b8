"""Inputs of a run: from names and assignments to a workload and a machine that have been checked.

What maps and simulates them takes a while to import, so it stands apart: a mistake in the input is found before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hw.machine import MachineSpec
from sim.files.catalog import find, find_base
from sim.files.documents import Assignment, Document, read_document, said, split_assignment
from sim.files.equations import with_equations
from sim.files.errors import InputError, MappingError, Problem, did_you_mean
from sim.files.keys import NamedMapping, settable
from sim.files.layers import check_layers
from workloads.building import built, generator_of
from workloads.models.equations import EquationError
from workloads.models.generator import SEQUENTIAL, Generator
from workloads.models.registry import LAYERS
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec


@dataclass(frozen=True)
class Inputs:
    """A workload and a machine, and the ``documents`` that they are written in."""

    workload: Workload
    machine: MachineSpec
    documents: tuple[Document, Document]

    @property
    def model_layers(self) -> int | None:
        """The layers that the workload's own file gives it, where it was told to have another number."""
        return model_layers(self.documents[0])

    def placing(self) -> AbstractContextManager[None]:
        """Where the workload cannot be laid onto the machine, the block raises InputError with the lines."""
        return placing(*self.documents)


def model_layers(document: Document) -> int | None:
    """The layers that the files behind *document* say, where an override says otherwise."""
    own = document.replaced.get("layers")
    return own if isinstance(own, int) and own != document.data["layers"] else None


def resolve(workload: str, machine: str, assignments: Iterable[str] = ()) -> Inputs:
    """Find, override and check; raises InputError with every mistake in the input."""
    return checked(read_inputs(workload, machine, assignments))


def checked(documents: tuple[Document, Document]) -> Inputs:
    """The workload and machine that *documents* describe; raises InputError with every mistake in them."""
    mistakes: list[Problem] = []
    try:
        spec = documents[1].check(MachineSpec)
    except InputError as error:
        mistakes += error.problems
    try:
        built = build_workload(documents[0])
    except InputError as error:
        mistakes += error.problems
    if mistakes:
        raise InputError(*mistakes)
    return Inputs(built, spec, documents)


@contextmanager
def placing(workload: Document, machine: Document) -> Iterator[None]:
    """Turns a MappingError of the block into an InputError that says where the entries stand in the documents."""
    try:
        yield
    except MappingError as error:
        workload = with_equations(workload)
        problems = (_placed(paths, message, workload, machine) for paths, message in error.misfits)
        raise InputError(*problems) from None


def _placed(paths: Sequence[Sequence[str]], message: str, workload: Document, machine: Document) -> Problem:
    """At one of *paths* that was overridden, else in the document of the first."""
    documents = [machine if path[0] in MachineSpec.model_fields else workload for path in paths]
    pairs = list(zip(documents, paths, strict=True))
    document = next((document for document, path in pairs if document.overridden(path)), documents[0])
    return document.contradiction([path for other, path in pairs if other is document], message)


def named_mapping(name: str) -> list[str]:
    """The assignments of a named mapping: a YAML file, or a shipped one's name. Raises InputError."""
    document = read("mapping", name)
    spec = document.check(NamedMapping)
    found = [] if spec.mapping is None else list(_leaves(document, ("mapping",)))
    for key in spec.machine:
        if key not in MachineSpec.model_fields:
            hint = did_you_mean(key, MachineSpec.model_fields)
            raise InputError(document.problem(["machine", key], f"is no key of machines{hint}", unknown=True))
        found += _leaves(document, ("machine", key), 1)
    return [*found, *(Assignment(each, f"--mapping {name}: {each}") for each in spec.set)]


def _leaves(document: Document, path: tuple[str, ...], skipped: int = 0) -> Iterator[Assignment]:
    """An assignment for each value below *path*, whose first parts are left out; what said so is the line."""
    value: Any = document.data
    for part in path:
        value = value.get(part, {})
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(document, (*path, key), skipped)
        return
    place = document.problem(path, "")
    said_by = f"{place.file}:{place.line}" if place.line else place.file
    yield Assignment(f"{'.'.join(path[skipped:])}={json.dumps(value)}", said_by)


def read_inputs(workload: str, machine: str, assignments: Iterable[str]) -> tuple[Document, Document]:
    """The documents of a workload and a machine, with *assignments* applied to the one that each is about."""
    return changed((read("workload", workload), read("machine", machine)), assignments)


def resolve_layers(
    workload: str, machine: str, assignments: Iterable[str]
) -> tuple[Workload, tuple[Document, Document]]:
    """A workload that is layers alone, and its document and the machine's; raises InputError for one with a head."""
    documents = read_inputs(workload, machine, assignments)
    found = build_workload(documents[0])
    if found.spec.head:
        raise InputError(documents[0].problem(["head"], "experiments look at layers alone, expected false"))
    return found, documents


def changed(documents: tuple[Document, Document], assignments: Iterable[str]) -> tuple[Document, Document]:
    """Copies of a workload's and a machine's *documents*, with *assignments* applied to the one that each is about."""
    workload, machine = (document.changed(()) for document in documents)
    for assignment in assignments:
        _target(assignment, workload, machine).override(assignment)
    return workload, machine


def files_behind(named: Iterable[tuple[str, str]]) -> list[Path]:
    """Every file that is read for inputs of a kind and name, with what they extend; nothing for what cannot be read."""
    found: list[Path] = []
    for kind, name in named:
        try:
            document = read(kind, name)
            found += (with_equations(document) if kind == "workload" else document).files
        except InputError:
            continue  # whoever reads it says so
    return found


def read(kind: str, name: str) -> Document:
    """The document of a workload, machine or mapping: a YAML file, the name of a shipped one; a model's config.json."""
    path = find(kind, name)
    if kind != "workload" or path.suffix != ".json":
        return read_document(path, partial(find_base, kind))
    from sim.files.checkpoint import read_checkpoint

    return read_checkpoint(path)


def resolve_workload(name: str, assignments: Iterable[str] = ()) -> Workload:
    """The workload called *name* by itself, with *assignments* made; raises InputError with every mistake."""
    document = read("workload", name)
    for assignment in assignments:
        path, _ = split_assignment(assignment)
        if path.split(".")[0] in MachineSpec.model_fields.keys() - WorkloadSpec.model_fields.keys():
            raise InputError(Problem("is a key of machines, and here is none", said(assignment), key=path))
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
    known = dict.fromkeys((*WorkloadSpec.model_fields, *MachineSpec.model_fields))
    ending = [key for key in settable() if key.endswith(f".{path}")]
    hint = f"; did you mean {' or '.join(map(repr, ending))}?" if ending else did_you_mean(path, settable())
    message = f"unknown key, expected one of {', '.join(known)}{hint}"
    raise InputError(Problem(message, said(assignment), key=path, unknown=True))


def build_workload(document: Document) -> Workload:
    """Check *document* and generate its graphs; raises InputError with every mistake."""
    document = with_equations(document)
    spec = document.check(WorkloadSpec)
    if spec.model == LAYERS:
        dimensions: BaseModel = check_layers(spec, document)
        problems = list(_without_vocabulary(spec, document))
    else:
        generator = generator_of(spec)
        dimensions = spec.equations or document.check(generator.dimensions, at=["dimensions"])
        problems = [*_without_formulation(spec, generator, document), *_without_vocabulary(spec, document)]
    if problems:
        raise InputError(*problems)
    try:
        return built(spec, dimensions)
    except EquationError as error:
        raise InputError(document.problem(["equations", *error.place], str(error))) from None
    except ValueError as error:
        raise InputError(document.contradiction([["chunk"], ["formulation"]], str(error))) from None


def _without_formulation(spec: WorkloadSpec, generator: Generator, document: Document) -> Iterator[Problem]:
    """What to say of a formulation that the model does not have."""
    formulations = (SEQUENTIAL, *generator.chunked)
    if spec.formulation not in formulations:
        message = f"found {spec.formulation!r}, expected one of {', '.join(formulations)} for {spec.model}"
        yield document.contradiction([["formulation"], ["model"]], message)


def _without_vocabulary(spec: WorkloadSpec, document: Document) -> Iterator[Problem]:
    """What to say of a head for an unknown vocabulary."""
    if spec.head and spec.vocabulary is None:
        message = "an LM head needs the size of the vocabulary"
        yield document.contradiction([["head"], ["vocabulary"]], message)
