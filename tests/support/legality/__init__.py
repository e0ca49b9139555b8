"""Proves that a recorded run is legal, from its files alone: it imports nothing of the simulator (docs/legality.md)."""
