"""The shipped figures against hwcomponents, from which some are; where it is installed (Python 3.12 and newer)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from hw.energy.arithmetic import ADD_PJ, MAC_PJ, MUL_PJ, PE_AREA_UM2, PE_LEAKAGE_UW, REGISTER_PJ_PER_BIT
from hw.energy.nodes import SCALES, Node

scaling: Any = pytest.importorskip("hwcomponents.scaling")
aladdin: Any = pytest.importorskip("hwcomponents_library.library.aladdin")


def metres(node: str) -> float:
    return float(node.removesuffix("nm")) * 1e-9


@pytest.mark.parametrize("node", get_args(Node))
def test_factors(node: Node) -> None:
    assert SCALES[node].energy == pytest.approx(scaling.tech_node_energy(metres(node), 45e-9), rel=1e-3)
    assert SCALES[node].area == pytest.approx(scaling.tech_node_area(metres(node), 45e-9), rel=1e-3)


def picojoules(component: Any, action: str) -> float:
    found = getattr(component, action)()
    return float(getattr(found, "energy", found[0] if isinstance(found, tuple) else found)) * 1e12


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_high_integers_are_those_of_the_library(bits: int) -> None:
    adder, multiplier = aladdin.AladdinAdder(45e-9, bits), aladdin.AladdinMultiplier(45e-9, bits)
    assert ADD_PJ["integer"][bits].high == pytest.approx(picojoules(adder, "add"), rel=0.05)
    assert MUL_PJ["integer"][bits].high == pytest.approx(picojoules(multiplier, "multiply"), rel=0.02)
    sums = aladdin.AladdinAdder(45e-9, 32)
    mac = picojoules(multiplier, "multiply") + picojoules(sums, "add")
    assert MAC_PJ["integer"][bits].high == pytest.approx(mac, rel=0.02)


def test_a_pe_is_the_library_s_mac_and_a_register_its_register() -> None:
    multiplier, adder = aladdin.AladdinMultiplier(40e-9, 16), aladdin.AladdinAdder(40e-9, 32)
    scale = SCALES["40nm"]
    leaking, area = (multiplier.leak_power + adder.leak_power) * 1e6, (multiplier.area + adder.area) * 1e12
    assert PE_LEAKAGE_UW.typical * scale.energy == pytest.approx(leaking, rel=0.02)
    assert PE_AREA_UM2.typical * scale.area == pytest.approx(area, rel=0.02)
    register = aladdin.AladdinRegister(45e-9, 1)
    assert REGISTER_PJ_PER_BIT.typical == pytest.approx(picojoules(register, "read"), rel=0.02)
