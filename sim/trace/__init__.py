"""Traces: what every unit did in every cycle of a run, written as the run goes, in five formats.

``recorder`` listens to a run, ``model`` says what it hears, ``formats`` names who writes it: ``chrome`` (``.json.gz``),
``protobuf`` (``.pftrace``), ``vcd``, ``tables`` (``.parquet``, ``.csv.gz``). ``reading``, ``summary`` and ``viewer``
are for traces that have been written. docs/traces.md explains what a trace shows.
"""

from sim.trace.recorder import TraceWriter
from sim.trace.window import Window, parse_window

__all__ = ["TraceWriter", "Window", "parse_window"]
