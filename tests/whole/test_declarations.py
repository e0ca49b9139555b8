"""Every .pxd names what its .py has: an attribute that it does not name would compile, and be slow or missing."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.folders import ROOT

DECLARED = sorted(path for folder in ("hw", "sim") for path in (ROOT / folder).rglob("*.pxd"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Class:
    """What a .pxd says of a class: its base, attributes, and methods with the names of their parameters and locals."""

    base: str = ""
    attributes: set[str] = field(default_factory=set)
    methods: dict[str, tuple[list[str], set[str]]] = field(default_factory=dict)


@dataclass
class Declarations:
    """What a .pxd says: where the names that it takes are from, classes, and the rest as if of a class."""

    imported: dict[str, Path] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    module: Class = field(default_factory=Class)


def lines(text: str) -> list[str]:
    """The lines, without comments, each with all that its brackets hold."""
    found: list[str] = []
    for line in (line.split("#")[0].rstrip() for line in text.splitlines()):
        if found and found[-1].count("(") > found[-1].count(")"):
            found[-1] += line.strip()
        elif line:
            found.append(line)
    return found


def read(path: Path) -> Declarations:
    """Parse a .pxd; raises AssertionError for a line of another kind."""
    found = Declarations()
    owner, local = found.module, set[str]()
    for line in lines(path.read_text()):
        owner = owner if line.startswith(" ") else found.module
        text = line.strip()
        if match := re.fullmatch(r"from ([\w.]+) cimport \(?([\w, ]+)\)?", text):
            home = ROOT / f"{match[1].replace('.', '/')}.pxd"
            found.imported |= dict.fromkeys(re.findall(r"\w+", match[2]), home)
        elif match := re.fullmatch(r"cdef class (\w+)(?:\((\w+)\))?(:?)", text):
            owner = found.classes.setdefault(match[1], Class())
            owner.base = match[2] or owner.base
        elif text.startswith("@cython.locals"):
            call = ast.parse(text[1:], mode="eval").body
            assert isinstance(call, ast.Call), text
            local = {str(keyword.arg) for keyword in call.keywords}
        elif match := re.fullmatch(
            r"(?:cdef|cpdef) (?:inline )?[\w ]*?(?:\[[^]]*\])? ?(\w+)\((.*)\)( except.*)?", text
        ):
            parameters = [re.findall(r"\w+", each.split("=")[0])[-1] for each in match[2].split(",") if each.strip()]
            owner.methods[match[1]] = (parameters, local)
            local = set()
        elif match := re.fullmatch(
            r"cdef (?:readonly |public )?(?:unsigned )?(?:long long|\w+)(?:\[[^]]*\])? (.+)", text
        ):
            owner.attributes |= set(re.findall(r"\w+", match[1]))
        else:
            assert text in ("pass", "cimport cython") or text.startswith("@cython."), f"{path}: {text}"
    return found


def base_of(path: Path, declared: Class) -> tuple[Path, Class] | None:
    """The base class, and the .pxd that has it."""
    if not declared.base:
        return None
    found = read(path)
    home = path if declared.base in found.classes else found.imported[declared.base]
    return home, read(home).classes[declared.base]


def inherited(path: Path, declared: Class) -> set[str]:
    """Attributes of all base classes."""
    above = base_of(path, declared)
    return set() if above is None else above[1].attributes | inherited(*above)


def slots(node: ast.ClassDef) -> set[str]:
    """What ``__slots__`` of a class says."""
    for each in node.body:
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "__slots__":
            names = ast.literal_eval(each.value)
            return {names} if isinstance(names, str) else set(names)
    return set()


def assigned(node: ast.ClassDef) -> set[str]:
    """The attributes that the methods of a class set on ``self``."""
    return {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store) and ast.unparse(each.value) == "self"
    }


def functions(node: ast.Module | ast.ClassDef) -> dict[str, Function]:
    return {each.name: each for each in node.body if isinstance(each, Function)}


def check_functions(declared: Class, written: dict[str, Function], where: str) -> None:
    """Each exists with those parameters, and sets or takes what is said to be local to it."""
    for name, (parameters, local) in declared.methods.items():
        assert name in written, f"{where}.{name} is declared and not there"
        arguments = [each.arg for each in written[name].args.args]
        assert parameters == arguments, f"{where}.{name}"
        names = {each.id for each in ast.walk(written[name]) if isinstance(each, ast.Name)}
        assert local <= names | set(arguments), f"{where}.{name}: {local - names} is not there"


@pytest.mark.parametrize("path", DECLARED, ids=lambda path: path.relative_to(ROOT).with_suffix("").as_posix())
def test_declarations_are_those_of_the_source(path: Path) -> None:
    declared, tree = read(path), ast.parse(path.with_suffix(".py").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for name, of_class in declared.classes.items():
        assert name in classes, f"{name} is declared and not there"
        node, above = classes[name], inherited(path, of_class)
        methods = functions(node)
        own = slots(node) or assigned(node) - above - methods.keys()
        assert of_class.attributes == own, name
        assert assigned(node) <= own | above | methods.keys(), name
        check_functions(of_class, methods, name)
    check_functions(declared.module, functions(tree), path.stem)
    names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    names |= {
        alias.asname or alias.name for each in tree.body if isinstance(each, ast.ImportFrom) for alias in each.names
    }
    assert declared.module.attributes <= names, "constants that are not there"


def test_there_are_declarations() -> None:
    assert DECLARED
