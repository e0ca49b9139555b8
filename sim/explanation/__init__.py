"""Explanations are experiments: what-ifs, the ladder from the roofline, runs side by side."""
