"""YAML documents with line numbers: read, overridden from the command line, checked against a pydantic schema.

YAML 1.2 by ruamel.yaml. Every mistake of a document is reported at once, each as an :class:`~sim.files.errors.Problem`
that names the file, the line and the dotted key.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from sim.files.errors import InputError, Problem

SpecType = TypeVar("SpecType", bound=BaseModel)
Lines = Mapping[tuple[str | int, ...], int]  # path of an entry -> the line, from 1, at which it stands


@dataclass
class Document:
    """One parsed YAML mapping with what it extends merged in, where it came from, and the overrides laid over it.

    ``sources`` holds (file, line of every path in it) from the document itself to the one it extends at last.
    """

    data: dict[str, Any]
    sources: list[tuple[str, Lines]]
    overrides: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, Any] = field(default_factory=dict)  # by path: what the files say where there is an override

    @property
    def file(self) -> str:
        """The file that the user named."""
        return self.sources[0][0]

    @property
    def files(self) -> list[Path]:
        """Every file that it was read from."""
        return [Path(name) for name, _ in self.sources]

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """A mistake at the dotted *path*, placed at its line, or at the override that set it or something in it."""
        key = ".".join(str(part) for part in path)
        for overridden, text in self.overrides.items():
            if key == overridden or key.startswith(overridden + ".") or overridden.startswith(key + "."):
                return Problem(message, file=f"--set {text}", key=key)
        depth, file, line = -1, self.file, 1
        for name, lines in self.sources:
            found, at = _locate(lines, path)
            if found > depth:
                depth, file, line = found, name, at
        return Problem(message, file, line, key)

    def override(self, assignment: str) -> None:
        """Apply ``path=value`` (the value is YAML); an unknown path shows when the document is checked."""
        path, text = split_assignment(assignment)
        *parents, last = path.split(".")
        node = self.data
        for part in parents:
            child = node.get(part)
            node[part] = node = dict(child) if isinstance(child, dict) else {}
        self.replaced.setdefault(path, node.get(last))
        node[last] = _parse(text, f"--set {assignment}")
        self.overrides[path] = assignment

    def changed(self, assignments: Iterable[str]) -> Document:
        """A copy with *assignments* applied to it."""
        copy = Document(dict(self.data), self.sources, dict(self.overrides), dict(self.replaced))
        for assignment in assignments:
            copy.override(assignment)
        return copy

    def check(self, schema: type[SpecType], at: Sequence[str] = ()) -> SpecType:
        """The document, or its part *at* a path, as a *schema* object; raises InputError with every mistake in it."""
        data: Any = self.data
        for part in at:
            data = data.get(part, {})
        try:
            return schema.model_validate(data)
        except ValidationError as error:
            raise InputError(*(self._explain(item, schema, at) for item in error.errors())) from None

    def _explain(self, item: Any, schema: type[BaseModel], at: Sequence[str]) -> Problem:
        inside = [part for part in item["loc"] if not (isinstance(part, str) and "[" in part)]
        path = [*at, *inside]
        kind, found = item["type"], item["input"]
        if kind == "extra_forbidden":
            known = _known_keys(schema, inside[:-1])
            close = difflib.get_close_matches(str(path[-1]), known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return self.problem(path, f"unknown key, expected one of {', '.join(known)}{hint}")
        if kind == "missing":
            return self.problem(path, "is missing")
        if kind == "value_error":
            return self.problem(path, str(item["ctx"]["error"]))
        expected = "a mapping" if kind in ("model_type", "dict_type") else item["msg"].removeprefix("Input should be ")
        return self.problem(path, f"found {found!r}, expected {expected}")


def _locate(lines: Lines, path: Sequence[str | int]) -> tuple[int, int]:
    """How deep *path* can be followed in a file, and the line at which that ends."""
    depth = next((depth for depth in range(len(path), 0, -1) if tuple(path[:depth]) in lines), 0)
    return depth, lines[tuple(path[:depth])] if depth else 1


def _lines(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """(path, line) of every entry below *node*, which stands at *path*."""
    entries: Iterable[tuple[str | int, Node, Node]] = ()
    if isinstance(node, MappingNode):
        entries = ((str(key.value), key, value) for key, value in node.value)
    elif isinstance(node, SequenceNode):
        entries = ((number, value, value) for number, value in enumerate(node.value))
    for part, start, value in entries:
        yield (*path, part), start.start_mark.line + 1
        yield from _lines(value, (*path, part))


def split_assignment(assignment: str) -> tuple[str, str]:
    """``path=value`` as (path, value); raises InputError if it is not that."""
    path, equals, text = assignment.partition("=")
    if not equals or not all(path.split(".")):
        raise InputError(Problem("must be path=value", file=f"--set {assignment}"))
    return path, text


def _known_keys(schema: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The keys of the mapping at *path*; a part of the path that is no field chooses an element of a collection."""
    for part in path:
        if isinstance(part, str) and part in schema.model_fields:
            schema = _schema_in(schema.model_fields[part].annotation) or schema
    return list(schema.model_fields)


def _schema_in(annotation: Any) -> type[BaseModel] | None:
    """The schema in an annotation such as ``Schema``, ``Schema | None`` or ``list[Schema]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((schema for inner in get_args(annotation) if (schema := _schema_in(inner))), None)


def _parse(text: str, name: str) -> Any:
    """The data of a YAML text; raises InputError, which calls it *name*, if it is none."""
    return _parse_marked(text, name)[0]


def _parse_marked(text: str, name: str) -> tuple[Any, Lines]:
    """The data, and the line of every path in it."""
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
        if root is None:
            return None, {}
        lines = dict(_lines(root))  # before the data: to construct it changes the nodes
        return yaml.constructor.construct_document(root), lines
    except YAMLError as error:
        raise InputError(_syntax_problem(error, name)) from None


def _syntax_problem(error: YAMLError, name: str) -> Problem:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return Problem(f"not YAML: {error.problem or error.context}", name, mark.line + 1 if mark else None)
    return Problem(f"not YAML: {str(error).splitlines()[0]}", name)


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node


def read_document(path: Path) -> Document:
    """Parse the YAML mapping in *path*, over the document that its key ``extends`` names (relative to its folder).

    Raises InputError if a file is missing, unreadable, not a mapping, or extends itself.
    """
    chain = [_read(path)]
    seen = {path.resolve()}
    while "extends" in (data := chain[-1][1]):
        name, lines = chain[-1][0], chain[-1][2]
        base, line = data.pop("extends"), _locate(lines, ["extends"])[1]
        path = path.parent / str(base)
        if not path.is_file():
            raise InputError(Problem(f"found {base!r}, expected a file beside this one", name, line, "extends"))
        if path.resolve() in seen:
            raise InputError(Problem(f"{base!r} extends this file in turn", name, line, "extends"))
        seen.add(path.resolve())
        chain.append(_read(path))
    merged: dict[str, Any] = {}
    for _, data, _ in reversed(chain):
        merged = _merge(merged, data)
    return Document(merged, [(name, lines) for name, _, lines in chain])


def _shown(path: Path) -> str:
    """*path* as messages call it: relative to where the user is, if it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _read(path: Path) -> tuple[str, dict[str, Any], Lines]:
    """The name, the plain data and the lines of the YAML mapping in *path*."""
    name = _shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(Problem("no such file", name)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot be read: {error}", name)) from None
    data, lines = _parse_marked(text, name)
    if not isinstance(data, dict):
        found = "nothing" if data is None else "a list" if isinstance(data, list) else repr(data)
        raise InputError(Problem(f"found {found}, expected a mapping of keys to values", name, 1))
    return name, _plain(data), lines
