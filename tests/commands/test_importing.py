"""The command import: a workload that runs as it is, and nothing is written over."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from sim.files.resolve import read
from tests.support.command_line import call, check_prints, check_refused
from tests.support.folders import ROOT

FACTORY = f"{ROOT / 'tests' / 'support' / 'torch_modules.py'}:mamba2"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_module_becomes_a_workload_that_runs(folder: Path) -> None:
    pytest.importorskip("torch")
    from sim.importing.torch_export import imported

    check_prints(["import", "torch", FACTORY, "-o", "mine.yaml"], ["mine.yaml: 18 operations, 1,065 parameters"])
    text = (folder / "mine.yaml").read_text()
    assert text.startswith("# Equations of ")
    assert f"python -m sim import torch {FACTORY} -o mine.yaml" in text
    assert read("workload", "mine.yaml").data["equations"] == imported(FACTORY).equations
    check_prints(["run", "mine.yaml", "--seq-len", "16"], ["mine on edge: prefill, L = 16"])
    check_refused(["import", "torch", FACTORY, "-o", "mine.yaml"], "mine.yaml: is there already")
    code, printed, _ = call("import", "torch", FACTORY, "-o", "-")
    assert code == 0
    assert printed.splitlines()[6:-3] == text.splitlines()[6:-3]


def test_an_onnx_model_becomes_a_workload(folder: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 8]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Tanh", ["x"], ["y"])], "made", info[:1], info[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), "made.onnx")
    check_prints(["import", "onnx", "made.onnx", "-o", "made.yaml"], ["made.yaml: 1 operations, 0 parameters"])
    assert '    - [y, gate, "y[t,d] = tanh(u[t,d])"]' in (folder / "made.yaml").read_text().splitlines()
    check_refused(["import", "onnx", "made.onnx", "-o", "made.yaml"], "made.yaml: is there already")
    found = json.loads(call("import", "onnx", "made.onnx", "-o", "again.yaml", "--json", "-")[1])
    assert found["written"] == [{"kind": "workload", "name": "again", "path": "again.yaml"}]
    assert (found["operations"], found["parameters"]) == (1, 0)
    check_refused(["import", "onnx", "made.onnx", "-o", "b.yaml", "--json", "made.onnx"], "made.onnx: is read as well")
    check_refused(["import", "onnx", "made.onnx", "-o", "-", "--json", "-"], "-: is named for two outputs")
    check_refused(["import", "onnx", "nothing.onnx", "-o", "a.yaml"], "nothing.onnx: no such file")
    check_refused(["import", "onnx", "made.onnx", "-o", "no/a.yaml"], "the folder 'no' does not exist")


@pytest.mark.parametrize(("package", "source"), [("torch", FACTORY), ("onnx", "made.onnx")])
def test_a_package_that_is_missing(package: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.files.extras.find_spec", lambda name: None if name == package else find_spec(name))
    check_refused(
        ["import", package, source, "-o", "mine.yaml"],
        f"import {package}: needs the package {package}: pip install 'stallscope[{package}]'",
    )
