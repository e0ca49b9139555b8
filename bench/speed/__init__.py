"""The sections of results/performance.md, a module each: what it measures, and the text about it.

``rows`` has what they share.
"""
