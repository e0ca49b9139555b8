"""Traces: what every unit did in every cycle of a run, written as the run goes, in five formats.

``recorder`` hears a run. ``section_recording`` makes columns of what was heard of a section: of its ``requests``, with
their ``descriptions`` and ``causes``, and of the ``channels``. ``slice_writer`` hands them on as ``slices``, of which
``write`` has a writer for each format. ``counters`` are a ``step_function`` each, also the ``occupancy`` of the SRAM.
``read`` is for traces that have been written. docs/traces.md explains what a trace shows.
"""

from sim.trace.recorder import TraceWriter
from sim.trace.window import Window, parse_window

__all__ = ["TraceWriter", "Window", "parse_window"]
