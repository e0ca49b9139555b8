"""PEs and lanes: operations, registers, clock, leakage and area. All figures are at 45 nm and scale by nodes.py.

Horowitz, "Computing's energy problem" (ISSCC 2014), gives additions and multiplications at 45 nm. Aladdin (Shao et al.,
ISCA 2014) gives an adder, a multiplier and a register at 40 nm of a library for speed, several times as much; they are
taken from hwcomponents-library 1.0.58 and brought to 45 nm. "bf16 at 12 nm" and "TPUv4i at 7 nm" (as AccelForge's
tpu_v4i.yaml cites it) are brought to 45 nm likewise.

A special function has no published figure of its own: it takes as much as a multiplication in each of the cycles for
which it takes a lane, see :func:`operation`.
"""

from __future__ import annotations

from typing import Final, Literal

from hw.energy.levels import Figure, Levels

Arithmetic = Literal["float", "integer"]

_HOROWITZ = "Horowitz, ISSCC 2014"
_ALADDIN = "high: Aladdin's of 40 nm"
_DOUBLE = "low and high assumed: half and double"

ADD_PJ: Final[dict[Arithmetic, dict[int, Figure]]] = {
    "integer": {
        8: Figure(0.015, 0.03, 0.06, f"{_HOROWITZ}; {_DOUBLE}"),
        16: Figure(0.025, 0.05, 0.12, f"{_HOROWITZ}; low assumed: half; {_ALADDIN}, half of 32 bit"),
        32: Figure(0.05, 0.1, 0.24, f"{_HOROWITZ}; low assumed: half; {_ALADDIN}"),
    },
    "float": {
        8: Figure(0.1, 0.2, 0.4, "assumed: half of 16 bit"),
        16: Figure(0.2, 0.4, 0.8, f"{_HOROWITZ}; {_DOUBLE}"),
        32: Figure(0.45, 0.9, 1.8, f"{_HOROWITZ}; {_DOUBLE}"),
    },
}
"""Bits -> an addition, in pJ."""

MUL_PJ: Final[dict[Arithmetic, dict[int, Figure]]] = {
    "integer": {
        8: Figure(0.1, 0.2, 0.91, f"{_HOROWITZ}; low assumed: half; {_ALADDIN}, a sixteenth of 32 bit"),
        16: Figure(0.4, 0.8, 3.65, "four times 8 bit, a quarter of 32 bit"),
        32: Figure(1.55, 3.1, 14.6, f"{_HOROWITZ}; low assumed: half; {_ALADDIN}"),
    },
    "float": {
        8: Figure(0.14, 0.28, 0.55, "assumed: a quarter of 16 bit"),
        16: Figure(0.55, 1.1, 2.2, f"{_HOROWITZ}; {_DOUBLE}"),
        32: Figure(1.85, 3.7, 7.4, f"{_HOROWITZ}; {_DOUBLE}"),
    },
}
"""Bits -> a multiplication, in pJ."""

MAC_PJ: Final[dict[Arithmetic, dict[int, Figure]]] = {
    "integer": {
        8: Figure(0.23, 0.3, 1.15, f"{_HOROWITZ}: mul + 32-bit add, low with an 8-bit add; {_ALADDIN}"),
        16: Figure(0.85, 0.9, 3.89, f"four times {_HOROWITZ}'s 8-bit mul + 32-bit add, low 16-bit add; {_ALADDIN}"),
        32: Figure(2.4, 3.2, 14.8, f"{_HOROWITZ}: mul + add; low assumed: three quarters; {_ALADDIN}"),
    },
    "float": {
        8: Figure(0.3, 0.68, 1.5, f"assumed: a quarter of 16 bit's mul + {_HOROWITZ}'s 16-bit add; low: the integer's"),
        16: Figure(0.89, 2.0, 5.85, f"{_HOROWITZ}: mul + 32-bit add; low TPUv4i at 7 nm (0.084), high 12 nm (0.75)"),
        32: Figure(3.45, 4.6, 9.2, f"{_HOROWITZ}: mul + add; assumed: low three quarters, high double"),
    },
}
"""Bits of the operands -> a multiply-accumulate, in pJ; sums have 32 bits."""

REGISTER_PJ_PER_BIT: Final = Figure(0.005, 0.0104, 0.0207, f"Aladdin's of 40 nm, 0.009; {_DOUBLE}")
"""A bit that is read from a register, or written to one, in pJ."""

CLOCK_PJ_PER_BIT: Final = Figure(0.0012, 0.0035, 0.0104, "assumed: a third of an access, a ninth, all of one")
"""The clock of a register's bit, and its share of the clock's tree, for a cycle, in pJ."""

IDLE_CLOCK: Final = Figure(0.05, 0.2, 1.0, "assumed: clock gates nearest to registers, or none")
"""The clock of a unit that has nothing to do, as a share of that of a busy one."""

PE_LEAKAGE_UW: Final = Figure(
    2.6, 25.8, 51.6, "Aladdin's of 40 nm (16-bit MAC, 22.4); assumed: low a tenth, high double"
)
"""Leakage of a PE of 16 bit, in uW."""

PE_AREA_UM2: Final = Figure(1178.0, 2355.0, 4710.0, f"Aladdin's of 40 nm (16-bit MAC, 1866); {_DOUBLE}")
"""Area of a PE of 16 bit, in square micrometres."""

LANE_PES: Final = Figure(2.0, 4.0, 8.0, "assumed: multiplier, adder, special functions, registers")
"""A lane as so many PEs, in leakage and in area; a PE that does elementwise work is one lane more."""

HARDWARE_BITS: Final = 16  # that PEs and lanes are made for: assumed
SUM_BITS: Final = 32  # of an accumulator: assumed


def operation(function: str, arithmetic: Arithmetic, bits: int, cycles: int) -> Levels:
    """An elementwise *function* on operands of so many *bits* that takes a lane *cycles*, in pJ at 45 nm.

    Extremes are additions (assumed: a subtraction and a choice). What is no addition and no multiplication takes as
    much as a multiplication in each cycle, low as much as an addition, high as both (assumed).
    """
    add, mul = of_bits(ADD_PJ[arithmetic], bits).levels, of_bits(MUL_PJ[arithmetic], bits).levels
    if function in ("add", "max", "min"):
        return add
    if function == "mul":
        return mul
    if function == "fma":
        return mul + add
    return Levels(add.low, mul.typical, mul.high + add.high) * cycles


def of_bits(figures: dict[int, Figure], bits: int) -> Figure:
    """The figure for so many *bits*: of the least width that holds them, or of the widest."""
    return figures[min((width for width in figures if width >= bits), default=max(figures))]


def register_bits_of_mac(bits: int) -> int:
    """Bits that a MAC of operands of so many *bits* reads and writes: two operands come in and go on, the sum turns."""
    return 2 * (2 * bits + SUM_BITS)


def register_bits_of_operation(function: str, bits: int) -> int:
    """Bits that an elementwise *function* reads and writes: two operands (three of a multiply-add) and a result."""
    return (4 if function == "fma" else 3 if function in ("add", "mul", "max", "min", "div") else 2) * bits


def clocked_bits(depth: int) -> int:
    """Registers of a lane whose pipeline is *depth* deep: two operands and a result at each stage."""
    return 3 * max(1, depth) * HARDWARE_BITS


PE_CLOCKED_BITS: Final = 2 * HARDWARE_BITS + SUM_BITS  # two operands and the sum
