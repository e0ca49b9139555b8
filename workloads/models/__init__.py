"""Blocks that are shipped: equations of one layer of a model, in one file for each model."""
