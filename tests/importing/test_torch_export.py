"""Modules of PyTorch: their equations against their own forward, and how they read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.files.errors import InputError
from sim.importing.workload_text import workload_text
from tests.support.folders import DOCS, ROOT
from tests.support.imported import difference, graph_of, kinds, texts
from tests.support.recipes import LISTING

pytest.importorskip("torch")
from sim.importing.torch_export import imported
from sim.importing.torch_forward import forward_of
from tests.support import torch_modules

FILE = ROOT / "tests" / "support" / "torch_modules.py"
MISTAKES = ROOT / "tests" / "support" / "torch_mistakes.py"
FACTORIES = [
    "linear", "mamba1", "mamba2", "mamba2_block", "gated_delta", "gru", "lstm", "gru_cell", "lstm_cell", "rg_lru",
    "shift", "rolled", "rotated", "mlstm", "layers",
]  # fmt: skip


@pytest.mark.parametrize("factory", FACTORIES)
def test_equations_compute_what_the_module_does(factory: str) -> None:
    """In float64; and the module as it is, in float32, is as near as its precision allows."""
    found = imported(f"{FILE}:{factory}")
    assert difference(found) < 1e-10
    module, examples = getattr(torch_modules, factory)()
    assert difference(found.with_run(forward_of(module.eval(), examples))) < 1e-5


@pytest.mark.parametrize("factory", ["mamba1", "mamba2", "gated_delta", "lstm", "rg_lru", "layers"])
def test_every_parameter_is_counted_once(factory: str) -> None:
    module, _ = getattr(torch_modules, factory)()
    assert graph_of(imported(f"{FILE}:{factory}")).parameter_count == sum(each.numel() for each in module.parameters())


def test_a_block_reads_as_the_paper_writes_it() -> None:
    found = imported(f"{FILE}:mamba1")
    assert found.equations["operations"] == [
        ["in_proj.x", "projection", "x[t,i] = sum(d, W_in_x[d,i] * u[t,d])"],
        ["in_proj.z", "projection", "z[t,i] = sum(d, W_in_z[d,i] * u[t,d])"],
        ["x_2", "convolution", "x_2[t,i] = silu(sum(k, W_conv1d[k,i] * x[t-k,i]) + b_conv1d[i])"],
        ["x_proj.dt", "projection", "dt[t,p] = sum(i, W_x_dt[i,p] * x_2[t,i])"],
        ["x_proj.B", "projection", "B[t,n] = sum(i, W_x_B[i,n] * x_2[t,i])"],
        ["x_proj.C", "projection", "C[t,n] = sum(i, W_x_C[i,n] * x_2[t,i])"],
        ["dt_proj", "projection", "dt_proj[t,i] = sum(p, W_dt_proj[p,i] * dt[t,p])"],
        ["dt_2", "discretisation", "dt_2[t,i] = softplus(dt_proj[t,i] + b_dt_proj[i])"],
        ["dA", "discretisation", "dA[t,i,n] = exp(dt_2[t,i] * A[i,n])"],
        ["h_scaled", "input_scale", "h_scaled[t,i] = dt_2[t,i] * x_2[t,i]"],
        ["h_outer", "state", "h_outer[t,i,n] = h_scaled[t,i] * B[t,n]"],
        ["h", "state", "h[t,i,n] = dA[t,i,n] * h[t-1,i,n] + h_outer[t,i,n]"],
        ["y", "state", "y[t,i] = sum(n, h[t,i,n] * C[t,n])"],
        ["y_2", "gate", "y_2[t,i] = (y[t,i] + D[i] * x_2[t,i]) * silu(z[t,i])"],
        ["out_proj", "projection", "out_proj[t,d] = sum(i, W_out_proj[i,d] * y_2[t,i])"],
        ["out", "residual", "out[t,d] = out_proj[t,d] + u[t,d]"],
    ]
    assert found.equations["sizes"] == {"d": 8, "i": 16, "k": 4, "p": 2, "n": 4}


def test_the_page_shows_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (_, module), (_, workload) = LISTING.findall((DOCS / "import.md").read_text())
    Path("cell.py").write_text(module.removeprefix("# cell.py\n"))
    found = imported("cell.py:cell")
    command = "python -m sim import torch cell.py:cell -o my.yaml"
    assert workload_text(found, "my", command, "cell.py:cell") == workload
    assert difference(found) < 1e-10


def test_heads_are_axes_of_their_own() -> None:
    found = texts(imported(f"{FILE}:mamba2"))
    assert found["x"] == "x[t,h,p] = sum(d, W_in_x[d,h,p] * v[t,d])"
    assert found["S"] == "S[t,h,p,n] = a[t,h] * S[t-1,h,p,n] + S_outer[t,h,p,n]"
    assert found["out_proj"] == "out_proj[t,d] = sum(h, p, W_out_proj[h,p,d] * y[t,h,p])"


def test_a_state_that_is_shifted_is_a_convolution() -> None:
    found = imported(f"{FILE}:rg_lru")
    assert texts(found)["x"] == "x[t,i] = sum(k, conv[k,i] * buffer[t-k,i])"
    assert kinds(found)["x"] == "convolution"


def test_what_is_not_learned_is_a_constant() -> None:
    found = imported(f"{FILE}:shift").equations["constants"]
    assert sorted(found) == ["angles", "angles_2"]
    module, _ = torch_modules.shift()
    assert found["angles"] == ["n", [float(each) for each in np.cos(module.angles.double().numpy())]]


def test_the_same_module_gives_the_same_file() -> None:
    once, again = (workload_text(imported(f"{FILE}:gated_delta"), "g", "command", "source") for _ in range(2))
    assert once == again


def line_of(module: str) -> int:
    """The line of a module that is marked, the last of them."""
    lines = MISTAKES.read_text().splitlines()
    first = lines.index(next(line for line in lines if line.startswith(f"class {module}(")))
    return next(number for number, line in enumerate(lines[first:], start=first + 1) if line.endswith("# here"))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("ArgSort", "argsort: has no equation"),
        ("SoftmaxOverTime", "softmax: reduces along the time, for which there is no equation"),
        ("Loop", "select: takes single tokens out of the sequence: write a loop over tokens as a scan"),
        ("MeanOverTime", "mean: reduces along the time, for which there is no equation"),
        ("MeanOverBatch", "mean: reduces across the sequences of the batch"),
        ("Attention", "matmul: sums along the time, for which there is no equation"),
        ("Later", "add: reads later tokens"),
        ("Mixing", "conv1d: is not a depthwise convolution along the time (groups = channels)"),
        ("Position", "add: depends on the position of a token"),
        ("Chunks", "view: splits the time, for which there is no equation"),
        ("Turned", "permute: the output is not one row for each token of the input"),
        ("Interleaved", "add: depends on the position of a token"),
        ("Nested", "scan: is a scan along another axis than the time"),
        ("Last", "scan: reads what is left after the last token, which no token can"),
        ("Beginning", "scan: begins with something else than zeros"),
        (
            "Wider",
            "cat: the output has 16 elements a token, the input 8, and layers follow one another: project it back",
        ),
        ("Mask", "gt: chooses by what is computed, expected a mask that is the same for all inputs"),
    ],
)
def test_what_has_no_equation_is_named_with_its_place(module: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        imported(f"{MISTAKES}:make_{module}")
    place = MISTAKES.relative_to(ROOT) if Path.cwd() == ROOT else MISTAKES
    assert str(error.value) == f"{place}:{line_of(module)}: {message}"


def test_what_torch_cannot_export_is_said_with_its_place() -> None:
    with pytest.raises(InputError) as error:
        imported(f"{MISTAKES}:make_Branch")
    (problem,) = error.value.problems
    assert problem.file.endswith(f"torch_mistakes.py:{line_of('Branch')}")
    assert problem.message.startswith("torch.export fails: GuardOnDataDependentSymNode: Could not guard")


@pytest.mark.parametrize(
    ("text", "spec", "message"),
    [
        pytest.param("", "nothing.py:made", "nothing.py: is no file", id="no file"),
        pytest.param("", "made.py", "made.py: expected module.py:factory", id="no factory"),
        pytest.param("", "made.py:made", "made.py: has no function 'made'", id="no such factory"),
        pytest.param(
            "x = 1 / 0", "made.py:made", "made.py: cannot be imported: ZeroDivisionError: division by zero", id="import"
        ),
        pytest.param(
            "def made(): return [][1]", "made.py:made", "made.py: made: fails: IndexError: list index out of range",
            id="fails",
        ),
        pytest.param(
            "def made(): return 1", "made.py:made",
            "made.py: made: expected (module, example_inputs), a torch.nn.Module and tensors", id="no module",
        ),
    ],
)  # fmt: skip
def test_a_factory_that_is_none(
    text: str, spec: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made.py").write_text(text)
    with pytest.raises(InputError) as error:
        imported(spec)
    assert str(error.value) == message


def test_a_cell_gives_back_its_states() -> None:
    with pytest.raises(InputError, match="make_Forgotten: forward returns y and 0 new states, expected 1"):
        imported(f"{MISTAKES}:make_Forgotten")
