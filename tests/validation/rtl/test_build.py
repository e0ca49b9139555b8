"""What builds the Verilog: what is missing is said, what fails is said, and nothing is built twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.validation.rtl import build
from sim.validation.rtl.build import Model, RtlError, ToolsMissing, built, missing_tools
from sim.validation.rtl.models import LANES
from tests.support.rtl import needs_verilator


@pytest.mark.parametrize(
    ("there", "said"),
    [
        pytest.param(("g++",), "needs Verilator (Debian package: verilator)", id="no Verilator"),
        pytest.param(("verilator",), "needs a C++ compiler (Debian package: g++)", id="no compiler"),
        pytest.param(("verilator", "clang++"), None, id="both"),
    ],
)
def test_what_is_missing_is_said_with_its_package(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], said: str | None
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: name if name in there else None)
    assert missing_tools() == said
    if said is not None:
        with pytest.raises(ToolsMissing) as caught:
            built(LANES)
        assert str(caught.value) == said


@needs_verilator
def test_a_program_that_is_there_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    program = built(LANES)
    monkeypatch.setattr(build, "_call", lambda command, folder: pytest.fail(f"called {command}"))
    assert built(LANES) == program


@needs_verilator
def test_verilog_with_a_mistake_is_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "_cache", lambda: tmp_path)
    monkeypatch.setattr(build, "_source", lambda name: "module lanes(input clk); assign = 1; endmodule\n")
    with pytest.raises(RtlError, match=r"verilator: %Error: lanes\.v:1:.*syntax error"):
        built(LANES)
    assert list(tmp_path.iterdir()) == []


@needs_verilator
def test_a_run_that_fails_is_a_line() -> None:
    with pytest.raises(RtlError, match=r"lanes: ended with 1"):
        build.run(LANES, ["4 0 2 1 1 0 0"])


def test_models_differ_by_their_numbers() -> None:
    one, other = (Model("m", (), "h", (("R", side),)) for side in (8, 32))
    assert repr(one) != repr(other)
