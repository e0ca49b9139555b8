"""Every key by its path."""

from __future__ import annotations

from hw.machine import MachineSpec
from sim.files.keys import keys, settable


def test_keys_of_parts_follow_their_part() -> None:
    paths = [path for path, _ in keys(MachineSpec)]
    assert paths[:3] == ["name", "description", "clock"]
    assert paths.index("sram") + 1 == paths.index("sram.capacity")
    assert "mac_array.elementwise.cycles" in paths  # of an optional part


def test_what_can_be_set_has_the_dimensions_of_all_models() -> None:
    paths = settable()
    assert {"clock", "simd.lanes", "mapping.lanes", "dimensions.d_model", "dimensions.rope_fraction"} <= set(paths)
    assert len(paths) == len(set(paths))
