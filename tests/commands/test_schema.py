"""The command schema."""

from __future__ import annotations

from tests.support.command_line import check_prints


def test_the_schema_of_the_result_is_printed() -> None:
    check_prints(["schema"], ['"makespan_cycles"'])
