"""Requesters on live RTL of banks."""

from __future__ import annotations

from statistics import median

from sim.validation.rtl import patterns
from tests.support.rtl import needs_verilator


@needs_verilator
def test_two_that_fetch_ahead_are_close_and_without_the_model_claims_nothing() -> None:
    cases = list(patterns.cases(60, units=(2,)))
    ahead, none = ([case for case in cases if end in case.group] for end in ("32 words", "no words"))
    assert len(ahead) == len(none) == 60
    assert all(case.holds for case in ahead)
    assert median(abs(case.error) for case in ahead) < 0.005
    slower = [with_none.reference / with_words.reference for with_none, with_words in zip(none, ahead, strict=True)]
    assert max(slower) > 1.2  # the banks do hold up who fetches nothing ahead


def test_patterns_are_the_same_every_time() -> None:
    assert patterns.patterns(3, 20) == patterns.patterns(3, 20)
