"""The choice of a mapping: what can be tried, short trial runs, and the best of them."""
