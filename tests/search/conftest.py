"""Tests of the search make the trials that users' searches make."""

from tests.support.searches import real_searches

__all__ = ["real_searches"]
