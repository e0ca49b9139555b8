"""Our components against reference data: each suite compares one of them, case by case.

A suite whose tools are not there raises SuiteSkipped.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.validation import dram, rtl, sram, systolic
from sim.validation.cases import Case

SUITES: dict[str, Callable[[], list[Case]]] = {
    "systolic": systolic.cases,
    "dram": dram.cases,
    "sram": sram.cases,
    "rtl": rtl.components,
    "rtl-program": rtl.whole_programs,
}
