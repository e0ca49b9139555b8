"""The order of a run: every operation of a layer once for each timestep and part, and none before what it reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sim.accounting.replay import OrderRecorder
from sim.execution.run import run_program
from sim.lowering.section import Section
from tests.support.layers import EDGE, HEAVY, LEAKY, blocked, inventory, section
from workloads.execute import IndexRange, Turn, execute, random_parameters


def heard(*sections: Section) -> OrderRecorder:
    """Who has heard *sections* run, one after the other."""
    recorder = OrderRecorder()
    for each in sections:
        recorder.begin(each, 0)
        run_program(each.program, EDGE, observer=recorder)
    return recorder


HEADS = [
    IndexRange("h", 2 * number, 2 * number + 1) for number in range(4)
]  # of two blocks of two lanes, two heads each


@pytest.mark.parametrize("layer", [0, 1])
def test_every_operation_has_its_turn(layer: int) -> None:
    """Ten timesteps, although the last of three tiles of four has room for two more."""
    order = list(heard(section(inventory(LEAKY, "s y", tokens=4), layers=2, length=10)).order(layer))
    steps = [Turn(name, step) for step in range(10) for name in "va"]
    parts = [Turn(name, step, part) for step in range(10) for name in "sy" for part in HEADS]
    assert Counter(order) == Counter([*steps, *parts])
    for part in HEADS:  # follow each other timestep by timestep, s before y
        own = [(turn.name, turn.timestep) for turn in order if turn.part == part]
        assert own == [(name, step) for step in range(10) for name in "sy"]


def test_a_projection_is_done_with_the_last_of_its_weights() -> None:
    """r has the first two of four tiles of weights, s the others, and y, which reads both, comes last."""
    order = list(heard(section(inventory(HEAVY, "y", blocks=1, lanes=1, tokens=4), length=4)).order(0))
    assert order == [Turn(name, step) for name in "qrs" for step in range(4)] + [Turn("y", step) for step in range(4)]


def test_projections_by_blocks() -> None:
    """x makes each block with the last tile of its weights, o is done with the last block."""
    order = list(heard(section(inventory(blocked(), "s", lanes=1, tokens=2), length=4)).order(0))
    parts = [IndexRange("h", 0, 1), IndexRange("h", 2, 3)]
    assert [turn for turn in order if turn.name == "x"] == [
        Turn("x", tile + step, part) for tile in (0, 2) for part in parts for step in range(2)
    ]
    assert [turn for turn in order if turn.name == "o"] == [Turn("o", step) for step in range(4)]
    assert order.index(Turn("o", 0)) > order.index(Turn("s", 1, parts[1]))


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_the_order_is_one_that_computes_the_layer(blocks: int) -> None:
    recorder = heard(section(inventory(LEAKY, "s y", blocks=blocks, tokens=3), length=7))
    inputs = np.random.default_rng(0).standard_normal((7, 8))
    parameters = random_parameters(LEAKY, 0)
    found = execute(LEAKY, parameters, inputs, recorder.order(0)).values["y"]
    np.testing.assert_allclose(found, execute(LEAKY, parameters, inputs).values["y"], rtol=1e-13)


def test_the_head_is_not_kept() -> None:
    layers = section(inventory(LEAKY, "s y", tokens=4), length=8)
    last = section(inventory(HEAVY, "y", blocks=1, lanes=1, tokens=4), length=4)
    head = replace(last, stack=replace(last.stack, head=True))
    assert list(heard(layers, head).order(0)) == list(heard(layers).order(0)) != []
