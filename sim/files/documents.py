"""YAML documents: read, overridden from the command line, checked against a pydantic schema.

Every mistake of a document is reported at once, each as an :class:`~sim.files.errors.Problem` that names the file, the
line and the dotted key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from os.path import isfile
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from sim.files.errors import InputError, Problem, did_you_mean, quoted
from sim.files.yaml_text import Lines, parse_yaml, read_yaml

SpecType = TypeVar("SpecType", bound=BaseModel)
EXPECTED = {  # kind of mistake -> what was expected, where pydantic's words do not do
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "greater_than_equal": "{ge} at least",
    "less_than_equal": "{le} at most",
    "string_too_short": "{min_length} character at least",
    "string_too_long": "{max_length} characters at most",
    "string_pattern_mismatch": "one line of visible characters",
    "too_short": "{min_length} entry at least",
    "too_long": "{max_length} entries at most",
    "union_tag_not_found": "a mapping with the key {discriminator}",
    "union_tag_invalid": "{discriminator} to be one of {expected_tags}",
}
NAMED = ("mapping.place.",)
SHORTHAND = {"precision": ("weights", "activations")}
"""Key -> the keys below it that are meant where a value stands there by itself, instead of a mapping."""
ONE_THING = {"state_precision": "precision.state", "precision.state": "state_precision"}
"""Path -> another one that says the same: an override of one takes the place of what files say at the other."""
DEEPEST = 16  # keys in one another that an assignment may name


class Assignment(str):
    """A ``path=value`` that something other than ``--set`` has *said*."""

    said: str

    def __new__(cls, text: str, said: str) -> Assignment:
        """*text* is the assignment, *said* what messages call it."""
        made = super().__new__(cls, text)
        made.said = said
        return made

    def __reduce__(self) -> tuple[type[Assignment], tuple[str, str]]:
        return type(self), (str(self), self.said)


@dataclass
class Document:
    """One parsed YAML mapping with what it extends merged in, where it came from, and the overrides laid over it.

    ``sources`` holds (file, line of every path in it) from the document itself to the one it extends at last;
    ``overrides`` what said so, by the path that it sets, and ``replaced`` what the files say there.
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

    def problem(self, path: Sequence[str | int], message: str, *, unknown: bool = False) -> Problem:
        """A mistake at the dotted *path*, placed at its line, or at the override that set it or something in it.

        *unknown* says that it is one in a name.
        """
        key = ".".join(str(part) for part in path)
        if by := self.overridden(path):
            return Problem(message, file=by, key=key, unknown=unknown)
        depth, file, line = -1, self.file, 1
        for name, lines in self.sources:
            found, at = _locate(lines, path)
            if found > depth:
                depth, file, line = found, name, at
        return Problem(message, file, line, key, unknown)

    def overridden(self, path: Sequence[str | int]) -> str | None:
        """The override that set what stands at *path*, or something in it, or made the mapping that it is part of."""
        above = path[:-1]
        made_by_overrides = bool(above) and not any(tuple(above) in lines for _, lines in self.sources)
        keys = [".".join(map(str, part)) for part in ([path, above] if made_by_overrides else [path])]
        for key in keys:
            for name, text in self.overrides.items():
                if key == name or key.startswith(name + ".") or name.startswith(key + "."):
                    return text
        return None

    def contradiction(self, paths: Iterable[Sequence[str | int]], message: str) -> Problem:
        """A mistake that keys at several *paths* make together, placed at the one that the user set last.

        That is one that was overridden, else one in the nearest file, else the first.
        """

        def distance(path: Sequence[str | int]) -> int:
            if self.overridden(path):
                return -1
            holds = (number for number, (_, lines) in enumerate(self.sources) if tuple(path) in lines)
            return next(holds, len(self.sources))

        return self.problem(min(paths, key=distance), message)

    def override(self, assignment: str) -> None:
        """Apply ``path=value`` (the value is YAML); an unknown path shows when the document is checked."""
        path, text = split_assignment(assignment)
        *parents, last = _parts(path)
        node = self.data
        for part in parents:
            node[part] = node = spelt_out(part, node.get(part))
        self.replaced.setdefault(path, node.get(last))
        self.overrides[path] = said(assignment)
        self._forget(ONE_THING.get(path))
        try:
            node[last], _ = parse_yaml(text, said(assignment))
        except InputError as error:
            raise InputError(*(replace(each, line=None, key=path) for each in error.problems)) from None

    def _forget(self, path: str | None) -> None:
        """Leave out what stands at *path*, unless an override has put it there."""
        if path is None or path in self.overrides:
            return
        *parents, last = path.split(".")
        node: Any = self.data
        for part in parents:
            if not isinstance(node.get(part), dict):
                return
            node[part] = node = dict(node[part])
        node.pop(last, None)

    def changed(self, assignments: Iterable[str]) -> Document:
        """A copy with *assignments* applied to it."""
        copy = Document(dict(self.data), self.sources, dict(self.overrides), dict(self.replaced))
        for assignment in assignments:
            copy.override(assignment)
        return copy

    def check(self, schema: type[SpecType], at: Sequence[str] = ()) -> SpecType:
        """The document, or its part *at* a path, as a *schema* object; raises InputError with every mistake in it."""
        try:
            return schema.model_validate(self._part(at))
        except ValidationError as error:
            raise InputError(*(self._explain(item, schema, at) for item in error.errors())) from None

    def _part(self, at: Sequence[str]) -> Any:
        """What stands *at* a path."""
        data: Any = self.data
        for part in at:
            data = data.get(part, {})
        return data

    def _explain(self, item: Any, schema: type[BaseModel], at: Sequence[str]) -> Problem:
        kind, found, inside = item["type"], item["input"], list(item["loc"])
        if kind != "extra_forbidden" and inside[-1:] == ["[key]"]:  # a key of a mapping that may not be
            inside.pop()
        path = [*at, *_without_tags(self._part(at), inside)]
        if kind == "extra_forbidden":
            known = _known_keys(schema, inside[:-1])
            hint = did_you_mean(path[-1], [*known, "extends"] if len(path) == 1 else known)
            return self.problem(path, f"unknown key, expected one of {', '.join(known)}{hint}", unknown=True)
        if kind == "missing":
            return self.problem(path, "is missing")
        if kind == "contradiction":
            return self.contradiction([[*path, *key.split(".")] for key in item["ctx"]["keys"]], item["msg"])
        if kind == "value_error":
            return self.problem(path, str(item["ctx"]["error"]))
        template = EXPECTED.get(kind)
        expected = template.format(**item.get("ctx", {})) if template else item["msg"].removeprefix("Input should be ")
        return self.problem(path, f"found {quoted(found)}, expected {expected}")


