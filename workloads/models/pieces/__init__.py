"""Pieces of layers: each defines operations on a builder and says which tensor its result is."""
