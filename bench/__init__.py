"""Commands that write what is in results/: each names itself in the head of the file that it writes."""

EDGE_MACHINES = ("edge", "edge_flexpe")  # of the paper, without and with PEs that do elementwise operations
