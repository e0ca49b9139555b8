"""Timestep graphs drawn: as a listing (text.py), as Graphviz DOT (dot.py), as SVG (svg.py).

All three show the same dependences (dependences.py) in the same order, so that the same graph gives the same bytes.
"""
