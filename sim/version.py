"""The version, which every result, trace and page carries: whoever changes a number raises it."""

__version__ = "0.11.0"
