"""Reads traces that have been written, of every format: as rows, as a summary, with SQL, in the Perfetto UI."""
