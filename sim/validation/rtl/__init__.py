"""RTL in Verilog, run under Verilator: an array, lanes and banks by themselves, and programs on all of it together."""

from __future__ import annotations

from sim.validation.cases import Case
from sim.validation.rtl import arrays, chains, patterns, programs


def components() -> list[Case]:
    """Products on arrays of 8 x 8 and 32 x 32 PEs, chains of passes, requesters on banks.

    Raises ToolsMissing, a SuiteSkipped, without Verilator or a C++ compiler.
    """
    return [*arrays.cases(8), *arrays.cases(32), *chains.cases(), *patterns.cases()]


def whole_programs() -> list[Case]:
    """Programs of small models on the machine of all three; raises ToolsMissing likewise."""
    return list(programs.cases())
