"""Energy and area by component: what an action costs, where that figure is from, and what a machine's actions sum to.

    levels      a figure: low, typical, high, and its source
    nodes       what a technology node makes of figures that are known at another one
    arithmetic  MACs, elementwise operations, registers, clock and leakage of PEs and lanes, their area
    sram        reads and writes by the size of a bank and the way to it, leakage, area
    dram        bits, rows and background by standard
    rows        how many rows transfers open
    spec        what a machine's file says: two constants, or a node
    actions     what is counted in a run
    units       the units of a machine: clock, leakage, area
    model       actions x figures

What is not modelled stands in docs/energy.md. A new node is an entry in nodes.py and, if something is known there, one
in sram.py; a new DRAM standard an entry in dram.py.
"""