def _without_tags(data: Any, inside: Sequence[str | int]) -> list[str | int]:
    """The place *inside* the *data* of a document without what it does not have: the kind that chose a schema there."""
    kept: list[str | int] = []
    for part in inside[:-1]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            continue
        kept.append(part)
    return [*kept, *inside[-1:]] if isinstance(data, dict | list) else kept


def _locate(lines: Lines, path: Sequence[str | int]) -> tuple[int, int]:
    """How deep *path* can be followed in a file, and the line at which that ends."""
    depth = next((depth for depth in range(len(path), 0, -1) if tuple(path[:depth]) in lines), 0)
    return depth, lines[tuple(path[:depth])] if depth else 1


def split_assignment(assignment: str) -> tuple[str, str]:
    """``path=value`` as (path, value); raises InputError if it is not that.

    >>> split_assignment("simd.lanes=64")
    ('simd.lanes', '64')
    """
    path, equals, text = assignment.partition("=")
    parts = path.split(".")
    if not equals or not all(parts) or len(parts) > DEEPEST:
        raise InputError(Problem("must be path=value", said(assignment)))
    return path, text


def _parts(path: str) -> list[str]:
    """The keys that lead along a dotted *path*; below NAMED the rest is one, since names of operations have dots."""
    named = next((above for above in NAMED if path.startswith(above)), "")
    return [*named.split(".")[:-1], path.removeprefix(named)] if named else path.split(".")


