"""What was measured on GPUs by ``python -m bench.gpu``: on a page of its own, on the paper's, and beside machines.

``measurements`` reads the files.
"""
