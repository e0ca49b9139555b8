"""The figures: each has a source and its levels in order, tables are met, and what should grow does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import ModuleType
from typing import get_args

import pytest

from hw.dram import DramSpec
from hw.dram.spec import TIMINGS
from hw.energy import arithmetic, dram, sram
from hw.energy.arithmetic import ADD_PJ, MUL_PJ, operation
from hw.energy.levels import Figure, Levels
from hw.energy.nodes import SCALES, Node, area_factor, energy_factor
from hw.energy.sram import BANKS, KIB, access_pj_per_byte, area_mm2, interpolated, leakage_mw
from hw.simd import Function

NAMES = ("Horowitz", "Aladdin", "CACTI", "Micron", "O'Connor", "hwcomponents", "arXiv", "secondary sources", "assumed")
NAMES = (*NAMES, "8 bit")  # what follows from others of its table


def figures(found: object, name: str) -> Iterator[tuple[str, Figure]]:
    """Every figure in a module, a table or a tuple, with where it stands."""
    if isinstance(found, Figure):
        yield name, found
    elif isinstance(found, ModuleType):
        for key, value in vars(found).items():
            yield from figures(value, f"{name}.{key}") if key.isupper() else ()
    elif isinstance(found, Mapping):
        for key, value in found.items():
            yield from figures(value, f"{name}[{key}]")
    elif isinstance(found, tuple):
        for number, value in enumerate(found):
            yield from figures(value, f"{name}.{number}")


FIGURES = [each for module in (arithmetic, sram, dram) for each in figures(module, module.__name__)]


def test_all_tables_are_looked_at() -> None:
    assert len(FIGURES) == 18 + 6 + 3 + 1 + 21 + 1  # arithmetic's tables and its single figures, sram's, dram's


@pytest.mark.parametrize("figure", [pytest.param(figure, id=name) for name, figure in FIGURES])
def test_a_figure_has_its_levels_in_order_and_a_source(figure: Figure) -> None:
    assert 0 < figure.low <= figure.typical <= figure.high
    assert any(name in figure.source for name in NAMES)


def nodes() -> list[Node]:
    """The smallest first."""
    return sorted(get_args(Node), key=lambda node: int(node.removesuffix("nm")))


def test_every_node_has_its_factors_and_a_smaller_one_takes_less() -> None:
    assert set(SCALES) == set(get_args(Node))
    for small, large in pairwise(nodes()):
        assert energy_factor(small, large) < 1 < energy_factor(large, small)
        assert area_factor(small, large) < 1
        for write in (False, True):
            less, more = (access_pj_per_byte(node, 2 << 20, 16, write) for node in (small, large))
            assert less.low < more.low and less.typical < more.typical and less.high < more.high
        assert area_mm2(small, 2 << 20, 16).typical < area_mm2(large, 2 << 20, 16).typical
        assert leakage_mw(small, 2 << 20).typical < leakage_mw(large, 2 << 20).typical


def test_factors_are_those_of_published_macs() -> None:
    """hwcomponents-library's 16-bit MAC, whose energy and area the factors have to give at each node."""
    published = {
        "28nm": (2.00, 1021),
        "22nm": (1.14, 684),
        "16nm": (0.675, 512),
        "12nm": (0.50, 370),
        "7nm": (0.37, 161),
    }
    for node, (energy, area) in published.items():
        assert 3.38 * energy_factor(node, "40nm") == pytest.approx(energy, rel=0.02)  # type: ignore[arg-type]
        assert 1866 * area_factor(node, "40nm") == pytest.approx(area, rel=0.15)  # type: ignore[arg-type]


def test_a_bank_is_its_table_and_lies_between_its_neighbours() -> None:
    for node, table in BANKS.items():
        for size, bank in table.items():
            assert access_pj_per_byte(node, size, 1, False).typical == pytest.approx(bank.read_pj)
            assert access_pj_per_byte(node, size, 1, True).typical == pytest.approx(bank.write_pj)
    between = interpolated({8 * KIB: 0.12, 32 * KIB: 0.16}, 16 * KIB)
    assert between == pytest.approx((0.12 * 0.16) ** 0.5)


def test_the_whole_of_the_edge_takes_what_cacti_says() -> None:
    """2 MiB in 16 banks, wires included, at 22 and 28 nm; the area is that of 16 banks, which CACTI packs tighter."""
    read, write = (access_pj_per_byte("22nm", 2 << 20, 16, write).typical for write in (False, True))
    assert (read, write) == (pytest.approx(2.65, rel=0.15), pytest.approx(2.97, rel=0.15))
    read, write = (access_pj_per_byte("28nm", 2 << 20, 16, write).typical for write in (False, True))
    assert (read, write) == (pytest.approx(4.65, rel=0.15), pytest.approx(5.28, rel=0.15))
    area = area_mm2("22nm", 2 << 20, 16)
    assert area.low == pytest.approx(1.86, rel=0.02) and area.typical == pytest.approx(2.34, rel=0.02)


@pytest.mark.parametrize("node", nodes())
def test_more_sram_takes_more_a_byte_and_leaks_more(node: Node) -> None:
    for write in (False, True):
        energies = [access_pj_per_byte(node, size * KIB, 16, write) for size in (64, 512, 2048, 8192, 65536)]
        for less, more in pairwise(energies):
            assert less.low < more.low and less.typical < more.typical and less.high < more.high
        assert all(each.low <= each.typical <= each.high for each in energies)
    assert leakage_mw(node, 4 << 20) == leakage_mw(node, 2 << 20) * 2


@pytest.mark.parametrize("function", [*get_args(Function), "fma"])
@pytest.mark.parametrize("kind", ["float", "integer"])
def test_every_function_takes_something_and_a_special_one_as_many_multiplications_as_cycles(
    function: str, kind: arithmetic.Arithmetic
) -> None:
    one, four = (operation(function, kind, 16, cycles) for cycles in (1, 4))
    assert 0 < four.low <= four.typical <= four.high
    add, mul = ADD_PJ[kind][16].levels, MUL_PJ[kind][16].levels
    plain: dict[str, Levels] = {"add": add, "max": add, "min": add, "mul": mul, "fma": mul + add}
    if function in plain:
        assert one == four == plain[function]
    else:
        assert (four.typical, four.typical) == (4 * one.typical, 4 * mul.typical)


def test_every_speed_grade_has_a_standard() -> None:
    for grade in TIMINGS:
        assert dram.standard_of(DramSpec(timing=grade)) is not None


def test_a_plain_memory_has_a_figure_a_bit_and_a_given_bit_is_all() -> None:
    plain = DramSpec.model_validate({"bandwidth": "10GB/s"})
    assert dram.standard_of(plain) is None
    assert dram.prices(plain).bit_pj.typical == 15.0 and dram.prices(plain).background_mw.high == 0
    given = dram.prices(DramSpec(timing="lpddr5-6400"), 3500)
    assert given.bit_pj == Levels(3.5, 3.5, 3.5) and given.row_pj.high == given.background_mw.high == 0
