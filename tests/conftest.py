"""Owns what all tests share: how patient hypothesis is."""

from hypothesis import settings

# Tests prove what code does, not how fast a busy machine draws its first example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
