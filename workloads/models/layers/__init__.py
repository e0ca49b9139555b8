"""Models whose layers differ: kinds of layers by name, and the pattern in which they follow one another."""
