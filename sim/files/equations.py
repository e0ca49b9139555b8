"""Models that are YAML files of equations: found by the name that a workload gives, and what it changes of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sim.files.catalog import find_base, shipped
from sim.files.documents import Document, merged, read_document
from sim.files.errors import InputError, Problem, did_you_mean, quoted
from workloads.models.equations import INLINE
from workloads.models.registry import GENERATORS, known_generator


def with_equations(document: Document) -> Document:
    """*document* of a workload with the equations of its model in it, if it names a file of them, and as they stand.

    What the workload has in ``equations`` is laid over the file's. Raises InputError if there is no such model.
    """
    model = document.data.get("model")
    if not isinstance(model, str):
        return document
    written = model == INLINE or model.endswith(".yaml") or model in shipped("equations")
    if model in GENERATORS or (not written and known_generator(model) is not None):  # to look for others takes a while
        if document.data.get(INLINE) is not None:
            raise InputError(document.contradiction([[INLINE], ["model"]], f"{model} has dimensions, not equations"))
        return document
    path = None if model == INLINE else _file_of(document, model)
    if document.data.get("dimensions"):
        raise InputError(document.contradiction([["dimensions"], ["model"]], "equations have sizes, not dimensions"))
    if path is None:
        if document.data.get(INLINE) is None:
            raise InputError(document.problem(["model"], "found 'equations', expected a section `equations:` as well"))
        return document
    file = read_document(path, partial(find_base, "equations"))
    over = document.data.get(INLINE)
    if over is not None and not isinstance(over, dict):
        raise InputError(document.problem([INLINE], f"found {quoted(over)}, expected a mapping"))
    data: dict[str, Any] = {**document.data, "model": Path(model).stem, INLINE: merged(file.data, over or {})}
    below = [(name, {(INLINE, *path): line for path, line in lines.items()}) for name, lines in file.sources]
    return replace(document, data=data, sources=[*document.sources, *below])


def _file_of(document: Document, model: str) -> Path:
    """The file that *model* means: one beside that which says so, if it is a path, else a shipped one."""
    if not model.endswith(".yaml") and model in shipped("equations"):
        return shipped("equations")[model]
    by_hand = document.overridden(["model"]) is not None
    said_in = next((Path(name) for name, lines in document.sources if ("model",) in lines), Path(document.file))
    folder = Path() if by_hand else said_in.parent
    path = folder / model
    if model.endswith(".yaml") and path.is_file():
        return path
    known = [*GENERATORS, INLINE, *shipped("equations")]
    message = f"found {quoted(model)}, expected one of {', '.join(known)}, or a YAML file of equations"
    problem: Problem = document.problem(["model"], f"{message}{did_you_mean(model, known)}")
    raise InputError(problem)
