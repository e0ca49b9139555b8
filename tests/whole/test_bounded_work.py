"""What ends cases that would not end by themselves."""

from __future__ import annotations

import os
import signal

from tests.support.bounded import failures


def _work(case: str) -> None:
    if case == "endless":
        while True:
            pass
    if case == "large":
        bytearray(1 << 30)
    if case == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    assert case != "wrong", "it is wrong"


def test_each_case_fails_by_itself() -> None:
    cases = ["well", "endless", "wrong", "large", "crash", "well"]
    found = failures(_work, cases, seconds=0.5, memory=1 << 28)
    assert [each.split(":")[0] for each in found] == ["endless", "wrong", "large", "crash"]
    assert found[0] == "endless: took longer than 0.5 s"
    assert "AssertionError: it is wrong" in found[1]
    assert "MemoryError" in found[2]
    assert found[3] == "crash: ended the process: -9"
