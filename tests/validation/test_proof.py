"""Proof on numbers: what is compared with what, and that wrong equations are found out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sim.files.errors import InputError
from sim.validation.proof import Module, Proof, Prover
from tests.support.command_line import call
from workloads.evaluate import Array

LEAKY = """\
name: leaky
model: equations
equations:
  sizes: {d: 4, i: 2 * d}
  input: u[t,d]
  constants:
    decay: [i, "1 - 2 ** (0 - 1 - i)"]
  operations:
    - [in, projection, "x[t,i] = sum(d, W[d,i] * u[t,d])"]
    - [update, state, "h[t,i] = decay[i] * h[t-1,i] + x[t,i]"]
    - [read, state, "y[t,i] = h[t,i] * x[t,i]"]
    - [out, projection, "o[t,d] = sum(i, V[i,d] * y[t,i])"]
  output: o
  chunked:
    axis: q
    tokens: 8
    indices: [s]
    replaces: [update, read]
    operations:
      - [log, chunk, "lg[t,q,i] = cumsum(q, log(decay[i]) + 0 * x[t,q,i])"]
      - [inside, chunk, "p[t,q,i] = sum(s, where(s <= q, exp(lg[t,q,i] - lg[t,s,i]), 0) * x[t,s,i])"]
      - [states, chunk, "hq[t,q,i] = p[t,q,i] + exp(lg[t,q,i]) * h[t-1,i]"]
      - [update, passing, "h[t,i] = hq[t,last(q),i]"]
      - [read, state, "y[t,q,i] = hq[t,q,i] * x[t,q,i]"]
