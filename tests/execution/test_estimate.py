"""What a run will take: counted before it runs, and refused above limits with the option that allows it."""

from __future__ import annotations

import pytest

from sim.execution.estimate import (
    ACCOUNT_BYTES,
    ACCOUNT_SECONDS,
    ITEM_BYTES,
    OBSERVED_SECONDS,
    PROCESS_BYTES,
    REQUEST_SECONDS,
    Estimate,
    estimate,
)
from sim.files.errors import InputError
from sim.files.limits import LIMITS, Limits
from sim.simulation import planned, prepare, run, simulate

SMALL = ["sequence_length=64", "layers=3"]


def test_requests_are_those_that_a_run_makes() -> None:
    job = prepare("mamba2-d96", "edge", SMALL)
    assert planned(job).requests == run(job, stride="tile").requests
    assert planned(job, 1).requests * 3 == planned(job).requests
    assert planned(job, 2).requests == planned(job).requests, "two layers, and one: what the second adds is scaled"


def test_items_and_accounts_take_memory_and_requests_take_time() -> None:
    program = prepare("mamba2-d96", "edge", SMALL).sections[0].program
    found, accounts = estimate(program), 3 * len(program.streams)
    items = sum(stream.items for stream in program.streams)
    assert found.memory_bytes == PROCESS_BYTES + items * ITEM_BYTES + accounts * ACCOUNT_BYTES
    assert found.seconds == pytest.approx(found.requests * REQUEST_SECONDS + accounts * ACCOUNT_SECONDS)
    watched = estimate(program, observed=True)
    assert watched.seconds - found.seconds == pytest.approx(found.requests * OBSERVED_SECONDS)


def test_one_after_the_other_adds_time_but_no_memory() -> None:
    one, other = Estimate(10, 1.0, 100), Estimate(5, 0.5, 300)
    assert one.together(other) == Estimate(15, 1.5, 300)
    assert one.times(3) == Estimate(30, 3.0, 100)


@pytest.mark.parametrize(
    ("found", "limits", "message"),
    [
        pytest.param(Estimate(10, 3600.0, 4 << 30), LIMITS, None, id="at the limits"),
        pytest.param(
            Estimate(8_000_000_000, 9600.0, 0), LIMITS,
            "8,000 M requests would take about 2.67 h, which is more than 1 h; --time-limit 3h allows it",
            id="too long",
        ),
        pytest.param(
            Estimate(50_000, 6.0, (4 << 30) + 1), LIMITS,
            "the tables of a run would take about 5 GiB, which is more than 4 GiB; --memory-limit 5GiB allows it",
            id="too large",
        ),
        pytest.param(Estimate(10, 9600.0, 5 << 30), Limits(10_000.0, 8 << 30), None, id="allowed"),
    ],
)  # fmt: skip
def test_more_than_the_limits_is_refused(found: Estimate, limits: Limits, message: str | None) -> None:
    if message is None:
        found.check(limits)
        return
    with pytest.raises(InputError) as caught:
        found.check(limits)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(["sequence_length=1073741824"], id="tokens"),
        pytest.param(["layers=10000", "sequence_length=1000000"], id="layers"),
        pytest.param(["mapping.token_tile=8388608", "sequence_length=8388608", "sram.capacity=64GiB"], id="tile"),
        pytest.param(["dimensions.d_model=65536", "dimensions.expand=16", "sram.capacity=64GiB"], id="weights"),
        pytest.param(
            ["sequence_length=1073741824", "mac_array.rows=1", "mac_array.columns=1", "clock=100GHz"], id="slow"
        ),
    ],
)
def test_what_would_take_too_much_is_refused_before_it_runs(wanted: list[str]) -> None:
    with pytest.raises(InputError, match=r"would take|one layer needs"):
        simulate("mamba2", "edge", wanted)


def test_a_caller_may_allow_more_or_less() -> None:
    with pytest.raises(InputError, match=r"which is more than 0\.1 ms"):
        simulate("mamba2-d96", "edge", SMALL, limits=Limits(seconds=1e-4))
    assert simulate("mamba2-d96", "edge", SMALL, limits=Limits(10.0, 1 << 30)).layers == 3
