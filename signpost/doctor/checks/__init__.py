"""Owns the checks from inside: a module for each system, whose `check` gives its findings."""
