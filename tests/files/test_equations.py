"""Models of equations: where they are found, what a workload changes of them, and where mistakes are put."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.files.resolve import files_behind, resolve, resolve_workload
from workloads.models.generator import Generator
from workloads.models.mamba2 import Mamba2Dimensions, mamba2_sequential
from workloads.models.registry import GENERATORS, known_generator, register

MODEL = """\
description: A leaky integrator
sizes: {d: 32, i: 2 * d}
input: u[t,d]
operations:
  - [in, projection, "x[t,i] = sum(d, W[d,i] * u[t,d])"]
  - [update, state, "h[t,i] = A[i] * h[t-1,i] + x[t,i]"]
  - [out, projection, "o[t,d] = sum(i, V[i,d] * h[t,i])"]
output: o
"""
WORKLOAD = "name: leaky\nmodel: cells/leaky.yaml\nlayers: 2\nsequence_length: 8\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workload, and a model in a folder beside it."""
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "leaky.yaml").write_text(MODEL)
    (tmp_path / "leaky.yaml").write_text(WORKLOAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_model_is_a_file_beside_the_workload(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    workload = resolve_workload(str(folder / "leaky.yaml"))
    assert (workload.spec.model, workload.graph.sizes, workload.parameters) == ("leaky", {"d": 32, "i": 64}, 2 * 4160)


@pytest.mark.parametrize(
    ("assignments", "sizes"),
    [
        pytest.param(["equations.sizes.d=16"], {"d": 16, "i": 32}, id="a size, and what follows from it"),
        pytest.param(["equations.sizes.i=8"], {"d": 32, "i": 8}, id="a number instead of a formula"),
        pytest.param(["equations.sizes={d: 8}"], {"d": 8, "i": 16}, id="sizes laid over the model's"),
        pytest.param(["equations.sizes.i=d"], {"d": 32, "i": 32}, id="another formula"),
    ],
)
def test_sizes_are_set(assignments: list[str], sizes: dict[str, int]) -> None:
    assert resolve_workload("leaky.yaml", assignments).graph.sizes == sizes


def test_a_workload_lays_its_own_over_a_model_and_another_extends_it(folder: Path) -> None:
    (folder / "narrow.yaml").write_text("extends: leaky.yaml\nequations: {sizes: {d: 8}}\n")
    (folder / "linear.yaml").write_text("extends: narrow.yaml\nequations: {output: x, sizes: {i: d}}\n")
    assert resolve_workload("narrow.yaml").graph.sizes == {"d": 8, "i": 16}
    linear = resolve_workload("linear.yaml").graph
    assert (linear.sizes, linear.output_tensor) == ({"d": 8, "i": 8}, "x")


def test_a_model_extends_another(folder: Path) -> None:
    (folder / "cells" / "wide.yaml").write_text("extends: leaky.yaml\nsizes: {i: 4 * d}\n")
    assert resolve_workload("leaky.yaml", ["model=cells/wide.yaml"]).graph.sizes == {"d": 32, "i": 128}


def test_equations_stand_in_the_workload(folder: Path) -> None:
    section = "".join(f"  {line}\n" for line in MODEL.splitlines())
    (folder / "own.yaml").write_text(
        f"name: own\nmodel: equations\nequations:\n{section}layers: 1\nsequence_length: 4\n"
    )
    assert resolve_workload("own.yaml").graph.sizes == {"d": 32, "i": 64}


def test_outputs_never_replace_a_model(folder: Path) -> None:
    assert Path("cells/leaky.yaml") in files_behind([("workload", "leaky.yaml")])


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        pytest.param(
            "leaky.yaml",
            WORKLOAD.replace("cells/leaky.yaml", "cells/lek.yaml"),
            "leaky.yaml:2: model: found 'cells/lek.yaml', expected one of mamba1, ",
            id="no such file",
        ),
        pytest.param(
            "leaky.yaml",
            WORKLOAD.replace("cells/leaky.yaml", "mamba4"),
            "leaky.yaml:2: model: found 'mamba4', expected one of mamba1, ",
            id="no such model",
        ),
        pytest.param(
            "leaky.yaml",
            WORKLOAD + "dimensions: {d_model: 3}\n",
            "leaky.yaml:5: dimensions: equations have sizes, not dimensions",
            id="dimensions",
        ),
        pytest.param(
            "leaky.yaml",
            WORKLOAD.replace("cells/leaky.yaml", "equations"),
            "leaky.yaml:2: model: found 'equations', expected a section `equations:` as well",
            id="no equations",
        ),
        pytest.param(
            "leaky.yaml",
            "name: m\nmodel: mamba2\nlayers: 1\nequations: {sizes: {d: 3}}\nsequence_length: 4\n",
            "leaky.yaml:4: equations: mamba2 has dimensions, not equations",
            id="equations of another model",
        ),
        pytest.param(
            "leaky.yaml", WORKLOAD + "equations: 3\n", "leaky.yaml:5: equations: found 3, expected a mapping", id="3"
        ),
        pytest.param(
            "leaky.yaml",
            WORKLOAD + "equations: {sizes: {i: e}}\n",
            "leaky.yaml:5: equations.sizes.i: found 'e', but e is not given",
            id="unknown size, in the workload",
        ),
        pytest.param(
            "cells/leaky.yaml",
            MODEL.replace("A[i] * h[t-1,i]", "A[t-1,i] * h[t-1,m]"),
            "cells/leaky.yaml:6: equations.operations.1: update: leaves m neither summed nor in the result: ",
            id="unknown index, in the model",
        ),
        pytest.param(
            "cells/leaky.yaml",
            MODEL.replace("[in, projection,", "[in,"),
            "cells/leaky.yaml:5: equations.operations.0: found ['in', 'x[t,i] = sum(d, W[d,i] * u[t,d])'], "
            'expected [name, kind, "equation"], the equation in quotes',
            id="no kind",
        ),
        pytest.param(
            "cells/leaky.yaml",
            MODEL + "outputs: y\n",
            "cells/leaky.yaml:9: equations.outputs: unknown key, expected one of description, sizes, input, ",
            id="unknown key",
        ),
        pytest.param(
            "cells/leaky.yaml",
            MODEL.replace("{d: 32,", "{d: 0,"),
            "cells/leaky.yaml:2: equations.sizes.d: found 0, expected 1 at least",
            id="no length",
        ),
        pytest.param("leaky.yaml", WORKLOAD + "formulation: chunked\n",
            "leaky.yaml:5: formulation: found 'chunked', expected one of sequential for leaky", id="no chunk",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(InputError) as raised:
        resolve_workload("leaky.yaml")
    assert [str(each)[: len(message)] for each in raised.value.problems] == [message]


def test_a_mistake_that_was_set_is_put_to_what_said_so() -> None:
    with pytest.raises(InputError) as raised:
        resolve("leaky.yaml", "edge", ["equations.sizes.d=e"])
    assert str(raised.value) == "--set equations.sizes.d=e: equations.sizes.d: found 'e', but e is not given"


def test_what_does_not_fit_is_put_to_the_sizes_of_the_model() -> None:
    from sim.simulation import prepare

    with pytest.raises(InputError) as raised:
        prepare("leaky.yaml", "edge", ["equations.sizes.i=1000000"])
    assert str(raised.value).startswith("--set equations.sizes.i=1000000: equations.sizes: one layer needs ")


def test_a_model_of_another_package_is_registered() -> None:
    generator = Generator(Mamba2Dimensions, mamba2_sequential, {}, lambda m: 1)
    try:
        register("theirs", generator)
        register("theirs", generator)
        workload = resolve_workload("mamba2-d96", ["model=theirs"])
        assert (workload.spec.model, workload.parameters) == ("theirs", resolve_workload("mamba2-d96").parameters)
        with pytest.raises(ValueError, match="another model is called 'mamba2'"):
            register("mamba2", generator)
    finally:
        GENERATORS.pop("theirs")


def test_a_model_of_another_package_is_an_entry_point(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder / "theirs-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[stallscope.models]\ntheirs = their_models:MODEL\n")
    (folder / "their_models.py").write_text(
        "from workloads.models.generator import Generator\n"
        "from workloads.models.mamba2 import Mamba2Dimensions, mamba2_sequential\n"
        "MODEL = Generator(Mamba2Dimensions, mamba2_sequential, {}, lambda m: 1)\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    try:
        assert resolve_workload("mamba2-d96", ["model=theirs"]).spec.model == "theirs"
    finally:
        GENERATORS.pop("theirs", None)
    assert known_generator("nobody's") is None
