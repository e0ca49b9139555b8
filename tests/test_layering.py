"""Layers: errors, units, documents <- workloads | hw <- lowering <- execution <- simulation <- command line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BASE = {"sim.files.errors", "hw.quantities", "sim.files.documents", "sim"}
LAYERS = [
    {"sim.files.errors", "hw.quantities"},
    {"sim.files.documents", "sim.files.atomic", "sim.presentation.graph.sugiyama", "sim.pytest_plugin"},
    {"workloads", "hw"},
    {
        "sim.files.catalog",
        "sim.lowering.analysis",
        "sim.lowering.order",
        "sim.lowering.program",
        "sim.presentation.graph.text",
    },
    {"sim.lowering.mapping", "sim.presentation.graph.svg", "sim.files.resolve"},
    {"sim.lowering.fusion", "sim.accounting.bounds"},
    {"sim.lowering.buffers"},
    {"sim.lowering.dependencies"},
    {"sim.lowering"},
    {"sim.execution.__init__", "sim.execution.offered", "sim.execution.tables", "sim.execution.waiting"},
    {"sim.execution.observers"},
    {"sim.execution.weight_slots"},
    {"sim.execution.streams"},
    {"sim.execution.run"},
    {"sim.search.choose", "sim.accounting.scaling"},
    {"sim.accounting.__init__", "sim.accounting.critical_path", "sim.accounting.windows", "sim.accounting.replay"},
    {"sim.accounting.result", "sim.accounting.taxonomy", "sim.trace.slices", "sim.trace.write.background"},
    {
        "sim.trace.write.formats",
        "sim.trace.places",
        "sim.trace.write.messages",
        "sim.trace.write.lines",
        "sim.trace.window",
    },
    {
        "sim.trace.write.vcd",
        "sim.trace.channels",
        "sim.trace.write.chrome",
        "sim.trace.levels",
        "sim.trace.requests",
        "sim.trace.write.tables",
        "sim.trace.read.viewer",
    },
    {"sim.trace.history", "sim.trace.read.perfetto", "sim.trace.slots", "sim.trace.read.summary", "sim.trace.read.vcd"},
    {"sim.trace.occupancy", "sim.trace.slice_writer", "sim.trace.write.perfetto", "sim.trace.read.rows"},
    {"sim.trace.meters", "sim.trace.read.query"},
    {"sim.trace.recorder"},
    {"sim.trace", "sim.trace.__init__"},
    {"sim.accounting.breakdown", "sim.presentation.figures.stall_tree"},
    {
        "sim.accounting.metrics",
        "sim.presentation.terminal.result",
        "sim.paper.count_table",
        "sim.components.gemm",
        "sim.components.dram",
        "sim.validation.traces",
        "sim.validation.cases",
        "sim.validation.arbiter",
    },
    {
        "sim.simulation",
        "sim.validation.sram",
        "sim.validation.systolic",
        "sim.validation.dram",
        "sim.validation.report",
    },
    {"sim.validation", "sim.validation.__init__", "sim.commands.options", "sim.explanation.experiments"},
    {"sim.explanation.explain"},
    {"sim.explanation.compare"},
    {
        "sim.presentation.figures.__init__",
        "sim.presentation.figures.palette",
        "sim.presentation.figures.series",
        "sim.presentation.figures.roofline",
        "sim.presentation.figures.excerpt",
        "sim.presentation.figures.timeline",
        "sim.presentation.figures.canvas",
        "sim.presentation.figures.bars",
        "sim.presentation.figures.curves",
        "sim.presentation.figures.lanes",
        "sim.presentation.figures.experiments",
        "sim.presentation.figures.catalogue",
        "sim.presentation.figures.export",
        "sim.presentation.figures.gather",
    },
    {
        "sim.presentation.html.__init__",
        "sim.presentation.html.parts",
        "sim.presentation.html.page",
        "sim.presentation.html.run_sections",
        "sim.presentation.html.setting_sections",
        "sim.presentation.html.viewer",
        "sim.presentation.html.run_page",
        "sim.presentation.html.experiment_pages",
    },
    {
        "sim.presentation.markdown",
        "sim._old_commands",
        "sim.commands.experiments_old",
        "sim.commands.plot",
        "sim.commands.run",
        "sim.commands.trace",
    },
    {
        "sim.paper.__init__",
        "sim.paper.published",
        "sim.paper.pages",
        "sim.paper.pictures",
        "sim.paper.runs",
    },
    {
        "sim.paper.gpu",
        "sim.paper.table1_cells",
        "sim.paper.table1_page",
        "sim.paper.official_models",
        "sim.paper.official_page",
    },
    {
        "sim.paper.table1",
        "sim.paper.figure1",
        "sim.paper.figure2",
        "sim.paper.official",
        "sim.paper.facts",
        "sim.paper.verdicts",
        "sim.paper.claims",
    },
    {"sim.paper.products"},
    {"sim.commands.reproduce"},
    {"sim.commands.cli", "sim.__main__", "sim.__init__"},
]


def modules() -> list[Path]:
    return sorted(path for folder in ("sim", "workloads", "hw") for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> set[str]:
    """Modules of ours that *path* needs when it is imported (not those imported later, inside functions)."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            known = {name_of(module) for module in modules()}
            found |= (inside & known) or {node.module}
    return {name for name in found if name.split(".")[0] in ("sim", "workloads", "hw")}


def layer_of(name: str) -> int:
    for number, members in enumerate(LAYERS):
        if name in members or name.split(".")[0] in members - {"sim"}:
            return number
    raise AssertionError(f"{name} belongs to no layer")


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_only_from_layers_below(path: Path) -> None:
    name = name_of(path)
    for imported in imports(path):
        if imported.split(".")[0] == name.split(".")[0] != "sim":
            continue  # within workloads, within hw
        if imported == "sim":  # the version
            continue
        here, there = layer_of(name), layer_of(imported)
        assert there < here or (there == here and "sim" in name), f"{name} must not import {imported}"


@pytest.mark.parametrize(("folder", "other"), [("workloads", "hw"), ("hw", "workloads")])
def test_workloads_and_hardware_do_not_know_each_other(folder: str, other: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        names = {
            alias.name if isinstance(node, ast.Import) else node.module or ""
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not [name for name in names if name.split(".")[0] == other], path


@pytest.mark.parametrize("folder", ["workloads", "hw"])
def test_lower_packages_use_only_the_base_of_sim(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert {name for name in imports(path) if name.startswith("sim")} <= BASE, path


def test_metrics_and_reports_read_no_live_components() -> None:
    live = {"hw.engine", "hw.unit", "hw.dma", "sim.execution.run", "sim.execution.streams"}
    for name in ("metrics", "report", "result"):
        assert not imports(ROOT / "sim" / f"{name}.py") & live, name


def test_importing_the_package_pulls_in_no_simulator() -> None:
    assert imports(ROOT / "sim" / "__init__.py") == set()
