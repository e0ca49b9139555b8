"""Options that change what is read, and limits: alike on every command, each path set once, named in mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.commands.changes import Changes, MayTake, Phase
from sim.files.errors import InputError
from sim.files.limits import LIMITS, Limits
from tests.support.command_line import call, check_refused


def test_what_is_not_given_changes_nothing() -> None:
    assert Changes().assignments() == []
    assert set(Changes().options().values()) == {None}
    assert MayTake().limits() == LIMITS


def test_a_named_mapping_comes_first_and_may_be_overridden() -> None:
    changes = Changes(mapping="stream-like", set_=["mapping.lanes=2"], phase=Phase.decode, batch=4)
    found = changes.assignments(["simd.lanes=8"])
    assert "mapping.lanes=1" in found[:-4]
    assert found[-4:] == ["mapping.lanes=2", "phase=decode", "batch=4", "simd.lanes=8"]
    given = {flag: value for flag, value in changes.options().items() if value is not None}
    assert given == {"--mapping": "stream-like", "--set": ["mapping.lanes=2"], "--phase": "decode", "--batch": 4}


@pytest.mark.parametrize(
    ("changes", "more", "message"),
    [
        pytest.param(
            Changes(set_=["batch=1", "batch=2"]), [],
            "--set batch=2: batch: is set already, by --set batch=1", id="--set",
        ),
        pytest.param(
            Changes(set_=["layers=3"], layers=2), [],
            "--layers 2: layers: is set already, by --set layers=3", id="option",
        ),
        pytest.param(
            Changes(phase=Phase.decode), ["phase=prefill"],
            "--set phase=prefill: phase: is set already, by --phase decode", id="side",
        ),
    ],
)  # fmt: skip
def test_a_path_is_set_once(changes: Changes, more: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        changes.assignments(more)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("may_take", "message"),
    [
        pytest.param(MayTake(time_limit="3"), "--time-limit 3: ", id="no-unit"),
        pytest.param(MayTake(memory_limit="1h"), "--memory-limit 1h: ", id="no-size"),
    ],
)
def test_limits_are_quantities(may_take: MayTake, message: str) -> None:
    with pytest.raises(InputError, match=message):
        may_take.limits()
    assert MayTake("2h", "512MiB").limits() == Limits(7200, 512 << 20)


SHORT = ["--phase", "decode", "--batch", "2", "--layers", "3"]


@pytest.mark.parametrize(
    "command",
    [
        ["run", "mamba2-d96", "-q", "--json", "-"],
        ["explain", "mamba2-d96", "-q", "--json", "-"],
        ["compare", "mamba2-d96", "mamba2-d96:simd.lanes=8", "-q", "--json", "-"],
        ["count", "mamba2-d96", "-q", "--json", "-"],
    ],
    ids=lambda command: command[0],
)
def test_options_are_short_for_set_on_every_command(command: list[str]) -> None:
    long = [part for path in ("phase=decode", "batch=2", "layers=3") for part in ("--set", path)]
    (code, short, _), (_, spelt, _) = (call(*command, *options) for options in (SHORT, long))
    assert code == 0
    left, right = ({k: v for k, v in json.loads(text).items() if k != "command"} for text in (short, spelt))
    assert left == right


@pytest.mark.parametrize("command", ["run", "explain", "count", "graph"])
def test_a_mistake_names_the_option_that_was_typed(command: str) -> None:
    check_refused([command, "mamba2", "--batch", "0"], "--batch 0: batch: found 0, expected 1 at least")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["run", "mamba2", "--time-limit", "1s"], id="run"),
        pytest.param(["explain", "mamba2", "--time-limit", "4s"], id="explain"),
        pytest.param(
            ["compare", "mamba2", "mamba2:batch=2", "--simulate-layers", "48", "--time-limit", "3s"], id="compare"
        ),
        pytest.param(["plot", "units", "mamba2", "-o", "x.svg", "--time-limit", "1s"], id="plot"),
    ],
)
def test_what_takes_longer_than_allowed_is_refused(arguments: list[str]) -> None:
    check_refused(arguments, "--time-limit 1h allows it")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["run", "mamba2-d96", "--report", "x.html"], id="run"),
        pytest.param(["explain", "mamba2-d96", "--report", "x.html"], id="explain"),
        pytest.param(["compare", "mamba2-d96", "mamba2-d96:batch=2", "--report", "x.html"], id="compare"),
        pytest.param(["plot", "units", "mamba2-d96", "-o", "x.svg"], id="plot"),
    ],
)
def test_what_takes_longer_is_done_where_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Every part of it: a request is told to take a minute, so that the least of them is beyond an hour."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.execution.estimate.REQUEST_SECONDS", 60.0)
    arguments = [*arguments, "--layers", "1", "--seq-len", "32", "-q"]
    assert "h allows it" in call(*arguments)[2]
    assert call(*arguments, "--time-limit", "10000h") == (0, "", "")
    assert len(list(tmp_path.iterdir())) == 1
