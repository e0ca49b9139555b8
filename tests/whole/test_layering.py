"""The plan of the house: a file imports from its own folder, or from folders further left; nothing goes in circles."""

from __future__ import annotations

import ast

from tests.support.folders import ROOT

ORDER = "hw workloads version files importing components lowering execution search accounting simulation explanation"
ORDER = f"{ORDER} studies trace validation presentation paper api commands".split()
EXCEPTIONS = {  # what is found shows itself
    "sim.accounting.memory -> sim.presentation.terminal.memory",
    "sim.accounting.result -> sim.presentation.terminal.result",
    "sim.accounting.result -> sim.presentation.html.notebook",
    "sim.explanation.compare -> sim.presentation.markdown",
    "sim.explanation.findings -> sim.presentation.markdown",
    "sim.paper.counts -> sim.paper.count_table",
}
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("hw", "workloads", "sim")
    for path in (ROOT / top).rglob("*.py")
} | {"stallscope": ROOT / "stallscope.py"}


def room(name: str) -> str:
    """The folder, or the file of sim itself, in which a module stands; ``sim`` and what starts it come last."""
    top, *below = name.split(".")
    return top if top in ORDER else below[0] if below and below[0] in ORDER else ""


def imports(name: str) -> set[str]:
    """Our own modules that one imports, be it at once, inside a function, or for types only."""
    nodes = [node for node in ast.walk(ast.parse(FILES[name].read_text())) if isinstance(node, ast.ImportFrom)]
    found = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
    return {each if each in FILES else each.rpartition(".")[0] for each in found} & set(FILES)


ARROWS = [(name, each) for name in FILES for each in imports(name) if f"{name} -> {each}" not in EXCEPTIONS]


def test_a_file_imports_from_its_own_folder_or_from_further_left() -> None:
    place = {name: number for number, name in enumerate([*ORDER, ""])}
    apart = {"hw", "workloads"}
    assert not [f"{a} -> {b}" for a, b in ARROWS if place[room(b)] > place[room(a)] or {room(a), room(b)} == apart]


def test_nothing_goes_in_circles() -> None:
    left = {name: {b for a, b in ARROWS if a == name} for name in FILES}
    while free := [name for name in left if not left[name]]:
        left = {name: needs - set(free) for name, needs in left.items() if name not in free}
    assert not left
