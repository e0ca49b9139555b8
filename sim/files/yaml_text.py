"""YAML text as plain data, with the line of every entry, in bounded time and memory.

YAML 1.2 by ruamel.yaml, of which inputs need mappings with text as keys, lists, and scalars of the core schema: what
looks like a date is text, as are all keys. Anchors, aliases and merge keys work; what an alias stands for counts as
often as it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tag import Tag

from sim.files.errors import InputError, Problem

MOST_BYTES = 1 << 18  # of a text
MOST_NODES = 10_000  # of what it says: keys, values and lists, aliases written out
DEEPEST = 32  # mappings and lists in one another
MOST_DIGITS = 400  # of a number

Lines = Mapping[tuple[str | int, ...], int]  # path of an entry -> the line, from 1, at which it stands

_TAG = "tag:yaml.org,2002:"
_TEXT = Tag(suffix=_TAG + "str")


def read_yaml(path: Path, name: str) -> tuple[Any, Lines]:
    """The data of the file at *path*, and the line of every entry; raises InputError, which calls it *name*."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        return parse_yaml(text.decode("utf-8", "ignore" if len(text) > MOST_BYTES else "strict"), name)
    except FileNotFoundError:
        raise InputError(Problem("no such file", name, unknown=True)) from None
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise InputError(Problem(f"found the byte {text[error.start]:#x}, expected UTF-8", name, line)) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", name)) from None


def parse_yaml(text: str, name: str) -> tuple[Any, Lines]:
    """The data of a YAML *text* and the line of every entry; raises InputError, which calls the text *name*."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise InputError(Problem(f"is longer than {MOST_BYTES:,} bytes", name))
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    try:
        root = yaml.compose(text)
        if root is None:
            return None, {}
        _check(root, yaml, name)
        lines = dict(_lines(root))  # before the data: to construct it changes the nodes
        return yaml.constructor.construct_document(root), lines
    except YAMLError as error:
        raise InputError(_syntax_problem(error, name)) from None


class _TooMuch(YAMLError):
    """What a text says takes more nodes than there may be, or has no end."""


class _Composer(Composer):
    """Makes nodes of a text; raises _TooMuch for more than MOST_NODES of them, written out, or DEEPEST levels."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # allowed since YAML 1.2
        self._nodes = self._level = 0
        self._within: dict[int, int] = {}  # identity of a node that is complete -> nodes in it, itself included

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node of the text, or the one that an alias stands for."""
        line = self.parser.peek_event().start_mark.line + 1
        if self.parser.check_event(AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._within:
                raise _TooMuch("an alias stands for a list or mapping that it is part of", line)
            self._nodes += self._within[id(node)]
        else:
            node = self._new_node(parent, index, line)
        if self._nodes > MOST_NODES:
            raise _TooMuch(f"says more than {MOST_NODES:,} keys and values", line)
        return node

    def _new_node(self, parent: Any, index: Any, line: int) -> Any:
        before = self._nodes
        self._nodes += 1
        self._level += 1
        if self._level > DEEPEST:
            raise _TooMuch(f"nests more than {DEEPEST} lists and mappings", line)
        node = super().compose_node(parent, index)
        self._level -= 1
        self._within[id(node)] = self._nodes - before
        return node


def _check(root: Node, yaml: YAML, name: str) -> None:
    """Raise InputError for keys, tags and characters that no input has; texts are marked as such."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        message = _fault(node, yaml)
        if message:
            raise InputError(Problem(message, name, node.start_mark.line + 1))
        if isinstance(node, SequenceNode):
            waiting += node.value
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                if not isinstance(key, ScalarNode):
                    raise InputError(Problem("found a list or mapping as key", name, key.start_mark.line + 1))
                if str(key.ctag) != _TAG + "merge":
                    key.ctag = _TEXT
                waiting += [key, value]


def _fault(node: Node, yaml: YAML) -> str | None:
    """What is wrong with *node* by itself. A scalar has the type that it looks like, or is text."""
    tag = str(node.ctag).removeprefix(_TAG)
    if not isinstance(node, ScalarNode):
        expected = "map" if isinstance(node, MappingNode) else "seq"
        return None if tag == expected else f"found the tag {str(node.ctag)!r}, expected none"
    if any("\ud800" <= character <= "\udfff" for character in node.value):
        return f"found {node.value!r}, which is no text"
    if tag == "timestamp":
        node.ctag, tag = _TEXT, "str"
    looks_like = str(yaml.resolver.resolve(ScalarNode, node.value, (True, False)))
    if tag != "str" and looks_like != _TAG + tag:
        return f"found the tag {str(node.ctag)!r} at {node.value!r}, expected none"
    if tag in ("int", "float") and len(node.value) > MOST_DIGITS:
        return f"found a number of {len(node.value):,} digits"
    return None


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


def _syntax_problem(error: YAMLError, name: str) -> Problem:
    if isinstance(error, _TooMuch):
        message, line = error.args
        return Problem(message, name, line)
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return Problem(f"not YAML: {error.problem or error.context}", name, mark.line + 1 if mark else None)
    return Problem(f"not YAML: {str(error).splitlines()[0]}", name)
