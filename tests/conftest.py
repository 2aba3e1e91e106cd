"""Owns what all tests share: how patient hypothesis is, and when it tries new examples."""

from hypothesis import settings

from tests.acceptance.sizes import FULL

# Tests prove what code does, not how fast a busy machine draws its first example. The same code
# gets the same examples, so that a change alone decides about red or green; `make soak` explores.
settings.register_profile("patient", deadline=None, derandomize=not FULL)
settings.load_profile("patient")
