"""Writes slices and counters, a file for each format; ``formats`` names them by their suffixes."""
