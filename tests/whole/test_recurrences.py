"""Recurrences that are YAML alone can do all that the Mambas can: every command works on every one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.files.catalog import shipped
from sim.files.resolve import resolve_workload
from tests.support.command_line import call
from tests.support.sampled import sampled
from workloads.building import generator_of
from workloads.models.generator import SEQUENTIAL

SMALL = {  # widths of the layer, with which each keeps its other sizes or has small ones
    "deltanet": {"d": 48, "h": 4},
    "gated_deltanet": {"d": 32, "h": 2},
    "gla": {"d": 32, "r": 4},
    "hgrn2": {"d": 32, "h": 4, "k": 8},
    "kda": {"d": 32, "h": 4},
    "mlstm": {"d": 32, "h": 2},
    "retnet": {"d": 32, "h": 2},
    "rg_lru": {"d": 32, "b": 4},
    "rwkv7": {"d": 32, "h": 4, "f": 4, "i": 4, "g": 4},
    "s4d": {"d": 32, "n": 4},
}
SHORT = ("--search", "short")
CUT = "mapping={placement: simd, token_tile: 4, blocks: 1, lanes: 1, weight_slot_kib: 32}"  # little to search for
FORMS = [
    pytest.param(name, formulation, id=f"{name}, {formulation}")
    for name in SMALL
    for formulation in (SEQUENTIAL, *generator_of(resolve_workload(name).spec).chunked)
]


def settings(name: str, *more: str) -> list[str]:
    """The options that make *name* small, and *more* that are set."""
    sizes = (f"equations.sizes.{index}={size}" for index, size in SMALL[name].items())
    return [word for each in ("layers=2", *sizes, *more) for word in ("--set", each)]


def found(*words: str) -> Any:
    """What a command writes as JSON."""
    code, output, error = call(*words, "--json", "-")
    assert (code, error) == (0, ""), error
    return json.loads(output)


def in_chunks(formulation: str) -> list[str]:
    return [] if formulation == SEQUENTIAL else [f"formulation={formulation}", "chunk=4"]


def test_every_shipped_model_of_equations_is_looked_at() -> None:
    """But for a variant of one of them, see test_grouped_deltanet.py."""
    assert set(SMALL) | {"grouped_deltanet"} == set(shipped("equations"))


@pytest.mark.parametrize(("name", "formulation"), FORMS)
def test_run_and_count(name: str, formulation: str) -> None:
    wanted = settings(name, "sequence_length=11", *in_chunks(formulation))
    result, counts = found("run", name, *wanted, *SHORT), found("count", name, *wanted)
    assert (result["model"], result["formulation"]) == (name, formulation) == (counts["model"], counts["formulation"])
    assert result["bounds"]["any_mapping_cycles"] <= result["makespan_cycles"]
    for unit in result["units"].values():
        assert unit["busy_cycles"] + sum(unit["stalls"].values()) == result["makespan_cycles"]


@pytest.mark.parametrize("name", SMALL)
def test_decode_of_a_batch(name: str) -> None:
    one, four = (found("run", name, *settings(name), *SHORT, "--phase", "decode", "--batch", str(n)) for n in (1, 4))
    assert (one["tokens"], four["tokens"]) == (1, 4)
    assert one["makespan_cycles"] < four["makespan_cycles"]


@pytest.mark.parametrize("name", SMALL)
def test_prove(name: str) -> None:
    proof = found("prove", name, *settings(name, "chunk=4"), "--seq-len", "11")
    assert proof["holds"]
    assert len(proof["comparisons"]) == (2 if name == "s4d" else 4)


@pytest.mark.parametrize("name", sampled(SMALL, 4))
def test_explain_and_compare(name: str) -> None:
    explained = found("explain", name, *settings(name, CUT), "--seq-len", "11", *SHORT)
    assert explained["rungs"]
    chunked = resolve_workload(name).spec.equations.chunked  # type: ignore[union-attr]
    other = f"{name}:formulation=chunked,chunk=4" if chunked else f"{name}:batch=2"
    compared = found("compare", name, other, *settings(name, CUT), "--seq-len", "11", *SHORT)
    assert len(compared["columns" if "columns" in compared else "rows"]) > 1


@pytest.mark.parametrize("name", sampled(SMALL, 4))
def test_graph_trace_and_report(name: str, tmp_path: Path) -> None:
    code, graph, _ = call("graph", name, *settings(name))
    assert code == 0 and graph.startswith(f"{name}: one timestep of one layer")
    trace, report = tmp_path / "trace.json.gz", tmp_path / "report.html"
    code, _, error = call(
        "run", name, *settings(name, "sequence_length=11"), "--trace", str(trace), "--report", str(report), "--quiet"
    )
    assert (code, error) == (0, "")
    assert trace.stat().st_size > 1000
    assert f"{name}" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SMALL)
def test_a_size_is_set(name: str) -> None:
    wide = [f"equations.sizes.{index}={2 * size if index == 'd' else size}" for index, size in SMALL[name].items()]
    narrow = [f"equations.sizes.{index}={size}" for index, size in SMALL[name].items()]
    assert resolve_workload(name, wide).parameters > 1.5 * resolve_workload(name, narrow).parameters
