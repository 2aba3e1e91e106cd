"""Owns what proves that Signpost does what it says."""
