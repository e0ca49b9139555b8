"""What tests of RTL need: Verilator and a C++ compiler, or they are skipped with a word."""

from __future__ import annotations

import pytest

from sim.validation.rtl.build import missing_tools

needs_verilator = pytest.mark.skipif(missing_tools() is not None, reason=f"RTL {missing_tools()}")
