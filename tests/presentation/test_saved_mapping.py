"""A mapping that was found, written and taken again: the same run, without a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.files.limits import Limits
from sim.files.resolve import named_mapping
from sim.lowering.section import GIVEN
from sim.presentation.saved_mapping import saved_mapping
from sim.simulation import prepare, run
from tests.support.command_line import call


@pytest.mark.parametrize("machine", ["edge", "edge_flexpe", "edge_2x512"])
@pytest.mark.parametrize("settings", [["sequence_length=96"], ["phase=decode"]], ids=["prefill", "decode"])
def test_what_is_saved_is_the_same_mapping_again(tmp_path: Path, machine: str, settings: list[str]) -> None:
    small = ["layers=2", *settings]
    found = prepare("mamba2-d96", machine, small, Limits(search="quick"))
    path = tmp_path / "found.yaml"
    path.write_text(saved_mapping(found.sections[0], run(found, certificate=True), "run"), encoding="utf-8")
    again = prepare("mamba2-d96", machine, [*small, *named_mapping(str(path))])
    assert again.sections[0].choice == GIVEN
    assert again.sections[0].mapping == found.sections[0].mapping
    assert run(again).makespan_cycles == run(found).makespan_cycles


def test_the_command_writes_it_and_says_how_it_was_found(tmp_path: Path) -> None:
    path = str(tmp_path / "found.yaml")
    words = ["run", "mamba2-d96", "--layers", "1", "--seq-len", "32", "-q"]
    assert call(*words, "--search", "quick", "--save-mapping", path) == (0, "", "")
    first, *rest = Path(path).read_text().splitlines()
    assert first.startswith(
        "# Found by `python -m sim run mamba2-d96 --hw edge --seq-len 32 --layers 1 --search quick`, stallscope "
    )
    assert first.endswith("of the least that any mapping takes.")
    assert rest[0] == 'name: "mamba2-d96 on edge"' and "mapping:" in rest
    assert call(*words, "--mapping", path) == (0, "", "")


def test_layers_that_differ_have_more_than_one_mapping() -> None:
    job = prepare("mamba2-d96", "edge", ["layers=1", "sequence_length=8"])
    result = run(job).model_copy(update={"sections": []})
    with pytest.raises(InputError, match="--save-mapping: layers differ"):
        saved_mapping(job.sections[0], result, "run")
