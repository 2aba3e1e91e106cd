"""Owns the doctor: what may be wrong with an installation, each with the step that mends it."""
