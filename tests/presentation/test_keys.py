"""The page of all keys."""

from __future__ import annotations

import pytest

from hw.machine import MachineSpec
from sim.presentation.keys import described, reference
from tests.support.folders import DOCS
from workloads.models.registry import GENERATORS
from workloads.workload_spec import WorkloadSpec


def test_the_page_is_what_the_command_writes() -> None:
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == reference()


ALL = {key.path: key for spec in (MachineSpec, WorkloadSpec) for key in described(spec)}
ALL |= {key.path: key for key in described(GENERATORS["mamba3"].dimensions, "dimensions.")}


@pytest.mark.parametrize(
    ("path", "kind", "allowed", "default"),
    [
        pytest.param("clock", "quantity, such as 250MHz", "1kHz to 100GHz", "", id="quantity"),
        pytest.param("simd.pipeline_depth", "cycles", "0 to 1,024", "", id="number with a unit"),
        pytest.param("dimensions.n_groups", "groups", "1 to 65,536", "1", id="number with a default"),
        pytest.param("chunk", "tokens", "1 to 65,536", "null", id="number that may be left out"),
        pytest.param("dram.refresh", "choice", "all-bank, none", "all-bank", id="choice"),
        pytest.param("head", "choice", "true, false", "false", id="yes or no"),
        pytest.param("dimensions.rope_fraction", "choice", "0.5, 1.0", "0.5", id="fraction"),
        pytest.param("name", "text", "1 to 200 characters", "", id="text"),
        pytest.param("sram", "mapping", "", "", id="part"),
        pytest.param("mac_array.elementwise", "mapping", "", "null", id="optional part"),
        pytest.param("dimensions", "mapping", "below", "{}", id="what the model says"),
        pytest.param("mapping.place", "mapping, text", "1 to 40 characters", "{}", id="table"),
        pytest.param(
            "units", "mapping, unit", "16 at most, each of a kind: mac_array, simd, special_functions", "{}", id="units"
        ),
    ],
)
def test_a_key_in_words(path: str, kind: str, allowed: str, default: str) -> None:
    found = ALL[path]
    assert (found.kind, found.range, found.default) == (kind, allowed, default)
    assert found.meaning.endswith(".")
