"""The tables and figures of "The Hyperscale Lottery" (arXiv 2604.07935), from our simulations, beside its numbers.

``paper`` has the paper's numbers, ``runs`` simulates, each product is a module of its own, and ``products`` lists them.
``ssm_scope`` is about another paper.
"""
