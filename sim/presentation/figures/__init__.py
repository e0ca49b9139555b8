"""The figures of a run, for papers and for the report page: each is drawn by one function, from one set of numbers.

``gather`` runs and records, ``series`` and ``roofline`` and ``timeline`` turn that into numbers, ``bars``, ``curves``
and ``lanes`` draw, ``catalogue`` knows every figure by name, ``export`` writes files and inline SVG.
"""