def check_distinct(assignments: Iterable[str]) -> None:
    """Raise InputError if two *assignments* set one path."""
    known: dict[str, str] = {}
    for assignment in assignments:
        path, _ = split_assignment(assignment)
        if path in known:
            raise InputError(Problem(f"is set already, by {known[path]}", said(assignment), key=path))
        known[path] = said(assignment)


def said(assignment: str) -> str:
    """What messages call *assignment*."""
    return assignment.said if isinstance(assignment, Assignment) else f"--set {assignment}"


def _known_keys(schema: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The keys of the mapping at *path*; a part of the path that is no field chooses an element of a collection."""
    kinds: list[type[BaseModel]] = []
    for part in path:
        if isinstance(part, str) and part in schema.model_fields:
            kinds = list(dict.fromkeys(schemas_in(schema.model_fields[part].annotation)))
            schema = kinds[0] if kinds else schema
        elif len(kinds) > 1:  # of which a key "kind" chooses one
            schema = next((each for each in kinds if each.model_fields["kind"].default == part), schema)
    return list(schema.model_fields)


def schema_in(annotation: Any) -> type[BaseModel] | None:
    """The one schema in an annotation such as ``Schema``, ``Schema | None`` or ``list[Schema]``, if there is one."""
    found = list(schemas_in(annotation))
    return found[0] if len(found) == 1 else None


def schemas_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every schema in an annotation: several where a key ``kind`` chooses one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from schemas_in(inner)


FindBase = Callable[[Path, str], Path]
"""(a file, what its key ``extends`` names) -> the file that is meant; raises ValueError with what was expected."""


def beside(file: Path, name: str) -> Path:
    """The file called *name* in the folder of *file*; raises ValueError if there is none."""
    path = file.parent / name
    if not isfile(path):
        raise ValueError("a file beside this one")
    return path


def read_document(path: Path, find_base: FindBase | None = beside) -> Document:
    """Parse the YAML mapping in *path*, over the document that its key ``extends`` names; *find_base* finds that.

    Without *find_base* ``extends`` is a key like any other. Raises InputError if a file is missing, unreadable, not a
    mapping, or extends itself.
    """
    chain = [_read(path)]
    seen = {path.resolve()}
    while find_base is not None and "extends" in (data := chain[-1][1]):
        name, lines = chain[-1][0], chain[-1][2]
        base, line = data.pop("extends"), _locate(lines, ["extends"])[1]
        try:
            path = find_base(path, str(base))
        except ValueError as error:
            message = f"found {quoted(base)}, expected {error}"
            raise InputError(Problem(message, name, line, "extends")) from None
        if path.resolve() in seen:
            raise InputError(Problem(f"{quoted(base)} extends this file in turn", name, line, "extends"))
        seen.add(path.resolve())
        chain.append(_read(path))
    together: dict[str, Any] = {}
    for _, data, _ in reversed(chain):
        together = merged(together, data)
    return Document(together, [(name, lines) for name, _, lines in chain])


def shown(path: Path) -> str:
    """*path* as messages call it: relative to where the user is, if it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """*base* with *over* laid over it, mapping by mapping."""
    result = dict(base)
    for key, value in over.items():
        result[key] = merged(spelt_out(key, result.get(key)), value) if isinstance(value, dict) else value
    return result


def spelt_out(key: str, value: Any) -> dict[str, Any]:
    """A copy of the mapping that *value* of *key* is, or is short for; {} if it is neither.

    >>> spelt_out("precision", "8bit")
    {'weights': '8bit', 'activations': '8bit'}
    """
    if isinstance(value, dict):
        return dict(value)
    return {} if value is None else dict.fromkeys(SHORTHAND.get(key, ()), value)


def _read(path: Path) -> tuple[str, dict[str, Any], Lines]:
    """The name, the plain data and the lines of the YAML mapping in *path*."""
    name = shown(path)
    data, lines = read_yaml(path, name)
    if not isinstance(data, dict):
        found = "nothing" if data is None else "a list" if isinstance(data, list) else quoted(data)
        raise InputError(Problem(f"found {found}, expected a mapping of keys to values", name, 1))
    return name, data, lines
