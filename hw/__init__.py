"""A machine: its units, their costs, and the clock that they run by. ``COMPILED`` says whether the core is compiled."""

from hw.compiled import check

COMPILED = check()  # before any module of the core can be imported