layers: 3
sequence_length: 100
"""
UNCHUNKED = LEAKY[: LEAKY.index("  chunked:")] + "layers: 1\nsequence_length: 9\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "leaky.yaml").write_text(UNCHUNKED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def proven(**wanted: object) -> Proof:
    return Prover("leaky.yaml", "edge", **wanted).prove()  # type: ignore[arg-type]


def test_what_else_is_given_is_drawn_too(folder: Path) -> None:
    text = UNCHUNKED.replace("input: u[t,d]", 'input: u[t,d]\n  more_inputs: ["g[t,i]"]')
    (folder / "leaky.yaml").write_text(text.replace("h[t,i] * x[t,i]", "h[t,i] * g[t,i]"))
    proof = proven()
    assert proof.holds
    assert [each.what for each in proof.comparisons] == [
        "prefill, token by token",
        "decode after prefill, token by token",
    ]


def test_a_schedule_is_compared_with_the_loop_and_decode_goes_on() -> None:
    proof = proven()
    said = [(each.what, each.against, each.tokens) for each in proof.comparisons]
    assert said == [
        ("prefill, token by token", "the loop", 13),
        ("decode after prefill, token by token", "the loop", 3),
    ]
    assert proof.holds and max(each.error for each in proof.comparisons) <= 1e-10


@pytest.mark.parametrize("workload", ["mamba1-d96", "mamba2-d96", "mamba3_mimo-d48"])
def test_every_formulation_of_a_model_is_proven(workload: str) -> None:
    proof = Prover(workload, "edge", ["chunk=4"], tokens=9).prove()
    assert proof.holds
    assert len(proof.comparisons) == (6 if workload == "mamba1-d96" else 4)
    assert {each.tokens for each in proof.comparisons} == {9, 3}


def test_a_chunked_form_that_loses_the_state_is_found_out(folder: Path) -> None:
    (folder / "leaky.yaml").write_text(LEAKY.replace("decay[i] * h[t-1,i] + x", "decay[i] * h[t-1,i] + 2 * x"))
    proof = proven(tokens=20)
    found = {each.what: each for each in proof.comparisons}
    assert not proof.holds
    assert found["prefill, token by token"].error <= 1e-10
    assert found["prefill, chunked, 16 tokens a chunk"].error > 0.1
    assert found["decode after prefill, chunked"].error > 1e-3


@pytest.mark.parametrize("assignments", [["formulation=chunked"], ["phase=decode", "batch=3", "chunk=4"]], ids=str)
def test_whatever_the_workload_does_all_is_proven(folder: Path, assignments: list[str]) -> None:
    (folder / "leaky.yaml").write_text(LEAKY)
    chunk = 4 if "chunk=4" in assignments else 16
    assert [each.what for each in proven(assignments=assignments, tokens=16).comparisons] == [
        "prefill, token by token",
        f"prefill, chunked, {chunk} tokens a chunk",
        "decode after prefill, chunked",
        "decode after prefill, token by token",
    ]


def test_padding_that_changes_the_state_is_found_out(folder: Path) -> None:
    (folder / "leaky.yaml").write_text(LEAKY)
    whole, padded = proven(tokens=32), proven(tokens=20)
    states = [each for each in (*whole.comparisons, *padded.comparisons) if each.what.startswith("prefill, chunked")]
    assert [each.error <= 1e-10 for each in states] == [True, False]
    assert states[1].tensor == "h, handed on"


def double(inputs: Array) -> Array:
    """The leaky integrator with one weight of one everywhere, as a loop of its own."""
    h, outputs = np.zeros(8), []
    for u in inputs:
        x = np.full(8, u.sum())
        h = (1 - 2.0 ** -(1 + np.arange(8.0))) * h + x
        outputs.append(np.full(4, (h * x).sum()))
    return np.array(outputs)


@pytest.mark.parametrize(("weight", "holds"), [(1.0, True), (2.0, False)])
def test_the_module_that_the_equations_came_from_is_compared(weight: float, holds: bool) -> None:
    module = Module("module.py:ones", {"W": np.full((4, 8), weight), "V": np.ones((8, 4))}, double)
    proof = proven(module=module)
    first = proof.comparisons[0]
    assert (first.what, first.against) == ("the loop of leaky.yaml", "module.py:ones")
    assert (first.error <= 1e-10, proof.holds) == (holds, holds)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param({"W": np.ones((4, 8))}, "m.py:f: the parameter 'V' of leaky.yaml is none of its", id="missing"),
        pytest.param(
            {"W": np.ones((4, 8)), "V": np.ones((8, 5))},
            "m.py:f: the parameter 'V' is (8, 5), expected (8, 4) as in leaky.yaml",
            id="other sizes",
        ),
    ],
)
def test_a_module_of_other_equations_is_a_mistake(parameters: dict[str, Array], message: str) -> None:
    with pytest.raises(InputError) as raised:
        proven(module=Module("m.py:f", parameters, double))
    assert str(raised.value) == message


def test_numbers_that_grow_out_of_bounds_are_a_mistake_in_the_input(folder: Path) -> None:
    (folder / "leaky.yaml").write_text(UNCHUNKED.replace("decay[i] * h[t-1,i]", "9 * h[t-1,i] * h[t-1,i]"))
    with pytest.raises(InputError, match=r"'h' is no finite number at token \d+, with random parameters; "):
        proven(tokens=40)


def test_too_many_tokens_are_refused() -> None:
    with pytest.raises(InputError, match=r"--seq-len: 100,000,000 tokens of one layer are .* GiB of numbers, "):
        proven(tokens=100_000_000)


def test_the_command_says_what_it_has_proven() -> None:
    code, said, _ = call("prove", "leaky.yaml")
    assert code == 0
    assert "leaky (equations), as scheduled on edge: proven, largest error" in said
    assert "prefill, token by token" in said


def test_the_command_fails_where_it_is_not_proven(folder: Path) -> None:
    (folder / "leaky.yaml").write_text(LEAKY.replace("s <= q", "s < q"))
    code, said, _ = call("prove", "leaky.yaml", "--json", "-")
    assert code == 1
    assert json.loads(said)["holds"] is False
    (folder / "module.py").write_text("")
    asked = ["prove", "leaky.yaml", "--against", "module.py:made", "--json", "module.py"]
    assert call(*asked)[2] == "stallscope: module.py: is read as well (as 'module.py'), expected another file\n"


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second, third = (proven(seed=seed, tokens=9).to_json() for seed in (1, 1, 2))
    assert first == second != third
