"""Traces: what every unit did in every cycle of a run, written as the run goes, in five formats.

``recorder`` listens to a run and makes columns of what it hears: ``requests`` are read together with their ``history``,
``channels``, and ``meters`` for the counters, and ``pen`` makes slices of them. ``model`` says what these are,
``formats`` names who writes them: ``chrome`` (``.json.gz``), ``protobuf`` (``.pftrace``), ``changes`` (``.vcd``),
``tables`` (``.parquet``, ``.csv.gz``). ``reading``, ``query``, ``summary`` and ``viewer`` are for traces that have been
written. docs/traces.md explains what a trace shows.
"""

from sim.trace.recorder import TraceWriter
from sim.trace.window import Window, parse_window

__all__ = ["TraceWriter", "Window", "parse_window"]
