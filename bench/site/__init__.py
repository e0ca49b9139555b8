"""The documentation as a site: ``python -m bench.site``."""
