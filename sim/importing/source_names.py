"""Where an exported node stands in its source, and which variable its value is assigned to there.

torch.export keeps the Python stack of every node as text; in a scan's body the last frame is generated code, whose
variables have the names of the source where it assigns one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FRAME = re.compile(r'File "([^"]*)", line (\d+), in \S+(?:\n +(?!File ")(.*))?')
_OWN = str(Path(__file__).parent)
_LIBRARY = re.compile(r"\b(?:site|dist)-packages\b")
_GENERATED = re.compile(r"<eval_with_key>")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(?:: [^=]*)? = ")


@dataclass(frozen=True)
class Frame:
    """A line of the stack of a node."""

    file: str
    line: int
    code: str

    @property
    def generated(self) -> bool:
        """Whether the code was made by the exporter."""
        return bool(_GENERATED.search(self.file))


def frames(stack: str) -> tuple[Frame, ...]:
    """The frames of a stack trace, the outermost first, without those of libraries."""
    found = (Frame(file, int(line), code) for file, line, code in _FRAME.findall(stack))
    return tuple(each for each in found if not each.file.startswith(_OWN) and not _LIBRARY.search(each.file))


def position(stack: str) -> str:
    """``file:line`` of the innermost line of source, as short as it can be found again from here."""
    written = [each for each in frames(stack) if not each.generated]
    if not written:
        return ""
    path = Path(written[-1].file)
    near = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{near}:{written[-1].line}"


Key = tuple[Frame | tuple[str, int, int], ...]


def variables(stacks: Sequence[tuple[str, str, int | None]], operators: Iterable[str]) -> list[str]:
    """The variable to which each value of a graph is assigned, "" for one inside of a statement.

    *stacks* are the stack trace of each node, its name, and its position if it is one of several results.
    A statement's value is that of its last node. Names that generated code makes of *operators* do not count.
    """
    keys: list[list[Key]] = []
    for stack, _, _ in stacks:
        path: Key = ()
        keys.append([])
        for frame in frames(stack):
            statement = _statement(frame.file, frame.line) if not frame.generated else None
            path = (*path, frame if statement is None else (frame.file, *statement[:2]))
            keys[-1].append(path)
    following = [*keys[1:], []][: len(keys)]
    last = [[key for key in own if key not in after] for own, after in zip(keys, following, strict=True)]
    known = set(operators)
    each = zip(stacks, keys, last, strict=True)
    return [_named(stack, own, ended, result, known) for (stack, _, result), own, ended in each]


def _named(stack: str, keys: Sequence[Key], last: Sequence[Key], result: int | None, operators: set[str]) -> str:
    """The variable of the innermost statement whose value this node is; in generated code that of its last frame."""
    for frame, key in zip(reversed(frames(stack)), reversed(keys), strict=True):
        name = _variable(frame, key in last, result, operators)
        if name or frame.generated:
            return name
    return ""


def _variable(frame: Frame, last: bool, result: int | None, operators: set[str]) -> str:
    if frame.generated:
        found = _ASSIGNED.match(frame.code.strip())
        name = found[1] if found else ""
        return "" if re.sub(r"_\d+$", "", name) in operators or name.startswith(("child", "getitem", "l_")) else name
    statement = _statement(frame.file, frame.line)
    targets = statement[2] if statement is not None else ()
    if len(targets) == 1:
        return targets[0] if last else ""
    return targets[result] if result is not None and result < len(targets) else ""


@cache
def _statements(file: str) -> Mapping[int, tuple[int, int, tuple[str, ...]]]:
    """Line -> first and last line of the statement there, and the names that it assigns."""
    try:
        tree = ast.parse(Path(file).read_text())
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[int, tuple[int, int, tuple[str, ...]]] = {}
    for node in ast.walk(tree):  # from the outside to the inside
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr):
            names = _targets(node)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                found[line] = (node.lineno, node.end_lineno or node.lineno, names)
    return found


def _statement(file: str, line: int) -> tuple[int, int, tuple[str, ...]] | None:
    return _statements(file).get(line)


def _targets(node: ast.stmt) -> tuple[str, ...]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if len(targets) != 1 or targets[0] is None:
        return ()
    target = targets[0]
    each = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return tuple(part.id if isinstance(part, ast.Name) else "" for part in each)
