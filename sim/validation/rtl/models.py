"""The Verilog that there is: an array, lanes, banks by themselves, and all of it as one machine."""

from __future__ import annotations

from sim.validation.rtl.build import Model
from sim.validation.rtl.works import WORD_BYTES

BANKS = 16
LANES = Model("lanes", ("lanes.v",), "lanes_main.cpp")


def array(rows: int, columns: int) -> Model:
    """An output-stationary array of so many PEs."""
    size = (("R", rows), ("C", columns))
    return Model("os_array", ("os_array.v", "os_core.v"), "array_main.cpp", size, size)


def banks(requesters: int) -> Model:
    """So many requesters on 16 banks."""
    parameters = (("N", requesters), ("B", BANKS))
    return Model("arb", ("arb.v", "banks.v"), "arb_main.cpp", parameters, (("NN", requesters),))


def machine(rows: int, columns: int) -> Model:
    """An array of so many PEs, lanes and up to 16 banks of words of 8 bytes, which run a recorded program."""
    size = (("R", rows), ("C", columns))
    sources = ("machine.v", "os_core.v", "lanes.v", "banks.v")
    parameters = (*size, ("B", BANKS), ("WB", WORD_BYTES))
    return Model("machine", sources, "machine_main.cpp", parameters, (*size, ("WB", WORD_BYTES)))
