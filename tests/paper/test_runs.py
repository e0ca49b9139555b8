"""The runs of the reproduction: scaled to whole models, with options, each done once."""

from __future__ import annotations

import pytest

from sim.files.errors import InputError
from sim.paper.runs import Run, Runs, Simulated, command_of, simulate_run
from tests.support.reproduction import small


def test_a_run_is_scaled_to_the_models_layers_and_tries_its_options() -> None:
    wanted = Run(
        "mamba1", "edge", ("sequence_length=128",), options=("mapping.token_tile=128", "mapping.token_tile=16")
    )
    found = simulate_run(wanted)
    assert (found.result.simulated_layers, found.result.layers) == (2, 48)
    assert found.option == "mapping.token_tile=16"
    assert found.refused[0][0] == "mapping.token_tile=128" and "MiB of SRAM" in found.refused[0][1]
    assert command_of(wanted, found) == (
        "python -m sim run mamba1 --hw edge --set sequence_length=128 --set mapping.token_tile=16 --simulate-layers 2"
    )


def test_a_run_without_an_option_that_fits_says_why() -> None:
    with pytest.raises(InputError, match="MiB of SRAM"):
        simulate_run(Run("mamba1", "edge", options=("mapping.token_tile=256", "mapping.token_tile=128")))


def test_decode_is_simulated_whole() -> None:
    found = simulate_run(Run("mamba2-d96", "edge", ("phase=decode",)))
    assert (found.result.simulated_layers, found.result.layers) == (48, 48)


def test_runs_are_done_once() -> None:
    asked: list[Run] = []
    told: list[tuple[int, int]] = []

    def simulate_and_note(run: Run) -> Simulated:
        asked.append(run)
        return small()

    runs = Runs(simulate=simulate_and_note, progress=lambda done, known: told.append((done, known)))
    first, second = Run("mamba2", "edge"), Run("mamba2", "edge_flexpe")
    assert list(runs.of([first, second, first])) == [first, second]
    runs.of([second])
    assert asked == [first, second]
    assert told == [(1, 2), (2, 2)]
