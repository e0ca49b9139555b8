"""The figures of a run, for papers and for the report page.

Each has a file of its own, with its numbers and how they are drawn; ``catalogue`` knows all of them by name. ``gather``
finds out what they need: what goes over time from an ``excerpt`` of the run, which ``timeline_recorder`` observes.
``canvas``, ``palette`` and ``stacked_bars`` are what they have in common, ``export`` writes files and inline SVG, and
``stall_tree`` draws the taxonomy.
"""
