"""Timestep graphs drawn: as a listing, as Graphviz DOT, as SVG."""
