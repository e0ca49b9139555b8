"""Models that are YAML files of equations: found by the name that a workload gives, and what it changes of them.

A kind of layer may have such a file as well, in its key ``equations.extends`` (workloads/models/layers/spec.py).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from sim.files.catalog import find_base, shipped
from sim.files.documents import Document, merged, read_document
from sim.files.errors import InputError, Problem, did_you_mean, quoted
from workloads.models.equations import INLINE
from workloads.models.registry import GENERATORS, LAYERS, known_generator

EXTENDS = "extends"


def with_equations(document: Document) -> Document:
    """*document* of a workload with the equations of its model in it, if it names a file of them, and as they stand.

    What the workload has in ``equations`` is laid over the file's. Raises InputError if there is no such model.
    """
    model = document.data.get("model")
    if not isinstance(model, str):
        return document
    if model == LAYERS:
        return _with_equations_of_kinds(document)
    written = model == INLINE or model.endswith(".yaml") or model in shipped("equations")
    if model in GENERATORS or (not written and known_generator(model) is not None):  # to look for others takes a while
        if document.data.get(INLINE) is not None:
            raise InputError(document.contradiction([[INLINE], ["model"]], f"{model} has dimensions, not equations"))
        return document
    path = None if model == INLINE else _file_of(document, model, ("model",))
    if document.data.get("dimensions"):
        raise InputError(document.contradiction([["dimensions"], ["model"]], "equations have sizes, not dimensions"))
    if path is None:
        if document.data.get(INLINE) is None:
            raise InputError(document.problem(["model"], "found 'equations', expected a section `equations:` as well"))
        return document
    return _extended(replace(document, data={**document.data, "model": Path(model).stem}), (INLINE,), path)


def _with_equations_of_kinds(document: Document) -> Document:
    """*document* with the files of equations that its kinds of layers extend."""
    dimensions = document.data.get("dimensions")
    kinds = dimensions.get("kinds") if isinstance(dimensions, dict) else None
    for name, kind in kinds.items() if isinstance(kinds, dict) else ():
        written = kind.get(INLINE) if isinstance(kind, dict) else None
        if isinstance(written, dict) and EXTENDS in written:
            place = ("dimensions", "kinds", name, INLINE)
            path = _file_of(document, str(written[EXTENDS]), (*place, EXTENDS))
            document = _extended(document, place, path)
    return document


def _extended(document: Document, place: tuple[str, ...], path: Path) -> Document:
    """*document* with the equations of the file at *path* below what it has at *place*; raises InputError."""
    file = read_document(path, partial(find_base, "equations"))
    *parents, last = place
    data = node = dict(document.data)
    for part in parents:
        node[part] = node = dict(node[part])
    over = node.get(last)
    if over is not None and not isinstance(over, dict):
        raise InputError(document.problem(place, f"found {quoted(over)}, expected a mapping"))
    own = {key: value for key, value in (over or {}).items() if key != EXTENDS or len(place) == 1}
    node[last] = merged(file.data, own)
    below = [(name, {(*place, *inside): line for inside, line in lines.items()}) for name, lines in file.sources]
    return replace(document, data=data, sources=[*document.sources, *below])


def _file_of(document: Document, model: str, place: tuple[str, ...]) -> Path:
    """The file that *model*, said at *place*, means: one beside that, if it is a path, else a shipped one."""
    if not model.endswith(".yaml") and model in shipped("equations"):
        return shipped("equations")[model]
    by_hand = document.overridden(place) is not None
    said_in = next((Path(name) for name, lines in document.sources if place in lines), Path(document.file))
    folder = Path() if by_hand else said_in.parent
    path = folder / model
    if model.endswith(".yaml") and path.is_file():
        return path
    others = [*GENERATORS, LAYERS, INLINE] if place == ("model",) else []
    known = [*others, *shipped("equations")]
    message = f"found {quoted(model)}, expected one of {', '.join(known)}, or a YAML file of equations"
    problem: Problem = document.problem(place, f"{message}{did_you_mean(model, known)}")
    raise InputError(problem)
