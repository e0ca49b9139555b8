"""The command list."""

from __future__ import annotations

from tests.support.command_line import check_prints


def test_shipped_workloads_and_machines_are_listed() -> None:
    check_prints(["list"], ["mamba1", "mamba2", "mamba3_mimo", "edge", "edge_flexpe"])
