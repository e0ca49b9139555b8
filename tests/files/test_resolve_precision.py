"""How a precision may be written, laid over another one, and mistaken."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.files.resolve import resolve, resolve_workload
from sim.simulation import prepare
from tests.support.folders import CONFIGS
from workloads.stack import Stack

CHECKPOINT = CONFIGS / "state-spaces-mamba2-130m.json"
SCALAR = "extends: mamba2-d96.yaml\nname: mine\nprecision: 8bit\n"
NODE = "extends: mamba2-d96.yaml\nname: mine\nprecision: {weights: 4bit, state: 32bit}\n"


def widths(stack: Stack) -> tuple[int, int, int, int]:
    """Bits of a weight, an activation, a state, a partial sum."""
    return stack.weights.bits, 8 * stack.element_bytes, 8 * stack.state_bytes, 8 * stack.accumulator_bytes


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        pytest.param(SCALAR, [], (8, 8, 8, 8), id="a scalar"),
        pytest.param(SCALAR, ["precision.weights=4bit"], (4, 8, 8, 8), id="one class: the scalar is of the others"),
        pytest.param(SCALAR, ["precision.activations=16bit"], (8, 16, 16, 16), id="states as activations"),
        pytest.param(SCALAR, ["precision.accumulators=32bit"], (8, 8, 8, 32), id="accumulators"),
        pytest.param(SCALAR, ["precision=16bit", "precision.weights=4bit"], (4, 16, 16, 16), id="one after the other"),
        pytest.param(SCALAR, ["state_precision=32bit"], (8, 8, 32, 8), id="states by the old key"),
        pytest.param(NODE, [], (4, 16, 32, 16), id="a mapping over the scalar of what it extends"),
        pytest.param(NODE, ["precision.weights=8bit"], (8, 16, 32, 16), id="a part of the mapping"),
        pytest.param(NODE, ["precision=8bit"], (8, 8, 8, 8), id="a scalar in place of the mapping"),
        pytest.param(NODE, ["state_precision=16bit"], (4, 16, 16, 16), id="the old key in place of the new one"),
    ],
)
def test_widths(tmp_path: Path, text: str, settings: list[str], expected: tuple[int, int, int, int]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert widths(resolve_workload(str(path), settings).stacks[0]) == expected


def test_a_mapping_that_says_no_more_than_a_width_is_that_width() -> None:
    """So it has the shipped mapping that the width has."""
    spelt_out = ["precision={weights: 16bit, activations: 16bit, scale: 16bit}"]
    assert prepare("mamba2", "edge", spelt_out).sections[0].choice.origin == "shipped"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param([], (16, 16, 32, 16), id="as read"),
        pytest.param(["precision.weights=4bit"], (4, 16, 32, 16), id="narrow weights"),
        pytest.param(["precision.state=16bit"], (16, 16, 16, 16), id="in place of what the reader chose"),
    ],
)
def test_widths_of_a_checkpoint(settings: list[str], expected: tuple[int, int, int, int]) -> None:
    assert widths(resolve_workload(str(CHECKPOINT), settings).stacks[0]) == expected


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        pytest.param(
            "precision: {weights: 4bit, state: 16bit}\nstate_precision: 32bit\n", [],
            "mine.yaml:4: state_precision: states have their width from both state_precision and precision.state, "
            "expected one of them",
            id="twice in a file",
        ),
        pytest.param(
            "", ["precision.state=16bit", "state_precision=32bit"],
            "--set state_precision=32bit: state_precision: states have their width from both state_precision and "
            "precision.state, expected one of them",
            id="twice by --set",
        ),
        pytest.param(
            "precision: 12bit\n", [],
            "mine.yaml:3: precision: found '12bit', expected '8bit', '16bit' or '32bit', or a mapping of weights, "
            "activations, state",
            id="no width",
        ),
        pytest.param(
            "precision: 12bit\n", ["precision.weights=4bit"],
            "mine.yaml:3: precision.activations: found '12bit', expected '8bit', '16bit' or '32bit'",
            id="no width for the others",
        ),
        pytest.param(
            "precision:\n  weights: 4bit\n  group: 0\n", [],
            "mine.yaml:5: precision.group: found 0, expected 1 at least",
            id="empty groups",
        ),
        pytest.param(
            "", ["precision.weight=4bit"],
            "--set precision.weight=4bit: precision.weight: unknown key, expected one of weights, activations, state, "
            "accumulators, group, scale; did you mean 'weights'?",
            id="a class misspelt",
        ),
    ],
)  # fmt: skip
def test_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, settings: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(f"extends: mamba2-d96.yaml\nname: mine\n{text}")
    with pytest.raises(InputError) as raised:
        resolve("mine.yaml", "edge", settings)
    assert [str(each) for each in raised.value.problems] == [message]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            ["mac_array.types=[w8a8]"],
            "--set mac_array.types=[w8a8]: mac_array.types: in_proj.x multiplies w16a16, which the MAC array does not "
            "take, expected one of w8a8",
            id="no wider type of weights",
        ),
        pytest.param(
            ["mac_array.types=[]"],
            "--set mac_array.types=[]: mac_array.types: found [], expected 1 entry at least",
            id="an array that takes nothing",
        ),
        pytest.param(
            ["precision.weights=4bit", "mac_array.types=[w16a16]", "simd.cycles={add: 1, exp: 1}"],
            "has no figure for",
            id="lanes that do not multiply",
        ),
    ],
)
def test_what_no_unit_can_do(settings: list[str], message: str) -> None:
    with pytest.raises(InputError) as raised:
        prepare("mamba2-d96", "edge", ["layers=1", *settings])
    assert message in str(raised.value)
