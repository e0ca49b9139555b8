"""Recorded runs are legal: an independent checker, which knows nothing of the simulator, finds nothing in their files.

A sample is looked at every time. ``STALLSCOPE_TESTS=all pytest -q tests/whole/test_legal_runs.py`` does so with
every shipped workload, in prefill and in decode, some minutes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.catalog import shipped
from sim.files.documents import read_document
from tests.support.legality.verdict import check_files
from tests.support.recorded import SAMPLE, recorded
from tests.support.sampled import EVERY_TEST


def _arguments(name: str) -> str:
    """A shipped workload with one layer, or one of each kind, narrow and with a short head where it can be told so."""
    data = read_document(shipped("workload")[name]).data
    arguments = f"{name} --seq-len 12" + (" --set vocabulary=512" if data.get("vocabulary") else "")
    dimensions = data.get("dimensions", {})
    kinds = dimensions["kinds"] if data.get("model") == "layers" else {}
    equations = [kind for kind, parts in kinds.items() if "equations" in parts]
    channels = 256 if equations else 128
    if dimensions.get("d_model", 0) > channels:
        arguments += f" --set dimensions.d_model={channels}"
    if not kinds:
        return f"{arguments} --layers 1"
    arguments += f" --layers {len(kinds)} --set dimensions.pattern=[{','.join(kinds)}]"
    return " ".join([arguments, *(f"--set dimensions.kinds.{kind}.equations.sizes.d={channels}" for kind in equations)])


EVERY = {
    f"{name}, {phase}": f"{_arguments(name)} {rest}"
    for name in shipped("workload")
    for phase, rest in (("prefill", "--hw edge"), ("decode", "--phase decode --batch 2 --hw edge_flexpe"))
}
RUNS = SAMPLE | (EVERY if EVERY_TEST else {})


@pytest.mark.parametrize("name", RUNS)
def test_a_recorded_run_is_legal(tmp_path: Path, name: str) -> None:
    verdict = check_files(*recorded(tmp_path, RUNS[name]))
    assert verdict.legal, verdict.words()
    assert min(verdict.compared.values()) > 10  # every check had something to look at
