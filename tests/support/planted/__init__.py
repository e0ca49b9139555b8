"""Faults planted into recorded runs: each changes what was recorded in one way, no more than that way needs."""
